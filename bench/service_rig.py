"""Real workers on a real database over models that are only said to take time, in the time of `bench.virtual`.

The inbox, the store, the workers, the scheduler, the allocator, the ledger of quotas and the consultation are the
service's own. Modules ask models as many questions as a task of their type does, through the task's turn; what was
answered is kept for whoever takes the task next, as the service's store of replies does.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, TypeVar
from unittest.mock import patch

from bench.virtual import VirtualClock, VirtualLoop
from pydantic import JsonValue
from sqlalchemy import Connection

from codedesigner.call.model import Call, Reply, Usage
from codedesigner.event.model import Event
from codedesigner.pool.allocator import Allocator
from codedesigner.pool.events import PoolEvent
from codedesigner.pool.gate import Demand, Denied, Gate
from codedesigner.pool.lent import Lent, Turn
from codedesigner.pool.seat import LocationLimits
from codedesigner.service.board import Board
from codedesigner.service.consultation import Consultant, ConsultationConfig, Spending
from codedesigner.service.database import Database, DatabaseError, open_database
from codedesigner.service.events import ServiceEvent
from codedesigner.service.inbox import Accepted, SqlInbox
from codedesigner.service.intake import Delivery
from codedesigner.service.ledger import SqlLedger
from codedesigner.service.modules.base import ModuleInterface, TaskResult
from codedesigner.service.modules.documenter import Documenter
from codedesigner.service.modules.explorer import Explorer
from codedesigner.service.modules.researcher import Researcher
from codedesigner.service.rows import select
from codedesigner.service.store import Bounds, Store
from codedesigner.service.task import Module, Task
from codedesigner.service.worker import View, Worker, WorkerConfig

T = TypeVar("T")

CONFIG = WorkerConfig(slots=4, lease_s=120.0, beat_s=30.0, tick_s=15.0, grace_s=60.0, parked_s=3_600.0)
CALLS = {"exploration": 9, "critique": 2, "synthesis": 1, "address_comment": 1, "queue": 6}
"""Questions to models of a task, and of a merge queue's review; those that are not here ask none and take `PLAIN_S`."""
REVIEW_CALLS = CALLS["exploration"] + CALLS["critique"] + CALLS["synthesis"]
_NEXT = {
    "exploration": "critique",
    "critique": "synthesis",
    "synthesis": "review",
    "review": "incorporate_insight",
}
PLAIN_S = 20.0
OPEN = "state IN ('pending', 'running', 'paused') OR followed = 0"


@dataclass(frozen=True, slots=True)
class Chair:
    """Implements `pool.alloc_hall.Chair`."""

    id: str
    endpoint: str
    limits: LocationLimits


class Line:
    """A worker's connection to the database, which can be cut for good as a killed process's is."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.cut = False

    async def run(self, work: Callable[[Connection], T]) -> T:
        """As the database, while there is a connection."""
        self._go_on()
        return await self._database.run(work)

    async def look(self, work: Callable[[Connection], T]) -> T:
        """The same for what only reads."""
        self._go_on()
        return await self._database.look(work)

    def _go_on(self) -> None:
        if self.cut:
            raise DatabaseError("the process is gone")


@dataclass
class Models:
    """The servers: what each allows in any hour, when it is out, and what it has answered.

    `again` are questions that were answered before. `refused` are calls that a server refused as one too many.
    """

    clock: VirtualClock
    allowed: Mapping[str, int]
    latency_s: tuple[float, float]
    rng: Random
    out: dict[str, float] = field(default_factory=dict)
    came: defaultdict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    answered: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    kept: set[tuple[str, int]] = field(default_factory=set)
    again: int = 0
    refused: int = 0

    async def ask(self, gate: Gate, spending: Spending, question: tuple[str, int], priority: float) -> float:
        """Ask until it is answered; seconds of the answer. 0 where it was kept.

        Raises:
            asyncio.CancelledError: whoever asks is to end.
        """
        if question in self.kept:
            return 0.0
        demand = Demand(f"{question[0]}-{question[1]}", tuple(self.allowed), 2_000, priority, wait_s=None)
        while True:
            grant = await gate.acquire(demand)
            if isinstance(grant, Denied):
                raise asyncio.CancelledError(grant.detail)
            try:
                wait_s = self._refusal(grant.location)
                if wait_s is not None:
                    gate.limited(grant.location, wait_s)
                    continue
                took = self.rng.uniform(*self.latency_s)
                await self.clock.sleep(took)
            except asyncio.CancelledError:
                grant.release()
                raise
            finally:
                grant.release(Usage(tokens_in=1_500, tokens_out=100, calls=1))
            self.again += question in self.kept
            self.kept.add(question)
            self.answered[grant.location].append(self.clock.now())
            spending(PoolEvent("llm.answered", grant.location, {"ms": took * 1_000}))
            return took

    def _refusal(self, location: str) -> float | None:
        """How long the server wants to be left alone; None where it answers."""
        now, came = self.clock.now(), self.came[location]
        if now < self.out.get(location, 0.0):
            return 300.0
        while came and came[0] <= now - 3_600.0:
            came.popleft()
        if len(came) >= self.allowed[location]:
            self.refused += 1
            return came[0] + 3_600.0 - now
        came.append(now)
        return None


class Scripted:
    """What the three modules have in common here: the work itself."""

    models: Models
    gate: Gate
    spending: Spending

    async def execute_task(self, task: Task, llm: Turn) -> TaskResult:
        """Ask as many questions as such a task does, four at a time."""
        what = "queue" if task.work.kind == "queue" else task.task_type
        lent, count = Lent(self.gate, llm), CALLS.get(what, 0)
        priority = 9.0 if task.task_type == "address_comment" else 5.0
        if not count:
            await asyncio.sleep(PLAIN_S)
        places = asyncio.Semaphore(4)

        async def one(n: int) -> None:
            async with places:
                await self.models.ask(lent, self.spending, (task.task_key, n), priority)

        asked = [asyncio.create_task(one(n)) for n in range(count)]
        try:
            await asyncio.gather(*asked)
        except asyncio.CancelledError:
            for each in asked:
                each.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            if llm.cancelled.startswith("superseded"):
                return TaskResult("superseded")
            raise
        if task.task_type == "generate_questions":
            return TaskResult(context={"number": task.work.number, "head": task.work.head})
        return TaskResult(context={"next": _NEXT[what]} if what in _NEXT else {})

    async def is_over(self, _task: Task, _why: str) -> bool:
        """The newer head is one."""
        return True

    async def handle_failure(self, _task: Task, _error: BaseException) -> None:
        """There is no forge to tell."""


class ScriptedResearcher(Scripted, Researcher):
    """Finds what is there."""


class ScriptedExplorer(Scripted, Explorer):
    """Asks."""


class ScriptedDocumenter(Scripted, Documenter):
    """Publishes, and answers people."""


@dataclass(frozen=True, slots=True)
class Hired:
    """A worker that works."""

    worker: Worker
    line: Line
    running: asyncio.Task[None]


@dataclass
class Firm:
    """A service. `heard` counts what its workers told; `spendings` are their models' time."""

    folder: Path
    clock: VirtualClock
    models: Models
    config: WorkerConfig = CONFIG
    endpoint: int = 4
    consults: bool = True
    heard: Counter[str] = field(default_factory=Counter)
    spendings: list[Spending] = field(default_factory=list)
    hired: list[Hired] = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        self.database = open_database(f"sqlite:///{self.folder}/service.sqlite", self.folder)
        self.inbox = SqlInbox(self.database, self.clock.now)
        self.store = Store(self.database, self.clock.now)

    def hire(self) -> Hired:
        """One worker more, with a gate of its own on the quotas that all share."""
        self.count += 1
        line, ledger = Line(self.database), SqlLedger(self.database)
        store = Store(line, self.clock.now)  # type: ignore[arg-type]
        spending = Spending()
        self.spendings.append(spending)
        chairs = [Chair(name, name, LocationLimits(hourly=most)) for name, most in self.models.allowed.items()]
        gate = Allocator(chairs, ledger, self.clock, max_concurrent=64, per_endpoint=self.endpoint)
        view = View()
        made: dict[Module, ModuleInterface] = {}
        for kind in (ScriptedResearcher, ScriptedExplorer, ScriptedDocumenter):
            one: Any = object.__new__(kind)
            one.bench, one._attention = _Bench(view), {}
            one.models, one.gate, one.spending = self.models, gate, spending
            made[kind.name] = one

        async def ask(call: Call) -> Reply | None:
            took = await self.models.ask(gate, spending, (call.id, 0), call.priority)
            said: JsonValue = {
                "explorer_weight": 40,
                "documenter_weight": 40,
                "researcher_weight": 20,
                "reasoning": "as it was",
            }
            return Reply(call.id, "supervisor", "answered", said, latency_ms=took * 1_000)

        consultant = Consultant(
            store, Board(self.database, self.clock.now), ask, spending, self._hear, ConsultationConfig(expected_ms=2e4)
        )
        worker = Worker(
            store,
            made,
            view,
            config=self.config,
            name=f"w{self.count}",
            advise=consultant.maybe if self.consults else None,
            listen=self._hear,
        )
        hired = Hired(worker, line, asyncio.get_running_loop().create_task(worker.run()))
        self.hired.append(hired)
        return hired

    async def kill(self, hired: Hired) -> None:
        """As SIGKILL does: it writes nothing more, and its calls have no one to hear the answers."""
        hired.line.cut = True
        for entry in hired.worker.entries:
            entry.lose()
        hired.running.cancel()
        await asyncio.gather(hired.running, return_exceptions=True)
        self.hired.remove(hired)

    async def stop(self) -> None:
        """Orderly, all of them."""
        for each in self.hired:
            each.worker.stop()
        await asyncio.gather(*(each.running for each in self.hired))

    async def deliver(self, event: Event, repo: str, name: str) -> bool:
        """A webhook; whether it was accepted."""
        taken = await self.inbox.accept(Delivery("github", name, name, repo, 5, 7, event))
        for each in self.hired:
            each.worker.wake()
        return isinstance(taken, Accepted)

    async def open(self) -> list[Task]:
        """Tasks that have not ended, or have followers to come."""
        return await self.database.look(lambda db: select(db, OPEN))

    async def tasks(self) -> list[Task]:
        """All."""
        return await self.database.look(lambda db: select(db, "1 = 1"))

    def _hear(self, event: ServiceEvent) -> None:
        self.heard[event.name] += 1


@dataclass(frozen=True, slots=True)
class _Bench:
    ended: View


@contextmanager
def hurried() -> Iterator[VirtualLoop]:
    """A loop of virtual time, in which workers measure by its time, too."""
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    try:
        with patch.object(time, "monotonic", loop.time):
            yield loop
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def config(slots: int, *, kept_s: float = 30 * 86_400.0) -> WorkerConfig:
    """The rig's, with so many slots."""
    return replace(CONFIG, slots=slots, bounds=Bounds(100_000, kept_s))


def memory() -> tempfile.TemporaryDirectory[str]:
    """A folder in memory where there is one: in virtual time nobody waits for a disk."""
    held = Path("/dev/shm")  # noqa: S108
    return tempfile.TemporaryDirectory(dir=held if held.is_dir() else None)
