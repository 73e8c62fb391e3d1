"""The ledger of one process: quotas that are forgotten when it ends."""

from __future__ import annotations

from dataclasses import replace

from codedesigner.pool.ledger import COUNTED_S, DAY_S, Caps, Full, Reservation, Standing, Used, Window
from codedesigner.pool.windows import SlidingWindow

MINUTE_BUCKET_S = 1.0
HOUR_BUCKET_S = 30.0
DAY_BUCKET_S = 900.0


class MemoryLedger:
    """Implements `Ledger` in memory: about 450 buckets for a location, however many calls are counted.

    A call counts for a little longer than the window: up to 3 s of a minute, 30 s of an hour, 15 minutes of a day.
    """

    def __init__(self) -> None:
        self._usage: dict[str, _Usage] = {}
        self._standing: dict[str, Standing] = {}

    def reserve(self, location: str, *, tokens: int, deep: bool, caps: Caps, now: float) -> Reservation | Full:
        """Count a call if every cap has room for it. Of several that have none, the last to have it is named."""
        usage = self._of(location)
        full = usage.full(tokens, deep, caps, now)
        if full is not None:
            return full
        return Reservation(location, usage.add(tokens, deep, now), tokens, deep)

    def settle(self, reservation: Reservation, tokens: int) -> None:
        """Count `tokens` for the call instead of what was reserved."""
        if tokens != reservation.tokens:
            self._of(reservation.location).minute_tokens.correct(reservation.at, tokens - reservation.tokens)

    def withdraw(self, reservation: Reservation) -> None:
        """Count the call no more: it has not reached its server."""
        usage, at = self._of(reservation.location), reservation.at
        usage.minute_requests.correct(at, -1)
        usage.minute_tokens.correct(at, -reservation.tokens)
        usage.hour_requests.correct(at, -1)
        if reservation.deep:
            usage.day_deep.correct(at, -1)

    def used(self, location: str, now: float) -> Used:
        """What the location has been asked for."""
        usage = self._of(location)
        return Used(
            minute_requests=usage.minute_requests.total(now),
            minute_tokens=usage.minute_tokens.total(now),
            hour_requests=usage.hour_requests.total(now),
            day_deep=usage.day_deep.total(now),
        )

    def standing(self, location: str) -> Standing:
        """What is remembered of the location."""
        return self._standing.get(location, _UNKNOWN)

    def hold(self, location: str, until: float, reason: str) -> None:
        """Do not ask before `until`; 0 lifts it."""
        self._standing[location] = replace(self.standing(location), held_until=until, held_reason=reason)

    def learn(self, location: str, window: Window, limit: int | None, now: float) -> None:
        """Remember a limit that the location's refusals taught; None forgets it."""
        lesson = None if limit is None else (limit, now)
        standing = self.standing(location)
        if window == "minute":
            self._standing[location] = replace(standing, learned_minute=lesson)
        else:
            self._standing[location] = replace(standing, learned_hour=lesson)

    def _of(self, location: str) -> _Usage:
        usage = self._usage.get(location)
        if usage is None:
            usage = self._usage[location] = _Usage()
        return usage


_UNKNOWN = Standing()


class _Usage:
    __slots__ = ("day_deep", "hour_requests", "minute_requests", "minute_tokens")

    def __init__(self) -> None:
        self.minute_requests = SlidingWindow(COUNTED_S["minute"], MINUTE_BUCKET_S)
        self.minute_tokens = SlidingWindow(COUNTED_S["minute"], MINUTE_BUCKET_S)
        self.hour_requests = SlidingWindow(COUNTED_S["hour"], HOUR_BUCKET_S)
        self.day_deep = SlidingWindow(DAY_S, DAY_BUCKET_S)

    def add(self, tokens: int, deep: bool, now: float) -> float:
        self.minute_requests.add(now, 1)
        self.hour_requests.add(now, 1)
        if deep:
            self.day_deep.add(now, 1)
        return self.minute_tokens.add(now, tokens)

    def full(self, tokens: int, deep: bool, caps: Caps, now: float) -> Full | None:
        worst: Full | None = None
        for name, window, amount, cap in (
            ("minute_requests", self.minute_requests, 1, caps.minute_requests),
            ("minute_tokens", self.minute_tokens, tokens, caps.minute_tokens),
            ("hour_requests", self.hour_requests, 1, caps.hour_requests),
            ("day_deep", self.day_deep, 1, caps.day_deep if deep else None),
        ):
            if cap is None:
                continue
            until = window.room_at(now, amount, cap)
            if until > now and (worst is None or until > worst.until):
                worst = Full(name, until)
        return worst
