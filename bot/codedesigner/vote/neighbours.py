"""Which remarks are worth comparing: those that share rare words and may stand at one place. Never all with all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence

from codedesigner.vote.remark import Remark
from codedesigner.vote.vectors import Vectors

NEAR_LINES = 20
"""Two remarks that stand further apart than this are two defects."""

_STRIP = 32  # lines; at least NEAR_LINES, so that what is near lies in the same strip or the next
_MOST_STRIPS = 8
_FEWEST, _MOST = 10, 96
_COMPARED = 100_000
_VISITS = 2_000_000


class Neighbours:
    """`pairs`: candidates for one defect, each once and in order, at most a bounded number for each remark."""

    def __init__(self, remarks: Sequence[Remark], words: Vectors, comparable: Callable[[int, int], bool]) -> None:
        many = max(1, len(remarks))
        self._kept = max(_FEWEST, min(_MOST, _COMPARED // many))
        self._visits = max(200, min(20_000, _VISITS // many))
        self._words = words
        self._index: dict[Hashable, list[int]] = defaultdict(list)
        for index, remark in enumerate(remarks):
            for shelf in _shelves(remark):
                for term in words.units[index]:
                    self._index[shelf, term].append(index)
        found = {
            (min(index, other), max(index, other))
            for index, remark in enumerate(remarks)
            for other in self._nearest(index, remark, comparable)
        }
        self.pairs = sorted(found)

    def _nearest(self, index: int, remark: Remark, comparable: Callable[[int, int], bool]) -> Iterator[int]:
        scores: dict[int, float] = defaultdict(float)
        mine, frequency = self._words.units[index], self._words.frequency
        visits = self._visits
        for term in sorted(mine, key=lambda term: (frequency[term], term)):
            for shelf in _searched(remark):
                holders = self._index.get((shelf, term), ())[:visits]
                visits -= len(holders)
                for other in holders:
                    scores[other] += mine[term] * self._words.units[other][term]
            if visits <= 0:
                break
        scores.pop(index, None)
        best = sorted(scores, key=lambda other: (-scores[other], other))
        kept = 0
        for other in best:
            if kept == self._kept:
                return
            if comparable(index, other):
                kept += 1
                yield other


def _shelves(remark: Remark) -> list[Hashable]:
    """Where a remark is found: by those without a place, by those of its file, by those near it."""
    if remark.path is None:
        return ["all", "unplaced"]
    if remark.line is None:
        return ["all", ("file", remark.path), ("no line", remark.path)]
    return ["all", ("file", remark.path), (remark.path, remark.line // _STRIP)]


def _searched(remark: Remark) -> list[Hashable]:
    if remark.path is None:
        return ["all"]
    if remark.line is None:
        return [("file", remark.path), "unplaced"]
    first = remark.line // _STRIP
    last = min(max(remark.line, remark.end_line or 0) // _STRIP, first + _MOST_STRIPS)
    around = range(first - 1, last + 2)
    return ["unplaced", ("no line", remark.path), *((remark.path, strip) for strip in around)]
