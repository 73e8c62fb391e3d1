"""A calibration from outcomes and labelled reviews."""

from __future__ import annotations

import pytest

from codedesigner.errors import UsageError
from codedesigner.evaluation.evaluate import Asked
from codedesigner.evaluation.fitting import labels_of_outcomes, labels_of_reviews
from codedesigner.vote.calibration import Labelled
from codedesigner.vote.finding import Vote
from codedesigner.vote.history import Outcome, What

from .sample import sample


def outcome(name: str, location: str, vote: Vote, what: What, source: str = "") -> Outcome:
    return Outcome(name, location, "correctness", "k", vote, what, source=source)


def test_a_finding_is_one_label_however_many_told_of_it() -> None:
    said = [
        outcome("f", "a", "yes", "fixed"),
        outcome("f", "b", "no", "fixed"),
        outcome("f", "a", "yes", "thumbs_up", "x"),
        outcome("f", "b", "no", "thumbs_up", "x"),
        outcome("g", "a", "yes", "dismissed"),
        outcome("h", "a", "yes", "thumbs_up", "x"),
        outcome("h", "a", "yes", "thumbs_down", "y"),
    ]
    found = labels_of_outcomes(said)

    assert [(one.agreement, one.voters, one.right) for one in found] == [(0.5, 2, True), (1.0, 1, False)]
    assert found == labels_of_outcomes(reversed(said))


def test_how_often_a_location_was_right_is_learned_from_other_findings() -> None:
    alone = labels_of_outcomes([outcome("f", "a", "yes", "fixed")])
    assert alone == [Labelled(1.0, 1, True, 0.5)]
    many = labels_of_outcomes(outcome(f"f{number}", "a", "yes", "fixed") for number in range(100))
    assert all(one.accuracy > 0.8 for one in many)


def test_labelled_reviews_give_a_label_for_each_finding_of_each_panel() -> None:
    once = labels_of_reviews(sample(), Asked())
    everybody = tuple(sorted({name for one in sample() for name in one.reviews}))

    assert once
    assert labels_of_reviews(sample(), Asked(panels=(everybody, everybody))) == once * 2
    with pytest.raises(UsageError, match="holds no labelled reviews"):
        labels_of_reviews((), Asked())
