from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from codedesigner.protocol.issue import Answer, AnswerStatus, Issue, Source
from codedesigner.state.answers import FILE_NAME, LARGEST_ANSWER, AnswerStore, answer_key
from codedesigner.state.folder import StoreError

DAY = 86_400.0
SOURCE = Source("new0", "m.py", "python", "x = 1\n")


def said(message: str) -> Answer:
    return Answer("answered", (Issue("k", "r", 1, 1, message),))


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def test_what_is_kept_is_there_for_the_next_process(tmp_path: Path) -> None:
    AnswerStore(tmp_path).put({"a": said("\udcff"), "b": Answer("unparsed", detail="line 3")})

    again = AnswerStore(tmp_path)
    assert again.get(["a", "b", "c"]) == {"a": said("\udcff"), "b": Answer("unparsed", detail="line 3")}
    assert again.known(["a", "c"]) == {"a"}
    again.put({"a": said("other")})
    assert again.get(["a"]) == {"a": said("other")}


@pytest.mark.parametrize("status", ["failed", "timeout", "offline"])
def test_a_failure_is_never_kept(tmp_path: Path, status: AnswerStatus) -> None:
    store = AnswerStore(tmp_path)
    store.put({"a": Answer(status, detail="exit code 2")})
    assert store.known(["a"]) == frozenset()


def test_an_answer_is_named_by_all_that_it_depends_on() -> None:
    keys = {
        answer_key("ruff", "1", SOURCE),
        answer_key("pylint", "1", SOURCE),
        answer_key("ruff", "2", SOURCE),
        answer_key("ruff", "1", replace(SOURCE, path="n.py")),
        answer_key("ruff", "1", replace(SOURCE, language=None)),
        answer_key("ruff", "1", replace(SOURCE, language="")),
        answer_key("ruff", "1", replace(SOURCE, text="x = 1\r\n")),
        answer_key("ruff", "1", replace(SOURCE, text="x = 1\n\udcff")),
    }
    assert len(keys) == 8
    assert answer_key("ruff", "1", replace(SOURCE, key="fix3")) in keys
    # A key that changes from release to release forgets every answer that anyone has.
    assert answer_key("ruff", "1", SOURCE) == "fee5960ccf0f4e0269ec5e3aebb10a21f8a8531ae5c5a3e9765878ab6c804757"


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path / "new")
    store.put({"a": said("x")})
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("INSERT INTO answer VALUES ('held open', 0, 1, '')")
        files = list((tmp_path / "new").iterdir())
        assert {path.name for path in files} >= {FILE_NAME, f"{FILE_NAME}-wal"}
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_the_longest_unused_make_room(tmp_path: Path) -> None:
    clock = Clock()
    store = AnswerStore(tmp_path, rows=10, clock=clock)
    for number in range(10):
        clock.now += DAY * 2
        store.put({f"k{number}": said("x")})
    clock.now += DAY * 2
    store.get(["k0"])  # used again

    store.put({"k10": said("x")})

    every = [f"k{number}" for number in range(11)]
    assert store.known(every) == set(every) - {"k1", "k2"}


def test_bytes_are_bounded_too(tmp_path: Path) -> None:
    clock = Clock()
    store = AnswerStore(tmp_path, most_bytes=5_000, clock=clock)
    for number in range(20):
        clock.now += 1
        store.put({f"k{number}": said("x" * 800)})
    kept = store.known([f"k{number}" for number in range(20)])
    assert "k19" in kept
    assert 3 <= len(kept) <= 5


def test_looking_whether_it_is_there_is_no_use(tmp_path: Path) -> None:
    clock = Clock()
    store = AnswerStore(tmp_path, rows=2, clock=clock)
    for name in ("old", "new"):
        clock.now += DAY * 2
        store.put({name: said("x")})
    clock.now += DAY * 2
    store.known(["old"])
    store.put({"newest": said("x")})
    assert store.known(["old", "new", "newest"]) == {"newest"}  # nine tenths of two are one


def test_one_huge_answer_pushes_out_nothing(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path)
    store.put({"huge": said("x" * LARGEST_ANSWER), "small": said("x")})
    assert store.known(["huge", "small"]) == {"small"}


@pytest.mark.parametrize("value", ["", "{}", '{"status":"answered","issues":[{}],"detail":""}', "\x00"])
def test_a_row_that_means_nothing_is_not_there(tmp_path: Path, value: str) -> None:
    store = AnswerStore(tmp_path)
    store.put({"a": said("x"), "b": said("y")})
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("UPDATE answer SET value = ? WHERE key = 'a'", (value,))
    assert store.get(["a", "b"]) == {"b": said("y")}


def condition(store: AnswerStore) -> str:
    with pytest.raises(StoreError) as reading:
        store.get(["a"])
    with pytest.raises(StoreError):
        store.put({"a": said("x")})
    with pytest.raises(StoreError):
        store.known(["a"])
    return str(reading.value)


def test_a_broken_file_is_a_condition_and_stays_as_it_is(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path)
    store.path.write_bytes(b"this is no database" * 100)
    assert "is not a database" in condition(store)
    assert store.path.read_bytes().startswith(b"this is no database")


def test_a_torn_file_is_a_condition(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path)
    store.put({f"k{number}": said("x" * 3000) for number in range(50)})
    whole = store.path.read_bytes()
    store.path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    assert "malformed" in condition(store)


def test_a_file_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path)
    store.put({"a": said("x")})
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("PRAGMA user_version = 7")
    assert "version 7" in condition(store)


def test_a_locked_file_is_a_condition_after_a_while(tmp_path: Path) -> None:
    store = AnswerStore(tmp_path, busy_s=0.1)
    store.put({"a": said("x")})
    with closing(sqlite3.connect(store.path, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        started = time.monotonic()
        with pytest.raises(StoreError, match="locked"):
            store.put({"b": said("y")})
        assert time.monotonic() - started < 5
        assert store.get(["a"]) == {"a": said("x")}  # who only reads does not wait
        db.execute("ROLLBACK")
    store.put({"b": said("y")})


def test_who_cannot_write_can_still_read_old_answers(tmp_path: Path) -> None:
    clock = Clock()
    store = AnswerStore(tmp_path, busy_s=0.05, clock=clock)
    store.put({"a": said("x")})
    clock.now += DAY * 2
    with closing(sqlite3.connect(store.path, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        assert store.get(["a"]) == {"a": said("x")}


CHILD = """
import sys
from pathlib import Path
from codedesigner.protocol.issue import Answer
from codedesigner.state.answers import AnswerStore
store = AnswerStore(Path(sys.argv[1]), rows=500, busy_s=20.0)
sys.stdin.read()
for number in range(40):
    store.put({f"{sys.argv[2]}-{number}": Answer("answered", detail=sys.argv[2])})
    assert store.get([f"{sys.argv[2]}-{number}"])
"""


def test_several_processes_begin_and_write_at_once(tmp_path: Path) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path / "shared"), str(number)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number in range(4)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.close()  # go
        child.stdin = None
    assert [child.communicate(timeout=60)[1] for child in children] == [b""] * 4
    found = AnswerStore(tmp_path / "shared").get([f"{child}-{number}" for child in range(4) for number in range(40)])
    assert len(found) == 160
    assert all(answer.detail == key.partition("-")[0] for key, answer in found.items())
