"""The one gate: every call to a model asks here whether it may go now, and where."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Iterable
from typing import Final

from codedesigner.call.model import RateState, Usage
from codedesigner.pool.alloc_hall import Chair, Hall, Look, Wants
from codedesigner.pool.alloc_lesson import ended_well, refused, spent
from codedesigner.pool.alloc_obstacle import never_fits, too_long, verdict
from codedesigner.pool.alloc_place import Place, Visit
from codedesigner.pool.clock import Clock
from codedesigner.pool.events import EventName, Listen, PoolEvent, deaf
from codedesigner.pool.gate import Demand, Denied, Rank
from codedesigner.pool.ledger import Ledger, LedgerError
from codedesigner.pool.queue import AGEING, Ageing, TaskQueue, Waiter

_SHORTEST_SLEEP_S: Final = 0.001
_LONGEST_SLEEP_S: Final = 60.0  # another process may have changed what we wait for
_RECENT: Final = 100  # grants whose waits are averaged


def _people(wants: Wants) -> bool:
    return wants.person


def _nobody(_wants: Wants) -> bool:
    return False


class Granted:
    """Implements `Grant`."""

    __slots__ = ("_gate", "_place", "_visit")

    def __init__(self, gate: Allocator, place: Place, visit: Visit) -> None:
        self._gate = gate
        self._place = place
        self._visit: Visit | None = visit

    @property
    def location(self) -> str:
        """Where the call goes."""
        return self._place.id

    def release(self, usage: Usage | None = None) -> None:
        """The call has ended; without `usage` what was reserved for it goes on counting, and it did not end well.

        Where `usage` counts no call, none has reached the server.
        """
        visit, self._visit = self._visit, None
        if visit is not None:
            self._gate.left(self._place, visit, usage, well=usage is not None and usage != Usage())

    def undo(self) -> None:
        """The call was never made: it has used nothing, and says nothing about the location."""
        visit, self._visit = self._visit, None
        if visit is not None:
            self._gate.left(self._place, visit, Usage(), well=False)


class Waiting:
    """Somebody before the gate, since `arrived` (Unix time)."""

    __slots__ = ("answer", "arrived", "demand", "rank", "waiter", "wants")

    def __init__(self, demand: Demand, rank: Rank | None, wants: Wants, arrived: float) -> None:
        self.demand = demand
        self.rank = rank
        self.wants = wants
        self.arrived = arrived
        self.answer: asyncio.Future[Granted | Denied] | None = None
        self.waiter: Waiter[Wants, Waiting] | None = None  # their place in the queue


class Allocator:
    """Implements `Gate`. It belongs to one event loop; processes that share the ledger share the quotas.

    At most `max_concurrent` calls are in flight, `per_endpoint` of them at one endpoint. A location's own `concurrent`
    takes the place of `per_endpoint` for it; several at one endpoint share the most that any of them allows.

    Where `for_people` is a share, calls for people (`Demand.person`) are next whenever somebody leaves, and nobody else
    may use up the last of a location's limits: so much of each is left for people. A place that is taken is nobody's to
    take back, so a person waits for one call at the most.

    What has been let in counts in the ledger from then on, whatever comes of it. Nobody is let in while the ledger
    cannot be used. A released slot is given away in the loop's next turn, so what its call says about the location
    (`limited`, `observed`) is heard before, when it is said in the turn of the release.
    """

    def __init__(
        self,
        seats: Iterable[Chair],
        ledger: Ledger,
        clock: Clock,
        *,
        max_concurrent: int = 4,
        per_endpoint: int = 2,
        for_people: float = 0.0,
        ageing: Ageing = AGEING,
        listen: Listen = deaf,
    ) -> None:
        self._clock = clock
        self._max = max_concurrent
        self._for_people = for_people
        self._listen = listen
        self._hall = Hall(ledger, per_endpoint, for_people, self._ledger_broke)
        self._in_flight = 0
        self._queue: TaskQueue[Wants, Waiting] = TaskQueue(ageing, first=_people if for_people else _nobody)
        self._waits: deque[float] = deque(maxlen=_RECENT)
        self._due = False
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at = math.inf
        # Who is next at a place but needs more tokens than there are just now: nobody less urgent goes before them.
        self._short_of_tokens: dict[str, Waiting] = {}
        self._weighed: dict[Wants, tuple[float, ...]] = {}  # obstacles that nobody of the group gave up before
        self._shortest_wait_s = math.inf
        self._loop: asyncio.AbstractEventLoop | None = None
        for seat in seats:
            self.add(seat)

    @property
    def waiting(self) -> int:
        """How many wait."""
        return self._queue.depth

    @property
    def average_wait_s(self) -> float:
        """How long the last hundred that were let in had waited, on average."""
        return sum(self._waits) / len(self._waits) if self._waits else 0.0

    def in_flight(self, *, location: str | None = None, endpoint: str | None = None) -> int:
        """How many calls are in flight: all, or those at a location, or those at an endpoint."""
        if location is None and endpoint is None:
            return self._in_flight
        return self._hall.in_flight(location=location, endpoint=endpoint)

    def add(self, seat: Chair, *, for_people: bool = True) -> None:
        """A location more; `for_people`: people's questions are put to it. Raises `ValueError` where there is one of
        that id.
        """
        self._hall.add(seat, for_people=for_people)
        self._serve()

    def remove(self, location: str) -> None:
        """A location less: nobody is let in there any more. Calls that are there end as they would have."""
        self._hall.remove(location)
        self._serve()

    async def acquire(self, demand: Demand, rank: Rank | None = None) -> Granted | Denied:
        """Wait until one of the candidates may be asked. Cancelling the wait leaves nothing behind."""
        now = self._clock.now()
        candidates = tuple(each for each in demand.candidates if not self._hall.too_long(each, demand.tokens))
        if demand.candidates and not candidates:
            return too_long(demand)
        wait = Waiting(demand, rank, Wants(candidates, demand.deep, demand.person and self._for_people > 0), now)
        if not self._queue.depth:
            got = self._let_in(wait, now)
            if got is not None:
                if isinstance(got, Granted):
                    self._waits.append(0.0)
                return got
        denied = self._verdict(wait, now)
        if denied is not None:
            self._forget(wait)
            return denied
        return await self._wait(wait)

    def can_execute(self, demand: Demand) -> bool:
        """Whether `acquire` would grant it now, without waiting."""
        return self._in_flight < self._max and self._hall.has_room(demand, self._clock.now())

    def limited(self, location: str, retry_after_s: float | None) -> None:
        """The server has refused a call as one too many: hold the location for that long and learn from it."""
        place, now = self._hall.places.get(location), self._clock.now()
        if place is not None:
            try:
                refused(place, retry_after_s, self._hall.ledger, self._tell, now)
            except LedgerError as error:
                self._hall.breaks(error, now)
            self._serve_soon()

    def observed(self, location: str, rate: RateState) -> None:
        """The server has said what is left of its limits: where nothing is, hold the location until its reset."""
        place, now = self._hall.places.get(location), self._clock.now()
        if place is not None and (rate.requests_left == 0 or rate.tokens_left == 0):
            try:
                spent(place, rate, now)
            except LedgerError as error:
                self._hall.breaks(error, now)
            self._serve_soon()

    def available(self, location: str, why_not: str | None) -> None:
        """Whether the location may be asked at all: None for yes, else the reason."""
        place = self._hall.places.get(location)
        if place is not None:
            place.switch(why_not)
            self._serve()

    def remaining(self, location: str) -> float:
        """The share (0..1) of its tightest quota that is left; 1 where it has none, 0 where nobody knows."""
        return self._hall.remaining(location, self._clock.now())

    def left(self, place: Place, visit: Visit, usage: Usage | None, *, well: bool) -> None:
        """A call has ended: what a released grant comes down to."""
        now = self._clock.now()
        self._in_flight -= 1
        tokens = None if usage is None else usage.tokens_in + usage.tokens_out
        place.leave(visit, tokens, made=usage != Usage())
        if place.probe is visit:
            place.probe = None
            if well and place.half_open(now):
                try:
                    ended_well(place, self._tell, now)
                except LedgerError as error:
                    self._hall.breaks(error, now)
        self._serve_soon()

    def _let_in(self, wait: Waiting, now: float) -> Granted | Denied | None:
        """Let somebody in at the best candidate that has room; None where none has."""
        if self._in_flight >= self._max:
            return None
        for place in self._hall.free(wait.wants, wait.rank, now):
            try:
                made = place.enter(wait.demand, now)
            except LedgerError as error:
                self._hall.breaks(error, now)
                return None
            self._hall.works()
            if isinstance(made, Visit):
                self._in_flight += 1
                self._tell("llm.allocated", place.id, _allocated(wait, now))
                return Granted(self, place, made)
            if never_fits(made):
                return too_long(wait.demand)
            if made.cap == "minute_tokens":
                self._short_of_tokens[place.id] = wait
        return None

    def _verdict(self, wait: Waiting, now: float) -> Denied | None:
        return verdict(self._hall.obstacles(wait.wants, now), wait.demand.wait_s, wait.arrived)

    async def _wait(self, wait: Waiting) -> Granted | Denied:
        self._loop = asyncio.get_running_loop()
        answer: asyncio.Future[Granted | Denied] = self._loop.create_future()
        wait.answer = answer
        demand = wait.demand
        waiter = wait.waiter = self._queue.enqueue(wait, wait.wants, demand.priority, self._clock.monotonic())
        if demand.wait_s is not None:
            self._shortest_wait_s = min(self._shortest_wait_s, demand.wait_s)
        self._overtake(waiter)
        self._serve(only=wait.wants)
        try:
            return await answer
        except asyncio.CancelledError:
            self._gone(waiter)
            if answer.done() and not answer.cancelled():
                granted = answer.result()
                if isinstance(granted, Granted):
                    granted.undo()
            raise

    def _overtake(self, waiter: Waiter[Wants, Waiting]) -> None:
        """Somebody more urgent has come, who may fit where others wait for more tokens."""
        for location in waiter.group.candidates if self._short_of_tokens else ():
            short = self._short_of_tokens.get(location)
            if short is not None and short.waiter is not None and waiter.key < short.waiter.key:
                self._reconsider(location)

    def _gone(self, waiter: Waiter[Wants, Waiting]) -> None:
        """Somebody has left the queue."""
        if not self._queue.remove(waiter):
            return
        self._forget(waiter.item)
        if not self._queue.depth:
            self._weighed.clear()
            self._shortest_wait_s = math.inf
            self._silence()

    def _forget(self, wait: Waiting) -> None:
        """Nobody is kept from going any more by what this one would have needed."""
        for location in wait.wants.candidates if self._short_of_tokens else ():
            if self._short_of_tokens.get(location) is wait:
                del self._short_of_tokens[location]
                self._reconsider(location)
                self._serve_soon()

    def _reconsider(self, location: str) -> None:
        place = self._hall.places.get(location)
        if place is not None:
            place.reconsider()

    def _serve_soon(self) -> None:
        """Serve in the loop's next turn, once, whatever happens in this one."""
        if self._queue.depth and not self._due and self._loop is not None:
            self._due = True
            self._loop.call_soon(self._serve)

    def _serve(self, only: Wants | None = None) -> None:
        """Let in whoever is next as long as somebody fits, and tell those without hope.

        `only`: nothing is new but that somebody has come to this group.
        """
        now = self._clock.now()
        if only is None:
            self._due = False
        look = self._look(now)
        if only is not None and (self._in_flight >= self._max or not look.fits(only)):
            self._wake_at(look.wake_at)
            return
        waiter = self._queue.best(self._clock.monotonic(), look.fits)
        while waiter is not None and self._in_flight < self._max:
            self._serve_one(waiter, now)
            if self._in_flight < self._max:
                look = self._look(now)
                waiter = self._queue.best(self._clock.monotonic(), look.fits)
        self._tell_hopeless(look, now)
        self._wake_at(look.wake_at)

    def _look(self, now: float) -> Look:
        return Look(self._hall, self._shortest_wait_s, now)

    def _serve_one(self, waiter: Waiter[Wants, Waiting], now: float) -> None:
        answer = waiter.item.answer
        if answer is None or answer.done():  # cancelled in this turn of the loop
            self._gone(waiter)
            return
        got = self._let_in(waiter.item, now)
        if got is not None:
            self._answer(waiter, got)

    def _answer(self, waiter: Waiter[Wants, Waiting], got: Granted | Denied) -> None:
        self._gone(waiter)
        if isinstance(got, Granted):
            self._waits.append(self._clock.monotonic() - waiter.since)
        answer = waiter.item.answer
        if answer is not None and not answer.done():
            answer.set_result(got)

    def _tell_hopeless(self, look: Look, now: float) -> None:
        for wants, obstacles in look.hopeless:
            weight = tuple(each.until for each in obstacles)
            if self._weighed.get(wants) == weight:
                continue  # who did not give up before has no more reason to now
            self._weighed[wants] = weight
            for waiter in self._queue.waiters(wants):
                wait = waiter.item
                denied = verdict(obstacles, wait.demand.wait_s, wait.arrived)
                if denied is not None:
                    self._answer(waiter, denied)

    def _wake_at(self, at: float) -> None:
        """Look again at that time at the latest."""
        if at == math.inf or self._loop is None or not self._queue.depth or (self._alarm and self._alarm_at <= at):
            return
        self._silence()
        self._alarm_at = at
        self._alarm = self._loop.create_task(self._ring(at))

    async def _ring(self, at: float) -> None:
        wait_s = max(at - self._clock.now(), _SHORTEST_SLEEP_S)
        await self._clock.sleep(min(wait_s, _LONGEST_SLEEP_S))
        self._alarm = None
        self._serve()

    def _silence(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _tell(self, name: EventName, location: str, fields: dict[str, str | int | float]) -> None:
        if self._listen is not deaf:
            self._listen(PoolEvent(name, location, fields))

    def _ledger_broke(self, error: LedgerError) -> None:
        self._tell("allocator.cache_refresh_failed", "", {"error": str(error)[:300]})


def _allocated(wait: Waiting, now: float) -> dict[str, str | int | float]:
    """Who was let in, for which task, after how long."""
    of = {"task_id": wait.demand.holder} if wait.demand.holder else {}
    return {**of, "call": wait.demand.id, "deep": int(wait.demand.deep), "waited_s": round(now - wait.arrived, 3)}
