"""Where webhooks come in: a delivery is accepted once what it asks for is on the disk, and once only."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import Connection, text

from codedesigner.event.model import Ignored
from codedesigner.event.model import Refused as NoEvent
from codedesigner.service.database import Database
from codedesigner.service.intake import Delivery
from codedesigner.service.rows import insert, note, select
from codedesigner.service.spans import CONTEXT as TRACE
from codedesigner.service.task import ASKED_AT, CLOSED, SEED, Context, Json, Task, Work, priority_of, seed_of
from codedesigner.service.together import Together
from codedesigner.service.work import ASKED_SEED, Asked, asked, by_person, first_task, supersedes, to_json, work_of

MOST_ACTIVE = 20_000
"""Tasks that may be there at once. Above that, deliveries are refused: the forge keeps them for a later time."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """It is on the disk. `joined`: the same work was asked for already and has not ended; that task stands for both.

    `task` is what was asked for.
    """

    task_id: str
    joined: bool = False
    task: Task | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """This delivery, or one with this body, was accepted before, and its task did not fail."""

    task_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing is done. `busy`: it may be delivered again later; else nothing is asked of us."""

    reason: str
    busy: bool = False


class Inbox(Protocol):
    """Takes deliveries."""

    async def accept(self, delivery: Delivery) -> Accepted | Duplicate | Refused:
        """Take it; what is accepted when this returns is durable."""


class SqlInbox:
    """Implements `Inbox` on the service's database. `clock` gives the time that all workers share, `urgency` how urgent
    a repository is, as the operator has it.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], float],
        *,
        most_active: int = MOST_ACTIVE,
        urgency: Callable[[str], int] = lambda _repo: 0,
    ) -> None:
        self._urgency = urgency
        self._database = database
        self._clock = clock
        self._most_active = most_active
        self._together: Together[Accepted | Duplicate | Refused] = Together(database)

    async def accept(self, delivery: Delivery) -> Accepted | Duplicate | Refused:
        """Take it: the delivery and its task in one transaction, ends of older reviews of the pull request with it.

        Of one that says that a pull request has ended, only that is stored: its reviews are asked to end.

        Raises:
            DatabaseError: the database cannot be used; nothing is accepted then.
        """
        event = asked(delivery.event)
        if event is None:
            why = delivery.event
            if isinstance(why, Ignored) and (number := why.ended) is not None:
                return await self._together.run(lambda db: self._close(db, delivery, number, why.reason))
            return Refused(why.reason if isinstance(why, Ignored | NoEvent) else "nothing is asked")
        return await self._together.run(lambda db: self._accept(db, delivery, event))

    def _close(self, db: Connection, delivery: Delivery, number: int, reason: str) -> Refused:
        """Ask reviews of a pull request that has ended to end. Whether it is closed after all, they ask.

        What is ready is published, or not, by whoever publishes it: that costs no model's answer.
        """
        self._database.alone(db, f"{delivery.forge}:{delivery.repo}")
        for other in _under_way(db, delivery.forge, delivery.repo, number):
            if other.work.kind.startswith("review") and other.module != "documenter":
                _end(db, other, CLOSED)
                note(db, other, self._clock(), "task.wanted", {"held": other.held, "cancelled": CLOSED})
        return Refused(reason)

    def _accept(self, db: Connection, delivery: Delivery, event: Asked) -> Accepted | Duplicate | Refused:
        self._database.alone(db, f"{delivery.forge}:{delivery.repo}")
        now = self._clock()
        name = f"{delivery.forge}:{delivery.id}"
        before = _known(db, name, delivery.digest)
        if before is not None and not _failed(db, before):
            return Duplicate(before)
        work = work_of(event, delivery.forge, delivery.repo)
        going = _going(db, work)
        if going is None and _active(db) >= self._most_active:
            return Refused("too much is waiting", busy=True)
        if before is not None:
            _forget(db, name, delivery.digest)
        context: dict[str, Json] = {
            "event": to_json(event),
            "repo_id": delivery.repo_id,
            "installation": delivery.installation,
            ASKED_AT: now,
            SEED: max(self._urgency(delivery.repo), ASKED_SEED if by_person(event) else 0),
        }
        if delivery.trace:
            context[TRACE] = delivery.trace
        task = Task.create(first_task(event), work, context, name=secrets.token_hex(8), now=now)
        joined = going is not None or not insert(db, task)
        going = _going(db, work) if joined else None
        holder = task.id if going is None else going.id
        if going is not None and going.state == "pending" and seed_of(going.context) < seed_of(context):
            _urge(db, going, seed_of(context))
        if going is not None and (going.state != "pending" or going.task_type != task.task_type):
            _again(db, going, context)
        given = {"id": name, "digest": delivery.digest, "forge": delivery.forge, "repo": delivery.repo, "at": now}
        db.execute(
            text("INSERT INTO deliveries VALUES (:id, :digest, :forge, :repo, :at, :task)"), {**given, "task": holder}
        )
        if not joined:
            note(db, task, now, "task.submitted", {"delivery": delivery.id})
            _supersede(db, task, now)
        return Accepted(holder, joined, task)


def _known(db: Connection, name: str, digest: str) -> str | None:
    found = db.execute(
        text("SELECT task_id FROM deliveries WHERE id = :id OR digest = :digest LIMIT 1"),
        {"id": name, "digest": digest},
    ).scalar()
    return None if found is None else str(found)


def _failed(db: Connection, task: str) -> bool:
    """Whether the task, or what followed from it, has failed for good."""
    first = select(db, "id = :id", id=task)
    if not first:
        return False
    return any(one.state == "failed" for one in _of(db, first[0].work, since=first[0].created_at)[:1])


def _of(db: Connection, work: Work, *, since: float = 0.0, only: str = "1 = 1") -> list[Task]:
    """Tasks of this work, the newest first."""
    number = "number IS NULL" if work.number is None else "number = :number"
    given = {"forge": work.forge, "repo": work.repo, "head": work.head, "kind": work.kind, "since": since}
    more = {} if work.number is None else {"number": work.number}
    where = f"forge = :forge AND repo = :repo AND head = :head AND kind = :kind AND {number} AND {only}"
    return select(db, f"{where} AND created_at >= :since ORDER BY created_at DESC, id", **given, **more)


def _going(db: Connection, work: Work) -> Task | None:
    """A task of this work that has not ended, or whose successor is about to be submitted."""
    going = _of(db, work, only="(state IN ('pending', 'running', 'paused') OR (state = 'completed' AND followed = 0))")
    return going[0] if going else None


def _again(db: Connection, going: Task, context: Context) -> None:
    """What has begun may have looked before this event's reason was there: it is done once more afterwards."""
    db.execute(text("UPDATE tasks SET again = :again WHERE id = :id"), {"again": json.dumps(context), "id": going.id})


def _urge(db: Connection, going: Task, seed: int) -> None:
    """What waits already is asked for by somebody to whom it is more urgent."""
    context = {**going.context, SEED: seed}
    given = {"id": going.id, "context": json.dumps(context), "priority": priority_of(going.task_type, context)}
    raised = "UPDATE tasks SET context = :context, priority = :priority WHERE id = :id AND state = 'pending'"
    db.execute(text(raised), given)


def _active(db: Connection) -> int:
    return int(
        db.execute(text("SELECT count(*) FROM tasks WHERE state IN ('pending', 'running', 'paused')")).scalar_one()
    )


def _forget(db: Connection, name: str, digest: str) -> None:
    """The delivery of a run that failed gives way to its successor."""
    db.execute(text("DELETE FROM deliveries WHERE id = :id OR digest = :digest"), {"id": name, "digest": digest})


def _supersede(db: Connection, task: Task, now: float) -> None:
    """Ask reviews of other heads of the pull request to end. Whether theirs is not the head after all, they ask."""
    work = task.work
    if work.number is None:
        return
    for other in _under_way(db, work.forge, work.repo, work.number):
        if supersedes(work, other.work):
            _end(db, other, f"superseded by {work.head}")
            note(db, other, now, "task.superseded", {"by": work.head})


def _under_way(db: Connection, forge: str, repo: str, number: int) -> list[Task]:
    """Tasks of a pull request that have not ended, and that nobody has asked to end."""
    where = "forge = :forge AND repo = :repo AND number = :number AND cancelled = ''"
    return select(db, f"{where} AND state IN ('pending', 'running', 'paused')", forge=forge, repo=repo, number=number)


def _end(db: Connection, task: Task, why: str) -> None:
    db.execute(text("UPDATE tasks SET cancelled = :why WHERE id = :id"), {"why": why, "id": task.id})
