"""Agreement as a probability: fitted on labels, with four parameters, and off until there are enough of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import exp, fsum, isfinite, log, pi, sqrt

LEAST_LABELS = 150
"""Below this many labels the fit would move more by chance than by what is true."""
PULL = 20.0  # how strongly the fit is held to the agreement itself, in labels at one half
BINS = 10
VERSION = 1
_ROUNDS = 50
_STEP = 1e-9
_Terms = tuple[float, float, float, float]
_START: _Terms = (1.0, 1.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A finding whose truth is known: its agreement, how many decided, and whether it was right.

    `accuracy` is how often those who decided were right so far, in the mean; 0.5 where that is not known.
    """

    agreement: float
    voters: int
    right: bool
    accuracy: float = 0.5


@dataclass(frozen=True, slots=True)
class Calibration:
    """probability = logistic(yes · ln s - no · ln(1 - s) + base + history · h), where s is the agreement less half a
    vote, and h the log-odds of the voters' accuracy so far.

    With the defaults it is s itself. Neither slope of s is below 0, so that one more yes never lowers it.
    `labels` is how many findings it was fitted on.
    """

    yes: float = 1.0
    no: float = 1.0
    base: float = 0.0
    history: float = 0.0
    labels: int = 0

    @property
    def enough(self) -> bool:
        """Whether it stands on enough labels to be used."""
        return self.labels >= LEAST_LABELS

    def probability(self, agreement: float, voters: int, accuracy: float = 0.5) -> float | None:
        """How likely such a finding is right; None where there were not enough labels."""
        return self.raw(agreement, voters, accuracy) if self.enough else None

    def raw(self, agreement: float, voters: int, accuracy: float = 0.5) -> float:
        """The same, whatever it stands on."""
        one, other, base, known = _terms(agreement, voters, accuracy)
        return _logistic(self.yes * one + self.no * other + self.base * base + self.history * known)

    def text(self) -> str:
        """As a file."""
        return json.dumps({"version": VERSION, **asdict(self)}, indent=2, sort_keys=True) + "\n"


def read_calibration(text: str) -> Calibration:
    """A file as a calibration.

    Raises:
        ValueError: it is none, of another version, or holds what no fit can give.
    """
    said = json.loads(text)
    if not isinstance(said, dict) or said.get("version") != VERSION:
        raise ValueError(f"it is no calibration of version {VERSION}")
    yes, no, base, history = (_number(said.get(name)) for name in ("yes", "no", "base", "history"))
    labels = said.get("labels")
    if type(labels) is not int:
        raise ValueError("it does not say how many labels it stands on")
    if yes < 0 or no < 0 or labels < 0:
        raise ValueError("a number in it is below 0")
    return Calibration(yes, no, base, history, labels)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError("a number is missing in it")
    return float(value)


def fitted(labelled: Sequence[Labelled]) -> Calibration:
    """The most likely calibration, held to the agreement itself as far as the labels are few."""
    rows = [_terms(one.agreement, one.voters, one.accuracy) for one in labelled]
    truths = [1.0 if one.right else 0.0 for one in labelled]
    free = [True] * len(_START)
    found = _newton(rows, truths, free)
    for index in (0, 1):
        if found[index] < 0:
            free[index] = False
            found = _newton(rows, truths, free)
    yes, no, base, history = (round(each, 6) for each in found)
    return Calibration(max(0.0, yes), max(0.0, no), base, history, len(labelled))


def _terms(agreement: float, voters: int, accuracy: float) -> _Terms:
    """What the parameters are multiplied by.

    Who makes a claim says yes to it as a matter of course: half of that vote says nothing.
    """
    votes = min(max(agreement, 0.0), 1.0) * voters
    share = max(votes - 0.5, votes / 2, 0.05) / max(voters, 1)
    known = min(max(accuracy, 0.01), 0.99)
    return log(share), -log(1 - share), 1.0, log(known / (1 - known))


def _logistic(value: float) -> float:
    if value < 0:
        small = exp(max(value, -700.0))
        return small / (1 + small)
    return 1 / (1 + exp(-min(value, 700.0)))


def _newton(rows: Sequence[_Terms], truths: Sequence[float], free: Sequence[bool]) -> list[float]:
    now = [value if is_free else 0.0 for value, is_free in zip(_START, free, strict=True)]
    for _ in range(_ROUNDS):
        said = [_logistic(fsum(w * x for w, x in zip(now, row, strict=True))) for row in rows]
        slope = [
            fsum((t - p) * row[i] for t, p, row in zip(truths, said, rows, strict=True))
            - PULL * 0.25 * (now[i] - _START[i])
            for i in range(len(_START))
        ]
        bend = [
            [
                fsum(p * (1 - p) * row[i] * row[j] for p, row in zip(said, rows, strict=True))
                + (PULL * 0.25 if i == j else 0)
                for j in range(len(_START))
            ]
            for i in range(len(_START))
        ]
        step = _solved(bend, slope, free)
        longest = max(abs(each) for each in step)
        # A long step overshoots where the curve is flat.
        now = [value + each / max(1.0, longest) for value, each in zip(now, step, strict=True)]
        if longest < _STEP:
            break
    return now


def _solved(matrix: Sequence[Sequence[float]], right: Sequence[float], free: Sequence[bool]) -> list[float]:
    """Cholesky-free elimination; the matrix is positive definite, so no pivot is 0. What is not free stays."""
    kept = [index for index, is_free in enumerate(free) if is_free]
    rows = [[*(matrix[i][j] for j in kept), right[i]] for i in kept]
    for at, row in enumerate(rows):
        for other in rows[at + 1 :]:
            factor = other[at] / row[at]
            for column in range(at, len(row)):
                other[column] -= factor * row[column]
    found = [0.0] * len(free)
    for at in reversed(range(len(rows))):
        later = fsum(rows[at][column] * found[kept[column]] for column in range(at + 1, len(rows)))
        found[kept[at]] = (rows[at][-1] - later) / rows[at][at]
    return found


@dataclass(frozen=True, slots=True)
class Bin:
    """Findings of about the same probability: their mean, the share of them that were right, how many they are."""

    low: float
    high: float
    said: float
    right: float
    count: int


def reliability(said: Sequence[tuple[float, bool]], bins: int = BINS) -> tuple[Bin, ...]:
    """(probability, right) in bins of the same width; empty ones are left out."""
    parts: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for probability, right in sorted(said):
        parts[min(int(probability * bins), bins - 1)].append((probability, right))
    return tuple(
        Bin(
            index / bins,
            (index + 1) / bins,
            fsum(probability for probability, _ in part) / len(part),
            sum(right for _, right in part) / len(part),
            len(part),
        )
        for index, part in enumerate(parts)
        if part
    )


def calibration_error(said: Sequence[tuple[float, bool]], bins: int = BINS) -> float:
    """Expected calibration error: how far what was said is from what was right, in the mean of all; 0 where none."""
    whole = len(said)
    return fsum(each.count * abs(each.said - each.right) for each in reliability(said, bins)) / whole if whole else 0.0


def error_by_chance(said: Sequence[tuple[float, bool]], bins: int = BINS) -> float:
    """The calibration error to be expected where every probability is exactly true: no better one can be asked for.

    The mean distance of a bin's share from its probability, by the normal distribution.
    """
    spread = [0.0] * bins
    for probability, _ in said:
        spread[min(int(probability * bins), bins - 1)] += probability * (1 - probability)
    return fsum(sqrt(2 / pi * each) for each in spread) / len(said) if said else 0.0
