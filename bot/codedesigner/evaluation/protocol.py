"""Measuring without looking: what is learned is learned on some pull requests and counted on others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from codedesigner.evaluation.chance import Interval, between, resamples
from codedesigner.evaluation.heard import Heard
from codedesigner.evaluation.scoring import Counts, Scoring, total
from codedesigner.evaluation.ways import Learn

HoldOut = Literal["repo", "pull-request", "none"]
HOLD_OUTS: tuple[HoldOut, ...] = ("repo", "pull-request", "none")


@dataclass(frozen=True, slots=True)
class Resampling:
    """How often, and from which seed, intervals are drawn; 0 times: no intervals."""

    times: int = 1000
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts over all pull requests, and where precision, recall and F1 lie in resamples of the pull requests."""

    counts: Counts
    precision: Interval | None
    recall: Interval | None
    f1: Interval | None


def folds(heard: Sequence[Heard], hold_out: HoldOut) -> Iterator[tuple[str, list[Heard], list[Heard]]]:
    """(what is held out, what is learned on, what is counted), so that everything is counted once.

    With `none` both are everything: whatever is learned then was seen before, and figures flatter.
    """
    keys = [_key(each, hold_out) for each in heard]
    for key in dict.fromkeys(keys):
        test = [each for each, own in zip(heard, keys, strict=True) if own == key]
        rest = [each for each, own in zip(heard, keys, strict=True) if own != key]
        yield key, rest if hold_out != "none" else test, test


def _key(heard: Heard, hold_out: HoldOut) -> str:
    if hold_out == "none":
        return ""
    return heard.pull_request.repo if hold_out == "repo" else heard.pull_request.pr


def held_out(
    heard: Sequence[Heard], learn: Learn, scoring: Scoring, hold_out: HoldOut
) -> tuple[list[Counts], dict[str, str]]:
    """The counts of each pull request, in order of `heard`, and what was learned for each fold."""
    found: dict[str, Counts] = {}
    choices: dict[str, str] = {}
    for key, train, test in folds(heard, hold_out):
        learned = learn(train, scoring)
        choices[key] = learned.choice
        found |= {each.pull_request.pr: learned.count(each) for each in test}
    return [found[each.pull_request.pr] for each in heard], choices


def figures(counts: Sequence[Counts], resampling: Resampling) -> Figures:
    """The sum of the counts with its intervals."""
    drawn = _resampled(counts, resampling)
    return Figures(
        total(counts),
        between([one.precision for one in drawn]),
        between([one.recall for one in drawn]),
        between([one.f1 for one in drawn]),
    )


def gain(counts: Sequence[Counts], beside: Sequence[Counts], resampling: Resampling) -> Interval | None:
    """Where F1 minus the other's F1 lies when both are resampled together."""
    both = zip(_resampled(counts, resampling), _resampled(beside, resampling), strict=True)
    return between([one.f1 - other.f1 for one, other in both])


def _resampled(counts: Sequence[Counts], resampling: Resampling) -> list[Counts]:
    found, wrong, missed = [one.tp for one in counts], [one.fp for one in counts], [one.fn for one in counts]
    drawn = resamples(len(counts), times=resampling.times, seed=resampling.seed)
    return [Counts(*(sum(map(each.__getitem__, places)) for each in (found, wrong, missed))) for places in drawn]
