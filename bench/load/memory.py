"""Whether memory grows with the number of calls. `python -m bench.load.memory` is the process that is measured."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import measure as programs
from bench.load.calls import apart
from bench.load.rig import Settings, resident, rig, run
from bench.measure import Row
from bench.model_server.process import serving

FEW, MANY = 1_000, 20_000


def measure() -> Iterator[Row]:
    """What a process of its own holds after few and after many calls of 2 ms."""
    held = json.loads(programs.run([sys.executable, "-m", "bench.load.memory"]).output)
    megabyte = 2**20
    few, many = held["few"] / megabyte, held["many"] / megabyte
    yield Row(f"memory after {MANY:,} calls", many, "MiB", f"after {FEW:,}", few, "replies are taken and dropped")


async def _hold(folder: Path) -> dict[str, int]:
    with serving(latency=0.002) as servers:
        async with rig(servers, folder, Settings()) as pool:
            await run(pool, apart(FEW, kept=True))
            gc.collect()
            few = resident()
            await run(pool, apart(MANY - FEW, first=FEW, kept=True))
            gc.collect()
            return {"few": few, "many": resident()}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        print(json.dumps(asyncio.run(_hold(Path(scratch)))))
