"""What a refusal teaches, how a lesson fades, how long a location is left alone."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.pool.learning import hold_s, in_force, lesson, usable, window_of


@pytest.mark.parametrize(("quota", "left"), [(None, None), (1, 1), (5, 5), (10, 9), (50, 45), (99, 90)])
def test_a_tenth_of_the_hourly_quota_is_held_back(quota: int | None, left: int | None) -> None:
    assert usable(quota) == left


@pytest.mark.parametrize(
    ("said", "held"),
    [(None, 60), (30, 30), (0, 0.05), (0.2, 0.2), (-5, 60), (math.nan, 60), (math.inf, 86_400), (1e9, 86_400)],
)
def test_how_long_a_location_is_left_alone(said: float | None, held: float) -> None:
    assert hold_s(said) == held


@pytest.mark.parametrize(
    ("said", "used", "window"),
    [
        (None, 10, "minute"),
        (10, 10, "minute"),
        (120, 500, "minute"),
        (121, 500, "hour"),
        (3600, 1, "hour"),
        (9.9, 500, None),  # a bucket that fills within seconds
        (0, 500, None),
        (30, 9, None),  # somebody else has used the key
        (None, 0, None),
        (-5, 10, "minute"),  # nonsense is not known
    ],
)
def test_what_a_refusal_is_about(said: float | None, used: int, window: str | None) -> None:
    assert window_of(said, used) == window


@pytest.mark.parametrize(
    ("used", "configured", "limit"), [(10, None, 8), (1, None, 1), (0, None, 1), (10, 5, 5), (10, 50, 8), (9, 9, 7)]
)
def test_a_refusal_teaches_four_fifths_of_what_was_used(used: int, configured: int | None, limit: int) -> None:
    assert lesson(used, configured) == limit


def test_a_lesson_fades_by_a_twentieth_of_the_configured_limit_for_every_clean_window() -> None:
    at = [in_force((40, 1000.0), 60, "minute", 1000.0 + seconds) for seconds in (0, 59.9, 60, 119, 120, 359.9, 420)]
    assert at == [40, 40, 43, 43, 46, 55, None]
    assert in_force((40, 0.0), 60, "hour", 3600.0) == 43


def test_a_lesson_where_nothing_is_configured_is_over_once_it_has_doubled() -> None:
    assert in_force((20, 0.0), None, "minute", 60.0) == 21
    assert in_force((20, 0.0), None, "minute", 19 * 60.0) == 39
    assert in_force((20, 0.0), None, "minute", 20 * 60.0) is None
    assert in_force((1, 0.0), None, "minute", 19 * 60.0) == 1


def test_a_clock_that_goes_back_changes_nothing() -> None:
    assert in_force((20, 1000.0), 60, "minute", 0.0) == 20
    assert in_force(None, 60, "minute", 0.0) is None


@given(st.integers(1, 1000), st.none() | st.integers(1, 1000), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_lesson_only_grows_and_stays_below_what_is_configured(
    limit: int, configured: int | None, first: float, more: float
) -> None:
    early = in_force((limit, 0.0), configured, "minute", first)
    late = in_force((limit, 0.0), configured, "minute", first + more)
    if early is None:
        assert late is None
    elif late is not None:
        assert limit <= early <= late
        assert configured is None or late < configured
