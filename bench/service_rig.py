"""Real workers on a real database over models that are only said to take time, in the time of `bench.virtual`.

The inbox, the store, the workers, the scheduler, the pool with its executor, the allocator, the ledger of quotas and
the consultation are the service's own. Modules ask models as many questions as a task of their type does, through the
task's turn; what was answered is kept for whoever takes the task next, as the service's store of replies does.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

from bench.servers import Kept, Servers
from bench.virtual import VirtualClock, VirtualLoop
from sqlalchemy import Connection

from codedesigner.assembly.pool import executor_config, pool_config
from codedesigner.call.model import Call, Prompt, Reply
from codedesigner.config.settings import Settings
from codedesigner.errors import UnavailableError
from codedesigner.event.model import Event
from codedesigner.location.poolsettings import PoolSettings
from codedesigner.pool.allocator import Allocator
from codedesigner.pool.events import Listen as PoolListen
from codedesigner.pool.events import PoolEvent, deaf
from codedesigner.pool.executor import Executor
from codedesigner.pool.gate import PERSON, Demand
from codedesigner.pool.lent import Lent, Turn
from codedesigner.pool.manager import PoolManager
from codedesigner.pool.task import Task as PoolTask
from codedesigner.service.board import Board
from codedesigner.service.consultation import Consultant, Spending
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
from codedesigner.service.settings import FOR_PEOPLE
from codedesigner.service.store import Bounds, Store
from codedesigner.service.task import MODULES, Json, Module, Task, TaskType
from codedesigner.service.worker import View, Worker, WorkerConfig

T = TypeVar("T")

CONFIG = WorkerConfig(tick_s=15.0, beat_s=10.0, grace_s=60.0)
"""The service's own but for how often is looked, as whatever happens wakes the workers anyway."""
CALLS = {"exploration": 9, "critique": 2, "synthesis": 1, "address_comment": 1, "queue": 6}
"""Questions to models of a task, and of a merge queue's review; those that are not here ask none and take `PLAIN_S`."""
REVIEW_CALLS = CALLS["exploration"] + CALLS["critique"] + CALLS["synthesis"]
_NEXT = {
    "exploration": "critique",
    "critique": "synthesis",
    "synthesis": "review",
    "review": "incorporate_insight",
}
SUPERVISED: frozenset[TaskType] = frozenset({"address_comment", "synthesis"})
"""Tasks whose questions go to the supervisor."""
_SETTINGS, _POOL = Settings(), PoolSettings()
PLAIN_S = 20.0
OPEN = "state IN ('pending', 'running', 'paused') OR followed = 0"


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
class House:
    """What a worker's tasks ask models by: its gate, and the servers behind it.

    `unanswered` counts questions that came to nothing, by location.
    """

    servers: Servers
    gate: Allocator
    listen: PoolListen
    supervisor: str
    unanswered: Counter[str] = field(default_factory=Counter)

    @asynccontextmanager
    async def pool(self, turn: Turn, only: str | None = None) -> AsyncIterator[PoolManager]:
        """A pool for one task, put together as a review's is; its locations look around less often, to save time."""
        seats = {
            name: seat for name, seat in self.servers.seats(self.supervisor).items() if only is None or name == only
        }
        lent, clock = Lent(self.gate, turn), self.servers.clock
        config = executor_config(_SETTINGS, _POOL, patient=True)
        executor = Executor(lent, seats, clock, replies=Kept(self.servers), config=config, listen=self.listen)
        manager = PoolManager(
            executor, lent, seats, replace(pool_config(_POOL), heartbeat_interval_ms=30_000), clock=clock, listen=deaf
        )
        try:
            yield manager
        finally:
            await manager.close()

    async def ask(self, pool: PoolManager, call: Call, location: str) -> Reply:
        """One question."""
        reply = await pool.submit(PoolTask(call.id, "verify", call, priority=call.priority, location_id=location))
        if not reply.good and reply.outcome != "cancelled":
            self.unanswered[location] += 1
        return reply

    def where(self, task: Task, number: int) -> str:
        """Whom a task asks: the supervisor what is his, everybody in turn else, as each question goes to each."""
        kind, number = task.task_type, number + int(task.task_key[-4:], 16)
        voters = [name for name in self.servers.servers if name != self.supervisor]
        return self.supervisor if kind in SUPERVISED or not voters else voters[number % len(voters)]


class Scripted:
    """What the three modules have in common here: the work itself."""

    house: House

    async def execute_task(self, task: Task, llm: Turn) -> TaskResult:
        """Ask as many questions as such a task does."""
        house, kind = self.house, task.task_type
        count = CALLS.get("queue" if task.work.kind == "queue" else kind, 0)
        if not count:
            await asyncio.sleep(PLAIN_S)
            return _result(task, [])
        priority = PERSON if kind == "address_comment" else 5.0
        async with house.pool(llm, house.supervisor if kind in SUPERVISED else None) as pool:
            replies = await asyncio.gather(
                *(house.ask(pool, _question(task, n, priority), house.where(task, n)) for n in range(count))
            )
        if llm.cancelled:
            if llm.cancelled.startswith("superseded"):
                return TaskResult("superseded")
            raise asyncio.CancelledError(llm.cancelled)
        if all(each.outcome == "offline" for each in replies):
            raise UnavailableError("no model can be reached")
        return _result(task, replies)

    async def is_over(self, _task: Task, _why: str) -> bool:
        """The newer head is one."""
        return True

    async def handle_failure(self, _task: Task, _error: BaseException) -> None:
        """There is no forge to tell."""


def _question(task: Task, number: int, priority: float) -> Call:
    name = f"{task.task_key}-{number}"
    return Call(name, Prompt("", "", name), priority=priority, key=name)


def _result(task: Task, replies: Sequence[Reply]) -> TaskResult:
    found: dict[str, Json] = {"unheard": sum(not each.good for each in replies)}
    if task.task_type == "generate_questions":
        found |= {"number": task.work.number, "head": task.work.head}
    if task.task_type in _NEXT and task.work.kind != "queue":
        found["next"] = _NEXT[task.task_type]
    return TaskResult(context=found)


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
    """A service. `heard` counts what its workers told; `spendings` are their models' time; `weights` is what was
    advised, and when.
    """

    folder: Path
    clock: VirtualClock
    servers: Servers
    config: WorkerConfig = CONFIG
    endpoint: int = 4
    consults: bool = True
    supervisor: str = ""
    for_people: float = FOR_PEOPLE
    urgency: Callable[[str], int] = lambda _repo: 0
    heard: Counter[str] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    spendings: list[Spending] = field(default_factory=list)
    weights: list[tuple[float, Mapping[Module, float]]] = field(default_factory=list)
    hired: list[Hired] = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        self.open_up()

    def open_up(self) -> None:
        """The database, as the receivers have it."""
        self.database = open_database(f"sqlite:///{self.folder}/service.sqlite", self.folder)
        self.inbox = SqlInbox(self.database, self.clock.now, urgency=self.urgency)
        self.store = Store(self.database, self.clock.now)

    def hire(self) -> Hired:
        """One worker more, with a gate of its own on the quotas that all share."""
        self.count += 1
        line = Line(self.database)
        store = Store(line, self.clock.now)  # type: ignore[arg-type]
        spending = Spending()
        self.spendings.append(spending)

        def told(event: PoolEvent) -> None:
            spending(event)
            self.heard[event.name] += 1

        ledger = SqlLedger(self.database)
        gate = Allocator(
            (),
            ledger,
            self.clock,
            max_concurrent=64,
            per_endpoint=self.endpoint,
            for_people=self.for_people,
            listen=told,
        )
        for name, seat in self.servers.seats(self.supervisor).items():
            gate.add(seat, for_people=name == self.supervisor)
        house = House(self.servers, gate, told, self.supervisor, self.unanswered)
        view = View()
        made: dict[Module, ModuleInterface] = {}
        for kind in (ScriptedResearcher, ScriptedExplorer, ScriptedDocumenter):
            one: Any = object.__new__(kind)
            one.bench, one._attention, one.house = _Bench(view), {}, house
            made[kind.name] = one

        async def ask(call: Call) -> Reply | None:
            async with house.pool(Turn(), self.supervisor) as pool:
                return await house.ask(pool, call, self.supervisor)

        consultant = Consultant(store, Board(self.database, self.clock.now), ask, spending, self._hear)
        worker = Worker(
            store,
            made,
            view,
            config=self.config,
            name=f"w{self.count}",
            can_execute=lambda task: task.module != "explorer" or self._may(gate),
            advise=consultant.maybe if self.consults else None,
            listen=self._hear,
        )
        hired = Hired(worker, line, asyncio.get_running_loop().create_task(worker.run()))
        self.hired.append(hired)
        return hired

    def _may(self, gate: Allocator) -> bool:
        """As `SharedModels.can_execute`."""
        return any(gate.can_execute(Demand("", (name,))) for name in self.servers.servers)

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
        self.hired.clear()

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
        if event.name == "scheduler.priority_consultation":
            said = {each: event.fields.get(f"{each}_weight") for each in MODULES}
            given = {each: float(value) for each, value in said.items() if isinstance(value, int | float)}
            self.weights.append((self.clock.now(), given))


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
