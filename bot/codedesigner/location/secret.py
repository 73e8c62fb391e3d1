"""Keys that do not show themselves, and text from servers made fit to be shown."""

from __future__ import annotations

import hmac
import html
import json
import re
import unicodedata
from collections.abc import Iterable
from typing import NoReturn
from urllib.parse import quote, quote_plus

HIDDEN = "***"
MOST_SHOWN = 300
"""Characters of a server's text in a message."""
SHORTEST_HIDDEN = 4
"""Characters. A shorter one is no secret, and replacing it everywhere would leave nothing to read."""

# What is looked at of a long text, once the secrets are out of it.
_LOOKED_AT = 20_000
_ESCAPE_SEQUENCE = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles and links of terminals
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # colours and movements
    r"|\x1b[ -/]*[0-~]?"
)
_NEVER = re.compile(r"(?!)")
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


class Secret:
    """A value that only `reveal` gives; every other way to text gives `***`. It cannot be pickled."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return HIDDEN

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, _spec: str) -> str:
        return HIDDEN

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self._value), _bytes(other._value))

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _memo: object) -> Secret:
        return self

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("a secret is not written anywhere")


def scrubbed(text: str, secrets: Iterable[Secret] = ()) -> str:
    """The text as one printable line of at most 300 characters, without the secrets.

    They are found as they are, and as JSON, a URL or HTML writes them. Terminal sequences, control and direction
    characters are taken out first and after: none of them can hide a secret in the middle.
    """
    pattern = _pattern(frozenset().union(*(_written(secret.reveal().strip()) for secret in secrets)))
    text = _one_line(pattern.sub(HIDDEN, text)[:_LOOKED_AT])
    text = pattern.sub(HIDDEN, text)
    return text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…"


def _one_line(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        text = _ESCAPE_SEQUENCE.sub("", text)
        text = "".join(map(_shown, text))
    return " ".join(text.split())


def _shown(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in _UNSHOWN else character


def _pattern(written: frozenset[str]) -> re.Pattern[str]:
    if not written:
        return _NEVER
    # The longest first: no end of a secret is left where another is its beginning.
    return re.compile("|".join(map(re.escape, sorted(written, key=lambda each: (-len(each), each)))), re.IGNORECASE)


def _written(value: str) -> frozenset[str]:
    if len(value) < SHORTEST_HIDDEN:
        return frozenset()
    plain = [value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]]
    escaped = [each.replace("/", r"\/") for each in plain]
    encodable = value.encode("utf-8", "replace").decode()
    quoted = [quote(encodable, safe=""), quote(encodable), quote_plus(encodable), html.escape(value), _one_line(value)]
    return frozenset(filter(None, [*plain, *escaped, *quoted]))


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")
