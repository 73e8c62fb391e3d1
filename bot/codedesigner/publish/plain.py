"""Making any text safe to look at: nothing invisible stays invisible, nothing reaches the terminal as a command.

Text of a change is hostile: it may hold escape sequences, characters that reverse the reading direction, or tag
characters that only a machine reads.
"""

from __future__ import annotations

import re
import unicodedata

from codedesigner.change.model import display

# Not "Cf" as a whole: U+00AD and the like are in, but so are the Arabic number signs, which people need to see.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


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
    text = _INVISIBLE.sub(_named, shown(text))
    return _CONTROL.sub(lambda match: match.group() if match.group() in keep else _picture(match), text)


def holds_invisible(text: str) -> bool:
    """Whether `text` holds characters that a reader cannot see, tab and line feed aside."""
    return _INVISIBLE.search(text) is not None or any(match.group() not in "\t\n" for match in _CONTROL.finditer(text))


def cells(character: str) -> int:
    """How many terminal columns one character takes: 0, 1 or 2."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cell_width(text: str) -> int:
    """How many terminal columns `text` takes."""
    return len(text) if text.isascii() else sum(map(cells, text))


def folded(text: str) -> str:
    """`text` on one line, runs of white space as one space."""
    return " ".join(text.split())


def clipped(text: str, limit: int) -> str:
    """`text` cut to `limit` characters, with a mark where something is missing."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def plural(count: int, word: str, many: str | None = None) -> str:
    """`1 file`, `2 files`."""
    return f"{count:,} {word if count == 1 else many or word + 's'}"
