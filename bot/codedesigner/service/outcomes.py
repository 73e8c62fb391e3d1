"""What became of findings, kept where the workers of all machines, and the dashboard, find it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import get_args

from sqlalchemy import Connection, text

from codedesigner.service.database import Database, DatabaseError
from codedesigner.service.rows import storable
from codedesigner.vote.finding import Vote
from codedesigner.vote.history import Book, Outcome, Record, What, records

MOST_ROWS = 200_000
_LONGEST = 1_000  # characters of a reason
_VOTES: dict[str, Vote] = {vote: vote for vote in get_args(Vote)}
_WHATS: dict[str, What] = {what: what for what in get_args(What)}
_FORGET = text(
    "DELETE FROM outcomes WHERE fingerprint = :fingerprint AND (source = :place OR substr(source, 1, :long) = :inside)"
)
_KEEP = text(
    "INSERT INTO outcomes VALUES (:fingerprint, :location, :source, :angle, :kind, :vote, :what, :reason, :noted)"
    " ON CONFLICT (fingerprint, location, source) DO UPDATE SET angle = excluded.angle, kind = excluded.kind,"
    " vote = excluded.vote, what = excluded.what, reason = excluded.reason, noted = excluded.noted"
)
_MAKE_ROOM = text(
    "DELETE FROM outcomes WHERE noted < (SELECT min(noted) FROM"
    " (SELECT noted FROM outcomes ORDER BY noted DESC LIMIT :most) AS newest)"
)


class SharedBook:
    """Implements `vote.history.Book`: in the database, and in `own`, which this machine's votes are weighed by."""

    def __init__(
        self,
        database: Database,
        own: Book,
        clock: Callable[[], float],
        say: Callable[[str], None],
        *,
        most: int = MOST_ROWS,
    ) -> None:
        self._database = database
        self._own = own
        self._clock = clock
        self._say = say
        self._most = most

    def replace(self, fingerprint: str, place: str, outcomes: Sequence[Outcome]) -> None:
        """Keep these in the place of all that was known of the finding from there."""
        self._own.replace(fingerprint, place, outcomes)
        inside, now = f"{place}/", self._clock()
        forgotten = {"fingerprint": fingerprint, "place": place, "long": len(inside), "inside": inside}

        def work(db: Connection) -> None:
            db.execute(_FORGET, forgotten)
            for each in outcomes:
                db.execute(_KEEP, _row(each, now))
            db.execute(_MAKE_ROOM, {"most": self._most})

        try:
            self._database.do(work)
        except DatabaseError as error:
            self._say(f"what became of a finding is not kept: {error.message}")


def _row(outcome: Outcome, now: float) -> dict[str, object]:
    return {
        "fingerprint": outcome.fingerprint,
        "location": outcome.location,
        "source": outcome.source,
        "angle": outcome.angle,
        "kind": outcome.kind,
        "vote": outcome.vote,
        "what": outcome.what,
        "reason": storable(outcome.reason[:_LONGEST]),
        "noted": now,
    }


def recorded(db: Connection) -> tuple[Record, ...]:
    """How often locations were right, as all machines know it."""
    rows = db.execute(text("SELECT * FROM outcomes ORDER BY noted, fingerprint, location, source"))
    return records(
        Outcome(
            row.fingerprint,
            row.location,
            row.angle,
            row.kind,
            _VOTES[row.vote],
            _WHATS[row.what],
            row.reason,
            row.source,
        )
        for row in rows
        if row.vote in _VOTES and row.what in _WHATS
    )
