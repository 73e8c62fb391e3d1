from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codedesigner.call.model import Reply
from codedesigner.call.trouble import TroubleKind
from codedesigner.pool.allocator import Allocator
from codedesigner.pool.batch import Asked
from codedesigner.pool.executor import Executor
from codedesigner.pool.fake_clock import FakeClock
from codedesigner.pool.health import PoolHealth
from codedesigner.pool.manager import PoolConfig, PoolManager
from codedesigner.pool.memory import MemoryLedger
from codedesigner.pool.seat import LocationLimits, RetryPolicy, Seat
from codedesigner.pool.task import FINAL, Task, TaskHandle, TaskStatus
from codedesigner.pool.worker import PoolError

from .scene import FIXED, Kept, Model, Said, Scene, call, in_turn, said, trouble

POOL = PoolConfig()
ONCE = RetryPolicy(max_attempts=1)


class House(Scene):
    """A scene with a pool of workers."""

    def __init__(self, *models: Model, clock: FakeClock, pool: PoolConfig = POOL, **more: Any) -> None:
        super().__init__(*models, clock=clock, **more)
        self.seats = {
            each: replace(seat, tags=("fast",) if each in "ab" else ("deep",)) for each, seat in self.seats.items()
        }
        self.manager = PoolManager(
            self.executor,
            self.gate,
            self.seats,
            pool,
            clock=clock,
            listen=self.events.append,
            rng=Random(3),  # noqa: S311
        )

    def submit(self, name: str = "t", **more: Any) -> TaskHandle:
        options = {each: more.pop(each) for each in ("location_id", "tags", "timeout_ms", "priority") if each in more}
        return self.manager.submit(Task(name, "verify", call(name, **more), **options))

    def told(self, name: str) -> list[tuple[str, object]]:
        return [(event.location, event.fields.get("reason")) for event in self.events if event.name == name]


def house(*names: str, pool: PoolConfig = POOL, latency_s: float = 1.0, **more: Any) -> House:
    clock = FakeClock()
    return House(*(Model(clock, name, latency_s=latency_s) for name in names), clock=clock, pool=pool, **more)


def why(health: PoolHealth) -> dict[str, tuple[str, str]]:
    return {worker.id: (worker.status, worker.reason) for worker in health.workers}


def test_the_defaults_are_those_of_the_documents() -> None:
    assert PoolConfig() == PoolConfig(1, 8, 30_000, 60_000, "least_loaded", 0.5, 5_000)
    task = Task("t", "analyze", call())
    assert (task.priority, task.timeout_ms, task.assigned_worker, task.status) == (5.0, None, None, "pending")


def test_a_task_is_done_by_a_worker() -> None:
    stage = house("a")

    async def play() -> TaskHandle:
        handle = stage.submit(priority=8.0)
        assert (handle.task_id, handle.status, handle.get_progress()) == ("t", "pending", 0.0)
        assert stage.manager.get_status("t") == "pending"
        await stage.clock.sleep(0.5)
        worker = stage.manager.workers["a"]
        assert (handle.status, worker.status, worker.current_task, worker.current_tasks) == (
            "running",
            "busy",
            "t",
            ("t",),
        )
        assert [task.id for task in stage.manager.in_progress] == ["t"]
        reply = await handle
        assert reply.text == "fine"
        assert (worker.status, worker.current_task) == ("idle", None)
        return handle

    task = stage.run(play()).task
    now = stage.clock.now()
    assert (task.status, task.assigned_worker, task.error) == ("completed", "a", None)
    assert (task.created_at, task.started_at, task.completed_at) == (now - 1, now - 1, now)
    assert task.result is not None
    assert stage.gate.demands[0].priority == 8.0
    stats = stage.manager.workers["a"].stats
    assert (stats.requests_total, stats.requests_success, stats.requests_failed) == (1, 1, 0)
    assert (stats.average_latency_ms, stats.p99_latency_ms, stats.tokens_processed) == (1000, 1000, 15)
    assert stats.uptime_ms == 1000
    assert stage.manager.get_status("t") is None


@pytest.mark.parametrize(
    ("result", "status", "error"),
    [
        (trouble("bad_request"), "failed", "rejected: it is bad_request"),
        (trouble("timeout"), "timeout", "timeout: it is timeout"),
        (said(text="", refusal="I will not"), "failed", "refused: I will not"),
    ],
)
def test_a_task_without_an_answer_says_why(result: Said, status: TaskStatus, error: str) -> None:
    clock = FakeClock()
    stage = House(Model(clock, "a", result), clock=clock, retry=ONCE)

    async def play() -> Task:
        handle = stage.submit()
        await handle
        return handle.task

    task = stage.run(play())
    assert (task.status, task.error) == (status, error)


def test_waiting_for_a_task_can_end_before_the_task() -> None:
    stage = house("a")

    async def play() -> None:
        handle = stage.submit()
        with pytest.raises(TimeoutError):
            await handle.result(timeout_ms=300)
        assert handle.status == "running"
        assert (await handle.result(timeout_ms=10_000)).good
        assert (await handle.result(timeout_ms=1)).good

    stage.run(play())


def test_a_tasks_time_counts_its_wait() -> None:
    stage = house("a", slots=1)

    async def play() -> tuple[Task, Task, Task]:
        one = stage.submit("1")
        begun = stage.submit("2", timeout_ms=1500)
        waiting = stage.submit("3", timeout_ms=700)
        await asyncio.gather(one.result(), begun.result(), waiting.result())
        return one.task, begun.task, waiting.task

    one, begun, waiting = stage.run(play())
    assert (one.status, begun.status, waiting.status) == ("completed", "timeout", "timeout")
    assert (begun.started_at, waiting.started_at) == (stage.clock.now() - 0.5, None)
    assert stage.models["a"].stopped == 1


def test_a_task_is_cancelled_wherever_it_is() -> None:
    stage = house("a", slots=1)

    async def play() -> list[Task]:
        handles = [stage.submit(f"{n}") for n in range(3)]
        assert handles[0].cancel()  # before it has begun at all
        await stage.clock.sleep(0.5)
        assert stage.manager.cancel("1")  # in the middle of it
        assert handles[2].status == "pending"
        assert handles[2].cancel()  # while it waits
        for handle in handles:
            assert (await handle).outcome == "cancelled"
            assert not handle.cancel()
        assert not stage.manager.cancel("1")
        return [handle.task for handle in handles]

    assert [task.status for task in stage.run(play())] == ["cancelled"] * 3
    assert (len(stage.models["a"].sent), stage.models["a"].stopped) == (1, 1)


def test_a_kept_answer_completes_a_task_without_a_worker_being_asked() -> None:
    stage = house("a", replies=Kept())

    async def play() -> Task:
        await stage.submit("1", key="k")
        handle = stage.submit("2", key="k")
        assert (await handle).from_store
        return handle.task

    task = stage.run(play())
    assert (task.status, task.assigned_worker) == ("completed", "a")
    assert stage.manager.workers["a"].stats.requests_total == 1


def test_progress_is_what_has_come_or_else_the_usual_time() -> None:
    clock = FakeClock()
    stage = House(Model(clock, "a", latency_s=10.0, beats=3), Model(clock, "b", latency_s=10.0), clock=clock)

    async def seen(location: str) -> list[float]:
        handle = stage.submit(f"at {location} {clock.monotonic()}", location_id=location)
        shares = []
        while handle.status not in FINAL:
            shares.append(round(handle.get_progress(), 3))
            await clock.sleep(2.6)
        return [*shares, handle.get_progress()]

    async def play() -> list[list[float]]:
        seen_so_far = [await seen("a"), await seen("b"), await seen("b")]
        stage.models["b"].latency_s = 14.0
        return [*seen_so_far, await seen("b")]

    streamed, first, second, slower = stage.run(play())
    assert streamed == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert first == [0.0, 0.087, 0.173, 0.26, 1.0]  # of the time-out of 30 s, before anything is known
    assert second == [0.0, 0.26, 0.52, 0.78, 1.0]
    assert slower == [0.0, 0.26, 0.52, 0.78, 0.99, 0.99, 1.0]


def test_a_task_is_kept_to_its_location_or_tags() -> None:
    stage = house("a", "b", "c")

    async def play() -> list[str | None]:
        handles = [
            stage.submit("1", location_id="b"),
            stage.submit("2", tags=("deep",)),
            stage.submit("3", tags=("fast", "deep")),
            stage.submit("4", location_id="nowhere"),
        ]
        replies = [await handle for handle in handles]
        assert [reply.outcome for reply in replies] == ["answered", "answered", "offline", "offline"]
        assert "nowhere" in replies[3].detail
        return [handle.task.assigned_worker for handle in handles]

    assert stage.run(play()) == ["b", "c", None, None]


def test_a_broadcast_asks_every_worker_once_and_keeps_their_answers_apart() -> None:
    kept = Kept()
    stage = house("a", "b", "c", replies=kept)

    async def play() -> list[Reply]:
        handles = stage.manager.broadcast(Task("t", "verify", call("x", key="k")))
        assert [handle.task_id for handle in handles] == ["t@a", "t@b", "t@c"]
        return [await handle for handle in handles]

    assert [reply.location for reply in stage.run(play())] == ["a", "b", "c"]
    assert sorted(kept.replies) == ["k@a", "k@b", "k@c"]


def test_a_task_is_submitted_once_and_under_an_id_of_its_own() -> None:
    stage = house("a")

    async def play() -> None:
        task = Task("t", "verify", call())
        handle = stage.manager.submit(task)
        with pytest.raises(PoolError):
            stage.manager.submit(Task("t", "verify", call()))
        await handle
        with pytest.raises(PoolError):
            stage.manager.submit(task)

    stage.run(play())


def test_load_goes_to_who_is_at_the_least_and_in_turn() -> None:
    stage = house("a", "b", "c", "d")

    async def play() -> None:
        await asyncio.gather(*(stage.submit(f"{n}").result() for n in range(12)))

    stage.run(play())
    assert {name: len(model.sent) for name, model in stage.models.items()} == {"a": 3, "b": 3, "c": 3, "d": 3}


def test_affinity_keeps_groups_at_their_worker() -> None:
    stage = house("a", "b", "c", "d", pool=PoolConfig(load_balancing_strategy="location_affinity"))

    async def play() -> None:
        for turn in range(3):
            for group in range(8):
                await stage.submit(f"{turn} {group}", group=f"g{group}")

    stage.run(play())
    homes = {
        f"g{n}": {name for name, m in stage.models.items() for s in m.sent if s.call.group == f"g{n}"} for n in range(8)
    }
    assert all(len(home) == 1 for home in homes.values())
    assert len(set.union(*homes.values())) > 1


def test_calls_of_a_batch_are_seen_and_balanced_too() -> None:
    stage = house("a", "b")
    calls: list[Asked] = [(call(f"{n}"), ("a", "b")) for n in range(10)]
    result = stage.run(stage.executor.execute_parallel(calls))
    assert dict(result.outcomes) == {"answered": 10}
    assert [worker.stats.requests_success for worker in stage.manager.workers.values()] == [5, 5]


def test_get_worker_is_who_would_be_asked_and_nobody_if_there_is_none() -> None:
    stage = house("a", "b", slots=1)

    async def play() -> None:
        assert stage.manager.get_worker() is stage.manager.workers["a"]
        assert stage.manager.get_worker("random") is not None
        one = stage.submit("1")
        await stage.clock.sleep(0.1)
        assert stage.manager.get_worker("round_robin") is stage.manager.workers["b"]
        two = stage.submit("2")
        await stage.clock.sleep(0.1)
        assert stage.manager.get_worker() is None
        await asyncio.gather(one.result(), two.result())

    stage.run(play())


def test_heartbeats_go_on_through_a_long_call() -> None:
    clock = FakeClock()
    stage = House(Model(clock, "a", latency_s=29.0, beats=1), clock=clock)

    async def play() -> None:
        handle = stage.submit()
        worker = stage.manager.workers["a"]
        ages = []
        while handle.status not in FINAL:
            await clock.sleep(0.5)
            ages.append(clock.now() - worker.last_heartbeat)
        assert max(ages) <= 5.0

    stage.run(play())
    beats = [event for event in stage.events if event.name == "llm.heartbeat"]
    assert [event.fields["share"] for event in beats] == [0.0, 0.0, 0.5, 0.5, 0.5]
    assert {event.fields["calls"] for event in beats} == {1}


def test_a_worker_whose_server_is_silent_for_a_minute_is_degraded_until_it_speaks() -> None:
    clock = FakeClock()
    stage = House(Model(clock, "a", latency_s=200.0, beats=1), clock=clock, seats={"timeout_s": 500.0})

    async def play() -> None:
        handle = stage.submit()
        await clock.sleep(59.0)
        assert stage.manager.health_check().status == "healthy"
        await clock.sleep(7.0)
        health = stage.manager.health_check()
        assert (health.status, health.degraded_workers) == ("critical", 1)
        assert why(health)["a"] == ("degraded", "no sign from its server for 66 s")
        await clock.sleep(40.0)
        assert stage.manager.workers["a"].status == "busy"
        await handle

    stage.run(play())
    assert [event.name for event in stage.events if event.name in ("llm.degraded", "llm.recovered")][:2] == [
        "llm.degraded",
        "llm.recovered",
    ]


def test_silence_counts_from_the_last_sign_in_the_middle_of_a_call() -> None:
    clock = FakeClock()
    model = Model(clock, "a", latency_s=100.0)
    stage = House(model, clock=clock, seats={"timeout_s": 500.0})

    async def play() -> None:
        await clock.sleep(100.0)  # idle is not silent
        slow = stage.submit("slow")
        await clock.sleep(1.0)
        assert stage.manager.health_check().status == "healthy"
        model.latency_s = 10.0
        for number in range(9):
            await stage.submit(f"quick {number}")
            assert stage.manager.health_check().status == "healthy"
        await slow

    stage.run(play())


def test_a_degraded_worker_is_asked_last_and_comes_back() -> None:
    clock = FakeClock()
    flaky = Model(clock, "a", *(trouble("server_error"),) * 5, "fine", latency_s=0.1)
    stage = House(flaky, Model(clock, "b", latency_s=0.1), clock=clock, retry=ONCE)

    async def play() -> None:
        for number in range(5):
            await stage.submit(f"{number}", location_id="a")
        assert why(stage.manager.health_check())["a"] == ("degraded", "5 of the last 5 attempts failed")
        for number in range(10):
            await stage.submit(f"later {number}")
        assert len(flaky.sent) == 5
        await asyncio.gather(*(stage.submit(f"many {number}").result() for number in range(8)))
        assert len(flaky.sent) == 9  # nobody else is free
        await clock.sleep(100)
        assert stage.manager.health_check().status == "healthy"

    stage.run(play())
    assert stage.told("llm.degraded") == [("a", "5 of the last 5 attempts failed")]
    assert stage.told("llm.recovered") == [("a", None)]


@pytest.mark.parametrize("kind", ["unauthorised", "no_credit", "no_such_model", "quota_exhausted"])
def test_an_offline_worker_ends_its_calls_at_once_and_is_checked_until_it_is_back(kind: TroubleKind) -> None:
    clock = FakeClock()
    model = Model(clock, "a", trouble(kind), "fine")
    model.check_says = trouble(kind)
    stage = House(model, clock=clock)

    async def play() -> None:
        assert (await stage.submit("1")).outcome == "offline"
        at = clock.monotonic()
        reply = await stage.submit("2")
        assert (reply.outcome, reply.usage.calls, clock.monotonic()) == ("offline", 0, at)
        assert f"it is {kind}" in reply.detail
        health = stage.manager.health_check()
        assert (health.status, health.offline_workers) == ("critical", 1)
        assert why(health)["a"] == ("offline", f"{kind}: it is {kind}")
        await clock.sleep(250)
        model.check_says = None
        await clock.sleep(250)
        assert stage.manager.health_check().status == "healthy"
        assert (await stage.submit("3")).good

    stage.run(play())
    waits = [later - sooner for sooner, later in pairwise([1.0, *model.checked_at])]
    assert [round(wait, -1) for wait in waits] == [30, 60, 120, 240]
    assert stage.told("llm.offline") == [("a", f"{kind}: it is {kind}")]
    assert stage.told("llm.recovered") == [("a", None)]


def test_one_dead_and_one_flaky_of_four_complete_the_load_and_health_tells_which_and_why() -> None:
    clock = FakeClock()
    dead = Model(clock, "a", trouble("unreachable"), latency_s=0.01)
    dead.check_says = trouble("unreachable")
    flaky = Model(clock, "b", script=lambda _, n: "fine" if n % 3 == 0 else trouble("server_error"), latency_s=0.5)
    stage = House(dead, flaky, Model(clock, "c"), Model(clock, "d"), clock=clock)

    async def play() -> PoolHealth:
        replies = await asyncio.gather(*(stage.submit(f"{n}", group=f"{n // 4}").result() for n in range(200)))
        assert {reply.outcome for reply in replies} == {"answered"}
        health = stage.manager.health_check()
        dead.check_says, dead.script = None, in_turn("fine")
        await clock.sleep(400)
        assert stage.manager.workers["a"].status == "idle"
        replies = await asyncio.gather(*(stage.submit(f"again {n}").result() for n in range(20)))
        assert {reply.outcome for reply in replies} == {"answered"}
        return health

    health = stage.run(play())
    assert (health.status, health.healthy_workers, health.degraded_workers, health.offline_workers) == (
        "degraded",
        2,
        1,
        1,
    )
    found = why(health)
    assert found["a"] == ("offline", "unreachable 3 times in a row: it is unreachable")
    assert found["b"][0] == "degraded"
    assert "attempts failed" in found["b"][1]
    assert (health.queue_depth, health.total_workers) == (0, 4)
    assert health.average_wait_time_ms > 0
    assert any(attempt.call.id.startswith("again") for attempt in dead.sent)


def test_a_review_before_the_real_gate_keeps_its_limits_with_one_dead_and_one_that_refuses() -> None:
    clock = FakeClock()
    dead = Model(clock, "a", trouble("unreachable"), latency_s=0.01)
    dead.check_says = trouble("unreachable")

    def at_most_ten_a_minute(_attempt: object, _number: int) -> Said:
        lately = sum(at > clock.monotonic() - 60 for at in strict.sent_at)
        return "fine" if lately <= 10 else trouble("rate_limited", retry_after_s=30.0)

    strict = Model(clock, "b", script=at_most_ten_a_minute)
    models = [dead, strict, Model(clock, "c"), Model(clock, "d")]
    seats = {model.id: Seat(model, LocationLimits(concurrent=3), FIXED) for model in models}
    gate = Allocator(seats.values(), MemoryLedger(), clock, max_concurrent=8)
    executor = Executor(gate, seats, clock, rng=Random(1))  # noqa: S311
    manager = PoolManager(executor, gate, seats, clock=clock)

    async def play() -> None:
        replies = await asyncio.gather(
            *(manager.submit(Task(f"{n}", "verify", call(f"{n}", group=f"{n // 8}"))).result() for n in range(150))
        )
        assert {reply.outcome for reply in replies} == {"answered"}
        health = manager.health_check()
        assert why(health)["a"][0] == "offline"
        assert why(health)["b"] == ("idle", "")
        own = await manager.submit(Task("own", "verify", call("own"), location_id="a"))
        assert (own.outcome, own.usage.calls) == ("offline", 0)
        dead.check_says, dead.script = None, in_turn("fine")
        await clock.sleep(400)
        assert (await manager.submit(Task("back", "verify", call("back"), location_id="a"))).good
        assert (gate.waiting, gate.in_flight()) == (0, 0)
        await manager.close()

    clock.run(play())
    assert 0 < manager.workers["b"].stats.requests_failed < 15


def test_the_queue_is_what_waits() -> None:
    stage = house("a", slots=1)

    async def play() -> None:
        handles = [stage.submit(f"{n}") for n in range(5)]
        await stage.clock.sleep(0.5)
        assert stage.manager.health_check().queue_depth == 4
        assert [task.id for task in stage.manager.pending] == ["1", "2", "3", "4"]
        await asyncio.gather(*(handle.result() for handle in handles))

    stage.run(play())
    assert stage.manager.health_check().average_wait_time_ms == 2000


def test_the_pool_has_its_bounds() -> None:
    with pytest.raises(PoolError):
        house("a", pool=PoolConfig(min_workers=2))
    stage = house("a", "b", "c", pool=PoolConfig(max_workers=2))

    async def play() -> None:
        assert stage.manager.health_check().standby == ("c",)
        reply = await stage.executor.execute(call(), ["c"])
        assert (reply.outcome, "2 workers at most" in reply.detail) == ("offline", True)
        for location in ("c", "a", "nowhere"):
            with pytest.raises(PoolError):
                stage.manager.add_worker(location)
        assert await stage.manager.remove_worker("a")
        assert not await stage.manager.remove_worker("a")
        with pytest.raises(PoolError):
            await stage.manager.remove_worker("b")
        assert stage.manager.add_worker("c").id == "c"
        assert (await stage.submit(location_id="c")).good
        assert (await stage.submit(location_id="a")).outcome == "offline"

    stage.run(play())


def test_a_worker_that_is_removed_finishes_what_it_is_at() -> None:
    stage = house("a", "b", slots=1)

    async def play() -> None:
        handles = [stage.submit(f"{n}") for n in range(6)]
        await stage.clock.sleep(0.5)
        removals = await asyncio.gather(stage.manager.remove_worker("a"), stage.manager.remove_worker("a"))
        assert list(removals) == [True, False]
        assert stage.clock.monotonic() == 1.0
        assert list(stage.manager.workers) == ["b"]
        replies = [await handle for handle in handles]
        assert [reply.outcome for reply in replies] == ["answered"] * 6

    stage.run(play())
    assert len(stage.models["a"].sent) == 1


def test_a_task_that_waits_goes_to_a_worker_that_is_back() -> None:
    clock = FakeClock()
    ill = Model(clock, "a", trouble("no_credit"), "fine")
    stage = House(ill, Model(clock, "b", latency_s=29.0), clock=clock, slots=1)

    async def play() -> None:
        assert (await stage.submit("first", location_id="a")).outcome == "offline"
        handles = [stage.submit(f"{n}") for n in range(5)]
        for handle in handles:
            assert (await handle).good
        assert [handle.task.assigned_worker for handle in handles] == ["b", "b", "a", "a", "a"]

    stage.run(play())


def test_waiting_tasks_are_shared_with_a_worker_that_comes() -> None:
    stage = house("a", "b", slots=1)

    async def play() -> None:
        await stage.manager.remove_worker("b")
        handles = [stage.submit(f"{n}") for n in range(5)]
        await stage.clock.sleep(0.5)
        stage.manager.add_worker("b")
        for handle in handles:
            assert (await handle).good

    stage.run(play())
    assert stage.clock.monotonic() == 3.0
    assert (len(stage.models["a"].sent), len(stage.models["b"].sent)) == (3, 2)
    assert stage.executor.get_stats().outcomes == {"answered": 5}


def test_close_leaves_nothing_behind() -> None:
    clock = FakeClock()
    ill = Model(clock, "b", trouble("unauthorised"))
    ill.check_says = trouble("unauthorised")
    stage = House(Model(clock, "a", latency_s=1e4), ill, clock=clock, seats={"timeout_s": 1e5})

    async def play() -> list[TaskHandle]:
        handles = [stage.submit(f"{n}", location_id="a") for n in range(6)]
        await stage.submit("ill", location_id="b")
        await clock.sleep(31.05)  # in the middle of a check
        await stage.manager.close()
        assert len(asyncio.all_tasks()) == 1
        with pytest.raises(PoolError):
            stage.submit("late")
        return handles

    assert [handle.status for handle in stage.run(play())] == ["cancelled"] * 6
    assert stage.models["a"].under_way == 0


def test_a_check_keeps_the_limits_of_the_gate() -> None:
    clock = FakeClock()
    stage = House(Model(clock, "a", *(trouble("server_error"),) * 5, "fine", latency_s=0.1), clock=clock, retry=ONCE)

    async def play() -> None:
        for number in range(5):
            await stage.submit(f"{number}")
        stage.gate.limited("a", 200.0)
        await clock.sleep(180)
        assert stage.models["a"].checked_at == []
        await clock.sleep(100)
        assert stage.models["a"].checked_at != []

    stage.run(play())


@given(st.lists(st.sampled_from(["start", "good", "failed", "cancelled", "timeout", "abandon"]), max_size=8))
def test_a_task_never_leaves_its_end_and_never_goes_back(steps: list[str]) -> None:
    task = Task("t", "verify", call())
    for number, step in enumerate(steps):
        before = task.status
        try:
            if step == "start":
                task.start("a", float(number))
            elif step == "abandon":
                task.abandon("x", float(number))
            else:
                task.end(Reply("t", "a", "answered" if step == "good" else step), float(number))  # type: ignore[arg-type]
        except PoolError:
            assert task.status == before
            assert before in FINAL or (before, step) == ("running", "start")
        else:
            assert before not in FINAL
            assert task.done == (step != "start")
    assert (task.completed_at is not None) == task.done


ACTS = st.one_of(
    st.tuples(st.just("submit"), st.sampled_from([None, "a", "b", "nowhere"]), st.none() | st.integers(1, 9000)),
    st.tuples(st.just("broadcast"), st.none(), st.none() | st.integers(1, 9000)),
    st.tuples(st.just("cancel"), st.integers(0, 20), st.none()),
    st.tuples(st.just("pass"), st.sampled_from([0, 1, 3, 10, 100]), st.none()),
    st.tuples(
        st.just("say"),
        st.sampled_from(["fine", "server_error", "unreachable", "unauthorised", "rate_limited", "bad_request"]),
        st.none(),
    ),
    st.tuples(st.just("remove"), st.sampled_from("abc"), st.none()),
    st.tuples(st.just("add"), st.sampled_from("abc"), st.none()),
)


class Play:
    """A pool, and whatever may be done to it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.next: Said = "fine"
        latencies = {"a": 3.0, "b": 7.0, "c": 1.0}
        models = [
            Model(self.clock, name, script=lambda _attempt, _number: self.next, latency_s=latency_s, beats=1)
            for name, latency_s in latencies.items()
        ]
        self.house = House(*models, clock=self.clock, slots=2)
        self.handles: list[TaskHandle] = []
        self.ends: dict[str, TaskStatus] = {}
        self.removals: list[asyncio.Task[bool]] = []

    async def act(self, what: str, which: Any, timeout_ms: int | None) -> None:
        manager, number = self.house.manager, len(self.handles)
        if what == "submit":
            task = Task(f"{number}", "verify", call("x", group="g"), location_id=which, timeout_ms=timeout_ms)
            self.handles.append(manager.submit(task))
        elif what == "broadcast":
            self.handles += manager.broadcast(Task(f"{number}", "refine", call("y"), timeout_ms=timeout_ms))
        elif what == "cancel" and which < number:
            handle = self.handles[which]
            assert handle.cancel() in ({False} if handle.status in FINAL else {True, False})
        elif what == "pass":
            await self.clock.sleep(which)
        elif what == "say":
            self.next = which if which == "fine" else trouble(which, retry_after_s=20.0)
        elif what == "remove":
            self.removals.append(asyncio.create_task(manager.remove_worker(which)))
        elif what == "add" and which not in manager.workers:
            manager.add_worker(which)

    def look(self) -> None:
        for handle in self.handles:
            status = handle.status
            assert self.ends.setdefault(handle.task_id, status) == status or self.ends[handle.task_id] not in FINAL
            self.ends[handle.task_id] = status
            assert (handle.get_progress() == 1.0) == (status in FINAL)
        for name, worker in self.house.manager.workers.items():
            assert len(worker.current_tasks) == self.house.models[name].under_way
            assert worker.status in (
                ("busy", "degraded", "offline") if worker.current_tasks else ("idle", "degraded", "offline")
            )
        health = self.house.manager.health_check()
        assert health.healthy_workers + health.degraded_workers + health.offline_workers == health.total_workers
        assert all(bool(worker.reason) == (worker.status in ("degraded", "offline")) for worker in health.workers)

    async def play(self, acts: list[tuple[str, Any, Any]]) -> None:
        for what, which, timeout_ms in acts:
            await self.act(what, which, timeout_ms)
            await self.clock.settle(5)
            self.look()
        replies = [await handle for handle in self.handles]
        self.look()
        await asyncio.gather(*self.removals, return_exceptions=True)
        for handle, reply in zip(self.handles, replies, strict=True):
            assert handle.status in FINAL
            assert handle.task.result == reply
            assert (handle.status == "completed") == reply.good
        stats = self.house.executor.get_stats()
        assert stats.total_requests == sum(stats.outcomes.values()) == len(self.handles)
        assert stats.current_active == 0
        await self.house.manager.close()
        assert len(asyncio.all_tasks()) == 1


@settings(max_examples=150, deadline=None)
@given(st.lists(ACTS, max_size=25))
def test_whatever_is_done_to_a_pool_every_task_comes_to_one_end(acts: list[tuple[str, Any, Any]]) -> None:
    play = Play()
    play.house.run(play.play(acts))
