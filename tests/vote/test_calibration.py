"""Agreement as a probability: what a fit may and may not do."""

from __future__ import annotations

import json
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.vote.calibration import (
    LEAST_LABELS,
    Calibration,
    Labelled,
    calibration_error,
    error_by_chance,
    fitted,
    read_calibration,
    reliability,
)

labelled = st.lists(
    st.builds(Labelled, st.integers(0, 6).map(lambda votes: votes / 6), st.integers(1, 9), st.booleans()), max_size=40
)


def sample(yes: int, voters: int, right: int, count: int) -> list[Labelled]:
    return [Labelled(yes / voters, voters, index < right) for index in range(count)]


OVERSURE = [*sample(1, 5, 4, 100), *sample(2, 5, 15, 100), *sample(3, 5, 30, 100), *sample(5, 5, 60, 100)]


def test_without_labels_it_is_the_agreement_and_is_not_used() -> None:
    same = fitted([])

    assert (same.yes, same.no, same.base, same.labels) == (1.0, 1.0, 0.0, 0)
    assert same.raw(0.5, 4) == pytest.approx(0.375)
    assert same.raw(1.0, 5) == pytest.approx(0.9)
    assert same.probability(0.5, 4) is None


def test_unanimity_of_many_says_more_than_that_of_two() -> None:
    assert Calibration().raw(1.0, 9) > Calibration().raw(1.0, 2)


def test_what_says_too_much_is_taken_back() -> None:
    found = fitted(OVERSURE)
    before = [(one.agreement, one.right) for one in OVERSURE]
    after = [(found.raw(one.agreement, one.voters), one.right) for one in OVERSURE]

    assert calibration_error(before) > 0.15
    assert calibration_error(after) < 0.03
    assert found.probability(1.0, 5) == pytest.approx(0.6, abs=0.05)


def test_it_is_off_until_there_are_enough_labels() -> None:
    few = fitted(sample(3, 5, 30, LEAST_LABELS - 1))
    enough = fitted(sample(3, 5, 30, LEAST_LABELS))

    assert (few.enough, enough.enough) == (False, True)
    assert few.probability(0.6, 5) is None
    assert enough.probability(0.6, 5) is not None


def test_few_labels_move_it_less_than_many() -> None:
    one, many = fitted(sample(4, 5, 0, 2)), fitted(sample(4, 5, 0, 200))

    assert Calibration().raw(0.8, 5) > one.raw(0.8, 5) > many.raw(0.8, 5)


@given(labelled, st.integers(2, 9))
def test_one_more_yes_never_lowers_it(known: list[Labelled], voters: int) -> None:
    found = fitted(known)
    said = [found.raw(yes / voters, voters) for yes in range(voters + 1)]

    assert all(0 <= each <= 1 for each in said)
    assert all(more >= less - 1e-12 for less, more in pairwise(said))


def test_who_was_right_more_often_is_more_probably_right_again() -> None:
    known = [Labelled(0.5, 4, index % 10 < hits, hits / 10) for hits in (2, 8) for index in range(200)]
    found = fitted(known)

    assert found.history > 0
    assert found.raw(0.5, 4, 0.8) - found.raw(0.5, 4, 0.2) > 0.4


def test_it_is_kept_as_a_file_that_says_what_it_stands_on() -> None:
    found = fitted(OVERSURE)

    assert read_calibration(found.text()) == found
    assert json.loads(found.text())["labels"] == len(OVERSURE)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"version": 2, "yes": 1, "no": 1, "base": 0, "history": 0, "labels": 9}',
        '{"version": 1, "yes": 1, "no": 1, "history": 0, "labels": 9}',
        '{"version": 1, "yes": true, "no": 1, "base": 0, "history": 0, "labels": 9}',
        '{"version": 1, "yes": NaN, "no": 1, "base": 0, "history": 0, "labels": 9}',
        '{"version": 1, "yes": -1, "no": 1, "base": 0, "history": 0, "labels": 9}',
        '{"version": 1, "yes": 1, "no": 1, "base": 0, "history": 0}',
        '{"version": 1, "yes": 1, "no": 1, "base": 0, "history": 0, "labels": -1}',
    ],
)
def test_a_file_that_no_fit_wrote_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_calibration(text)


def test_bins_say_what_was_said_and_what_was_right() -> None:
    low, high = reliability([(0.1, False), (0.15, False), (0.9, True), (1.0, False)])

    assert (low.count, low.right) == (2, 0.0)
    assert low.said == pytest.approx(0.125)
    assert (high.low, high.high, high.count, high.right) == (0.9, 1.0, 2, 0.5)
    assert calibration_error([(0.1, False), (0.15, False), (0.9, True), (1.0, False)]) == pytest.approx(0.2875)
    assert calibration_error([]) == 0.0


def test_what_is_said_truly_is_off_by_chance_alone() -> None:
    chance = Random(3)  # noqa: S311
    said = [0.1 + 0.2 * (place % 5) for place in range(400)]
    drawn = [calibration_error([(one, chance.random() < one) for one in said]) for _ in range(200)]

    assert error_by_chance([(one, True) for one in said]) == pytest.approx(sum(drawn) / len(drawn), rel=0.1)
    assert error_by_chance([]) == 0.0
    assert error_by_chance([(1.0, True)]) == 0.0
