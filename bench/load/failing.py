"""What becomes of calls when servers fail."""

from __future__ import annotations

import asyncio
import math
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bench.load.calls import apart, review
from bench.load.rig import Settings, Tally, rig, run
from bench.measure import Row
from bench.model_server.process import Server, serving

from codedesigner.call.model import Call
from codedesigner.pool.manager import PoolManager

CALLS, CONCURRENCY, LATENCY_S = 2_000, 64, 0.05
MIXED = "429:0.2%5,500%5,hang%5,malformed%5"
HANG_S = 1.0  # an attempt's time-out
FUNCTIONS = 300
LONGEST_S = 60.0  # of a whole batch; what has not ended by then ends as timed out or cancelled


def measure() -> Iterator[Row]:
    """One location of which a fifth fails, and four of which one is dead and one is flaky."""
    yield from _mixed()
    yield from _dead_and_flaky()


def _mixed() -> Iterator[Row]:
    with serving(latency=LATENCY_S, inject=MIXED) as servers:
        tally = _run(
            servers, apart(CALLS), Settings(CONCURRENCY, CONCURRENCY, timeout_s=HANG_S, kept=False, total_s=LONGEST_S)
        )
        stats = servers[0].stats()
    assert len(tally.ids) == CALLS
    assert not tally.twice
    note = ", ".join(f"{outcome} {count}" for outcome, count in tally.outcomes.most_common())
    ideal = math.ceil(stats["calls"] / CONCURRENCY) * LATENCY_S + stats["failures"]["hang"] * HANG_S / CONCURRENCY
    yield Row(f"{CALLS:,} calls, a fifth fails", tally.wall_s, "s", "time at the server", ideal, note)
    failed = ", ".join(f"{kind} {count}" for kind, count in sorted(stats["failures"].items()))
    yield Row("requests for them", stats["calls"], "", "calls", CALLS, failed)
    yield Row("CPU a request", tally.cpu_s / stats["calls"] * 1000, "ms")


def _dead_and_flaky() -> Iterator[Row]:
    calls = list(review(FUNCTIONS))

    async def work(folder: Path, servers: Sequence[Server]) -> tuple[Tally, str]:
        settings = Settings(32, 8, timeout_s=HANG_S, kept=False, total_s=LONGEST_S)
        async with rig(servers, folder, settings) as pool:
            manager = PoolManager(pool.executor, pool.gate, pool.seats, clock=pool.clock)
            tally = await run(pool, calls)
            health = manager.health_check()
            await manager.close()
        return tally, "; ".join(f"{each.location_id} {each.status}" for each in health.workers)

    with serving() as gone:
        dead = gone[0]
    with serving(endpoints=3, latency=LATENCY_S) as servers, tempfile.TemporaryDirectory() as name:
        servers[0].set(inject="500%60,hang%5")
        tally, health = asyncio.run(work(Path(name), [dead, *servers]))
        served = [server.stats()["calls"] for server in servers]
    note = f"{dict(tally.outcomes)}; requests at the flaky one and the well ones: {served}; {health}"
    ideal = math.ceil(len(calls) / 16) * LATENCY_S
    yield Row(f"{len(calls):,} calls, 1 of 4 dead, 1 flaky", tally.wall_s, "s", "the well ones alone", ideal, note)


def _run(servers: Sequence[Server], calls: Iterable[Call], settings: Settings) -> Tally:
    async def work(folder: Path) -> Tally:
        async with rig(servers, folder, settings) as pool:
            return await run(pool, calls)

    with tempfile.TemporaryDirectory() as name:
        return asyncio.run(work(Path(name)))
