"""The worker pool: who is there, how they are, and the tasks that they are given."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from codedesigner.call.model import Call, Reply
from codedesigner.pool.balance import Strategy
from codedesigner.pool.clock import Clock
from codedesigner.pool.events import Listen, deaf
from codedesigner.pool.executor import Executor
from codedesigner.pool.gate import Demand, Gate
from codedesigner.pool.health import Health, PoolHealth, WorkerHealth
from codedesigner.pool.keep import Replies
from codedesigner.pool.keeper import Keeper
from codedesigner.pool.running import Running
from codedesigner.pool.seat import Seat
from codedesigner.pool.task import Task, TaskHandle, TaskStatus
from codedesigner.pool.worker import PoolError, Worker

REMOVED = "its worker was removed from the pool"


@dataclass(frozen=True, slots=True)
class PoolConfig:
    """How the pool is run; times in milliseconds.

    A worker whose success rate falls below `degradation_threshold`, or whose server says nothing for
    `worker_timeout_ms` in the middle of a call, is degraded: it is asked last.
    """

    min_workers: int = 1
    max_workers: int = 8
    health_check_interval_ms: float = 30_000
    worker_timeout_ms: float = 60_000
    load_balancing_strategy: Strategy = "least_loaded"
    degradation_threshold: float = 0.5
    heartbeat_interval_ms: float = 5_000


class PoolManager:
    """Gives tasks to workers, through the executor, and knows how the workers are.

    It begins with a worker for each seat, the first `max_workers` of them; the locations that are left out are on
    standby. It hears of every call that the executor makes, its own or not.
    """

    def __init__(
        self,
        executor: Executor,
        gate: Gate,
        seats: Mapping[str, Seat],
        config: PoolConfig = PoolConfig(),
        *,
        clock: Clock,
        listen: Listen = deaf,
        rng: Random | None = None,
    ) -> None:
        self.config = config
        self._executor = executor
        self._gate = gate
        self._seats = seats
        self._clock = clock
        self._handles: dict[Running, TaskHandle] = {}
        self._tasks: dict[str, TaskHandle] = {}
        self._closed = False
        self._keeper = Keeper(
            gate,
            clock,
            listen,
            look_s=min(config.heartbeat_interval_ms, config.health_check_interval_ms) / 1000,
            strategy=config.load_balancing_strategy,
            rng=rng or Random(),  # noqa: S311 - chooses workers, keeps no secret
            started=self._started,
        )
        if len(seats) < config.min_workers:
            raise PoolError(f"a pool needs {config.min_workers} locations at least and has {len(seats)}")
        for location_id in list(seats)[: config.max_workers]:
            self._employ(location_id)
        for location_id in self.standby:
            gate.available(location_id, f"not in the pool, which has {config.max_workers} workers at most")
        executor.observe(self._keeper)

    @property
    def workers(self) -> Mapping[str, Worker]:
        """The workers by id."""
        return self._keeper.workers

    @property
    def replies(self) -> Replies | None:
        """Where replies are kept; None: nowhere."""
        return self._executor.replies

    @property
    def standby(self) -> tuple[str, ...]:
        """Ids of the locations without a worker."""
        return tuple(each for each in self._seats if each not in self._keeper.workers)

    @property
    def pending(self) -> tuple[Task, ...]:
        """Tasks that nobody has begun with."""
        return tuple(handle.task for handle in self._tasks.values() if handle.status == "pending")

    @property
    def in_progress(self) -> tuple[Task, ...]:
        """Tasks that a worker is at."""
        return tuple(handle.task for handle in self._tasks.values() if handle.status == "running")

    def add_worker(self, location_id: str) -> Worker:
        """Put a location to work. Raises `PoolError` where there is no such location, it works already, or the pool is
        full.
        """
        if location_id not in self._seats:
            raise PoolError(f"there is no location {location_id}", hint=f"There are: {', '.join(self._seats)}.")
        if location_id in self._keeper.workers:
            raise PoolError(f"location {location_id} has a worker already")
        if len(self._keeper.workers) >= self.config.max_workers:
            raise PoolError(f"the pool has {self.config.max_workers} workers, as many as max_workers allows")
        worker = self._employ(location_id)
        self._gate.available(location_id, None)
        self.rebalance()
        return worker

    async def remove_worker(self, worker_id: str) -> bool:
        """Let a worker finish the attempts that it is at, then take it out; whether it was there.

        Calls that wait for it alone end as offline. Raises `PoolError` where too few would be left.
        """
        worker = self._keeper.workers.get(worker_id)
        if worker is None or worker.leaving:
            return False
        if sum(not each.leaving for each in self._keeper.workers.values()) <= self.config.min_workers:
            raise PoolError(f"the pool has {self.config.min_workers} workers, as few as min_workers allows")
        worker.leaving = True
        self.rebalance()
        self._gate.available(worker.location_id, REMOVED)
        try:
            await self._keeper.drained(worker)
        finally:
            del self._keeper.workers[worker_id]
        return True

    def submit(self, task: Task) -> TaskHandle:
        """Give a task to the pool, on a running event loop. Raises `PoolError` for one that was submitted before, whose
        id another unfinished one has, or where the pool is closed.
        """
        if self._closed:
            raise PoolError("the pool is closed")
        if task.id in self._tasks:
            raise PoolError(f"there is a task {task.id} already that has not ended")
        task.create(self._clock.now())
        call = task.payload
        running = Running(call if call.priority == task.priority else replace(call, priority=task.priority))
        handle = TaskHandle(task, running, self._share)
        self._handles[running] = self._tasks[task.id] = handle
        handle.carrier = asyncio.get_running_loop().create_task(self._carry(handle))
        return handle

    def broadcast(self, task: Task) -> list[TaskHandle]:
        """Give the task to every worker that may do it: a task of its own for each, named `<id>@<worker>`."""
        return [self.submit(_for_one(task, worker)) for worker in self._suited(task)]

    def cancel(self, task_id: str) -> bool:
        """Cancel a task; whether it had not ended."""
        handle = self._tasks.get(task_id)
        return handle is not None and handle.cancel()

    def get_status(self, task_id: str) -> TaskStatus | None:
        """Where an unfinished task is; None: it has ended, or there was none. Its handle knows more."""
        handle = self._tasks.get(task_id)
        return None if handle is None else handle.status

    def get_worker(self, strategy: Strategy | None = None, group: str | None = None) -> Worker | None:
        """The worker that the strategy (None: the pool's) would ask now; None: nobody could be asked."""
        free = [
            worker
            for worker in self._keeper.workers.values()
            if not worker.leaving and self._gate.can_execute(Demand("", (worker.location_id,)))
        ]
        return next(iter(self._keeper.order(free, group, strategy)), None)

    def health_check(self) -> PoolHealth:
        """How the pool is now, as far as is known; asks nobody."""
        workers = tuple(
            WorkerHealth(worker.id, worker.location_id, worker.status, worker.reason)
            for worker in self._keeper.workers.values()
        )
        offline = sum(worker.status == "offline" for worker in workers)
        degraded = sum(worker.status == "degraded" for worker in workers)
        healthy = len(workers) - offline - degraded
        status: Literal["healthy", "degraded", "critical"] = "healthy" if healthy == len(workers) else "degraded"
        return PoolHealth(
            status="critical" if healthy < self.config.min_workers else status,
            total_workers=len(workers),
            healthy_workers=healthy,
            degraded_workers=degraded,
            offline_workers=offline,
            queue_depth=self._executor.waiting,
            average_wait_time_ms=self._executor.get_stats().average_wait_ms,
            workers=workers,
            standby=self.standby,
        )

    def rebalance(self) -> None:
        """Let every task that nobody was asked for yet wait for all workers that may do it now.

        It happens by itself when a worker comes or goes. A task that is moved begins to wait anew.
        """
        for handle in self._tasks.values():
            candidates = self._candidates(handle.task)
            if set(candidates) != set(handle.running.candidates):
                handle.running.move(candidates)

    async def close(self) -> None:
        """Cancel what has not ended, and leave no task of the event loop behind."""
        self._closed = True
        carriers = [handle.carrier for handle in self._tasks.values() if handle.carrier is not None]
        for handle in list(self._tasks.values()):
            handle.running.stop("cancelled", "the pool was closed")
        await asyncio.gather(*carriers, return_exceptions=True)
        await self._keeper.close()

    async def _carry(self, handle: TaskHandle) -> Reply:
        task, running = handle.task, handle.running
        alarm = None
        if task.timeout_ms is not None:
            detail = f"not done after {task.timeout_ms:g} ms"
            alarm = asyncio.get_running_loop().call_later(task.timeout_ms / 1000, running.stop, "timeout", detail)
        try:
            reply = await self._executor.execute(running.call, self._candidates(task), running=running)
            task.end(reply, self._clock.now())
        finally:
            if alarm is not None:
                alarm.cancel()
            if not task.done:
                task.abandon("ended without a reply", self._clock.now())
            del self._handles[running], self._tasks[task.id]
        return reply

    def _employ(self, location_id: str) -> Worker:
        config = self.config
        health = Health(config.degradation_threshold, config.health_check_interval_ms / 1000)
        worker = Worker(self._seats[location_id], self._clock, health, config.worker_timeout_ms / 1000)
        self._keeper.workers[worker.id] = worker
        return worker

    def _suited(self, task: Task) -> list[Worker]:
        return [
            worker
            for worker in self._keeper.workers.values()
            if not worker.leaving
            and task.location_id in (None, worker.location_id)
            and set(task.tags) <= set(worker.seat.tags)
        ]

    def _candidates(self, task: Task) -> tuple[str, ...]:
        suited = tuple(worker.location_id for worker in self._suited(task))
        if not suited and task.location_id is not None:
            return (task.location_id,)  # the gate says why it cannot be asked
        return suited

    def _started(self, running: Running) -> None:
        handle = self._handles.get(running)
        if handle is not None and handle.status == "pending":
            handle.task.start(running.location or "", self._clock.now())

    def _share(self, running: Running) -> float:
        if running.share or running.began_at is None:
            return running.share
        worker = self._keeper.workers.get(running.location or "")
        usual_ms = worker.counts.average_ms or worker.seat.timeout_s * 1000 if worker is not None else 0.0
        elapsed_ms = (self._clock.monotonic() - running.began_at) * 1000
        return elapsed_ms / usual_ms if usual_ms else 0.0


def _for_one(task: Task, worker: Worker) -> Task:
    """The same for one worker; its answer is kept as this worker's."""
    call: Call = task.payload
    key = None if call.key is None else f"{call.key}@{worker.location_id}"
    task_id = f"{task.id}@{worker.id}"
    return Task(
        task_id,
        task.type,
        replace(call, id=task_id, key=key),
        priority=task.priority,
        timeout_ms=task.timeout_ms,
        location_id=worker.location_id,
        tags=task.tags,
    )
