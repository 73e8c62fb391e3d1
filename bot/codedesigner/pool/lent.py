"""The gate that many reviews share, lent to one of them: it may be told to wait, or to end, between its calls."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace

from codedesigner.call.model import RateState
from codedesigner.pool.gate import Demand, Denied, Gate, Grant, Rank


class Turn:
    """Whether it is somebody's turn. Who holds it goes on with the next call only while it is `open`.

    `holder` names whose it is, for whoever keeps a log. `calls` are those that were let through. Once it is cancelled
    nothing is let through any more, with the reason.
    """

    def __init__(self, holder: str = "") -> None:
        self.holder = holder
        self.calls = 0
        self.cancelled = ""
        self._open = asyncio.Event()
        self._open.set()

    @property
    def open(self) -> bool:
        """Whether calls go through."""
        return self._open.is_set()

    def close(self) -> None:
        """Let nothing through until it is opened."""
        self._open.clear()

    def reopen(self) -> None:
        """Go on."""
        self._open.set()

    def cancel(self, why: str) -> None:
        """Let nothing through any more; those who wait are told."""
        self.cancelled = why
        self._open.set()

    async def come(self) -> bool:
        """Wait for it; False where it was cancelled."""
        while not self._open.is_set():
            await self._open.wait()
        return not self.cancelled


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
        if not await self._turn.come():
            return Denied("cancelled", self._turn.cancelled, math.inf)
        known = tuple(each for each in demand.candidates if each not in self._off)
        if demand.candidates and not known:
            return Denied("offline", self._off[demand.candidates[0]], math.inf)
        granted = await self._gate.acquire(replace(demand, candidates=known, holder=self._turn.holder), rank)
        if not isinstance(granted, Denied):
            self._turn.calls += 1
        return granted

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
