from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.call.model import RateState
from codedesigner.location.waits import LONGEST_S, duration, rate_state, retry_after, should_retry, stated_wait

MOMENT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NOW = MOMENT.timestamp()
DAY = 86_400


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        *(("3", 3.0), ("0", 0.0), (" 3.5 ", 3.5), ("1m30s", 90.0), ("+2", 2.0)),
        *((str(7 * DAY), 7.0 * DAY), (str(7 * DAY + 1), None), ("9" * 400, None), ("1e3", None)),
        *(("-1", None), ("nan", None), ("inf", None), ("", None), ("soon", None), ("٣", None), ("3 s", None)),
        (format_datetime(MOMENT + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(MOMENT - timedelta(seconds=90), usegmt=True), 0.0),
        (format_datetime(MOMENT + timedelta(days=8), usegmt=True), None),
        *(("Sat, 21 Nov 2026 12:00:30 -0000", 30.0), ("Sat, 21 Nov 2026 13:00:30 +0100", 30.0)),
        *(("Sat, 32 Nov 2026 12:00:30 GMT", None), ("Mon, 01 Jan 99999 00:00:00 GMT", None)),
    ],
)
def test_retry_after(said: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": said}, NOW) == seconds


@pytest.mark.parametrize(
    ("thousandths", "seconds"), [("1500", 1.5), ("0", 0.0), ("-5", 7.0), ("x", 7.0), ("9" * 17, 7.0), ("0.5", 0.0005)]
)
def test_thousandths_come_first(thousandths: str, seconds: float) -> None:
    assert retry_after({"retry-after-ms": thousandths, "retry-after": "7"}, NOW) == seconds


def test_nothing_is_said() -> None:
    assert retry_after({}, NOW) is None
    assert rate_state({}, NOW) is None
    assert should_retry({}) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("1s", 1.0), ("6m0s", 360.0), ("1h2m3.5s", 3723.5), ("120ms", 0.12), ("1d", 86400.0), ("2M", 120.0)),
        *((" 20us ", 2e-5), ("20µs", 2e-5), ("5ns", 5e-9), ("0s", 0.0)),
        *(("", None), ("s", None), ("1", None), ("-1s", None), ("1s 2s", None), ("1.2.3s", None), ("1y", None)),
        *(("8d", None), ("9" * 400 + "s", None), ("1s" * 100, None)),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert duration(text) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Rate limit reached for gpt-4o. Please try again in 636ms. Visit", 0.636),
        ("Limit 500000, Used 499900. Please try again in 7m12.5s.", 432.5),
        ("Please try again in 20s.", 20.0),
        ('"retryDelay": "34s"', 34.0),
        ("Please retry in 36.531s.", 36.531),
        ("Please retry after 5 seconds.", 5.0),
        ("wait 2 minutes", 120.0),
        ("retry after: 1 hour", 3600.0),
        ("Try again in 500 milliseconds", 0.5),
        ("please try again later", None),
        ("try again in 99999999 hours", None),
        ("we waited 3 seconds", None),
        ("", None),
    ],
)
def test_waits_in_a_sentence(text: str, seconds: float | None) -> None:
    assert stated_wait(text) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("said", "meant"), [("true", True), ("false", False), (" True ", True), ("1", None), ("", None), ("maybe", None)]
)
def test_the_servers_own_word(said: str, meant: bool | None) -> None:
    assert should_retry({"x-should-retry": said}) is meant


def openai(**said: str) -> dict[str, str]:
    return {f"x-ratelimit-{name.replace('_', '-')}": text for name, text in said.items()}


def anthropic(**said: str) -> dict[str, str]:
    return {f"anthropic-ratelimit-{name.replace('_', '-')}": text for name, text in said.items()}


@pytest.mark.parametrize(
    ("headers", "state"),
    [
        (
            openai(
                limit_requests="60", remaining_requests="59", reset_requests="1s",
                limit_tokens="150000", remaining_tokens="149984", reset_tokens="6m0s",
            ),
            RateState(59, 149984, 1.0, 360.0),
        ),
        (openai(remaining_requests="0", reset_requests="120ms"), RateState(0, None, 0.12, None)),
        (openai(remaining_tokens="5"), RateState(None, 5, None, None)),
        # Azure.
        (openai(remaining_requests="-1", remaining_tokens="-1"), None),
        (openai(remaining_requests="0", remaining_tokens="0"), None),
        (openai(limit_requests="0", remaining_requests="0", reset_requests="5s"), None),
        (openai(remaining_requests="0", reset_requests="0"), None),
        (openai(remaining_requests="-1", remaining_tokens="77"), RateState(None, 77, None, None)),
        # OpenRouter: one kind of limit, and a moment in thousandths.
        (openai(limit="20", remaining="3", reset=str(int(NOW + 30) * 1000)), RateState(3, None, 30.0, None)),
        (openai(remaining="3", reset=str(int(NOW + 30))), RateState(3, None, 30.0, None)),
        (openai(remaining="3", reset="45"), RateState(3, None, 45.0, None)),
        (
            anthropic(
                requests_limit="50", requests_remaining="49", requests_reset="2026-11-21T12:00:02Z",
                tokens_remaining="9000", tokens_reset="2026-11-21T12:01:00Z",
                input_tokens_remaining="30000", input_tokens_reset="2026-11-21T13:00:30+01:00",
                output_tokens_remaining="8000", output_tokens_reset="2026-11-21T12:00:01Z",
            ),
            RateState(49, 30000, 2.0, 30.0),
        ),
        (anthropic(tokens_remaining="9000", tokens_reset="2026-11-21T11:00:00Z"), RateState(None, 9000, None, 0.0)),
        (anthropic(tokens_remaining="9000", tokens_reset="yesterday"), RateState(None, 9000, None, None)),
        (openai(remaining_requests="many", remaining_tokens="1.5"), None),
        (openai(remaining_requests="9" * 5000), None),
        (openai(reset_requests="1s"), None),
    ],
)  # fmt: skip
def test_what_is_left(headers: dict[str, str], state: RateState | None) -> None:
    assert rate_state(headers, NOW) == state


NAMES = [
    *("retry-after", "retry-after-ms", "x-should-retry"),
    *(f"x-ratelimit-{part}{what}" for part in ("limit", "remaining", "reset") for what in ("", "-requests", "-tokens")),
    *(
        f"anthropic-ratelimit-{what}-{part}"
        for part in ("limit", "remaining", "reset")
        for what in ("requests", "tokens")
    ),
]
WORDS = st.text(max_size=20) | st.text("0123456789.-+:TZhmsµ GMT", max_size=30) | st.floats().map(str)


@given(st.dictionaries(st.sampled_from(NAMES), WORDS), st.floats(0, 1e11))
def test_no_header_is_believed_blindly(headers: dict[str, str], now: float) -> None:
    wait = retry_after(headers, now)
    assert wait is None or 0 <= wait <= LONGEST_S
    assert should_retry(headers) in {None, True, False}
    state = rate_state(headers, now)
    if state is not None:
        for left in (state.requests_left, state.tokens_left):
            assert left is None or left >= 0
        for reset in (state.requests_reset_s, state.tokens_reset_s):
            assert reset is None or 0 <= reset <= LONGEST_S


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59_999))
def test_durations_as_go_writes_them(hours: int, minutes: int, thousandths: int) -> None:
    text = f"{hours}h{minutes}m{thousandths / 1000:g}s"
    assert duration(text) == pytest.approx(hours * 3600 + minutes * 60 + thousandths / 1000)


@given(st.text(max_size=200))
def test_any_sentence(text: str) -> None:
    wait = stated_wait(f"retry in {text}")
    assert wait is None or 0 <= wait <= LONGEST_S
