"""The parts of the pool put together as a review does, against addresses of the model server."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.model_server.process import Server

from codedesigner.call.model import Call, Outcome, Reply
from codedesigner.location.http import HttpTransport
from codedesigner.location.providers import provider
from codedesigner.location.spec import LocationSpec
from codedesigner.pool.allocator import Allocator
from codedesigner.pool.clock import Clock, SystemClock
from codedesigner.pool.events import PoolEvent
from codedesigner.pool.executor import Executor, ExecutorConfig
from codedesigner.pool.seat import LocationLimits, RetryPolicy, Seat
from codedesigner.state.ledger import SqliteLedger
from codedesigner.state.replies import ReplyStore

QUICK = RetryPolicy(max_attempts=3, base_delay_s=0.05, max_delay_s=0.5)
"""For servers that answer within milliseconds."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a rig is made with. `limits` are by location; locations are called l0, l1, … by their place."""

    max_concurrent: int = 64
    per_endpoint: int = 64
    limits: Mapping[str, LocationLimits] = field(default_factory=dict)
    retry: RetryPolicy = QUICK
    timeout_s: float = 10.0
    kept: bool = True
    total_s: float = 3600.0


class Hurried:
    """The machine's time, only `factor` times as fast: for limits that are counted in minutes."""

    def __init__(self, factor: float) -> None:
        """Starts now."""
        self._factor = factor
        self._epoch = time.time()
        self._began = time.monotonic()

    def now(self) -> float:
        """Unix time in hurried seconds."""
        return self._epoch + self.monotonic()

    def monotonic(self) -> float:
        """Hurried seconds since the start."""
        return (time.monotonic() - self._began) * self._factor

    async def sleep(self, seconds: float) -> None:
        """Wait for so many hurried seconds."""
        await asyncio.sleep(seconds / self._factor)


@dataclass(frozen=True, slots=True)
class Rig:
    """A pool that works. `heard` counts its events by name and location."""

    executor: Executor
    gate: Allocator
    ledger: SqliteLedger
    seats: Mapping[str, Seat]
    clock: Clock
    heard: Counter[tuple[str, str]]

    @property
    def everywhere(self) -> tuple[str, ...]:
        """The ids of all locations."""
        return tuple(self.seats)


@asynccontextmanager
async def rig(
    servers: Iterable[Server], folder: Path, settings: Settings = Settings(), clock: Clock | None = None
) -> AsyncIterator[Rig]:
    """A pool with one location for each address; ledger and replies are files in `folder`."""
    clock = clock or SystemClock()
    heard: Counter[tuple[str, str]] = Counter()

    def listen(event: PoolEvent) -> None:
        heard[event.name, event.location] += 1

    transport = HttpTransport()
    seats = [_seat(f"l{number}", server, settings, transport) for number, server in enumerate(servers)]
    ledger = SqliteLedger(folder)
    gate = Allocator(
        seats,
        ledger,
        clock,
        max_concurrent=settings.max_concurrent,
        per_endpoint=settings.per_endpoint,
        listen=listen,
    )
    replies = ReplyStore(folder, tell=_tell) if settings.kept else None
    config = ExecutorConfig(
        max_concurrent=settings.max_concurrent,
        per_endpoint_limit=settings.per_endpoint,
        total_timeout_s=settings.total_s,
    )
    by_id = {seat.id: seat for seat in seats}
    executor = Executor(gate, by_id, clock, replies=replies, config=config, listen=listen)
    try:
        yield Rig(executor, gate, ledger, by_id, clock, heard)
    finally:
        if replies is not None:
            await replies.close()
        await transport.close()
        ledger.close()


def _seat(name: str, server: Server, settings: Settings, transport: HttpTransport) -> Seat:
    spec = LocationSpec.model_validate(
        {
            "id": name,
            "name": name,
            "provider": {
                "type": "custom",
                "dialect": "openai",
                "model_id": "double",
                "endpoint": f"{server.address}/v1",
                "context_size": 32_768,
                "stream": False,  # the double stands for a server far away
            },
        }
    )
    reached = provider(spec, environ={}, transport=transport)
    return Seat(reached, settings.limits.get(name, LocationLimits()), settings.retry, settings.timeout_s)


def _tell(message: str) -> None:
    raise RuntimeError(message)


@dataclass(slots=True)
class Tally:
    """What came of a batch: replies by outcome, ids that had more than one, time and processor seconds."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    ids: set[str] = field(default_factory=set)
    twice: int = 0
    stored: int = 0
    attempts: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0

    def add(self, reply: Reply) -> None:
        """One more."""
        self.twice += reply.call_id in self.ids
        self.ids.add(reply.call_id)
        self.stored += reply.from_store
        self.attempts += len(reply.tried)
        self.outcomes[reply.outcome] += 1


async def run(pool: Rig, calls: Iterable[Call], candidates: tuple[str, ...] | None = None) -> Tally:
    """Execute the calls as one batch at `candidates`, everywhere by default."""
    tally = Tally()
    where = candidates or pool.everywhere
    started, used = time.perf_counter(), time.process_time()
    async for reply in pool.executor.execute_batch((call, where) for call in calls):
        tally.add(reply)
    tally.wall_s, tally.cpu_s = time.perf_counter() - started, time.process_time() - used
    return tally


def resident() -> int:
    """Bytes of memory that this process holds now; Linux only."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
