from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.call.trouble import OFF, RETRY, Trouble, TroubleKind
from codedesigner.pool.health import ILL, LONGEST_INTERVAL_S, Health

KINDS: list[TroubleKind] = sorted(RETRY)


def health() -> Health:
    return Health(0.5, 30.0)


def trouble(kind: TroubleKind) -> Trouble:
    return Trouble(kind, "it is")


def fed(readable: str) -> Health:
    """`+` is an answer, `-` an error of the server."""
    fresh = health()
    for each in readable:
        if each == "+":
            fresh.answered(0.0, readable=True)
        else:
            fresh.failed(trouble("server_error"), 0.0)
    return fresh


@pytest.mark.parametrize(
    ("readable", "condition"),
    [
        ("", "well"),
        ("----", "well"),
        ("-----", "degraded"),
        ("--+++", "well"),
        ("---++", "degraded"),
        ("+-+-+-+-", "well"),
        ("+" * 20 + "-" * 10, "well"),
        ("+" * 20 + "-" * 11, "degraded"),
        ("-" * 20 + "+" * 10, "well"),
    ],
)
def test_degraded_is_below_half_of_the_last_twenty_and_of_five_at_least(readable: str, condition: str) -> None:
    assert fed(readable).condition == condition


def test_the_reason_says_how_much_failed() -> None:
    assert fed("---++").reason == "3 of the last 5 attempts failed"
    assert fed("+++++").reason == ""


def test_answers_that_cannot_be_read_degrade_too() -> None:
    bad = health()
    for _ in range(5):
        bad.answered(0.0, readable=False)
    assert bad.condition == "degraded"


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_is_about_the_server_counts(kind: TroubleKind) -> None:
    ill = health()
    for _ in range(2):
        ill.failed(trouble(kind), 0.0)
    if kind in OFF:
        assert (ill.condition, ill.reason) == ("offline", f"{kind}: it is")
    else:
        assert ill.condition == "well"
        assert ill.success_rate == (0.0 if kind in ILL else 1.0)


def test_three_times_unreachable_in_a_row_is_offline() -> None:
    ill = health()
    kinds: list[TroubleKind] = ["unreachable", "unreachable", "overloaded", "unreachable", "unreachable", "unreachable"]
    conditions = []
    for kind in kinds:
        ill.failed(trouble(kind), 0.0)
        conditions.append(ill.condition)
    assert conditions == ["well"] * 4 + ["degraded", "offline"]
    assert "unreachable" in ill.reason


def checks(ill: Health, until: float, *, back_at: float) -> list[float]:
    """When it is checked, second by second."""
    made = []
    for second in range(int(until)):
        if ill.check_due(float(second)):
            made.append(float(second))
            ill.checked(None if second >= back_at else trouble("unreachable"), float(second))
    return made


def test_an_offline_one_is_checked_ever_less_often_down_to_five_minutes() -> None:
    ill = health()
    ill.failed(trouble("unauthorised"), 0.0)
    made = checks(ill, 2000, back_at=1700)
    assert made == [30.0, 90.0, 210.0, 450.0, 750.0, 1050.0, 1350.0, 1650.0, 1950.0]
    assert ill.condition == "well"
    assert made[-1] - made[-2] == LONGEST_INTERVAL_S


def test_one_that_is_back_begins_with_a_clean_sheet() -> None:
    ill = fed("-" * 20)
    ill.failed(trouble("no_credit"), 0.0)
    assert not ill.check_due(29.0)
    assert ill.check_due(30.0)
    ill.checked(None, 30.0)
    assert (ill.condition, ill.reason, ill.success_rate, ill.check_due(1e9)) == ("well", "", 1.0, False)


def test_a_degraded_one_is_checked_every_interval_and_comes_back() -> None:
    ill = fed("-" * 8)
    made = checks(ill, 1000, back_at=0)
    assert made == [30.0 * number for number in range(1, 9)]
    assert ill.condition == "well"


def test_a_check_that_cannot_be_made_is_made_later() -> None:
    ill = health()
    ill.failed(trouble("unauthorised"), 0.0)
    ill.postpone(30.0)
    assert not ill.check_due(59.0)
    assert ill.check_due(60.0)


@given(st.lists(st.tuples(st.sampled_from(["answer", "bad", "check", *KINDS]), st.integers(0, 400)), max_size=60))
def test_offline_ends_with_a_check_only_and_what_is_not_well_will_be_checked(happened: list[tuple[str, int]]) -> None:
    one, now = health(), 0.0
    for what, later in happened:
        now += later
        before = one.condition
        if what == "check":
            one.checked(None, now)
            assert one.condition != "offline"
        elif what in ("answer", "bad"):
            one.answered(now, readable=what == "answer")
        else:
            one.failed(trouble(what), now)  # type: ignore[arg-type]
        assert before != "offline" or what == "check" or one.condition == "offline"
        assert bool(one.reason) == (one.condition != "well")
        assert one.check_due(now + LONGEST_INTERVAL_S) == (one.condition != "well")
