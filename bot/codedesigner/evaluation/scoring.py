"""What a posted finding is worth where it is known which comment named which golden issue.

Golden issues are what people found worth saying. Nobody says everything, so a finding that matches none may still be
right: precision here is a lower bound.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from codedesigner.evaluation.dataset import Comment, PullRequest

Scoring = Literal["strict", "majority"]
SCORINGS: tuple[Scoring, ...] = ("strict", "majority")


@dataclass(frozen=True, slots=True)
class Posted:
    """A finding as it is posted: ids of the comments that it was made from, and of the one whose words it has."""

    members: tuple[str, ...]
    representative: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Golden issues found (`tp`) and missed (`fn`), and posted findings that found nothing new (`fp`)."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    @property
    def precision(self) -> float:
        """The share of what was posted that found something; 0 where nothing was posted."""
        return self.tp / max(self.tp + self.fp, 1)

    @property
    def recall(self) -> float:
        """The share of the golden issues that was found; 0 where there are none."""
        return self.tp / max(self.tp + self.fn, 1)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-12)


def total(counts: Iterable[Counts]) -> Counts:
    """The sum."""
    every = list(counts)
    return Counts(sum(one.tp for one in every), sum(one.fp for one in every), sum(one.fn for one in every))


def f1_of(counts: Sequence[Counts]) -> float:
    """F1 of the sum."""
    return total(counts).f1


def posted_counts(pull_request: PullRequest, posted: Sequence[Posted], scoring: Scoring) -> Counts:
    """The counts of what was posted on one pull request, in that order.

    `strict`: the representative itself matches a golden issue that nothing posted before it matched. `majority`: at
    least half of the supporting reviewers match one same golden issue that is not matched yet. Everything else that is
    posted, a second finding of the same issue included, is a false positive.

    Raises:
        KeyError: a finding names a comment that the pull request has not.
    """
    new = news(pull_request, posted, scoring)
    hit = sum(new)
    return Counts(hit, new.count(0), len(pull_request.golden) - hit)


def news(pull_request: PullRequest, posted: Sequence[Posted], scoring: Scoring) -> list[int]:
    """How many golden issues each of what was posted found that nothing before it had found."""
    hit: set[int] = set()
    found = []
    for finding in posted:
        new = _named(finding, pull_request.said, scoring) - hit
        hit |= new
        found.append(len(new))
    return found


def is_right(pull_request: PullRequest, finding: Posted, scoring: Scoring) -> bool:
    """Whether the finding is of a golden issue, no matter what else was posted."""
    return bool(_named(finding, pull_request.said, scoring))


def _named(finding: Posted, comments: Mapping[str, tuple[str, Comment]], scoring: Scoring) -> AbstractSet[int]:
    if scoring == "strict":
        _, comment = comments[finding.representative]
        return set(comment.golden) if comment.label == "match" else set()
    reviewers: set[str] = set()
    support: dict[int, set[str]] = defaultdict(set)
    for reviewer, comment in (comments[name] for name in finding.members):
        reviewers.add(reviewer)
        for golden in comment.golden:
            support[golden].add(reviewer)
    most = [golden for golden, who in support.items() if len(who) >= len(reviewers) / 2]
    # One finding is worth one issue; where it stands for several, the one with most support, then the first.
    return set() if not most else {max(most, key=lambda golden: (len(support[golden]), -golden))}


def reviewer_counts(pull_request: PullRequest, reviewer: str) -> Counts:
    """The counts of one reviewer alone; repetitions of what it has matched are not held against it."""
    comments = pull_request.reviews.get(reviewer, ())
    hit = {golden for comment in comments if comment.label == "match" for golden in comment.golden}
    wrong = sum(comment.label == "nomatch" for comment in comments)
    return Counts(len(hit), wrong, len(pull_request.golden) - len(hit))
