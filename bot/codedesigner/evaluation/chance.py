"""Chance that a seed decides: the same numbers on every machine and in every version of Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

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


def bootstrap(units: Sequence[T], figure: Callable[[Sequence[T]], float], *, times: int, seed: int) -> Interval | None:
    """The percentile interval of `figure` over units drawn with replacement; None where nothing can be drawn.

    With the same seed and as many units, the same units are drawn, so that two figures can be compared by pairs.
    """
    if times < 1 or not units:
        return None
    chance, count = Chance(seed), len(units)
    found = sorted(figure([units[chance.below(count)] for _ in range(count)]) for _ in range(times))
    tail = (1 - COVERED) / 2
    return Interval(found[round(tail * (times - 1))], found[round((1 - tail) * (times - 1))])
