"""Text for people: how wide it is, on one line, cut, and with nothing invisible in it."""

from __future__ import annotations

import unicodedata

from codedesigner.change.visible import CONTROL, INVISIBLE, shown, visible

__all__ = ["cell_width", "cells", "clipped", "folded", "holds_invisible", "plural", "shown", "visible"]


def holds_invisible(text: str) -> bool:
    """Whether `text` holds characters that a reader cannot see, tab and line feed aside."""
    return INVISIBLE.search(text) is not None or any(match.group() not in "\t\n" for match in CONTROL.finditer(text))


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
