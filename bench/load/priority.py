"""How long an urgent call waits behind a thousand others."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.load.calls import apart
from bench.load.rig import Settings, rig
from bench.measure import Row
from bench.model_server.process import serving

QUEUED, AT_ONCE, LATENCY_S = 1_000, 8, 0.05


def measure() -> Iterator[Row]:
    """From the urgent call's request to its answer."""

    async def work(folder: Path) -> tuple[float, int]:
        async with rig(servers, folder, Settings(AT_ONCE, AT_ONCE, kept=False)) as pool:
            low = [
                asyncio.create_task(pool.executor.execute(call, pool.everywhere))
                for call in apart(QUEUED, priority=1.0)
            ]
            await asyncio.sleep(4 * LATENCY_S)
            (urgent,) = apart(1, first=QUEUED, priority=9.0)
            started = time.perf_counter()
            reply = await pool.executor.execute(urgent, pool.everywhere)
            served_in = time.perf_counter() - started
            assert reply.good
            before = sum(task.done() for task in low)
            for task in low:
                task.cancel()
            await asyncio.gather(*low, return_exceptions=True)
            return served_in, before

    with serving(latency=LATENCY_S) as servers, tempfile.TemporaryDirectory() as name:
        served_in, before = asyncio.run(work(Path(name)))
    note = f"its own latency included; {before} of {QUEUED:,} others were answered by then"
    yield Row("urgent call behind 1,000", served_in * 1000, "ms", "one call", LATENCY_S * 1000, note)
