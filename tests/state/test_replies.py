"""Replies in a file: what is acknowledged is there, whoever is killed; what is broken is told once."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from codedesigner.call.model import GOOD, MODES, Outcome, Reply, Tried, Usage
from codedesigner.call.trouble import Trouble
from codedesigner.state.replies import FILE_NAME, ReplyStore
from codedesigner.state.replyjson import decoded, encoded
from codedesigner.state.shelf import LARGEST

DAY = 86_400.0

TEXT = st.text(st.characters(exclude_categories=()), max_size=12)  # half surrogate pairs, too
NUMBER = st.floats(allow_nan=False)
VALUE: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)
COUNT = st.integers(0, 2**70)
REPLY = st.builds(
    Reply,
    call_id=TEXT,
    location=TEXT,
    outcome=st.sampled_from(sorted(GOOD)),
    value=VALUE,
    text=TEXT,
    detail=TEXT,
    usage=st.builds(Usage, COUNT, COUNT, COUNT, COUNT, COUNT),
    usd=st.none() | NUMBER,
    tried=st.lists(st.builds(Tried, st.sampled_from(MODES), TEXT, TEXT, NUMBER), max_size=2).map(tuple),
    latency_ms=NUMBER,
    model=st.none() | TEXT,
)


def said(text: str = "x", outcome: Outcome = "answered") -> Reply:
    return Reply("call-1", "gpt", outcome, value={"issues": []}, text=text, usage=Usage(1, 10, 20), usd=0.5)


def kept(reply: Reply) -> Reply:
    return replace(reply, from_store=True)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def store_in(
    folder: Path,
    *,
    tell: Callable[[str], None] = pytest.fail,
    rows: int = 1000,
    most_bytes: int = 1_000_000,
    busy_s: float = 2.0,
    clock: Callable[[], float] | None = None,
) -> AsyncIterator[ReplyStore]:
    at = Clock() if clock is None else clock
    store = ReplyStore(folder, tell=tell, rows=rows, most_bytes=most_bytes, busy_s=busy_s, clock=at)
    try:
        yield store
    finally:
        await store.close()


def running(test: Callable[[Path], Awaitable[None]]) -> Callable[[Path], None]:
    """A test that is a coroutine, run in a loop of its own."""

    def run(tmp_path: Path) -> None:
        async def whole() -> None:
            await test(tmp_path)

        asyncio.run(whole())

    return run


async def known(store: ReplyStore, keys: list[str]) -> set[str]:
    return {key for key in keys if await store.get(key) is not None}


@given(REPLY)
def test_a_reply_survives_being_written(reply: Reply) -> None:
    text = encoded(reply)
    assert text is not None
    assert text.isascii()
    back = decoded(text)
    assert back == kept(reply)
    assert back is not None
    assert (back.tried, back.latency_ms) == (reply.tried, reply.latency_ms)
    assert json.dumps(back.value) == json.dumps(reply.value)  # 1 is not 1.0, and true is neither


def test_every_field_of_a_reply_is_written() -> None:
    """A field that is new in one of the values has to be written, too."""
    data = json.loads(encoded(replace(said(), tried=(Tried("text", "answered"),))) or "")
    assert set(data) == {each.name for each in fields(Reply)} - {"from_store", "trouble"} | {"version"}
    assert set(data["usage"]) == {each.name for each in fields(Usage)}
    assert set(data["tried"][0]) == {each.name for each in fields(Tried)}


@given(VALUE)
def test_what_is_no_reply_is_not_read_as_one(value: JsonValue) -> None:
    assert decoded(json.dumps(value)) is None


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("version", 2),
        ("version", "1"),
        ("outcome", "fine"),
        ("text", None),
        ("usage", {}),
        ("usd", "1"),
        ("tried", [1]),
    ],
)
def test_a_member_of_another_kind_is_no_reply(member: str, value: JsonValue) -> None:
    data = json.loads(encoded(said()) or "")
    assert decoded(json.dumps(data)) is not None
    assert decoded(json.dumps(data | {member: value})) is None
    del data[member]
    assert decoded(json.dumps(data)) is None


def test_what_cannot_be_written_is_not_kept() -> None:
    deep: JsonValue = []
    for _ in range(100_000):
        deep = [deep]
    assert encoded(replace(said(), value=10**5000)) is None
    assert encoded(replace(said(), value=deep)) is None
    assert decoded("[" * 100_000) is None


@running
async def test_what_is_put_is_there_for_the_next_process(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        await store.put("a", said("\udcff"))
        assert await store.get("a") == kept(said("\udcff"))
        assert await store.get("b") is None
    async with store_in(tmp_path) as again:
        assert await again.get("a") == kept(said("\udcff"))
        await again.put("a", said("other"))
        assert await again.get("a") == kept(said("other"))


@running
async def test_only_good_replies_are_kept(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        trouble = Trouble("timeout", "x")
        for bad in (said(outcome="truncated"), replace(said(outcome="failed"), trouble=trouble), kept(said())):
            await store.put("a", bad)
        await store.put("huge", said("x" * LARGEST))
        assert await known(store, ["a", "huge"]) == set()
        for good in sorted(GOOD):
            await store.put(good, said(outcome=good))
        assert await known(store, sorted(GOOD)) == GOOD


@running
async def test_many_at_once_share_transactions(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        await asyncio.gather(*(store.put(f"k{number}", said(str(number))) for number in range(500)))
        replies = await asyncio.gather(*(store.get(f"k{number}") for number in range(500)))
        assert [reply.text for reply in replies if reply is not None] == list(map(str, range(500)))


@running
async def test_whoever_is_cancelled_disturbs_no_other(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        tasks = [asyncio.create_task(store.put(f"k{number}", said())) for number in range(20)]
        await asyncio.sleep(0)
        tasks[3].cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(each) for each in done if each is not None] == [asyncio.CancelledError]
    async with store_in(tmp_path) as again:
        assert len(await known(again, [f"k{number}" for number in range(20)])) == 20


def test_a_store_serves_one_loop_after_the_other(tmp_path: Path) -> None:
    store = ReplyStore(tmp_path, tell=pytest.fail)

    async def use(key: str) -> Reply | None:
        await store.put(key, said(key))
        return await store.get("a")

    assert asyncio.run(use("a")) == asyncio.run(use("b")) == kept(said("a"))
    asyncio.run(store.close())


@running
async def test_the_longest_unused_make_room(tmp_path: Path) -> None:
    clock = Clock()
    async with store_in(tmp_path, rows=10, clock=clock) as store:
        for number in range(10):
            clock.now += DAY * 2
            await store.put(f"k{number}", said())
        clock.now += DAY * 2
        await store.get("k0")  # used again
        await store.put("k10", said())
        every = [f"k{number}" for number in range(11)]
        assert await known(store, every) == set(every) - {"k1", "k2"}


@running
async def test_bytes_are_bounded_too(tmp_path: Path) -> None:
    clock = Clock()
    async with store_in(tmp_path, most_bytes=6_000, clock=clock) as store:
        for number in range(20):
            clock.now += 1
            await store.put(f"k{number}", said("x" * 800))
        there = await known(store, [f"k{number}" for number in range(20)])
        assert "k19" in there
        assert 3 <= len(there) <= 5


@running
async def test_a_large_store_stays_within_a_hundredth_of_its_limit(tmp_path: Path) -> None:
    clock = Clock()
    async with store_in(tmp_path, rows=1000, clock=clock) as store:
        for group in range(120):
            clock.now += 1
            await asyncio.gather(*(store.put(f"{group}-{number}", said()) for number in range(10)))
            with closing(sqlite3.connect(store.path)) as db:
                assert db.execute("SELECT count(*) FROM reply").fetchone()[0] <= 1020


@running
async def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    async with store_in(tmp_path / "new") as store:
        await store.put("a", said())
        files = list((tmp_path / "new").iterdir())
        assert {path.name for path in files} >= {FILE_NAME, f"{FILE_NAME}-wal"}
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


@pytest.mark.parametrize("value", ["", "{}", '{"version":2}', "\x00"])
def test_a_row_that_means_nothing_is_not_there(tmp_path: Path, value: str) -> None:
    async def test() -> None:
        async with store_in(tmp_path) as store:
            await store.put("a", said())
            await store.put("b", said())
            with closing(sqlite3.connect(store.path)) as db, db:
                db.execute("UPDATE reply SET value = ? WHERE key = 'a'", (value,))
            assert await known(store, ["a", "b"]) == {"b"}

    asyncio.run(test())


@pytest.mark.parametrize("first", ["get", "put"])
def test_a_broken_store_is_told_once_and_then_nothing_is_known(tmp_path: Path, first: str) -> None:
    async def test() -> None:
        path = tmp_path / FILE_NAME
        path.write_bytes(b"this is no database" * 100)
        told: list[str] = []
        async with store_in(tmp_path, tell=told.append) as store:
            if first == "put":
                await asyncio.gather(*(store.put(f"k{number}", said()) for number in range(10)))
            assert await store.get("a") is None
            await store.put("a", said())
            assert path.read_bytes().startswith(b"this is no database")
            path.unlink()  # healed; but in this run the decision has fallen
            await store.put("a", said())
            assert await store.get("a") is None
        (line,) = told
        assert line.startswith(f"going on without the answers of earlier reviews: {path} cannot be used: ")
        assert f"delete {path}" in line
        assert "\n" not in line

    asyncio.run(test())


@running
async def test_a_locked_store_is_told_after_a_while_and_holds_nobody_up(tmp_path: Path) -> None:
    told: list[str] = []
    async with store_in(tmp_path, tell=told.append, busy_s=0.05) as store:
        await store.put("a", said())
        with closing(sqlite3.connect(store.path, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")
            assert await store.get("a") == kept(said())  # who only reads does not wait
            await store.put("b", said())
            db.execute("ROLLBACK")
        assert await store.get("a") == kept(said())
        assert await store.get("b") is None, "it was not to wait"
        await store.put("c", said())
        assert await store.get("c") is None, "nothing is kept any more"
    assert len(told) == 1
    assert "locked" in told[0]


@running
async def test_closing_writes_what_was_put_and_can_be_repeated(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        waiting = asyncio.gather(*(store.put(f"k{number}", said()) for number in range(50)))
        await asyncio.sleep(0)
        await store.close()
        await store.close()
        await waiting
        assert len(await known(store, [f"k{number}" for number in range(50)])) == 50


CHILD = """
import asyncio, sys
from pathlib import Path
from codedesigner.call.model import Reply
from codedesigner.state.replies import ReplyStore

name, many = sys.argv[2], int(sys.argv[3])

async def ask(store, numbers):
    for number in numbers:
        key = f"{name}-{number}"
        await store.put(key, Reply(key, "gpt", "answered", text=name * 100))
        sys.stdout.write(key + "\\n")
        sys.stdout.flush()

async def main():
    store = ReplyStore(Path(sys.argv[1]), tell=lambda line: sys.exit(line), busy_s=20.0)
    sys.stdin.readline()
    await asyncio.gather(*(ask(store, range(first, many, 16)) for first in range(16)))
    await store.close()

asyncio.run(main())
"""


def ended(process: subprocess.Popen[str]) -> None:
    process.wait(timeout=60)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def child(folder: Path, name: str, many: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder), name, str(many)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_what_several_processes_put_is_all_there_whoever_is_killed(tmp_path: Path) -> None:
    victim, other = child(tmp_path / "new", "victim", 1_000_000), child(tmp_path / "new", "other", 400)
    assert victim.stdin is not None
    assert victim.stdout is not None
    victim.stdin.write("\n")
    victim.stdin.flush()
    lines = [victim.stdout.readline() for _ in range(10)]
    assert other.stdin is not None
    other.stdin.close()  # go
    other.stdin = None
    lines += [victim.stdout.readline() for _ in range(200)]
    victim.send_signal(signal.SIGKILL)
    rest = victim.stdout.read()  # not communicate(), which forgets what readline() has buffered
    ended(victim)
    others, errors = other.communicate(timeout=60)
    assert errors == ""

    # Half a line at the end is none.
    told = [line for line in "".join([*lines, rest]).split("\n")[:-1] if line] + others.split()
    assert sum(key.startswith("other-") for key in told) == 400
    assert sum(key.startswith("victim-") for key in told) >= 210

    async def test() -> None:
        async with store_in(tmp_path / "new", rows=100_000, most_bytes=10**9) as store:
            assert await known(store, told) == set(told)
            await store.put("after", said())
            assert await store.get("after") == kept(said())

    asyncio.run(test())


def test_a_store_of_a_process_that_goes_on_for_days_comes_back_after_a_lock(tmp_path: Path) -> None:
    clock, told = Clock(), list[str]()

    async def run() -> None:
        store = ReplyStore(tmp_path, tell=told.append, busy_s=0.01, again_s=5.0, clock=clock)
        await store.put("a", said("a"))
        with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await store.put("b", said("b"))
            await store.put("c", said("c"))
            assert await store.get("b") == kept(said("b")), "this process knows it all the same"
            assert await store.get("a") == kept(said("a")), "what can be read is known"
            other.execute("ROLLBACK")
        assert len(told) == 1
        clock.now += 6.0
        assert await store.get("a") == kept(said("a"))
        await store.put("d", said("d"))
        await store.close()
        with closing(sqlite3.connect(tmp_path / FILE_NAME)) as other:
            assert [key for (key,) in other.execute("SELECT key FROM reply ORDER BY key")] == ["a", "b", "c", "d"]

    asyncio.run(run())


VISIT = (
    "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); print(d.execute('SELECT count(*) FROM reply').fetchall())"
)


def visited(path: Path) -> str:
    """How many replies another process finds, that opens the file and closes it."""
    done = subprocess.run([sys.executable, "-c", VISIT, str(path)], capture_output=True, text=True, check=True)
    return done.stdout


@running
async def test_what_is_written_after_somebody_else_has_looked_is_there_too(tmp_path: Path) -> None:
    async with store_in(tmp_path) as store:
        await store.put("a", said())
        assert await store.get("a") is not None  # its reader and its writer both have the file open
        assert visited(store.path) == "[(1,)]\n"
        await store.put("b", said())
        assert visited(store.path) == "[(2,)]\n"


def test_what_had_to_wait_is_written_as_soon_as_it_can_be_though_nobody_puts_anything(tmp_path: Path) -> None:
    async def run() -> None:
        store = ReplyStore(tmp_path, tell=lambda _line: None, busy_s=0.01, again_s=0.02)
        await store.put("a", said("a"))
        with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await store.put("b", said("b"))
            putting = asyncio.ensure_future(store.put("c", said("c")))
            await asyncio.sleep(0)
            putting.cancel()
            await asyncio.wait({putting})
            other.execute("ROLLBACK")
        async with asyncio.timeout(20):
            while visited(store.path) != "[(3,)]\n":  # noqa: ASYNC110 -- a file does not say when it has changed
                await asyncio.sleep(0.02)
        await store.close()

    asyncio.run(run())


def test_who_asks_while_the_file_cannot_be_read_waits_for_its_return_and_not_for_ever(tmp_path: Path) -> None:
    clock, told, troubled = Clock(), list[str](), asyncio.Event()

    def tell(line: str) -> None:
        told.append(line)
        troubled.set()

    async def run() -> None:
        store = ReplyStore(tmp_path, tell=tell, again_s=5.0, patience_s=20.0, clock=clock)
        await store.put("a", said("a"))
        with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
            other.execute("ALTER TABLE reply RENAME TO away")
            asked = asyncio.ensure_future(store.get("a"))
            await troubled.wait()
            other.execute("ALTER TABLE away RENAME TO reply")
            assert await asked == kept(said("a"))
            other.execute("ALTER TABLE reply RENAME TO away")
            asked = asyncio.ensure_future(store.get("a"))
            await asyncio.sleep(0)
            clock.now += 20.0
            assert await asked is None
            assert await store.get("a") is None, "once its patience is at its end, it tries once"
            other.execute("ALTER TABLE away RENAME TO reply")
        assert await store.get("a") == kept(said("a"))
        await store.close()

    asyncio.run(run())
    assert len(told) == 2
