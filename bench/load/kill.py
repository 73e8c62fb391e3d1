"""A run that is killed in the middle, and run again: what is asked twice, and whether quotas still stand.

`python -m bench.load.kill ADDRESS FOLDER CALLS` is the run: it writes the id of every good reply to its
output as soon as it has it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.load.calls import apart
from bench.load.rig import Settings, rig
from bench.measure import Row
from bench.model_server.process import CHECKOUT, Server, serving

from codedesigner.pool.ledger import Used
from codedesigner.pool.seat import LocationLimits
from codedesigner.state.ledger import SqliteLedger

CALLS, AT_ONCE, LATENCY_S = 2_000, 32, 0.02


@dataclass(frozen=True, slots=True)
class Killed:
    """What came of it. `got` are the ids that the killed run had, `used` is what the ledger had counted by then.

    `asked_by_then` and `stats` are the server's counts, of requests by then and of everything in the end.
    """

    got: frozenset[str]
    all: frozenset[str]
    used: Used
    asked_by_then: int
    used_after: Used
    stats: dict[str, Any]

    @property
    def asked_again(self) -> frozenset[str]:
        """The ids that the killed run had and that were asked again nevertheless: there must be none."""
        numbers = (text.rpartition("Question ")[2].partition(":")[0] for text in self.stats["asked_again"])
        return self.got & {f"call-{number}" for number in numbers}


def kill_and_run_again(server: Server, folder: Path, calls: int = CALLS, after: int = CALLS // 2) -> Killed:
    """Kill a run with SIGKILL when it has had so many replies, and run it again to its end."""
    first: set[str] = set()
    with _started(server, folder, calls) as process:
        assert process.stdout is not None
        for line in process.stdout:
            first.add(line.strip())
            if len(first) == after:
                process.kill()
    asked = server.stats()["calls"]
    used = _used(folder)
    with _started(server, folder, calls) as process:
        assert process.stdout is not None
        second = {line.strip() for line in process.stdout}
    return Killed(frozenset(first), frozenset(second), used, asked, _used(folder), server.stats())


def measure() -> Iterator[Row]:
    """With 2,000 calls."""
    with serving(latency=LATENCY_S) as (server,), tempfile.TemporaryDirectory() as name:
        killed = kill_and_run_again(server, Path(name))
    assert len(killed.all) == CALLS
    note = f"killed with {len(killed.got)} answers; {killed.stats['again']} more were lost on their way"
    yield Row("answers asked for again after a kill", len(killed.asked_again), "", note=note)
    yield Row("requests in both runs", killed.stats["calls"], "", "calls", CALLS)
    counted = killed.used.hour_requests
    yield Row("requests that the quota counts after the kill", counted, "", "at the server", killed.asked_by_then)
    counted = killed.used_after.hour_requests
    yield Row("requests that the quota counts in the end", counted, "", "at the server", killed.stats["calls"])


def _started(server: Server, folder: Path, calls: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.load.kill", server.address, str(folder), str(calls)]
    return subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)


def _used(folder: Path) -> Used:
    ledger = SqliteLedger(folder)
    try:
        return ledger.used("l0", _now())
    finally:
        ledger.close()


def _now() -> float:
    from codedesigner.pool.clock import SystemClock

    return SystemClock().now()


async def _run(server: Server, folder: Path, calls: int) -> None:
    settings = Settings(AT_ONCE, AT_ONCE, {"l0": LocationLimits(hourly=10 * calls)})
    async with rig([server], folder, settings) as pool:
        questions = ((call, pool.everywhere) for call in apart(calls, kept=True))
        async for reply in pool.executor.execute_batch(questions):
            if reply.good:
                # One write of one line: complete, or not there at all.
                os.write(1, f"{reply.call_id}\n".encode())


if __name__ == "__main__":
    asyncio.run(_run(Server(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
