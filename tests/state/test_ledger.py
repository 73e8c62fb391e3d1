"""Quotas in a file: every promise of a ledger, by several processes, beyond their ends, and in a broken file."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests.pool.ledger_contract import NOW, LedgerContract

from codedesigner.pool.ledger import DAY_S, Caps, Full, Ledger, LedgerError, Reservation, Used
from codedesigner.state.ledger import FILE_NAME, SqliteLedger

FREE = Caps()


@contextmanager
def ledger_in(folder: Path, *, busy_s: float = 0.05) -> Iterator[SqliteLedger]:
    with closing(SqliteLedger(folder, busy_s=busy_s)) as ledger:
        yield ledger


def reserved(ledger: Ledger, *, tokens: int = 0, caps: Caps = FREE, now: float = NOW) -> bool:
    return isinstance(ledger.reserve("a", tokens=tokens, deep=False, caps=caps, now=now), Reservation)


class TestSqliteLedger(LedgerContract):
    @contextmanager
    def opened(self) -> Iterator[Ledger]:
        with tempfile.TemporaryDirectory() as folder, ledger_in(Path(folder)) as ledger:
            yield ledger


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        made = ledger.reserve("a", tokens=70, deep=True, caps=FREE, now=NOW)
        assert isinstance(made, Reservation)
        ledger.reserve("a", tokens=5, deep=False, caps=FREE, now=NOW)
        ledger.settle(made, 30)
        ledger.hold("a", NOW + 60, "429 \udcff" + "x" * 1000)
        ledger.learn("a", "minute", 8, NOW)
        ledger.learn("a", "hour", 80, NOW + 1)
        before = ledger.standing("a")
        assert before.held_reason.startswith("429 ?x")
        assert len(before.held_reason) == 300
    with ledger_in(tmp_path) as again:
        assert again.used("a", NOW) == Used(2, 35, 2, 1)
        assert again.standing("a") == before
        assert (before.held_until, before.learned_minute, before.learned_hour) == (NOW + 60, (8, NOW), (80, NOW + 1))


def test_what_one_counts_the_other_sees_at_once(tmp_path: Path) -> None:
    caps = Caps(minute_tokens=100)
    with ledger_in(tmp_path) as one, ledger_in(tmp_path) as other:
        made = one.reserve("a", tokens=90, deep=False, caps=caps, now=NOW)
        assert isinstance(made, Reservation)
        assert not reserved(other, tokens=50, caps=caps)
        one.settle(made, 40)
        assert reserved(other, tokens=50, caps=caps)
        other.hold("a", NOW + 5, "429")
        assert one.standing("a").held_until == NOW + 5


def test_the_file_stays_small_however_many_calls_are_counted(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger, closing(sqlite3.connect(ledger.path)) as db:
        rows = []
        for day in range(3):
            for call in range(2000):
                ledger.reserve("a", tokens=10, deep=True, caps=FREE, now=NOW + day * DAY_S + call * 43.2)
            rows.append(db.execute("SELECT count(*) FROM usage").fetchone()[0])
        assert rows[1] == rows[2]
        for call in range(2000):
            ledger.reserve("a", tokens=10, deep=True, caps=FREE, now=NOW + 3 * DAY_S + call * 0.04)
        assert db.execute("SELECT count(*) FROM usage").fetchone()[0] <= 63 + 61 + 97


CHILD = """
import sys
from pathlib import Path
from codedesigner.pool.ledger import Caps, LedgerError, Reservation
from codedesigner.state.ledger import SqliteLedger
ledger = SqliteLedger(Path(sys.argv[1]))
caps = Caps(minute_requests=600, minute_tokens=400_000)
sys.stdin.readline()
for number in range(int(sys.argv[2])):
    while True:
        try:
            made = ledger.reserve("a", tokens=1000, deep=False, caps=caps, now=1_800_000_000.0 + number % 50)
            break
        except LedgerError:
            pass
    if isinstance(made, Reservation):
        while True:
            try:
                ledger.settle(made, 500)
                break
            except LedgerError:
                pass
        print(number, flush=True)
"""


def ended(process: subprocess.Popen[str]) -> None:
    process.wait(timeout=60)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def child(folder: Path, calls: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), str(calls)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_three_processes_share_a_limit_exactly(tmp_path: Path) -> None:
    children = [child(tmp_path / "new", 400) for _ in range(3)]
    for each in children:
        assert each.stdin is not None
        each.stdin.close()  # go
        each.stdin = None
    said = [each.communicate(timeout=60) for each in children]
    assert [errors for _, errors in said] == [""] * 3
    made = [len(lines.splitlines()) for lines, _ in said]
    assert sum(made) == 600  # of 1,200 that were wanted
    with ledger_in(tmp_path / "new") as ledger:
        assert ledger.used("a", 1_800_000_049.0) == Used(600, 300_000, 600, 0)


def test_a_killed_process_leaves_a_ledger_that_is_right(tmp_path: Path) -> None:
    victim = child(tmp_path, 100_000)
    assert victim.stdin is not None
    assert victim.stdout is not None
    victim.stdin.write("\n")
    victim.stdin.flush()
    lines = [victim.stdout.readline() for _ in range(100)]
    victim.send_signal(signal.SIGKILL)
    rest = victim.stdout.read()  # not communicate(), which forgets what readline() has buffered
    ended(victim)
    told = len(lines) + len(rest.splitlines())

    with ledger_in(tmp_path) as ledger:
        used = ledger.used("a", 1_800_000_049.0)
        # One call may have been counted and not told; one that is not settled counts as it was reserved.
        assert told <= used.minute_requests <= told + 1
        assert used.minute_tokens in {500 * told, 500 * told + 500, 500 * told + 1000}
        assert used.hour_requests == used.minute_requests
        assert reserved(ledger, now=1_800_000_049.0)


def test_another_writer_is_waited_for_shortly_and_harms_nothing(tmp_path: Path) -> None:
    with ledger_in(tmp_path, busy_s=0.01) as ledger:
        made = ledger.reserve("a", tokens=7, deep=False, caps=FREE, now=NOW)
        assert isinstance(made, Reservation)
        with closing(sqlite3.connect(ledger.path, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            with pytest.raises(LedgerError, match=r"locked \(another process writes to it; try again\)"):
                reserved(ledger)
            with pytest.raises(LedgerError):
                ledger.settle(made, 5)
            assert ledger.used("a", NOW) == Used(1, 7, 1, 0)  # who only reads does not wait
        assert reserved(ledger)


def everything_fails(ledger: SqliteLedger) -> str:
    made = Reservation("a", NOW, 1, deep=False)
    for use in (
        lambda: reserved(ledger),
        lambda: ledger.settle(made, 5),
        lambda: ledger.used("a", NOW),
        lambda: ledger.standing("a"),
        lambda: ledger.hold("a", NOW, "x"),
    ):
        with pytest.raises(LedgerError):
            use()
    with pytest.raises(LedgerError) as caught:
        ledger.learn("a", "hour", 5, NOW)
    return str(caught.value)


def test_a_broken_file_is_told_with_what_to_do_and_healed_by_doing_it(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        ledger.path.write_bytes(b"this is no database" * 100)
        assert everything_fails(ledger) == (
            f"{tmp_path / FILE_NAME} cannot be used: file is not a database "
            f"(delete {tmp_path / FILE_NAME} if it stays so; only what it remembers is lost with it)"
        )
        ledger.path.unlink()
        assert reserved(ledger)


def test_a_file_that_breaks_while_it_is_open_is_told(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        for call in range(200):
            reserved(ledger, now=NOW + call)
    with ledger_in(tmp_path) as ledger:
        whole = ledger.path.read_bytes()
        ledger.used("a", NOW + 200)
        ledger.path.write_bytes(whole[:1024] + b"\xff" * (len(whole) - 1024))
        ledger.close()
        with pytest.raises(LedgerError, match="malformed"):
            reserved(ledger, now=NOW + 200)


def test_a_file_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        reserved(ledger)
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as db:
        db.execute("PRAGMA user_version = 7")
    with ledger_in(tmp_path) as ledger:
        assert "version 7" in everything_fails(ledger)


def test_nobody_else_can_read_it_or_could_have_written_it(tmp_path: Path) -> None:
    with ledger_in(tmp_path / "new") as ledger:
        reserved(ledger)
        files = list((tmp_path / "new").iterdir())
        assert {path.name for path in files} >= {FILE_NAME, f"{FILE_NAME}-wal"}
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    (tmp_path / "new" / FILE_NAME).chmod(0o622)
    with ledger_in(tmp_path / "new") as ledger:
        assert "can be written by others (chmod go-w" in everything_fails(ledger)


@pytest.mark.parametrize("tokens", [2**63, -(2**64)])
def test_a_number_that_no_file_holds_is_a_trouble_and_counts_nothing(tmp_path: Path, tokens: int) -> None:
    with ledger_in(tmp_path) as ledger:
        with pytest.raises(LedgerError):
            reserved(ledger, tokens=tokens)
        assert ledger.used("a", NOW) == Used()
        assert reserved(ledger)


def _count_in_a_fork(ledger: SqliteLedger) -> None:
    try:
        reserved(ledger)
    except LedgerError as error:
        ledger.close()  # must not touch what belongs to the parent
        os._exit(7 if "forked" in str(error) else 1)
    os._exit(0)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_forked_process_does_not_use_the_connection_of_its_parent(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        reserved(ledger)
        forked = multiprocessing.get_context("fork").Process(target=_count_in_a_fork, args=(ledger,))
        forked.start()
        forked.join(60)
        assert forked.exitcode == 7
        assert reserved(ledger)
        assert ledger.used("a", NOW).minute_requests == 2


def test_no_cap_reads_no_window_and_still_counts(tmp_path: Path) -> None:
    with ledger_in(tmp_path) as ledger:
        for _ in range(5):
            assert reserved(ledger, tokens=3)
        full = ledger.reserve("a", tokens=3, deep=False, caps=Caps(minute_tokens=15), now=NOW)
        assert isinstance(full, Full)
