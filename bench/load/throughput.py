"""How close many quick calls come to what their server's latency allows, and what one of them costs."""

from __future__ import annotations

import asyncio
import math
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.load import bare
from bench.load.calls import apart
from bench.load.rig import Settings, Tally, rig, run
from bench.measure import Row
from bench.model_server.process import serving

CALLS = 5_000
CONCURRENCY = 64
LATENCY_S = 0.05
WARM = 64  # calls beforehand, which import and connect


def measure() -> Iterator[Row]:
    """The whole pool with its files, the same without files, and a bare client; all in this process."""
    ideal = math.ceil(CALLS / CONCURRENCY) * LATENCY_S
    plain = _bare()
    for name, kept in (("with replies kept", True), ("without", False)):
        ours, most = _pool(kept=kept)
        assert ours.outcomes == {"answered": CALLS}
        what = f"{CALLS:,} calls of {LATENCY_S * 1000:.0f} ms, {CONCURRENCY} at once, {name}"
        yield Row(what, ours.wall_s, "s", "ideal", ideal, f"at most {most} in flight")
        yield Row(what, ours.wall_s, "s", "bare client", plain.wall_s)
        yield Row(f"{what}: CPU a call", _cpu_ms(ours), "ms", "bare client", _cpu_ms(plain))


def _cpu_ms(tally: Tally) -> float:
    return tally.cpu_s / CALLS * 1000


def _bare() -> Tally:
    with serving(latency=LATENCY_S) as (server,):
        return asyncio.run(bare.run(server, CALLS, CONCURRENCY))


def _pool(*, kept: bool) -> tuple[Tally, int]:
    async def work(folder: Path) -> Tally:
        async with rig(servers, folder, Settings(CONCURRENCY, CONCURRENCY, kept=kept)) as pool:
            await run(pool, apart(WARM, first=CALLS))
            return await run(pool, apart(CALLS, kept=kept))

    with serving(latency=LATENCY_S) as servers, tempfile.TemporaryDirectory() as name:
        tally = asyncio.run(work(Path(name)))
        stats = servers[0].stats()
    assert stats["calls"] == stats["distinct"] == CALLS + WARM
    return tally, stats["most_in_flight"]
