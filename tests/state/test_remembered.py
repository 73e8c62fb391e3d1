from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import JsonValue

from codedesigner.state.remembered import LARGEST, OLDEST_S, RememberedServers

FACTS: dict[str, JsonValue] = {"mode": "tool", "refused": ["top_p"], "context": 8192, "share": 0.5, "model": None}


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def test_what_was_learned_is_there_for_the_next_process(tmp_path: Path) -> None:
    RememberedServers(tmp_path).put("http://a gpt", FACTS)
    again = RememberedServers(tmp_path)
    assert again.get("http://a gpt") == FACTS
    assert again.get("http://b gpt") is None
    again.put("http://a gpt", {})
    assert again.get("http://a gpt") == {}


def test_what_is_old_is_forgotten(tmp_path: Path) -> None:
    clock = Clock()
    servers = RememberedServers(tmp_path, clock=clock)
    servers.put("a", FACTS)
    clock.now += OLDEST_S - 1
    assert servers.get("a") == FACTS
    clock.now += 2
    assert servers.get("a") is None  # reading it has not made it younger
    servers.put("b", FACTS)
    with closing(sqlite3.connect(servers.path)) as db:
        assert db.execute("SELECT key FROM server").fetchall() == [("b",)]


def test_the_number_of_servers_is_bounded(tmp_path: Path) -> None:
    clock = Clock()
    servers = RememberedServers(tmp_path, rows=10, clock=clock)
    for number in range(30):
        clock.now += 1
        servers.put(f"s{number}", FACTS)
    there = [number for number in range(30) if servers.get(f"s{number}")]
    assert 9 <= len(there) <= 10
    assert there[-1] == 29


def test_more_facts_than_any_server_has_are_not_kept(tmp_path: Path) -> None:
    servers = RememberedServers(tmp_path)
    servers.put("a", FACTS)
    servers.put("a", {"x": "x" * LARGEST})
    servers.put("b", {"x": 10**5000})
    assert (servers.get("a"), servers.get("b")) == (FACTS, None)


@pytest.mark.parametrize("text", ["", "[]", "null", '{"a":', "[" * 100_000])
def test_a_row_that_means_nothing_is_not_there(tmp_path: Path, text: str) -> None:
    servers = RememberedServers(tmp_path)
    servers.put("a", FACTS)
    with closing(sqlite3.connect(servers.path)) as db, db:
        db.execute("UPDATE server SET value = ?", (text,))
    assert servers.get("a") is None


def test_a_broken_file_is_empty_and_stays_as_it_is(tmp_path: Path) -> None:
    servers = RememberedServers(tmp_path)
    servers.path.write_bytes(b"this is no database" * 100)
    servers.put("a", FACTS)
    assert servers.get("a") is None
    assert servers.path.read_bytes().startswith(b"this is no database")


def test_a_locked_file_loses_what_is_new_alone(tmp_path: Path) -> None:
    servers = RememberedServers(tmp_path, busy_s=0.05)
    servers.put("a", FACTS)
    with closing(sqlite3.connect(servers.path, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        servers.put("b", FACTS)
        assert servers.get("a") == FACTS
        db.execute("ROLLBACK")
    assert servers.get("b") is None


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    servers = RememberedServers(tmp_path / "new")
    servers.put("a", FACTS)
    assert stat.S_IMODE(servers.path.stat().st_mode) == 0o600
    servers.path.chmod(0o622)
    assert servers.get("a") is None
