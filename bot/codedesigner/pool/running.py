"""One call on its way: how far it is, what it has used, and how it is stopped."""

from __future__ import annotations

import asyncio
from typing import Literal, Protocol

from pydantic import JsonValue

from codedesigner.call.model import Call, Completion, Outcome, Reply, Tried, Usage
from codedesigner.call.trouble import Trouble
from codedesigner.pool.gate import Rank
from codedesigner.pool.seat import Seat

Stop = Literal["cancelled", "timeout", "overdue", "moved"]
"""Why a call was stopped from outside. It goes on after two of them: `overdue`, only its present attempt is past its
time, and `moved`, it is to wait for other locations.
"""
GOES_ON: frozenset[Stop] = frozenset({"overdue", "moved"})


class Running:
    """A call on its way. Others read it; only the executor writes it. Times are the clock's monotonic seconds.

    `candidates` may be asked. `location` is where it is asked or was asked last. `asked_at` is when the present attempt
    was sent, None while there is none. `share` (0..1) is how much of the answer is there, as far as the server lets us
    know.
    """

    __slots__ = (
        "_pending",
        "_task",
        "asked_at",
        "attempts",
        "began_at",
        "call",
        "candidates",
        "detail",
        "location",
        "model",
        "share",
        "stopped",
        "trieds",
        "trouble",
        "unpriced",
        "usage",
        "usd",
    )

    def __init__(self, call: Call) -> None:
        self.call = call
        self.candidates: tuple[str, ...] = ()
        self.location: str | None = None
        self.asked_at: float | None = None
        self.began_at: float | None = None
        self.share = 0.0
        self.attempts = 0
        self.stopped: Stop | None = None
        self.detail = ""
        self.usage = Usage()
        self.usd = 0.0
        self.unpriced = False
        self.model: str | None = None
        self.trouble: Trouble | None = None
        self.trieds: list[Tried] = []
        self._task: asyncio.Task[object] | None = None
        self._pending = 0

    def enter(self, candidates: tuple[str, ...]) -> None:
        """The task that runs now is the one that carries the call."""
        self.candidates = candidates
        self._task = asyncio.current_task()
        self._pending = self._task.cancelling() if self._task is not None else 0

    def stop(self, why: Stop, detail: str = "") -> bool:
        """End the call, or only its attempt; whether that was still possible."""
        if self.stopped is not None and self.stopped not in GOES_ON:
            return False
        first = self.stopped is None
        self.stopped, self.detail = why, detail
        # A task that stops its own call sees so at its next step; before `enter`, the call does not begin at all.
        if first and self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()
        return True

    def move(self, candidates: tuple[str, ...]) -> bool:
        """Let a call that was never sent wait for these locations instead; whether it was still possible."""
        if self.attempts or self.stopped is not None or self._task is None or self._task is asyncio.current_task():
            return False
        self.candidates = candidates
        return self.stop("moved")

    def owns_cancellation(self) -> bool:
        """Whether the `CancelledError` that has just been caught is `stop`'s and nobody else's; taken back if so."""
        return self.stopped is not None and self._task is not None and self._task.uncancel() <= self._pending

    def checkpoint(self) -> None:
        """Raise `asyncio.CancelledError` where the call was stopped and nobody has noticed."""
        if self.stopped is not None:
            raise asyncio.CancelledError

    def take(self, why: Stop) -> bool:
        """Whether it was stopped for this, and nobody else has cancelled the task; forgotten with this."""
        if self.stopped != why:
            return False
        self.stopped = None
        return self._task is not None and self._task.uncancel() <= self._pending

    def sent(self, location: str, now: float) -> None:
        """An attempt goes out."""
        self.location, self.asked_at, self.share = location, now, 0.0
        self.attempts += 1
        if self.began_at is None:
            self.began_at = now

    def used(self, usage: Usage, seat: Seat) -> None:
        """An attempt has used this much."""
        self.usage = self.usage.plus(usage)
        if seat.price is None:
            self.unpriced = True
        else:
            self.usd += seat.price.usd(usage)

    def reply(
        self,
        outcome: Outcome,
        *,
        now: float,
        value: JsonValue = None,
        text: str = "",
        detail: str = "",
    ) -> Reply:
        """What came of it."""
        return Reply(
            call_id=self.call.id,
            location=self.location or (self.candidates[0] if self.candidates else ""),
            outcome=outcome,
            value=value,
            text=text,
            detail=detail,
            usage=self.usage,
            usd=None if self.unpriced else self.usd,
            tried=tuple(self.trieds),
            latency_ms=0.0 if self.began_at is None else (now - self.began_at) * 1000,
            model=self.model,
            origin=self.call.origin,
            trouble=None if outcome in ("answered", "repaired", "re_asked") else self.trouble,
        )


class Observer(Protocol):
    """Sees every attempt, whoever started its call."""

    def rank(self, call: Call) -> Rank | None:
        """In which order the locations are asked that could be."""

    def asked(self, running: Running) -> None:
        """An attempt was sent to `running.location`."""

    def beat(self, running: Running) -> None:
        """A part of the answer has come."""

    def ended(self, running: Running, result: Completion | Trouble | None, *, readable: bool) -> None:
        """The attempt has ended; None: it was stopped. `readable`: it is an answer, if perhaps a refusal."""


class Nobody:
    """Sees nothing."""

    def rank(self, _call: Call) -> Rank | None:
        """None: the gate chooses."""
        return None

    def asked(self, running: Running) -> None:
        """Nothing."""

    def beat(self, running: Running) -> None:
        """Nothing."""

    def ended(self, running: Running, result: Completion | Trouble | None, *, readable: bool) -> None:
        """Nothing."""
