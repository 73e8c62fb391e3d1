"""The ways of making one review of several that are compared, each learned on some pull requests and used on others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from codedesigner.evaluation.heard import Heard
from codedesigner.evaluation.scoring import (
    Counts,
    Posted,
    Scoring,
    f1_of,
    posted_counts,
    reviewer_counts,
    total,
)
from codedesigner.vote.history import Record, learned
from codedesigner.vote.strategies.base import Voted
from codedesigner.vote.strategies.remarks import voted
from codedesigner.vote.strategies.votes import odds

BEST_SINGLE = "best_single"


@dataclass(frozen=True, slots=True)
class Learned:
    """A way after learning. `choice` says what was learned, for people; `count` uses it on one pull request."""

    choice: str
    count: Callable[[Heard], Counts]


Learn = Callable[[Sequence[Heard], Scoring], Learned]


def ballots(heard: Heard, weights: Mapping[str, float]) -> tuple[Voted, ...]:
    """Every group with its vote, most agreed first."""
    return voted(heard.groups, heard.answered, weights)


def posted(votes: Sequence[Voted], bar: float) -> list[Posted]:
    """The groups that at least `bar` (0..1) agree on, as they are posted."""
    # Shares are sums of fractions: what is the bar on paper may be a hair below it here.
    return [as_posted(one) for one in votes if one.agreement >= bar - 1e-9]


def as_posted(one: Voted) -> Posted:
    """A group as a posted finding."""
    return Posted(tuple(member.id for member in one.group.members), one.group.representative.id)


def weights_of(train: Sequence[Heard]) -> dict[str, float]:
    """Reviewer -> its weight by how often its comments named something, as history would have it."""
    found = []
    for name in sorted({name for each in train for name in each.answered}):
        counts = total(reviewer_counts(each.pull_request, name) for each in train)
        found.append(Record(name, "", "", counts.tp, counts.fp))
    history = learned(found)
    return {record.location: odds(history.accuracy(record.location)) for record in found}


def _even(_train: Sequence[Heard]) -> dict[str, float]:
    return {}


def _learn_vote(
    weigh: Callable[[Sequence[Heard]], dict[str, float]], train: Sequence[Heard], scoring: Scoring
) -> Learned:
    weights = weigh(train)
    votes = [(each.pull_request, ballots(each, weights)) for each in train]
    bars = sorted({one.agreement for _, found in votes for one in found}) or [1.0]
    bars = (
        bars
        if len(bars) <= MOST_BARS
        else [bars[place * (len(bars) - 1) // (MOST_BARS - 1)] for place in range(MOST_BARS)]
    )

    def worth(bar: float) -> float:
        return f1_of([posted_counts(pull_request, posted(found, bar), scoring) for pull_request, found in votes])

    # Among bars that are as good, the higher one posts less.
    best = max(bars, key=lambda bar: (worth(bar), bar))
    return Learned(f"agreement of {best:.2f} or more", lambda each: _counted(each, weights, best, scoring))


MOST_BARS = 60
"""Bars that are tried at most, spread evenly over the agreements that occur."""


def _counted(heard: Heard, weights: Mapping[str, float], bar: float, scoring: Scoring) -> Counts:
    return posted_counts(heard.pull_request, posted(ballots(heard, weights), bar), scoring)


def _learn_majority(train: Sequence[Heard], scoring: Scoring) -> Learned:
    return _learn_vote(_even, train, scoring)


def _learn_weighted(train: Sequence[Heard], scoring: Scoring) -> Learned:
    return _learn_vote(weights_of, train, scoring)


def _learn_union(_train: Sequence[Heard], scoring: Scoring) -> Learned:
    return Learned("everything", lambda each: _counted(each, {}, 0.0, scoring))


def _learn_single(train: Sequence[Heard], _scoring: Scoring) -> Learned:
    names = sorted({name for each in train for name in each.answered})

    def worth(name: str) -> float:
        return f1_of([reviewer_counts(each.pull_request, name) for each in train])

    best = max(names, key=worth, default="")
    return Learned(best, lambda each: reviewer_counts(each.pull_request, best))


WAYS: Mapping[str, Learn] = {
    BEST_SINGLE: _learn_single,
    "majority_vote": _learn_majority,
    "weighted_vote": _learn_weighted,
    "union_merge": _learn_union,
}
"""Name -> how it learns. What asks a supervisor cannot be had from recorded reviews, and is not here."""
