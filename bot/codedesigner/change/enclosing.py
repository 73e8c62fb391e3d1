"""Line -> the innermost definition that holds it, in logarithmic time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from codedesigner.change.model import Span
from codedesigner.change.parsing import NamedSpan

_NOBODY = -1
_LAST_LINE = 1 << 62


class SpanIndex:
    """Lookups over properly nested spans in document order. Indices are positions in `spans`."""

    def __init__(self, spans: Sequence[NamedSpan]) -> None:
        self.spans = tuple(spans)
        self.parents: list[int | None] = []
        self._starts: list[int] = []
        self._owners: list[int] = []
        self._sweep()

    def innermost(self, line: int) -> int | None:
        """The deepest definition around `line`; None for a line outside every definition."""
        owner = self._owners[self._segment(line)]
        return None if owner == _NOBODY else owner

    def gap(self, line: int) -> Span:
        """The lines around `line` that have the same innermost definition, or none, without a break.

        The last stretch of a file has no end: nothing here knows how many lines there are.
        """
        at = self._segment(line)
        end = self._starts[at + 1] - 1 if at + 1 < len(self._starts) else _LAST_LINE
        return Span(self._starts[at], end)

    def ending(self, line: int) -> Iterator[int]:
        """The definitions whose last line is `line`, the innermost first."""
        at = self.innermost(line)
        while at is not None and self.spans[at].span.end == line:
            yield at
            at = self.parents[at]

    def starting(self, line: int) -> Iterator[int]:
        """The definitions whose first line is `line`, the innermost first."""
        at = self.innermost(line)
        while at is not None and self.spans[at].span.start == line:
            yield at
            at = self.parents[at]

    def between_functions(self, line: int) -> bool:
        """Whether `line` lies in a class or at top level, outside every function."""
        at = self.innermost(line)
        return at is None or self.spans[at].kind == "class"

    def _segment(self, line: int) -> int:
        return max(bisect_right(self._starts, line) - 1, 0)

    def _sweep(self) -> None:
        self._mark(1, _NOBODY)
        open_: list[int] = []
        for index, named in enumerate(self.spans):
            while open_ and self.spans[open_[-1]].span.end < named.span.start:
                self._close(open_)
            self.parents.append(open_[-1] if open_ else None)
            self._mark(named.span.start, index)
            open_.append(index)
        while open_:
            self._close(open_)

    def _close(self, open_: list[int]) -> None:
        ended = self.spans[open_.pop()].span.end
        self._mark(ended + 1, open_[-1] if open_ else _NOBODY)

    def _mark(self, start: int, owner: int) -> None:
        if self._starts and self._starts[-1] == start:
            self._owners[-1] = owner
        else:
            self._starts.append(start)
            self._owners.append(owner)


def enclosing(spans: Sequence[NamedSpan], line: int) -> NamedSpan | None:
    """The innermost of properly nested `spans` that holds `line`. For many lines, make one `SpanIndex`."""
    return next((named for named in reversed(spans) if line in named.span), None)


def nested(spans: Iterable[NamedSpan]) -> tuple[NamedSpan, ...]:
    """The spans in document order, cut so that any two are apart or one holds the other."""
    kept: list[NamedSpan] = []
    ends: list[int] = []
    for named in sorted(spans, key=lambda named: (named.span.start, -named.span.end)):
        while ends and ends[-1] < named.span.start:
            ends.pop()
        end = min(named.span.end, ends[-1]) if ends else named.span.end
        kept.append(named if end == named.span.end else replace(named, span=Span(named.span.start, end)))
        ends.append(end)
    return tuple(kept)
