"""What became of findings, kept for each location that voted on them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import get_args

from codedesigner.state.sqlite import Schema, Transaction, opened
from codedesigner.vote.finding import Vote
from codedesigner.vote.history import History, Outcome, Record, What, learned, records

FILE_NAME = "history.sqlite"
SCHEMA_VERSION = 1
MOST_ROWS = 200_000
LONGEST_REASON = 1_000  # characters

_BUSY_S = 5.0
# One row for each location that voted on a finding: what became of it last is what counts.
_SCHEMA = Schema(
    SCHEMA_VERSION,
    (
        (
            "CREATE TABLE outcome (fingerprint TEXT NOT NULL, location TEXT NOT NULL, angle TEXT NOT NULL,"
            " kind TEXT NOT NULL, vote TEXT NOT NULL, what TEXT NOT NULL, reason TEXT NOT NULL, noted REAL NOT NULL,"
            " PRIMARY KEY (fingerprint, location)) WITHOUT ROWID"
        ),
        "CREATE INDEX outcome_noted ON outcome (noted)",
    ),
)
_WRITE = "INSERT OR REPLACE INTO outcome VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_SUMS = (
    "SELECT location, angle, kind, vote, what, count(*) FROM outcome"
    " GROUP BY location, angle, kind, vote, what ORDER BY location, angle, kind, vote, what"
)
_ALL = (
    "SELECT fingerprint, location, angle, kind, vote, what, reason FROM outcome ORDER BY noted, fingerprint, location"
)
_MAKE_ROOM = (
    "DELETE FROM outcome WHERE (fingerprint, location) IN"
    " (SELECT fingerprint, location FROM outcome ORDER BY noted DESC, fingerprint, location LIMIT -1 OFFSET ?)"
)
_VOTES: dict[str, Vote] = {vote: vote for vote in get_args(Vote)}
_WHATS: dict[str, What] = {what: what for what in get_args(What)}


class OutcomeStore:
    """Outcomes in `history.sqlite`. `clock` gives Unix time in seconds. Every method raises `StoreError`."""

    def __init__(
        self,
        folder: Path,
        *,
        rows: int = MOST_ROWS,
        busy_s: float = _BUSY_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = folder / FILE_NAME
        self._rows = rows
        self._busy_s = busy_s
        self._clock = clock

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Keep outcomes, each in the place of what was known of the same finding and location."""
        now = self._clock()
        rows = [
            (o.fingerprint, o.location, o.angle, o.kind, o.vote, o.what, o.reason[:LONGEST_REASON], now)
            for o in outcomes
        ]
        with opened(self.path, _SCHEMA, busy_s=self._busy_s) as db, Transaction(db):
            db.executemany(_WRITE, rows)
            db.execute(_MAKE_ROOM, (self._rows,))

    def outcomes(self) -> tuple[Outcome, ...]:
        """All that is kept, the oldest first."""
        with opened(self.path, _SCHEMA, busy_s=self._busy_s) as db:
            rows = db.execute(_ALL).fetchall()
        return tuple(
            Outcome(fingerprint, location, angle, kind, _VOTES[vote], _WHATS[what], reason)
            for fingerprint, location, angle, kind, vote, what, reason in rows
            if vote in _VOTES and what in _WHATS
        )

    def records(self) -> tuple[Record, ...]:
        """The same summed up, for each location, angle and kind."""
        with opened(self.path, _SCHEMA, busy_s=self._busy_s) as db:
            rows = db.execute(_SUMS).fetchall()
        return records(
            Outcome("", location, angle, kind, _VOTES[vote], _WHATS[what], times=times)
            for location, angle, kind, vote, what, times in rows
            if vote in _VOTES and what in _WHATS
        )

    def history(self) -> History:
        """What they teach."""
        return learned(self.records())
