"""A worker: takes the task that is next, lives up to its leases, makes room, and hands back what it cannot finish."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace

from codedesigner.errors import CodedesignerError
from codedesigner.service.database import DatabaseError
from codedesigner.service.ending import Ends
from codedesigner.service.events import EventName, Listen, ServiceEvent, deaf, submitted
from codedesigner.service.holding import Entry, executed, let_end
from codedesigner.service.modules.base import ModuleInterface, TaskResult
from codedesigner.service.processes import Children, host_name, worker_name
from codedesigner.service.recovery import Recovery
from codedesigner.service.scheduler import (
    DEFAULT_WEIGHTS,
    HOUR_S,
    Pick,
    Scheduler,
    SystemState,
    backlog_of,
    by_repository,
    short,
    weights_or_default,
)
from codedesigner.service.spans import UNTRACED, Spans
from codedesigner.service.store import BOUNDS, Bounds, Store
from codedesigner.service.task import Json, Module, Task

_PARKED_PER_SLOT = 4
NOTE_S = 0.5  # between two looks at who this worker's children are


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """Times in seconds. `slots` tasks run at once; `grace_s` is how long they may take to end when the worker stops,
    `parked_s` how long one waits in memory for its turn.
    """

    slots: int = 4
    lease_s: float = 30.0
    beat_s: float = 5.0
    tick_s: float = 0.5
    grace_s: float = 30.0
    prune_s: float = 600.0
    parked_s: float = 60.0
    bounds: Bounds = BOUNDS


CONFIG = WorkerConfig()


Advise = Callable[[Mapping[Module, float], int], Awaitable[Mapping[Module, float]]]
"""The weights from now on, given those so far and how many tasks this worker has completed."""


class View:
    """Tasks that have ended and whose followers are to be named, as modules see them."""

    def __init__(self) -> None:
        self.tasks: Sequence[Task] = ()

    def __call__(self) -> Sequence[Task]:
        return self.tasks


class Worker:
    """Runs tasks of one store. `can_execute` and `deferred` ask the models' gate, `view` is what modules look at."""

    def __init__(
        self,
        store: Store,
        modules: Mapping[Module, ModuleInterface],
        view: View,
        *,
        config: WorkerConfig = CONFIG,
        name: str = "",
        can_execute: Callable[[Task], bool] = lambda _task: True,
        deferred: Callable[[Task], bool] = lambda _task: False,
        children: Children | None = None,
        advise: Advise | None = None,
        listen: Listen = deaf,
        spans: Spans = UNTRACED,
    ) -> None:
        self.name = name or worker_name()
        self.config = config
        self.weights: Mapping[Module, float] = DEFAULT_WEIGHTS
        self.completed = 0
        self._store = store
        self._modules = modules
        self._view = view
        self._can_execute = can_execute
        self._deferred = deferred
        self._children = children
        self._advise = advise
        self._advised: asyncio.Task[None] | None = None
        self._listen = listen
        self._spans = spans
        self._ends = Ends(store, listen)
        self._recovery = Recovery(store, modules, children, self.name, listen)
        self._scheduler = Scheduler()
        self._entries: dict[str, Entry] = {}
        self._served: deque[tuple[float, str]] = deque()
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()
        self._last_beat = time.monotonic()
        self._last_prune = self._last_noted = float("-inf")
        self._asides: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There may be something new to do."""
        self._woken.set()

    def stop(self) -> None:
        """Begin nothing more; `run` returns once what runs has ended or was handed back."""
        self._stopping.set()
        self._woken.set()

    @property
    def entries(self) -> Sequence[Entry]:
        """What it has, parked tasks included."""
        return tuple(self._entries.values())

    async def run(self) -> None:
        """Recover, and work until `stop`.

        Raises:
            DatabaseError: the database cannot be used at the start.
        """
        await self._recover()
        beats = asyncio.create_task(self._beats())
        try:
            while not self._stopping.is_set():
                if beats.done():
                    beats.result()  # without beats nobody may go on
                await self._guarded(self._tick())
                await self._pause(self.config.tick_s)
        finally:
            await self._end()
            beats.cancel()
            await asyncio.wait({beats})

    async def _recover(self) -> None:
        """What was left is put right and written down first, then modules know what they knew, then tasks go on."""
        freed = await self._recovery.begin()
        self.weights = weights_or_default((await self._store.kept("scheduler")).get("weights"))
        await self._store.register(self.name, host_name(), os.getpid(), self.config.slots)
        self._last_beat = time.monotonic()
        self._tell("recovery.complete", tasks_resumed=freed)

    async def _tick(self) -> None:
        now = time.monotonic()
        if self._children is not None and now - self._last_noted >= NOTE_S:
            self._last_noted = now
            self._children.note()
        self._look_after(now)
        if now - self._recovery.taken_at >= self.config.lease_s / 3:
            await self._recovery.take_over()
        if now - self._last_prune >= self.config.prune_s:
            self._last_prune = now
            await self._store.prune(self.config.bounds)
        if self._advise is not None and (self._advised is None or self._advised.done()):
            self._advised = self._aside(self._weigh(self._advise))
        await self._follow()
        await self._dispatch()

    def _look_after(self, now: float) -> None:
        """A task that waits for long is handed back, with all that it holds in memory: what was answered is kept, and
        what is being answered is waited for.
        """
        for entry in self._entries.values():
            if entry.carrier is not None and entry.carrier.done():
                entry.carrier.result()  # a bug: this worker ends, and whoever comes takes over
            if entry.parked and not entry.turn.asking and now - entry.parked_at >= self.config.parked_s:
                entry.stop()
            entry.end_if_lost()

    async def _weigh(self, advise: Advise) -> None:
        self.weights = await advise(self.weights, self.completed)
        await asyncio.sleep(self.config.beat_s)

    async def _follow(self) -> None:
        """Submit what follows from tasks that have ended, whoever ended them."""
        ended = await self._store.ended()
        if not ended:
            return
        self._view.tasks = ended
        wanted = [task for module in self._modules.values() for task in module.get_pending_tasks()]
        for task in ended:
            after = [one for one in wanted if one.context.get("after") == task.id]
            for one, new in await self._store.follow(task, after):
                self._listen(submitted(one, new=new))

    async def _dispatch(self) -> None:
        """Begin what is next as long as there is room, or somebody makes room for it."""
        waiting = await self._store.waiting()
        while not self._stopping.is_set():
            parked = [
                one.task for one in self._entries.values() if one.parked and not (one.held or one.done or one.lost)
            ]
            candidates, now = waiting + parked, self._store.clock()
            state = self._state(candidates, now)
            pick = await self._picked(candidates, state, now)
            if pick is None:
                return
            waiting = [task for task in waiting if task.id != pick.task.id]
            await self._begin(pick)

    async def _picked(self, candidates: Sequence[Task], state: SystemState, now: float) -> Pick | None:
        """What is next and has room. What is first and has none keeps nothing waiting for which others make room."""
        counted = self._scheduler.recomputed
        pick = self._scheduler.peek_next(candidates, state, now, self._can_execute)
        if candidates and self._scheduler.recomputed != counted:
            self._tell("scheduler.recomputing_priorities", task_count=len(candidates))
        if pick is None or await self._room(pick, state, now):
            return pick
        brief = self._scheduler.next_short(candidates, state, now, self._can_execute)
        found = brief is not None and brief != pick and await self._room(brief, state, now)
        return brief if found else None

    def _state(self, candidates: Sequence[Task], now: float) -> SystemState:
        while self._served and self._served[0][0] < now - HOUR_S:
            self._served.popleft()
        served: dict[str, int] = {}
        for _, repo in self._served:
            served[repo] = served.get(repo, 0) + 1
        running = by_repository(self._running())
        deferred = [task.id for task in candidates if self._deferred(task)]
        return SystemState(backlog_of(candidates), deferred, running, served, self.weights)

    def _running(self) -> list[Task]:
        return [one.task for one in self._entries.values() if not one.parked and not one.done]

    async def _room(self, pick: Pick, state: SystemState, now: float) -> bool:
        running = self._running()
        if len(running) < self.config.slots:
            return True
        victim = self._scheduler.victim(running, pick, state, now)
        crowded = len(self._entries) >= self.config.slots * (1 + _PARKED_PER_SLOT)
        if victim is None or (crowded and not short(pick.task)):  # what is short is never more than slots
            return False
        why: dict[str, Json] = {"reason": "higher_priority", "preempting_task": pick.task.id}
        return await self._park(self._entries[victim.id], why)

    async def _park(self, entry: Entry, why: Mapping[str, Json]) -> bool:
        """Let it wait before its next model call; whether it does."""
        async with entry.lock:
            if entry.done or entry.parked:
                return False
            now = self._store.clock()  # the lease that is known here is as old as the task's beginning
            after = replace(entry.task.paused(now, parked=True), lease_until=now + self.config.lease_s)
            if not await self._store.change(entry.task, after, "task.preempted", why):
                return False
            entry.task, entry.parked_at = after, time.monotonic()
            entry.turn.close()
            self._tell("task.preempted", task_id=after.id, **why)
            return True

    async def _begin(self, pick: Pick) -> None:
        task, entry = pick.task, self._entries.get(pick.task.id)
        detail: dict[str, Json] = {"priority": round(pick.score, 1), "overdue": pick.overdue}
        if entry is not None:
            async with entry.lock:
                if entry.parked and not entry.done and not entry.lost:
                    await self._resume(entry, detail)
            return
        after = await self._store.start(task, self.name, self.config.lease_s, detail)
        if after is None:
            return
        if "after" not in after.context:  # a review is one, however many tasks it has
            self._served.append((after.updated_at, after.work.repo))
        entry = self._entries[after.id] = Entry(after)
        said: dict[str, Json] = {"task_id": after.id, "module": after.module, "task_type": after.task_type, **detail}
        self._tell("task.scheduled", **said)
        self._tell("task.started", task_id=after.id, attempt=after.attempt)
        entry.carrier = asyncio.create_task(self._carry(entry))

    async def _resume(self, entry: Entry, detail: Mapping[str, Json]) -> bool:
        after = await self._store.start(entry.task, self.name, self.config.lease_s, detail)
        if after is None:
            self._lose(entry)
            return False
        entry.task = after
        entry.turn.reopen()
        self._tell("task.resumed", task_id=after.id)
        return True

    async def _carry(self, entry: Entry) -> None:
        """One task from its beginning to whatever its end is."""
        module = self._modules[entry.task.module]
        entry.job = asyncio.create_task(executed(self._store, module, entry, self._spans))
        await asyncio.wait({entry.job})
        if entry.lost and not entry.job.cancelled():
            entry.job.exception()  # whoever has it now says how it ends
        async with entry.lock:
            entry.done = True
        # An absent database does not say when it is back.
        while not entry.lost and not await self._guarded(self._conclude(entry, module, entry.job)):  # noqa: ASYNC110
            await asyncio.sleep(self.config.tick_s)
        del self._entries[entry.task.id]
        self.wake()

    async def _conclude(self, entry: Entry, module: ModuleInterface, job: asyncio.Task[TaskResult]) -> None:
        if job.cancelled():
            await self._ends.hand_back(entry)
            return
        if entry.parked and not await self._resume(entry, {"reason": "it has ended"}):
            return
        error = job.exception()
        if error is None:
            await self._ends.complete(entry, module, job.result())
            self.completed += 1
        else:
            await self._ends.fail(entry, module, error)

    async def _beats(self) -> None:
        """Leases are renewed, and what others want is heard, until the worker has ended."""
        while True:
            await asyncio.sleep(self.config.beat_s)
            if not await self._guarded(self._beat()) and time.monotonic() - self._last_beat > self.config.lease_s:
                for entry in self._entries.values():
                    self._lose(entry)  # somebody else may have it by now

    async def _beat(self) -> None:
        known = [entry for entry in self._entries.values() if not entry.done and not entry.lost]
        carried = [one.task.id for one in self._entries.values() if not one.lost]
        flags = await self._store.beat(self.name, self.config.lease_s, carried)
        self._last_beat = time.monotonic()
        for entry in known:
            wanted = flags.get(entry.task.id)
            if wanted is None:
                self._lose(entry)
            elif wanted.cancelled and not entry.asked and (entry.asking is None or entry.asking.done()):
                entry.asking = self._aside(self._confirm(entry, wanted.cancelled))
            elif wanted.held != entry.held:
                entry.held = wanted.held
                if wanted.held:
                    await self._park(entry, {"reason": "held"})
                self.wake()

    def _lose(self, entry: Entry) -> None:
        if not entry.done and not entry.lost:
            self._tell("task.lost", task_id=entry.task.id)
            entry.lose()

    async def _confirm(self, entry: Entry, why: str) -> None:
        """End it if that is still wanted; else say that it is not."""
        if await self._modules[entry.task.module].is_over(entry.task, why):
            entry.end(why)
        else:
            await self._store.want(entry.task.id, cancelled="")

    def _aside(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._listened(work))
        self._asides.add(task)
        task.add_done_callback(self._asides.discard)
        return task

    async def _listened(self, work: Coroutine[object, object, None]) -> None:
        await self._guarded(work)

    async def _guarded(self, work: Coroutine[object, object, None]) -> bool:
        """Whether it was done; what the database or a forge refuses is told, and tried again by whoever called."""
        try:
            await work
        except CodedesignerError as error:
            self._tell("orchestrator.trouble", error=error.message)
            if isinstance(error, DatabaseError):
                self._recovery.wait()
            return False
        return True

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
        self._woken.clear()

    async def _end(self) -> None:
        """Let what runs end for a while, and hand back the rest."""
        self._tell("orchestrator.stopping", running=len(self._entries))
        await self._guarded(self._store.leave(self.name, gone=False))
        await let_end(self._entries, self.config.grace_s, self.config.tick_s)
        for aside in self._asides:
            aside.cancel()
        await self._guarded(self._store.leave(self.name, gone=True))
        if self._children is not None:
            self._children.close()
        self._tell("orchestrator.stopped")

    def _tell(self, name: EventName, **fields: Json) -> None:
        self._listen(ServiceEvent(name, fields))
