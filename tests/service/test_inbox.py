"""Deliveries: durable, once, and never lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from codedesigner.event.model import CommandIssued, Ignored, ReviewRequested
from codedesigner.service.board import Board
from codedesigner.service.database import Database, DatabaseError, migrate, open_database
from codedesigner.service.inbox import Accepted, Duplicate, Refused, SqlInbox
from codedesigner.service.intake import Delivery
from codedesigner.service.store import Bounds, Store
from codedesigner.service.task import BASE_PRIORITIES, Task

A, B, BASE = "a" * 40, "b" * 40, "0" * 40


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


def delivery(head: str = A, name: str = "d1", digest: str = "h1", number: int | None = 3) -> Delivery:
    return Delivery("github", name, digest, "octo/shop", 5, 7, ReviewRequested(BASE, head, number))


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database, Clock())


@pytest.fixture
def inbox(database: Database, store: Store) -> SqlInbox:
    return SqlInbox(database, store.clock)


async def ended(store: Store, task: Task, *, fail: bool = False) -> Task:
    running = await store.start(task, "w", 30.0, {})
    assert running is not None
    after = running.failed(store.clock(), "boom", again=False) if fail else running.completed(store.clock())
    assert await store.change(running, after, "task.failed" if fail else "task.completed")
    return after


def test_what_is_accepted_is_there_for_whoever_opens_the_database_next(address: str, tmp_path: Path) -> None:
    async def run() -> None:
        first = open_database(address, tmp_path)
        got = await SqlInbox(first, Clock()).accept(delivery())
        first.close()
        again = open_database(address, tmp_path)
        assert isinstance(got, Accepted)
        task = await Store(again, Clock()).get(got.task_id)
        again.close()
        assert task is not None
        assert (task.state, task.task_type, task.module) == ("pending", "generate_questions", "researcher")
        assert (task.context["repo_id"], task.context["installation"]) == (5, 7)

    asyncio.run(run())


def test_ten_deliveries_to_two_receivers_at_once_make_one_task(address: str, tmp_path: Path) -> None:
    async def run() -> None:
        receivers = [open_database(address, tmp_path) for _ in range(2)]
        boxes = [SqlInbox(each, Clock()) for each in receivers]
        same = [boxes[n % 2].accept(delivery()) for n in range(10)]
        other_ids = [boxes[n % 2].accept(delivery(name=f"o{n}", digest=f"o{n}")) for n in range(10)]
        got = await asyncio.gather(*same, *other_ids)
        assert sum(isinstance(each, Accepted) and not each.joined for each in got) == 1
        assert sum(isinstance(each, Duplicate) for each in got) == 9
        assert len(await Store(receivers[0], Clock()).waiting()) == 1
        for each in receivers:
            each.close()

    asyncio.run(run())


def test_a_replay_is_ignored_and_a_delivery_whose_run_failed_is_processed(store: Store, inbox: SqlInbox) -> None:
    """T-SEC-58."""

    async def run() -> None:
        first = await inbox.accept(delivery())
        assert isinstance(first, Accepted)
        task = await store.get(first.task_id)
        assert task is not None
        done = await ended(store, task, fail=True)
        await store.follow(done, [])
        again = await inbox.accept(delivery())
        assert isinstance(again, Accepted)
        assert again.task_id != first.task_id
        second = await store.get(again.task_id)
        assert second is not None
        await store.follow(await ended(store, second), [])
        assert await inbox.accept(delivery()) == Duplicate(again.task_id)
        assert await inbox.accept(delivery(name="changed")) == Duplicate(again.task_id)

    asyncio.run(run())


def test_a_newer_head_asks_the_older_review_to_end_and_comments_are_left_alone(store: Store, inbox: SqlInbox) -> None:
    async def run() -> None:
        await inbox.accept(delivery())
        comment = CommandIssued(3, "plan", "", "c1", "7", "ann", 1_000.0)
        await inbox.accept(replace(delivery(name="d2", digest="h2"), event=comment))
        await inbox.accept(delivery(number=4, name="d3", digest="h3"))
        await inbox.accept(delivery(B, "d4", "h4"))
        assert [(one.work.number, one.work.head[:1], one.cancelled) for one in await store.waiting()] == [
            (3, "a", f"superseded by {B}"),
            (3, "", ""),
            (4, "a", ""),
            (3, "b", ""),
        ]

    asyncio.run(run())


def test_the_end_of_a_pull_request_asks_its_reviews_to_end_and_nothing_else(store: Store, inbox: SqlInbox) -> None:
    async def run() -> None:
        await inbox.accept(delivery())
        comment = CommandIssued(3, "plan", "", "c1", "7", "ann", 1_000.0)
        await inbox.accept(replace(delivery(name="d2", digest="h2"), event=comment))
        await inbox.accept(delivery(number=4, name="d3", digest="h3"))
        asked = (await store.waiting())[0]
        publishing = Task.create("draft_section", asked.work, asked.context, name="p", now=store.clock())
        await store.follow(await ended(store, asked), [publishing])
        await inbox.accept(delivery(B, "d4", "h4"))
        await store.want(publishing.id, cancelled="")
        for name in ("e1", "e2"):
            gone = replace(delivery(name=name, digest=name), event=Ignored("it was closed", 3))
            assert await inbox.accept(gone) == Refused("it was closed")
        assert [(one.task_type, one.work.number, one.cancelled) for one in await store.waiting()] == [
            ("address_comment", 3, ""),
            ("generate_questions", 4, ""),
            ("draft_section", 3, ""),
            ("generate_questions", 3, "closed"),
        ]

    asyncio.run(run())


def test_an_event_that_comes_while_its_work_runs_is_looked_at_once_more_afterwards(
    store: Store, inbox: SqlInbox
) -> None:
    async def run() -> None:
        first = await inbox.accept(delivery())
        assert isinstance(first, Accepted)
        task = await store.get(first.task_id)
        assert task is not None
        running = await store.start(task, "w", 30.0, {})
        assert running is not None
        assert await inbox.accept(delivery(name="ready", digest="other")) == Accepted(task.id, joined=True)
        after = running.completed(store.clock())
        await store.change(running, after, "task.completed")
        exploration = Task.create("exploration", task.work, task.context, name="e", now=store.clock())
        assert await store.follow(after, [exploration]) == [(exploration, True)]
        assert await store.follow(after, [exploration]) == [], "followers are submitted once"
        done = await ended(store, (await store.waiting())[0])
        assert [new for _, new in await store.follow(done, [])] == [True]
        assert [one.task_type for one in await store.waiting()] == ["generate_questions"]
        assert await store.follow(await ended(store, (await store.waiting())[0]), []) == []

    asyncio.run(run())


def test_nothing_that_is_not_asked_is_stored_and_a_full_queue_refuses(database: Database, store: Store) -> None:
    async def run() -> None:
        inbox = SqlInbox(database, store.clock, most_active=1)
        ignored = replace(delivery(), event=Ignored("a label"))
        assert await inbox.accept(ignored) == Refused("a label")
        assert isinstance(await inbox.accept(delivery()), Accepted)
        full = await inbox.accept(delivery(number=9, name="d9", digest="h9"))
        assert full == Refused("too much is waiting", busy=True)
        joined = await inbox.accept(delivery(name="d2", digest="h2"))
        assert isinstance(joined, Accepted), "what waits already takes no more room"

    asyncio.run(run())


def test_a_lease_that_ran_out_gives_the_task_to_the_living_and_fences_off_the_dead(
    store: Store, inbox: SqlInbox
) -> None:
    async def run() -> None:
        await inbox.accept(delivery())
        task = (await store.waiting())[0]
        zombie = await store.start(task, "dead", 5.0, {})
        assert zombie is not None
        assert await store.start(task, "late", 5.0, {}) is None
        assert await store.sweep() == []
        store.clock.now += 6.0  # type: ignore[attr-defined]
        freed = await store.sweep()
        assert [(one.state, one.owner) for one in freed] == [("paused", None)]
        assert await store.sweep() == []
        assert await store.start(freed[0], "alive", 5.0, {}) is not None
        assert not await store.change(zombie, zombie.completed(store.clock()), "task.completed")
        assert [one.owner for one in await store.owned("alive")] == ["alive"]

    asyncio.run(run())


def test_what_ended_long_ago_is_forgotten_and_what_goes_on_is_not(
    database: Database, store: Store, inbox: SqlInbox
) -> None:
    async def run() -> None:
        for n in range(6):
            await inbox.accept(delivery(number=n + 1, name=f"d{n}", digest=f"h{n}"))
        for task in (await store.waiting())[:5]:
            await store.follow(await ended(store, task), [])
        assert await store.prune(Bounds(most=2)) == 3
        assert [len(await Board(database, store.clock).finished()), len(await store.waiting())] == [2, 1]
        store.clock.now += 100.0  # type: ignore[attr-defined]
        assert await store.prune(Bounds(age_s=50.0)) == 2
        assert len(await store.waiting()) == 1

    asyncio.run(run())


def test_results_are_kept_up_to_a_size_the_newest_and_those_that_somebody_needs(
    database: Database, store: Store, inbox: SqlInbox
) -> None:
    async def run() -> None:
        for n in range(5):
            await inbox.accept(delivery(number=n + 1, name=f"d{n}", digest=f"h{n}"))
        tasks = await store.waiting()
        for task in tasks:
            running = await store.start(task, "w", 30.0, {})
            assert running is not None
            done = running.completed(store.clock())
            assert await store.change(running, done, "task.completed", result="\u00e9" * 1_000)
            await store.follow(done, [])
        await inbox.accept(delivery(head=B, number=2, name="e", digest="e"))
        await store.prune(Bounds(results=2_500))
        assert [len(await store.result(task.id)) for task in tasks] == [0, 1_000, 0, 1_000, 1_000]
        await store.prune(Bounds(results=0))
        assert len(await store.result(tasks[4].id)) == 1_000, "it is weighed by the hour"
        store.clock.now += 3_700.0  # type: ignore[attr-defined]
        await store.prune(Bounds(results=0))
        assert [len(await store.result(task.id)) for task in tasks] == [0, 1_000, 0, 0, 0]

    asyncio.run(run())


def test_a_delivery_is_known_for_as_long_as_it_may_come_again_t_sec_58(
    database: Database, store: Store, inbox: SqlInbox
) -> None:
    async def run() -> None:
        for n in range(6):
            await inbox.accept(delivery(number=n + 1, name=f"d{n}", digest=f"h{n}"))
        for task in await store.waiting():
            await store.follow(await ended(store, task), [])
        bounds = Bounds(most=2)
        assert await store.prune(bounds) == 4
        assert isinstance(await inbox.accept(delivery(number=1, name="d0", digest="h0")), Duplicate)
        store.clock.now += 3 * 86_400.0  # type: ignore[attr-defined]
        await store.prune(bounds)
        assert isinstance(await inbox.accept(delivery(number=1, name="again", digest="h0")), Duplicate)
        count = text("SELECT count(*) FROM deliveries")
        store.clock.now += 2 * 86_400.0  # type: ignore[attr-defined]
        await store.prune(bounds)
        assert database.do(lambda db: db.execute(count).scalar()) == 2
        await inbox.accept(delivery(number=9, name="d9", digest="h9"))
        await store.follow(await ended(store, (await store.waiting())[0]), [])
        await store.prune(Bounds(most=0, deliveries=1))
        assert database.do(lambda db: db.execute(count).scalar()) == 1, "however many come, so many are remembered"

    asyncio.run(run())


def test_a_database_of_a_newer_version_is_refused_and_an_old_one_is_brought_forward(database: Database) -> None:
    assert migrate(database) == 0
    database.do(lambda db: db.execute(text("UPDATE schema_version SET version = 99")))
    with pytest.raises(DatabaseError, match="version 99"):
        migrate(database)


def test_the_board_counts_what_is_there(database: Database, store: Store, inbox: SqlInbox) -> None:
    async def run() -> None:
        await inbox.accept(delivery())
        await inbox.accept(delivery(number=4, name="d2", digest="h2"))
        task = (await store.waiting())[0]
        await store.register("w", "here", 1, 4)
        await ended(store, task)
        board = Board(database, store.clock)
        seen = await board.figures()
        assert seen.depth["researcher"] == {"pending": 1, "running": 0, "paused": 0}
        assert seen.completed == {"generate_questions": 1}
        assert seen.deliveries == 2
        assert 0 < seen.oldest_s < 1
        assert [one.name for one in await board.timeline(task)] == [
            "task.submitted",
            "task.scheduled",
            "task.started",
            "task.completed",
        ]
        assert [one.name for one in await board.timeline(task, limit=2)] == ["task.started", "task.completed"]
        assert [(one.id, one.tasks) for one in await board.workers()] == [("w", 0)]
        assert [one.id for one in await board.together(task)] == [task.id]

    asyncio.run(run())


def test_urgency_is_the_operators_or_a_persons_and_raises_what_waits(database: Database, store: Store) -> None:
    async def run() -> None:
        inbox = SqlInbox(database, store.clock, urgency={"octo/shop": 1}.get)  # type: ignore[arg-type]
        first = await inbox.accept(delivery())
        assert isinstance(first, Accepted)
        seen = await store.get(first.task_id)
        assert seen is not None
        base = BASE_PRIORITIES[seen.task_type]
        assert (seen.context["seed_priority"], seen.priority) == (1, base + 10)
        assert seen.context["asked_at"] == seen.created_at
        again = replace(delivery(name="d2", digest="h2"), event=ReviewRequested(BASE, A, 3, asked=True))
        joined = await inbox.accept(again)
        assert joined == Accepted(first.task_id, joined=True)
        raised = await store.get(first.task_id)
        assert raised is not None
        assert (raised.context["seed_priority"], raised.priority) == (2, base + 20)
        assert raised.context["asked_at"] == seen.created_at, "it waits for as long as before"
        await inbox.accept(delivery(name="d3", digest="h3"))
        assert await store.get(first.task_id) == raised
        command = CommandIssued(3, "recheck", "", "c1", "u", "ann", 1.0)
        asked = await inbox.accept(replace(delivery(name="d4", digest="h4"), event=command))
        assert isinstance(asked, Accepted)
        task = await store.get(asked.task_id)
        assert task is not None
        assert task.context["seed_priority"] == 2

    asyncio.run(run())


def test_a_beat_renews_the_leases_of_what_is_carried_and_of_nothing_else(database: Database, store: Store) -> None:
    async def run() -> None:
        inbox = SqlInbox(database, store.clock)
        for n in range(2):
            await inbox.accept(delivery(number=n + 3, name=f"d{n}", digest=f"h{n}"))
        one, other = [await store.start(each, "w", 30.0, {}) for each in await store.waiting()]
        assert one is not None
        assert other is not None
        flags = await store.beat("w", 90.0, [one.id])
        assert set(flags) == {one.id, other.id}
        leases = {each.id: each.lease_until - store.clock() for each in await store.owned("w")}
        assert leases[one.id] > 60.0
        assert leases[other.id] <= 30.0
        assert set(await store.beat("w", 90.0, [])) == {one.id, other.id}
        assert await store.beat("nobody", 90.0, []) == {}

    asyncio.run(run())
