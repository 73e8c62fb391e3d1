"""Texts by key in one table of a file. What was not used for longest makes room for what is new."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from codedesigner.state.sqlite import Schema

LARGEST = 4_000_000  # characters (ASCII); no single text may push out what is known about all others
DAY_S = 86_400.0  # a date of use is renewed once a day, so that reading seldom writes

_ROOM = 0.9  # of the limits, after making room: not every new text is to make room again
_CREATE = (
    "CREATE TABLE shelf (key TEXT PRIMARY KEY, used REAL NOT NULL, size INTEGER NOT NULL, value TEXT NOT NULL)",
    # Covers counting and ordering, so that neither reads the texts.
    "CREATE INDEX shelf_used ON shelf (used, key, size)",
)
# The newest that fit stay. Ties are broken by the key, so that what goes is the same everywhere.
_MAKE_ROOM = """
DELETE FROM shelf WHERE key IN (
    SELECT key FROM (
        SELECT key, row_number() OVER newest AS nth, sum(size) OVER newest AS bytes FROM shelf
        WINDOW newest AS (ORDER BY used DESC, key DESC ROWS UNBOUNDED PRECEDING)
    ) WHERE nth > ? OR bytes > ?
)
"""


class Shelf:
    """The statements for the table `table`, which is to hold at most so many rows and bytes of text.

    `used` is Unix time in seconds. Every method raises `sqlite3.Error`.
    """

    def __init__(self, table: str, *, rows: int, most_bytes: int) -> None:
        def named(statement: str) -> str:
            return statement.replace("shelf", table)

        self.create = tuple(map(named, _CREATE))
        self.rows = rows
        self.most_bytes = most_bytes
        self._read = named("SELECT value, used FROM shelf WHERE key = ?")
        self._is_there = named("SELECT 1 FROM shelf WHERE key = ?")
        self._touch = named("UPDATE shelf SET used = ? WHERE key = ?")
        self._write = named("INSERT OR REPLACE INTO shelf (key, used, size, value) VALUES (?, ?, ?, ?)")
        self._count = named("SELECT count(*), sum(size) FROM shelf")
        self._make_room = named(_MAKE_ROOM)
        self._forget = named("DELETE FROM shelf WHERE used < ?")

    def schema(self, version: int) -> Schema:
        """A file with this table alone."""
        return Schema(version, self.create)

    def has(self, db: sqlite3.Connection, key: str) -> bool:
        """Whether there is a text."""
        return db.execute(self._is_there, (key,)).fetchone() is not None

    def read(self, db: sqlite3.Connection, key: str) -> tuple[str, float] | None:
        """The text and when it was used last."""
        row: tuple[object, object] | None = db.execute(self._read, (key,)).fetchone()
        if row is None:
            return None
        return str(row[0]), row[1] if isinstance(row[1], float) else 0.0

    def touch(self, db: sqlite3.Connection, keys: Iterable[str], used: float) -> None:
        """Renew the dates of use."""
        db.executemany(self._touch, [(used, key) for key in keys])

    def write(self, db: sqlite3.Connection, texts: Iterable[tuple[str, str]], used: float) -> None:
        """Put the texts (key, text) there; the last one wins. None may be larger than `LARGEST`."""
        db.executemany(self._write, [(key, used, len(text), text) for key, text in texts])

    def make_room(self, db: sqlite3.Connection) -> None:
        """Hold the table to its limits. Reads an index of all rows."""
        count, size = db.execute(self._count).fetchone()
        if count > self.rows or (size or 0) > self.most_bytes:
            db.execute(self._make_room, (int(self.rows * _ROOM), int(self.most_bytes * _ROOM)))

    def forget(self, db: sqlite3.Connection, before: float) -> None:
        """Take away what was last used before that time."""
        db.execute(self._forget, (before,))
