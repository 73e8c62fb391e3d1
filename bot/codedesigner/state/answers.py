"""Answers by content, kept in one SQLite file: who was asked the same before need not be asked again.

Every operation opens the file, does its work in one transaction and closes it. Nothing is held open between two of
them, so that any number of processes can share the file and none can leave it locked.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from codedesigner.protocol.issue import Answer, AnswerStatus, Source
from codedesigner.state.encoding import decoded, encoded
from codedesigner.state.folder import StoreError, own_file

FILE_NAME = "answers.sqlite"
SCHEMA_VERSION = 1
MOST_ROWS = 100_000
MOST_BYTES = 256_000_000  # of answers; the file itself is a little larger
LARGEST_ANSWER = 4_000_000  # bytes; no single file may push out what is known about all others
KEPT: frozenset[AnswerStatus] = frozenset({"answered", "unparsed"})

_BUSY_S = 2.0
_DAY_S = 86_400.0  # a date of use is renewed once a day, so that reading seldom writes
_ROOM = 0.9  # of the limits, after making room: not every new answer is to make room again
_CREATE = (
    "CREATE TABLE answer (key TEXT PRIMARY KEY, used REAL NOT NULL, size INTEGER NOT NULL, value TEXT NOT NULL)",
    # Covers counting and ordering, so that neither reads the answers.
    "CREATE INDEX answer_used ON answer (used, key, size)",
)
_READ = "SELECT value, used FROM answer WHERE key = ?"
_IS_THERE = "SELECT 1 FROM answer WHERE key = ?"
# The newest that fit stay. Ties are broken by the key, so that what goes is the same everywhere.
_MAKE_ROOM = """
DELETE FROM answer WHERE key IN (
    SELECT key FROM (
        SELECT key, row_number() OVER newest AS nth, sum(size) OVER newest AS bytes FROM answer
        WINDOW newest AS (ORDER BY used DESC, key DESC ROWS UNBOUNDED PRECEDING)
    ) WHERE nth > ? OR bytes > ?
)
"""


def answer_key(location: str, version: str, source: Source) -> str:
    """The name of one location's answer about one source: all that it depends on, and nothing else.

    `version` names the reviewer's program and rules. The source's own `key` is not part of it.
    """
    hashed = sha256()
    language = "" if source.language is None else f"language {source.language}"
    for part in (str(SCHEMA_VERSION), location, version, source.path, language, source.text):
        data = part.encode("utf-8", "surrogateescape")
        hashed.update(b"%d:" % len(data))
        hashed.update(data)
    return hashed.hexdigest()


class AnswerStore:
    """The answers in one folder. Above its limits, those that were not used for longest are forgotten.

    Every method raises `StoreError` where the file is broken, locked for too long, or open to others. `clock` gives
    Unix time in seconds, `busy_s` is how long to wait for another process.
    """

    def __init__(
        self,
        folder: Path,
        *,
        rows: int = MOST_ROWS,
        most_bytes: int = MOST_BYTES,
        busy_s: float = _BUSY_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = folder / FILE_NAME
        self._rows = rows
        self._bytes = most_bytes
        self._busy_s = busy_s
        self._clock = clock

    def known(self, keys: Collection[str]) -> frozenset[str]:
        """Those keys under which there is an answer. Does not count as use."""
        with self._open() as db:
            return frozenset(key for key in keys if db.execute(_IS_THERE, (key,)).fetchone() is not None)

    def get(self, keys: Collection[str]) -> dict[str, Answer]:
        """The answers that are there; one that cannot be read is not."""
        found: dict[str, Answer] = {}
        now = self._clock()
        stale: list[tuple[float, str]] = []
        with self._open() as db:
            for key in keys:
                row: tuple[object, object] | None = db.execute(_READ, (key,)).fetchone()
                answer = None if row is None else decoded(str(row[0]))
                if row is not None and answer is not None:
                    found[key] = answer
                    if not isinstance(row[1], float) or row[1] < now - _DAY_S:
                        stale.append((now, key))
            if stale:
                # Whoever cannot write loses a date and no answer.
                with suppress(sqlite3.OperationalError), _transaction(db):
                    db.executemany("UPDATE answer SET used = ? WHERE key = ?", stale)
        return found

    def put(self, answers: Mapping[str, Answer]) -> None:
        """Keeps the answers whose status is in `KEPT` and whose size is at most `LARGEST_ANSWER`; the last one wins."""
        now = self._clock()
        values = {key: encoded(answer) for key, answer in answers.items() if answer.status in KEPT}
        rows = [(key, now, len(value), value) for key, value in values.items() if len(value) <= LARGEST_ANSWER]
        if not rows:
            return
        with self._open() as db, _transaction(db):
            db.executemany("INSERT OR REPLACE INTO answer (key, used, size, value) VALUES (?, ?, ?, ?)", rows)
            count, size = db.execute("SELECT count(*), sum(size) FROM answer").fetchone()
            if count > self._rows or size > self._bytes:
                db.execute(_MAKE_ROOM, (int(self._rows * _ROOM), int(self._bytes * _ROOM)))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        own_file(self.path)
        try:
            with closing(sqlite3.connect(self.path, timeout=self._busy_s, isolation_level=None)) as db:
                db.execute("PRAGMA trusted_schema = OFF")
                db.execute("PRAGMA synchronous = NORMAL")
                _prepare(db)
                yield db
        except sqlite3.Error as error:
            hint = f"delete {self.path} if it stays so; only time is lost with it"
            raise StoreError(f"{self.path} cannot be used: {error}", hint=hint) from error


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _prepare(db: sqlite3.Connection) -> None:
    """Makes the tables in a new file.

    Raises:
        sqlite3.Error: the file is broken or locked, or is not one of this version's.
    """
    found = _version(db)
    if found == 0:
        # Two processes may both be first. The mode is changed only where nobody else has the file open; whoever
        # comes too late for that works in the other mode, which is as safe and only slower.
        with suppress(sqlite3.OperationalError):
            db.execute("PRAGMA journal_mode = WAL")
        with _transaction(db):
            found = _version(db)
            if found == 0:
                for statement in _CREATE:
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                found = SCHEMA_VERSION
    if found != SCHEMA_VERSION:
        raise sqlite3.DatabaseError(f"it has version {found} and not {SCHEMA_VERSION}")
