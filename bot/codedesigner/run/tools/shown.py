"""Text of the repository as a tool shows it: one line stays one line, nothing is invisible, every cut is told. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from codedesigner.change.model import display

LONGEST_LINE = 400
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})


def clean(text: str) -> str:
    """`text` on one line. Bytes that are no UTF-8, and characters that nobody sees, as `\\xNN` or `\\uNNNN`."""
    if text.isascii() and text.isprintable():
        return text
    # A surrogate that stands for no byte is escaped below, like other characters that cannot be seen.
    with suppress(UnicodeEncodeError):
        text = display(text)
    return "".join(_escaped(char) if char != "\t" and unicodedata.category(char) in _UNSEEN else char for char in text)


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def clipped(text: str, most: int = LONGEST_LINE) -> str:
    """`text` cleaned; of more than `most` characters the first ones and how many are missing."""
    head = clean(text[:most])
    return f"{head}… ({len(text) - most:,} more characters)" if len(text) > most else head


def counted(count: int, word: str, many: str | None = None) -> str:
    """`1 file`, `2 files`."""
    return f"{count:,} {word if count == 1 else many or word + 's'}"


@dataclass(frozen=True, slots=True)
class Fitted:
    """As many whole lines as there is room for."""

    lines: tuple[str, ...]
    left: int

    @property
    def text(self) -> str:
        """The lines, one under the other."""
        return "\n".join(self.lines)


def fit(lines: Iterable[str], most: int) -> Fitted:
    """The first of `lines` that have at most `most` characters together, and how many were left out."""
    kept: list[str] = []
    room, left = most, 0
    for line in lines:
        room -= len(line) + bool(kept)
        if room < 0 or left:
            left += 1
        else:
            kept.append(line)
    return Fitted(tuple(kept), left)


def numbered(lines: Sequence[str], first: int) -> list[str]:
    """Each line cleaned, with its number in the file."""
    width = len(str(first + len(lines) - 1))
    return [f"{number:>{width}}| {clipped(line)}".rstrip() for number, line in enumerate(lines, start=first)]


def listed(head: str, lines: Sequence[str], most: int, what: str) -> tuple[str, str]:
    """(text, what was cut): `head`, and below it as many of `lines` as there is room for; `what` names one of them."""
    fitted = fit([head, *lines], most)
    if not fitted.left:
        return fitted.text, ""
    if not fitted.lines:
        return head[:most], f"there is room for {most} characters, and all was cut"
    return fitted.text, f"the last {counted(fitted.left, what)} of {len(lines):,}"
