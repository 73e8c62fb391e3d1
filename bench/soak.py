"""Days of traffic in minutes: quotas that run out, servers that are out, workers that are killed, and what comes of it.

`python -m bench.soak [--days N]`. The service's own workers, database, scheduler, pool, allocator and consultation, in
virtual time (`bench.service_rig`); models and forge are only said to take time. Each figure answers one of the ten
questions that tell whether an orchestrator works.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal

from bench.measure import Row
from bench.servers import Server, Servers, Supervisor
from bench.service_rig import CONFIG, Firm, config, hurried, memory
from bench.virtual import EPOCH, VirtualClock
from bench.webhooks import resident

from codedesigner.event.model import QuestionAsked, ReviewRequested
from codedesigner.service.scheduler import DEFAULT_WEIGHTS
from codedesigner.service.task import MODULES, Module, Task

DAYS = 3.0
LATENCY_S = (15.0, 25.0)
JUDGE = "judge"
SERVERS = {"l0": Server(120), "l1": Server(120), "l2": Server(110, said=150), JUDGE: Server(60)}
"""Three that vote, and the supervisor. One of them allows less than the operator has written down."""
BY_DAY, BY_NIGHT = 40.0, 2.0  # pull requests in an hour; by day, more than the quotas allow
COMMENTS = 4.0  # in an hour
PUSHED_AGAIN = 0.15
ASKED = 0.05
"""Share of reviews that a person has asked for."""
URGENT = "octo/small0"
"""A repository that the operator has put first."""
KILLED_EVERY_S = 5 * 3_600.0
BUSY = 8
"""As many reviews that wait keep all locations busy."""
LOOK_S = 600.0


@dataclass(frozen=True, slots=True)
class Outage:
    """When (hours), for how long, who; `gone` cannot be reached, `shut` refuses all as too many."""

    at: float
    hours: float
    names: tuple[str, ...]
    how: Literal["gone", "shut"]

    @property
    def began(self) -> float:
        """Unix time."""
        return EPOCH + self.at * 3_600.0

    @property
    def ends(self) -> float:
        """Unix time."""
        return EPOCH + (self.at + self.hours) * 3_600.0

    def within(self, at: float) -> bool:
        """Whether it was then."""
        return self.began <= at <= self.ends


OUTAGES = (
    Outage(4.0, 1.0, ("l0",), "gone"),
    Outage(13.0, 0.5, tuple(SERVERS), "gone"),
    Outage(30.0, 0.5, (JUDGE,), "gone"),
    Outage(34.0, 2.0, ("l1", "l2"), "shut"),
)
ALL_KILLED_AT = (16.0, 40.0)
CLOSED = (60.0, 3.0)
"""When everything is stopped, and for how many hours; forges deliver then when it is back."""


@dataclass
class Seen:
    """What was looked at every ten minutes: times at which enough waited, how much was there, memory, disk."""

    days: float
    kills: int = 0
    busy: list[float] = field(default_factory=list)
    waited: int = 0
    rss: list[int] = field(default_factory=list)
    stored: list[int] = field(default_factory=list)
    shares: list[tuple[float, float]] = field(default_factory=list)
    """Of what waited, and of the weights, that of each module."""
    delivered: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)
    idle: list[tuple[float, float]] = field(default_factory=list)
    """From when to when there was no worker."""


@dataclass(frozen=True)
class Run:
    """What came of it."""

    firm: Firm
    seen: Seen
    supervisor: Supervisor
    tasks: Sequence[Task]
    drained_s: float

    @property
    def done(self) -> list[Task]:
        """Tasks that ended well, and were not pointless."""
        return [one for one in self.tasks if one.state == "completed" and one.outcome == "done"]


def run(days: float = DAYS, *, constant: bool = False) -> Run:
    """So many days, and until everything is done; `constant`: the supervisor always says the same."""
    with memory() as name, hurried() as loop:
        clock, supervisor = VirtualClock(loop), Supervisor(constant=constant)
        servers = Servers(clock, SERVERS, LATENCY_S, Random(2), supervisor)  # noqa: S311
        firm = Firm(
            Path(name),
            clock,
            servers,
            config(CONFIG.slots),
            supervisor=JUDGE,
            urgency=lambda repo: 3 if repo == URGENT else 0,
        )
        seen = Seen(days)
        try:
            tasks, drained_s = loop.run_until_complete(_days(firm, seen, days))
        finally:
            firm.database.close()
    return Run(firm, seen, supervisor, tasks, drained_s)


async def _days(firm: Firm, seen: Seen, days: float) -> tuple[Sequence[Task], float]:
    clock, until = firm.clock, days * 86_400.0
    seen.open.set()
    for _ in range(2):
        firm.hire()
    kills, pulls, questions = (Random(seed) for seed in (3, 4, 5))  # noqa: S311
    disturbing = [
        asyncio.create_task(each)
        for each in (_killing(firm, seen, kills), _looking(firm, seen), _outages(firm), _closing(firm, seen, days))
    ]
    traffic = [
        asyncio.create_task(_pulls(firm, seen, pulls, until)),
        asyncio.create_task(_comments(firm, seen, questions, until)),
    ]
    await asyncio.gather(*traffic)
    ended = clock.monotonic()
    while await firm.open():
        await clock.sleep(60.0)
        if clock.monotonic() - ended > 4 * 86_400.0:
            raise RuntimeError(f"it does not end: {[(one.task_type, one.state) for one in await firm.open()][:9]}")
    for each in disturbing:
        if each.done():
            each.result()
        each.cancel()
    await asyncio.gather(*disturbing, return_exceptions=True)
    tasks, drained_s = await firm.tasks(), clock.monotonic() - ended
    await firm.stop()
    return tasks, drained_s


async def _pulls(firm: Firm, seen: Seen, rng: Random, until: float) -> None:
    number = 0
    while firm.clock.monotonic() < until:
        hour = firm.clock.monotonic() / 3_600.0 % 24
        await firm.clock.sleep(rng.expovariate((BY_DAY if 8 <= hour < 18 else BY_NIGHT) / 3_600.0))
        number += 1
        repo = "octo/big" if rng.random() < 0.6 else f"octo/small{rng.randrange(5)}"
        heads = 2 if rng.random() < PUSHED_AGAIN else 1
        for n in range(heads):
            head, asked = f"{number:039x}{n}", rng.random() < ASKED
            await seen.open.wait()
            seen.delivered += await firm.deliver(ReviewRequested(None, head, number, asked=asked), repo, head)
            if n + 1 < heads:
                await firm.clock.sleep(60.0)


async def _comments(firm: Firm, seen: Seen, rng: Random, until: float) -> None:
    number = 0
    while firm.clock.monotonic() < until:
        await firm.clock.sleep(rng.expovariate(COMMENTS / 3_600.0))
        number += 1
        await seen.open.wait()
        asked = QuestionAsked(1, f"c{number}", "ann", "ann", firm.clock.now())
        await firm.deliver(asked, "octo/big", f"comment{number}")


async def _killing(firm: Firm, seen: Seen, rng: Random) -> None:
    while True:
        await firm.clock.sleep(rng.uniform(0.5, 1.5) * KILLED_EVERY_S)
        if len(firm.hired) < 2:
            continue  # everything is down already
        await firm.kill(rng.choice(firm.hired))
        seen.kills += 1
        await firm.clock.sleep(30.0)
        if seen.open.is_set():
            firm.hire()


async def _closing(firm: Firm, seen: Seen, days: float) -> None:
    """All workers killed at once, and a time when there is nothing at all, receivers and database included."""
    at, hours = CLOSED
    moments = [(each, 60.0) for each in ALL_KILLED_AT] + [(at, hours * 3_600.0)]
    for moment, away_s in sorted(moments):
        if moment >= days * 24:
            return
        await firm.clock.sleep(max(0.0, moment * 3_600.0 - firm.clock.monotonic()))
        began, all_of_it = firm.clock.now(), away_s > 60.0
        if all_of_it:
            seen.open.clear()
        for each in list(firm.hired):
            await firm.kill(each)
            seen.kills += 1
        await firm.clock.sleep(away_s)
        if all_of_it:
            firm.database.close()
            firm.open_up()
            seen.open.set()
        while len(firm.hired) < 2:
            firm.hire()
        seen.idle.append((began, firm.clock.now()))


async def _outages(firm: Firm) -> None:
    for each in OUTAGES:
        await firm.clock.sleep(max(0.0, each.at * 3_600.0 - firm.clock.monotonic()))
        held = firm.servers.gone if each.how == "gone" else firm.servers.shut
        held.update(dict.fromkeys(each.names, each.ends))


async def _looking(firm: Firm, seen: Seen) -> None:
    while True:
        await seen.open.wait()
        tasks, now = await firm.open(), firm.clock.now()
        waiting = sum(one.module != "documenter" for one in tasks)
        if waiting >= BUSY:
            seen.busy.append(now)
        seen.waited = max(seen.waited, len(tasks))
        seen.shares += _shares(tasks, firm.weights[-1][1] if firm.weights else DEFAULT_WEIGHTS)
        seen.rss.append(resident(os.getpid()))
        seen.stored.append(sum(each.stat().st_size for each in firm.folder.iterdir() if each.is_file()))
        await firm.clock.sleep(LOOK_S)


def _shares(tasks: Sequence[Task], weights: Mapping[Module, float]) -> list[tuple[float, float]]:
    """Nothing while nothing waits: then nobody is to be preferred."""
    waiting = Counter(one.module for one in tasks if one.state in ("pending", "paused"))
    if not waiting:
        return []
    return [(waiting[each] / waiting.total(), weights[each] / sum(weights.values())) for each in MODULES]


def measure(days: float = DAYS) -> Iterator[Row]:
    """The figures, and beside those of advice by backlog what constant weights come to."""
    from bench.criteria import rows

    yield from rows(run(days), run(min(days, 1.0), constant=True))


def main() -> None:
    """As many days as are wanted."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--days", type=float, default=DAYS)
    given = parser.parse_args()
    from bench.__main__ import table

    print(table(list(measure(given.days))))


if __name__ == "__main__":
    main()
