"""The gate: slots, whose turn it is, which location, who is told no, and that nothing is lost."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from codedesigner.call.model import Usage
from codedesigner.pool.allocator import Granted
from codedesigner.pool.gate import Demand, Denied
from codedesigner.pool.seat import LocationLimits

from .gatehouse import WELL, BreakableLedger, Chair, House, names, run


def test_no_more_than_the_slots_of_an_endpoint_and_of_the_whole() -> None:
    house = House(Chair("a", "e"), Chair("b", "e"), Chair("c", "f"), max_concurrent=3, per_endpoint=2)

    async def scene() -> None:
        tasks = [house.ask(f"{where}{number}", where) for number in range(2) for where in "abc"]
        await house.clock.settle()
        assert names(tasks) == ["a0", "b0", "c0"]
        assert house.gate.in_flight() == 3
        assert [house.gate.in_flight(endpoint=each) for each in "efg"] == [2, 1, 0]
        assert [house.gate.in_flight(location=each) for each in "abcd"] == [1, 1, 1, 0]
        assert house.gate.waiting == 3
        for _ in range(6):
            done = [task for task in tasks if task.done()]
            for task in done:
                grant = task.result()
                assert isinstance(grant, Granted)
                grant.release(WELL)
                grant.release(WELL)  # the second time does nothing
            await house.clock.settle()
            assert house.gate.in_flight() <= 3
        assert all(task.done() for task in tasks)
        assert (house.gate.in_flight(), house.gate.waiting) == (0, 0)

    run(house, scene())


def test_a_locations_own_concurrency_replaces_the_endpoints() -> None:
    wide = Chair("wide", "e", LocationLimits(concurrent=5))
    narrow = Chair("narrow", "e", LocationLimits(concurrent=1))
    house = House(wide, narrow, Chair("plain", "e"), max_concurrent=100, per_endpoint=2)

    async def scene() -> None:
        tasks = [house.ask(each, each) for each in ["narrow"] * 2 + ["plain"] * 3 + ["wide"] * 5]
        await house.clock.settle()
        assert names(tasks) == ["narrow", "plain", "plain", "wide", "wide"]
        house.gate.remove("wide")
        await house.clock.settle()
        assert [task.result().outcome for task in tasks[-3:]] == ["offline"] * 3  # type: ignore[union-attr]
        for task in tasks:
            task.cancel()

    run(house, scene())


def test_the_next_slot_goes_to_the_most_urgent_of_a_thousand() -> None:
    house = House(max_concurrent=2)

    async def scene() -> None:
        first = await house.granted("first")
        second = await house.granted("second")
        low = [house.ask(f"low{number}", priority=1) for number in range(1000)]
        await house.clock.settle()
        assert house.gate.waiting == 1000
        high = house.ask("high", priority=90)
        await house.clock.settle()
        assert not high.done()
        first.release(WELL)
        grant = await high
        assert isinstance(grant, Granted)
        assert names(low) == []
        second.release(WELL)
        await house.clock.settle()
        assert names(low) == ["low0"]
        for task in low:
            task.cancel()

    run(house, scene())


def test_every_call_asks_again_so_the_urgent_go_between_two_calls_of_the_patient() -> None:
    house = House(max_concurrent=1)

    async def scene() -> None:
        order = []

        async def patient() -> None:
            for number in range(3):
                await house.call(priority=1, takes_s=10)
                order.append(f"patient {number}")

        async def urgent() -> None:
            await house.clock.sleep(12)
            for number in range(2):
                await house.call(priority=9, takes_s=10)
                order.append(f"urgent {number}")

        await asyncio.gather(patient(), urgent())
        assert order[:3] == ["patient 0", "patient 1", "urgent 0"]
        assert sorted(order[3:]) == ["patient 2", "urgent 1"]

    run(house, scene())


def test_the_location_with_the_most_quota_left_then_with_the_fewest_calls() -> None:
    small, large = LocationLimits(hourly=10), LocationLimits(hourly=100)
    house = House(Chair("small", "e", small), Chair("large", "f", large), max_concurrent=9, per_endpoint=9)
    free = House(Chair("a", "e"), Chair("b", "f"), max_concurrent=9)

    async def scene() -> None:
        got = [(await house.granted("x", "small", "large")).location for _ in range(9)]
        assert got == ["small"] + ["large"] * 8
        assert house.gate.remaining("small") == pytest.approx(8 / 9)
        assert house.gate.remaining("large") == pytest.approx(82 / 90)

    async def without_quota() -> None:
        assert [(await free.granted("x", "a", "b")).location for _ in range(4)] == ["a", "b", "a", "b"]
        assert free.gate.remaining("a") == 1.0
        assert free.gate.remaining("unknown") == 0.0

    run(house, scene())
    run(free, without_quota())


def test_a_rank_chooses_among_those_that_are_free() -> None:
    house = House(Chair("a", "e"), Chair("b", "f"), Chair("c", "g"), per_endpoint=1)
    asked = []

    def last_first(free: Sequence[str]) -> list[str]:
        asked.append(list(free))
        return sorted(free, reverse=True)

    async def scene() -> None:
        got = [await house.gate.acquire(Demand("x", ("a", "b", "c")), last_first) for _ in range(3)]
        assert [grant.location for grant in got if isinstance(grant, Granted)] == ["c", "b", "a"]
        assert asked == [["a", "b", "c"], ["a", "b"]]

    run(house, scene())


def test_a_location_that_is_off_is_not_asked_and_its_waiters_go_elsewhere_or_are_told() -> None:
    house = House(Chair("a", "e"), Chair("b", "f"), per_endpoint=1)

    async def scene() -> None:
        grant = await house.granted("x", "a")
        only, either = house.ask("only", "a"), house.ask("either", "a", "b")
        await house.clock.settle()
        assert names([only, either]) == ["either"]
        house.gate.available("a", "key not\taccepted")
        denied = await only
        assert (denied.outcome, denied.until) == ("offline", math.inf)  # type: ignore[union-attr]
        assert "key not" in denied.detail  # type: ignore[union-attr]
        assert (await house.denied("y", "a", "nowhere")).outcome == "offline"
        assert (await house.denied("y", "nowhere")).outcome == "offline"
        assert not house.gate.can_execute(Demand("y", ("a",)))
        grant.release(WELL)
        house.gate.available("a", None)
        assert house.gate.can_execute(Demand("y", ("a",)))
        await house.granted("y", "a")

    run(house, scene())


def test_waiters_go_to_a_location_that_has_been_added() -> None:
    house = House(Chair("a", "e"), per_endpoint=1)

    async def scene() -> None:
        await house.granted("x", "a")
        waiter = house.ask("x", "a", "b")
        await house.clock.settle()
        assert not waiter.done()
        house.gate.add(Chair("b", "f"))
        grant = await waiter
        assert isinstance(grant, Granted)
        assert grant.location == "b"
        with pytest.raises(ValueError, match="already"):
            house.gate.add(Chair("b", "f"))

    run(house, scene())


def test_who_stops_waiting_leaves_nothing_behind() -> None:
    ledger = BreakableLedger()
    house = House(ledger=ledger, max_concurrent=1)

    async def scene() -> None:
        grant = await house.granted()
        tasks = [house.ask(f"w{number}") for number in range(3)]
        await house.clock.settle()
        tasks[0].cancel()
        await house.clock.settle()
        assert house.gate.waiting == 2
        assert len(ledger.reserved) == 1
        grant.release(WELL)
        await house.clock.settle()
        assert names(tasks[1:]) == ["w1"]
        assert house.gate.in_flight() == 1

    run(house, scene())


def test_who_is_stopped_in_the_moment_of_the_grant_gives_it_back() -> None:
    house = House(Chair("a", limits=LocationLimits(tokens_per_minute=100)), max_concurrent=1)

    async def scene() -> None:
        grant = await house.granted(tokens=50)
        stopped, next_one = house.ask("stopped", tokens=50), house.ask("next", tokens=50)
        await house.clock.settle()
        grant.release(Usage(1, 10, 0))
        house.gate._serve()  # the grant is made, but nobody has heard of it yet
        assert house.gate.in_flight() == 1
        stopped.cancel()
        await house.clock.settle()
        assert stopped.cancelled()
        assert names([next_one]) == ["next"]
        assert (house.gate.in_flight(), house.gate.waiting) == (1, 0)
        assert house.ledger.used("a", house.clock.now()).minute_tokens == 60  # the stopped one's were given back

    run(house, scene())


def test_cancelling_whoever_waits_for_more_tokens_lets_the_smaller_go() -> None:
    house = House(Chair("a", limits=LocationLimits(tokens_per_minute=100)))

    async def scene() -> None:
        (await house.granted(tokens=60)).release(Usage(1, 60, 0))
        large, small = house.ask("large", tokens=80), house.ask("small", tokens=30)
        await house.clock.settle()
        assert names([large, small]) == []  # what is smaller does not go before what came first
        large.cancel()
        await house.clock.settle()
        assert names([small]) == ["small"]
        assert house.t == 0

    run(house, scene())


def test_the_more_urgent_go_before_who_waits_for_more_tokens() -> None:
    house = House(Chair("a", limits=LocationLimits(tokens_per_minute=100)))

    async def scene() -> None:
        (await house.granted(tokens=60)).release(Usage(1, 60, 0))
        large = house.ask("large", tokens=80)
        await house.clock.settle()
        await house.granted("small but urgent", tokens=30, priority=9)
        assert house.t == 0
        await large
        assert 62 < house.t <= 63

    run(house, scene())


def test_tokens_that_were_not_used_make_room() -> None:
    house = House(Chair("a", limits=LocationLimits(tokens_per_minute=100)))

    async def scene() -> None:
        grant = await house.granted(tokens=90)
        waiter = house.ask("waiter", tokens=50)
        await house.clock.sleep(5)
        assert not waiter.done()
        grant.release(Usage(1, 20, 10))
        assert isinstance(await waiter, Granted)
        assert house.t == 5

    run(house, scene())


def test_calls_whose_use_is_not_known_count_as_reserved() -> None:
    house = House(Chair("a", limits=LocationLimits(tokens_per_minute=100)))

    async def scene() -> None:
        (await house.granted(tokens=90)).release()
        assert house.ledger.used("a", house.clock.now()).minute_tokens == 90

    run(house, scene())


@pytest.mark.parametrize(
    ("limits", "demand", "outcome", "word"),
    [
        (LocationLimits(requests_per_minute=1), Demand("x", ("a",)), "rate_limited", "requests per minute"),
        (LocationLimits(tokens_per_minute=100), Demand("x", ("a",), tokens=60), "rate_limited", "tokens per minute"),
        (LocationLimits(hourly=1), Demand("x", ("a",)), "over_quota", "hourly quota"),
        (LocationLimits(deep_daily=1), Demand("x", ("a",), deep=True), "over_quota", "deep calls"),
    ],
)
def test_who_would_have_to_wait_too_long_is_told_at_once(
    limits: LocationLimits, demand: Demand, outcome: str, word: str
) -> None:
    house = House(Chair("a", limits=limits))

    async def scene() -> None:
        first = await house.gate.acquire(demand)
        assert isinstance(first, Granted)
        first.release()
        assert not house.gate.can_execute(demand)
        denied = await house.gate.acquire(replace(demand, wait_s=30))
        assert isinstance(denied, Denied)
        assert denied.outcome == outcome
        assert word in denied.detail
        assert house.clock.now() + 30 < denied.until < math.inf
        assert house.t == 0
        assert isinstance(await house.gate.acquire(replace(demand, wait_s=None)), Granted)
        assert house.clock.now() == pytest.approx(denied.until, abs=0.01)

    run(house, scene())


def test_what_never_fits_is_told_however_long_it_would_wait() -> None:
    limits = LocationLimits(tokens_per_minute=100, deep_daily=0)
    house = House(Chair("a", limits=limits), Chair("b", "f"))

    async def scene() -> None:
        denied = await house.denied(tokens=101, wait_s=None)
        assert (denied.outcome, denied.until) == ("too_long", math.inf)
        assert (await house.granted("x", "a", "b", tokens=101)).location == "b"
        denied = await house.denied(deep=True, wait_s=None)
        assert (denied.outcome, denied.until) == ("over_quota", math.inf)
        await house.granted(tokens=100)

    run(house, scene())


def test_the_time_in_the_queue_does_not_count_as_waiting_for_a_limit() -> None:
    house = House(max_concurrent=1)

    async def scene() -> None:
        grant = await house.granted()
        waiter = house.ask(wait_s=1)
        await house.clock.sleep(500)
        assert not waiter.done()
        grant.release(WELL)
        assert isinstance(await waiter, Granted)
        assert house.gate.average_wait_s == pytest.approx(250)

    run(house, scene())


def test_only_the_time_that_a_limit_is_in_the_way_counts() -> None:
    house = House(Chair("a", "e", LocationLimits(concurrent=1)), max_concurrent=1)

    async def scene() -> None:
        grant = await house.granted()
        waiter, impatient = house.ask(wait_s=100), house.ask(wait_s=50)
        await house.clock.sleep(500)
        house.gate.limited("a", 80)
        grant.release()
        assert (await impatient).outcome == "rate_limited"  # type: ignore[union-attr]
        assert house.t == 500
        assert isinstance(await waiter, Granted)
        assert house.t == pytest.approx(580, abs=0.01)

    run(house, scene())


def test_a_deep_quota_that_is_used_up_does_not_stop_other_calls() -> None:
    house = House(Chair("a", limits=LocationLimits(deep_daily=1)))

    async def scene() -> None:
        (await house.granted(deep=True)).release(WELL)
        deep = house.ask("deep", deep=True, priority=9, wait_s=None)
        await house.clock.settle()
        await house.call("plain", takes_s=1)
        await house.clock.sleep(86_300)
        assert not deep.done()
        await deep
        assert 86_400 <= house.t <= 86_400 + 901

    run(house, scene())


def test_where_one_location_is_full_another_is_asked() -> None:
    house = House(Chair("a", "e", LocationLimits(hourly=1)), Chair("b", "f", LocationLimits(hourly=1)))

    async def scene() -> None:
        both = [(await house.granted("x", "a", "b")).location for _ in range(2)]
        assert sorted(both) == ["a", "b"]
        assert (await house.denied("x", "a", "b")).outcome == "over_quota"

    run(house, scene())


def test_nobody_is_let_in_while_the_ledger_cannot_be_used() -> None:
    ledger = BreakableLedger()
    house = House(ledger=ledger)

    async def scene() -> None:
        grant = await house.granted()
        ledger.broken = True
        assert not house.gate.can_execute(Demand("x", ("a",)))
        await house.clock.sleep(1)
        assert house.gate.remaining("a") == 0.0
        impatient, patient = house.ask(wait_s=3), house.ask(wait_s=60)
        grant.release(WELL)  # does not raise
        house.gate.limited("nowhere", 5)
        denied = await impatient
        assert denied.outcome == "over_quota"  # type: ignore[union-attr]
        assert "quota ledger cannot be used: disk full" in denied.detail  # type: ignore[union-attr]
        assert 3 <= house.t <= 5
        assert not patient.done()
        ledger.broken = False
        assert isinstance(await patient, Granted)
        assert house.t <= 6
        assert len(ledger.reserved) == 2
        assert house.told() == ["allocator.cache_refresh_failed"], "once, however often it is tried"

    run(house, scene())


def test_two_gates_on_one_ledger_share_every_limit() -> None:
    limits = LocationLimits(concurrent=50, requests_per_minute=10, hourly=30)
    first = House(Chair("a", limits=limits), max_concurrent=50)
    second = House(Chair("a", limits=limits), max_concurrent=50, ledger=first.ledger, clock=first.clock)

    async def scene() -> None:
        times: list[float] = []

        async def caller(house: House) -> None:
            times.append(await house.call(wait_s=None, takes_s=0.5))

        await asyncio.gather(*(caller(house) for _ in range(40) for house in (first, second)))
        times.sort()
        assert len(times) == 80
        assert all(later - sooner >= 60 for sooner, later in zip(times, times[10:], strict=False))
        assert all(later - sooner >= 3600 for sooner, later in zip(times, times[27:], strict=False))
        assert times[-1] <= 2 * 3700 + 180

    run(first, scene())


def test_no_timer_is_left_when_nobody_waits() -> None:
    house = House(Chair("a", limits=LocationLimits(requests_per_minute=1)))

    async def scene() -> None:
        (await house.granted()).release(WELL)
        waiter = house.ask()
        await house.clock.sleep(1)
        assert len(asyncio.all_tasks()) == 3
        waiter.cancel()
        await house.clock.settle()
        assert len(asyncio.all_tasks()) == 1

    run(house, scene())


def test_grants_are_told() -> None:
    house = House()

    async def scene() -> None:
        await house.granted("call-7")
        assert [(each.name, each.location, each.fields["call"]) for each in house.events] == [
            ("llm.allocated", "a", "call-7")
        ]

    run(house, scene())
