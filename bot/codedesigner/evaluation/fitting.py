"""A calibration from what is known to be right: labelled reviews, and what became of findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from math import fsum

from codedesigner.errors import UsageError
from codedesigner.evaluation.dataset import Dataset, PullRequest
from codedesigner.evaluation.evaluate import Asked
from codedesigner.evaluation.heard import heard
from codedesigner.evaluation.reliability import labelled
from codedesigner.vote.calibration import Labelled
from codedesigner.vote.history import EVEN, History, Outcome, learned, records, was_right

FOLDS = 10
"""Parts of the outcomes; how often a location was right is learned on all but the one that a finding is in."""


def labels_of_reviews(dataset: Dataset, asked: Asked) -> list[Labelled]:
    """Every finding of every panel that is asked for, under the majority scoring.

    Raises:
        UsageError: the dataset holds no labelled reviews.
    """
    reviews = [entry for entry in dataset if isinstance(entry, PullRequest)]
    if not reviews:
        raise UsageError("no calibration can be fitted: the dataset holds no labelled reviews")
    everybody = tuple(sorted({reviewer for one in reviews for reviewer in one.reviews}))
    return [
        label
        for panel in asked.panels or (everybody,)
        for label in labelled([heard(one, panel) for one in reviews], "majority")
    ]


def labels_of_outcomes(outcomes: Iterable[Outcome]) -> list[Labelled]:
    """Every finding of which it was told whether it was right; one of which as much was told against it is none."""
    findings: dict[str, list[Outcome]] = defaultdict(list)
    for one in sorted(outcomes, key=lambda each: (each.fingerprint, each.location, each.source)):
        if one.vote != "abstain":
            findings[one.fingerprint].append(one)
    known = _without_each_fold(findings)
    found: list[Labelled] = []
    for name, said in sorted(findings.items()):
        right = was_right(said)
        votes = {one.location: one for one in said}
        if right != EVEN:
            history = known[_fold(name)]
            accuracy = fsum(history.accuracy(one.location, one.angle, one.kind) for one in votes.values()) / len(votes)
            agreement = sum(one.vote == "yes" for one in votes.values()) / len(votes)
            found.append(Labelled(agreement, len(votes), right > EVEN, accuracy))
    return found


def _fold(name: str) -> int:
    return sha256(name.encode()).digest()[0] % FOLDS


def _without_each_fold(findings: Mapping[str, Sequence[Outcome]]) -> list[History]:
    return [
        learned(records(one for name, said in findings.items() if _fold(name) != fold for one in said))
        for fold in range(FOLDS)
    ]
