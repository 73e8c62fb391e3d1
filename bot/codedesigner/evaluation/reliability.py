"""Whether agreement is a probability: how often findings of which some share agreed were right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from codedesigner.evaluation.heard import Heard
from codedesigner.evaluation.protocol import HoldOut, folds
from codedesigner.evaluation.scoring import Scoring, is_right
from codedesigner.evaluation.ways import as_posted, ballots
from codedesigner.vote.calibration import Labelled, fitted

Said = list[tuple[float, bool]]
"""(probability, right) of findings."""


@dataclass(frozen=True, slots=True)
class Votes:
    """Findings that `votes` reviewers made, and how many of these were right."""

    votes: int
    count: int
    right: int


def labelled(heard: Iterable[Heard], scoring: Scoring) -> list[Labelled]:
    """Every finding of the panel, posted or not. Two of one golden issue may both be right."""
    return [
        Labelled(one.agreement, len(each.answered), is_right(each.pull_request, as_posted(one), scoring))
        for each in heard
        for one in ballots(each, {})
    ]


def as_it_is(heard: Sequence[Heard], scoring: Scoring) -> Said:
    """Agreement taken for the probability."""
    return [(one.agreement, one.right) for one in labelled(heard, scoring)]


def calibrated(heard: Sequence[Heard], scoring: Scoring, hold_out: HoldOut) -> Said:
    """The probability that a calibration, fitted on what is not held out, makes of the agreement."""
    found: Said = []
    for _, train, test in folds(heard, hold_out):
        fit = fitted(labelled(train, scoring))
        found += [(fit.raw(one.agreement, one.voters), one.right) for one in labelled(test, scoring)]
    return found


def histogram(heard: Sequence[Heard], scoring: Scoring) -> tuple[Votes, ...]:
    """How many findings had how many votes."""
    counts: dict[int, list[bool]] = {}
    for one in labelled(heard, scoring):
        counts.setdefault(round(one.agreement * one.voters), []).append(one.right)
    return tuple(Votes(votes, len(right), sum(right)) for votes, right in sorted(counts.items()))
