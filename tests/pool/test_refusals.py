"""After a server's 429: hold, learn, come back through one call; and what the server says is left."""

from __future__ import annotations

import asyncio
import math

import pytest

from codedesigner.call.model import RateState
from codedesigner.pool.allocator import Granted
from codedesigner.pool.gate import Demand
from codedesigner.pool.ledger import DAY_S
from codedesigner.pool.seat import LocationLimits

from .gatehouse import WELL, BreakableLedger, Chair, House, names, run

WIDE = LocationLimits(concurrent=50)


def test_a_refused_location_is_held_and_comes_back_through_one_call() -> None:
    house = House(Chair("a", limits=WIDE), max_concurrent=50)

    async def scene() -> None:
        for _ in range(10):
            (await house.granted()).release()
        house.gate.limited("a", 70)
        waiters = [house.ask(f"w{number}") for number in range(5)]
        await house.clock.sleep(69.9)
        assert names(waiters) == []
        await house.clock.sleep(1)
        assert names(waiters) == ["w0"]  # the one that tries
        await house.clock.sleep(30)
        assert names(waiters) == ["w0"]
        probe = waiters[0].result()
        assert isinstance(probe, Granted)
        probe.release(WELL)
        await house.clock.settle()
        assert len(names(waiters)) == 5
        assert house.told() == ["llm.rate_limited", "quota.limit_hit", "llm.recovered"]

    run(house, scene())


def test_the_slot_of_a_refused_call_goes_to_nobody() -> None:
    house = House(max_concurrent=1)

    async def scene() -> None:
        grant = await house.granted()
        waiter = house.ask()
        await house.clock.settle()
        grant.release()
        house.gate.limited("a", 70)  # in the same turn of the loop
        await house.clock.sleep(69)
        assert not waiter.done()
        await waiter

    run(house, scene())


def test_a_refused_try_holds_again_and_teaches_nothing() -> None:
    house = House(Chair("a", limits=WIDE))

    async def scene() -> None:
        for _ in range(10):
            (await house.granted()).release(WELL)
        house.gate.limited("a", 65)
        learned = house.ledger.standing("a").learned_minute
        probe = await house.granted()
        assert house.t == pytest.approx(65, abs=0.01)
        house.gate.limited("a", 7)
        probe.release()
        assert house.told() == ["llm.rate_limited", "quota.limit_hit", "llm.still_limited"]
        assert house.ledger.standing("a").learned_minute == learned
        second = await house.granted()
        assert house.t == pytest.approx(72, abs=0.01)
        second.release()  # it failed for another reason: the next tries
        third, fourth = house.ask("third"), house.ask("fourth")
        await house.clock.settle()
        assert names([third, fourth]) == ["third"]
        third.result().release(WELL)  # type: ignore[union-attr]
        await house.clock.settle()
        assert house.told("llm.recovered") == ["llm.recovered"]
        assert house.ledger.standing("a").held_until == 0

    run(house, scene())


def test_who_waits_for_a_location_that_goes_on_refusing_is_told_in_the_end() -> None:
    house = House()

    async def scene() -> None:
        (await house.granted()).release()
        house.gate.limited("a", None)
        waiter = house.ask("waiter", wait_s=120, priority=1)
        for _ in range(2):
            probe = await house.granted("probe", priority=9, wait_s=None)
            probe.release()
            house.gate.limited("a", None)
        denied = await waiter
        assert denied.outcome == "rate_limited"  # type: ignore[union-attr]
        assert 120 <= house.t <= 125

    run(house, scene())


def test_a_long_hold_is_told_at_once_unless_another_location_is_there() -> None:
    house = House(Chair("a", "e"), Chair("b", "f"), per_endpoint=1)

    async def scene() -> None:
        house.gate.limited("a", 900)
        denied = await house.denied("x", "a")
        assert denied.outcome == "rate_limited"
        assert denied.until == pytest.approx(house.clock.now() + 900)
        grant = await house.granted("x", "a", "b")
        assert grant.location == "b"
        waiter = house.ask("x", "a", "b")
        await house.clock.sleep(10)
        assert not waiter.done()  # for a place in the queue one waits
        house.gate.limited("b", 900)
        assert (await waiter).outcome == "rate_limited"  # type: ignore[union-attr]

    run(house, scene())


def test_refusals_of_calls_that_were_in_flight_together_teach_once() -> None:
    house = House(Chair("a", limits=WIDE), max_concurrent=50)

    async def scene() -> None:
        grants = [await house.granted() for _ in range(20)]
        await house.clock.sleep(1)
        for grant in grants[:5]:
            grant.release()
            house.gate.limited("a", 70)
            await house.clock.sleep(0.1)
        assert house.told() == ["llm.rate_limited", "quota.limit_hit"]
        learned = house.ledger.standing("a").learned_minute
        assert learned is not None
        assert learned[0] == 16
        assert house.ledger.standing("a").held_until == pytest.approx(house.clock.now() + 69.9)  # the last refusal's
        probe = await house.granted()
        assert house.t == pytest.approx(71.4, abs=0.02)
        probe.release(WELL)
        house.gate.limited("a", 10)  # of one that was in flight before the lesson, as all that still are
        assert house.told("quota.limit_hit") == ["quota.limit_hit"]
        assert house.told("llm.rate_limited") == ["llm.rate_limited"] * 2

    run(house, scene())


@pytest.mark.parametrize(
    ("retry_after_s", "limits", "minute", "hour"),
    [
        (30, WIDE, 8, None),
        (None, WIDE, 8, None),
        (121, WIDE, None, 16),
        (30, LocationLimits(concurrent=50, requests_per_minute=100), 8, None),
        (500, LocationLimits(concurrent=50, hourly=15), None, 11),
    ],
)
def test_what_is_learned(
    retry_after_s: float | None, limits: LocationLimits, minute: int | None, hour: int | None
) -> None:
    house = House(Chair("a", limits=limits), max_concurrent=50)

    async def scene() -> None:
        before = 10 if limits.hourly is None else 4
        for _ in range(before):
            (await house.granted()).release(WELL)
        await house.clock.sleep(120)
        for _ in range(10):
            (await house.granted()).release(WELL)
        house.gate.limited("a", retry_after_s)
        standing = house.ledger.standing("a")
        assert (standing.learned_minute or (None,))[0] == minute
        assert (standing.learned_hour or (None,))[0] == hour
        fields = next(each.fields for each in house.events if each.name == "quota.limit_hit")
        assert fields["limit"] == (minute or hour)

    run(house, scene())


def test_a_learned_limit_holds_and_fades() -> None:
    limits = LocationLimits(concurrent=50, requests_per_minute=20)
    house = House(Chair("a", limits=limits), max_concurrent=50)

    async def burst() -> int:
        tasks = [house.ask(f"b{number}", wait_s=0) for number in range(25)]
        results = await asyncio.gather(*tasks)
        grants = [each for each in results if isinstance(each, Granted)]
        for grant in grants:
            grant.release(WELL)
        return len(grants)

    async def scene() -> None:
        for _ in range(10):
            (await house.granted()).release(WELL)
        house.gate.limited("a", 30)
        await house.clock.sleep(64)
        (await house.granted()).release(WELL)
        await house.clock.sleep(64)
        counts = []
        for _ in range(14):
            counts.append(await burst())
            await house.clock.sleep(64)
        assert counts[0] == 10  # 8 learned, and a twentieth of 20 for each of two clean minutes
        assert counts == sorted(counts)
        assert counts[-1] == 20

    run(house, scene())


def test_what_was_learned_and_held_outlives_the_gate() -> None:
    first = House(Chair("a", limits=WIDE))
    first.gate.limited("a", 100)
    second = House(Chair("a", limits=WIDE), ledger=first.ledger, clock=first.clock)

    async def scene() -> None:
        probe, other = second.ask("probe"), second.ask("other")
        await probe
        assert second.t == pytest.approx(100, abs=0.01)
        await second.clock.sleep(50)
        assert not other.done()

    run(second, scene())


def test_a_hold_of_another_process_is_seen_within_a_second() -> None:
    first = House(Chair("a", limits=WIDE))
    second = House(Chair("a", limits=WIDE), ledger=first.ledger, clock=first.clock)

    async def scene() -> None:
        (await first.granted()).release(WELL)
        (await second.granted()).release(WELL)
        second.gate.limited("a", 100)
        await first.clock.sleep(1)
        await first.granted()
        assert first.t == pytest.approx(100, abs=0.01)

    run(first, scene())


def test_a_hold_stands_although_the_ledger_cannot_be_written() -> None:
    ledger = BreakableLedger()
    house = House(ledger=ledger)

    async def scene() -> None:
        (await house.granted()).release(WELL)
        ledger.broken = True
        house.gate.limited("a", 30)
        ledger.broken = False
        await house.clock.sleep(5)
        assert not house.gate.can_execute(Demand("x", ("a",)))
        await house.granted()
        assert house.t == pytest.approx(30, abs=0.01)

    run(house, scene())


@pytest.mark.parametrize(
    ("rate", "held_s"),
    [
        (RateState(requests_left=0, requests_reset_s=12), 12),
        (RateState(tokens_left=0, tokens_reset_s=7), 7),
        (RateState(requests_left=0, tokens_left=0, requests_reset_s=3, tokens_reset_s=9), 9),
        (RateState(requests_left=0), 1),
        (RateState(requests_left=0, requests_reset_s=math.nan), 1),
        (RateState(requests_left=1, tokens_left=1, requests_reset_s=50, tokens_reset_s=50), 0),
        (RateState(requests_reset_s=50), 0),
    ],
)
def test_where_nothing_is_left_nobody_goes_before_the_reset(rate: RateState, held_s: float) -> None:
    house = House(per_endpoint=3)

    async def scene() -> None:
        grant, waiters = await house.granted(), []
        grant.release(WELL)
        house.gate.observed("a", rate)
        waiters = [house.ask(f"w{number}") for number in range(2)]
        await asyncio.gather(*waiters)  # both: nothing was refused, so nobody has to try first
        assert house.t == pytest.approx(held_s, abs=0.01)
        assert house.told() == []

    run(house, scene())


def test_an_old_hold_does_not_count_as_waiting_for_a_new_one() -> None:
    house = House(max_concurrent=1)

    async def scene() -> None:
        (await house.granted()).release(WELL)
        house.gate.observed("a", RateState(requests_left=0, requests_reset_s=5))
        await house.clock.sleep(400)
        grant, waiter = await house.granted(), house.ask(wait_s=120)
        await house.clock.sleep(300)
        house.gate.observed("a", RateState(requests_left=0, requests_reset_s=100))
        grant.release(WELL)
        assert isinstance(await waiter, Granted)
        assert house.t == pytest.approx(800, abs=0.01)

    run(house, scene())


def test_a_reset_in_the_far_future_is_believed_for_a_day() -> None:
    house = House()
    house.gate.observed("a", RateState(requests_left=0, requests_reset_s=1e12))
    house.gate.observed("nowhere", RateState(requests_left=0))
    assert house.ledger.standing("a").held_until == house.clock.now() + DAY_S


def test_what_is_left_does_not_shorten_a_hold() -> None:
    house = House()
    house.gate.limited("a", 50)
    house.gate.observed("a", RateState(requests_left=0, requests_reset_s=2))
    assert house.ledger.standing("a").held_until == house.clock.now() + 50
