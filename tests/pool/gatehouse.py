"""What the tests of the gate share: seats without a server, a ledger that keeps exact times, simulated calls."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from codedesigner.call.model import Usage
from codedesigner.pool.allocator import Allocator, Granted
from codedesigner.pool.events import PoolEvent
from codedesigner.pool.fake_clock import FakeClock
from codedesigner.pool.gate import Demand, Denied
from codedesigner.pool.ledger import Caps, Full, Ledger, LedgerError, Reservation, Standing, Used, Window
from codedesigner.pool.memory import MemoryLedger
from codedesigner.pool.seat import LocationLimits

T = TypeVar("T")

NO_LIMITS = LocationLimits()
WELL = Usage(calls=1)


@dataclass(frozen=True)
class Chair:
    """A seat without a provider."""

    id: str
    endpoint: str = "e"
    limits: LocationLimits = NO_LIMITS


@dataclass
class BreakableLedger:
    """A ledger in memory that can be broken. `reserved` are the exact times of everything that was let in."""

    broken: bool = False
    reserved: list[Reservation] = field(default_factory=list)
    inner: MemoryLedger = field(default_factory=MemoryLedger)

    def _check(self) -> None:
        if self.broken:
            raise LedgerError("disk full")

    def reserve(self, location: str, *, tokens: int, deep: bool, caps: Caps, now: float) -> Reservation | Full:
        self._check()
        made = self.inner.reserve(location, tokens=tokens, deep=deep, caps=caps, now=now)
        if isinstance(made, Reservation):
            self.reserved.append(made)
        return made

    def settle(self, reservation: Reservation, tokens: int) -> None:
        self._check()
        self.inner.settle(reservation, tokens)

    def withdraw(self, reservation: Reservation) -> None:
        self._check()
        self.reserved.remove(reservation)
        self.inner.withdraw(reservation)

    def used(self, location: str, now: float) -> Used:
        self._check()
        return self.inner.used(location, now)

    def standing(self, location: str) -> Standing:
        self._check()
        return self.inner.standing(location)

    def hold(self, location: str, until: float, reason: str) -> None:
        self._check()
        self.inner.hold(location, until, reason)

    def learn(self, location: str, window: Window, limit: int | None, now: float) -> None:
        self._check()
        self.inner.learn(location, window, limit, now)


class House:
    """A gate on simulated time, and all that it told."""

    def __init__(
        self,
        *chairs: Chair,
        max_concurrent: int = 4,
        per_endpoint: int = 2,
        ledger: Ledger | None = None,
        clock: FakeClock | None = None,
        for_people: float = 0.0,
    ) -> None:
        self.clock = clock or FakeClock()
        self.ledger = ledger or MemoryLedger()
        self.events: list[PoolEvent] = []
        self.gate = Allocator(
            chairs or (Chair("a"),),
            self.ledger,
            self.clock,
            max_concurrent=max_concurrent,
            per_endpoint=per_endpoint,
            for_people=for_people,
            listen=self.events.append,
        )

    @property
    def t(self) -> float:
        """Simulated seconds since the start."""
        return self.clock.monotonic()

    def told(self, *names: str) -> list[str]:
        """The names of the events, of these names alone where some are given; never of grants otherwise."""
        wanted = names or {each.name for each in self.events} - {"llm.allocated"}
        return [each.name for each in self.events if each.name in wanted]

    def ask(self, name: str = "x", *candidates: str, **fields: object) -> asyncio.Task[Granted | Denied]:
        """Somebody comes to the gate."""
        demand = Demand(name, candidates or ("a",), **fields)  # type: ignore[arg-type]
        return asyncio.get_running_loop().create_task(self.gate.acquire(demand), name=name)

    async def granted(self, name: str = "x", *candidates: str, **fields: object) -> Granted:
        """Somebody comes and is let in."""
        got = await self.ask(name, *candidates, **fields)
        assert isinstance(got, Granted), got
        return got

    async def denied(self, name: str = "x", *candidates: str, **fields: object) -> Denied:
        """Somebody comes and is told no."""
        got = await self.ask(name, *candidates, **fields)
        assert isinstance(got, Denied), got
        return got

    async def call(self, name: str = "x", *candidates: str, takes_s: float = 1.0, **fields: object) -> float:
        """A whole call that ends well; when it was let in."""
        grant = await self.granted(name, *candidates, **fields)
        at = self.t
        await self.clock.sleep(takes_s)
        grant.release(WELL)
        return at


def run(house: House, scene: Coroutine[Any, Any, T]) -> T:
    """Play a scene, which may last a month of simulated time."""

    async def bounded() -> T:
        async with asyncio.timeout(30 * 86_400):
            return await scene

    return house.clock.run(bounded())


def names(tasks: Iterable[asyncio.Task[Granted | Denied]]) -> list[str]:
    """Who of them has an answer."""
    return [task.get_name() for task in tasks if task.done()]
