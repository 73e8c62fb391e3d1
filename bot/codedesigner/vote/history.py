"""What became of findings, made into how often a location is right; little data moves little."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Literal, Protocol

from codedesigner.vote.finding import How, Vote

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


class Cast(Protocol):
    """A ballot, as a finding or a report has it."""

    @property
    def location(self) -> str:
        """Who voted."""

    @property
    def vote(self) -> Vote:
        """How."""

    @property
    def how(self) -> How:
        """After what."""


class VotedOn(Protocol):
    """What was voted on: a `Finding`, or the same in a report that was kept."""

    @property
    def fingerprint(self) -> str:
        """Its name across reports."""

    @property
    def angle(self) -> str:
        """The angle from which it is a defect."""

    @property
    def kind(self) -> str:
        """Its kind."""

    @property
    def ballots(self) -> Sequence[Cast]:
        """Every vote."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a finding, as somebody (`by`) or something in one place told it. `reason` are their words."""

    what: What
    reason: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a finding that one location voted on. `reason` is why it was dismissed or overridden.

    `source` names who told it: of one finding, location and source, only the last counts.
    """

    fingerprint: str
    location: str
    angle: str
    kind: str
    vote: Vote
    what: What
    reason: str = ""
    source: str = ""


class Book(Protocol):
    """Where outcomes are kept (`state/history.py`)."""

    def replace(self, fingerprint: str, place: str, outcomes: Sequence[Outcome]) -> None:
        """Keep these in the place of all that was known of the finding from there."""


@dataclass(frozen=True, slots=True)
class Record:
    """How much of what a location said about one kind from one angle was right, and how much was wrong."""

    location: str
    angle: str
    kind: str
    right: float
    wrong: float


def outcomes_of(finding: VotedOn, what: What, reason: str = "", source: str = "") -> tuple[Outcome, ...]:
    """One outcome for each location that decided about the finding."""
    return tuple(
        Outcome(finding.fingerprint, each.location, finding.angle, finding.kind, each.vote, what, reason, source)
        for each in finding.ballots
        if each.vote != "abstain" and each.how != "silent"
    )


def note(book: Book, finding: VotedOn, place: str, told: Iterable[Told]) -> int:
    """Keep all that a place (a thread, a command) tells of a finding now; how many votes that is about.

    What the same place told before is replaced, so that reading a thread again counts nothing twice, and a reaction
    that was taken back counts no more.
    """
    kept = [
        outcome
        for one in told
        for outcome in outcomes_of(finding, one.what, one.reason, f"{place}/{one.by}" if one.by else place)
    ]
    book.replace(finding.fingerprint, place, kept)
    return len(kept)


def records(outcomes: Iterable[Outcome]) -> tuple[Record, ...]:
    """The outcomes summed up: a yes to what was right is right, and so is a no to what was wrong.

    However many tell of it, a finding is one vote of a location: where they disagree, a part of it each.
    """
    known: dict[tuple[str, str, str], dict[str, list[float]]] = defaultdict(dict)
    for one in outcomes:
        if one.vote == "abstain":
            continue
        sound, weight = _MEANING[one.what]
        pair = known[one.location, one.angle, one.kind].setdefault(one.fingerprint, [0.0, 0.0])
        pair[(one.vote == "yes") != sound] += weight
    found: list[Record] = []
    for key, findings in sorted(known.items()):
        shares = [(right, wrong, max(1.0, right + wrong)) for right, wrong in findings.values()]
        found.append(Record(*key, fsum(r / most for r, _, most in shares), fsum(w / most for _, w, most in shares)))
    return tuple(found)


def was_right(outcomes: Iterable[Outcome]) -> float:
    """How far outcomes of one finding say that it was right (0..1), 0.5 where they say as much for it as against."""
    said = {(one.source, one.what) for one in outcomes}
    sides = [_MEANING[what] for _, what in said]
    whole = fsum(weight for _, weight in sides)
    return fsum(weight for right, weight in sides if right) / whole if whole else EVEN


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
