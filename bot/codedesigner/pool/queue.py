"""Who waits, and who is next. A structure on given times: it neither sleeps nor wakes anyone."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

T = TypeVar("T")
G = TypeVar("G", bound=Hashable)

# Entries of those who have left are kept until they come up, or until they are more than those who still wait.
_SPARE = 64


@dataclass(frozen=True, slots=True)
class Ageing:
    """What waiting is worth: points of priority for every hour, and after how many hours one goes before all others."""

    boost_per_hour: float = 5.0
    max_wait_hours: float = 4.0


AGEING: Final = Ageing()
AT_LAST: Final = 6
"""After so many times `max_wait_hours` nobody goes before somebody, not even the groups that are first."""


def _none(_group: object) -> bool:
    return False


class Waiter(Generic[G, T]):
    """Somebody in the queue. Times in seconds of one clock."""

    __slots__ = ("group", "item", "key", "number", "since", "waiting")

    def __init__(self, item: T, group: G, number: int, since: float, key: float) -> None:
        self.item = item
        self.group = group
        self.number = number
        self.since = since
        self.key = key
        self.waiting = True


class TaskQueue(Generic[G, T]):
    """Waiters by group; those of one group wait for the same things, so only the first of them has to be looked at.

    The highest priority is first; it rises with the time waited. Who has waited for `max_wait_hours` goes before all
    others, the oldest first, so nobody starves. Equals go in the order in which they came.

    Groups for which `first` holds go before the others, whatever these have waited, up to `AT_LAST` times that long.

    Everybody ages alike, so the order between two of them never changes until one is overdue: a heap holds it. To
    find the next takes a look at each group, to take them out a logarithm of the group's size.
    """

    def __init__(self, ageing: Ageing = AGEING, *, first: Callable[[G], bool] = _none) -> None:
        self._first = first
        self._boost_per_s = ageing.boost_per_hour / 3600
        self._max_wait_s = ageing.max_wait_hours * 3600
        self._lines: dict[G, _Line[G, T]] = {}
        self._count = 0
        self._depth = 0
        self._since_sum = 0.0

    @property
    def depth(self) -> int:
        """How many wait."""
        return self._depth

    @property
    def groups(self) -> tuple[G, ...]:
        """The groups in which somebody waits."""
        return tuple(self._lines)

    def waiters(self, group: G) -> Iterator[Waiter[G, T]]:
        """Those of a group, in the order in which they came."""
        line = self._lines.get(group)
        if line is not None:
            yield from (waiter for waiter in list(line.arrivals) if waiter.waiting)

    def enqueue(self, item: T, group: G, priority: float, now: float) -> Waiter[G, T]:
        """Put somebody into the queue. `now` must not go back from call to call."""
        self._count += 1
        # What all gain by waiting is left out, so the key stays the same.
        waiter = Waiter(item, group, self._count, now, now * self._boost_per_s - priority)
        line = self._lines.get(group)
        if line is None:
            line = self._lines[group] = _Line()
        line.add(waiter)
        self._depth += 1
        self._since_sum += now
        return waiter

    def best(self, now: float, fits: Callable[[G], bool]) -> Waiter[G, T] | None:
        """The next of all whose group fits, who stays in the queue."""
        found: Waiter[G, T] | None = None
        found_rank: tuple[int, bool, float, int] | None = None
        for group, line in self._lines.items():
            if not fits(group):
                continue
            waiter, overdue = line.first(now - self._max_wait_s)
            rank = self._rank(waiter, overdue, self._first(group), now)
            if found_rank is None or rank < found_rank:
                found, found_rank = waiter, rank
        return found

    def _rank(self, waiter: Waiter[G, T], overdue: bool, first: bool, now: float) -> tuple[int, bool, float, int]:
        at_last = now - waiter.since >= AT_LAST * self._max_wait_s
        place = 0 if at_last else 1 if first else 2
        return place, not overdue, waiter.since if overdue else waiter.key, waiter.number

    def take(self, now: float, fits: Callable[[G], bool]) -> Waiter[G, T] | None:
        """The next of all whose group fits, who leaves the queue."""
        waiter = self.best(now, fits)
        if waiter is not None:
            self.remove(waiter)
        return waiter

    def remove(self, waiter: Waiter[G, T]) -> bool:
        """Whoever is served or has given up leaves. False where they had left before."""
        if not waiter.waiting:
            return False
        waiter.waiting = False
        self._depth -= 1
        # Set to nothing when nobody waits, so that rounding does not add up for ever.
        self._since_sum = self._since_sum - waiter.since if self._depth else 0.0
        line = self._lines[waiter.group]
        line.waiting -= 1
        if line.waiting:
            line.clean()
        else:
            del self._lines[waiter.group]
        return True

    def average_wait_s(self, now: float) -> float:
        """How long those who wait have waited so far, on average; 0 where nobody waits."""
        if not self._depth:
            return 0.0
        return max(0.0, now - self._since_sum / self._depth)


class _Line(Generic[G, T]):
    """The waiters of one group, never empty once somebody was added."""

    __slots__ = ("arrivals", "heap", "waiting")

    def __init__(self) -> None:
        self.heap: list[tuple[float, int, Waiter[G, T]]] = []
        self.arrivals: deque[Waiter[G, T]] = deque()
        self.waiting = 0

    def add(self, waiter: Waiter[G, T]) -> None:
        heapq.heappush(self.heap, (waiter.key, waiter.number, waiter))
        self.arrivals.append(waiter)
        self.waiting += 1

    def first(self, overdue_since: float) -> tuple[Waiter[G, T], bool]:
        """The next of the group, and whether it is so because it has waited too long."""
        oldest = self.arrivals[0]
        if oldest.since <= overdue_since:
            return oldest, True
        return self.heap[0][2], False

    def clean(self) -> None:
        """Bring those who still wait to both fronts, and forget the others once they are the most."""
        while not self.arrivals[0].waiting:
            self.arrivals.popleft()
        while not self.heap[0][2].waiting:
            heapq.heappop(self.heap)
        most = 2 * self.waiting + _SPARE
        if len(self.arrivals) > most:
            self.arrivals = deque(waiter for waiter in self.arrivals if waiter.waiting)
        if len(self.heap) > most:
            self.heap = [entry for entry in self.heap if entry[2].waiting]
            heapq.heapify(self.heap)
