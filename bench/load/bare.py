"""The same questions without a pool: an HTTP client, a semaphore, and nothing that could go wrong."""

from __future__ import annotations

import asyncio
import time

import aiohttp
from bench.load.calls import apart
from bench.load.rig import Tally
from bench.model_server.process import Server


async def run(server: Server, count: int, concurrency: int) -> Tally:
    """Ask so many questions and parse the answers' outer JSON."""
    tally = Tally()
    places = asyncio.Semaphore(concurrency)
    bodies = [
        {
            "model": "double",
            "max_tokens": call.max_tokens,
            "messages": [
                {"role": "system", "content": call.prompt.system},
                {"role": "user", "content": call.prompt.user},
            ],
            "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": call.schema}},
        }
        for call in apart(count)
    ]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def one(body: object) -> None:
            async with places, session.post(f"{server.address}/v1/chat/completions", json=body) as answer:
                await answer.json()
                tally.outcomes["answered"] += 1

        started, used = time.perf_counter(), time.process_time()
        await asyncio.gather(*map(one, bodies))
        tally.wall_s, tally.cpu_s = time.perf_counter() - started, time.process_time() - used
    return tally
