"""Tasks as rows: the statements that read and write them, and nothing that decides."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from codedesigner.service.task import Json, Task, Work

COLUMNS = (
    "id, task_key, module, task_type, forge, repo, number, head, kind, priority, context, state, retry_count,"
    " llm_requests, attempt, created_at, updated_at, not_before, owner, lease_until, held, cancelled, outcome, error,"
    " deep, waits, away_since, ran_s"
)
_NAMES = [name.strip() for name in COLUMNS.split(",")]

INSERT = text(
    f"INSERT INTO tasks ({COLUMNS}) VALUES ({', '.join(':' + name for name in _NAMES)}) ON CONFLICT DO NOTHING"  # noqa: S608
)
# Only whoever knows the newest attempt and state may write; flags that others set in between are left alone.
UPDATE = text(
    "UPDATE tasks SET state = :state, retry_count = :retry_count, llm_requests = :llm_requests, attempt = :attempt,"
    " updated_at = :updated_at, not_before = :not_before, owner = :owner, lease_until = :lease_until,"
    " outcome = :outcome, error = :error, context = :context, waits = :waits, away_since = :away_since, ran_s = :ran_s"
    " WHERE id = :id AND state = :state_before AND attempt = :attempt_before"
)
JOURNAL = text("INSERT INTO journal VALUES (:id, :task_id, :work, :at, :name, :detail)")


def insert(db: Connection, task: Task) -> bool:
    """Add the task, unless one with its key has not ended."""
    return db.execute(INSERT, values(task)).rowcount == 1


def update(db: Connection, before: Task, after: Task) -> bool:
    """Write what the task has become; False where it is not any more what it was before."""
    given = {**values(after), "state_before": before.state, "attempt_before": before.attempt}
    return db.execute(UPDATE, given).rowcount == 1


def note(db: Connection, task: Task, at: float, name: str, detail: Mapping[str, Json] | None = None) -> None:
    """Write into the journal what happened to a task."""
    given = {
        "id": f"{int(at * 1_000_000):016x}{secrets.token_hex(4)}",
        "task_id": task.id,
        "work": task.work.name,
        "at": at,
        "name": name,
        "detail": json.dumps(dict(detail or {})),
    }
    db.execute(JOURNAL, given)


def values(task: Task) -> dict[str, Any]:
    """The task as a row."""
    work = task.work
    return {
        "id": task.id,
        "task_key": task.task_key,
        "module": task.module,
        "task_type": task.task_type,
        "forge": work.forge,
        "repo": work.repo,
        "number": work.number,
        "head": work.head,
        "kind": work.kind,
        "priority": task.priority,
        "context": json.dumps(dict(task.context)),
        "state": task.state,
        "retry_count": task.retry_count,
        "llm_requests": task.llm_requests,
        "attempt": task.attempt,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "not_before": task.not_before,
        "owner": task.owner,
        "lease_until": task.lease_until,
        "held": int(task.held),
        "cancelled": task.cancelled,
        "outcome": task.outcome,
        "error": storable(task.error[:MOST_ERROR]),
        "deep": int(task.requires_deep_mode),
        "waits": task.waits,
        "away_since": task.away_since,
        "ran_s": task.ran_s,
    }


def storable(words: str) -> str:
    """A text as every database takes it."""
    return words.encode("utf-8", "replace").decode().replace("\0", "")


MOST_ERROR = 2_000  # characters of a failure that are kept


def task_of(row: RowMapping) -> Task:
    """A row as a task."""
    return Task(
        id=row["id"],
        task_key=row["task_key"],
        module=row["module"],
        task_type=row["task_type"],
        work=Work(row["forge"], row["repo"], row["number"], row["head"], row["kind"]),
        priority=row["priority"],
        context=json.loads(row["context"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        state=row["state"],
        retry_count=row["retry_count"],
        llm_requests=row["llm_requests"],
        not_before=row["not_before"],
        owner=row["owner"],
        lease_until=row["lease_until"],
        held=bool(row["held"]),
        cancelled=row["cancelled"],
        outcome=row["outcome"],
        error=row["error"],
        requires_deep_mode=bool(row["deep"]),
        attempt=row["attempt"],
        waits=row["waits"],
        away_since=row["away_since"],
        ran_s=row["ran_s"],
    )


def select(db: Connection, where: str, **given: object) -> list[Task]:
    """Tasks for which `where` (a text of ours, never of others) holds."""
    found = db.execute(text(f"SELECT {COLUMNS} FROM tasks WHERE {where}"), given)  # noqa: S608
    return [task_of(row) for row in found.mappings()]
