"""One call asked until there is something to say: the loop of attempts, retries and re-asks."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass

from codedesigner.call.ladder import Ladder, Settled, first
from codedesigner.call.model import Completion, Outcome, Reply, Tried, Usage
from codedesigner.call.trouble import OFF, Trouble
from codedesigner.pool.clock import Clock
from codedesigner.pool.events import Listen, PoolEvent
from codedesigner.pool.gate import Demand, Denied, Gate, Grant, Rank
from codedesigner.pool.leader import Leaders, Place
from codedesigner.pool.retrying import MOST_ADAPTED, OUTCOMES, Backoff, decide
from codedesigner.pool.running import Observer, Running
from codedesigner.pool.seat import RetryPolicy, Seat
from codedesigner.pool.stats import ExecutorCounts

GRACE_S = 5.0
"""How long after its time a provider may still be about to give up before it is stopped."""

ONE_CALL = Usage(calls=1)


@dataclass(slots=True)
class Desk:
    """What all calls of an executor share."""

    gate: Gate
    seats: Mapping[str, Seat]
    clock: Clock
    backoff: Backoff
    leaders: Leaders
    counts: ExecutorCounts
    listen: Listen
    observer: Observer
    longest_wait_s: float
    longest_deep_s: float
    timeout_s: float | None
    retry: RetryPolicy | None


class Asking:
    """One call at one of `candidates`, all of which have a seat."""

    __slots__ = (
        "_adapted",
        "_call",
        "_candidates",
        "_desk",
        "_home",
        "_ladders",
        "_place",
        "_places",
        "_rank",
        "_resting",
        "_retried",
        "_rounds",
        "_running",
        "_tokens",
        "_tries",
    )

    def __init__(self, desk: Desk, running: Running, candidates: tuple[str, ...], rank: Rank | None) -> None:
        self._desk = desk
        self._running = running
        self._call = running.call
        self._candidates = candidates
        self._places = len(candidates)
        self._rank = rank
        self._home: str | None = None  # where a re-ask has to go: the answer it is about came from there
        self._resting: set[str] = set()  # failed in this round; asked again when all have
        self._ladders: dict[str, Ladder] = {}
        self._place: Place | None = None
        self._tokens: int | None = None
        self._tries = self._rounds = self._adapted = 0
        self._retried = False

    async def run(self) -> Reply:
        """Ask until there is something to say."""
        if self._call.group is None:
            return await self._loop()
        place = self._place = await self._desk.leaders.enter((self._call.group, self._candidates))
        try:
            return await self._loop()
        finally:
            place.left()

    async def _loop(self) -> Reply:
        desk, reply = self._desk, None
        while reply is None:
            self._running.checkpoint()
            asked_at = desk.clock.monotonic()
            demand = self._demand()
            granted = await desk.gate.acquire(demand, self._rank)
            if isinstance(granted, Denied):
                reply = await self._denied(granted, demand.candidates)
                continue
            now = desk.clock.monotonic()
            desk.counts.waited(now - asked_at)
            result = await self._send(granted, now)
            if isinstance(result, Completion):
                reply = self._heard(granted.location, result)
            else:
                reply = await self._troubled(granted.location, result)
        return reply

    def _demand(self) -> Demand:
        if self._home is not None:
            where: tuple[str, ...] = (self._home,)
        elif self._resting:
            where = tuple(each for each in self._candidates if each not in self._resting)
        else:
            where = self._candidates
        if self._tokens is None:
            self._tokens = max(self._desk.seats[each].provider.tokens(self._ladder(each).attempt) for each in where)
        call = self._call
        wait_s = self._desk.longest_deep_s if call.deep else self._desk.longest_wait_s
        return Demand(call.id, where, self._tokens, call.priority, call.deep, wait_s)

    def _ladder(self, location: str) -> Ladder:
        ladder = self._ladders.get(location)
        if ladder is None:
            ladder = self._ladders[location] = first(self._call, self._desk.seats[location].provider.modes)
        return ladder

    async def _send(self, grant: Grant, now: float) -> Completion | Trouble:
        desk, running, location = self._desk, self._running, grant.location
        seat = desk.seats[location]
        timeout_s = self._call.timeout_s or desk.timeout_s or seat.timeout_s
        result: Completion | Trouble | None = None  # none yet, or none at all because it was stopped
        alarm = asyncio.get_running_loop().call_later(timeout_s + GRACE_S, running.stop, "overdue")
        try:
            running.sent(location, now)
            desk.observer.asked(running)
            attempt = self._ladder(location).attempt
            answer = await seat.provider.send(attempt, timeout_s=timeout_s, beat=self._beat)
            if running.stopped is None or running.take("overdue"):
                result = answer
            else:
                running.checkpoint()  # it was stopped and has answered all the same
        except asyncio.CancelledError:
            if not running.take("overdue"):
                raise
            message = f"no answer within {timeout_s:g} s"
            answer = result = Trouble("timeout", message, latency_ms=(desk.clock.monotonic() - now) * 1000)
        finally:
            alarm.cancel()
            running.asked_at = None
            self._settle(grant, seat, result)
        return answer

    def _settle(self, grant: Grant, seat: Seat, result: Completion | Trouble | None) -> None:
        if isinstance(result, Completion):
            grant.release(result.usage)
            self._running.used(result.usage, seat)
            return
        grant.release(Usage() if isinstance(result, Trouble) and result.kind == "unreachable" else None)
        self._running.used(ONE_CALL, seat)
        if result is None:
            self._desk.observer.ended(self._running, None, readable=False)

    def _beat(self, share: float) -> None:
        running = self._running
        running.share = max(running.share, min(1.0, share))
        if self._place is not None:
            self._place.begun()
        self._desk.observer.beat(running)

    def _heard(self, location: str, completion: Completion) -> Reply | None:
        desk, running = self._desk, self._running
        if self._place is not None:
            self._place.begun()
        if completion.rate is not None:
            desk.gate.observed(location, completion.rate)
        running.model = completion.model
        ladder = self._ladder(location)
        step = ladder.feed(completion, desk.seats[location].provider.modes)
        running.trieds.append(step.tried[-1])
        if isinstance(step, Settled):
            desk.observer.ended(running, completion, readable=step.outcome != "unparseable")
            return self._end(step.outcome, step.detail, step)
        desk.observer.ended(running, completion, readable=step.tried[-1].result != "unreadable")
        desk.counts.re_asks += 1
        self._ladders[location], self._home, self._tokens = step, location, None
        return None

    async def _denied(self, denied: Denied, asked_for: tuple[str, ...]) -> Reply | None:
        """Nobody may be asked of those who were asked for; there may be others."""
        self._candidates = tuple(each for each in self._candidates if each not in asked_for)
        trouble = self._running.trouble
        if denied.outcome == "cancelled" or not self._candidates:
            before = "" if trouble is None else f" (before that: {trouble.message})"
            return self._end(denied.outcome, f"{denied.detail}{before}")
        self._home = self._tokens = None
        if trouble is None or any(each not in self._resting for each in self._candidates):
            return None
        policy = self._policy(self._candidates[0])
        if self._tries >= max(policy.max_attempts, self._places):
            return self._end(OUTCOMES[trouble.kind], trouble.message)
        await self._wait(self._next_round(trouble, policy))
        return None

    async def _troubled(self, location: str, trouble: Trouble) -> Reply | None:
        desk, running = self._desk, self._running
        running.trouble = trouble
        desk.observer.ended(running, trouble, readable=False)
        mode = self._ladder(location).attempt.mode
        running.trieds.append(Tried(mode, trouble.kind, trouble.message, trouble.latency_ms))
        if trouble.retry == "adapted":
            return self._adapt(location, trouble)
        if self._place is not None:
            self._place.failed()
        limited = trouble.kind == "rate_limited"
        self._tries += not limited or desk.longest_wait_s < math.inf
        if limited:
            desk.gate.limited(location, trouble.retry_after_s)
        if trouble.kind in OFF:
            desk.gate.available(location, trouble.message)
        return await self._step(location, trouble)

    async def _step(self, location: str, trouble: Trouble) -> Reply | None:
        policy = self._policy(location)
        self._resting.add(location)
        step = decide(
            trouble,
            tries=self._tries,
            most=max(policy.max_attempts, self._places),
            others=any(each not in self._resting for each in self._candidates),
            later=any(each != location for each in self._candidates),
            longest_wait_s=self._desk.longest_wait_s,
        )
        if step.out:
            self._candidates = tuple(each for each in self._candidates if each != location)
        if step.act == "end":
            return self._end(step.outcome, trouble.message)
        self._count_retry(trouble)
        self._tokens = None
        if step.out or step.act == "elsewhere":
            self._home = None
        wait_s = self._next_round(trouble, policy) if step.act == "again" else 0.0
        self._tell(location, trouble, wait_s)
        await self._wait(wait_s)
        return None

    def _policy(self, location: str) -> RetryPolicy:
        return self._desk.retry or self._desk.seats[location].retry

    async def _wait(self, seconds: float) -> None:
        if seconds:
            await self._desk.clock.sleep(seconds)

    def _next_round(self, trouble: Trouble, policy: RetryPolicy) -> float:
        """Everybody may be asked again; the seconds until then."""
        self._resting.clear()
        self._rounds += 1
        if trouble.kind == "rate_limited":
            self._desk.counts.limited += 1
            return 0.0  # the gate holds the location
        return max(self._desk.backoff.seconds(policy, self._rounds), trouble.retry_after_s or 0.0)

    def _adapt(self, location: str, trouble: Trouble) -> Reply | None:
        self._adapted += 1
        if self._adapted > MOST_ADAPTED:
            return self._end("rejected", trouble.message)
        self._count_retry(trouble)
        self._home, self._tokens = location, None
        ladder, modes = self._ladder(location), self._desk.seats[location].provider.modes
        if ladder.attempt.mode not in modes:
            self._ladders[location] = ladder.in_mode(modes)
        self._tell(location, trouble, 0.0)
        return None

    def _count_retry(self, trouble: Trouble) -> None:
        self._desk.counts.retries[trouble.kind] += 1
        self._desk.counts.retried += not self._retried
        self._retried = True

    def _tell(self, location: str, trouble: Trouble, wait_s: float) -> None:
        fields: dict[str, str | int | float] = {
            "call": self._call.id,
            "kind": trouble.kind,
            "tries": self._tries,
            "wait_s": round(wait_s, 3),
        }
        self._desk.listen(PoolEvent("llm.retry", location, fields))

    def _end(self, outcome: Outcome, detail: str, step: Settled | None = None) -> Reply:
        now = self._desk.clock.monotonic()
        if step is None:
            return self._running.reply(outcome, now=now, detail=detail)
        return self._running.reply(outcome, now=now, value=step.value, text=step.text, detail=detail)
