"""Whether agreement is a probability: how often findings of which some share agreed were right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum

from codedesigner.evaluation.heard import Heard
from codedesigner.evaluation.scoring import Scoring, is_right
from codedesigner.evaluation.ways import as_posted, ballots

BINS = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding: how many of those who looked made it, what share that is, and whether it was right."""

    votes: int
    agreement: float
    right: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Findings of like agreement: how many, their mean agreement, and the share of them that was right."""

    count: int
    agreement: float
    right: float


@dataclass(frozen=True, slots=True)
class Votes:
    """Findings that `votes` reviewers made, and how many of these were right."""

    votes: int
    count: int
    right: int


@dataclass(frozen=True, slots=True)
class Reliability:
    """Bins in order of agreement, those without a finding left out; `error` is the mean distance from the truth."""

    bins: tuple[Bin, ...]
    error: float
    count: int


def judged(heard: Iterable[Heard], scoring: Scoring) -> list[Judged]:
    """Every finding of the panel, posted or not. Two of one golden issue may both be right."""
    found = []
    for each in heard:
        for one in ballots(each, {}):
            votes = len({member.reviewer for member in one.group.members})
            found.append(Judged(votes, one.agreement, is_right(each.pull_request, as_posted(one), scoring)))
    return found


def reliability(findings: Sequence[Judged]) -> Reliability:
    """The findings in bins of equal width, and the expected calibration error over them."""
    binned: dict[int, list[Judged]] = {}
    for one in findings:
        binned.setdefault(min(int(one.agreement * BINS + 1e-9), BINS - 1), []).append(one)
    bins = tuple(_bin(binned[place]) for place in sorted(binned))
    off = fsum(one.count * abs(one.agreement - one.right) for one in bins)
    return Reliability(bins, off / len(findings) if findings else 0.0, len(findings))


def _bin(findings: Sequence[Judged]) -> Bin:
    count = len(findings)
    return Bin(count, fsum(one.agreement for one in findings) / count, sum(one.right for one in findings) / count)


def histogram(findings: Iterable[Judged]) -> tuple[Votes, ...]:
    """How many findings had how many votes."""
    counts: dict[int, list[bool]] = {}
    for one in findings:
        counts.setdefault(one.votes, []).append(one.right)
    return tuple(Votes(votes, len(right), sum(right)) for votes, right in sorted(counts.items()))
