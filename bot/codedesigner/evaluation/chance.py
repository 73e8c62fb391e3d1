"""Chance that a seed decides: the same numbers on every machine and in every version of Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_MASK = (1 << 64) - 1
COVERED = 0.95
"""The share of the resamples that lies inside an interval."""


class Chance:
    """A stream of numbers (splitmix64)."""

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def bits(self) -> int:
        """64 bits."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        return mixed ^ (mixed >> 31)

    def below(self, count: int) -> int:
        """A whole number in 0..count-1; the bias of the last few is far below what anybody could see."""
        return self.bits() * count >> 64

    def unit(self) -> float:
        """A number in [0, 1)."""
        return (self.bits() >> 11) / (1 << 53)


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a figure lies in 95 of 100 resamples."""

    low: float
    high: float


@lru_cache(maxsize=1)
def resamples(count: int, *, times: int, seed: int) -> tuple[tuple[int, ...], ...]:
    """`times` draws of `count` indices below `count`, with replacement.

    With the same seed and count the same indices are drawn, so that two figures can be compared by pairs.
    """
    chance = Chance(seed)
    return tuple(tuple(chance.below(count) for _ in range(count)) for _ in range(times if count else 0))


def between(figures: Sequence[float]) -> Interval | None:
    """The percentile interval of a figure over resamples; None where there are none."""
    if not figures:
        return None
    ordered = sorted(figures)
    cut = int((1 - COVERED) / 2 * len(ordered))
    return Interval(ordered[cut], ordered[-1 - cut])
