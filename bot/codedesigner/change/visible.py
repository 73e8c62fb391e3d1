"""Making any text safe to look at: nothing invisible stays invisible, nothing reaches the terminal as a command.

Text of a change is hostile: it may hold escape sequences, characters that reverse the reading direction, line ends
that only some readers take for one, or tag characters that only a machine reads.
"""

from __future__ import annotations

import json
import re

from codedesigner.change.model import display

# Not "Cf" as a whole: U+00AD and the like are in, but so are the Arabic number signs, which people need to see.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def shown(text: str) -> str:
    """`text` without lone surrogates: undecodable bytes as `\\xNN`, other surrogates as `\\uNNNN`."""
    try:
        return display(text)
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _named(match: re.Match[str]) -> str:
    return f"<U+{ord(match.group()):04X}>"


def _picture(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"<U+{code:04X}>"


def visible(text: str, *, keep: str = "") -> str:
    """`text` with control characters as pictures (`␛`) and invisible ones by number (`<U+202E>`).

    Control characters in `keep` (line feed, tab) stay what they are.
    """
    text = INVISIBLE.sub(_named, shown(text))
    return CONTROL.sub(lambda match: match.group() if match.group() in keep else _picture(match), text)


def line_shown(line: str) -> str:
    """A line of code as everybody is shown it: on one line, whatever it holds, and with tabs as they are."""
    plain = line.removesuffix("\r")
    harmless = plain.isascii() and plain.replace("\t", " ").isprintable()
    return plain if harmless else visible(plain, keep="\t")


def name_shown(name: str, most: int = 200) -> str:
    """A name that somebody else has chosen, as one quoted word on one line; a longer one is cut in its middle."""
    text = visible(name)
    if len(text) > most:
        text = f"{text[: most // 2]}…{text[-(most // 2) :]}"
    return json.dumps(text, ensure_ascii=False)
