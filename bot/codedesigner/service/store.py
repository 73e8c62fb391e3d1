"""The service's tasks in its database. Every change is one transaction, and made only if nobody was quicker."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, text

from codedesigner.service.database import Database
from codedesigner.service.rows import insert, note, select, storable, update
from codedesigner.service.task import Json, Module, Task, needless
from codedesigner.service.work import first_task, from_json

_NEXT = 1e-6  # the journal is sorted by time
_WEIGH_S = 3_600.0  # all results are read for it
_AGAIN_S = 4 * 86_400.0  # GitHub delivers again what it delivered in the last three days
_RENEW = text("UPDATE tasks SET lease_until = :until WHERE owner = :id AND id IN :carried").bindparams(
    bindparam("carried", expanding=True)
)
_WAITING = "state IN ('pending', 'paused') AND owner IS NULL"


@dataclass(frozen=True, slots=True)
class Flags:
    """What others want of a task that a worker has."""

    held: bool
    cancelled: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept of what has ended: the newest `most`, and nothing older than `age_s`.

    That something was delivered is remembered for as long as a forge may deliver it again, of `deliveries` at most.
    `results` is how many characters of results are kept, the newest; those of work that goes on are not counted.
    """

    most: int = 10_000
    age_s: float = 30 * 86_400.0
    deliveries: int = 1_000_000
    results: int = 500_000_000


BOUNDS = Bounds()


class Store:
    """Tasks, workers and what modules keep. `clock` gives the time that all workers share."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self.clock = clock
        self._weighed = float("-inf")

    async def submit(self, tasks: Sequence[Task]) -> list[bool]:
        """Add each task, unless one with its key has not ended."""
        return await self._database.run(lambda db: [_submit(db, task) for task in tasks])

    async def get(self, task: str) -> Task | None:
        """The task of that id."""
        found = await self._database.look(lambda db: select(db, "id = :id", id=task))
        return found[0] if found else None

    async def waiting(self) -> list[Task]:
        """Tasks that somebody may take, whatever their time and their holds."""
        return await self._database.look(lambda db: select(db, f"{_WAITING} ORDER BY created_at, id"))

    async def owned(self, owner: str) -> list[Task]:
        """Tasks that a worker has."""
        return await self._database.look(lambda db: select(db, "owner = :owner ORDER BY created_at, id", owner=owner))

    async def start(self, task: Task, owner: str, lease_s: float, detail: Mapping[str, Json]) -> Task | None:
        """Take a task that waits, or one that is parked with this owner; None where somebody else was quicker."""
        now = self.clock()
        after = task.started(owner, now, lease_s)

        def work(db: Connection) -> bool:
            if not update(db, task, after):
                return False
            note(db, after, after.updated_at, "task.scheduled", detail)
            note(db, after, after.updated_at + _NEXT, "task.started", {"worker": owner, "attempt": after.attempt})
            return True

        return after if await self._database.run(work) else None

    async def change(
        self, before: Task, after: Task, name: str, detail: Mapping[str, Json] | None = None, *, result: str = ""
    ) -> bool:
        """Write what a task has become, with `result` if there is one; False where the task is not ours any more.

        What nobody needs any more once it has ended is forgotten in the same transaction.
        """

        def work(db: Connection) -> bool:
            if not update(db, before, after):
                return False
            for one in needless(after):
                db.execute(text("UPDATE tasks SET result = '' WHERE id = :id"), {"id": one})
            if result:
                db.execute(
                    text("UPDATE tasks SET result = :result WHERE id = :id"),
                    {"result": storable(result), "id": after.id},
                )
            note(db, after, after.updated_at, name, detail)
            return True

        return await self._database.run(work)

    async def result(self, task: str) -> str:
        """What a task has left for those that follow; empty where there is nothing."""
        given = {"id": task}
        found = await self._database.look(
            lambda db: db.execute(text("SELECT result FROM tasks WHERE id = :id"), given).scalar()
        )
        return str(found or "")

    async def ended(self) -> list[Task]:
        """Tasks that have ended and whose followers are not submitted yet."""
        return await self._database.look(
            lambda db: select(db, "state IN ('completed', 'failed') AND followed = 0 ORDER BY updated_at, id")
        )

    async def follow(self, task: Task, followers: Sequence[Task]) -> list[tuple[Task, bool]]:
        """Submit what follows from a task that has ended, once, whoever does it; what that was, and whether it is new.

        Where the same work was asked for anew meanwhile, that goes to the follower, or begins when there is none.
        """
        now = self.clock()

        def work(db: Connection) -> list[tuple[Task, bool]]:
            marked = db.execute(text("UPDATE tasks SET followed = 1 WHERE id = :id AND followed = 0"), {"id": task.id})
            if marked.rowcount == 0:
                return []
            again = str(db.execute(text("SELECT again FROM tasks WHERE id = :id"), {"id": task.id}).scalar() or "")
            new = list(followers)
            if again and not new:
                new, again = [_anew(task, again, now)], ""
            done = [(one, _submit(db, one)) for one in new]
            if again and new:
                _pass_on(db, new[0], again)
            return done

        return await self._database.run(work)

    async def beat(self, worker: str, lease_s: float, carried: Sequence[str]) -> Mapping[str, Flags]:
        """Say that a worker lives: leases last longer of those of its tasks that it carries.

        One that it has and does not carry, because it gave it up or never heard that it got it, is anybody's once its
        lease has run out. What others want of its tasks; a missing one is lost.
        """
        now = self.clock()

        def work(db: Connection) -> Mapping[str, Flags]:
            db.execute(text("UPDATE workers SET seen_at = :now WHERE id = :id"), {"now": now, "id": worker})
            if carried:
                db.execute(_RENEW, {"until": now + lease_s, "id": worker, "carried": list(carried)})
            rows = db.execute(text("SELECT id, held, cancelled FROM tasks WHERE owner = :id"), {"id": worker})
            return {row.id: Flags(bool(row.held), row.cancelled) for row in rows}

        return await self._database.run(work)

    async def sweep(self) -> list[Task]:
        """Tasks whose worker has not been heard of for a lease's time, given to the living: paused, and nobody's."""
        now = self.clock()
        return await self._database.run(
            lambda db: _free(db, "owner IS NOT NULL AND lease_until < :until", now, until=now)
        )

    async def free(self, owner: str) -> list[Task]:
        """The same for all tasks of a worker that is known to be gone."""
        now = self.clock()
        return await self._database.run(lambda db: _free(db, "owner = :owner", now, owner=owner))

    async def register(self, worker: str, host: str, pid: int, slots: int) -> None:
        """A worker has begun. Those that were not heard of for a day are forgotten."""
        now = self.clock()

        def work(db: Connection) -> None:
            db.execute(
                text("DELETE FROM workers WHERE id = :id OR seen_at < :old"), {"id": worker, "old": now - 86_400}
            )
            given = {"id": worker, "host": host, "pid": pid, "slots": slots, "now": now}
            db.execute(text("INSERT INTO workers VALUES (:id, :host, :pid, :slots, 0, :now, :now)"), given)

        await self._database.run(work)

    async def leave(self, worker: str, *, gone: bool) -> None:
        """A worker takes nothing more; `gone`: it has ended."""
        statement = "DELETE FROM workers WHERE id = :id" if gone else "UPDATE workers SET stopping = 1 WHERE id = :id"
        await self._database.run(lambda db: db.execute(text(statement), {"id": worker}))

    async def want(self, task: str, *, held: bool | None = None, cancelled: str | None = None) -> bool:
        """Ask for a task to be held, to go on, to end, or (with an empty text) not to end; whether it has not ended."""
        now = self.clock()
        given = {"id": task, "held": None if held is None else int(held), "cancelled": cancelled}
        wanted = text(
            "UPDATE tasks SET held = coalesce(:held, held), cancelled = coalesce(:cancelled, cancelled)"
            " WHERE id = :id AND state IN ('pending', 'running', 'paused')"
        )

        def work(db: Connection) -> bool:
            if db.execute(wanted, given).rowcount == 0:
                return False
            found = select(db, "id = :id", id=task)[0]
            detail: dict[str, Json] = {"held": found.held, "cancelled": found.cancelled}
            note(db, found, now, "task.wanted", detail)
            return True

        return await self._database.run(work)

    async def deaths(self, task: str) -> int:
        """How often a worker was gone while it had the task."""
        count = text("SELECT count(*) FROM journal WHERE task_id = :id AND name = 'task.recovered'")
        return int(await self._database.run(lambda db: db.execute(count, {"id": task}).scalar_one()))

    async def workers(self) -> list[str]:
        """Names of the workers that have not left."""
        rows = await self._database.look(lambda db: db.execute(text("SELECT id FROM workers ORDER BY id")).all())
        return [row.id for row in rows]

    async def kept(self, module: Module | str) -> dict[str, Json]:
        """What a module keeps."""
        given = {"module": module}
        rows = await self._database.look(
            lambda db: db.execute(text("SELECT name, value FROM kept WHERE module = :module"), given).all()
        )
        return {row.name: json.loads(row.value) for row in rows}

    async def keep(self, module: Module | str, state: Mapping[str, Json]) -> None:
        """Keep it. Names that the module does not have any more are kept, as another worker's may."""
        now = self.clock()
        statement = text(
            "INSERT INTO kept VALUES (:module, :name, :value, :now)"
            " ON CONFLICT (module, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at"
        )
        rows = [
            {"module": module, "name": name, "value": json.dumps(value), "now": now} for name, value in state.items()
        ]

        def work(db: Connection) -> None:
            if rows:
                db.execute(statement, rows)

        await self._database.run(work)

    async def prune(self, bounds: Bounds) -> int:
        """Forget what has ended long ago, or is more than is kept; how many tasks that were."""
        now = self.clock()
        given = {
            "old": now - bounds.age_s,
            "most": bounds.most,
            "again": now - _AGAIN_S,
            "deliveries": bounds.deliveries,
        }
        heavy: list[str] = []
        if not self._weighed <= now < self._weighed + _WEIGH_S:
            self._weighed = now
            heavy = await self._database.look(lambda db: _heavy(db, bounds.results))
        return await self._database.run(lambda db: _prune(db, given, heavy))


def _submit(db: Connection, task: Task) -> bool:
    if not insert(db, task):
        return False
    note(db, task, task.created_at, "task.submitted")
    return True


def _anew(task: Task, again: str, now: float) -> Task:
    """The first task of the same work once more."""
    context = json.loads(again)
    kind = first_task(from_json(context["event"]))
    return Task.create(kind, task.work, context, name=secrets.token_hex(8), now=now)


def _pass_on(db: Connection, follower: Task, again: str) -> None:
    db.execute(
        text("UPDATE tasks SET again = :again WHERE task_key = :key AND state IN ('pending', 'running', 'paused')"),
        {"again": again, "key": follower.task_key},
    )


def _free(db: Connection, where: str, now: float, **given: object) -> list[Task]:
    freed: list[Task] = []
    for task in select(db, where, **given):
        after = task.released(now)
        if update(db, task, after):
            note(db, after, after.updated_at, "task.recovered", {"worker": task.owner, "state": task.state})
            freed.append(after)
    return freed


_FORGET_TASKS = """
DELETE FROM tasks WHERE state IN ('completed', 'failed') AND followed = 1 AND (updated_at < :old OR id NOT IN (
    SELECT id FROM tasks WHERE state IN ('completed', 'failed') ORDER BY updated_at DESC, id LIMIT :most))
"""
_FORGET_DELIVERIES = """
DELETE FROM deliveries WHERE task_id NOT IN (SELECT id FROM tasks) AND (received_at < :old
    OR (received_at < :again AND id NOT IN (SELECT id FROM deliveries ORDER BY received_at DESC, id LIMIT :most))
    OR id NOT IN (SELECT id FROM deliveries ORDER BY received_at DESC, id LIMIT :deliveries))
"""
_FORGET_JOURNAL = "DELETE FROM journal WHERE task_id NOT IN (SELECT id FROM tasks)"
_FORGET_KEPT = """
DELETE FROM kept WHERE module IN ('explorer', 'documenter', 'researcher', 'sessions') AND updated_at < :old
"""


_WEIGH = """
SELECT id, length(result) AS size FROM tasks AS t WHERE state IN ('completed', 'failed') AND followed = 1
    AND NOT EXISTS (SELECT 1 FROM tasks AS o WHERE o.forge = t.forge AND o.repo = t.repo
        AND coalesce(o.number, 0) = coalesce(t.number, 0) AND o.state IN ('pending', 'running', 'paused'))
    ORDER BY updated_at DESC, id
"""


def _heavy(db: Connection, most: int) -> list[str]:
    """Tasks whose results are more than is kept; somebody may still need those of work that goes on."""
    found: list[str] = []
    total = 0
    for row in db.execute(text(_WEIGH)):
        total += row.size
        if total > most and row.size:
            found.append(row.id)
    return found


def _prune(db: Connection, given: Mapping[str, float], heavy: Sequence[str]) -> int:
    count = db.execute(text(_FORGET_TASKS), given).rowcount
    if heavy:
        db.execute(text("UPDATE tasks SET result = '' WHERE id = :id"), [{"id": one} for one in heavy])
    db.execute(text(_FORGET_DELIVERIES), given)
    db.execute(text(_FORGET_JOURNAL))
    db.execute(text(_FORGET_KEPT), {"old": given["old"]})
    return count
