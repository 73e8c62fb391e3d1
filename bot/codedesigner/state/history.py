"""What became of findings, kept for each location that voted on them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from codedesigner.state.sqlite import Schema, Transaction, opened
from codedesigner.vote.finding import Ballot, How, Vote
from codedesigner.vote.history import History, Outcome, Record, VotedOn, What, learned, records

FILE_NAME = "history.sqlite"
SCHEMA_VERSION = 2
MOST_ROWS = 200_000
LONGEST_REASON = 1_000  # characters

_BUSY_S = 5.0
# One row for each location that voted on a finding and each source that tells of it: what it told last.
_SCHEMA = Schema(
    SCHEMA_VERSION,
    (
        (
            "CREATE TABLE outcome (fingerprint TEXT NOT NULL, location TEXT NOT NULL, source TEXT NOT NULL,"
            " angle TEXT NOT NULL, kind TEXT NOT NULL, vote TEXT NOT NULL, what TEXT NOT NULL, reason TEXT NOT NULL,"
            " noted REAL NOT NULL, PRIMARY KEY (fingerprint, location, source)) WITHOUT ROWID"
        ),
        "CREATE INDEX outcome_noted ON outcome (noted)",
        (
            "CREATE TABLE voted (fingerprint TEXT PRIMARY KEY, angle TEXT NOT NULL, kind TEXT NOT NULL,"
            " ballots TEXT NOT NULL, noted REAL NOT NULL) WITHOUT ROWID"
        ),
        "CREATE INDEX voted_noted ON voted (noted)",
    ),
)
_WRITE = "INSERT OR REPLACE INTO outcome VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_FORGET = "DELETE FROM outcome WHERE fingerprint = ? AND (source = ? OR substr(source, 1, ?) = ?)"
_ALL = (
    "SELECT fingerprint, location, angle, kind, vote, what, reason, source FROM outcome"
    " ORDER BY noted, fingerprint, location, source"
)
_MAKE_ROOM = (
    "DELETE FROM outcome WHERE (fingerprint, location, source) IN (SELECT fingerprint, location, source FROM outcome"
    " ORDER BY noted DESC, fingerprint, location, source LIMIT -1 OFFSET ?)"
)
_REMEMBER = "INSERT OR REPLACE INTO voted VALUES (?, ?, ?, ?, ?)"
_VOTED = "SELECT fingerprint, angle, kind, ballots FROM voted WHERE fingerprint = ?"
_MAKE_ROOM_FOR_VOTED = (
    "DELETE FROM voted WHERE fingerprint IN"
    " (SELECT fingerprint FROM voted ORDER BY noted DESC, fingerprint LIMIT -1 OFFSET ?)"
)
_VOTES: dict[str, Vote] = {vote: vote for vote in get_args(Vote)}
_HOWS: dict[str, How] = {how: how for how in get_args(How)}
_WHATS: dict[str, What] = {what: what for what in get_args(What)}


@dataclass(frozen=True, slots=True)
class Voted:
    """A finding that was voted on, as far as outcomes need it (`vote.history.VotedOn`)."""

    fingerprint: str
    angle: str
    kind: str
    ballots: tuple[Ballot, ...]


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
        """Keep outcomes, each in the place of what the same source had told of the same finding and location."""
        rows = self._rows_of(outcomes)
        with opened(self.path, _SCHEMA, busy_s=self._busy_s) as db, Transaction(db):
            db.executemany(_WRITE, rows)
            db.execute(_MAKE_ROOM, (self._rows,))

    def replace(self, fingerprint: str, place: str, outcomes: Iterable[Outcome]) -> None:
        """Keep these in the place of all that `place`, or anybody in it, had told of the finding."""
        rows, inside = self._rows_of(outcomes), f"{place}/"
        with opened(self.path, _SCHEMA, busy_s=self._busy_s) as db, Transaction(db):
            db.execute(_FORGET, (fingerprint, place, len(inside), inside))
            db.executemany(_WRITE, rows)
            db.execute(_MAKE_ROOM, (self._rows,))

    def remember(self, findings: Iterable[VotedOn]) -> None:
        """Keep how was voted on findings that people will answer to, so that their name alone tells it later."""
        now = self._clock()
        rows = [
            (
                each.fingerprint,
                each.angle,
                each.kind,
                json.dumps([[ballot.location, ballot.vote, ballot.how] for ballot in each.ballots]),
                now,
            )
            for each in findings
        ]
        with opened(self.path, _SCHEMA, busy_s=self._busy_s) as db, Transaction(db):
            db.executemany(_REMEMBER, rows)
            db.execute(_MAKE_ROOM_FOR_VOTED, (self._rows,))

    def voted(self, fingerprint: str) -> Voted | None:
        """How was voted on a finding; None where that is not kept."""
        with opened(self.path, _SCHEMA, busy_s=self._busy_s) as db:
            row = db.execute(_VOTED, (fingerprint,)).fetchone()
        if row is None:
            return None
        name, angle, kind, ballots = row
        cast = [Ballot(location, _VOTES[vote], _HOWS[how]) for location, vote, how in json.loads(ballots)]
        return Voted(name, angle, kind, tuple(cast))

    def outcomes(self) -> tuple[Outcome, ...]:
        """All that is kept, the oldest first."""
        with opened(self.path, _SCHEMA, busy_s=self._busy_s) as db:
            rows = db.execute(_ALL).fetchall()
        return tuple(
            Outcome(fingerprint, location, angle, kind, _VOTES[vote], _WHATS[what], reason, source)
            for fingerprint, location, angle, kind, vote, what, reason, source in rows
            if vote in _VOTES and what in _WHATS
        )

    def records(self) -> tuple[Record, ...]:
        """The same summed up, for each location, angle and kind."""
        return records(self.outcomes())

    def history(self) -> History:
        """What they teach."""
        return learned(self.records())

    def _rows_of(self, outcomes: Iterable[Outcome]) -> list[tuple[object, ...]]:
        now = self._clock()
        return [
            (o.fingerprint, o.location, o.source, o.angle, o.kind, o.vote, o.what, o.reason[:LONGEST_REASON], now)
            for o in outcomes
        ]
