"""What became of findings, made into how often a location is right; little data moves little."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Literal

from codedesigner.vote.finding import Finding, Vote

What = Literal["fixed", "dismissed", "thumbs_up", "thumbs_down", "override"]

EVEN = 0.5
"""How often a location is right while nothing is known of any."""
FEW = 3  # locations below which how much they differ cannot be told
STRENGTH = 10.0
"""Votes that the common mean counts for, where the locations' own difference cannot be told."""
WEAKEST, STRONGEST = 4.0, 200.0  # bounds of that number where it is told from the data

# Whether the finding was right, and for how much of a vote that counts. A reaction takes one click, and who
# overrides a gate may agree with the finding and have no time.
_MEANING: Mapping[What, tuple[bool, float]] = {
    "fixed": (True, 1.0),
    "dismissed": (False, 1.0),
    "thumbs_up": (True, 0.5),
    "thumbs_down": (False, 0.5),
    "override": (False, 0.25),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a finding that one location voted on. `reason` is why it was dismissed or overridden.

    `times`: so many findings, where they are told together.
    """

    fingerprint: str
    location: str
    angle: str
    kind: str
    vote: Vote
    what: What
    reason: str = ""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Record:
    """How much of what a location said about one kind from one angle was right, and how much was wrong."""

    location: str
    angle: str
    kind: str
    right: float
    wrong: float


def outcomes_of(finding: Finding, what: What, reason: str = "") -> tuple[Outcome, ...]:
    """One outcome for each location that decided about the finding."""
    return tuple(
        Outcome(finding.fingerprint, each.location, finding.angle, finding.kind, each.vote, what, reason)
        for each in finding.ballots
        if each.vote != "abstain" and each.how != "silent"
    )


def records(outcomes: Iterable[Outcome]) -> tuple[Record, ...]:
    """The outcomes summed up: a yes to what was right is right, and so is a no to what was wrong."""
    sums: dict[tuple[str, str, str], list[tuple[float, float]]] = defaultdict(list)
    for one in outcomes:
        if one.vote == "abstain":
            continue
        was_right, weight = _MEANING[one.what]
        weight *= one.times
        hit = (one.vote == "yes") == was_right
        sums[one.location, one.angle, one.kind].append((weight, 0.0) if hit else (0.0, weight))
    return tuple(
        Record(*key, fsum(right for right, _ in each), fsum(wrong for _, wrong in each))
        for key, each in sorted(sums.items())
    )


Counts = Mapping[tuple[str, ...], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class History:
    """`historical_accuracy` of every location; `mean` is that of all, `strength` how many votes the mean counts for."""

    counts: Counts
    mean: float = EVEN
    strength: float = STRENGTH

    def accuracy(self, location: str, angle: str = "", kind: str = "") -> float:
        """The share of its votes that are right, between 0 and 1 and never either.

        What is known of the kind is drawn towards what is known of the angle, that towards what is known of the
        location, and that towards what is known of all.
        """
        known = self.mean
        for key in ((location,), (location, angle), (location, angle, kind)):
            right, wrong = self.counts.get(key, (0.0, 0.0))
            known = (right + known * self.strength) / (right + wrong + self.strength)
        return known

    def votes(self, location: str) -> float:
        """How much is known of the location."""
        return sum(self.counts.get((location,), (0.0, 0.0)))


NO_HISTORY = History({})


def learned(known: Sequence[Record]) -> History:
    """What the records of all locations together teach (empirical Bayes)."""
    counts: dict[tuple[str, ...], list[Record]] = defaultdict(list)
    for record in known:
        for key in ((record.location,), (record.location, record.angle), (record.location, record.angle, record.kind)):
            counts[key].append(record)
    sums = {key: (fsum(r.right for r in each), fsum(r.wrong for r in each)) for key, each in counts.items()}
    of_locations = [pair for key, pair in sorted(sums.items()) if len(key) == 1 and sum(pair) > 0]
    right, wrong = fsum(pair[0] for pair in of_locations), fsum(pair[1] for pair in of_locations)
    mean = (right + 1) / (right + wrong + 2)
    return History(sums, mean, _strength(of_locations, mean))


def _strength(pairs: Sequence[tuple[float, float]], mean: float) -> float:
    """By the method of moments: the less the locations differ beyond chance, the more the mean of all says of each."""
    if len(pairs) < FEW:
        return STRENGTH
    sizes = [right + wrong for right, wrong in pairs]
    whole = fsum(sizes)
    spread = fsum(size * (pair[0] / size - mean) ** 2 for size, pair in zip(sizes, pairs, strict=True))
    scale = whole - fsum(size * size for size in sizes) / whole
    chance = mean * (1 - mean)
    between = (spread - (len(pairs) - 1) * chance) / scale if scale > 0 else 0.0
    if between <= 0:
        return STRONGEST
    return min(max(chance / between - 1, WEAKEST), STRONGEST)
