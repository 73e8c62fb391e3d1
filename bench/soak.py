"""Days of traffic in minutes: quotas that run out, servers that are out, workers that are killed, and what comes of it.

`python -m bench.soak [--days N]`. The service's own workers, database, scheduler, allocator and consultation, in
virtual time (`bench.service_rig`); models and forge are only said to take time. Each figure answers one of the ten
questions that tell whether an orchestrator works.
"""

from __future__ import annotations

import argparse
import asyncio
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from bench.measure import Row
from bench.service_rig import CONFIG, Firm, Models, hurried, memory
from bench.virtual import EPOCH, VirtualClock
from bench.webhooks import resident

from codedesigner.event.model import QuestionAsked, ReviewRequested
from codedesigner.service.task import MODULES, Task

DAYS = 3.0
LATENCY_S = (15.0, 25.0)
ALLOWED = {"l0": 120, "l1": 120, "l2": 60}
BY_DAY, BY_NIGHT = 40.0, 2.0  # pull requests in an hour; by day, more than the quotas allow
COMMENTS = 4.0  # in an hour
PUSHED_AGAIN = 0.15
KILLED_EVERY_S = 5 * 3_600.0
OUTAGES = ((4.0, 1.0, ("l0",)), (13.0, 0.5, ("l0", "l1", "l2")), (30.0, 2.0, ("l1", "l2")))
"""When, for how many hours, who."""
BUSY = 8
"""As many reviews that wait keep all locations busy."""


@dataclass
class Seen:
    """What was looked at every ten minutes: times at which enough waited, how far each module was, memory."""

    kills: int = 0
    busy: list[float] = field(default_factory=list)
    waited: int = 0
    rss: list[int] = field(default_factory=list)
    delivered: int = 0


def measure(days: float = DAYS) -> Iterator[Row]:
    """So many days, and until everything is done."""
    with memory() as name, hurried() as loop:
        clock = VirtualClock(loop)
        models = Models(clock, ALLOWED, LATENCY_S, Random(2))  # noqa: S311
        firm, seen = Firm(Path(name), clock, models, CONFIG), Seen()
        try:
            tasks, drained_s = loop.run_until_complete(_days(firm, seen, days))
        finally:
            firm.database.close()
    yield from rows(firm, seen, tasks, days, drained_s)


async def _days(firm: Firm, seen: Seen, days: float) -> tuple[Sequence[Task], float]:
    rng, clock, until = Random(3), firm.clock, days * 86_400.0  # noqa: S311
    for _ in range(2):
        firm.hire()
    disturbing = [
        asyncio.create_task(each) for each in (_killing(firm, seen, rng), _looking(firm, seen), _outages(firm))
    ]
    traffic = [asyncio.create_task(_pulls(firm, seen, rng, until)), asyncio.create_task(_comments(firm, rng, until))]
    await asyncio.gather(*traffic)
    ended = clock.monotonic()
    while await firm.open():
        await clock.sleep(60.0)
        if clock.monotonic() - ended > 4 * 86_400.0:
            raise RuntimeError(f"it does not end: {[(one.task_type, one.state) for one in await firm.open()][:9]}")
    for each in disturbing:
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
            head = f"{number:039x}{n}"
            seen.delivered += await firm.deliver(ReviewRequested(None, head, number), repo, head)
            if n + 1 < heads:
                await firm.clock.sleep(60.0)


async def _comments(firm: Firm, rng: Random, until: float) -> None:
    number = 0
    while firm.clock.monotonic() < until:
        await firm.clock.sleep(rng.expovariate(COMMENTS / 3_600.0))
        number += 1
        asked = QuestionAsked(1, f"c{number}", "ann", "ann", firm.clock.now())
        await firm.deliver(asked, "octo/big", f"comment{number}")


async def _killing(firm: Firm, seen: Seen, rng: Random) -> None:
    while True:
        await firm.clock.sleep(rng.uniform(0.5, 1.5) * KILLED_EVERY_S)
        await firm.kill(rng.choice(firm.hired))
        seen.kills += 1
        await firm.clock.sleep(30.0)
        firm.hire()


async def _outages(firm: Firm) -> None:
    for at, hours, names in OUTAGES:
        await firm.clock.sleep(max(0.0, at * 3_600.0 - firm.clock.monotonic()))
        for name in names:
            firm.models.out[name] = firm.clock.now() + hours * 3_600.0


async def _looking(firm: Firm, seen: Seen) -> None:
    while True:
        tasks = await firm.open()
        waiting = sum(one.module != "documenter" for one in tasks)
        if waiting >= BUSY:
            seen.busy.append(firm.clock.now())
        seen.waited = max(seen.waited, len(tasks))
        seen.rss.append(resident(os.getpid()))
        await firm.clock.sleep(600.0)


def rows(firm: Firm, seen: Seen, tasks: Sequence[Task], days: float, drained_s: float) -> Iterator[Row]:
    """The ten figures, and those that explain them."""
    models = firm.models
    done = [one for one in tasks if one.state == "completed" and one.outcome == "done"]
    failed = sum(one.state == "failed" for one in tasks)
    yield Row("1 days without anybody's hand", days, "d", note=f"{len(tasks)} tasks, {failed} failed for good")
    by = Counter(one.module for one in done)
    for module in MODULES:
        yield Row(f"2 {module}: tasks completed", by[module], note=f"at most {seen.waited} tasks waited at once")
    reviews = {one.id: one for one in done if one.module == "documenter" and one.task_type != "address_comment"}
    first = {one.work.name: one.created_at for one in tasks if one.task_type == "generate_questions"}
    took = sorted(one.updated_at - first[one.work.name] for one in reviews.values() if one.work.name in first)
    yield Row("2, 10 slowest review, webhook to publication", took[-1] / 3_600, "h", "at most", 24.0)
    yield Row("10 half of the reviews within", took[len(took) // 2] / 3_600, "h")
    lag = sorted(one.updated_at - one.created_at for one in reviews.values())
    yield Row("3 from a review's end to its publication, 99 %", lag[int(0.99 * (len(lag) - 1))], "s")
    yield Row("4 calls that servers refused as too many", models.refused, "", "answered", _answered(models))
    for at, hours, names in OUTAGES:
        back = EPOCH + (at + hours) * 3_600.0
        for name in names:
            after = min((each for each in models.answered[name] if each >= back), default=float("inf"))
            if at + hours < days * 24:
                yield Row(f"4 {name}: first answer after {hours:g} h of outage", (after - back) / 60, "min")
    freed, lost = firm.heard["task.recovered"], models.again
    yield Row("5 workers killed", seen.kills, note=f"{freed} tasks taken over, {lost} answered questions asked again")
    yield Row(
        "6 share of the allowed calls that were used", _used(models, seen), "", "at least", 0.8, "while work waits"
    )
    all_ms = sum(one.all_ms for one in firm.spendings)
    own_ms = sum(one.own_ms for one in firm.spendings)
    asked = firm.heard["scheduler.priority_consultation"]
    yield Row("7 share of models' time for consultations", own_ms / all_ms, "", "at most", 0.1, f"{asked} times")
    yield Row("8 events told", sum(firm.heard.values()), note=f"of {len(firm.heard)} kinds")
    waits = sorted(one.updated_at - one.created_at for one in done if one.task_type == "address_comment")
    yield Row("9 comment answered, half of them within", waits[len(waits) // 2], "s", "one call", max(LATENCY_S))
    yield Row("9 comment answered, 99 %", waits[int(0.99 * (len(waits) - 1))], "s", "one call", max(LATENCY_S))
    yield Row("9 comment answered, the slowest", waits[-1] / 3_600, "h", "at most", 2.0, f"of {len(waits)}")
    third = max(1, len(seen.rss) // 3)
    begin, middle, end = (sorted(seen.rss[n * third : (n + 1) * third])[third // 2] / 2**20 for n in range(3))
    yield Row("memory in the last third", end, "MiB", "in the first", begin, f"in the second {middle:.0f} MiB")
    yield Row("until all was done, after the last webhook", drained_s / 3_600, "h")
    moved = firm.heard["task.preempted"]
    yield Row("preemptions", moved, note=f"{seen.delivered} deliveries accepted, {firm.heard['task.lost']} tasks lost")


def _answered(models: Models) -> int:
    return sum(map(len, models.answered.values()))


def _used(models: Models, seen: Seen) -> float:
    """Calls in the ten minutes before each moment at which enough waited, of what is allowed in them on average.

    Whoever was out allows nothing.
    """
    moments, allowed = set(seen.busy), sum(ALLOWED.values()) / 6
    lost = {at for at in moments for start, hours, _ in OUTAGES if _within(at, start, hours)}
    counted = [at for at in sorted(moments - lost) if at - 600.0 in moments]
    used = sum(at - 600.0 < each <= at for times in models.answered.values() for each in times for at in counted)
    return used / (allowed * len(counted)) if counted else 0.0


def _within(at: float, start: float, hours: float) -> bool:
    """Whether an outage, or the hour after it in which its calls are missing, was then."""
    return start <= (at - EPOCH) / 3_600.0 <= start + hours + 1.0


def main() -> None:
    """As many days as are wanted."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--days", type=float, default=DAYS)
    given = parser.parse_args()
    from bench.__main__ import table

    print(table(list(measure(given.days))))


if __name__ == "__main__":
    main()
