"""The service's database: opened by many at once, brought forward, closed, and never left open to others."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from codedesigner.errors import ConfigError
from codedesigner.event.model import ReviewRequested
from codedesigner.service.database import Database, DatabaseError, migrate, open_database
from codedesigner.service.inbox import Accepted, Duplicate, SqlInbox
from codedesigner.service.intake import Delivery
from codedesigner.service.schema import MIGRATIONS
from codedesigner.service.store import Store
from codedesigner.state.folder import StoreError

VERSIONS = sorted((Path(__file__).parent / "schemas").glob("*.sql"))
TASK = (
    "INSERT INTO tasks (id, task_key, module, task_type, forge, repo, number, head, kind, priority, context, state,"
    " retry_count, llm_requests, attempt, created_at, updated_at, not_before, lease_until, held, cancelled, outcome,"
    " error, deep) VALUES ('t', 'researcher:extract_content:k', 'researcher', 'extract_content', 'github', 'o/s',"
    " 7, 'h', 'review', 80, '{}', 'pending', 0, 0, 0, 1, 1, 0, 0, 0, '', '', '', 0)"
)


def made_by(version: Path, database: Database) -> None:
    """What a program of that version left."""

    def old(db: Connection) -> None:
        db.execute(text("CREATE TABLE schema_version (version INTEGER NOT NULL)"))
        for statement in version.read_text().split(";"):
            if statement.strip():
                db.execute(text(statement))
        db.execute(text(TASK))
        number = int(version.stem)
        db.execute(text("INSERT INTO schema_version VALUES (:n)"), {"n": number})

    database.do(old)


def test_every_version_but_this_one_is_there_as_it_was() -> None:
    missing = set(range(1, len(MIGRATIONS))) - {int(one.stem) for one in VERSIONS}
    assert not missing, "write down the statements of the version that was the newest before, as schemas/N.sql"


@pytest.mark.parametrize("version", VERSIONS, ids=lambda one: one.stem)
def test_what_each_version_left_is_brought_forward_and_gone_on_with(
    version: Path, address: str, tmp_path: Path
) -> None:
    old = Database(address)
    made_by(version, old)
    old.close()
    new = open_database(address, tmp_path)
    try:
        store = Store(new, time.time)
        (task,) = asyncio.run(store.waiting())
        assert (task.id, task.work.number) == ("t", 7)
        assert asyncio.run(store.start(task, "w", 30.0, {})) is not None
        assert migrate(new) == 0
    finally:
        new.close()


def test_programs_that_start_at_once_bring_it_forward_once(address: str, tmp_path: Path) -> None:
    def opened(_n: int) -> int:
        database = open_database(address, tmp_path)
        try:
            return database.do(lambda db: int(db.execute(text("SELECT count(*) FROM schema_version")).scalar_one()))
        finally:
            database.close()

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(opened, range(6))) == [1] * 6


def test_a_file_that_an_address_names_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    made = open_database(f"sqlite:///{path}", tmp_path)
    made.do(lambda db: db.execute(text("INSERT INTO kept VALUES ('m', 'n', '1', 0)")))
    assert {stat.S_IMODE(one.stat().st_mode) for one in tmp_path.glob("x.sqlite*")} == {0o600}
    made.close()
    path.chmod(0o666)
    with pytest.raises(StoreError, match="can be written by others"):
        open_database(f"sqlite:///{path}", tmp_path)


@pytest.mark.parametrize("url", ["", "x", "mysql://u:hunter2@h/n", "postgresql://u:hunter2@h:port/n", "sqlite+x:///y"])
def test_an_address_that_is_none_is_said_without_its_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        open_database(url, tmp_path)
    assert "hunter2" not in f"{caught.value}{caught.value.hint}{caught.value.__cause__}"


def test_the_write_ahead_log_gives_back_what_it_took(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codedesigner.service.database._LOG_BYTES", 200_000)
    database = open_database(None, tmp_path)
    log = tmp_path / "service.sqlite-wal"
    keep = text("INSERT INTO kept VALUES ('m', :n, :v, 0)")
    for n, size in enumerate([3_000_000] * 4 + [1] * 4):
        given = {"n": str(n), "v": "x" * size}
        database.do(partial(Connection.execute, statement=keep, parameters=given))
    assert log.stat().st_size <= 200_000
    database.close()


def test_what_is_written_after_another_process_has_ended_is_there_too(tmp_path: Path) -> None:
    """A process opens the database more than once, and others come and go meanwhile."""
    database = open_database(None, tmp_path)
    again = open_database(None, tmp_path)
    code = "from pathlib import Path; from codedesigner.service.database import open_database as o; import sys;"
    visit = f"{code} o(None, Path(sys.argv[1])).close()"
    for name in ("first", "second"):
        subprocess.run([sys.executable, "-c", visit, str(tmp_path)], check=True)
        database.do(partial(_kept, name))
    again.close()
    with closing(sqlite3.connect(tmp_path / "service.sqlite")) as db:
        assert db.execute("SELECT name FROM kept ORDER BY name").fetchall() == [("first",), ("second",)]
    database.close()


def _kept(name: str, db: Connection) -> None:
    db.execute(text("INSERT INTO kept VALUES ('m', :name, '1', 0)"), {"name": name})


def test_closing_waits_for_no_further_try(tmp_path: Path) -> None:
    database = open_database(None, tmp_path)
    tries: list[float] = []

    def broken(_db: object) -> None:
        tries.append(time.monotonic())
        raise OperationalError("x", {}, Exception("away"))

    async def run() -> float:
        doing = asyncio.create_task(database.run(broken))
        while len(tries) < 3:  # noqa: ASYNC110 -- nobody tells
            await asyncio.sleep(0.01)
        began = time.monotonic()
        await asyncio.to_thread(database.close)
        with pytest.raises(DatabaseError):
            await doing
        return time.monotonic() - began

    assert asyncio.run(run()) < 0.3
    assert len(tries) <= 5


def test_nothing_is_left_on_a_connection_for_whoever_has_it_next(postgres: Callable[[], str], tmp_path: Path) -> None:
    """A pooler lends one connection to many, for one transaction each."""
    database = open_database(postgres(), tmp_path)
    look = text("SELECT count(*) FROM tasks WHERE id = :id")
    for n in range(12):
        database.do(partial(Connection.execute, statement=look, parameters={"id": str(n)}))
    left = database.do(
        lambda db: [
            db.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one(),
            db.execute(text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")).scalar_one(),
        ]
    )
    assert left == [0, 0]
    database.close()


@pytest.mark.parametrize("isolation", ["serializable", "repeatable%5C%20read"])
def test_ten_deliveries_at_once_are_one_however_strict_the_server_is(
    postgres: Callable[[], str], tmp_path: Path, isolation: str
) -> None:
    database = open_database(f"{postgres()}%20-cdefault_transaction_isolation%3D{isolation}", tmp_path)
    asked = database.do(lambda db: db.execute(text("SHOW transaction_isolation")).scalar_one())
    assert asked in isolation.replace("%5C%20", " ")

    async def run() -> list[object]:
        box = SqlInbox(database, time.time)
        event = ReviewRequested("0" * 40, "a" * 40, 3)
        given = [Delivery("github", f"d{n}", "h", "octo/shop", 5, 7, event) for n in range(10)]
        return list(await asyncio.gather(*map(box.accept, given)))

    came = asyncio.run(run())
    assert sum(isinstance(one, Accepted) for one in came) == 1
    assert sum(isinstance(one, Duplicate) for one in came) == 9
    database.close()
