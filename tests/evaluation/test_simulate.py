"""Panels whose errors are known: what is calculated is what draws say, and what the picture shows."""

from __future__ import annotations

from math import sqrt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.evaluation.chance import Chance
from codedesigner.evaluation.panels import STRONG, WEAK, picture
from codedesigner.evaluation.simulate import Location, chances, voted_f1

DOCS = Path(__file__).parents[2] / "docs"
rates = st.lists(st.floats(0, 1), min_size=1, max_size=5)
correlations = st.floats(0, 1)


@given(rates, correlations)
def test_chances_add_up_and_everybody_keeps_their_rate(each: list[float], correlation: float) -> None:
    found = list(chances(each, correlation))
    assert sum(chance for _, chance in found) == pytest.approx(1)
    for number, rate in enumerate(each):
        assert sum(chance for said, chance in found if said[number]) == pytest.approx(rate, abs=1e-9)


@given(st.floats(0.05, 0.95), correlations)
def test_two_equal_locations_correlate_as_much_as_is_said(rate: float, correlation: float) -> None:
    both = dict(chances([rate, rate], correlation))[True, True]
    assert (both - rate**2) / (rate * (1 - rate)) == pytest.approx(correlation, abs=1e-6)


def test_draws_say_the_same() -> None:
    each, correlation, chance, times = (0.3, 0.6, 0.8), 0.4, Chance(11), 20_000
    counts: dict[tuple[bool, ...], int] = {}
    for _ in range(times):
        shared = chance.unit()
        said = tuple((shared if chance.unit() < sqrt(correlation) else chance.unit()) < rate for rate in each)
        counts[said] = counts.get(said, 0) + 1
    for said, expected in chances(each, correlation):
        assert counts.get(said, 0) / times == pytest.approx(expected, abs=0.015)


def test_one_alone_votes_as_it_does_alone() -> None:
    for one in (STRONG, WEAK, Location(0.5, 0.5)):
        assert voted_f1([one], 0.3) == pytest.approx(one.f1)


def test_with_errors_that_are_all_the_same_there_is_nothing_to_be_won() -> None:
    one = Location(0.5, 0.5)
    assert voted_f1([one] * 7, 1.0) == pytest.approx(one.f1)
    assert voted_f1([one] * 7, 0.0) > voted_f1([one] * 7, 0.3) > voted_f1([one] * 7, 0.6) > one.f1


def test_heads_outvote_the_strong_one_and_weight_does_not() -> None:
    panel = [STRONG, WEAK, WEAK]
    assert voted_f1(panel, 0.4) < STRONG.f1
    assert voted_f1(panel, 0.4, [9, 1, 1]) == pytest.approx(STRONG.f1)


def test_the_picture_in_the_docs_is_the_one_that_is_drawn() -> None:
    assert (DOCS / "panels.svg").read_text(encoding="utf-8") == picture(), "docs/panels.py draws it anew"
