"""Keeps watch over the workers: counts what they do, says that they are alive, checks those that are not well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random

from codedesigner.call.model import Call, Completion, Usage
from codedesigner.call.trouble import Trouble
from codedesigner.pool.balance import STRATEGIES, Strategy
from codedesigner.pool.clock import Clock
from codedesigner.pool.events import EventName, Listen, PoolEvent
from codedesigner.pool.gate import CHECK, Demand, Denied, Gate, Rank
from codedesigner.pool.running import Running
from codedesigner.pool.worker import Worker

CHECK_TIMEOUT_S = 10.0


class Keeper:
    """Implements `Observer` for the workers of a pool, whoever starts a call.

    Its loop runs while a call is under way or a worker is not well, and takes a look every `look_s` seconds.
    `started` hears of the first attempt of every call.
    """

    def __init__(
        self,
        gate: Gate,
        clock: Clock,
        listen: Listen,
        *,
        look_s: float,
        strategy: Strategy,
        rng: Random,
        started: Callable[[Running], None],
    ) -> None:
        self.workers: dict[str, Worker] = {}
        self._gate = gate
        self._clock = clock
        self._listen = listen
        self._look_s = look_s
        self._strategy = strategy
        self._rng = rng
        self._started = started
        self._asked = 0
        self._closed = False
        self._loop: asyncio.Task[None] | None = None
        self._checks: dict[str, asyncio.Task[None]] = {}

    def order(self, workers: Sequence[Worker], group: str | None, strategy: Strategy | None = None) -> list[Worker]:
        """The workers in the order of the strategy; who is not well comes last."""
        ordered = STRATEGIES[strategy or self._strategy](workers, group, self._rng)
        wanted = {worker.id: number for number, worker in enumerate(ordered)}
        return sorted(workers, key=lambda worker: (worker.condition != "well", wanted[worker.id]))

    def rank(self, call: Call) -> Rank | None:
        """The same for the gate."""
        return lambda free: self._ranked(free, call.group)

    def asked(self, running: Running) -> None:
        """An attempt was sent."""
        worker = self.workers.get(running.location or "")
        if worker is not None:
            self._asked += 1
            worker.asked_number = self._asked
            worker.counts.started += 1
            worker.running[running] = None
            worker.beat()
            self.watch()
        if running.attempts == 1:
            self._started(running)

    def beat(self, running: Running) -> None:
        """A part of the answer has come."""
        worker = self.workers.get(running.location or "")
        if worker is not None:
            worker.sign()
            self._notice(worker)

    def ended(self, running: Running, result: Completion | Trouble | None, *, readable: bool) -> None:
        """An attempt has ended."""
        worker = self.workers.get(running.location or "")
        if worker is None or running not in worker.running:
            return
        del worker.running[running]
        worker.idle.set()
        if result is None:  # stopped by us: it says nothing about the server
            worker.counts.stopped += 1
            return
        worker.sign()
        if isinstance(result, Completion):
            worker.counts.answer(result.latency_ms, result.usage)
            worker.health.answered(self._clock.monotonic(), readable=readable)
        else:
            worker.health.failed(result, self._clock.monotonic())
        worker.counts.succeeded += readable
        worker.counts.failed += not readable
        self._notice(worker)

    def watch(self) -> None:
        """See to it that the loop runs."""
        if not self._closed and (self._loop is None or self._loop.done()):
            self._loop = asyncio.get_running_loop().create_task(self._look_around())

    async def drained(self, worker: Worker) -> None:
        """Wait until the worker is at nothing."""
        while worker.running:
            worker.idle.clear()
            await worker.idle.wait()

    async def close(self) -> None:
        """End the loop and all checks, for good."""
        self._closed = True
        tasks = [*self._checks.values(), *([self._loop] if self._loop is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ranked(self, free: Sequence[str], group: str | None) -> list[str]:
        known = [self.workers[each] for each in free if each in self.workers]
        return [worker.id for worker in self.order(known, group)] + [each for each in free if each not in self.workers]

    def _notice(self, worker: Worker) -> None:
        """Tell everybody where a worker's condition has changed."""
        before, now = worker.known, worker.condition
        if before == now:
            return
        worker.known = now
        if now == "offline":
            self._gate.available(worker.location_id, worker.reason)
        elif before == "offline" and not worker.leaving:
            self._gate.available(worker.location_id, None)
        names: dict[str, EventName] = {"offline": "llm.offline", "degraded": "llm.degraded", "well": "llm.recovered"}
        fields = {"reason": worker.reason} if worker.reason else {}
        self._listen(PoolEvent(names[now], worker.location_id, fields))
        if now != "well":
            self.watch()

    async def _look_around(self) -> None:
        while any(worker.running or worker.condition != "well" for worker in self.workers.values()):
            await self._clock.sleep(self._look_s)
            now = self._clock.monotonic()
            for worker in list(self.workers.values()):
                if worker.running:
                    worker.beat()
                    self._tell_alive(worker)
                self._notice(worker)
                if worker.id not in self._checks and worker.health.check_due(now):
                    self._start_check(worker)

    def _tell_alive(self, worker: Worker) -> None:
        fields = {
            "calls": worker.load,
            "silent_s": round(worker.silent_s, 1),
            "share": round(max(running.share for running in worker.running), 3),
        }
        self._listen(PoolEvent("llm.heartbeat", worker.location_id, fields))

    def _start_check(self, worker: Worker) -> None:
        task = asyncio.get_running_loop().create_task(self._check(worker))
        self._checks[worker.id] = task
        task.add_done_callback(lambda _task: self._checks.pop(worker.id, None))

    async def _check(self, worker: Worker) -> None:
        demand = Demand(f"check:{worker.id}", (worker.location_id,), priority=CHECK, wait_s=0.0)
        grant = await self._gate.acquire(demand)
        # That it is offline is what is to be found out; any other refusal is about limits, which a check keeps, too.
        if isinstance(grant, Denied) and grant.outcome != "offline":
            worker.health.postpone(self._clock.monotonic())
            return
        well = False
        try:
            trouble = await worker.seat.provider.check(timeout_s=CHECK_TIMEOUT_S)
            well = trouble is None
        finally:
            if not isinstance(grant, Denied):
                grant.release(Usage(calls=1) if well else None)
        worker.health.checked(trouble, self._clock.monotonic())
        worker.beat()
        self._notice(worker)
