"""Whole pull requests through a worker: three modules, one result, and everything that can come in between."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.pullrequest.stage import ANN, NUMBER, Stage

from codedesigner.errors import UnreachableError
from codedesigner.event.model import CommandIssued, Ignored, QueueEntered, ReviewRequested
from codedesigner.pool.lent import Turn
from codedesigner.publish.discussion import Check, PullState
from codedesigner.service.database import Database, DatabaseError, open_database
from codedesigner.service.holding import MOST_DEATHS
from codedesigner.service.inbox import Refused
from codedesigner.service.task import Task
from codedesigner.service.worker import WorkerConfig

from .bench import QUICK, Shop, none

CART = "def total(prices):\n    return sum(prices)\n"
RESEARCH = tuple(
    ("researcher", kind, "done")
    for kind in ("generate_questions", "evaluate_source", "extract_content", "synthesize_findings")
)
BROKEN = "def total(prices):\n    return summ(prices)\n"


@pytest.fixture
def shop(make_repo: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("CODEDESIGNER_STATE_DIR", str(tmp_path / "state"))
    database = open_database(f"sqlite:///{tmp_path / 'service.sqlite'}", tmp_path)
    stage = Stage(make_repo({"cart.py": CART}), locations=("pyflakes",))
    stage.open({"cart.py": BROKEN})
    yield Shop(stage, database)
    database.close()


def review(shop: Shop) -> ReviewRequested:
    return ReviewRequested(shop.stage.pull.base, shop.stage.pull.head, NUMBER)


def command(shop: Shop, text: str) -> CommandIssued:
    comment = shop.stage.forge.said(NUMBER, ANN, text)
    word, _, argument = text.removeprefix("/codedesigner ").partition(" ")
    return CommandIssued(NUMBER, word, argument, comment.id, ANN.id, ANN.login, comment.created)  # type: ignore[arg-type]


def kinds(tasks: list[Task]) -> list[tuple[str, str, str]]:
    return [(one.module, one.task_type, one.outcome) for one in tasks]


def test_all_three_modules_complete_for_one_pull_request_and_a_push_is_a_review_of_threads(shop: Shop) -> None:
    async def run() -> None:
        await shop.deliver(review(shop))
        tasks = await shop.settle(shop.worker())
        assert kinds(tasks) == [
            *RESEARCH,
            ("explorer", "exploration", "done"),
            ("explorer", "review", "done"),
            ("documenter", "incorporate_insight", "done"),
        ]
        assert "summ" in shop.stage.summary
        assert shop.stage.check().conclusion == "failure"
        assert len(shop.stage.discussion.threads) == 1
        shop.stage.push({"cart.py": CART + "\n\nX = 1\n"})
        await shop.deliver(review(shop))
        assert kinds(await shop.settle(shop.worker()))[7:] == [
            *RESEARCH,
            ("explorer", "exploration", "done"),
            ("explorer", "review", "done"),
            ("documenter", "review_section", "done"),
        ]
        assert shop.stage.check().conclusion == "success"

    asyncio.run(run())


def test_a_clean_change_gets_its_summary_and_a_queue_its_check(shop: Shop) -> None:
    async def run() -> None:
        shop.stage.push({"cart.py": CART + "\n\nX = 1\n"})
        await shop.deliver(review(shop))
        assert kinds(await shop.settle(shop.worker()))[-1] == ("documenter", "draft_section", "done")
        await shop.deliver(QueueEntered(shop.stage.pull.base, shop.stage.pull.head, NUMBER))
        assert kinds(await shop.settle(shop.worker()))[-1] == ("explorer", "review", "done")

    asyncio.run(run())


def test_a_comment_is_answered_while_a_long_review_waits_in_between_its_calls(shop: Shop) -> None:
    """One slot: the review is parked before its next call, and goes on with it after the comment."""
    calls: list[str] = []
    called = asyncio.Event()

    async def many(turn: Turn) -> None:
        for n in range(30):
            assert await turn.come()
            calls.append(f"call {n}")
            called.set()
            await asyncio.sleep(0.02)

    shop.calls = many

    async def run() -> None:
        await shop.deliver(review(shop))
        worker = shop.worker()
        running = asyncio.create_task(worker.run())
        await called.wait()
        before = len(calls)
        await shop.deliver(command(shop, "/codedesigner help"))
        worker.wake()

        async def answered() -> bool:
            return bool(shop.stage.replies)

        await shop.until(answered)
        assert len(calls) - before < 25, "it did not wait for the whole review"
        await shop.until(shop.is_done)
        worker.stop()
        await running
        assert calls == [f"call {n}" for n in range(30)], "no call was made twice"
        names = shop.names()
        assert names.index("task.preempted") < names.index("task.resumed")
        by_type = {one.task_type: one for one in await shop.ended()}
        assert by_type["address_comment"].updated_at < by_type["exploration"].updated_at

    asyncio.run(run())


def test_a_newer_head_ends_the_older_review_between_two_calls_and_it_posts_nothing(shop: Shop) -> None:
    called = asyncio.Event()
    first = shop.stage.pull.head

    async def endless(turn: Turn) -> None:
        called.set()
        while shop.stage.pull.head == first or not turn.cancelled:
            if not await turn.come() or shop.stage.pull.head != first:
                return
            await asyncio.sleep(0.01)

    shop.calls = endless

    async def run() -> None:
        await shop.deliver(review(shop))
        worker = shop.worker()
        running = asyncio.create_task(worker.run())
        await called.wait()
        shop.stage.push({"cart.py": CART + "\n\nX = 1\n"})
        await shop.deliver(review(shop))
        await shop.until(shop.is_done)
        worker.stop()
        await running
        check = shop.stage.forge.checks[first, "codedesigner"]
        assert check.conclusion == "cancelled"
        assert shop.stage.check().conclusion == "success"
        assert shop.stage.discussion.threads == ()
        assert [one.outcome for one in await shop.ended() if one.work.head == first][-1] == "superseded"

    asyncio.run(run())


@pytest.mark.parametrize("state", ["closed", "merged", "open"])
def test_a_pull_request_that_is_closed_ends_its_review_between_two_calls_if_that_is_so(
    shop: Shop, state: PullState
) -> None:
    called, asked = asyncio.Event(), asyncio.Event()

    async def endless(turn: Turn) -> None:
        called.set()
        while not turn.cancelled and not (state == "open" and asked.is_set()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    shop.calls = endless

    async def run() -> None:
        await shop.deliver(review(shop))
        worker = shop.worker()
        running = asyncio.create_task(worker.run())
        await called.wait()
        shop.stage.forge.opened(replace(shop.stage.pull, state=state))
        told = await shop.deliver(Ignored("a pull request that is closed has nothing new to review", NUMBER))
        assert told == Refused("a pull request that is closed has nothing new to review")
        [going] = [one for one in await shop.tasks() if one.active]
        assert (going.task_type, going.cancelled) == ("exploration", "closed")

        async def believed() -> bool:
            now = await shop.store.get(going.id)
            return now is None or not now.active or not now.cancelled

        await shop.until(believed)
        asked.set()
        await shop.until(shop.is_done)
        worker.stop()
        await running
        last = (await shop.ended())[-1]
        if state == "open":
            assert (last.task_type, last.outcome) == ("incorporate_insight", "done")
            return
        assert (last.task_type, last.outcome) == ("exploration", "closed")
        assert shop.stage.check().title == f"Not reviewed: the pull request was {state}"
        assert shop.stage.check().conclusion == "cancelled"
        assert shop.stage.discussion.threads == ()

    asyncio.run(run())


def test_an_event_of_an_old_head_that_arrives_late_ends_nothing_but_itself(shop: Shop) -> None:
    async def run() -> None:
        old = review(shop)
        shop.stage.push({"cart.py": BROKEN + "\n\nX = 1\n"})
        await shop.deliver(review(shop))
        await shop.deliver(old)
        tasks = await shop.settle(shop.worker())
        outcomes = {(one.work.head == shop.stage.pull.head, one.task_type): one.outcome for one in tasks}
        assert outcomes[True, "incorporate_insight"] == "done"
        assert outcomes[False, "generate_questions"] == "superseded"
        assert len(shop.stage.discussion.threads) == 1

    asyncio.run(run())


def test_a_stopped_worker_hands_back_what_it_cannot_finish_and_the_next_one_ends_it(shop: Shop) -> None:
    called = asyncio.Event()

    async def slow(_turn: Turn) -> None:
        called.set()
        await asyncio.sleep(60)

    shop.calls = slow
    shop.config = WorkerConfig(slots=1, lease_s=60.0, beat_s=0.02, tick_s=0.02, grace_s=0.05)

    async def run() -> None:
        await shop.deliver(review(shop))
        worker = shop.worker()
        running = asyncio.create_task(worker.run())
        await called.wait()
        worker.stop()
        async with asyncio.timeout(2):
            await running
        [task] = [one for one in await shop.tasks() if one.active]
        assert (task.state, task.owner, task.retry_count) == ("paused", None, 0)
        assert "task.handed_back" in shop.names()

        shop.calls = none
        assert kinds(await shop.settle(shop.worker("v")))[-1] == ("documenter", "incorporate_insight", "done")

    asyncio.run(run())


async def until_told(shop: Shop, name: str) -> Task:
    """The task of a review, once a worker has told that of it and has stopped."""
    await shop.deliver(review(shop))
    worker = shop.worker()
    running = asyncio.create_task(worker.run())

    async def told() -> bool:
        return name in shop.names()

    await shop.until(told)
    worker.stop()
    await running
    [task] = [one for one in await shop.tasks() if one.active]
    return task


def test_a_failure_is_tried_again_and_the_module_hears_of_it(shop: Shop) -> None:
    times = 0

    async def breaks(_turn: Turn) -> None:
        nonlocal times
        times += 1
        raise ZeroDivisionError

    shop.calls = breaks

    async def run() -> None:
        task = await until_told(shop, "task.retried")
        assert (task.state, task.retry_count, task.error) == ("paused", 1, "a bug (ZeroDivisionError)")
        assert task.not_before > task.updated_at + 50
        assert await shop.store.kept("explorer") == {task.work.name: "ZeroDivisionError"}
        assert times == 1

    asyncio.run(run())


def test_a_machine_without_room_is_waited_for_and_no_bug(shop: Shop) -> None:
    async def full(_turn: Turn) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/x")

    shop.calls = full
    task = asyncio.run(until_told(shop, "task.waiting"))
    assert (task.retry_count, task.waits) == (0, 1)
    assert task.error == "the worker's machine has no room: No space left on device"


def test_a_task_that_is_held_waits_for_its_person_and_one_that_is_cancelled_says_so(shop: Shop) -> None:
    called = asyncio.Event()
    seen: list[int] = []

    async def many(turn: Turn) -> None:
        for n in range(1_000):
            if not await turn.come():
                return
            seen.append(n)
            called.set()
            await asyncio.sleep(0.01)

    shop.calls = many

    async def run() -> None:
        await shop.deliver(review(shop))
        worker = shop.worker()
        running = asyncio.create_task(worker.run())
        await called.wait()
        [task] = [one for one in await shop.tasks() if one.active]
        assert await shop.store.want(task.id, held=True)

        async def held() -> bool:
            return any(entry.parked for entry in worker.entries)

        await shop.until(held)
        count = len(seen)
        await asyncio.sleep(0.1)
        assert len(seen) <= count + 1
        await shop.store.want(task.id, held=False)

        async def on() -> bool:
            return len(seen) > count + 3

        await shop.until(on)
        await shop.store.want(task.id, cancelled="by ann")
        await shop.until(shop.is_done)
        worker.stop()
        await running
        assert [one.outcome for one in await shop.ended()][-1] == "cancelled"
        check = shop.stage.check()
        assert check.conclusion == "failure"
        assert "cancelled" in check.title

    asyncio.run(run())


def test_a_task_that_is_held_for_long_is_handed_back_and_begins_anew_with_what_it_knows(shop: Shop) -> None:
    called = asyncio.Event()
    begun: list[int] = []

    async def one(turn: Turn) -> None:
        begun.append(1)
        called.set()
        while len(begun) == 1:
            if not await turn.come():
                return
            await asyncio.sleep(0.01)

    shop.calls = one
    shop.config = WorkerConfig(slots=1, lease_s=2.0, beat_s=0.02, tick_s=0.02, parked_s=0.05)

    async def run() -> None:
        await shop.deliver(review(shop))
        worker = shop.worker()
        running = asyncio.create_task(worker.run())
        await called.wait()
        [task] = [one for one in await shop.tasks() if one.active]
        await shop.store.want(task.id, held=True)

        async def handed_back() -> bool:
            now = await shop.store.get(task.id)
            return now is not None and now.state == "paused" and now.owner is None

        await shop.until(handed_back)
        await shop.store.want(task.id, held=False)
        await shop.until(shop.is_done)
        worker.stop()
        await running
        assert len(begun) == 2
        assert kinds(await shop.ended())[-1] == ("documenter", "incorporate_insight", "done")

    asyncio.run(run())


@dataclass
class Endless:
    """A review that asks one question after the other, each answered after `seconds`."""

    seconds: float
    begun: int = 0
    answered: int = 0

    async def __call__(self, turn: Turn) -> None:
        while True:
            turn.waits(more=1)
            try:
                if not await turn.come():
                    return
            finally:
                turn.waits(more=-1)
            turn.asks(more=1)
            self.begun += 1
            try:
                await asyncio.sleep(self.seconds)
                self.answered += 1
            finally:
                turn.asks(more=-1)


@pytest.mark.parametrize("how", ["taken", "away"])
def test_what_is_being_answered_is_waited_for_when_a_task_is_lost_and_nothing_else(shop: Shop, how: str) -> None:
    short, long = Endless(1.0), Endless(1.3)

    async def both(turn: Turn) -> None:
        await asyncio.gather(short(turn), long(turn))

    async def asked() -> bool:
        return short.begun == long.begun == 1

    shop.calls = both
    shop.config = replace(QUICK, slots=1, lease_s=0.6 if how == "away" else 5.0)

    async def run() -> None:
        await shop.deliver(review(shop))
        worker = shop.worker("zombie")
        beat, away = shop.store.beat, False

        async def missing(name: str, lease_s: float, carried: Sequence[str]) -> Any:
            if away:
                raise DatabaseError("it is away")
            return await beat(name, lease_s, carried)

        shop.store.beat = missing  # type: ignore[method-assign, assignment]
        running = asyncio.create_task(worker.run())
        await shop.until(asked)
        said = dict(shop.stage.forge.checks)
        if how == "taken":
            [freed] = await shop.store.free("zombie")
            assert await shop.store.start(freed, "alive", 60.0, {}) is not None
        else:
            away = True

        async def lost() -> bool:
            return not worker.entries

        await shop.until(lost)
        assert (short.begun, short.answered, long.begun, long.answered) == (1, 1, 1, 1), "and no third is begun"
        assert shop.names().count("task.lost") == 1
        assert shop.stage.forge.checks == said
        away = False
        worker.stop()
        await running

    asyncio.run(run())


@pytest.mark.parametrize("how", ["lost", "lost in a call", "stopped"])
def test_who_is_interrupted_leaves_the_check_to_whoever_goes_on(shop: Shop, how: str) -> None:
    """That one may have completed it already, and what is published about a merge queue has to be its word."""
    called = asyncio.Event()

    async def asks(turn: Turn) -> None:
        turn.asks(more=1)
        called.set()
        try:
            await asyncio.sleep(60.0 if how == "stopped" else 0.5)
        finally:
            turn.asks(more=-1)

    async def stays(_turn: Turn) -> None:
        called.set()
        await asyncio.Event().wait()

    shop.calls = stays if how == "lost" else asks
    shop.config = replace(QUICK, grace_s=0.2)

    async def run() -> None:
        await shop.deliver(QueueEntered(shop.stage.pull.base, shop.stage.pull.head, NUMBER))
        worker = shop.worker("zombie")
        running = asyncio.create_task(worker.run())
        await called.wait()
        assert shop.stage.check().conclusion is None
        if how != "stopped":
            [freed] = await shop.store.free("zombie")
            assert await shop.store.start(freed, "alive", 60.0, {}) is not None
            shop.stage.forge.checks[shop.stage.pull.head, "codedesigner"] = done

            async def lost() -> bool:
                return not worker.entries

            await shop.until(lost)
        worker.stop()
        await running

    done = Check(shop.stage.pull.head, "codedesigner", "success", "of whoever has it now", "")
    asyncio.run(run())
    assert shop.stage.check().conclusion == (None if how == "stopped" else "success")
    assert ("task.handed_back" in shop.names()) == (how == "stopped")


@pytest.mark.parametrize("how", ["parked", "stopped"])
def test_what_is_being_answered_is_waited_for_before_a_task_is_handed_back(shop: Shop, how: str) -> None:
    shop.calls = calls = Endless(0.3)
    shop.config = WorkerConfig(slots=1, lease_s=5.0, beat_s=0.02, tick_s=0.02, parked_s=0.05, grace_s=5.0)

    async def run() -> None:
        await shop.deliver(review(shop))
        worker = shop.worker()
        running = asyncio.create_task(worker.run())

        async def asked() -> bool:
            return calls.begun >= 2

        async def handed_back() -> bool:
            return "task.handed_back" in shop.names()

        await shop.until(asked)
        [task] = [one for one in await shop.tasks() if one.active]
        if how == "parked":
            await shop.store.want(task.id, held=True)
        else:
            worker.stop()
        await shop.until(handed_back)
        assert calls.answered == calls.begun
        worker.stop()
        await running

    asyncio.run(run())


def test_where_the_forge_does_not_say_which_head_holds_it_is_asked_again(shop: Shop) -> None:
    called = asyncio.Event()
    first, forge, told = shop.stage.pull.head, shop.stage.forge, shop.stage.forge.pull
    refused: list[int] = []

    async def endless(turn: Turn) -> None:
        called.set()
        while await turn.come():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def moody(number: int) -> Any:
        if not refused:
            refused.append(number)
            raise UnreachableError("no answer")
        return await told(number)

    shop.calls = endless
    shop.config = WorkerConfig(slots=1, lease_s=2.0, beat_s=0.02, tick_s=0.02, grace_s=0.05)

    async def run() -> None:
        await shop.deliver(review(shop))
        worker = shop.worker()
        running = asyncio.create_task(worker.run())
        await called.wait()
        forge.pull = moody  # type: ignore[method-assign]
        shop.stage.push({"cart.py": CART + "\n\nX = 1\n"})
        await shop.deliver(review(shop))

        async def superseded() -> bool:
            return any(one.outcome == "superseded" for one in await shop.ended())

        await shop.until(superseded)
        assert "orchestrator.trouble" in shop.names()
        worker.stop()
        await running
        assert shop.stage.forge.checks[first, "codedesigner"].conclusion == "cancelled"

    asyncio.run(run())


def test_a_worker_that_is_fenced_off_stops_and_writes_nothing(shop: Shop) -> None:
    called = asyncio.Event()

    async def slow(turn: Turn) -> None:
        called.set()
        while not turn.cancelled:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    shop.calls = slow

    async def run() -> None:
        await shop.deliver(review(shop))
        worker = shop.worker("zombie")
        running = asyncio.create_task(worker.run())
        await called.wait()
        freed = await shop.store.free("zombie")
        assert len(freed) == 1
        taken = await shop.store.start(freed[0], "alive", 60.0, {})
        assert taken is not None

        async def lost() -> bool:
            return not worker.entries

        await shop.until(lost)
        worker.stop()
        await running
        now = await shop.store.get(taken.id)
        assert now is not None
        assert (now.state, now.owner, now.attempt) == ("running", "alive", taken.attempt)

    asyncio.run(run())


def test_a_task_that_was_given_up_while_the_database_was_away_is_begun_again(shop: Shop) -> None:
    """Its worker lives, and must not go on to renew the lease of what it does not carry any more."""
    called, times = asyncio.Event(), 0

    async def slow(turn: Turn) -> None:
        nonlocal times
        times += 1
        called.set()
        while times == 1 and not turn.cancelled:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    shop.calls, shop.config = slow, replace(QUICK, lease_s=0.3)

    async def run() -> None:
        await shop.deliver(review(shop))
        worker = shop.worker()
        beat, away = shop.store.beat, True

        async def missing(name: str, lease_s: float, carried: Sequence[str]) -> Any:
            if called.is_set() and away:
                raise DatabaseError("it is away")
            return await beat(name, lease_s, carried)

        shop.store.beat = missing  # type: ignore[method-assign, assignment]
        running = asyncio.create_task(worker.run())

        async def given_up() -> bool:
            return called.is_set() and not worker.entries

        await shop.until(given_up)
        away = False
        await shop.until(shop.is_done)
        worker.stop()
        await running
        assert {one.state for one in await shop.tasks()} == {"completed"}
        assert times == 2
        assert "task.recovered" in shop.names()

    asyncio.run(run())


def test_who_has_missed_the_database_gives_others_time_before_it_takes_what_they_have(shop: Shop) -> None:
    """While it was away nobody could renew a lease: those that have run out say nothing."""
    shop.config = replace(QUICK, lease_s=1.8)
    sweep, ended = shop.store.sweep, shop.store.ended
    missed, swept = 0.0, list[float]()

    async def missing() -> Any:
        nonlocal missed
        missed = time.monotonic()
        raise DatabaseError("it is away")

    async def noted() -> Any:
        swept.append(time.monotonic())
        return await sweep()

    async def run() -> None:
        shop.store.sweep = noted  # type: ignore[method-assign]
        worker = shop.worker()
        running = asyncio.create_task(worker.run())

        async def swept_twice() -> bool:
            return len(swept) == 2

        await shop.until(swept_twice)
        shop.store.ended = missing  # type: ignore[method-assign]
        await asyncio.sleep(0.9)
        assert len(swept) == 2, "its time to look came, and it did not"
        shop.store.ended = ended  # type: ignore[method-assign]

        async def swept_again() -> bool:
            return len(swept) == 3

        await shop.until(swept_again)
        worker.stop()
        await running

    asyncio.run(run())
    assert missed
    assert swept[2] - missed >= 0.6, "a third of a lease"


def test_what_a_dead_worker_left_is_put_right_before_modules_and_tasks(shop: Shop) -> None:
    """Recovery: corrections are on the disk, then modules know what they knew, then tasks go on."""

    async def run() -> None:
        await shop.deliver(review(shop))
        dead = shop.worker()
        name = dead.name
        await shop.store.register(name, "here", 1, 1)
        assert await shop.store.start((await shop.store.waiting())[0], name, -1.0, {}) is not None
        await shop.store.keep("researcher", {"x": "broke"})
        tasks = await shop.settle(shop.worker("next"))
        assert kinds(tasks)[-1] == ("documenter", "incorporate_insight", "done")
        names = [one for one in shop.names() if one.startswith(("recovery", "task.started", "task.recovered"))]
        assert names[:8] == [
            "recovery.starting",
            "task.recovered",
            "recovery.task_paused",
            "recovery.corrections_persisted",
            "recovery.module_restored",
            "recovery.module_restored",
            "recovery.module_restored",
            "recovery.complete",
        ]

    asyncio.run(run())


def test_a_task_that_kills_every_worker_ends_and_its_check_says_so(shop: Shop) -> None:
    async def run() -> None:
        await shop.deliver(review(shop))
        for n in range(MOST_DEATHS):
            assert await shop.store.start((await shop.store.waiting())[0], f"dead-{n}", -1.0, {}) is not None
            assert len(await shop.store.sweep()) == 1
        [task] = await shop.settle(shop.worker())
        assert (task.state, task.error) == ("failed", "its worker has died 10 times")
        assert shop.opened == ["generate_questions"], "only to say so"
        check = shop.stage.check()
        assert check.conclusion == "failure"
        assert "died 10 times" in check.title

    asyncio.run(run())


def test_it_is_the_same_on_postgresql(
    postgres: Callable[[], str], make_repo: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CODEDESIGNER_STATE_DIR", str(tmp_path / "state"))
    database: Database = open_database(postgres(), tmp_path)
    stage = Stage(make_repo({"cart.py": CART}), locations=("pyflakes",))
    stage.open({"cart.py": BROKEN})
    shop = Shop(stage, database)

    async def run() -> None:
        await shop.deliver(review(shop))
        assert kinds(await shop.settle(shop.worker()))[-1] == ("documenter", "incorporate_insight", "done")

    asyncio.run(run())
    database.close()


def test_a_module_that_cannot_know_what_it_knew_begins_without(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def restore(_module: object, _state: object) -> None:
        raise ValueError("another version's")

    monkeypatch.setattr("codedesigner.service.modules.researcher.Researcher.restore_state", restore)

    async def run() -> None:
        await shop.deliver(review(shop))
        assert kinds(await shop.settle(shop.worker()))[-1][0] == "documenter"

    asyncio.run(run())
    failed = [one.fields for one in shop.heard if one.name == "recovery.module_restore_failed"]
    assert failed == [{"module": "researcher", "error": "ValueError"}]
