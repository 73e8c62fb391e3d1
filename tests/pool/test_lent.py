"""The gate in the hands of one of many: it waits for its turn, ends when told, and switches off for itself alone."""

from __future__ import annotations

import asyncio

from codedesigner.pool.gate import Demand, Denied, Grant
from codedesigner.pool.lent import Lent, Turn

from .gatehouse import WELL, Chair, House, run


async def granted(gate: Lent, *places: str, priority: float = 5.0) -> Grant:
    got = await gate.acquire(Demand("c", places or ("a",), priority=priority))
    assert not isinstance(got, Denied)
    return got


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_nothing_goes_through_until_it_is_its_turn_again() -> None:
    house = House()

    async def scene() -> None:
        turn = Turn()
        lent = Lent(house.gate, turn)
        (await granted(lent)).release(WELL)
        turn.close()
        assert not lent.can_execute(Demand("c", ("a",)))
        waiting = asyncio.ensure_future(granted(lent))
        await turns()
        assert not waiting.done()
        assert house.gate.waiting == 0, "it takes nobody's place in the line"
        turn.reopen()
        (await waiting).release(WELL)
        assert turn.calls == 2

    run(house, scene())


def test_who_is_to_end_is_told_even_while_waiting() -> None:
    house = House()

    async def scene() -> None:
        turn = Turn()
        lent = Lent(house.gate, turn)
        turn.close()
        waiting = asyncio.ensure_future(lent.acquire(Demand("c", ("a",))))
        await turns()
        turn.cancel("superseded by b")
        got = await waiting
        assert isinstance(got, Denied)
        assert (got.outcome, got.detail) == ("cancelled", "superseded by b")
        assert isinstance(await lent.acquire(Demand("c", ("a",))), Denied)
        assert not lent.can_execute(Demand("c", ("a",)))
        assert turn.calls == 0

    run(house, scene())


def test_what_one_switches_off_others_still_ask() -> None:
    house = House(Chair("a"), Chair("b"), per_endpoint=4)

    async def scene() -> None:
        mine, other = Lent(house.gate, Turn()), Lent(house.gate, Turn())
        mine.available("a", "not in the pool")
        assert (await granted(mine, "a", "b")).location == "b"
        refused = await mine.acquire(Demand("c", ("a",)))
        assert isinstance(refused, Denied)
        assert (refused.outcome, refused.detail) == ("offline", "not in the pool")
        assert (await granted(other, "a")).location == "a"
        mine.available("a", None)
        assert (await granted(mine, "a")).location == "a"

    run(house, scene())


def test_a_person_is_next_although_a_thousand_calls_of_a_review_wait() -> None:
    house = House(max_concurrent=1)

    async def scene() -> None:
        review, comment = Lent(house.gate, Turn()), Lent(house.gate, Turn())
        first = await granted(review)
        calls = [asyncio.ensure_future(granted(review, priority=8.0)) for _ in range(1_000)]
        await turns()
        person = asyncio.ensure_future(granted(comment, priority=9.0))
        await turns()
        assert not person.done()
        first.release(WELL)
        await turns()
        assert person.done(), "it waited for one call"
        assert not any(each.done() for each in calls)
        for each in calls:
            each.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    run(house, scene())


def test_time_is_idle_while_somebody_waits_and_nobody_is_asked() -> None:
    house = House(max_concurrent=1)

    async def scene() -> None:
        turn = Turn(clock=house.clock.monotonic)
        lent, other = Lent(house.gate, turn), Lent(house.gate, Turn())
        await house.clock.sleep(5)
        assert turn.idle() == 0, "whoever wants nothing is not idle"
        theirs = await granted(other)
        mine = asyncio.ensure_future(granted(lent))
        await house.clock.sleep(100)
        assert turn.idle() == 100
        theirs.release(WELL)
        got = await mine
        more = asyncio.ensure_future(granted(lent))
        await house.clock.sleep(7)
        assert turn.idle() == 100, "a call is under way"
        turn.close()
        await house.clock.sleep(1)
        assert turn.idle() == 100
        got.release(WELL)
        got.release(WELL)
        (await more).release(WELL)
        await house.clock.sleep(3_600)
        assert turn.idle() == 3_700, "parked"
        turn.reopen()
        await house.clock.sleep(9)
        assert turn.idle() == 3_700

    run(house, scene())


def test_who_is_to_end_is_told_while_others_have_all_the_places() -> None:
    house = House(per_endpoint=2)

    async def scene() -> None:
        turn, other = Turn(), Turn()
        full = [await granted(Lent(house.gate, other)) for _ in range(2)]
        waiting = asyncio.ensure_future(Lent(house.gate, turn).acquire(Demand("c", ("a",))))
        await turns()
        assert house.gate.waiting == 1
        turn.cancel("superseded by b")
        got = await waiting
        assert isinstance(got, Denied)
        assert (got.outcome, got.detail) == ("cancelled", "superseded by b")
        assert house.gate.waiting == 0, "it has left the line"
        for each in full:
            each.release(WELL)
        (await granted(Lent(house.gate, other))).release(WELL)

    run(house, scene())
