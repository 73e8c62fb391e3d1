"""Reviews per hour against workers and against quotas, by the service's own workers in compressed time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.measure import Row
from bench.servers import Server, Servers
from bench.service_rig import REVIEW_CALLS, Firm, config, hurried, memory
from bench.virtual import VirtualClock

from codedesigner.event.model import ReviewRequested

HOURS = 2.0
LATENCY_S = (15.0, 25.0)
LOCATIONS = 3
JUDGE = "judge"
"""The supervisor; nobody waits for it here."""
WORKERS = (1, 2, 4, 8)
QUOTAS = (240, 960)
"""Calls that each location allows in an hour."""


@dataclass(frozen=True, slots=True)
class Grown:
    """Reviews published in an hour, and which share of what models allow was used."""

    reviews: float
    used: float


def run(workers: int, quota: int, *, hours: float = HOURS, slots: int = 4, per_endpoint: int = 4) -> Grown:
    """More pull requests than can be reviewed, from the beginning; the first hour is not counted."""
    with memory() as name, hurried() as loop:
        clock = VirtualClock(loop)
        voters = {f"l{n}": Server(quota) for n in range(LOCATIONS)}
        servers = Servers(clock, {**voters, JUDGE: Server(LOCATIONS * quota)}, LATENCY_S, Random(1))  # noqa: S311
        firm = Firm(Path(name), clock, servers, config(slots), per_endpoint, consults=False, supervisor=JUDGE)
        able = min(LOCATIONS * quota, workers * LOCATIONS * per_endpoint * 180)
        most = int(hours * able / REVIEW_CALLS) + workers * slots + 4

        async def work() -> Grown:
            for n in range(most):
                await firm.deliver(ReviewRequested(None, f"{n:040x}", n + 1), f"octo/r{n % 7}", f"d{n}")
            for _ in range(workers):
                firm.hire()
            await clock.sleep(hours * 3_600.0)
            since = clock.now() - (hours - 1) * 3_600.0
            done = [one for one in await firm.tasks() if one.task_type == "incorporate_insight" and not one.active]
            counted = sum(one.updated_at >= since for one in done)
            calls = sum(at >= since for voter in voters for at in servers.answered[voter])
            for each in list(firm.hired):
                await firm.kill(each)
            return Grown(counted / (hours - 1), calls / (LOCATIONS * quota * (hours - 1)))

        try:
            return loop.run_until_complete(work())
        finally:
            firm.database.close()


def measure() -> Iterator[Row]:
    """Each number of workers with each quota."""
    for quota in QUOTAS:
        for workers in WORKERS:
            grown = run(workers, quota)
            name = f"{workers} workers, {LOCATIONS} locations of {quota} calls an hour"
            note = f"{grown.used:.0%} of the quotas used"
            yield Row(name, grown.reviews, "reviews/h", "quotas allow", LOCATIONS * quota / REVIEW_CALLS, note)
