"""The gate that many reviews share, lent to one of them: it may be told to wait, or to end, between its calls."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import replace

from codedesigner.call.model import RateState, Usage
from codedesigner.pool.gate import Demand, Denied, Gate, Grant, Rank


class Turn:
    """Whether it is somebody's turn. Who holds it goes on with the next call only while it is `open`.

    `holder` names whose it is, for whoever keeps a log. `calls` are those that were let through. Once it is cancelled
    nothing is let through any more, with the reason. `clock` gives monotonic seconds.
    """

    def __init__(self, holder: str = "", clock: Callable[[], float] | None = None) -> None:
        self.holder = holder
        self.calls = 0
        self.cancelled = ""
        self._open = asyncio.Event()
        self._open.set()
        self._ended = asyncio.Event()
        self._clock = clock or time.monotonic
        self._waiting = self._asking = 0
        self._idle_s = 0.0
        self._idle_since: float | None = None

    @property
    def open(self) -> bool:
        """Whether calls go through."""
        return self._open.is_set()

    def close(self) -> None:
        """Let nothing through until it is opened. Where it is cancelled nothing waits any more, and that stays so."""
        if not self.cancelled:
            self._open.clear()
        self._note()

    def reopen(self) -> None:
        """Go on."""
        self._open.set()
        self._note()

    def cancel(self, why: str) -> None:
        """Let nothing through any more; those who wait are told."""
        self.cancelled = why
        self._open.set()
        self._ended.set()
        self._note()

    @property
    def asking(self) -> bool:
        """Whether a call is under way, whose answer would be lost."""
        return self._asking > 0

    @property
    def waiting(self) -> bool:
        """Whether somebody waits for a call, and none is under way."""
        return self._waiting > 0 and not self._asking

    def idle(self) -> float:
        """Seconds so far in which its holder could do nothing: it was closed, or somebody waited, and nobody was asked.

        What a review may take is counted without them: who waits for a quota for hours has done nothing yet.
        """
        return self._idle_s + (0.0 if self._idle_since is None else self._clock() - self._idle_since)

    def waits(self, *, more: int) -> None:
        """So many more wait for a call."""
        self._waiting += more
        self._note()

    def asks(self, *, more: int) -> None:
        """So many more calls are under way."""
        self._asking += more
        self._note()

    def _note(self) -> None:
        idle = not self._asking and (self._waiting > 0 or not self._open.is_set())
        if idle and self._idle_since is None:
            self._idle_since = self._clock()
        elif not idle and self._idle_since is not None:
            self._idle_s, self._idle_since = self._idle_s + self._clock() - self._idle_since, None

    async def come(self) -> bool:
        """Wait for it; False where it was cancelled."""
        while not self._open.is_set():
            await self._open.wait()
        return not self.cancelled

    async def ended(self) -> None:
        """Wait until it is cancelled."""
        await self._ended.wait()


class Lent:
    """Implements `Gate` before the one that all share. What is switched off here is so for its holder alone.

    It counts what goes through, and holds back while it is not its turn: a call that is under way ends as it would.
    """

    def __init__(self, gate: Gate, turn: Turn) -> None:
        self._gate = gate
        self._turn = turn
        self._off: dict[str, str] = {}

    async def acquire(self, demand: Demand, rank: Rank | None = None) -> Grant | Denied:
        """Wait for the turn, and then until one of the candidates may be asked."""
        self._turn.waits(more=1)
        try:
            granted = await self._acquire(demand, rank)
        finally:
            self._turn.waits(more=-1)
        if isinstance(granted, Denied):
            return granted
        self._turn.calls += 1
        return _Counted(granted, self._turn)

    async def _acquire(self, demand: Demand, rank: Rank | None) -> Grant | Denied:
        if not await self._turn.come():
            return Denied("cancelled", self._turn.cancelled, math.inf)
        known = tuple(each for each in demand.candidates if each not in self._off)
        if demand.candidates and not known:
            return Denied("offline", self._off[demand.candidates[0]], math.inf)
        return await self._unless_ended(replace(demand, candidates=known, holder=self._turn.holder), rank)

    async def _unless_ended(self, demand: Demand, rank: Rank | None) -> Grant | Denied:
        """Who waits for a quota for hours has to hear that nobody wants the answer any more."""
        asked = asyncio.ensure_future(self._gate.acquire(demand, rank))
        ending = asyncio.ensure_future(self._turn.ended())
        try:
            await asyncio.wait({asked, ending}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await _withdrawn(asked)
            raise
        finally:
            ending.cancel()
        if asked.done():
            return asked.result()
        await _withdrawn(asked)
        return Denied("cancelled", self._turn.cancelled, math.inf)

    def can_execute(self, demand: Demand) -> bool:
        """Whether `acquire` would grant it now, without waiting."""
        known = tuple(each for each in demand.candidates if each not in self._off)
        mine = self._turn.open and not self._turn.cancelled and bool(known or not demand.candidates)
        return mine and self._gate.can_execute(replace(demand, candidates=known))

    def limited(self, location: str, retry_after_s: float | None) -> None:
        """As the gate behind it."""
        self._gate.limited(location, retry_after_s)

    def observed(self, location: str, rate: RateState) -> None:
        """As the gate behind it."""
        self._gate.observed(location, rate)

    def available(self, location: str, why_not: str | None) -> None:
        """Whether the location may be asked from here."""
        if why_not is None:
            self._off.pop(location, None)
        else:
            self._off[location] = why_not

    def remaining(self, location: str) -> float:
        """As the gate behind it."""
        return self._gate.remaining(location)


async def _withdrawn(asked: asyncio.Future[Grant | Denied]) -> None:
    """Leave the queue; what was granted at the last moment is given back."""
    asked.cancel()
    await asyncio.wait({asked})
    if not asked.cancelled() and asked.exception() is None:
        granted = asked.result()
        if not isinstance(granted, Denied):
            granted.release()


class _Counted:
    """Implements `Grant`; while it is held, a call is under way."""

    __slots__ = ("_grant", "_turn")

    def __init__(self, grant: Grant, turn: Turn) -> None:
        self._grant = grant
        self._turn: Turn | None = turn
        turn.asks(more=1)

    @property
    def location(self) -> str:
        """Where the call goes."""
        return self._grant.location

    def release(self, usage: Usage | None = None) -> None:
        """The call has ended; the second time does nothing."""
        turn, self._turn = self._turn, None
        self._grant.release(usage)
        if turn is not None:
            turn.asks(more=-1)
