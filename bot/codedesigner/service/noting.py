"""What happens while a task runs, for those who look: how far a review is, calls and limits by location.

It is kept in the database, for whoever looks need not be where the work is done.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from codedesigner.plan.model import ProgressReport
from codedesigner.pool.events import PoolEvent
from codedesigner.service.counting import Kind, count, kinds
from codedesigner.service.database import Database, DatabaseError
from codedesigner.service.rows import note
from codedesigner.service.task import Json, Task

EVERY_S = 2.0


class Notes:
    """Writes in the background, of one event loop. What cannot be written is told to `say`, and the work goes on."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], float],
        say: Callable[[str], None],
        *,
        every_s: float = EVERY_S,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._clock = clock
        self._say = say
        self._every_s = every_s
        self._ticks = ticks
        self._writing: set[asyncio.Task[None]] = set()
        self._counts: Counter[tuple[Kind, str]] = Counter()
        self._counting: asyncio.Task[None] | None = None

    def progress(self, task: Task) -> Callable[[ProgressReport], None]:
        """Hears how far the task's review is; of what it hears within `every_s` seconds, the first is kept."""
        last = float("-inf")

        def hear(report: ProgressReport) -> None:
            nonlocal last
            now = self._ticks()
            if now - last < self._every_s and report.percent_complete < 100:
                return
            last = now
            self._later(self._note(task, self._clock(), "task.progress", _told(report)))

        return hear

    def pool(self, event: PoolEvent) -> None:
        """Counts calls and limits that were hit; what came within `every_s` seconds is written at once."""
        found = kinds(event)
        self._counts.update((kind, event.location) for kind in found)
        if found and self._counting is None:
            self._counting = asyncio.create_task(self._soon())

    async def _soon(self) -> None:
        try:
            await asyncio.sleep(self._every_s)
        finally:
            self._counting = None
            self._count()

    def _count(self) -> None:
        new, now = dict(self._counts), self._clock()
        self._counts.clear()
        if new:
            self._later(self._database.run(lambda db: count(self._database, db, new, now)))

    async def close(self) -> None:
        """Write what is counted, and wait for what is being written."""
        if self._counting is not None:
            self._counting.cancel()
            await asyncio.wait({self._counting})
        self._count()
        while self._writing:
            await asyncio.wait(set(self._writing))

    async def _note(self, task: Task, at: float, name: str, detail: Mapping[str, Json]) -> None:
        await self._database.run(lambda db: note(db, task, at, name, detail))

    def _later(self, writing: Coroutine[Any, Any, None]) -> None:
        async def guarded() -> None:
            try:
                await writing
            except DatabaseError as error:
                self._say(f"what happens is not kept: {error.message}")

        task = asyncio.create_task(guarded())
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)


def _told(report: ProgressReport) -> dict[str, Json]:
    item = report.current_item
    said: dict[str, Json] = {
        "percent": round(report.percent_complete),
        "found": report.issues_found_so_far,
        "trend": "" if report.convergence_trend == "unknown" else report.convergence_trend,
    }
    if item is not None:
        said |= {"pass": item.pass_number, "angle": item.angle_id, "function": item.function_ref.name[:100]}
    if report.estimated_remaining_ms is not None:
        said["remaining_s"] = round(report.estimated_remaining_ms / 1000)
    return said
