from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from codedesigner.state.folder import StoreError
from codedesigner.state.sqlite import Held, Schema, Transaction, opened

SCHEMA = Schema(1, ("CREATE TABLE t (x INTEGER)",))


def numbers(db: sqlite3.Connection) -> list[int]:
    return [row[0] for row in db.execute("SELECT x FROM t ORDER BY x")]


def interrupted(db: sqlite3.Connection) -> None:
    db.execute("INSERT INTO t VALUES (2)")
    raise KeyboardInterrupt


def test_what_a_transaction_did_is_undone_where_it_fails(tmp_path: Path) -> None:
    with opened(tmp_path / "f", SCHEMA, busy_s=1) as db:
        with Transaction(db):
            db.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(KeyboardInterrupt), Transaction(db):
            interrupted(db)
        with Transaction(db):
            db.execute("INSERT INTO t VALUES (3)")
        assert numbers(db) == [1, 3]


def test_a_held_connection_stays_the_same_until_it_is_closed_or_fails(tmp_path: Path) -> None:
    held = Held(tmp_path / "f", SCHEMA, busy_s=0.01)
    with held as first:
        first.execute("INSERT INTO t VALUES (1)")
    with held as again:
        assert again is first
    with pytest.raises(StoreError, match="no such table"), held as again:
        again.execute("SELECT * FROM u")
    with held as again:
        assert again is not first
        assert numbers(again) == [1]
    held.close()
    held.close()


def test_somebody_elses_lock_is_no_reason_to_open_anew(tmp_path: Path) -> None:
    held = Held(tmp_path / "f", SCHEMA, busy_s=0.01)
    with held as first, closing(sqlite3.connect(tmp_path / "f", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as caught, held as db, Transaction(db):
            numbers(db)
        assert caught.value.hint == "another process writes to it; try again"
    with held as again:
        assert again is first
    held.close()


def test_an_error_is_told_in_the_words_of_whoever_holds_the_file(tmp_path: Path) -> None:
    (tmp_path / "f").mkdir()
    held = Held(tmp_path / "f", SCHEMA, busy_s=0.01, error=lambda trouble: LookupError(str(trouble)))
    with pytest.raises(LookupError, match="cannot be used"), held:
        pass


def test_other_exceptions_pass_through(tmp_path: Path) -> None:
    held = Held(tmp_path / "f", SCHEMA, busy_s=0.01)
    with pytest.raises(LookupError), held as db, Transaction(db):
        raise LookupError
    with held as db:
        assert numbers(db) == []
    held.close()


def test_a_file_that_cannot_be_made_whole_is_closed_again(tmp_path: Path) -> None:
    broken = Schema(1, (*SCHEMA.create, "CREATE TABLE t (x INTEGER)"))
    with pytest.raises(StoreError, match="already exists"), opened(tmp_path / "f", broken, busy_s=1):
        pass
    with opened(tmp_path / "f", SCHEMA, busy_s=1) as db:  # nothing of it was made
        assert numbers(db) == []
