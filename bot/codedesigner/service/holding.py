"""A task in the hands of a worker."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field

from codedesigner.pool.lent import Turn
from codedesigner.service.modules.base import TaskResult
from codedesigner.service.task import Task


@dataclass(eq=False)
class Entry:
    """A task that was begun here, and whoever works on it. `done`: the work has ended, and is being written down.

    `lost`: another worker has it, or may. `asked` is why it is to end, once `asking` has found that so. `parked_at` is
    by the monotonic clock. The lock is held by whoever changes the task's state.
    """

    task: Task
    turn: Turn = field(default_factory=Turn)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    job: asyncio.Task[TaskResult] | None = None
    carrier: asyncio.Task[None] | None = None
    held: bool = False
    done: bool = False
    lost: bool = False
    asked: str = ""
    asking: asyncio.Task[None] | None = None
    parked_at: float = 0.0

    @property
    def parked(self) -> bool:
        """Whether it waits for its turn."""
        return self.task.state == "paused"

    def lose(self) -> None:
        """Stop at once, and write nothing more."""
        self.lost = True
        self.turn.cancel("lost")
        if self.job is not None:
            self.job.cancel()


async def settled(work: Coroutine[object, object, None]) -> BaseException | None:
    """What went wrong in `work`, whatever it was."""
    task = asyncio.create_task(work)
    await asyncio.wait({task})
    return task.exception()
