"""Whether agreement is a probability: how often findings of which some share agreed were right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum

from codedesigner.evaluation.chance import Interval, between, resamples
from codedesigner.evaluation.heard import Heard
from codedesigner.evaluation.protocol import HoldOut, Resampling, folds
from codedesigner.evaluation.scoring import Scoring, is_right
from codedesigner.evaluation.ways import as_posted, ballots
from codedesigner.vote.calibration import BINS, Calibration, Labelled, fitted

Said = list[tuple[float, bool]]
"""(probability, right) of the findings of one pull request."""

UNFITTED = Calibration()


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


def as_it_is(heard: Sequence[Heard], scoring: Scoring) -> list[Said]:
    """For each pull request, agreement, less the half vote that its proposer's own yes is too much, as probability."""
    return [_told(each, scoring, UNFITTED) for each in heard]


def calibrated(heard: Sequence[Heard], scoring: Scoring, hold_out: HoldOut) -> list[Said]:
    """The probability that a calibration, fitted on what is not held out, makes of the agreement."""
    found: dict[str, Said] = {}
    for _, train, test in folds(heard, hold_out):
        fit = fitted(labelled(train, scoring))
        found |= {each.pull_request.pr: _told(each, scoring, fit) for each in test}
    return [found[each.pull_request.pr] for each in heard]


def _told(heard: Heard, scoring: Scoring, calibration: Calibration) -> Said:
    return [(calibration.raw(one.agreement, one.voters), one.right) for one in labelled([heard], scoring)]


def error_interval(said: Sequence[Said], resampling: Resampling) -> Interval | None:
    """Where the calibration error lies when pull requests are drawn anew."""
    off = [_off(each) for each in said]
    drawn = []
    for places in resamples(len(said), times=resampling.times, seed=resampling.seed):
        whole = sum(len(said[place]) for place in places)
        drawn.append(fsum(abs(fsum(off[place][at] for place in places)) for at in range(BINS)) / max(whole, 1))
    return between(drawn)


def _off(said: Said) -> list[float]:
    """For each bin, the sum of what was said less that of what was right."""
    found = [0.0] * BINS
    for probability, right in said:
        found[min(int(probability * BINS), BINS - 1)] += probability - right
    return found


def histogram(heard: Sequence[Heard], scoring: Scoring) -> tuple[Votes, ...]:
    """How many findings had how many votes."""
    counts: dict[int, list[bool]] = {}
    for one in labelled(heard, scoring):
        counts.setdefault(round(one.agreement * one.voters), []).append(one.right)
    return tuple(Votes(votes, len(right), sum(right)) for votes, right in sorted(counts.items()))
