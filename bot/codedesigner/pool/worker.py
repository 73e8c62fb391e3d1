"""A worker: one location at work, with what it is doing and how it is."""

from __future__ import annotations

import asyncio
from typing import Literal

from codedesigner.errors import CodedesignerError
from codedesigner.pool.clock import Clock
from codedesigner.pool.health import Condition, Health
from codedesigner.pool.running import Running
from codedesigner.pool.seat import Seat
from codedesigner.pool.stats import WorkerCounts, WorkerStats

WorkerStatus = Literal["idle", "busy", "degraded", "offline"]


class PoolError(CodedesignerError):
    """The pool cannot have, or do, what was asked of it."""


class Worker:
    """One location at work; others read it. There is one worker for a location, under the location's id.

    `last_heartbeat` is Unix time: of its server's last sign, or of the last look at a call that is under way.
    """

    def __init__(self, seat: Seat, clock: Clock, health: Health, silence_s: float) -> None:
        self.id = seat.id
        self.location_id = seat.id
        self.seat = seat
        self.health = health
        self.counts = WorkerCounts(clock.monotonic())
        self.running: dict[Running, None] = {}
        self.last_heartbeat = clock.now()
        self.asked_number = 0
        self.leaving = False
        self.idle = asyncio.Event()  # set by every end of an attempt
        self.known: Condition = "well"
        self._clock = clock
        self._silence_s = silence_s
        self._last_sign = clock.monotonic()

    @property
    def status(self) -> WorkerStatus:
        """Offline and degraded tell more than busy, and come first."""
        condition = self.condition
        if condition != "well":
            return condition
        return "busy" if self.running else "idle"

    @property
    def condition(self) -> Condition:
        """As its health, and degraded where its server has been silent for too long in the middle of a call."""
        condition = self.health.condition
        return "degraded" if condition == "well" and self.silent_s > self._silence_s else condition

    @property
    def reason(self) -> str:
        """Why it is not well; empty where it is."""
        if self.health.condition == "well" and self.silent_s > self._silence_s:
            return f"no sign from its server for {self.silent_s:.0f} s"
        return self.health.reason

    @property
    def silent_s(self) -> float:
        """For how long its server has said nothing although it was asked."""
        asked = next((each.asked_at for each in self.running if each.asked_at is not None), None)
        return 0.0 if asked is None else self._clock.monotonic() - max(asked, self._last_sign)

    @property
    def current_task(self) -> str | None:
        """Id of the call that it has been at for longest."""
        return next((running.call.id for running in self.running), None)

    @property
    def current_tasks(self) -> tuple[str, ...]:
        """Ids of the calls that it is at, the oldest first."""
        return tuple(running.call.id for running in self.running)

    @property
    def stats(self) -> WorkerStats:
        """Its counts as they are now."""
        return self.counts.stats(self._clock.monotonic())

    @property
    def weight(self) -> float:
        """How often it is to be chosen, compared with others."""
        return self.seat.weight

    @property
    def load(self) -> int:
        """How many calls it is at."""
        return len(self.running)

    def sign(self) -> None:
        """Its server has said something."""
        self._last_sign = self._clock.monotonic()
        self.beat()

    def beat(self) -> None:
        """A look at it."""
        self.last_heartbeat = self._clock.now()
