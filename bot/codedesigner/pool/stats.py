"""What a worker and an executor count. Flat: however many calls there were, as much is kept."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from codedesigner.call.model import Outcome, Reply, Usage
from codedesigner.call.trouble import TroubleKind

LATENCIES_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class WorkerStats:
    """A worker's attempts, retries and re-asks each counted as one. Those that were cancelled are in the total only.

    `average_latency_ms` is of all that the server answered, `p99_latency_ms` of the last 1,000 of them.
    `tokens_processed` are those of prompts and answers; `uptime_ms` is the time since the worker was added.
    """

    requests_total: int = 0
    requests_success: int = 0
    requests_failed: int = 0
    average_latency_ms: float = 0.0
    p99_latency_ms: float = 0.0
    tokens_processed: int = 0
    uptime_ms: float = 0.0


class WorkerCounts:
    """The running counts behind `WorkerStats`. `now` are monotonic seconds."""

    __slots__ = ("_latencies", "_since", "_total_ms", "answered", "failed", "started", "stopped", "succeeded", "tokens")

    def __init__(self, now: float) -> None:
        self._since = now
        self._latencies: deque[float] = deque(maxlen=LATENCIES_KEPT)
        self._total_ms = 0.0
        self.started = 0
        self.answered = 0
        self.succeeded = 0
        self.failed = 0
        self.stopped = 0
        self.tokens = 0

    def answer(self, latency_ms: float, usage: Usage) -> None:
        """The server has answered."""
        self.answered += 1
        self._total_ms += latency_ms
        self._latencies.append(latency_ms)
        self.tokens += usage.tokens_in + usage.tokens_out

    @property
    def average_ms(self) -> float:
        """Mean time of an answer; 0 where there was none."""
        return self._total_ms / self.answered if self.answered else 0.0

    def stats(self, now: float) -> WorkerStats:
        """The counts as they are now."""
        return WorkerStats(
            requests_total=self.started,
            requests_success=self.succeeded,
            requests_failed=self.failed,
            average_latency_ms=self.average_ms,
            p99_latency_ms=p99(self._latencies),
            tokens_processed=self.tokens,
            uptime_ms=(now - self._since) * 1000,
        )


def p99(values: deque[float]) -> float:
    """The smallest value that at least 99 in 100 do not exceed; 0 where there is none."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[math.ceil(len(ordered) * 0.99) - 1]


@dataclass(frozen=True, slots=True)
class ExecutorStats:
    """An executor's calls. A call counts as one, however many attempts it took; `retries` and `re_asks` count those.

    `failed_requests` are all that have ended without an answer; `outcomes` tells them apart. `from_store` were
    answered without asking, be it from the store or by an identical call on its way. `average_latency_ms` is of the
    calls that were asked, from their first attempt to their end. `rate_limit_waits` are attempts that were refused
    as too many and waited. `average_wait_ms` is the mean wait for the gate's leave.
    """

    total_requests: int = 0
    successful_requests: int = 0
    failed_requests: int = 0
    retried_requests: int = 0
    current_active: int = 0
    average_latency_ms: float = 0.0
    rate_limit_waits: int = 0
    total_tokens_used: int = 0
    usage: Usage = field(default_factory=Usage)
    from_store: int = 0
    re_asks: int = 0
    average_wait_ms: float = 0.0
    retries: Mapping[TroubleKind, int] = field(default_factory=dict)
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)


class ExecutorCounts:
    """The running counts behind `ExecutorStats`."""

    __slots__ = (
        "_asked",
        "_latency_ms",
        "_usage",
        "_waited_s",
        "_waits",
        "from_store",
        "limited",
        "outcomes",
        "re_asks",
        "retried",
        "retries",
        "started",
        "succeeded",
    )

    def __init__(self) -> None:
        self.started = 0
        self.succeeded = 0
        self.retried = 0
        self.limited = 0
        self.from_store = 0
        self.re_asks = 0
        self.retries: Counter[TroubleKind] = Counter()
        self.outcomes: Counter[Outcome] = Counter()
        self._usage = [0, 0, 0, 0, 0]
        self._asked = 0
        self._latency_ms = 0.0
        self._waits = 0
        self._waited_s = 0.0

    def waited(self, seconds: float) -> None:
        """An attempt has had its leave after so long."""
        self._waits += 1
        self._waited_s += seconds

    def ended(self, reply: Reply) -> None:
        """A call has ended."""
        self.outcomes[reply.outcome] += 1
        self.succeeded += reply.good
        if reply.from_store:
            self.from_store += 1
            return
        if reply.usage.calls:
            self._asked += 1
            self._latency_ms += reply.latency_ms
        used, total = reply.usage, self._usage
        total[0] += used.calls
        total[1] += used.tokens_in
        total[2] += used.tokens_out
        total[3] += used.tokens_cached
        total[4] += used.tokens_written

    def stats(self, active: int) -> ExecutorStats:
        """The counts as they are now."""
        usage = Usage(*self._usage)
        finished = sum(self.outcomes.values())
        return ExecutorStats(
            total_requests=self.started,
            successful_requests=self.succeeded,
            failed_requests=finished - self.succeeded,
            retried_requests=self.retried,
            current_active=active,
            average_latency_ms=self._latency_ms / self._asked if self._asked else 0.0,
            rate_limit_waits=self.limited,
            total_tokens_used=usage.tokens_in + usage.tokens_out,
            usage=usage,
            from_store=self.from_store,
            re_asks=self.re_asks,
            average_wait_ms=self._waited_s / self._waits * 1000 if self._waits else 0.0,
            retries=dict(self.retries),
            outcomes=dict(self.outcomes),
        )
