"""When asking again is no longer worth it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.plan.convergence import Passes, support, trend
from codedesigner.plan.model import EarlyExitConfig

USUAL = EarlyExitConfig()
MARKS = st.frozensets(st.sampled_from("abcdef"))


def after(*passes: str, config: EarlyExitConfig = USUAL) -> Passes:
    state = Passes()
    for marks in passes:
        state = state.then(frozenset(marks), config)
    return state


@pytest.mark.parametrize(
    ("passes", "done"),
    [
        (("",), False),
        (("", ""), False),
        (("", "", ""), True),  # the first pass agrees with nobody
        (("ab", "ab"), False),
        (("ab", "ab", "ab"), True),
        (("ab", "a", "b"), True),  # what is not found again is not new
        (("ab", "ab", "abc"), False),
        (("ab", "ab", "abc", "a"), False),
        (("ab", "ab", "abc", "a", "b"), True),
        (("a", "b", "c", "d"), False),
    ],
)
def test_two_passes_in_a_row_that_bring_nothing_are_enough(passes: tuple[str, ...], done: bool) -> None:
    assert after(*passes).done(USUAL) is done


def test_a_lower_threshold_forgives_one_new_thing_among_many() -> None:
    config = EarlyExitConfig(consensus_threshold=0.75, stable_passes=1)
    assert after("abc", "abcd", config=config).done(config)
    assert not after("ab", "abc", config=config).done(config)


def test_switched_off_it_never_ends_early() -> None:
    config = EarlyExitConfig(enabled=False)
    assert not after("", "", "", "", config=config).done(config)


@given(st.lists(MARKS, max_size=12))
def test_nothing_that_was_found_is_forgotten(passes: list[frozenset[str]]) -> None:
    state = Passes()
    for marks in passes:
        state = state.then(marks, USUAL)
    assert state.found == frozenset().union(*passes)
    assert state.made == len(passes)
    assert 0 <= state.stable <= max(0, len(passes) - 1)


@pytest.mark.parametrize(
    ("new", "expected"),
    [((), "unknown"), ((3, 1), "unknown"), ((3, 2, 1), "improving"), ((3, 2, 2), "stable"), ((1, 1, 4), "diverging")],
)
def test_the_trend_is_that_of_new_findings(new: tuple[int, ...], expected: str) -> None:
    assert trend(new) == expected


def test_support_is_the_share_of_passes() -> None:
    assert support("a", [{"a"}, {"b"}, {"a", "b"}, set()]) == 0.5
    assert support("a", []) == 0.0
