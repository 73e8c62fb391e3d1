"""A task in the hands of a worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field, replace

from codedesigner.errors import UsageError
from codedesigner.pool.lent import Turn
from codedesigner.service.modules.base import LOST, ModuleInterface, TaskResult
from codedesigner.service.spans import CONTEXT, Spans
from codedesigner.service.store import Store
from codedesigner.service.task import Task

MOST_DEATHS = 10
"""A task that so many workers have died of is not begun again."""


@dataclass(eq=False)
class Entry:
    """A task that was begun here, and whoever works on it. `done`: the work has ended, and is being written down.

    `lost`: another worker has it, or may. `asked` is why it is to end, once `asking` has found that so. `parked_at` is
    by the monotonic clock. The lock is held by whoever changes the task's state.
    """

    task: Task
    turn: Turn = field(init=False)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    job: asyncio.Task[TaskResult] | None = None
    carrier: asyncio.Task[None] | None = None
    held: bool = False
    done: bool = False
    lost: bool = False
    asked: str = ""
    asking: asyncio.Task[None] | None = None
    parked_at: float = 0.0

    def __post_init__(self) -> None:
        self.turn = Turn(self.task.id)

    @property
    def parked(self) -> bool:
        """Whether it waits for its turn."""
        return self.task.state == "paused"

    def end(self, why: str) -> None:
        """It is to end, for a reason that the module is told. What was lost has ended for this worker."""
        self.asked = why
        if not self.lost:
            self.turn.cancel(why)

    def stop(self) -> None:
        """End the work where it is, to be handed back. Said again it changes nothing: what ends has to clean up."""
        if self.job is not None and not self.job.cancelling():
            self.job.cancel()

    def lose(self) -> None:
        """Ask nothing more, and write nothing more but answers: those that are under way are waited for, and kept."""
        self.lost = True
        self.turn.cancel(LOST)
        self.end_if_lost()

    def end_if_lost(self) -> None:
        """End what was lost, as soon as nobody is asked for it."""
        if self.lost and not self.turn.asking:
            self.stop()


class DeadlyError(UsageError):
    """Workers die of the task."""


async def executed(store: Store, module: ModuleInterface, entry: Entry, spans: Spans) -> TaskResult:
    """Do the task, unless too many workers have died while they did. What follows from it belongs to its span.

    Raises:
        CodedesignerError: it could not be done.
    """
    if entry.task.attempt > MOST_DEATHS and (deaths := await store.deaths(entry.task.id)) >= MOST_DEATHS:
        raise DeadlyError(f"its worker has died {deaths} times", hint="look for what it takes: memory, most likely")
    with spans.task(entry.task) as tell:
        result = await module.execute_task(entry.task, entry.turn)
        tell({"outcome": result.outcome, "llm_requests": entry.turn.calls})
        origin = spans.current
    return replace(result, context={**result.context, CONTEXT: origin}) if origin else result


async def let_end(entries: Mapping[str, Entry], grace_s: float, tick_s: float) -> None:
    """Let all end that is in `entries`, from which it then is taken; after `grace_s` seconds the rest is handed back.

    For half of that time it goes on as ever. Then no further call is begun, and who needs one is handed back as soon as
    those under way are answered. What is parked is not waited for longer than that either.
    """

    def carriers() -> set[asyncio.Task[None]]:
        return {one.carrier for one in entries.values() if one.carrier is not None}

    began = time.monotonic()
    while (left := carriers()) and (spent := time.monotonic() - began) < grace_s:
        for entry in entries.values():
            if spent >= grace_s / 2:
                entry.turn.close()
            if (entry.parked and not entry.turn.asking) or (entry.turn.waiting and not entry.turn.open):
                entry.stop()
        await asyncio.wait(left, timeout=min(tick_s, grace_s - spent))
    for entry in entries.values():
        entry.stop()
    if left:
        await asyncio.wait(left, timeout=grace_s)


async def settled(work: Coroutine[object, object, None]) -> BaseException | None:
    """What went wrong in `work`, whatever it was."""
    task = asyncio.create_task(work)
    await asyncio.wait({task})
    return task.exception()
