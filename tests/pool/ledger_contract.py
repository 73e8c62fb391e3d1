"""What every ledger promises, as tests: subclass `LedgerContract`, say how one is opened, and pytest runs them all.

    class TestMemoryLedger(LedgerContract):
        @contextmanager
        def opened(self) -> Iterator[Ledger]:
            yield MemoryLedger()

A ledger may count a call for a little longer than the window (`SLACK` of its length), never for less.
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codedesigner.pool.ledger import COUNTED_S, DAY_S, Caps, Full, Ledger, Reservation, Used, Window

NOW = 1_800_000_017.3
SLACK = 0.02
FREE = Caps()
MINUTE, HOUR = COUNTED_S["minute"], COUNTED_S["hour"]


def reserve(
    ledger: Ledger, now: float = NOW, *, tokens: int = 0, deep: bool = False, caps: Caps = FREE, location: str = "a"
) -> Reservation:
    """A reservation that has to be made."""
    made = ledger.reserve(location, tokens=tokens, deep=deep, caps=caps, now=now)
    assert isinstance(made, Reservation), made
    return made


def refusal(ledger: Ledger, now: float = NOW, *, tokens: int = 0, deep: bool = False, caps: Caps = FREE) -> Full:
    """A reservation of location `a` that has to be refused."""
    made = ledger.reserve("a", tokens=tokens, deep=deep, caps=caps, now=now)
    assert isinstance(made, Full), made
    return made


@dataclass(frozen=True)
class Step:
    """One call in a random history: how long after the one before, of what size, and what it used in the end."""

    pause_s: float
    tokens: int
    deep: bool
    used: int | None


STEPS = st.lists(
    st.builds(
        Step,
        pause_s=st.one_of(st.floats(0, 3), st.floats(0, 90), st.floats(0, 5000), st.floats(0, 100_000)),
        tokens=st.integers(0, 60),
        deep=st.booleans(),
        used=st.none() | st.integers(0, 60),
    ),
    max_size=40,
)


class LedgerContract:
    """The promises. Every test opens a ledger of its own."""

    def opened(self) -> AbstractContextManager[Ledger]:
        """A new, empty ledger for the time of one test."""
        raise NotImplementedError

    def test_what_was_withdrawn_counts_no_more(self) -> None:
        with self.opened() as ledger:
            kept = reserve(ledger, tokens=7, deep=True)
            ledger.withdraw(reserve(ledger, NOW + 0.1, tokens=5, deep=True))
            assert ledger.used("a", NOW + 1) == Used(1, 7, 1, 1)
            ledger.withdraw(kept)
            assert ledger.used("a", NOW + 1) == Used(0, 0, 0, 0)
            ledger.withdraw(kept)
            assert ledger.used("a", NOW + 1) == Used(0, 0, 0, 0)
            assert isinstance(reserve(ledger, NOW + 1, caps=Caps(hour_requests=1)), Reservation)

    def test_a_location_that_nobody_asked_has_used_nothing(self) -> None:
        with self.opened() as ledger:
            assert ledger.used("a", NOW) == Used()
            standing = ledger.standing("a")
            assert (standing.held_until, standing.learned_minute, standing.learned_hour) == (0.0, None, None)

    def test_a_call_counts_in_every_window_from_when_it_was_reserved(self) -> None:
        with self.opened() as ledger:
            made = reserve(ledger, tokens=70, deep=True)
            reserve(ledger, NOW + 1, tokens=30)
            assert (made.location, made.tokens, made.deep) == ("a", 70, True)
            assert made.at == pytest.approx(NOW, abs=0.001)
            assert ledger.used("a", NOW + 1) == Used(2, 100, 2, 1)

    def test_locations_have_usages_of_their_own(self) -> None:
        with self.opened() as ledger:
            reserve(ledger, tokens=70)
            assert ledger.used("b", NOW) == Used()
            reserve(ledger, location="b", caps=Caps(minute_requests=1))
            assert refusal(ledger, caps=Caps(minute_requests=1)).cap == "minute_requests"

    @pytest.mark.parametrize(
        ("caps", "name", "length_s"),
        [
            (Caps(minute_requests=3), "minute_requests", MINUTE),
            (Caps(minute_tokens=30), "minute_tokens", MINUTE),
            (Caps(hour_requests=3), "hour_requests", HOUR),
            (Caps(day_deep=3), "day_deep", DAY_S),
        ],
    )
    def test_a_cap_is_reached_exactly_and_has_room_after_its_window(
        self, caps: Caps, name: str, length_s: float
    ) -> None:
        with self.opened() as ledger:
            for _ in range(3):
                reserve(ledger, tokens=10, deep=True, caps=caps)
            full = refusal(ledger, tokens=10, deep=True, caps=caps)
            assert full.cap == name
            assert NOW + length_s <= full.until <= NOW + length_s * (1 + SLACK)
            assert refusal(ledger, NOW + length_s - 0.001, tokens=10, deep=True, caps=caps).until == full.until
            assert ledger.used("a", NOW) == Used(3, 30, 3, 3)  # a refused call counts nothing
            reserve(ledger, full.until, tokens=10, deep=True, caps=caps)

    def test_room_comes_when_the_oldest_that_suffice_have_left(self) -> None:
        caps = Caps(minute_tokens=100)
        with self.opened() as ledger:
            for second in (0, 10, 20):
                reserve(ledger, NOW + second, tokens=30, caps=caps)
            until = refusal(ledger, NOW + 25, tokens=50, caps=caps).until
            assert NOW + 10 + MINUTE <= until <= NOW + 10 + MINUTE * (1 + SLACK)
            reserve(ledger, NOW + 25, tokens=10, caps=caps)

    def test_of_several_caps_the_last_to_have_room_is_named(self) -> None:
        with self.opened() as ledger:
            reserve(ledger)
            assert refusal(ledger, NOW + 1, caps=Caps(minute_requests=1, hour_requests=1)).cap == "hour_requests"

    def test_calls_that_are_not_deep_do_not_touch_the_deep_quota(self) -> None:
        caps = Caps(day_deep=1)
        with self.opened() as ledger:
            reserve(ledger, deep=True, caps=caps)
            reserve(ledger, deep=False, caps=caps)
            assert ledger.used("a", NOW).day_deep == 1

    @pytest.mark.parametrize(
        ("caps", "name"),
        [
            (Caps(minute_requests=0), "minute_requests"),
            (Caps(minute_tokens=49), "minute_tokens"),
            (Caps(hour_requests=0), "hour_requests"),
            (Caps(day_deep=0), "day_deep"),
        ],
    )
    def test_what_never_fits_has_room_at_infinity(self, caps: Caps, name: str) -> None:
        with self.opened() as ledger:
            assert refusal(ledger, tokens=50, deep=True, caps=caps) == Full(name, math.inf)

    def test_settling_counts_what_was_used_instead_of_what_was_reserved(self) -> None:
        caps = Caps(minute_tokens=100)
        with self.opened() as ledger:
            made = reserve(ledger, tokens=90, caps=caps)
            refusal(ledger, NOW + 1, tokens=20, caps=caps)
            ledger.settle(made, 30)
            assert ledger.used("a", NOW + 1) == Used(1, 30, 1, 0)
            more = reserve(ledger, NOW + 1, tokens=70, caps=caps)
            ledger.settle(more, 85)
            assert ledger.used("a", NOW + 1) == Used(2, 115, 2, 0)

    def test_settling_among_others_and_after_the_window_disturbs_nothing(self) -> None:
        with self.opened() as ledger:
            first = reserve(ledger, tokens=50)
            second = reserve(ledger, NOW + 30, tokens=7)
            ledger.settle(first, 10)
            assert ledger.used("a", NOW + 31).minute_tokens == 17
            reserve(ledger, NOW + 200, tokens=5)
            ledger.settle(second, 1000)
            assert ledger.used("a", NOW + 200) == Used(1, 5, 3, 0)

    def test_a_clock_that_goes_back_forgets_nothing(self) -> None:
        caps = Caps(minute_requests=2)
        with self.opened() as ledger:
            reserve(ledger, NOW, caps=caps)
            reserve(ledger, NOW - 20, caps=caps)
            assert ledger.used("a", NOW - 20).minute_requests == 2
            assert refusal(ledger, NOW - 20, caps=caps).until >= NOW - 20 + MINUTE

    def test_settling_finds_a_call_that_was_made_while_the_clock_had_gone_back(self) -> None:
        with self.opened() as ledger:
            reserve(ledger, NOW, tokens=5)
            ledger.settle(reserve(ledger, NOW - 20, tokens=10), 40)
            assert ledger.used("a", NOW - 20).minute_tokens == 45

    def test_a_clock_that_was_a_day_ahead_does_not_block_for_a_day(self) -> None:
        caps = Caps(minute_requests=1, hour_requests=1)
        with self.opened() as ledger:
            reserve(ledger, NOW + DAY_S, caps=caps)
            assert refusal(ledger, NOW, caps=caps).until <= NOW + 2 * HOUR * (1 + SLACK)
            reserve(ledger, NOW + 2 * HOUR * (1 + SLACK), caps=caps)

    def test_a_hold_is_remembered_replaced_and_lifted(self) -> None:
        with self.opened() as ledger:
            ledger.hold("a", NOW + 60, "refused")
            assert (ledger.standing("a").held_until, ledger.standing("a").held_reason) == (NOW + 60, "refused")
            ledger.hold("a", NOW + 30, "spent")
            assert (ledger.standing("a").held_until, ledger.standing("a").held_reason) == (NOW + 30, "spent")
            ledger.hold("a", 0, "")
            assert ledger.standing("a").held_until == 0
            assert ledger.standing("b").held_until == 0

    @pytest.mark.parametrize("window", ["minute", "hour"])
    def test_a_lesson_is_remembered_and_forgotten(self, window: Window) -> None:
        with self.opened() as ledger:
            ledger.hold("a", NOW + 60, "refused")
            ledger.learn("a", window, 8, NOW)
            standing = ledger.standing("a")
            lessons = {"minute": standing.learned_minute, "hour": standing.learned_hour}
            assert lessons.pop(window) == (8, NOW)
            assert list(lessons.values()) == [None]
            assert standing.held_until == NOW + 60
            ledger.learn("a", window, None, NOW + 1)
            assert (ledger.standing("a").learned_minute, ledger.standing("a").learned_hour) == (None, None)

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    @given(steps=STEPS)
    def test_no_cap_is_ever_exceeded_in_any_window(self, steps: list[Step]) -> None:
        caps = Caps(minute_requests=3, minute_tokens=100, hour_requests=8, day_deep=4)
        made: list[tuple[float, int, bool]] = []  # exact times: an account of its own
        now = NOW
        with self.opened() as ledger:
            for step in steps:
                now += step.pause_s
                got = ledger.reserve("a", tokens=step.tokens, deep=step.deep, caps=caps, now=now)
                if isinstance(got, Full):
                    assert now < got.until < math.inf
                    continue
                # Less than was reserved makes room; more would be an excess that is the server's doing.
                tokens = step.tokens if step.used is None else min(step.used, step.tokens)
                made.append((now, tokens, step.deep))
                minute = [entry for entry in made if entry[0] > now - MINUTE]
                assert len(minute) <= 3
                assert sum(tokens for _, tokens, _ in minute[:-1]) + step.tokens <= 100
                assert sum(at > now - HOUR for at, _, _ in made) <= 8
                assert sum(deep for at, _, deep in made if at > now - DAY_S) <= 4
                ledger.settle(got, tokens)

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.differing_executors])
    @given(steps=STEPS)
    def test_whoever_comes_back_when_told_gets_in(self, steps: list[Step]) -> None:
        caps = Caps(minute_requests=3, minute_tokens=100, hour_requests=8, day_deep=4)
        now = NOW
        with self.opened() as ledger:
            for step in steps:
                now += step.pause_s
                got = ledger.reserve("a", tokens=step.tokens, deep=step.deep, caps=caps, now=now)
                if isinstance(got, Full):
                    now = got.until
                    reserve(ledger, now, tokens=step.tokens, deep=step.deep, caps=caps)
