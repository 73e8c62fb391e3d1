"""SQLite or PostgreSQL: short transactions in threads of their own, one kind of error, migrated on opening."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, InterfaceError, OperationalError, SQLAlchemyError

from codedesigner.errors import CodedesignerError, ConfigError
from codedesigner.service.schema import MIGRATIONS
from codedesigner.state.folder import own_file

T = TypeVar("T")

FILE_NAME = "service.sqlite"
_BUSY_S = 10.0
_SHORT_S = 0.2
_TRIES = 6
_WAIT_S = 0.05  # doubles with every try
_LOOKERS = 2  # those of one process that only read, at once
_READS = "only_reads"
_THREADS = 4  # transactions of one process at once on PostgreSQL
_LOCK = 0x0C0DE  # PostgreSQL's advisory lock while a database is migrated
_LOG_BYTES = 64 * 2**20  # of SQLite's write-ahead log, once what is in it has been taken over
_POSTGRES: Mapping[str, int | None] = {
    # A server that has vanished without a word is noticed.
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    # Behind a pooler that lends connections for one transaction, nothing may be left on one for the next.
    "prepare_threshold": None,
}


class DatabaseError(CodedesignerError):
    """The service's database cannot be used."""

    exit_code = 3


class Database:
    """The service's database. A transaction is done whole or not at all, and what is done survives a power cut.

    Where it is not `durable`, what the last ones did may be lost in a power cut, though not with the process; and
    nobody waits long for it.
    """

    def __init__(self, url: str, *, durable: bool = True) -> None:
        self._engine = _engine(url, durable=durable)
        self._tries = _TRIES if durable else 1
        self._closing = Event()
        self.dialect = self._engine.dialect.name
        threads = 1 if self.dialect == "sqlite" else _THREADS
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="service-db")
        self._lookers = ThreadPoolExecutor(_LOOKERS, thread_name_prefix="service-look")

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Do `work` in a transaction, in a thread. It may be done anew where the connection broke or was in the way.

        Raises:
            DatabaseError: the database cannot be used.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.do, work)

    async def look(self, work: Callable[[Connection], T]) -> T:
        """The same for `work` that only reads: it waits for no writer, and no writer waits for it.

        Raises:
            DatabaseError: the database cannot be used.
        """
        return await asyncio.get_running_loop().run_in_executor(self._lookers, partial(self.do, work, reads=True))

    def do(self, work: Callable[[Connection], T], *, reads: bool = False) -> T:
        """The same, here and now."""
        wait = _WAIT_S
        for _ in range(self._tries - 1):
            try:
                return self._once(work, reads)
            except (OperationalError, InterfaceError, IntegrityError) as error:
                if isinstance(error, IntegrityError) and self.dialect == "sqlite":
                    raise DatabaseError(_words(error)) from error
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise DatabaseError(_words(error)) from error
            if self._closing.wait(wait):
                break
            wait *= 2
        try:
            return self._once(work, reads)
        except SQLAlchemyError as error:
            raise DatabaseError(_words(error), hint="see whether it runs and can be reached") from error

    def _once(self, work: Callable[[Connection], T], reads: bool) -> T:
        with self._engine.connect() as connection:
            db = connection.execution_options(**{_READS: reads})
            with db.begin():
                return work(db)

    def alone(self, db: Connection, what: str) -> None:
        """Until the transaction ends, nobody else is in one that has asked for the same."""
        if self.dialect == "postgresql":  # on SQLite every transaction is alone
            db.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 0))"), {"what": what})

    def now(self) -> float:
        """The database's time, which all workers share; on SQLite the machine's."""
        if self.dialect == "sqlite":
            return time.time()
        return float(self.do(lambda db: db.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()))

    def close(self) -> None:
        """End what is running, after the try that is under way, and close; what was not begun is not done."""
        self._closing.set()
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._lookers.shutdown(wait=True, cancel_futures=True)
        self._engine.dispose()


def address_of(url: str | None, folder: Path) -> str:
    """The address itself, or that of `service.sqlite` in `folder`. A file of SQLite is made where it is missing.

    Raises:
        ConfigError: the address is none.
        StoreError: the file is open to others.
    """
    parsed = _parsed(url if url is not None else f"sqlite:///{folder / FILE_NAME}")
    if parsed.drivername == "sqlite" and parsed.database not in (None, "", ":memory:"):
        own_file(Path(str(parsed.database)))
    return url if url is not None else f"sqlite:///{folder / FILE_NAME}"


def open_database(url: str | None, folder: Path) -> Database:
    """The database at `url` (`postgresql://…` or `sqlite:///…`), or `service.sqlite` in `folder`, with today's tables.

    Raises:
        ConfigError: the address is none.
        StoreError: the file is open to others.
        DatabaseError: it cannot be used, or was made by a newer version.
    """
    database = Database(address_of(url, folder))
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def migrate(database: Database) -> int:
    """Bring it to this version; how many steps that took.

    Raises:
        DatabaseError: a newer version made it.
    """

    def steps(db: Connection) -> int:
        if database.dialect == "postgresql":
            db.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        db.execute(text("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)"))
        found = db.execute(text("SELECT version FROM schema_version")).scalar()
        version = 0 if found is None else int(found)
        if version > len(MIGRATIONS):
            raise DatabaseError(
                f"the database has version {version}, and this codedesigner knows {len(MIGRATIONS)}",
                hint="start the newer codedesigner that made it",
            )
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                db.execute(text(statement))
        if found is None:
            db.execute(text("INSERT INTO schema_version VALUES (:version)"), {"version": len(MIGRATIONS)})
        elif version < len(MIGRATIONS):
            db.execute(text("UPDATE schema_version SET version = :version"), {"version": len(MIGRATIONS)})
        return len(MIGRATIONS) - version

    return database.do(steps)


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):  # without the cause: it may quote the password
        raise ConfigError("the database's address is none", hint="postgresql://user@host/name") from None


def _engine(url: str, *, durable: bool) -> Engine:
    parsed = _parsed(url)
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername == "postgresql+psycopg":
        return create_engine(
            parsed,
            pool_size=_THREADS + _LOOKERS,
            pool_pre_ping=True,
            pool_recycle=1800,
            connect_args={name: value for name, value in _POSTGRES.items() if name not in parsed.query},
        )
    if parsed.drivername != "sqlite":
        raise ConfigError(
            f"a database of the kind `{parsed.drivername}` is not supported", hint="give a postgresql:// address"
        )
    engine = create_engine(
        parsed, connect_args={"timeout": _BUSY_S if durable else _SHORT_S, "check_same_thread": False}
    )
    event.listen(engine, "connect", _sqlite_connected if durable else _sqlite_connected_lightly)
    event.listen(engine, "begin", _sqlite_begun)
    return engine


def _sqlite_connected(connection: Any, _record: object) -> None:
    """WAL, so that readers wait for nobody; every commit waits for the disk, as a webhook is answered after it."""
    _sqlite_connected_lightly(connection, _record)
    connection.execute("PRAGMA synchronous = FULL")


def _sqlite_connected_lightly(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        f"journal_size_limit = {_LOG_BYTES}",
        "synchronous = NORMAL",
        "trusted_schema = OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begun(connection: Connection) -> None:
    """A transaction may write from its start: one that only finds out later could not wait for another.

    One that reads takes no lock at all.
    """
    connection.exec_driver_sql("BEGIN" if connection.get_execution_options().get(_READS) else "BEGIN IMMEDIATE")


def _words(error: SQLAlchemyError) -> str:
    """What went wrong, without the statement and its values: those are other people's texts."""
    cause = getattr(error, "orig", None) or error
    said = str(cause).strip() or type(cause).__name__
    return f"the service's database cannot be used: {said.splitlines()[0][:300]}"
