"""How often one source may ask, and who a source is."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.service.web.throttle import Throttle, source_of


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def test_so_many_a_minute_pass_and_then_one_at_a_time() -> None:
    clock = Clock()
    throttle = Throttle(60, clock)
    assert [throttle.wait("a") for _ in range(60)] == [0.0] * 60
    assert throttle.wait("a") == pytest.approx(1.0)
    assert throttle.wait("b") == 0.0
    clock.now += 1.0
    assert throttle.wait("a") == 0.0
    assert throttle.wait("a") > 0


@given(gaps=st.lists(st.floats(0, 5), max_size=80), rate=st.integers(1, 30))
def test_no_more_pass_than_the_rate_allows(gaps: list[float], rate: int) -> None:
    clock = Clock()
    throttle = Throttle(rate, clock)
    passed = 0
    for gap in gaps:
        clock.now += gap
        passed += throttle.wait("a") == 0.0
    assert passed <= rate + sum(gaps) * rate / 60 + 1e-6


def test_memory_is_bounded_whoever_asks() -> None:
    throttle = Throttle(1, Clock(), most=10)
    for number in range(1000):
        throttle.wait(str(number))
    assert len(throttle._buckets) == 10


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("1.2.3.4", "", "1.2.3.4"),
        ("1.2.3.4", "9.9.9.9", "1.2.3.4"),
        ("10.0.0.1", "9.9.9.9", "9.9.9.9"),
        ("10.0.0.1", "8.8.8.8, 9.9.9.9", "9.9.9.9"),
        ("10.0.0.1", "9.9.9.9, 10.0.0.2", "9.9.9.9"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        ("", "", ""),
    ],
)
def test_the_source_is_whom_our_own_proxies_name(peer: str, forwarded: str, expected: str) -> None:
    assert source_of(peer, forwarded, (ip_network("10.0.0.0/8"),)) == expected
