"""The figures that a dataset has, whichever kind it is of."""

from __future__ import annotations

from collections.abc import Sequence

from codedesigner.evaluation.anchoring import anchored
from codedesigner.evaluation.dataset import AnchoredChange, Dataset, PairedTexts, PullRequest
from codedesigner.evaluation.evaluate import Asked, evaluate
from codedesigner.evaluation.pairing import paired
from codedesigner.evaluation.result import EvaluationResult


def measure(name: str, dataset: Dataset, asked: Asked, notes: Sequence[str] = ()) -> EvaluationResult:
    """All that can be told of the dataset; `notes` are told with it.

    Raises:
        UsageError: what was asked for does not fit the dataset.
    """
    reviews = [entry for entry in dataset if isinstance(entry, PullRequest)]
    if reviews:
        found = evaluate(name, reviews, asked)
        return found.model_copy(update={"notes": (*found.notes, *notes)})
    paired_texts = [entry for entry in dataset if isinstance(entry, PairedTexts)]
    changes = [entry for entry in dataset if isinstance(entry, AnchoredChange)]
    empty = nothing(asked, name)
    return empty.model_copy(
        update={
            "pull_requests": len(dataset),
            "repositories": len({entry.repo for entry in dataset}),
            "comments": sum(len(entry.comments) for entry in changes) + sum(len(entry.texts) for entry in paired_texts),
            "pairs": paired(paired_texts, asked.resampling) if paired_texts else (),
            "anchoring": anchored(changes, asked.resampling) if changes else (),
            "notes": (*_left_out(changes), *notes),
        }
    )


def nothing(asked: Asked, name: str = "") -> EvaluationResult:
    """An evaluation of no reviews."""
    return EvaluationResult(
        dataset=name,
        pull_requests=0,
        repositories=0,
        golden=0,
        comments=0,
        hold_out="none",
        bootstrap=asked.resampling.times,
        seed=asked.resampling.seed,
    )


def _left_out(changes: Sequence[AnchoredChange]) -> tuple[str, ...]:
    without = [entry for entry in changes if entry.patch is None]
    count = sum(len(entry.comments) for entry in without)
    return (f"{count} comments on {len(without)} changes without a patch are left out",) if without else ()
