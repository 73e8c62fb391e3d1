"""Labelled reviews in, figures out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum

from codedesigner.errors import UsageError
from codedesigner.evaluation.chance import Interval
from codedesigner.evaluation.dataset import PullRequest, Spent
from codedesigner.evaluation.heard import Heard, heard
from codedesigner.evaluation.protocol import Figures, HoldOut, Resampling, figures, gain, held_out
from codedesigner.evaluation.reliability import as_it_is, calibrated, error_interval, histogram
from codedesigner.evaluation.result import (
    Between,
    BinResult,
    EvaluationResult,
    Figure,
    LocationResult,
    PanelResult,
    Quality,
    ReliabilityResult,
    StrategyResult,
    VotesResult,
)
from codedesigner.evaluation.scoring import SCORINGS, Counts, Scoring, reviewer_counts
from codedesigner.evaluation.ways import BEST_SINGLE, WAYS
from codedesigner.vote.calibration import calibration_error, error_by_chance, reliability

DIGITS = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be measured. No panels: all reviewers are one. No strategies: all. `hold_out` None: the widest."""

    panels: tuple[tuple[str, ...], ...] = ()
    strategies: tuple[str, ...] = ()
    hold_out: HoldOut | None = None
    resampling: Resampling = field(default_factory=Resampling)


def evaluate(name: str, pull_requests: Sequence[PullRequest], asked: Asked) -> EvaluationResult:
    """The figures of every reviewer alone and of every panel.

    Raises:
        UsageError: a panel names a reviewer that is not in the dataset, or there is nothing that could be held out.
    """
    there = sorted({reviewer for one in pull_requests for reviewer in one.reviews})
    panels = asked.panels or (tuple(there),)
    for panel in panels:
        _check(panel, there)
    hold_out = asked.hold_out or _widest(pull_requests)
    _check_hold_out(hold_out, pull_requests)
    seen = sorted({reviewer for panel in panels for reviewer in panel})
    return EvaluationResult(
        dataset=name,
        pull_requests=len(pull_requests),
        repositories=len({one.repo for one in pull_requests}),
        golden=sum(len(one.golden) for one in pull_requests),
        comments=sum(len(said) for one in pull_requests for said in one.reviews.values()),
        hold_out=hold_out,
        bootstrap=asked.resampling.times,
        seed=asked.resampling.seed,
        locations=tuple(_location(reviewer, pull_requests, asked.resampling) for reviewer in seen),
        panels=tuple(_panel(panel, pull_requests, hold_out, asked) for panel in panels),
        notes=_notes(hold_out),
    )


def _notes(hold_out: HoldOut) -> tuple[str, ...]:
    known = "golden issues are what somebody found worth saying, so precision is a lower bound"
    if hold_out != "none":
        return (known,)
    return (known, "nothing was held out: what was learned was learned on what is counted, and the figures flatter")


def _check(panel: Sequence[str], there: Sequence[str]) -> None:
    if not panel:
        raise UsageError("a panel has no reviewers", hint="give --panel names with commas between them")
    for reviewer in panel:
        if reviewer not in there:
            raise UsageError(f"no reviewer is called {reviewer!r}", hint=f"there are {', '.join(there)}")


def _widest(pull_requests: Sequence[PullRequest]) -> HoldOut:
    if len({one.repo for one in pull_requests}) > 1:
        return "repo"
    return "pull-request" if len(pull_requests) > 1 else "none"


def _check_hold_out(hold_out: HoldOut, pull_requests: Sequence[PullRequest]) -> None:
    if hold_out == "repo" and len({one.repo for one in pull_requests}) < 2:
        raise UsageError("all pull requests are of one repository", hint="hold out with --hold-out pull-request")
    if hold_out == "pull-request" and len(pull_requests) < 2:
        raise UsageError("there is one pull request only", hint="use --hold-out none, and mind that it flatters")


def _location(reviewer: str, pull_requests: Sequence[PullRequest], resampling: Resampling) -> LocationResult:
    looked = [one for one in pull_requests if reviewer in one.reviews]
    spent = [one.usage.get(reviewer) for one in looked]
    tokens = None if any(one is None for one in spent) else sum(one.tokens for one in spent if one is not None)
    counts = [reviewer_counts(one, reviewer) for one in pull_requests]
    return LocationResult(
        id=reviewer,
        quality=quality(figures(counts, resampling)),
        reviews=len(looked),
        comments=sum(len(one.reviews[reviewer]) for one in looked),
        tokens=tokens,
        usd=_cost(spent),
    )


def _cost(spent: Sequence[Spent | None]) -> float | None:
    """The sum, where all of it is known."""
    known = [one.usd for one in spent if one is not None and one.usd is not None]
    return round(fsum(known), 6) if known and len(known) == len(spent) else None


def _panel(panel: Sequence[str], pull_requests: Sequence[PullRequest], hold_out: HoldOut, asked: Asked) -> PanelResult:
    every = [heard(one, panel) for one in pull_requests]
    cost = _cost([one.pull_request.usage.get(name) for one in every for name in one.answered])
    wanted = asked.strategies or tuple(WAYS)
    found: list[StrategyResult] = []
    for scoring in SCORINGS:
        alone, _ = held_out(every, WAYS[BEST_SINGLE], scoring, hold_out)
        for strategy in wanted:
            counts, learned = held_out(every, WAYS[strategy], scoring, hold_out)
            usd = None if strategy == BEST_SINGLE else cost
            found.append(_strategy(strategy, scoring, counts, alone, learned, usd, asked.resampling))
    return PanelResult(
        reviewers=tuple(panel),
        strategies=tuple(found),
        votes=_votes(every),
        reliability=tuple(
            each for scoring in SCORINGS for each in _reliability(every, scoring, hold_out, asked.resampling)
        ),
    )


def _strategy(
    strategy: str,
    scoring: Scoring,
    counts: Sequence[Counts],
    alone: Sequence[Counts],
    learned: Mapping[str, str],
    usd: float | None,
    resampling: Resampling,
) -> StrategyResult:
    found, single = figures(counts, resampling), figures(alone, Resampling(times=0))
    return StrategyResult(
        strategy=strategy,
        scoring=scoring,
        quality=quality(found),
        gain=round(found.counts.f1 - single.counts.f1, DIGITS),
        gain_interval=_between(gain(counts, alone, resampling)),
        learned=dict(learned),
        usd=usd,
    )


def quality(found: Figures) -> Quality:
    """Figures as they are told."""
    counts = found.counts
    return Quality(
        tp=counts.tp,
        fp=counts.fp,
        fn=counts.fn,
        precision=figure(counts.precision, found.precision),
        recall=figure(counts.recall, found.recall),
        f1=figure(counts.f1, found.f1),
    )


def figure(value: float, interval: Interval | None) -> Figure:
    """A share as it is told."""
    return Figure(value=round(value, DIGITS), interval=_between(interval))


def _between(interval: Interval | None) -> Between | None:
    return None if interval is None else (round(interval.low, DIGITS), round(interval.high, DIGITS))


def _votes(every: Sequence[Heard]) -> tuple[VotesResult, ...]:
    found = histogram(every, "majority")
    return tuple(VotesResult(votes=one.votes, findings=one.count, right=one.right) for one in found)


def _reliability(
    every: Sequence[Heard], scoring: Scoring, hold_out: HoldOut, resampling: Resampling
) -> Iterator[ReliabilityResult]:
    for is_fitted in (False, True):
        each = calibrated(every, scoring, hold_out) if is_fitted else as_it_is(every, scoring)
        said = [finding for one in each for finding in one]
        yield ReliabilityResult(
            scoring=scoring,
            fitted=is_fitted,
            findings=len(said),
            error=Figure(
                value=round(calibration_error(said), DIGITS), interval=_between(error_interval(each, resampling))
            ),
            by_chance=round(error_by_chance(said), DIGITS),
            bins=tuple(
                BinResult(findings=one.count, said=round(one.said, DIGITS), right=round(one.right, DIGITS))
                for one in reliability(said)
            ),
        )
