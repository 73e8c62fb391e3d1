"""Calls to models, many at a time: each comes to exactly one reply, whatever its server does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from codedesigner.call.model import Call, Outcome, Reply, Usage
from codedesigner.pool.asking import Asking, Desk
from codedesigner.pool.batch import Asked, Batch, ParallelResult, gathered
from codedesigner.pool.clock import Clock
from codedesigner.pool.events import Listen, PoolEvent, deaf
from codedesigner.pool.gate import Gate, Rank
from codedesigner.pool.keep import Replies
from codedesigner.pool.leader import FIRST_WAIT_S, Leaders
from codedesigner.pool.retrying import Backoff
from codedesigner.pool.running import Nobody, Observer, Running
from codedesigner.pool.seat import RetryPolicy, Seat
from codedesigner.pool.stats import ExecutorCounts, ExecutorStats

LONGEST_WAIT_S = 120.0
LONGEST_DEEP_S = 900.0
"""So long deep thinking is waited for; whoever wants it can be asked without."""


@dataclass(frozen=True, slots=True)
class ExecutorConfig:
    """How calls are made. Times in seconds.

    `max_concurrent` and `per_endpoint_limit` are kept by the gate; a batch takes no more than twice `max_concurrent`
    calls from its source ahead of the replies that were taken from it. `timeout_s` (one attempt's) and `retry` hold
    for all locations; None: each location's own, 30 s and three attempts where it says nothing. `total_timeout_s` is
    a batch's. Nobody waits longer than `longest_wait_s` for a limit, and no call that asks for deep thinking longer
    than `longest_deep_s`; where the first is infinity, a server's refusal for its limit is no failed
    attempt but a wait. `first_wait_s` is how long the calls of a group wait for the one that leads them.
    """

    max_concurrent: int = 4
    per_endpoint_limit: int = 2
    timeout_s: float | None = None
    retry: RetryPolicy | None = None
    total_timeout_s: float = 300.0
    longest_wait_s: float = LONGEST_WAIT_S
    longest_deep_s: float = LONGEST_DEEP_S
    first_wait_s: float = FIRST_WAIT_S


class Executor:
    """Asks models through the gate.

    `seats` by location id; the mapping may change while calls are made. `replies` keeps answers, None: nothing is
    kept. `rng` spreads the waits between attempts.
    """

    def __init__(
        self,
        gate: Gate,
        seats: Mapping[str, Seat],
        clock: Clock,
        *,
        replies: Replies | None = None,
        config: ExecutorConfig = ExecutorConfig(),
        listen: Listen = deaf,
        rng: Random | None = None,
    ) -> None:
        self.config = config
        self._seats = seats
        self._clock = clock
        self._replies = replies
        self._listen = listen
        self._counts = ExecutorCounts()
        self._running: set[Running] = set()
        self._asking: dict[tuple[str, tuple[str, ...]], asyncio.Future[Reply | None]] = {}
        self._desk = Desk(
            gate=gate,
            seats=seats,
            clock=clock,
            backoff=Backoff(rng or Random()),  # noqa: S311 - spreads waits, keeps no secret
            leaders=Leaders(config.first_wait_s),
            counts=self._counts,
            listen=listen,
            observer=Nobody(),
            longest_wait_s=config.longest_wait_s,
            longest_deep_s=min(config.longest_wait_s, config.longest_deep_s),
            timeout_s=config.timeout_s,
            retry=config.retry,
        )

    def observe(self, observer: Observer) -> None:
        """From now on, tell the observer of every attempt; there is one at a time."""
        self._desk.observer = observer

    async def execute(
        self, call: Call, candidates: Sequence[str], *, rank: Rank | None = None, running: Running | None = None
    ) -> Reply:
        """Ask one of the candidates (location ids) and say what came of it.

        `running` is followed by whoever made it (for this call, once). Raises nothing but `asyncio.CancelledError`
        where the caller's task is cancelled, which also stops the call at its server.
        """
        running = running or Running(call)
        running.enter(tuple(candidates))
        self._counts.started += 1
        self._running.add(running)
        try:
            reply = await self._until_it_stays(running, rank)
        except asyncio.CancelledError:
            ours = running.owns_cancellation()
            outcome: Outcome = "timeout" if ours and running.stopped == "timeout" else "cancelled"
            reply = running.reply(outcome, now=self._clock.monotonic(), detail=running.detail or outcome)
            if not ours:
                self._counts.ended(reply)
                raise
        finally:
            self._running.discard(running)
        self._counts.ended(reply)
        if self._listen is not deaf:
            self._tell(reply)
        return reply

    def cancel(self, call_id: str) -> bool:
        """End the call as cancelled, at its server, too; whether it was on its way. Looks at all calls on their way."""
        found = [running for running in self._running if running.call.id == call_id]
        return sum(running.stop("cancelled") for running in found) > 0

    def execute_batch(
        self, calls: Iterable[Asked] | AsyncIterable[Asked], *, total_timeout_s: float | None = None
    ) -> AsyncGenerator[Reply, None]:
        """Ask all the calls (each with its candidates); replies come as they are ready, exactly one for each call.

        The source is read as replies are taken. After `total_timeout_s` (None: the configuration's), calls that have
        been sent end as `timeout` and all others as `cancelled`; an asynchronous source is then not read on. Closing
        the iterator stops what is on its way.
        """
        limit = self.config.total_timeout_s if total_timeout_s is None else total_timeout_s
        return Batch(self._ask, calls, window=2 * self.config.max_concurrent, total_timeout_s=limit).replies()

    async def execute_parallel(
        self, calls: Iterable[Asked] | AsyncIterable[Asked], *, total_timeout_s: float | None = None
    ) -> ParallelResult:
        """Ask all the calls and add up what came of them; see `execute_batch`."""
        return gathered([reply async for reply in self.execute_batch(calls, total_timeout_s=total_timeout_s)])

    def get_stats(self) -> ExecutorStats:
        """The counts as they are now."""
        return self._counts.stats(len(self._running))

    @property
    def replies(self) -> Replies | None:
        """Where replies are kept."""
        return self._replies

    @property
    def waiting(self) -> int:
        """How many calls are on their way without being asked just now."""
        return sum(running.asked_at is None for running in self._running)

    async def _ask(self, running: Running, candidates: Sequence[str]) -> Reply:
        return await self.execute(running.call, candidates, running=running)

    async def _until_it_stays(self, running: Running, rank: Rank | None) -> Reply:
        while True:
            try:
                running.checkpoint()
                return await self._once(running, running.candidates, rank)
            except asyncio.CancelledError:
                if not running.take("moved"):
                    raise

    async def _once(self, running: Running, candidates: tuple[str, ...], rank: Rank | None) -> Reply:
        """Identical calls that are on their way at the same time are asked once."""
        key = running.call.key
        if key is None:
            return await self._fresh(running, candidates, rank)
        mark = (key, candidates)
        while (pending := self._asking.get(mark)) is not None:
            # Where the one who asks is stopped, there is no reply, and the next one asks.
            shared = await asyncio.shield(pending)
            if shared is not None:
                return self._copy(shared, running.call.id)
        self._asking[mark] = pending = asyncio.get_running_loop().create_future()
        reply: Reply | None = None
        try:
            reply = await self._kept(key, running, candidates) or await self._fresh(running, candidates, rank)
            if reply.good and not reply.from_store and self._replies is not None:
                await self._replies.put(key, reply)
        finally:
            del self._asking[mark]
            pending.set_result(reply)
        return reply

    async def _kept(self, key: str, running: Running, candidates: tuple[str, ...]) -> Reply | None:
        if self._replies is None:
            return None
        kept = await self._replies.get(key)
        # An answer is credited to the location that gave it, so it does not stand in for another's.
        if kept is None or not kept.good or kept.location not in candidates:
            return None
        return self._copy(kept, running.call.id)

    async def _fresh(self, running: Running, candidates: tuple[str, ...], rank: Rank | None) -> Reply:
        known = tuple(each for each in dict.fromkeys(candidates) if each in self._seats)
        if not known:
            named = ", ".join(candidates) or "none was named"
            return running.reply("offline", now=self._clock.monotonic(), detail=f"no such location: {named}"[:300])
        if rank is None and len(known) > 1:
            rank = self._desk.observer.rank(running.call)
        return await Asking(self._desk, running, known, rank).run()

    def _copy(self, reply: Reply, call_id: str) -> Reply:
        free = None if reply.usd is None else 0.0
        return replace(reply, call_id=call_id, usage=Usage(), usd=free, tried=(), latency_ms=0.0, from_store=reply.good)

    def _tell(self, reply: Reply) -> None:
        fields: dict[str, str | int | float] = {
            "call": reply.call_id,
            "outcome": reply.outcome,
            "ms": round(reply.latency_ms, 1),
            "attempts": reply.usage.calls,
            "tokens_in": reply.usage.tokens_in,
            "tokens_out": reply.usage.tokens_out,
            "stored": int(reply.from_store),
        }
        self._listen(PoolEvent("llm.answered", reply.location, fields))
