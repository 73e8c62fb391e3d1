"""SQLite as this room uses it: own files, one version of each, short transactions, one kind of error."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from codedesigner.state.folder import StoreError, own_file

_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_OPENING_S = 2.0  # several processes may make a new file at once; this happens once
# What sqlite3 raises, for a value that it cannot take too.
_ERRORS = (sqlite3.Error, OverflowError, UnicodeEncodeError)


@dataclass(frozen=True, slots=True)
class Schema:
    """What a file consists of. `page_bytes` and `wal_pages` (a checkpoint's distance): None leaves SQLite's own."""

    version: int
    create: tuple[str, ...]
    page_bytes: int | None = None
    wal_pages: int | None = None


def connect(path: Path, schema: Schema, *, busy_s: float) -> sqlite3.Connection:
    """A connection in WAL mode to a file of this schema, made where it is missing.

    What is committed survives the end of the process, however it ends.

    Raises:
        StoreError: the file is open to others.
        sqlite3.Error: it is broken or locked, or of another version.
    """
    own_file(path)
    db = sqlite3.connect(path, timeout=busy_s, isolation_level=None)
    try:
        db.execute("PRAGMA trusted_schema = OFF")
        db.execute("PRAGMA synchronous = NORMAL")
        if schema.page_bytes is not None:
            db.execute(f"PRAGMA page_size = {schema.page_bytes}")  # of a new file only
        if schema.wal_pages is not None:
            db.execute(f"PRAGMA wal_autocheckpoint = {schema.wal_pages}")
        _prepare(db, schema)
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def opened(path: Path, schema: Schema, *, busy_s: float) -> Iterator[sqlite3.Connection]:
    """The same for a short while; every error of SQLite inside becomes `StoreError`."""
    try:
        with closing(connect(path, schema, busy_s=busy_s)) as db:
            yield db
    except _ERRORS as error:
        raise unusable(path, error) from error


class Transaction:
    """`with Transaction(db):` a transaction that may write from its start, undone where it is left by an exception."""

    __slots__ = ("_db",)

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")


class Held:
    """A connection that one process holds open, from the first `with held as db:` to `close`.

    Errors of SQLite inside come out as what `error` makes of a `StoreError`. After one that is more than a lock of
    somebody else's, the next use opens the file anew. One thread may use it, and no process forked from this one:
    SQLite's locks do not survive a fork.
    """

    def __init__(
        self,
        path: Path,
        schema: Schema,
        *,
        busy_s: float,
        error: Callable[[StoreError], Exception] = lambda trouble: trouble,
    ) -> None:
        self.path = path
        self._schema = schema
        self._busy_s = busy_s
        self._error = error
        self._db: sqlite3.Connection | None = None
        self._owner = 0

    def __enter__(self) -> sqlite3.Connection:
        if self._db is not None and self._owner == os.getpid():
            return self._db
        try:
            return self._open()
        except StoreError as trouble:
            raise self._error(trouble) from trouble
        except _ERRORS as error:
            raise self._error(unusable(self.path, error)) from error

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if not isinstance(error, _ERRORS):
            return
        if not _is_busy(error):
            self.close()
        raise self._error(unusable(self.path, error)) from error

    def close(self) -> None:
        """Close it, if it is open."""
        if self._db is not None and self._owner == os.getpid():
            with suppress(sqlite3.Error):
                self._db.close()
            self._db = None

    def _open(self) -> sqlite3.Connection:
        if self._db is not None:
            hint = "open it in the process that uses it"
            raise StoreError(f"{self.path} was opened before this process was forked", hint=hint)
        db = connect(self.path, self._schema, busy_s=max(self._busy_s, _OPENING_S))
        db.execute(f"PRAGMA busy_timeout = {int(self._busy_s * 1000)}")
        self._db, self._owner = db, os.getpid()
        return db


def unusable(path: Path, error: Exception) -> StoreError:
    """An error of SQLite in words, with what to do."""
    if _is_busy(error):
        return StoreError(f"{path} cannot be used: {error}", hint="another process writes to it; try again")
    hint = f"delete {path} if it stays so; only what it remembers is lost with it"
    return StoreError(f"{path} cannot be used: {error}", hint=hint)


def _is_busy(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF in _BUSY


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _prepare(db: sqlite3.Connection, schema: Schema) -> None:
    """Makes the tables in a new file."""
    found = _version(db)
    if found == 0:
        # Two processes may both be first. The mode is changed only where nobody else has the file open; whoever
        # comes too late for that works in the other mode, which is as safe and only slower.
        with suppress(sqlite3.OperationalError):
            db.execute("PRAGMA journal_mode = WAL")
        with Transaction(db):
            found = _version(db)
            if found == 0:
                for statement in schema.create:
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {schema.version}")
                found = schema.version
    if found != schema.version:
        raise sqlite3.DatabaseError(f"it has version {found} and not {schema.version}")
