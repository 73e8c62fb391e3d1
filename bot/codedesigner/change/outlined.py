"""One side of a file, parsed: lookups by line, logical lines, and blocks of lines outside every definition. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from codedesigner.change.enclosing import SpanIndex
from codedesigner.change.model import Span
from codedesigner.change.parsing import NamedSpan, Outline

_NEAR = 40  # unchanged lines between two changed ones of the same block
_FAR = 50  # blank lines in a row, beyond which a blank line is beside nothing
_LONGEST_STATEMENT = 80  # a longer one at top level is shown by the logical lines that changed


@dataclass(slots=True)
class Block:
    """Changed lines outside every definition that are seen together, and the span they are seen in."""

    span: Span
    changed: list[int]
    removed: list[int]

    def near(self, line: int) -> bool:
        """Whether a line at that place would be seen together with this block."""
        return self.span.start - _NEAR - 1 <= line <= self.span.end + _NEAR + 1


class OutlinedSide:
    """One side of the file, ready for lookups."""

    def __init__(self, outline: Outline, spans: Sequence[NamedSpan]) -> None:
        self.outline = outline
        self.index = SpanIndex(spans)
        self._statement_ends = [span.end for span in outline.outermost]

    def statements(self, span: Span) -> tuple[Span, ...]:
        """The logical lines of `span`, cut to it."""
        starts, ends = self.outline.starts, self.outline.ends
        first, last = bisect_left(ends, span.start), bisect_right(starts, span.end)
        return tuple(Span(max(starts[at], span.start), min(ends[at], span.end)) for at in range(first, last))

    def blocks(self, lines: Sequence[int]) -> list[Block]:
        """Ascending `lines` outside every definition, gathered."""
        found: list[Block] = []
        for line in lines:
            span = self._around(line)
            last = found[-1] if found else None
            if last is not None and self._together(last.span, line, span):
                last.span = Span(last.span.start, max(last.span.end, span.end))
                last.changed.append(line)
            else:
                found.append(Block(span, [line], []))
        return found

    def beside(self, line: int, texts: Sequence[str]) -> Iterator[int]:
        """The definitions that end right above the blank line `line`, then those that begin right below it.

        Blank lines between do not count. `texts` are the lines of the side.
        """
        above = below = line
        while above > max(line - _FAR, 0) and not texts[above - 1].strip():
            above -= 1
        while below <= min(line + _FAR, len(texts)) and not texts[below - 1].strip():
            below += 1
        yield from self.index.ending(above)
        yield from self.index.starting(below)

    def _together(self, before: Span, line: int, span: Span) -> bool:
        gap = self.index.gap(line)
        return before.end in gap and (span.start <= before.end or line - before.end <= _NEAR + 1)

    def _around(self, line: int) -> Span:
        """The top-level statement that holds `line`, or its logical line; never a line of a definition."""
        gap = self.index.gap(line)
        span = self._statement(line) or self._logical(line) or Span(line, line)
        return Span(max(span.start, gap.start), min(span.end, gap.end))

    def _statement(self, line: int) -> Span | None:
        at = bisect_left(self._statement_ends, line)
        if at == len(self._statement_ends):
            return None
        span = self.outline.outermost[at]
        return span if line in span and span.end - span.start < _LONGEST_STATEMENT else None

    def _logical(self, line: int) -> Span | None:
        at = bisect_right(self.outline.starts, line) - 1
        if at < 0 or self.outline.ends[at] < line:
            return None
        return Span(self.outline.starts[at], self.outline.ends[at])


BARE: Final = OutlinedSide(Outline((), (), (), (), broken=False), ())  # nothing is known about this side
