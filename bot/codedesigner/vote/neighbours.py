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
_FEWEST, _MOST = 5, 96
_COMPARED = 50_000
_VISITS = 1_200_000


class Neighbours:
    """`pairs`: candidates for one defect, each once and in order, at most a bounded number for each remark."""

    def __init__(self, remarks: Sequence[Remark], words: Vectors, comparable: Callable[[int, int], bool]) -> None:
        many = max(1, len(remarks))
        self._kept = max(_FEWEST, min(_MOST, _COMPARED // many))
        self._visits = max(100, min(20_000, _VISITS // many))
        self._words = words
        self._comparable = comparable
        self._holders = _shelved(remarks, words)
        found = {
            (min(index, other), max(index, other))
            for index, remark in enumerate(remarks)
            for other in self._nearest(index, _searched(remark))
        }
        self.pairs = sorted(found)

    def _nearest(self, index: int, shelves: Sequence[Hashable]) -> Iterator[int]:
        """The most alike by its rarest words, as far as they are looked at."""
        scores: dict[int, float] = defaultdict(float)
        visits = self._visits
        for term, mine in self._words.rarest_first(index):
            for shelf in shelves:
                holders = self._holders[shelf].get(term, ()) if shelf in self._holders else ()
                visits -= len(holders)
                for other, theirs in holders if visits >= 0 else holders[:visits]:
                    scores[other] += mine * theirs
                if visits <= 0:
                    break
            if visits <= 0:
                break
        scores.pop(index, None)
        kept = 0
        for _, other in sorted([(-score, other) for other, score in scores.items()]):
            if self._comparable(index, other):
                kept += 1
                yield other
            if kept == self._kept:
                return


_Holders = dict[int, list[tuple[int, float]]]
"""Term -> the remarks that have it, each with its weight there."""


def _shelved(remarks: Sequence[Remark], words: Vectors) -> dict[Hashable, _Holders]:
    """The remarks by shelf, only of shelves that somebody searches."""
    wanted = {shelf for remark in remarks for shelf in _searched(remark)}
    found: dict[Hashable, _Holders] = {shelf: defaultdict(list) for shelf in wanted}
    for index, remark in enumerate(remarks):
        shelves = [found[shelf] for shelf in _shelves(remark) if shelf in found]
        for term, weight in words.units[index].items():
            entry = (index, weight)
            for shelf in shelves:
                shelf[term].append(entry)
    return found


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
    return [*((remark.path, strip) for strip in range(first - 1, last + 2)), ("no line", remark.path), "unplaced"]
