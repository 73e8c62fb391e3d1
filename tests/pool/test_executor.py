from __future__ import annotations

import asyncio
import gc
import math
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise

import pytest

from codedesigner.call.model import Outcome, RateState, Reply, Usage
from codedesigner.call.trouble import RETRY, TroubleKind
from codedesigner.pool.batch import Asked
from codedesigner.pool.fake_clock import FakeClock
from codedesigner.pool.seat import Price, RetryPolicy

from .scene import SCHEMA, Kept, Model, Said, Scene, call, in_turn, said, trouble


def scene(*results: Said, **more: object) -> Scene:
    clock = FakeClock()
    return Scene(Model(clock, "a", *results), clock=clock, **more)  # type: ignore[arg-type]


def test_a_call_comes_to_its_answer() -> None:
    stage = scene(said("hello", model="m-1"), seats={"price": Price(tokens_in=1.0, tokens_out=2.0)})
    reply = stage.ask(call("x"))
    assert (reply.call_id, reply.location, reply.outcome, reply.text) == ("x", "a", "answered", "hello")
    assert (reply.usage, reply.model, reply.from_store) == (Usage(1, 10, 5), "m-1", False)
    assert reply.usd == pytest.approx(20 / 1_000_000)
    assert reply.latency_ms == 1000
    assert [(each.mode, each.result) for each in reply.tried] == [("text", "answered")]
    assert stage.gate.released == [Usage(1, 10, 5)]
    assert stage.names() == ["llm.answered"]


def test_without_a_price_nothing_is_said_about_the_cost() -> None:
    assert scene().ask(call()).usd is None


def test_what_a_call_asks_for_reaches_the_gate() -> None:
    stage = scene()
    stage.ask(call("x", priority=9.0, deep=True))
    demand = stage.gate.demands[0]
    assert (demand.id, demand.candidates, demand.tokens, demand.priority, demand.deep, demand.wait_s) == (
        "x",
        ("a",),
        100,
        9.0,
        True,
        120.0,
    )


def test_an_unknown_location_is_offline() -> None:
    reply = scene().ask(call(), ("nowhere",))
    assert (reply.outcome, reply.location) == ("offline", "nowhere")
    assert "nowhere" in reply.detail
    assert scene().ask(call(), ()).outcome == "offline"


NEVER: list[tuple[TroubleKind, Outcome]] = [
    ("context_overflow", "too_long"),
    ("too_large", "too_long"),
    ("content_filter", "filtered"),
    ("bad_request", "rejected"),
    ("feature_off", "rejected"),
    ("unauthorised", "offline"),
    ("no_credit", "offline"),
    ("no_such_model", "offline"),
    ("quota_exhausted", "offline"),
]


@pytest.mark.parametrize(("kind", "outcome"), NEVER)
def test_a_final_trouble_is_not_tried_again(kind: TroubleKind, outcome: Outcome) -> None:
    stage = scene(trouble(kind))
    reply = stage.ask(call())
    assert (reply.outcome, reply.usage.calls, len(stage.models["a"].sent)) == (outcome, 1, 1)
    assert reply.trouble is not None
    assert reply.trouble.kind == kind
    assert bool(stage.gate.off) == (outcome == "offline")
    assert stage.gate.released == [None]


AGAIN: list[tuple[TroubleKind, Outcome]] = [
    ("overloaded", "failed"),
    ("loading", "failed"),
    ("server_error", "failed"),
    ("garbled", "failed"),
    ("disconnected", "failed"),
    ("unreachable", "offline"),
    ("timeout", "timeout"),
    ("rate_limited", "rate_limited"),
]


@pytest.mark.parametrize(("kind", "outcome"), AGAIN)
def test_a_passing_trouble_is_tried_three_times(kind: TroubleKind, outcome: Outcome) -> None:
    stage = scene(trouble(kind))
    reply = stage.ask(call())
    assert (reply.outcome, reply.usage.calls, len(stage.models["a"].sent)) == (outcome, 3, 3)
    assert [each.result for each in reply.tried] == [kind] * 3
    assert stage.names() == ["llm.retry", "llm.retry", "llm.answered"]
    stats = stage.executor.get_stats()
    assert (stats.retries, stats.retried_requests, stats.failed_requests) == ({kind: 2}, 1, 1)


@pytest.mark.parametrize(("kind", "_outcome"), AGAIN)
def test_a_passing_trouble_that_passes_leaves_an_answer(kind: TroubleKind, _outcome: Outcome) -> None:
    reply = scene(trouble(kind), "fine").ask(call())
    assert (reply.outcome, reply.usage.calls, reply.usage.tokens_in, reply.trouble) == ("answered", 2, 10, None)


def test_every_trouble_is_in_one_of_these_lists() -> None:
    assert {kind for kind, _ in NEVER + AGAIN} == {kind for kind in RETRY if RETRY[kind] != "adapted"}


def test_waits_grow_and_honour_what_the_server_asks() -> None:
    busy = trouble("overloaded")
    stage = scene(busy, trouble("overloaded", retry_after_s=20.0), "fine", retry=RetryPolicy(backoff="exponential"))
    stage.ask(call())
    at = stage.models["a"].sent_at
    assert [later - sooner for sooner, later in pairwise(at)] == [2.0, 21.0]


def test_a_refusal_waits_in_the_gate_and_nowhere_else() -> None:
    stage = scene(trouble("rate_limited", retry_after_s=30.0), "fine")
    assert stage.ask(call()).outcome == "answered"
    assert stage.models["a"].sent_at == [0.0, 31.0]
    assert stage.gate.refusals == [("a", 30.0)]
    assert stage.executor.get_stats().rate_limit_waits == 1


def test_who_has_patience_waits_for_a_limit_however_often_the_server_refuses() -> None:
    refused = [trouble("rate_limited", retry_after_s=7_200.0)] * 9
    stage = scene(*refused, "fine", longest_wait_s=math.inf)
    reply = stage.ask(call())
    assert (reply.outcome, reply.usage.calls) == ("answered", 10)
    stage = scene(trouble("timeout"), longest_wait_s=math.inf)
    assert stage.ask(call()).usage.calls == 3, "other troubles end as ever"


def test_deep_thinking_is_waited_for_less_long_than_anything_else() -> None:
    stage = scene("fine", longest_wait_s=math.inf)
    stage.ask(call())
    stage.ask(call("d", deep=True))
    assert [each.wait_s for each in stage.gate.demands] == [math.inf, 900.0]
    stage = scene("fine")
    stage.ask(call("d", deep=True))
    assert [each.wait_s for each in stage.gate.demands] == [120.0]


def test_nobody_waits_longer_than_the_longest_wait() -> None:
    kinds: list[TroubleKind] = ["rate_limited", "overloaded"]
    for kind in kinds:
        stage = scene(trouble(kind, retry_after_s=121.0))
        reply = stage.ask(call())
        assert (reply.outcome, reply.usage.calls, stage.clock.monotonic()) == ("rate_limited", 1, 1.0)


def test_a_long_wait_at_one_location_is_spent_at_another() -> None:
    clock = FakeClock()
    first, second = Model(clock, "a", trouble("rate_limited", retry_after_s=500.0)), Model(clock, "b")
    stage = Scene(first, second, clock=clock)
    assert stage.ask(call(), ("a", "b")).location == "b"
    assert clock.monotonic() == 2.0


def test_the_servers_own_word_on_trying_again_counts() -> None:
    assert scene(trouble("server_error", should_retry=False)).ask(call()).usage.calls == 1
    assert scene(trouble("bad_request", should_retry=True), "fine").ask(call()).outcome == "answered"


@pytest.mark.parametrize("kind", ["unauthorised", "unreachable", "overloaded", "timeout"])
def test_another_location_is_asked_at_once(kind: TroubleKind) -> None:
    clock = FakeClock()
    stage = Scene(Model(clock, "a", trouble(kind)), Model(clock, "b"), clock=clock)
    reply = stage.ask(call(), ("a", "b"))
    assert (reply.outcome, reply.location, reply.usage.calls) == ("answered", "b", 2)
    assert clock.monotonic() == 2.0


def test_a_question_that_is_at_fault_is_not_asked_elsewhere() -> None:
    clock = FakeClock()
    stage = Scene(Model(clock, "a", trouble("context_overflow")), Model(clock, "b"), clock=clock)
    assert stage.ask(call(), ("a", "b")).outcome == "too_long"
    assert stage.models["b"].sent == []


def test_a_flaky_location_is_asked_again_when_the_other_is_dead() -> None:
    clock = FakeClock()
    flaky, dead = Model(clock, "a", trouble("server_error"), "fine"), Model(clock, "b", trouble("unauthorised"))
    stage = Scene(flaky, dead, clock=clock)
    reply = stage.ask(call(), ("a", "b"))
    assert (reply.outcome, reply.location, reply.usage.calls) == ("answered", "a", 3)
    off = Scene(Model(clock, "a", trouble("server_error"), "fine"), dead, clock=clock)
    off.gate.off["b"] = "away"
    assert off.ask(call(), ("a", "b")).good


def test_a_location_that_will_not_do_is_not_asked_twice() -> None:
    clock = FakeClock()
    first = Model(clock, "a", trouble("server_error", should_retry=False))
    stage = Scene(first, Model(clock, "b", trouble("server_error"), "fine"), clock=clock)
    assert stage.ask(call(), ("a", "b")).good
    assert len(first.sent) == 1


def test_what_a_provider_has_learned_is_used_there() -> None:
    clock = FakeClock()
    stage = Scene(Model(clock, "b", trouble("unsupported_parameter"), "fine"), Model(clock, "a"), clock=clock)
    assert stage.ask(call(), ("b", "a")).location == "b"
    assert [demand.candidates for demand in stage.gate.demands] == [("b", "a"), ("b",)]


def test_what_the_provider_learns_is_used_at_once_and_six_times_at_most() -> None:
    stage = scene(trouble("unsupported_parameter"), trouble("unsupported_parameter"), "fine")
    assert (stage.ask(call()).usage.calls, stage.clock.monotonic()) == (3, 3.0)
    stubborn = scene(trouble("unsupported_parameter"))
    reply = stubborn.ask(call())
    assert (reply.outcome, reply.usage.calls, stubborn.clock.monotonic()) == ("rejected", 7, 7.0)


def test_a_mode_that_is_gone_is_not_asked_for_again() -> None:
    clock = FakeClock()
    model = Model(clock, "a")

    def script(_attempt: object, number: int) -> Said:
        if number == 1:
            model.modes = ("json", "text")
            return trouble("schema_rejected")
        return '{"n": 1}'

    model.script = script
    reply = Scene(model, clock=clock).ask(call(schema=SCHEMA))
    assert (reply.outcome, reply.value, [each.mode for each in model.sent]) == (
        "answered",
        {"n": 1},
        ["schema", "json"],
    )


def test_a_bad_answer_is_asked_for_again_at_the_same_place_and_urgency() -> None:
    clock = FakeClock()
    stage = Scene(Model(clock, "a", '{"n": "no"}', '{"n": 2}'), Model(clock, "b"), clock=clock)
    reply = stage.ask(call(schema=SCHEMA, priority=8.0), ("a", "b"))
    assert (reply.outcome, reply.value, reply.usage.calls) == ("re_asked", {"n": 2}, 2)
    assert [(each.candidates, each.priority) for each in stage.gate.demands] == [(("a", "b"), 8.0), (("a",), 8.0)]
    assert len(stage.models["a"].sent[1].turns) == 2
    assert stage.executor.get_stats().re_asks == 1


def test_an_answer_that_stays_bad_is_unparseable() -> None:
    reply = scene("no json at all, sorry to say so").ask(call(schema=SCHEMA))
    assert (reply.outcome, reply.good, reply.usage.calls) == ("unparseable", False, 3)


def test_a_re_ask_that_meets_a_trouble_is_sent_again() -> None:
    stage = scene("[]", trouble("server_error"), '{"n": 3}')
    reply = stage.ask(call(schema=SCHEMA))
    assert (reply.outcome, reply.usage.calls) == ("re_asked", 3)
    assert stage.models["a"].sent[1] == stage.models["a"].sent[2]


def test_what_a_server_says_of_its_limits_reaches_the_gate() -> None:
    rate = RateState(requests_left=0, requests_reset_s=3.0)
    stage = scene(said(rate=rate))
    stage.ask(call())
    assert stage.gate.rates == [("a", rate)]


def test_a_calls_own_time_out_goes_before_its_locations() -> None:
    clock = FakeClock()
    stage = Scene(Model(clock, "a", latency_s=100.0), clock=clock, retry=RetryPolicy(max_attempts=1))
    assert stage.ask(call(timeout_s=3.0)).outcome == "timeout"
    assert clock.monotonic() == 3.0
    assert stage.ask(call()).outcome == "timeout"
    assert clock.monotonic() == 33.0


def test_a_provider_that_knows_no_time_out_is_stopped() -> None:
    clock = FakeClock()
    model = Model(clock, "a", latency_s=1e5, deaf=True)
    reply = Scene(model, clock=clock).ask(call(timeout_s=10.0))
    assert (reply.outcome, reply.usage.calls, model.stopped, model.under_way) == ("timeout", 3, 3, 0)
    assert clock.monotonic() == 3 * 15 + 2


def test_cancel_ends_a_call_at_its_server() -> None:
    stage = scene()

    async def play() -> tuple[Reply, list[bool]]:
        asking = asyncio.create_task(stage.executor.execute(call("x"), ["a"]))
        await stage.clock.sleep(0.5)
        found = [stage.executor.cancel("x"), stage.executor.cancel("x")]
        return await asking, [*found, stage.executor.cancel("x")]

    reply, found = stage.run(play())
    assert (reply.outcome, reply.usage.calls, found) == ("cancelled", 1, [True, False, False])
    assert (stage.models["a"].stopped, stage.clock.monotonic()) == (1, 0.5)


@pytest.mark.parametrize("after_s", [0.5, 1.5, 3.0])
def test_cancel_ends_a_call_wherever_it_is(after_s: float) -> None:
    """In its attempt, in the wait for the next one, and in the gate."""

    async def play() -> Reply:
        asking = asyncio.create_task(stage.executor.execute(call("x"), ["a"]))
        await stage.clock.sleep(after_s)
        stage.executor.cancel("x")
        return await asking

    stage = scene(trouble("server_error"), trouble("rate_limited", retry_after_s=50.0))
    reply = stage.run(play())
    assert (reply.outcome, stage.clock.monotonic()) == ("cancelled", after_s)


def test_cancelling_the_task_stops_the_call_and_is_passed_on() -> None:
    stage = scene()

    async def play() -> bool:
        asking = asyncio.create_task(stage.executor.execute(call("x"), ["a"]))
        await stage.clock.sleep(0.5)
        asking.cancel()
        await asyncio.wait({asking})
        return asking.cancelled()

    assert stage.run(play())
    stats = stage.executor.get_stats()
    assert (stage.models["a"].stopped, stats.current_active, stats.outcomes) == (1, 0, {"cancelled": 1})


def test_a_cancelled_task_stays_cancelled_even_if_the_call_was_cancelled_first() -> None:
    stage = scene()

    async def play() -> bool:
        asking = asyncio.create_task(stage.executor.execute(call("x"), ["a"]))
        await stage.clock.sleep(0.5)
        stage.executor.cancel("x")
        asking.cancel()
        await asyncio.wait({asking})
        return asking.cancelled()

    assert stage.run(play())


def test_a_time_out_around_a_call_is_the_callers_own() -> None:
    stage = scene()

    async def play() -> None:
        async with asyncio.timeout(0.5):
            await stage.executor.execute(call(), ["a"])

    with pytest.raises(TimeoutError):
        stage.run(play())


def test_an_answer_is_kept_before_it_is_given_and_never_asked_for_again() -> None:
    kept = Kept()
    stage = scene(replies=kept, seats={"price": Price(1.0, 1.0)})
    first = stage.ask(call("x", key="k"))
    assert kept.put_at == ["k"]
    again = stage.ask(call("y", key="k"))
    assert (again.call_id, again.text, again.from_store, again.usage, again.usd) == ("y", "fine", True, Usage(), 0.0)
    assert not first.from_store
    assert len(stage.models["a"].sent) == 1
    stats = stage.executor.get_stats()
    assert (stats.from_store, stats.successful_requests, stats.usage.calls) == (1, 2, 1)


def test_a_kept_answer_of_another_location_does_not_count() -> None:
    clock = FakeClock()
    stage = Scene(Model(clock, "a"), Model(clock, "b"), clock=clock, replies=Kept())
    stage.ask(call(key="k"), ("a",))
    assert not stage.ask(call(key="k"), ("b",)).from_store


def test_what_is_no_answer_is_not_kept() -> None:
    kept = Kept()
    scene(trouble("bad_request"), replies=kept).ask(call(key="k"))
    assert kept.replies == {}


def test_identical_calls_on_their_way_are_asked_once() -> None:
    stage = scene(replies=Kept())

    async def play() -> list[Reply]:
        return await asyncio.gather(*(stage.executor.execute(call(f"{n}", key="k"), ["a"]) for n in range(5)))

    replies = stage.run(play())
    assert len(stage.models["a"].sent) == 1
    assert [reply.call_id for reply in replies] == ["0", "1", "2", "3", "4"]
    assert [reply.from_store for reply in replies] == [False, True, True, True, True]
    assert sum(reply.usage.calls for reply in replies) == 1


def test_identical_calls_go_on_when_the_one_that_asks_is_cancelled() -> None:
    stage = scene()

    async def play() -> tuple[Reply, Reply, Reply]:
        one, two, three = (
            asyncio.create_task(stage.executor.execute(call(name, key="k"), ["a"])) for name in ("1", "2", "3")
        )
        await stage.clock.sleep(0.5)
        stage.executor.cancel("1")
        return await one, await two, await three

    replies = stage.run(play())
    assert [reply.outcome for reply in replies] == ["cancelled", "answered", "answered"]
    assert (len(stage.models["a"].sent), stage.clock.monotonic()) == (2, 1.5)


def test_calls_of_a_group_follow_their_leader() -> None:
    clock = FakeClock()
    model = Model(clock, "a", latency_s=4.0, beats=1)
    stage = Scene(model, clock=clock, slots=10)

    async def play() -> None:
        await asyncio.gather(*(stage.executor.execute(call(f"{n}", group="g"), ["a"]) for n in range(4)))

    stage.run(play())
    assert model.sent_at == [0.0, 2.0, 2.0, 2.0]


def test_a_leader_that_fails_hands_on_and_a_cancelled_follower_leaves_nothing() -> None:
    clock = FakeClock()
    model = Model(clock, "a", trouble("server_error"), "fine")
    stage = Scene(model, clock=clock)

    async def play() -> list[Reply]:
        asking = [asyncio.create_task(stage.executor.execute(call(f"{n}", group="g"), ["a"])) for n in range(3)]
        await clock.sleep(0.5)
        stage.executor.cancel("1")
        return [await each for each in asking]

    assert [reply.outcome for reply in stage.run(play())] == ["answered", "cancelled", "answered"]
    assert model.sent_at[:2] == [0.0, 1.0]


def many(count: int, pulled: list[int] | None = None) -> Iterator[Asked]:
    for number in range(count):
        if pulled is not None:
            pulled.append(number)
        yield call(f"{number}"), ("a",)


def test_a_batch_gives_every_call_one_reply_as_they_are_ready() -> None:
    clock = FakeClock()
    model = Model(clock, "a", script=lambda attempt, _: attempt.call.id)
    stage = Scene(model, clock=clock)

    async def play() -> list[str]:
        return [reply.call_id async for reply in stage.executor.execute_batch(many(50))]

    assert sorted(stage.run(play()), key=int) == [f"{n}" for n in range(50)]
    assert stage.gate.most == 4
    assert clock.monotonic() == 13.0


def test_a_quick_call_is_not_kept_back_by_a_slow_one() -> None:
    clock = FakeClock()
    stage = Scene(Model(clock, "a", latency_s=9.0), Model(clock, "b", latency_s=1.0), clock=clock)

    async def play() -> list[str]:
        calls: list[Asked] = [(call("slow"), ("a",)), (call("quick"), ("b",))]
        return [reply.call_id async for reply in stage.executor.execute_batch(calls)]

    assert stage.run(play()) == ["quick", "slow"]


def test_a_batch_reads_its_source_as_replies_are_taken() -> None:
    stage, pulled = scene(), list[int]()

    async def play() -> None:
        taken = 0
        async for _reply in stage.executor.execute_batch(many(100, pulled), total_timeout_s=1e6):
            taken += 1
            assert len(pulled) <= taken + 8
            await stage.clock.sleep(10)
            assert len(pulled) <= taken + 8
        assert taken == 100

    stage.run(play())


def test_a_batch_takes_an_asynchronous_source() -> None:
    stage = scene()

    async def source() -> AsyncIterator[Asked]:
        for asked in many(20):
            await asyncio.sleep(0.1)
            yield asked

    async def play() -> list[Reply]:
        return [reply async for reply in stage.executor.execute_batch(source())]

    assert len({reply.call_id for reply in stage.run(play())}) == 20


def test_when_a_batchs_time_is_up_what_there_is_is_given() -> None:
    stage = scene(slots=2)

    async def play() -> list[Reply]:
        return [reply async for reply in stage.executor.execute_batch(many(20), total_timeout_s=3.5)]

    replies = stage.run(play())
    outcomes = {
        outcome: {r.call_id for r in replies if r.outcome == outcome} for outcome in {r.outcome for r in replies}
    }
    assert outcomes == {
        "answered": {"0", "1", "2", "3", "4", "5"},
        "timeout": {"6", "7"},
        "cancelled": {f"{n}" for n in range(8, 20)},
    }
    assert len(replies) == 20
    assert stage.clock.monotonic() == 3.5
    assert stage.models["a"].stopped == 2
    assert "3.5 s" in next(reply.detail for reply in replies if reply.outcome == "timeout")


def test_an_asynchronous_source_is_not_read_on_when_the_time_is_up() -> None:
    stage = scene()

    async def source() -> AsyncIterator[Asked]:
        yield call("x"), ("a",)
        await asyncio.sleep(1e9)
        yield call("never"), ("a",)

    async def play() -> list[str]:
        return [reply.call_id async for reply in stage.executor.execute_batch(source(), total_timeout_s=5.0)]

    assert stage.run(play()) == ["x"]
    assert stage.clock.monotonic() == 5.0


def test_a_batch_that_is_left_stops_its_calls() -> None:
    stage = scene()

    async def play() -> None:
        batch = stage.executor.execute_batch(many(100))
        async for _reply in batch:
            break
        await batch.aclose()
        assert stage.models["a"].under_way == 0
        assert len(asyncio.all_tasks()) == 1

    stage.run(play())
    assert len(stage.models["a"].sent) <= 8


def test_a_source_that_breaks_is_heard_of() -> None:
    def source() -> Iterator[Asked]:
        yield from many(3)
        raise LookupError("no more")

    stage = scene()

    async def play() -> None:
        async for _reply in stage.executor.execute_batch(source()):
            pass

    with pytest.raises(LookupError):
        stage.run(play())
    assert stage.models["a"].under_way == 0


def test_replies_of_many_calls_are_added_up() -> None:
    clock = FakeClock()
    model = Model(clock, "a", script=in_turn("fine", trouble("bad_request"), "fine"))
    stage = Scene(model, clock=clock, seats={"price": Price(1.0, 0.0)})
    result = stage.run(stage.executor.execute_parallel(many(3)))
    assert (dict(result.outcomes), result.usage.calls) == ({"answered": 2, "rejected": 1}, 3)
    assert len(result.answered) == 2
    assert result.usd == pytest.approx(20 / 1_000_000)


def test_the_counts_are_those_of_the_documents() -> None:
    stage = scene(trouble("server_error"), "fine", trouble("bad_request"))
    stage.ask(call("1"))
    stage.ask(call("2"))
    stats = stage.executor.get_stats()
    assert (stats.total_requests, stats.successful_requests, stats.failed_requests) == (2, 1, 1)
    assert (stats.retried_requests, stats.current_active, stats.rate_limit_waits) == (1, 0, 0)
    assert (stats.total_tokens_used, stats.average_latency_ms) == (15, (3000 + 1000) / 2)
    assert stats.outcomes == {"answered": 1, "rejected": 1}


def test_a_call_that_is_stopped_from_inside_ends() -> None:
    clock = FakeClock()
    model = Model(clock, "a")
    stage = Scene(model, clock=clock)

    def script(_attempt: object, _number: int) -> Said:
        stage.executor.cancel("c")
        return trouble("server_error")

    model.script = script
    reply = stage.ask(call("c"))
    assert (reply.outcome, reply.usage.calls) == ("cancelled", 1)


def test_what_is_kept_of_past_calls_does_not_grow() -> None:
    clock = FakeClock()
    model = Model(clock, "a", script=in_turn("fine", trouble("server_error"), "fine"))
    stage = Scene(model, clock=clock, slots=100, replies=None, max_concurrent=32)

    async def play(count: int) -> int:
        groups = ((call(f"{n}", group=f"g{n // 8}", key=f"k{n}"), ("a",)) for n in range(count))
        async for _reply in stage.executor.execute_batch(groups, total_timeout_s=1e6):
            model.sent.clear()
            model.sent_at.clear()
            stage.events.clear()
            stage.gate.demands.clear()
            stage.gate.released.clear()
        gc.collect()
        return len(gc.get_objects())

    few, many_more = stage.run(play(200)), stage.run(play(2000))
    assert many_more < few + 500
