"""One location as the gate sees it: who is there, what holds it, which limits are in force."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

from codedesigner.pool.alloc_obstacle import BUSY, Obstacle, never_fits, reached
from codedesigner.pool.gate import Demand
from codedesigner.pool.learning import in_force, kept_back, usable
from codedesigner.pool.ledger import Caps, Full, Ledger, LedgerError, Reservation, Standing, Used
from codedesigner.pool.seat import LocationLimits

REFUSED: Final = "the server has refused a call"
SPENT: Final = "the server says that nothing is left of its limit"

FRESH_S: Final = 0.5
"""For how long what was read of a hold, a learned limit or a usage is believed before the ledger is asked again."""


class Line:
    """An endpoint: the locations there share `limit` slots, the most that any of them allows."""

    __slots__ = ("in_flight", "limit", "slots")

    def __init__(self) -> None:
        self.slots: dict[str, int] = {}
        self.in_flight = 0
        self.limit = 0

    def allow(self, location: str, slots: int | None) -> None:
        """A location comes, with its number of slots, or goes."""
        if slots is None:
            self.slots.pop(location, None)
        else:
            self.slots[location] = slots
        self.limit = max(self.slots.values(), default=0)


class Visit:
    """A call in flight: since when, and what was reserved for it."""

    __slots__ = ("at", "reservation")

    def __init__(self, at: float, reservation: Reservation) -> None:
        self.at = at
        self.reservation = reservation


class Place:
    """One location. What reads or writes its standing or its usage raises `LedgerError`."""

    def __init__(
        self, location: str, limits: LocationLimits, slots: int, line: Line, ledger: Ledger, for_people: float = 0.0
    ) -> None:
        self.id = location
        self.limits = limits
        self.line = line
        self.probe: Visit | None = None
        self.taught_at = -math.inf
        self._slots = slots
        self._for_people = for_people
        self._ledger = ledger
        self._caps = Caps(
            limits.requests_per_minute, limits.tokens_per_minute, usable(limits.hourly), limits.deep_daily
        )
        self._visits: dict[Visit, None] = {}  # in the order of their grants
        self._granted_at = -math.inf
        self._offline: Obstacle | None = None
        self._held: Obstacle | None = None
        self._full: Obstacle | None = None
        self._full_but_for_people: Obstacle | None = None
        self._full_deep: Obstacle | None = None
        self._standing = Standing()
        self._standing_at = -math.inf
        self._unsaved = (0.0, "")
        self._used_hour = self._used_deep = 0
        self._used_at = -math.inf

    @property
    def in_flight(self) -> int:
        """How many calls are there."""
        return len(self._visits)

    def obstacle(self, deep: bool, now: float, *, person: bool = False) -> Obstacle | None:
        """What is in the way of a call, as far as that is known without asking for a reservation."""
        if self._offline is not None:
            return self._offline
        if not 0 <= now - self._standing_at < FRESH_S:
            self._refresh(now)
        if self._held is not None and now < self._held.until:
            return self._held
        for full in (self._full, None if person else self._full_but_for_people):
            if full is not None and now < full.look_at:
                return full
        if deep and self._full_deep is not None and now < self._full_deep.look_at:
            return self._full_deep
        if len(self._visits) >= self._slots or self.line.in_flight >= self.line.limit:
            return BUSY
        return BUSY if self.probe is not None and self.half_open(now) else None

    def enter(self, demand: Demand, now: float) -> Visit | Full:
        """Count the call and let it in, or remember which limit is reached."""
        caps = self._for(demand, self.caps(now))
        made = self._ledger.reserve(self.id, tokens=demand.tokens, deep=demand.deep, caps=caps, now=now)
        if isinstance(made, Full):
            if not never_fits(made):  # this call's trouble, nobody else's
                self._fill(made, now, person=demand.person or not self._for_people)
            return made
        visit = Visit(now, made)
        if self.half_open(now):
            self.probe = visit
        self._visits[visit] = None
        self.line.in_flight += 1
        self._granted_at = now
        self._full = None
        if not demand.person:
            self._full_but_for_people = None
        self._used_hour += 1
        if demand.deep:
            self._full_deep = None
            self._used_deep += 1
        return visit

    def leave(self, visit: Visit, tokens: int | None, *, made: bool = True) -> None:
        """A call has ended. Where its tokens cannot be counted now, those that were reserved go on counting.

        Where nobody limits tokens, nobody needs to know them. One that was not `made` has used nothing at all.
        """
        del self._visits[visit]
        self.line.in_flight -= 1
        if not made:
            self._withdraw(visit)
            return
        if tokens is None or self._caps.minute_tokens is None:
            return
        try:
            self._ledger.settle(visit.reservation, tokens)
        except LedgerError:
            return
        if tokens < visit.reservation.tokens:
            self.reconsider()

    def _withdraw(self, visit: Visit) -> None:
        try:
            self._ledger.withdraw(visit.reservation)
        except LedgerError:
            return
        self._used_hour = max(0, self._used_hour - 1)
        self._used_deep = max(0, self._used_deep - visit.reservation.deep)
        self.reconsider()

    def reconsider(self) -> None:
        """A limit that is reached may have room again, or room for another call: ask the ledger next time."""
        if self._full is not None:
            self._full = replace(self._full, look_at=0.0)
        if self._full_but_for_people is not None:
            self._full_but_for_people = replace(self._full_but_for_people, look_at=0.0)

    def caps(self, now: float) -> Caps:
        """The limits in force: configured or learned, whichever is lower."""
        caps, standing = self._caps, self._standing
        if standing.learned_minute is None and standing.learned_hour is None:
            return caps
        minute = in_force(standing.learned_minute, caps.minute_requests, "minute", now)
        hour = in_force(standing.learned_hour, caps.hour_requests, "hour", now)
        return replace(
            caps,
            minute_requests=caps.minute_requests if minute is None else minute,
            hour_requests=caps.hour_requests if hour is None else hour,
        )

    def _for(self, demand: Demand, caps: Caps) -> Caps:
        """What a call may use: all of it for a person, and for everybody else what is not kept back for people."""
        if demand.person or not self._for_people:
            return caps
        minute, tokens, hour = (
            None if cap is None else cap - kept_back(cap, self._for_people)
            for cap in (caps.minute_requests, caps.minute_tokens, caps.hour_requests)
        )
        if tokens is not None and caps.minute_tokens is not None:  # a call that fits into a minute at all has to fit
            tokens = max(tokens, min(demand.tokens, caps.minute_tokens))
        return replace(caps, minute_requests=minute, minute_tokens=tokens, hour_requests=hour)

    def has_room(self, demand: Demand, now: float) -> bool:
        """Whether every limit has room for the call."""
        caps, used = self._for(demand, self.caps(now)), self._ledger.used(self.id, now)
        return all(
            cap is None or amount <= cap
            for cap, amount in (
                (caps.minute_requests, used.minute_requests + 1),
                (caps.minute_tokens, used.minute_tokens + demand.tokens),
                (caps.hour_requests, used.hour_requests + 1),
                (caps.day_deep if demand.deep else None, used.day_deep + 1),
            )
        )

    def share_left(self, now: float) -> float:
        """The share of its tightest quota that is left; 1 where it has none. Others' use may be `FRESH_S` old."""
        self._refresh(now)
        caps = self.caps(now)
        if not caps.hour_requests and not caps.day_deep:
            return 1.0
        if not 0 <= now - self._used_at < FRESH_S:
            used = self._ledger.used(self.id, now)
            self._used_hour, self._used_deep, self._used_at = used.hour_requests, used.day_deep, now
        quotas = ((caps.hour_requests, self._used_hour), (caps.day_deep, self._used_deep))
        return min(max(0.0, 1 - amount / cap) for cap, amount in quotas if cap)

    def newest_at(self) -> float:
        """When the newest call was let in that a refusal may be about."""
        return next(reversed(self._visits)).at if self._visits else self._granted_at

    def switch(self, why_not: str | None) -> None:
        """Whether it may be asked at all."""
        self._offline = None if why_not is None else Obstacle("offline", f"{self.id}: {why_not}")

    def used(self, now: float) -> Used:
        """What it has been asked for, read anew."""
        return self._ledger.used(self.id, now)

    @property
    def configured(self) -> Caps:
        """The limits as they are configured, less what is held back."""
        return self._caps

    @property
    def remembered(self) -> Standing:
        """What is remembered of it, as it was last read."""
        return self._standing

    def held(self, now: float) -> bool:
        """Whether it must not be asked yet."""
        return now < self._standing.held_until

    def standing(self, now: float) -> Standing:
        """What is remembered of it, read anew."""
        self._standing_at = -math.inf
        self._refresh(now)
        return self._standing

    def half_open(self, now: float) -> bool:
        """Whether the wait after a refusal is over and no call has ended well since."""
        standing = self._standing
        return standing.held_until > 0 and now >= standing.held_until and standing.held_reason == REFUSED

    def hold(self, until: float, reason: str, now: float) -> None:
        """Do not ask before `until`; 0 lifts it. Held by this process at least, where the ledger cannot be used."""
        self._unsaved = (until, reason)
        self._standing = replace(self._standing, held_until=until, held_reason=reason)
        self._note_hold(now)
        self._ledger.hold(self.id, until, reason)
        self._unsaved = (0.0, "")

    def _refresh(self, now: float) -> None:
        if 0 <= now - self._standing_at < FRESH_S:
            return
        standing = self._ledger.standing(self.id)
        self._standing_at = now
        if self._unsaved[0] > standing.held_until:
            standing = replace(standing, held_until=self._unsaved[0], held_reason=self._unsaved[1])
        self._standing = standing
        self._note_hold(now)

    def _note_hold(self, now: float) -> None:
        until, reason = self._standing.held_until, self._standing.held_reason
        if until <= 0 or (reason != REFUSED and now >= until):
            self._held = None
            return
        # A location that refuses again and again has let nothing through since its first refusal.
        since = now if self._held is None else self._held.since
        self._held = Obstacle("rate_limited", f"{self.id}: {reason}", until, since, until)

    def _fill(self, full: Full, now: float, *, person: bool) -> None:
        limited = self._full if person else self._full_but_for_people
        before = self._full_deep if full.cap == "day_deep" else limited
        obstacle = reached(self.id, full, self._standing, now if before is None else before.since, now)
        if full.cap == "day_deep":
            self._full_deep = obstacle
        elif person:
            self._full = obstacle
        else:
            self._full_but_for_people = obstacle
