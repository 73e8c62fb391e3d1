"""What there is to see: tasks by module, one pull request's history, workers, figures. Reading only."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from codedesigner.service.counting import counted
from codedesigner.service.database import Database
from codedesigner.service.rows import select
from codedesigner.service.task import MODULE_OF, MODULES, Context, Module, Task, TaskState, TaskType

DAY_S = 86_400.0
SECTIONS: tuple[TaskType, ...] = ("incorporate_insight", "review_section", "draft_section")
RESEARCH: tuple[TaskType, ...] = tuple(kind for kind, module in MODULE_OF.items() if module == "researcher")


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to a task. `name` is one of the events' names; times are Unix seconds."""

    at: float
    task_id: str
    name: str
    detail: Context


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """A worker. `tasks` are what it has; `alive`: it was heard of within a lease's time."""

    id: str
    host: str
    pid: int
    slots: int
    tasks: int
    stopping: bool
    started_at: float
    seen_at: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts. `depth` and `types` are tasks that have not ended by module or type, and state; `calls`, `deep` and
    `limits` are by location, the others by type. They are of the last day.

    `oldest_s` is how long the oldest task that was never begun has been waiting, since `oldest_at`; 0 where none is.
    `average_s` is how long tasks ran, without what they waited.
    """

    depth: Mapping[Module, Mapping[TaskState, int]]
    oldest_s: float
    completed: Mapping[str, int]
    failed: Mapping[str, int]
    average_s: Mapping[str, float]
    preemptions: int
    recovered: int
    deliveries: int
    types: Mapping[TaskType, Mapping[TaskState, int]] = field(default_factory=dict)
    calls: Mapping[str, int] = field(default_factory=dict)
    deep: Mapping[str, int] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)

    @property
    def llm_requests(self) -> int:
        """Calls to all locations."""
        return sum(self.calls.values())

    @property
    def limits_hit(self) -> int:
        """At all locations."""
        return sum(self.limits.values())

    @property
    def comments(self) -> int:
        """People's questions and commands that are not answered yet."""
        return sum(self.types.get("address_comment", {}).values())

    @property
    def unpublished(self) -> int:
        """Reviews that are done and not published."""
        return sum(self._open(each) for each in SECTIONS)

    @property
    def unexplored(self) -> int:
        """Changes whose review has not begun."""
        return sum(self._open(each) for each in RESEARCH) + self.types.get("exploration", {}).get("pending", 0)

    @property
    def sections(self) -> int:
        """Publications that were made."""
        return sum(self.completed.get(each, 0) for each in SECTIONS)

    @property
    def researched(self) -> int:
        """Pieces of research that were done."""
        return sum(self.completed.get(each, 0) for each in RESEARCH)

    def _open(self, kind: TaskType) -> int:
        return sum(self.types.get(kind, {}).values())


class Board:
    """What a dashboard shows, from the service's database. `clock` gives the time that all workers share."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def going(self, *, limit: int = 500) -> list[Task]:
        """Tasks that have not ended: those that run first, then by age."""
        return await self._select(
            "state IN ('pending', 'running', 'paused')"
            " ORDER BY CASE state WHEN 'running' THEN 0 WHEN 'paused' THEN 1 ELSE 2 END, created_at, id LIMIT :limit",
            limit=limit,
        )

    async def finished(self, *, before: float | None = None, limit: int = 100) -> list[Task]:
        """Tasks that have ended, the newest first; with `before`, those that ended earlier."""
        until = before if before is not None else self._clock() + DAY_S
        return await self._select(
            "state IN ('completed', 'failed') AND updated_at < :before ORDER BY updated_at DESC, id LIMIT :limit",
            before=until,
            limit=limit,
        )

    async def task(self, name: str) -> Task | None:
        """One task."""
        found = await self._select("id = :id", id=name)
        return found[0] if found else None

    async def together(self, task: Task, *, limit: int = 200) -> list[Task]:
        """All tasks of its pull request, the oldest first; of its work where no pull request is known."""
        work = task.work
        if work.number is None:
            where = "forge = :forge AND repo = :repo AND head = :head ORDER BY created_at, id LIMIT :limit"
            return await self._select(where, forge=work.forge, repo=work.repo, head=work.head, limit=limit)
        where = "forge = :forge AND repo = :repo AND number = :number ORDER BY created_at, id LIMIT :limit"
        return await self._select(where, forge=work.forge, repo=work.repo, number=work.number, limit=limit)

    async def timeline(self, task: Task, *, limit: int = 1_000) -> list[Happening]:
        """What happened to all tasks of the same work, in order; the last of it, where that is more than `limit`."""
        given = {"work": task.work.name, "limit": limit}
        found = await self._database.look(
            lambda db: db.execute(
                text("SELECT at, task_id, name, detail FROM journal WHERE work = :work ORDER BY id DESC LIMIT :limit"),
                given,
            ).all()
        )
        return [Happening(row.at, row.task_id, row.name, json.loads(row.detail)) for row in reversed(found)]

    async def report(self, task: Task) -> str:
        """What a task has left (JSON): a report, or what its followers go on from; empty where there is nothing."""
        given = {"id": task.id}
        found = await self._database.look(
            lambda db: db.execute(text("SELECT result FROM tasks WHERE id = :id"), given).scalar()
        )
        return str(found or "")

    async def workers(self) -> Sequence[WorkerSeen]:
        """Who works, or did until lately."""

        def work(db: Connection) -> list[WorkerSeen]:
            rows = db.execute(
                text(
                    "SELECT w.id, w.host, w.pid, w.slots, w.stopping, w.started_at, w.seen_at,"
                    " (SELECT count(*) FROM tasks t WHERE t.owner = w.id) AS tasks"
                    " FROM workers w ORDER BY w.started_at, w.id"
                )
            )
            return [
                WorkerSeen(
                    row.id, row.host, row.pid, row.slots, row.tasks, bool(row.stopping), row.started_at, row.seen_at
                )
                for row in rows
            ]

        return await self._database.look(work)

    async def kept(self, module: str) -> Context:
        """What a module, or the scheduler (`scheduler`: the weights and why), keeps."""
        given = {"module": module}
        rows = await self._database.look(
            lambda db: db.execute(text("SELECT name, value FROM kept WHERE module = :module"), given).all()
        )
        return {row.name: json.loads(row.value) for row in rows}

    async def figures(self) -> Figures:
        """The counts of this moment."""
        now = self._clock()
        return await self._database.look(lambda db: _figures(db, now))

    async def _select(self, where: str, **given: object) -> list[Task]:
        return await self._database.look(lambda db: select(db, where, **given))


def _figures(db: Connection, now: float) -> Figures:
    since = {"since": now - DAY_S}
    depth: dict[Module, dict[TaskState, int]] = {
        module: {"pending": 0, "running": 0, "paused": 0} for module in MODULES
    }
    types: dict[TaskType, dict[TaskState, int]] = {}
    active = "state IN ('pending', 'running', 'paused')"
    for row in db.execute(
        text(f"SELECT task_type, state, count(*) AS n FROM tasks WHERE {active} GROUP BY task_type, state")  # noqa: S608
    ):
        depth[MODULE_OF[row.task_type]][row.state] += int(row.n)
        types.setdefault(row.task_type, {})[row.state] = int(row.n)
    oldest = db.execute(text("SELECT min(created_at) FROM tasks WHERE state = 'pending'")).scalar()
    ended = db.execute(
        text(
            "SELECT task_type, state, count(*) AS n, avg(ran_s) AS took"
            " FROM tasks WHERE state IN ('completed', 'failed') AND updated_at >= :since GROUP BY task_type, state"
        ),
        since,
    ).all()
    happened = {
        row.name: int(row.n)
        for row in db.execute(text("SELECT name, count(*) AS n FROM journal WHERE at >= :since GROUP BY name"), since)
    }
    deliveries = db.execute(text("SELECT count(*) FROM deliveries WHERE received_at >= :since"), since).scalar_one()
    return Figures(
        depth=depth,
        oldest_s=0.0 if oldest is None else max(0.0, now - float(oldest)),
        completed={row.task_type: int(row.n) for row in ended if row.state == "completed"},
        failed={row.task_type: int(row.n) for row in ended if row.state == "failed"},
        average_s={row.task_type: float(row.took) for row in ended if row.state == "completed"},
        preemptions=happened.get("task.preempted", 0),
        recovered=happened.get("task.recovered", 0),
        deliveries=int(deliveries),
        types=types,
        calls=counted(db, "calls", now),
        deep=counted(db, "deep", now),
        limits=counted(db, "limits", now),
    )
