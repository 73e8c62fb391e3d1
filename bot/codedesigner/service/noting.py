"""What happens while a task runs, for those who look: how far a review is, and which limits were hit.

It is kept in the database, for whoever looks need not be where the work is done.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from sqlalchemy import Connection, text

from codedesigner.plan.model import ProgressReport
from codedesigner.pool.events import PoolEvent
from codedesigner.service.database import Database, DatabaseError
from codedesigner.service.rows import note
from codedesigner.service.task import Json, Task

EVERY_S = 2.0
LIMITS = "limits"
"""Under which name hits of limits are kept: a count for each hour of the day."""
HITS = frozenset({"llm.rate_limited", "quota.limit_hit"})
_HOUR_S, _HOURS = 3600, 24
_COUNT = text(
    "INSERT INTO kept VALUES (:module, :name, :value, :now)"
    " ON CONFLICT (module, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at"
)


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
        """Counts limits that were hit."""
        if event.name in HITS:
            self._later(self._database.run(self._count))

    async def close(self) -> None:
        """Wait for what is being written."""
        while self._writing:
            await asyncio.wait(set(self._writing))

    async def _note(self, task: Task, at: float, name: str, detail: Mapping[str, Json]) -> None:
        await self._database.run(lambda db: note(db, task, at, name, detail))

    def _count(self, db: Connection) -> None:
        self._database.alone(db, LIMITS)
        now = self._clock()
        hour = int(now // _HOUR_S)
        name = str(hour % _HOURS)
        found = text("SELECT value FROM kept WHERE module = :module AND name = :name")
        value = db.execute(found, {"module": LIMITS, "name": name}).scalar()
        before = json.loads(value) if value else {}
        count = before.get("count", 0) + 1 if before.get("hour") == hour else 1
        kept = json.dumps({"hour": hour, "count": count})
        db.execute(_COUNT, {"module": LIMITS, "name": name, "value": kept, "now": now})

    def _later(self, writing: Coroutine[Any, Any, None]) -> None:
        async def guarded() -> None:
            try:
                await writing
            except DatabaseError as error:
                self._say(f"what happens is not kept: {error.message}")

        task = asyncio.create_task(guarded())
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)


def limits_hit(db: Connection, now: float) -> int:
    """How many limits were hit in the last day, to the hour."""
    since = int(now // _HOUR_S) - _HOURS + 1
    rows = db.execute(text("SELECT value FROM kept WHERE module = :module"), {"module": LIMITS})
    found = (json.loads(row.value) for row in rows)
    return sum(int(one["count"]) for one in found if one["hour"] >= since)


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
