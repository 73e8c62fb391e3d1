"""Lines of source for a terminal, with the offending span marked.

Columns are code points of the line as it is in the file; what is drawn has tabs expanded, control characters made
visible and wide characters counted as two columns, so the marks are placed after drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from codedesigner.publish.plain import cell_width, cells, visible

_TAB = 4
_MOST_LINES = 8
_CUT = "…"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of an excerpt: `carets` is the row under line `number`, `gap` stands for lines left out."""

    kind: Literal["context", "marked", "carets", "gap"]
    number: int
    text: str


def excerpt(
    lines: Sequence[str], line: int, end_line: int, column: int, end_column: int, *, width: int, context: int = 1
) -> list[Row]:
    """The lines `line`..`end_line` with `context` lines around them, each at most `width` columns wide.

    `column` and `end_column` (exclusive) are 1-based, 0 where unknown. Long spans lose their middle. Empty where the
    source does not have these lines.
    """
    if not 1 <= line <= len(lines):
        return []
    end = max(line, min(end_line, len(lines)))
    rows: list[Row] = []
    for number in range(max(1, line - context), min(len(lines), end + context) + 1):
        text = lines[number - 1]
        if not line <= number <= end:
            rows.append(Row("context", number, draw(text, 1, 1, width)[0]))
        elif _left_out(number, line, end):
            if not _left_out(number - 1, line, end):
                rows.append(Row("gap", number, f"{_CUT} {end - line + 1 - _MOST_LINES} more lines"))
        else:
            rows += _marked(text, number, *_span(text, number, line, end, column, end_column), width)
    return rows


def _left_out(number: int, line: int, end: int) -> bool:
    return end - line + 1 > _MOST_LINES and line + _MOST_LINES - 1 <= number < end


def _span(text: str, number: int, line: int, end: int, column: int, end_column: int) -> tuple[int, int]:
    """First and last+1 column to mark on this line; equal where nothing is."""
    if number != line:
        return 1, 1
    if not 1 <= column <= len(text) + 1:
        # No column known: the whole line but its indentation.
        return len(text) - len(text.lstrip()) + 1, len(text.rstrip()) + 1
    if end > line:
        return column, max(column + 1, len(text.rstrip()) + 1)
    return column, max(column + 1, min(end_column, len(text) + 1))


def _marked(text: str, number: int, start: int, stop: int, width: int) -> list[Row]:
    drawn, left, size = draw(text, start, stop, width)
    rows = [Row("marked", number, drawn)]
    if size:
        rows.append(Row("carets", number, " " * left + "^" * size))
    return rows


def draw(text: str, start: int, stop: int, width: int) -> tuple[str, int, int]:
    """`text` in at most `width` columns, and where the span `start`..`stop` (exclusive) lies in it: offset and size.

    A line that is too long is cut so that the span's beginning stays in sight.
    """
    # Twice the width on either side of the span is more than can be shown; a line may have millions of characters.
    first = max(0, start - 1 - 2 * width)
    window = text[first : start - 1 + 2 * width]
    pieces = _pieces(window)
    before = sum(cell_width(piece) for piece in pieces[: start - 1 - first])
    marked = sum(cell_width(piece) for piece in pieces[start - 1 - first : stop - 1 - first])
    size = max(marked, 1) if stop > start else 0
    total = sum(map(cell_width, pieces))
    cut_right = first + len(window) < len(text)
    if first == 0 and not cut_right and total <= width:
        return "".join(pieces).rstrip(), before, size
    # Keep a third of the width before the span, unless the line's beginning fits anyway.
    skip = 0 if first == 0 and before + min(size, width // 2) < width - 1 else max(0, before - width // 3)
    return _cut("".join(pieces), _Window(skip, before, size, first > 0, cut_right), width)


@dataclass(frozen=True, slots=True)
class _Window:
    """Where to cut a drawn line: columns to leave out, the span's place, and whether more lies beyond either end."""

    skip: int
    before: int
    size: int
    more_left: bool
    more_right: bool


def _cut(drawn: str, window: _Window, width: int) -> tuple[str, int, int]:
    rest, skipped = _drop(drawn, window.skip)
    lead = _CUT if skipped or window.more_left else ""
    room = width - len(lead)
    kept = _take(rest, room)
    if len(kept) < len(rest) or window.more_right:
        kept = _take(rest, room - 1) + _CUT
    left = window.before - skipped + len(lead)
    size = max(1, min(window.size, width - left)) if window.size else 0
    return lead + kept, left, size


def _pieces(text: str) -> list[str]:
    """What each character is drawn as."""
    pieces: list[str] = []
    column = 0
    for character in text:
        if character == "\t":
            piece = " " * (_TAB - column % _TAB)
        else:
            piece = character if character.isascii() and character.isprintable() else visible(character)
        column += cell_width(piece)
        pieces.append(piece)
    return pieces


def _drop(text: str, columns: int) -> tuple[str, int]:
    """`text` without its first columns, and how many columns really went."""
    gone = 0
    for index, character in enumerate(text):
        if gone >= columns:
            return text[index:], gone
        gone += cells(character)
    return "", gone


def _take(text: str, columns: int) -> str:
    used = 0
    for index, character in enumerate(text):
        used += cells(character)
        if used > columns:
            return text[:index]
    return text
