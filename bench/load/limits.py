"""Whether a server ever sees more than it allows: by its own exact count, over more than a minute."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.load.calls import apart
from bench.load.rig import Settings, Tally, rig, run
from bench.measure import Row
from bench.model_server.process import serving

from codedesigner.pool.seat import LocationLimits

CALLS = 2_400
REQUESTS = 1_000  # a minute, of the first location
TOKENS = 300_000  # a minute, of the second
OVERALL, ENDPOINT = 24, 16


def measure() -> Iterator[Row]:
    """Two locations, one with a limit on requests and one on tokens; the load needs more than a minute of both."""
    limits = {
        "l0": LocationLimits(requests_per_minute=REQUESTS),
        "l1": LocationLimits(tokens_per_minute=TOKENS),
    }
    settings = Settings(OVERALL, ENDPOINT, limits)

    async def work(folder: Path) -> Tally:
        async with rig(servers, folder, settings) as pool:
            return await run(pool, apart(CALLS))

    with serving(endpoints=2, latency=0.05) as servers, tempfile.TemporaryDirectory() as name:
        tally = asyncio.run(work(Path(name)))
        first, second = (server.stats() for server in servers)
    took = f"{CALLS:,} calls in {tally.wall_s:.0f} s: {dict(tally.outcomes)}"
    yield Row("limit on requests: most in any minute", first["most_calls_in_window"], "", "limit", REQUESTS, took)
    yield Row("limit on tokens: most in any minute", second["most_tokens_in_window"], "", "limit", TOKENS)
    for name, stats in (("first", first), ("second", second)):
        note = f"{stats['calls']} calls"
        yield Row(f"most in flight, {name} endpoint", stats["most_in_flight"], "", "limit", ENDPOINT, note)
    yield Row("most in flight, overall", first["overall"]["most_in_flight"], "", "limit", OVERALL)
