"""A task for the pool, and the handle by which it is awaited, cancelled and followed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from codedesigner.call.model import Call, Reply
from codedesigner.pool.running import Running
from codedesigner.pool.worker import PoolError

TaskType = Literal["tool_call", "verify", "refine", "analyze"]
TaskStatus = Literal["pending", "running", "completed", "failed", "cancelled", "timeout"]

FINAL: frozenset[TaskStatus] = frozenset({"completed", "failed", "cancelled", "timeout"})
NEXT: Mapping[TaskStatus, frozenset[TaskStatus]] = {
    "pending": frozenset({"running", "failed", "cancelled", "timeout"}),
    "running": FINAL,
    **{status: frozenset() for status in FINAL},
}
"""What a task may become."""

MOST_PROGRESS = 0.99  # of a task that is not done


@dataclass(slots=True, eq=False)
class Task:
    """A call for the pool. `priority` takes the place of the call's.

    `location_id` or `tags` (all of them) restrict who may do it. `timeout_ms` is for all of it, the wait included.
    The rest is the pool's to fill in; times are Unix seconds.
    """

    id: str
    type: TaskType
    payload: Call
    priority: float = 5.0
    timeout_ms: float | None = None
    location_id: str | None = None
    tags: tuple[str, ...] = ()
    created_at: float | None = field(default=None, init=False)
    started_at: float | None = field(default=None, init=False)
    completed_at: float | None = field(default=None, init=False)
    assigned_worker: str | None = field(default=None, init=False)
    result: Reply | None = field(default=None, init=False)
    error: str | None = field(default=None, init=False)
    _status: TaskStatus = field(default="pending", init=False)

    @property
    def status(self) -> TaskStatus:
        """Where it is."""
        return self._status

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self._status in FINAL

    def create(self, now: float) -> None:
        """The pool takes it; once."""
        if self.created_at is not None:
            raise PoolError(f"task {self.id} was submitted before", hint="Make a new task for every submission.")
        self.created_at = now

    def start(self, worker: str, now: float) -> None:
        """A worker has begun with it."""
        self._become("running")
        self.assigned_worker, self.started_at = worker, now

    def end(self, reply: Reply, now: float) -> None:
        """It has come to this reply."""
        status = _status_of(reply)
        if status == "completed" and self._status == "pending":
            self.start(reply.location, now)  # known already: nobody had to be asked
        self._become(status)
        self.completed_at, self.result = now, reply
        self.error = None if reply.good else f"{reply.outcome}: {reply.detail}"

    def abandon(self, why: str, now: float) -> None:
        """It ends without a reply."""
        self._become("cancelled")
        self.completed_at, self.error = now, why

    def _become(self, status: TaskStatus) -> None:
        if status not in NEXT[self._status]:
            raise PoolError(f"task {self.id} is {self._status} and cannot become {status}")
        self._status = status


def _status_of(reply: Reply) -> TaskStatus:
    if reply.good:
        return "completed"
    if reply.outcome == "cancelled":
        return "cancelled"
    return "timeout" if reply.outcome == "timeout" else "failed"


class TaskHandle:
    """A task that was submitted. Awaiting it gives its reply, whatever that is."""

    def __init__(self, task: Task, running: Running, share: Callable[[Running], float]) -> None:
        self.task = task
        self.running = running
        self.carrier: asyncio.Task[Reply] | None = None
        self._share = share
        self._progress = 0.0

    @property
    def task_id(self) -> str:
        """The task's id."""
        return self.task.id

    @property
    def status(self) -> TaskStatus:
        """Where the task is."""
        return self.task.status

    def __await__(self) -> Generator[object, None, Reply]:
        return self.result().__await__()

    async def result(self, timeout_ms: float | None = None) -> Reply:
        """Wait for the reply. Raises `TimeoutError` where it takes longer; the task goes on."""
        if self.carrier is None:
            raise PoolError(f"task {self.task_id} was not submitted")
        async with asyncio.timeout(None if timeout_ms is None else timeout_ms / 1000):
            return await asyncio.shield(self.carrier)

    def cancel(self) -> bool:
        """End it, at its server, too; whether it had not ended."""
        return not self.task.done and self.running.stop("cancelled")

    def get_progress(self) -> float:
        """About how much of it is done (0..1): never falling, and below 1 until it has ended."""
        if self.task.done:
            return 1.0
        self._progress = max(self._progress, min(MOST_PROGRESS, self._share(self.running)))
        return self._progress
