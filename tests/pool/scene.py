"""Models that answer as they are told, a plain gate, and calls: what tests of the pool are played with."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from codedesigner.call.model import Attempt, Call, Completion, Mode, Prompt, RateState, Reply, Usage
from codedesigner.call.trouble import Trouble, TroubleKind
from codedesigner.pool.events import PoolEvent
from codedesigner.pool.executor import Executor, ExecutorConfig
from codedesigner.pool.fake_clock import FakeClock
from codedesigner.pool.gate import Demand, Denied, Rank
from codedesigner.pool.keep import Replies
from codedesigner.pool.provider import Beat, no_beat
from codedesigner.pool.seat import RetryPolicy, Seat

T = TypeVar("T")
Said = str | Completion | Trouble
Script = Callable[[Attempt, int], Said]

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
    "additionalProperties": False,
}
USAGE = Usage(calls=1, tokens_in=10, tokens_out=5)
FIXED = RetryPolicy(backoff="fixed", base_delay_s=1.0)


def said(text: str = "fine", **more: Any) -> Completion:
    return Completion(text, "stop", **{"usage": USAGE, **more})


def trouble(kind: TroubleKind, **more: Any) -> Trouble:
    return Trouble(kind, f"it is {kind}", **more)


def in_turn(*results: Said) -> Script:
    """One after the other; the last one for ever."""
    return lambda _attempt, number: results[min(number, len(results)) - 1]


def call(name: str = "c", **more: Any) -> Call:
    return Call(name, Prompt("system", "code", name), **more)


class Model:
    """A provider. It takes `latency_s`, in `beats` parts. One that is `deaf` knows of no time-out."""

    def __init__(
        self,
        clock: FakeClock,
        location: str = "a",
        *results: Said,
        script: Script | None = None,
        latency_s: float = 1.0,
        beats: int = 0,
        deaf: bool = False,
        modes: tuple[Mode, ...] = ("schema", "json", "text"),
    ) -> None:
        self.clock = clock
        self.id = location
        self.endpoint = f"http://{location}"
        self.script = script or in_turn(*(results or ("fine",)))
        self.latency_s = latency_s
        self.beats = beats
        self.deaf = deaf
        self.modes = modes
        self.sent: list[Attempt] = []
        self.sent_at: list[float] = []
        self.stopped = 0
        self.under_way = 0
        self.check_says: Trouble | None = None
        self.checked_at: list[float] = []

    async def send(self, attempt: Attempt, *, timeout_s: float, beat: Beat = no_beat) -> Completion | Trouble:
        self.sent.append(attempt)
        self.sent_at.append(self.clock.monotonic())
        number = len(self.sent)
        self.under_way += 1
        try:
            parts = self.beats + 1
            for part in range(parts):
                if not self.deaf and self.latency_s > timeout_s:
                    await self.clock.sleep(timeout_s)
                    return Trouble("timeout", "no answer")
                await self.clock.sleep(self.latency_s / parts)
                if part < self.beats:
                    beat((part + 1) / parts)
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        finally:
            self.under_way -= 1
        result = self.script(attempt, number)
        return said(result, latency_ms=self.latency_s * 1000) if isinstance(result, str) else result

    async def check(self, *, timeout_s: float) -> Trouble | None:
        self.checked_at.append(self.clock.monotonic())
        await self.clock.sleep(0.1)
        return self.check_says

    def tokens(self, attempt: Attempt) -> int:
        return 100

    async def close(self) -> None:
        pass


@dataclass
class Leave:
    gate: PlainGate
    location: str
    open: bool = True

    def release(self, usage: Usage | None = None) -> None:
        if self.open:
            self.open = False
            self.gate.here[self.location] -= 1
            self.gate.released.append(usage)
            self.gate.wake()


@dataclass
class PlainGate:
    """`slots` at each location, first come, first served; holds and availability, no quotas."""

    clock: FakeClock
    slots: int = 4
    off: dict[str, str] = field(default_factory=dict)
    held: dict[str, float] = field(default_factory=dict)
    here: dict[str, int] = field(default_factory=dict)
    most: int = 0
    demands: list[Demand] = field(default_factory=list)
    released: list[Usage | None] = field(default_factory=list)
    refusals: list[tuple[str, float | None]] = field(default_factory=list)
    rates: list[tuple[str, RateState]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        self.news.set()
        self.news = asyncio.Event()

    def free(self, demand: Demand) -> list[str]:
        now = self.clock.now()
        return [
            each
            for each in demand.candidates
            if each not in self.off and self.here.get(each, 0) < self.slots and self.held.get(each, 0.0) <= now
        ]

    async def acquire(self, demand: Demand, rank: Rank | None = None) -> Leave | Denied:
        self.demands.append(demand)
        while True:
            free = self.free(demand)
            if free:
                location = (rank(free) if rank is not None else free)[0]
                self.here[location] = self.here.get(location, 0) + 1
                self.most = max(self.most, sum(self.here.values()))
                return Leave(self, location)
            there = [each for each in demand.candidates if each not in self.off]
            if not there:
                return Denied("offline", "; ".join(self.off[each] for each in demand.candidates), math.inf)
            hold_s = min(self.held.get(each, 0.0) for each in there) - self.clock.now()
            if demand.wait_s is not None and hold_s > demand.wait_s:
                return Denied("rate_limited", "held", self.clock.now() + hold_s)
            if hold_s > 0:
                await self.clock.sleep(hold_s)
            else:
                await self.news.wait()

    def can_execute(self, demand: Demand) -> bool:
        return bool(self.free(demand))

    def limited(self, location: str, retry_after_s: float | None) -> None:
        self.refusals.append((location, retry_after_s))
        self.held[location] = self.clock.now() + (60.0 if retry_after_s is None else retry_after_s)

    def observed(self, location: str, rate: RateState) -> None:
        self.rates.append((location, rate))

    def available(self, location: str, why_not: str | None) -> None:
        if why_not is None:
            self.off.pop(location, None)
        else:
            self.off[location] = why_not
        self.wake()

    def remaining(self, location: str) -> float:
        return 1.0


class Scene:
    """Models behind a gate, an executor before it, and everything that is said."""

    def __init__(
        self,
        *models: Model,
        clock: FakeClock,
        slots: int = 4,
        replies: Replies | None = None,
        retry: RetryPolicy = FIXED,
        seats: Mapping[str, Any] | None = None,
        **config: Any,
    ) -> None:
        self.clock = clock
        self.gate = PlainGate(clock, slots)
        self.models = {model.id: model for model in models}
        self.seats = {model.id: Seat(model, retry=retry, **(seats or {})) for model in models}
        self.events: list[PoolEvent] = []
        self.executor = Executor(
            self.gate,
            self.seats,
            clock,
            replies=replies,
            config=ExecutorConfig(**config),
            listen=self.events.append,
            rng=Random(7),  # noqa: S311
        )

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Play it; nobody may be left inside the gate."""

        async def bounded() -> T:
            async with asyncio.timeout(1_000_000):
                return await coroutine

        result = self.clock.run(bounded())
        assert not any(self.gate.here.values())
        return result

    def ask(self, asked: Call, candidates: Sequence[str] = ("a",)) -> Reply:
        return self.run(self.executor.execute(asked, candidates))

    def names(self) -> list[str]:
        return [event.name for event in self.events]


class Kept:
    """A store of replies in memory."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {}
        self.put_at: list[str] = []

    async def get(self, key: str) -> Reply | None:
        return self.replies.get(key)

    async def put(self, key: str, reply: Reply) -> None:
        await asyncio.sleep(0)
        self.put_at.append(key)
        self.replies[key] = reply

    async def close(self) -> None:
        pass
