from __future__ import annotations

import math
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.call.model import Reply, Usage
from codedesigner.pool.stats import LATENCIES_KEPT, ExecutorCounts, ExecutorStats, WorkerCounts, WorkerStats, p99


def test_a_worker_that_did_nothing_has_nothing_but_its_time() -> None:
    assert WorkerCounts(10.0).stats(12.5) == WorkerStats(uptime_ms=2500.0)


def test_a_workers_counts_have_the_fields_of_the_documents() -> None:
    counts = WorkerCounts(0.0)
    for latency_ms in (100.0, 300.0):
        counts.started += 1
        counts.succeeded += 1
        counts.answer(latency_ms, Usage(1, 40, 10))
    counts.started += 1
    counts.failed += 1
    assert counts.stats(1.0) == WorkerStats(3, 2, 1, 200.0, 300.0, 100, 1000.0)


def test_the_average_is_of_all_and_the_percentile_of_the_last_thousand() -> None:
    counts = WorkerCounts(0.0)
    for _ in range(1000):
        counts.answer(5000.0, Usage())
    for number in range(LATENCIES_KEPT):
        counts.answer(float(number % 100), Usage())
    stats = counts.stats(1.0)
    assert stats.p99_latency_ms == 98.0
    assert stats.average_latency_ms == pytest.approx((5000 + 49.5) / 2)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300))
def test_99_in_100_are_not_slower_and_no_smaller_value_would_do(values: list[float]) -> None:
    found = p99(deque(values))
    assert sum(value <= found for value in values) >= 0.99 * len(values)
    smaller = [value for value in values if value < found]
    assert not smaller or sum(value <= max(smaller) for value in values) < math.ceil(0.99 * len(values))


def test_an_executors_counts_add_up() -> None:
    counts = ExecutorCounts()
    assert counts.stats(0) == ExecutorStats()
    counts.started = 4
    counts.ended(Reply("1", "a", "answered", usage=Usage(1, 10, 5, 4, 3), latency_ms=100.0))
    counts.ended(Reply("2", "a", "failed", usage=Usage(3), latency_ms=500.0))
    counts.ended(Reply("3", "a", "answered", from_store=True))
    counts.ended(Reply("4", "a", "offline"))
    counts.waited(0.5)
    counts.waited(1.5)
    stats = counts.stats(0)
    assert (stats.total_requests, stats.successful_requests, stats.failed_requests, stats.from_store) == (4, 2, 2, 1)
    assert (stats.usage, stats.total_tokens_used) == (Usage(4, 10, 5, 4, 3), 15)
    assert (stats.average_latency_ms, stats.average_wait_ms) == (300.0, 1000.0)
    assert stats.outcomes == {"answered": 2, "failed": 1, "offline": 1}
