"""A sliding window never counts less than exact timestamps would, and at most one bucket longer."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from codedesigner.pool.windows import SlidingWindow

LENGTH, WIDTH = 60.0, 1.0
USES = st.lists(st.tuples(st.floats(0, 30), st.integers(0, 9)), max_size=60)


@settings(deadline=None)
@given(uses=USES, start=st.floats(0, 2e9))
def test_between_exact_and_one_bucket_more(uses: list[tuple[float, int]], start: float) -> None:
    window = SlidingWindow(LENGTH, WIDTH)
    exact: list[tuple[float, int]] = []
    now = start
    for pause, amount in uses:
        now += pause
        window.add(now, amount)
        exact.append((now, amount))
        least = sum(amount for at, amount in exact if at > now - LENGTH)
        most = sum(amount for at, amount in exact if at > now - LENGTH - WIDTH - 1e-6)
        assert least <= window.total(now) <= most
        assert len(window) <= LENGTH / WIDTH + 2


@settings(deadline=None)
@given(uses=USES, amount=st.integers(0, 30), cap=st.integers(0, 30))
def test_room_is_there_when_it_is_said_and_not_before(uses: list[tuple[float, int]], amount: int, cap: int) -> None:
    window = SlidingWindow(LENGTH, WIDTH)
    now = 1000.0
    for pause, used in uses:
        now += pause
        window.add(now, used)
    at = window.room_at(now, amount, cap)
    if amount > cap:
        assert at == math.inf
        return
    if at > now:
        assert window.total(at - 0.001) + amount > cap
    assert window.total(at) + amount <= cap


@settings(deadline=None)
@given(steps=st.lists(st.tuples(st.floats(-200_000, 200_000), st.integers(1, 9)), max_size=30))
def test_a_clock_that_jumps_never_makes_it_forget_early(steps: list[tuple[float, int]]) -> None:
    window = SlidingWindow(LENGTH, WIDTH)
    now = 1e6
    for jump, amount in steps:
        now += jump
        before = window.total(now)
        window.add(now, amount)
        assert window.total(now) == before + amount
        assert window.total(now + LENGTH) >= amount
        assert window.total(now + 2 * LENGTH + 2 * WIDTH) == 0
        window.add(now, amount)


def test_a_correction_finds_its_bucket() -> None:
    window = SlidingWindow(LENGTH, WIDTH)
    for second in (0.5, 10.5, 20.5):
        window.add(second, 10)
    window.correct(10.5, -4)
    assert window.total(21) == 26
    assert window.total(70.9) == 20 - 4
    assert window.total(71.1) == 10
    window.correct(10.5, 100)
    assert window.total(71.1) == 10


def test_a_correction_never_makes_less_than_nothing() -> None:
    window = SlidingWindow(LENGTH, WIDTH)
    window.add(5, 3)
    window.correct(5, -10)
    assert window.total(5) == 0
