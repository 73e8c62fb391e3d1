"""Whether a location is well, degraded or offline, from what its attempts and checks came to. On given times."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

from codedesigner.call.trouble import OFF, Trouble, TroubleKind

Condition = Literal["well", "degraded", "offline"]

RECENT = 20  # attempts that the success rate is of
ENOUGH = 5  # fewer say nothing
MOST_UNREACHABLE = 3  # in a row
LONGEST_INTERVAL_S = 300.0

# The other troubles are about the question or a limit, and say nothing about how the server is.
ILL: frozenset[TroubleKind] = OFF | {
    "overloaded",
    "loading",
    "server_error",
    "garbled",
    "unreachable",
    "disconnected",
    "timeout",
}


class Health:
    """One location's. Times are monotonic seconds.

    Degraded: fewer than `threshold` of the last 20 attempts (5 at least) brought something readable. Offline: the
    server does not take the key or does not have the model, or it could not be reached three times in a row; only a
    check brings it back. What is not well is checked every `interval_s`; an offline one half as often after each check
    in vain, down to once in five minutes.
    """

    def __init__(self, threshold: float, interval_s: float) -> None:
        self._threshold = threshold
        self._interval_s = interval_s
        self._recent: deque[bool] = deque(maxlen=RECENT)
        self._unreachable = 0
        self._off = ""
        self._wait_s = interval_s
        self._check_at: float | None = None

    @property
    def condition(self) -> Condition:
        """How it is."""
        if self._off:
            return "offline"
        enough = len(self._recent) >= ENOUGH
        return "degraded" if enough and self.success_rate < self._threshold else "well"

    @property
    def success_rate(self) -> float:
        """Of the last attempts; 1 where there was none."""
        return sum(self._recent) / len(self._recent) if self._recent else 1.0

    @property
    def reason(self) -> str:
        """Why it is not well; empty where it is."""
        if self.condition == "degraded":
            return f"{len(self._recent) - sum(self._recent)} of the last {len(self._recent)} attempts failed"
        return self._off

    def answered(self, now: float, *, readable: bool) -> None:
        """The server has answered."""
        self._unreachable = 0
        self._recent.append(readable)
        self._plan(now)

    def failed(self, trouble: Trouble, now: float) -> None:
        """An attempt or a check has failed."""
        self._unreachable = self._unreachable + 1 if trouble.kind == "unreachable" else 0
        if trouble.kind in ILL:
            self._recent.append(False)
        if trouble.kind in OFF:
            self._off = f"{trouble.kind}: {trouble.message}"
        elif self._unreachable >= MOST_UNREACHABLE:
            self._off = f"unreachable {MOST_UNREACHABLE} times in a row: {trouble.message}"
        self._plan(now)

    def check_due(self, now: float) -> bool:
        """Whether a check is to be made now."""
        return self._check_at is not None and now >= self._check_at

    def checked(self, trouble: Trouble | None, now: float) -> None:
        """A check was made; None: all is well."""
        was_off = bool(self._off)
        self._check_at = None
        if trouble is None:
            self._off = ""
            self._unreachable = 0
            self._wait_s = self._interval_s
            if was_off:
                self._recent.clear()
            else:
                self._recent.append(True)
        elif was_off:
            self._wait_s = min(2 * self._wait_s, max(LONGEST_INTERVAL_S, self._interval_s))
            self._off = f"{trouble.kind}: {trouble.message}"
        else:
            self.failed(trouble, now)
        self._plan(now)

    def postpone(self, now: float) -> None:
        """A check could not be made now."""
        self._check_at = now + self._wait_s

    def _plan(self, now: float) -> None:
        if self.condition == "well":
            self._check_at = None
        elif self._check_at is None:
            self._check_at = now + self._wait_s


@dataclass(frozen=True, slots=True)
class WorkerHealth:
    """How one worker is, and why; `reason` is empty where it is well."""

    id: str
    location_id: str
    status: Literal["idle", "busy", "degraded", "offline"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PoolHealth:
    """How the pool is. Critical: fewer workers are well than it has to have. Degraded: one at least is not.

    `queue_depth` are the calls that wait for leave to be asked, `average_wait_time_ms` is how long they did so far.
    `standby` names the locations without a worker: those over `max_workers`, and those whose worker was removed.
    """

    status: Literal["healthy", "degraded", "critical"]
    total_workers: int
    healthy_workers: int
    degraded_workers: int
    offline_workers: int
    queue_depth: int
    average_wait_time_ms: float
    workers: tuple[WorkerHealth, ...] = ()
    standby: tuple[str, ...] = ()
