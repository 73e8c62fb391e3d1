"""Replies in the service's database: there for every worker, bounded, and never in the way."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from codedesigner.call.model import Reply, Usage
from codedesigner.service.database import Database, migrate, open_database
from codedesigner.service.replies import SqlReplies
from codedesigner.service.schema import MIGRATIONS

REPLY = Reply("c", "one", "answered", value={"a": "é\u2028"}, usage=Usage(calls=1, tokens_in=5), latency_ms=3.0)


@contextmanager
def locked(folder: Path) -> Iterator[tuple[Database, SqlReplies, sqlite3.Connection]]:
    """A database and its replies, and somebody else who has locked it, until that one rolls back."""
    open_database(f"sqlite:///{folder / 'x.sqlite'}", folder).close()
    database = Database(f"sqlite:///{folder / 'x.sqlite'}", durable=False)
    with closing(sqlite3.connect(folder / "x.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield database, SqlReplies(database, lambda: 1.0, lambda _line: None), other
    database.close()


def test_what_one_worker_was_told_another_knows(address: str, tmp_path: Path) -> None:
    async def run() -> None:
        first, second = open_database(address, tmp_path), Database(address)
        await SqlReplies(first, lambda: 1.0, print).put("k", REPLY)
        assert await SqlReplies(second, lambda: 2.0, print).get("k") == replace(REPLY, from_store=True)
        assert await SqlReplies(second, lambda: 2.0, print).get("x") is None
        await SqlReplies(first, lambda: 1.0, print).put("bad", replace(REPLY, outcome="failed"))
        assert await SqlReplies(first, lambda: 1.0, print).get("bad") is None
        first.close()
        second.close()

    asyncio.run(run())


def test_the_longest_unused_make_room(database: Database) -> None:
    async def run() -> None:
        now = 1.0
        store = SqlReplies(database, lambda: now, print, rows=10)
        for n in range(300):
            now += 1
            await store.put(f"k{n}", REPLY)
        count = database.do(lambda db: db.execute(text("SELECT count(*) FROM replies")).scalar_one())
        assert count <= 10 + 200, "it measures every two hundred"
        assert await store.get("k0") is None
        assert await store.get("k299") is not None

    asyncio.run(run())


def test_while_the_database_is_away_nothing_is_known_and_that_is_told_once(tmp_path: Path) -> None:
    told: list[str] = []

    async def run() -> None:
        gone = Database(f"sqlite:///{tmp_path / 'none' / 'x.sqlite'}", durable=False)
        store = SqlReplies(gone, lambda: 1.0, told.append, patience_s=0.0)
        assert await store.get("k") is None
        await store.put("k", REPLY)
        assert len(told) == 1
        gone.close()

    asyncio.run(run())


def test_what_came_while_the_database_was_away_is_kept_when_it_is_back(tmp_path: Path) -> None:
    async def run() -> None:
        with locked(tmp_path) as (database, store, other):
            await store.put("a", REPLY)
            assert await store.get("a") == replace(REPLY, from_store=True), "this process knows it all the same"
            other.execute("ROLLBACK")
            await store.put("b", REPLY)
            assert database.do(lambda db: db.execute(text("SELECT count(*) FROM replies")).scalar_one()) == 2

    asyncio.run(run())


@pytest.mark.parametrize("more", [False, True])
def test_what_came_meanwhile_is_kept_whether_something_comes_after_it_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, more: bool
) -> None:
    monkeypatch.setattr("codedesigner.service.replies._AGAIN_S", 0.02)

    async def run() -> None:
        with locked(tmp_path) as (_, store, other):
            await store.put("a", REPLY)
            other.execute("ROLLBACK")
            if more:  # and it takes the other with it
                await store.put("b", REPLY)
                await asyncio.sleep(0.1)
            async with asyncio.timeout(20):
                while other.execute("SELECT count(*) FROM replies").fetchone() != (1 + more,):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            await store.close()

    asyncio.run(run())


def test_who_asks_while_the_database_is_away_waits_for_its_return(tmp_path: Path) -> None:
    async def run() -> None:
        told = asyncio.Event()
        database = open_database(f"sqlite:///{tmp_path / 'x.sqlite'}", tmp_path)
        store = SqlReplies(database, lambda: 1.0, lambda _line: told.set())
        await store.put("k", REPLY)
        database.do(lambda db: db.execute(text("ALTER TABLE replies RENAME TO away")))
        asked = asyncio.ensure_future(store.get("k"))
        await told.wait()
        database.do(lambda db: db.execute(text("ALTER TABLE away RENAME TO replies")))
        assert await asked == replace(REPLY, from_store=True)
        database.close()

    asyncio.run(run())


def test_who_is_cancelled_while_it_puts_loses_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        with locked(tmp_path) as (database, store, other):
            await store.put("a", REPLY)
            putting = asyncio.ensure_future(store.put("b", REPLY))
            await asyncio.sleep(0)
            assert await store.get("a") is not None, "what is being written is known"
            putting.cancel()
            await asyncio.wait({putting})
            other.execute("ROLLBACK")
            for name in ("a", "b"):
                assert await store.get(name) == replace(REPLY, from_store=True)
            await store.close()
            assert database.do(lambda db: db.execute(text("SELECT count(*) FROM replies")).scalar_one()) == 2

    asyncio.run(run())


def test_a_database_of_the_first_version_is_brought_forward_and_keeps_what_it_has(database: Database) -> None:
    def back(db: object) -> None:
        newer = [f"ALTER TABLE tasks DROP COLUMN {name}" for name in ("waits", "away_since", "ran_s")]
        tables = [f"DROP TABLE {name}" for name in ("replies", "outcomes")]
        for statement in (*tables, *newer, "UPDATE schema_version SET version = 1"):
            db.execute(text(statement))  # type: ignore[attr-defined]
        db.execute(text("INSERT INTO kept VALUES ('m', 'n', '1', 1.0)"))  # type: ignore[attr-defined]

    database.do(back)
    assert migrate(database) == len(MIGRATIONS) - 1
    assert migrate(database) == 0
    assert database.do(lambda db: db.execute(text("SELECT value FROM kept")).scalar_one()) == "1"
    assert database.do(lambda db: db.execute(text("SELECT count(*) FROM replies")).scalar_one()) == 0
