"""A worker over a forge in memory: real reviews of a real repository, and a clock that does not wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from tests.pullrequest.stage import REPO, Stage

from codedesigner.event.model import Event
from codedesigner.pool.lent import Turn
from codedesigner.publish.discussion import PullRequest
from codedesigner.publish.report import Report
from codedesigner.publish.scrub import KnownSecrets
from codedesigner.pullrequest.desk import NO_SECRETS, Desk, Order, Reviewing
from codedesigner.service.database import Database
from codedesigner.service.events import ServiceEvent
from codedesigner.service.inbox import SqlInbox
from codedesigner.service.intake import Delivery
from codedesigner.service.modules import modules_of
from codedesigner.service.modules.base import Bench
from codedesigner.service.modules.explorer import MOST_KEPT, Explorer
from codedesigner.service.store import Store
from codedesigner.service.task import Task
from codedesigner.service.worker import View, Worker, WorkerConfig
from codedesigner.stages import SoFar
from codedesigner.stages import Stage as ReviewStage

QUICK = WorkerConfig(slots=1, lease_s=2.0, beat_s=0.02, tick_s=0.02, grace_s=5.0)

Calls = Callable[[Turn], Awaitable[None]]
"""What a review asks of models, by way of its turn."""


@dataclass
class Asking:
    """Implements `Reviewing` around another: before it reports, it makes calls. It never comes to `halted` stages."""

    inner: Reviewing
    turn: Turn
    calls: Calls
    halted: Collection[str] = ()

    async def settings(self, pull: PullRequest) -> object:
        return await self.inner.settings(pull)

    async def prepare(self, order: Order) -> object:
        return await self.inner.prepare(order)

    async def review(self, prepared: object) -> Report:
        await self.calls(self.turn)
        return await self.inner.review(prepared)  # type: ignore[arg-type]

    async def advance(
        self, prepared: object, so_far: SoFar, until: ReviewStage, *, deep: bool = True
    ) -> SoFar | Report:
        if until in self.halted:
            await asyncio.Event().wait()
        if so_far.explored is None:
            await self.calls(self.turn)
        return await self.inner.advance(prepared, so_far, until, deep=deep)  # type: ignore[arg-type]

    async def answer(self, pull: PullRequest, question: object) -> str | None:
        return await self.inner.answer(pull, question)  # type: ignore[arg-type]


async def none(_turn: Turn) -> None:
    return None


@dataclass
class Shop:
    """A service in one process. `calls` is what reviews ask; `opened` counts desks by the kind of task."""

    stage: Stage
    database: Database
    config: WorkerConfig = QUICK
    calls: Calls = none
    secrets: KnownSecrets = NO_SECRETS
    most_kept: int = MOST_KEPT
    halted: Collection[str] = ()
    heard: list[ServiceEvent] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        import time

        self.store = Store(self.database, time.time)
        self.inbox = SqlInbox(self.database, time.time)

    @asynccontextmanager
    async def open(self, task: Task, turn: Turn) -> AsyncIterator[Desk]:
        """Implements `Desks`."""
        self.opened.append(task.task_type)
        desk = self.stage.desk
        asking = Asking(desk.reviewing, turn, self.calls, self.halted)
        yield replace(desk, reviewing=asking, secrets=self.secrets, resumed=True)  # type: ignore[arg-type]

    def worker(self, name: str = "w") -> Worker:
        view = View()
        bench = Bench(self, view, self.store.result, self.store.clock)
        modules = {**modules_of(bench), "explorer": Explorer(bench, most_kept=self.most_kept)}
        return Worker(self.store, modules, view, config=self.config, name=name, listen=self.heard.append)

    async def deliver(self, event: Event) -> object:
        self.count += 1
        return await self.inbox.accept(Delivery("github", f"d{self.count}", f"h{self.count}", REPO, 5, 7, event))

    async def settle(self, worker: Worker, *, seconds: float = 20.0) -> list[Task]:
        """Let the worker run until nothing is left to do; the tasks that ended, in order."""
        running = asyncio.create_task(worker.run())
        await self.until(self.is_done, seconds=seconds)
        worker.stop()
        await running
        return await self.ended()

    async def until(self, holds: Callable[[], Awaitable[bool]], *, seconds: float = 20.0) -> None:
        async with asyncio.timeout(seconds):
            while not await holds():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def is_done(self) -> bool:
        from codedesigner.service.rows import select

        open_ones = "state IN ('pending', 'running', 'paused') OR followed = 0"
        return not await self.database.run(lambda db: select(db, open_ones))

    async def tasks(self) -> list[Task]:
        from codedesigner.service.rows import select

        return await self.database.run(lambda db: select(db, "1 = 1 ORDER BY created_at, id"))

    async def ended(self) -> list[Task]:
        return [one for one in await self.tasks() if not one.active]

    def names(self) -> Sequence[str]:
        return [one.name for one in self.heard]
