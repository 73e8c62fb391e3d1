"""Replies of models in the service's database, so that a worker on another machine need not ask again."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, text
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_delay, wait_exponential

from codedesigner.call.model import Reply
from codedesigner.service.database import Database, DatabaseError
from codedesigner.state.again import Again
from codedesigner.state.replyjson import decoded, encoded
from codedesigner.state.shelf import DAY_S, LARGEST
from codedesigner.state.waiting import Waiting

MOST_ROWS = 100_000
MOST_BYTES = 256_000_000
PATIENCE_S = 20.0
"""Less than a lease: a worker that waits for longer has lost its tasks."""
_AGAIN_S = 1.0
_ROOM = 0.9
_BETWEEN_CHECKS = 200  # replies that one worker puts before it measures

_PUT = text(
    "INSERT INTO replies (key, used, size, value) VALUES (:key, :used, :size, :value)"
    " ON CONFLICT (key) DO UPDATE SET used = excluded.used, size = excluded.size, value = excluded.value"
)
_MAKE_ROOM = text(
    "DELETE FROM replies WHERE key IN (SELECT key FROM (SELECT key, row_number() OVER newest AS nth,"
    " sum(size) OVER newest AS bytes FROM replies"
    " WINDOW newest AS (ORDER BY used DESC, key DESC ROWS UNBOUNDED PRECEDING)) AS counted"
    " WHERE nth > :rows OR bytes > :bytes)"
)


class SqlReplies:
    """Implements `pool.keep.Replies`. Above its limits, those that were not used for longest are forgotten.

    Who asks while the database is away waits for its return, `patience_s` at the most, and then nothing is known: to
    ask a model once more costs more than to wait. What was to be kept waits in memory; `tell` hears of it once each
    time.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], float],
        tell: Callable[[str], None],
        *,
        rows: int = MOST_ROWS,
        most_bytes: int = MOST_BYTES,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._database = database
        self._clock = clock
        self._tell = tell
        self._rows = rows
        self._bytes = most_bytes
        self._patience_s = patience_s
        self._put_since = 0
        self._away = False
        self._waiting = Waiting()
        self._again = Again(self._saved, _AGAIN_S)

    async def get(self, key: str) -> Reply | None:
        """The reply that is kept under the key, marked `from_store`."""
        now, waiting = self._clock(), self._waiting.get(key)
        if waiting is not None:
            return decoded(waiting)

        def work(db: Connection) -> str | None:
            found = db.execute(text("SELECT value, used FROM replies WHERE key = :key"), {"key": key}).one_or_none()
            if found is None:
                return None
            if found.used < now - DAY_S:
                db.execute(text("UPDATE replies SET used = :used WHERE key = :key"), {"used": now, "key": key})
            return str(found.value)

        trying = AsyncRetrying(
            retry=retry_if_exception_type(DatabaseError),
            wait=wait_exponential(multiplier=0.5, max=4.0),
            stop=stop_after_delay(self._patience_s),
            before_sleep=self._absent,
            reraise=True,
        )
        try:
            value: str | None = await trying(self._database.run, work)
        except DatabaseError as error:
            self._trouble(error)
            return None
        self._away = False
        return None if value is None else decoded(value)

    async def put(self, key: str, reply: Reply) -> None:
        """Keep a good reply. When this returns, it is safe from the end of the process."""
        if not reply.good or reply.from_store:
            return
        value = encoded(reply)
        if value is None or len(value) > LARGEST:
            return
        self._put_since += 1
        self._waiting.add(key, value)
        await self._save(measure=self._put_since % _BETWEEN_CHECKS == 1)

    async def close(self) -> None:
        """Write what is still to be written."""
        await self._again.close()
        if self._waiting:
            await self._save(measure=False)
            await self._again.close()

    async def _saved(self) -> bool:
        if self._waiting:  # else a reply that came meanwhile has taken the others with it
            await self._save(measure=False)
        return bool(self._waiting)

    async def _save(self, *, measure: bool) -> None:
        now, texts, safe = self._clock(), self._waiting.take(), False
        given = [{"key": key, "used": now, "size": len(text), "value": text} for key, text in texts.items()]

        def work(db: Connection) -> None:
            db.execute(_PUT, given)
            if measure:
                self._make_room(db)

        try:
            await self._database.run(work)
            self._away, safe = False, True
        except DatabaseError as error:
            self._trouble(error)
        finally:  # also where whoever put it is cancelled meanwhile
            (self._waiting.written if safe else self._waiting.put_back)(texts)
            if self._waiting:
                self._again.soon()

    def _make_room(self, db: Connection) -> None:
        found = db.execute(text("SELECT count(*) AS n, coalesce(sum(size), 0) AS bytes FROM replies")).one()
        if found.n > self._rows or found.bytes > self._bytes:
            db.execute(_MAKE_ROOM, {"rows": int(self._rows * _ROOM), "bytes": int(self._bytes * _ROOM)})

    def _absent(self, state: RetryCallState) -> None:
        failure = state.outcome.exception() if state.outcome is not None else None
        if isinstance(failure, DatabaseError):
            self._trouble(failure)

    def _trouble(self, error: DatabaseError) -> None:
        if not self._away:
            self._away = True
            self._tell(f"replies are not kept for now: {error.message}")
