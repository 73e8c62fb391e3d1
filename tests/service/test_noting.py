"""How far a review is and which limits were hit, as those who look find it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from codedesigner.event.model import ReviewRequested
from codedesigner.plan.model import ProgressReport
from codedesigner.pool.events import EventName, PoolEvent
from codedesigner.service.board import Board, Happening
from codedesigner.service.counting import counted
from codedesigner.service.database import Database
from codedesigner.service.inbox import Accepted, SqlInbox
from codedesigner.service.intake import Delivery
from codedesigner.service.noting import Notes
from codedesigner.service.task import Task


@dataclass
class Clock:
    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


async def task_in(database: Database, clock: Clock) -> Task:
    asked = ReviewRequested("b" * 40, "a" * 40, 7)
    came = await SqlInbox(database, clock).accept(Delivery("github", "d", "e", "octo/shop", 1, 1, asked))
    assert isinstance(came, Accepted)
    found = await Board(database, clock).task(came.task_id)
    assert found is not None
    return found


def report(percent: float, found: int) -> ProgressReport:
    return ProgressReport(percent, None, 12_000.0, found, "stable")


def test_progress_is_kept_now_and_then_and_at_its_end(database: Database) -> None:
    async def scene() -> list[Happening]:
        clock, ticks = Clock(), Clock(0.0)
        task = await task_in(database, clock)
        notes = Notes(database, clock, print, ticks=ticks)
        hear = notes.progress(task)
        for percent in range(0, 101, 10):
            ticks.now += 0.5
            clock.now += 0.5
            hear(report(percent, percent // 20))
        await notes.close()
        return await Board(database, clock).timeline(task)

    told = [one.detail for one in asyncio.run(scene()) if one.name == "task.progress"]
    assert [one["percent"] for one in told] == [0, 40, 80, 100]
    assert told[-1] == {"percent": 100, "found": 5, "trend": "stable", "remaining_s": 12}


def test_calls_and_hits_of_limits_are_counted_by_location_for_a_day(database: Database) -> None:
    async def scene() -> Sequence[tuple[object, object, object]]:
        clock = Clock()
        counts = []
        for hours in (0, 5, 18, 6):
            clock.now += hours * 3600
            some, others = Notes(database, clock, print), Notes(database, clock, print)
            names: tuple[EventName, ...] = ("llm.rate_limited", "quota.limit_hit", "llm.answered", "llm.allocated")
            for name in names:
                some.pool(PoolEvent(name, "qwen"))
                others.pool(PoolEvent(name, "opus", {"deep": 1}))
            await some.close()
            await others.close()
            counts.append(
                await database.run(
                    lambda db: (
                        counted(db, "calls", clock()),
                        counted(db, "deep", clock()),
                        counted(db, "limits", clock()),
                    )
                )
            )
        return counts

    both = [{"opus": count, "qwen": count} for count in (1, 2, 3, 2)]
    assert asyncio.run(scene()) == [(each, {"opus": each["opus"]}, each) for each in both]


def test_what_is_counted_is_written_now_and_then(database: Database) -> None:
    async def scene() -> object:
        clock = Clock()
        notes = Notes(database, clock, print, every_s=0.01)
        for _ in range(5):
            notes.pool(PoolEvent("llm.allocated", "qwen"))
        async with asyncio.timeout(10):
            while not (found := await database.look(lambda db: counted(db, "calls", clock()))):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await notes.close()
        return found

    assert asyncio.run(scene()) == {"qwen": 5}


def test_what_cannot_be_kept_is_told_and_hinders_nothing(database: Database) -> None:
    said: list[str] = []

    async def scene() -> None:
        task = await task_in(database, Clock())
        await database.run(lambda db: db.exec_driver_sql("DROP TABLE journal"))
        notes = Notes(database, Clock(), said.append)
        notes.progress(task)(report(10, 0))
        await notes.close()

    asyncio.run(scene())
    assert len(said) == 1
    assert said[0].startswith("what happens is not kept")
