"""Quotas that outlive a process, in one SQLite file that all processes of the machine share.

Usage is counted in buckets of time, so that a sum reads the same few rows whatever the rate of calls. A bucket counts
until all of it has left the window: a window may seem a sixtieth longer than it is, and never shorter. Nothing is
cached between two operations; what one process has counted is seen by the next, and survives the end of both.
"""

from __future__ import annotations

import math
import sqlite3
from pathlib import Path

from codedesigner.pool.ledger import COUNTED_S, DAY_S, Caps, Full, LedgerError, Reservation, Standing, Used, Window
from codedesigner.state.folder import StoreError
from codedesigner.state.sqlite import Held, Schema, Transaction

FILE_NAME = "quotas.sqlite"
SCHEMA_VERSION = 1

_BUSY_S = 0.05
_REASON = 300  # characters
_SECOND, _MINUTE, _QUARTER = 1, 60, 900
_WINDOWS = ((_SECOND, COUNTED_S["minute"]), (_MINUTE, COUNTED_S["hour"]), (_QUARTER, DAY_S))  # width of a bucket, span
_SPAN = dict(_WINDOWS)
# `requests` are all calls, in quarters of an hour the deep ones; `tokens` are counted in seconds alone.
_CREATE_USAGE = """
CREATE TABLE usage (
    location TEXT, width INTEGER, at INTEGER, requests INTEGER NOT NULL, tokens INTEGER NOT NULL,
    PRIMARY KEY (location, width, at)
) WITHOUT ROWID
"""
_CREATE_STANDING = """
CREATE TABLE standing (
    location TEXT PRIMARY KEY, held_until REAL NOT NULL DEFAULT 0, held_reason TEXT NOT NULL DEFAULT '',
    minute_limit INTEGER, minute_since REAL, hour_limit INTEGER, hour_since REAL
) WITHOUT ROWID
"""
# Rows are small, and every commit writes whole pages; a checkpoint waits for the disk.
_SCHEMA = Schema(SCHEMA_VERSION, (_CREATE_USAGE, _CREATE_STANDING), page_bytes=1024, wal_pages=4000)
_SUM = """
SELECT coalesce(sum(requests), 0), coalesce(sum(tokens), 0) FROM usage WHERE location = ? AND width = ? AND at > ?
"""
_BUCKETS = "SELECT at, requests, tokens FROM usage WHERE location = ? AND width = ? AND at > ? ORDER BY at"
_ADD = """
INSERT INTO usage VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET requests = requests + excluded.requests, tokens = tokens + excluded.tokens
"""
_SETTLE = "UPDATE usage SET tokens = max(0, tokens + ?) WHERE location = ? AND width = ? AND at = ?"
_WITHDRAW = (
    "UPDATE usage SET requests = max(0, requests - 1), tokens = max(0, tokens - ?)"
    " WHERE location = ? AND width = ? AND at = ?"
)
_FORGET = "DELETE FROM usage WHERE location = ? AND width = ? AND at <= ?"
_FORGET_LATER = "DELETE FROM usage WHERE location = ? AND width = ? AND at > ?"
_STANDING = """
SELECT held_until, held_reason, minute_limit, minute_since, hour_limit, hour_since FROM standing WHERE location = ?
"""
_HOLD = """
INSERT INTO standing (location, held_until, held_reason) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET held_until = excluded.held_until, held_reason = excluded.held_reason
"""
_LEARN = """
INSERT INTO standing (location, minute_limit, minute_since) VALUES (?, ?, ?)
ON CONFLICT DO UPDATE SET minute_limit = excluded.minute_limit, minute_since = excluded.minute_since
"""
_LEARN_BY_WINDOW: dict[Window, str] = {"minute": _LEARN, "hour": _LEARN.replace("minute", "hour")}


class SqliteLedger:
    """Implements `pool.ledger.Ledger` for all processes that name the same folder.

    The file is opened at the first use and held open; one thread of one process may use a ledger. A method waits
    `busy_s` for another process at most, and raises `LedgerError` then: the caller tries again. Beside three windows of
    buckets for each location, nothing is kept.

    A clock that goes back opens no window: what was counted later than now still counts. What lies more than a window
    ahead was counted by a wrong clock, and counts as if it had been now.
    """

    def __init__(self, folder: Path, *, busy_s: float = _BUSY_S) -> None:
        self.path = folder / FILE_NAME
        self._file = Held(self.path, _SCHEMA, busy_s=busy_s, error=_ledger_error)
        self._looked: dict[str, int] = {}
        self._forgot: dict[str, int] = {}

    def reserve(self, location: str, *, tokens: int, deep: bool, caps: Caps, now: float) -> Reservation | Full:
        """Count a call if every cap has room for it, in one transaction.

        Of several caps that are reached, the one that has room last is told.
        """
        with self._file as db, Transaction(db):
            self._take_back(db, location, now)
            full = _full(db, location, tokens, deep, caps, now)
            if full is not None:
                return full
            self._forget(db, location, now)
            second = math.floor(now)
            db.execute(_ADD, (location, _SECOND, second, 1, tokens))
            db.execute(_ADD, (location, _MINUTE, second - second % _MINUTE, 1, 0))
            if deep:
                db.execute(_ADD, (location, _QUARTER, second - second % _QUARTER, 1, 0))
        return Reservation(location, now, tokens, deep)

    def settle(self, reservation: Reservation, tokens: int) -> None:
        """Count `tokens` for the call instead of what was reserved; its time may already have left the window."""
        change = tokens - reservation.tokens
        if change:
            with self._file as db:
                db.execute(_SETTLE, (change, reservation.location, _SECOND, math.floor(reservation.at)))

    def withdraw(self, reservation: Reservation) -> None:
        """Count the call no more: it has not reached its server."""
        second, location = math.floor(reservation.at), reservation.location
        with self._file as db, Transaction(db):
            db.execute(_WITHDRAW, (reservation.tokens, location, _SECOND, second))
            db.execute(_WITHDRAW, (0, location, _MINUTE, second - second % _MINUTE))
            if reservation.deep:
                db.execute(_WITHDRAW, (0, location, _QUARTER, second - second % _QUARTER))

    def used(self, location: str, now: float) -> Used:
        """What the location has been asked for."""
        with self._file as db:
            minute = _used(db, location, _SECOND, now)
            hour = _used(db, location, _MINUTE, now)
            day = _used(db, location, _QUARTER, now)
        return Used(minute[0], minute[1], hour[0], day[0])

    def standing(self, location: str) -> Standing:
        """What is remembered of the location."""
        with self._file as db:
            row = db.execute(_STANDING, (location,)).fetchone()
        if row is None:
            return Standing()
        until, reason, minute, minute_since, hour, hour_since = row
        return Standing(
            until,
            reason,
            None if minute is None else (minute, minute_since),
            None if hour is None else (hour, hour_since),
        )

    def hold(self, location: str, until: float, reason: str) -> None:
        """Do not ask before `until`; 0 lifts it."""
        text = reason.encode("utf-8", "replace").decode()[:_REASON]
        with self._file as db:
            db.execute(_HOLD, (location, until, text))

    def learn(self, location: str, window: Window, limit: int | None, now: float) -> None:
        """Remember a limit that the location's refusals taught; None forgets it."""
        with self._file as db:
            db.execute(_LEARN_BY_WINDOW[window], (location, limit, None if limit is None else now))

    def close(self) -> None:
        """Close the file. The next use opens it again."""
        self._file.close()

    def _take_back(self, db: sqlite3.Connection, location: str, now: float) -> None:
        """Moves what a wrong clock has counted more than a window ahead into the present; looks once a second."""
        second = math.floor(now)
        if self._looked.get(location) == second:
            return
        for width, span in _WINDOWS:
            requests, tokens = _sum(db, location, width, now + span)
            if requests:
                db.execute(_FORGET_LATER, (location, width, now + span))
                db.execute(_ADD, (location, width, second - second % width, requests, tokens))
        self._looked[location] = second

    def _forget(self, db: sqlite3.Connection, location: str, now: float) -> None:
        """Takes away what has left its window, once a second."""
        second = math.floor(now)
        if self._forgot.get(location) != second:
            for width in _SPAN:
                db.execute(_FORGET, (location, width, _start(width, now)))
            self._forgot[location] = second


def _start(width: int, now: float) -> float:
    """A bucket counts if it begins after this: then its end has not left the window."""
    return now - _SPAN[width] - width


def _used(db: sqlite3.Connection, location: str, width: int, now: float) -> tuple[int, int]:
    return _sum(db, location, width, _start(width, now))


def _sum(db: sqlite3.Connection, location: str, width: int, after: float) -> tuple[int, int]:
    row: tuple[int, int] = db.execute(_SUM, (location, width, after)).fetchone()
    return row


def _full(db: sqlite3.Connection, location: str, tokens: int, deep: bool, caps: Caps, now: float) -> Full | None:
    """The cap that has room last, of those that have none for the call."""
    found: list[Full] = []
    minute = (("minute_requests", caps.minute_requests, 1, 0), ("minute_tokens", caps.minute_tokens, tokens, 1))
    hour = (("hour_requests", caps.hour_requests, 1, 0),)
    day = (("day_deep", caps.day_deep if deep else None, 1, 0),)
    for width, asked in ((_SECOND, minute), (_MINUTE, hour), (_QUARTER, day)):
        capped = [(name, cap, size, column) for name, cap, size, column in asked if cap is not None]
        if not capped:
            continue
        used = _used(db, location, width, now)
        for name, cap, size, column in capped:
            excess = used[column] + size - cap
            if excess > 0:
                until = math.inf if size > cap else _room_at(db, location, width, now, column, excess)
                found.append(Full(name, until))
    return max(found, key=lambda full: full.until, default=None)


def _room_at(db: sqlite3.Connection, location: str, width: int, now: float, column: int, excess: int) -> float:
    """When so much will have left the window."""
    until = now
    for at, *counts in db.execute(_BUCKETS, (location, width, _start(width, now))):
        until = at + width + _SPAN[width]
        excess -= counts[column]
        if excess <= 0:
            break
    return until


def _ledger_error(trouble: StoreError) -> LedgerError:
    return LedgerError(f"{trouble} ({trouble.hint})" if trouble.hint else str(trouble))
