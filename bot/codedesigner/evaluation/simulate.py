"""Where voting pays and where it does not: panels with known error rates, calculated, not drawn.

A location finds each defect with one probability and makes each false claim that could be made with another. Errors
are correlated because models were taught alike: with a probability of √c a location follows a draw that all share,
else its own, so that two equal locations correlate by c, about defects as about false claims.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from math import fsum, prod, sqrt

FALSE_CLAIMS = 20
"""False claims that could be made, for each defect that is there."""


@dataclass(frozen=True, slots=True)
class Location:
    """The share of defects that it finds, and the share of what it claims that is right."""

    recall: float
    precision: float

    @property
    def false(self) -> float:
        """How likely it makes any one of the false claims."""
        return min(self.recall * (1 - self.precision) / self.precision / FALSE_CLAIMS, 1.0)

    @property
    def f1(self) -> float:
        """Its quality alone."""
        return 2 * self.recall * self.precision / (self.recall + self.precision)


def chances(rates: Sequence[float], correlation: float) -> Iterator[tuple[tuple[bool, ...], float]]:
    """(who says yes, how likely that is) for locations that each say yes at their own rate."""
    shared = sqrt(correlation)
    # The shared draw is even between 0 and 1; between two neighbouring rates it means the same for everybody.
    bounds = sorted({0.0, 1.0, *rates})
    steps = [(low, high - low) for low, high in pairwise(bounds)]
    given = [(width, [shared * (low < rate) + (1 - shared) * rate for rate in rates]) for low, width in steps]
    for said in product((False, True), repeat=len(rates)):
        yield (
            said,
            fsum(width * prod(p if yes else 1 - p for p, yes in zip(each, said, strict=True)) for width, each in given),
        )


def voted_f1(panel: Sequence[Location], correlation: float, weights: Sequence[float] | None = None) -> float:
    """The F1 of a vote with the bar at which it is best, by heads or by weight."""
    each = weights or [1.0] * len(panel)
    real = _by_agreement([one.recall for one in panel], correlation, each)
    false = _by_agreement([one.false for one in panel], correlation, each)
    best, found, wrong = 0.0, 0.0, 0.0
    # From unanimity down: with every bar that is lower, more is posted.
    for agreement in sorted((level for level in real if level > 0), reverse=True):
        found += real[agreement]
        wrong += false[agreement] * FALSE_CLAIMS
        best = max(best, 2 * found / (found + wrong + 1) if found else 0.0)
    return best


def _by_agreement(rates: Sequence[float], correlation: float, weights: Sequence[float]) -> dict[float, float]:
    found: dict[float, list[float]] = {}
    for said, chance in chances(rates, correlation):
        agreement = round(fsum(weight for weight, yes in zip(weights, said, strict=True) if yes), 9)
        found.setdefault(agreement, []).append(chance)
    return {agreement: fsum(each) for agreement, each in found.items()}
