"""Average linkage over few pairs: the two groups that are most alike on average meet, until none are alike enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import Generic, Protocol, Self, TypeVar


class Joinable(Protocol):
    """What a group has to remember of its members, to say with which other group it can be one."""

    def joined(self, other: Self) -> Self | None:
        """That of both together; None where they cannot be one."""
        ...


S = TypeVar("S", bound=Joinable)


def linked(items: Sequence[S], pairs: Mapping[tuple[int, int], float], bar: float) -> list[list[int]]:
    """The indices of `items` in groups whose mean likeness is at least `bar`; a pair that is absent counts as 0.

    Among equals those meet first that come first, so the result depends on the order of the items alone.
    """
    return _Linkage(items, pairs, bar).run()


class _Linkage(Generic[S]):
    """A group that came of two has a new number, so that what waits for a group that is gone is known by it.

    A mean with a group that came of two is never above both means before. What is below the bar need not wait.
    """

    def __init__(self, items: Sequence[S], pairs: Mapping[tuple[int, int], float], bar: float) -> None:
        self._bar = bar
        self._groups = {index: [index] for index in range(len(items))}
        self._kept = dict(enumerate(items))
        self._sums: dict[int, dict[int, float]] = {index: {} for index in range(len(items))}
        for (one, other), likeness in pairs.items():
            self._sums[one][other] = self._sums[other][one] = likeness
        self._waiting = [
            (-likeness, min(one, other), max(one, other)) for (one, other), likeness in pairs.items() if likeness >= bar
        ]
        heapify(self._waiting)

    def run(self) -> list[list[int]]:
        number = len(self._groups)
        while self._waiting:
            _, one, other = heappop(self._waiting)
            if one not in self._groups or other not in self._groups:
                continue
            both = self._kept[one].joined(self._kept[other])
            if both is not None:
                self._join(one, other, number, both)
                number += 1
        return sorted(sorted(group) for group in self._groups.values())

    def _join(self, one: int, other: int, number: int, both: S) -> None:
        members = self._groups.pop(one) + self._groups.pop(other)
        del self._kept[one], self._kept[other]
        sums = self._sums.pop(one)
        for third, likeness in self._sums.pop(other).items():
            sums[third] = sums.get(third, 0.0) + likeness
        sums.pop(one, None)
        sums.pop(other, None)
        self._groups[number], self._kept[number], self._sums[number] = members, both, sums
        for third, likeness in sums.items():
            theirs = self._sums[third]
            theirs.pop(one, None)
            theirs.pop(other, None)
            theirs[number] = likeness
            mean = likeness / (len(members) * len(self._groups[third]))
            if mean >= self._bar:
                heappush(self._waiting, (-mean, third, number))
