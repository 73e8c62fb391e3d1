"""Quotas that all workers of one database share."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, text

from codedesigner.pool.ledger import (
    COUNTED_S,
    DAY_S,
    Caps,
    Full,
    LedgerError,
    Reservation,
    Standing,
    Used,
    Window,
)
from codedesigner.service.database import Database, DatabaseError

T = TypeVar("T")

_REASON = 300  # characters
_SECOND, _MINUTE, _QUARTER = 1, 60, 900
_SPAN: Mapping[int, float] = {_SECOND: COUNTED_S["minute"], _MINUTE: COUNTED_S["hour"], _QUARTER: DAY_S}

_ADD = text(
    "INSERT INTO quota_usage VALUES (:location, :width, :at, :requests, :tokens)"
    " ON CONFLICT (location, width, at) DO UPDATE SET"
    " requests = quota_usage.requests + excluded.requests, tokens = quota_usage.tokens + excluded.tokens"
)
_AHEAD = text(
    "SELECT coalesce(sum(requests), 0) AS requests, coalesce(sum(tokens), 0) AS tokens FROM quota_usage"
    " WHERE location = :location AND width = :width AND at > :later"
)
_FORGET_LATER = text("DELETE FROM quota_usage WHERE location = :location AND width = :width AND at > :later")
_SETTLE = text(
    "UPDATE quota_usage SET tokens = CASE WHEN tokens + :change > 0 THEN tokens + :change ELSE 0 END"
    " WHERE location = :location AND width = :width AND at = :at"
)
_WITHDRAW = text(
    "UPDATE quota_usage SET requests = CASE WHEN requests > 0 THEN requests - 1 ELSE 0 END,"
    " tokens = CASE WHEN tokens > :tokens THEN tokens - :tokens ELSE 0 END"
    " WHERE location = :location AND width = :width AND at = :at"
)
_BUCKETS = text(
    "SELECT width, at, requests, tokens FROM quota_usage WHERE location = :location AND at > :day ORDER BY at"
)
_FORGET = text("DELETE FROM quota_usage WHERE location = :location AND width = :width AND at <= :at")
_STANDING = text(
    "SELECT held_until, held_reason, minute_limit, minute_since, hour_limit, hour_since FROM quota_standing"
    " WHERE location = :location"
)
_KNOWN = text(
    "INSERT INTO quota_standing (location, held_until, held_reason) VALUES (:location, 0, '')"
    " ON CONFLICT (location) DO NOTHING"
)
_HOLD = text("UPDATE quota_standing SET held_until = :until, held_reason = :reason WHERE location = :location")
_LEARN: Mapping[Window, str] = {
    "minute": "UPDATE quota_standing SET minute_limit = :limit, minute_since = :since WHERE location = :location",
    "hour": "UPDATE quota_standing SET hour_limit = :limit, hour_since = :since WHERE location = :location",
}


@dataclass(frozen=True, slots=True)
class _Bucket:
    """Calls that began in `width` seconds from `at` on."""

    width: int
    at: int
    requests: int
    tokens: int

    def counts(self, now: float) -> bool:
        """Whether any of it may lie in the window that ends now. What a wrong clock put ahead counts, too."""
        return self.at > now - _SPAN[self.width] - self.width

    @property
    def gone_at(self) -> float:
        """When all of it has left its window."""
        return self.at + self.width + _SPAN[self.width]


class SqlLedger:
    """Implements `pool.ledger.Ledger` for all workers of one database; the allocator's place to count.

    `database` is this ledger's own connection: methods are called in the event loop, and wait for nobody's transaction
    but another ledger's.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._forgot: dict[str, int] = {}

    def reserve(self, location: str, *, tokens: int, deep: bool, caps: Caps, now: float) -> Reservation | Full:
        """Count a call if every cap has room for it, in one transaction: whoever else decides meanwhile waits."""
        second = math.floor(now)

        def work(db: Connection) -> Reservation | Full:
            self._database.alone(db, f"quota:{location}")
            _take_back(db, location, now)
            full = _full(_buckets(db, location, now), tokens, caps, deep=deep, now=now)
            if full is not None:
                return full
            given = {"location": location, "requests": 1, "tokens": tokens}
            db.execute(_ADD, {**given, "width": _SECOND, "at": second})
            db.execute(_ADD, {**given, "width": _MINUTE, "at": second - second % _MINUTE})
            if deep:
                db.execute(_ADD, {**given, "width": _QUARTER, "at": second - second % _QUARTER})
            self._forget(db, location, second)
            return Reservation(location, now, tokens, deep)

        return self._do(work)

    def settle(self, reservation: Reservation, tokens: int) -> None:
        """Count `tokens` for the call instead of what was reserved; its time may already have left the window."""
        change = tokens - reservation.tokens
        if change:
            given = {"change": change, "location": reservation.location}
            at = math.floor(reservation.at)
            self._do(lambda db: db.execute(_SETTLE, {**given, "width": _SECOND, "at": at}))

    def withdraw(self, reservation: Reservation) -> None:
        """Count the call no more: it has not reached its server."""
        second, given = math.floor(reservation.at), {"location": reservation.location}
        widths = (_SECOND, _MINUTE, _QUARTER) if reservation.deep else (_SECOND, _MINUTE)

        def work(db: Connection) -> None:
            for width in widths:
                at = second - second % width
                db.execute(_WITHDRAW, {**given, "width": width, "at": at, "tokens": reservation.tokens})

        self._do(work)

    def used(self, location: str, now: float) -> Used:
        """What the location has been asked for."""
        buckets = [one for one in self._do(lambda db: _buckets(db, location, now)) if one.counts(now)]
        return Used(
            sum(one.requests for one in buckets if one.width == _SECOND),
            sum(one.tokens for one in buckets if one.width == _SECOND),
            sum(one.requests for one in buckets if one.width == _MINUTE),
            sum(one.requests for one in buckets if one.width == _QUARTER),
        )

    def standing(self, location: str) -> Standing:
        """What is remembered of the location."""
        row = self._do(lambda db: db.execute(_STANDING, {"location": location}).one_or_none())
        if row is None:
            return Standing()
        minute = None if row.minute_limit is None else (row.minute_limit, row.minute_since)
        hour = None if row.hour_limit is None else (row.hour_limit, row.hour_since)
        return Standing(row.held_until, row.held_reason, minute, hour)

    def hold(self, location: str, until: float, reason: str) -> None:
        """Do not ask before `until`; 0 lifts it."""
        words = reason.encode("utf-8", "replace").decode().replace("\0", "")[:_REASON]

        def work(db: Connection) -> None:
            db.execute(_KNOWN, {"location": location})
            db.execute(_HOLD, {"location": location, "until": until, "reason": words})

        self._do(work)

    def learn(self, location: str, window: Window, limit: int | None, now: float) -> None:
        """Remember a limit that the location's refusals taught; None forgets it."""
        given = {"location": location, "limit": limit, "since": None if limit is None else now}

        def work(db: Connection) -> None:
            db.execute(_KNOWN, {"location": location})
            db.execute(text(_LEARN[window]), given)

        self._do(work)

    def close(self) -> None:
        """Close the connection."""
        self._database.close()

    def _forget(self, db: Connection, location: str, second: int) -> None:
        """Takes away what has left its window, once a minute."""
        if self._forgot.get(location, -_MINUTE) <= second - _MINUTE:
            for width, span in _SPAN.items():
                at = math.floor(second - span - width)
                db.execute(_FORGET, {"location": location, "width": width, "at": at})
            self._forgot[location] = second

    def _do(self, work: Callable[[Connection], T]) -> T:
        try:
            return self._database.do(work)
        except DatabaseError as error:
            raise LedgerError(error.message) from error


def _take_back(db: Connection, location: str, now: float) -> None:
    """Moves what a wrong clock has counted more than a window ahead into the present."""
    for width, span in _SPAN.items():
        given = {"location": location, "width": width, "later": math.floor(now + span)}
        ahead = db.execute(_AHEAD, given).one()
        if ahead.requests:
            db.execute(_FORGET_LATER, given)
            present = math.floor(now) - math.floor(now) % width
            db.execute(_ADD, {**given, "at": present, "requests": ahead.requests, "tokens": ahead.tokens})


def _buckets(db: Connection, location: str, now: float) -> list[_Bucket]:
    rows = db.execute(_BUCKETS, {"location": location, "day": math.floor(now - DAY_S - _QUARTER)})
    return [_Bucket(row.width, row.at, row.requests, row.tokens) for row in rows]


def _full(buckets: list[_Bucket], tokens: int, caps: Caps, *, deep: bool, now: float) -> Full | None:
    """The cap that has room last, of those that have none for the call."""
    asked: tuple[tuple[str, int, int | None, int, Callable[[_Bucket], int]], ...] = (
        ("minute_requests", _SECOND, caps.minute_requests, 1, lambda one: one.requests),
        ("minute_tokens", _SECOND, caps.minute_tokens, tokens, lambda one: one.tokens),
        ("hour_requests", _MINUTE, caps.hour_requests, 1, lambda one: one.requests),
        ("day_deep", _QUARTER, caps.day_deep if deep else None, 1, lambda one: one.requests),
    )
    found: list[Full] = []
    for name, width, cap, size, amount in asked:
        if cap is None:
            continue
        counted = [one for one in buckets if one.width == width and one.counts(now)]
        excess = sum(map(amount, counted)) + size - cap
        if excess > 0:
            found.append(Full(name, math.inf if size > cap else _room_at(counted, amount, excess, now)))
    return max(found, key=lambda full: full.until, default=None)


def _room_at(counted: list[_Bucket], amount: Callable[[_Bucket], int], excess: int, now: float) -> float:
    """When so much will have left the window."""
    until = now
    for one in counted:
        until = one.gone_at
        excess -= amount(one)
        if excess <= 0:
            break
    return until
