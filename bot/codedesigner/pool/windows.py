"""A sliding window that counts in buckets: never less than was used, and never more memory than its buckets take."""

from __future__ import annotations

import math
from collections import deque


class SlidingWindow:
    """What was used in the last `length_s` seconds, in buckets of `width_s`.

    A bucket counts until all of it has left the window, so a use counts for at least `length_s` and at most `width_s`
    longer. A clock that goes back never makes a use leave earlier, and keeps it for one more window at most.
    """

    __slots__ = ("_buckets", "_length_s", "_total", "_width_s")

    def __init__(self, length_s: float, width_s: float) -> None:
        self._length_s = length_s
        self._width_s = width_s
        self._buckets: deque[list[int]] = deque()  # [number of the bucket, what was used], from the oldest
        self._total = 0

    def __len__(self) -> int:
        """How many buckets it holds just now."""
        return len(self._buckets)

    def total(self, now: float) -> int:
        """What was used in the window that ends at `now`."""
        buckets = self._buckets
        while buckets and self._leaves_at(buckets[0][0]) <= now:
            self._total -= buckets.popleft()[1]
        if buckets and buckets[-1][0] * self._width_s > now + self._length_s:
            self._bring_back(now)
        return self._total

    def add(self, now: float, amount: int) -> float:
        """Count a use at `now`. The time it counts from: where the clock has gone back, that of the newest use."""
        self.total(now)
        self._total += amount
        number = math.floor(now / self._width_s)
        buckets = self._buckets
        if not buckets or buckets[-1][0] < number:
            buckets.append([number, amount])
            return now
        newest = buckets[-1]
        newest[1] += amount
        return max(now, newest[0] * self._width_s)

    def correct(self, at: float, change: int) -> None:
        """Count more, or less where negative, for a use that counts from `at`. Nothing happens where it has left."""
        number = math.floor(at / self._width_s)
        for bucket in reversed(self._buckets):
            if bucket[0] > number:
                continue
            if bucket[0] == number:
                change = max(change, -bucket[1])
                bucket[1] += change
                self._total += change
            break

    def room_at(self, now: float, amount: int, cap: int) -> float:
        """When `amount` more fits under `cap`: `now`, a later moment, or infinity where it never does."""
        if amount > cap:
            return math.inf
        excess = self.total(now) + amount - cap
        for number, used in self._buckets:
            if excess <= 0:
                break
            excess -= used
            now = self._leaves_at(number)
        return now

    def _leaves_at(self, number: int) -> float:
        return (number + 1) * self._width_s + self._length_s

    def _bring_back(self, now: float) -> None:
        """Buckets more than a window ahead were filled by a clock that was wrong: count what they hold from now on."""
        number = math.floor(now / self._width_s)
        ahead = 0
        while self._buckets and self._buckets[-1][0] >= number:
            ahead += self._buckets.pop()[1]
        self._buckets.append([number, ahead])
