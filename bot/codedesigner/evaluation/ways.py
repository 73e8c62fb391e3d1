"""The ways of making one review of several that are compared, each learned on some pull requests and used on others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum, sqrt

from codedesigner.evaluation.heard import Heard
from codedesigner.evaluation.scoring import (
    Counts,
    Posted,
    Scoring,
    f1_of,
    news,
    posted_counts,
    reviewer_counts,
    total,
)
from codedesigner.vote.calibration import Labelled, fitted
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
    """Reviewer -> its weight by how often its comments named something, as history would have it.

    The root of the odds: what is counted as a no here is mostly silence, which says less than a no that was asked for.
    """
    found = []
    for name in sorted({name for each in train for name in each.answered}):
        counts = total(reviewer_counts(each.pull_request, name) for each in train)
        found.append(Record(name, "", "", counts.tp, counts.fp))
    history = learned(found)
    return {record.location: sqrt(odds(history.accuracy(record.location))) for record in found}


def _even(_train: Sequence[Heard]) -> dict[str, float]:
    return {}


def _learn_vote(
    weigh: Callable[[Sequence[Heard]], dict[str, float]], train: Sequence[Heard], scoring: Scoring
) -> Learned:
    weights = weigh(train)
    labels = [label for each in train for label in _labelled(each, weights, scoring)]
    bar = best_bar(labels, sum(len(each.pull_request.golden) for each in train))
    return Learned(f"agreement of {bar:.2f} or more", lambda each: _counted(each, weights, bar, scoring))


def _labelled(heard: Heard, weights: Mapping[str, float], scoring: Scoring) -> list[Labelled]:
    """Every group, and whether posting it, and all that more agree on, finds something new."""
    votes = ballots(heard, weights)
    found = news(heard.pull_request, [as_posted(one) for one in votes], scoring)
    return [Labelled(one.agreement, len(heard.answered), bool(new)) for one, new in zip(votes, found, strict=True)]


def best_bar(labels: Sequence[Labelled], golden: int) -> float:
    """The agreement from which on posting is expected to give the best F1, where there are so many golden issues.

    Expected from the probabilities that are fitted to the labels, not counted from the labels themselves: the bar that
    happens to be the best on a few pull requests is often a poor one on others.
    """
    calibration = fitted(labels)
    # Shares are sums of fractions: what is one bar on paper may differ by a hair.
    levels: dict[float, list[float]] = defaultdict(list)
    for one in labels:
        levels[round(one.agreement, 9)].append(calibration.raw(one.agreement, one.voters))
    right, posted, best, bar = 0.0, 0, 0.0, 1.0
    for agreement, probabilities in sorted(levels.items(), reverse=True):
        right, posted = right + fsum(probabilities), posted + len(probabilities)
        expected = 2 * right / (posted + golden)
        if expected > best:
            best, bar = expected, agreement
    return bar


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
