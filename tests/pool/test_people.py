"""What is left for people: the last of every limit, and the next place that becomes free."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codedesigner.pool.allocator import Granted
from codedesigner.pool.gate import CHECK, PERSON, Demand
from codedesigner.pool.learning import kept_back, usable
from codedesigner.pool.ledger import Reservation
from codedesigner.pool.memory import MemoryLedger
from codedesigner.pool.seat import LocationLimits

from .gatehouse import WELL, BreakableLedger, Chair, House, names, run

HOUR = 3600.0


@pytest.mark.parametrize(
    ("cap", "share", "left"),
    [
        (None, 0.1, 0),
        (0, 0.1, 0),
        (1, 0.5, 0),
        (2, 0.05, 1),
        (18, 0.1, 2),
        (108, 0.05, 5),
        (54, 0.05, 3),
        (108, 0.0, 0),
    ],
)
def test_how_much_is_left_for_people(cap: int | None, share: float, left: int) -> None:
    assert kept_back(cap, share) == left


@pytest.mark.parametrize(
    ("limits", "all_of_it", "left", "later_s"),
    [
        (LocationLimits(hourly=20), usable(20), 2, HOUR),
        (LocationLimits(requests_per_minute=10), 10, 1, 60),
        (LocationLimits(tokens_per_minute=1_000), 10, 1, 60),
    ],
)
def test_reviews_leave_the_last_of_a_limit_to_people(
    limits: LocationLimits, all_of_it: int, left: int, later_s: float
) -> None:
    house = House(Chair("a", limits=limits), for_people=0.1, max_concurrent=50, per_endpoint=50)

    async def scene() -> None:
        tokens = 0 if limits.tokens_per_minute is None else 100
        for _ in range(all_of_it - left):
            (await house.granted(tokens=tokens)).release()
        at = house.t
        review = house.ask("review", tokens=tokens, wait_s=None)
        await house.clock.sleep(1)
        assert not review.done()
        assert not house.gate.can_execute(Demand("r", ("a",), tokens))
        for _ in range(left):
            assert house.gate.can_execute(Demand("p", ("a",), tokens, PERSON))
            (await house.granted("person", priority=PERSON, tokens=tokens)).release()
        late = house.ask("late person", priority=PERSON, tokens=tokens, wait_s=None)
        await house.clock.sleep(1)
        assert not late.done(), "what servers allow holds for people, too"
        granted = await late
        assert isinstance(granted, Granted)
        granted.release(WELL)
        assert later_s - 5 <= house.t - at <= later_s + 70
        assert isinstance(await review, Granted)

    run(house, scene())


def test_a_call_that_fits_into_a_minute_at_all_still_fits() -> None:
    house = House(Chair("a", limits=LocationLimits(tokens_per_minute=1_000)), for_people=0.3)

    async def scene() -> None:
        (await house.granted(tokens=1_000)).release(WELL)

    run(house, scene())


def test_a_person_waits_for_one_call_whatever_reviews_have_waited() -> None:
    house = House(for_people=0.05, max_concurrent=1)

    async def scene() -> None:
        first = await house.granted()
        reviews = [house.ask(f"review {n}", priority=8.0, wait_s=None) for n in range(1_000)]
        await house.clock.sleep(5 * HOUR)
        person = house.ask("person", priority=PERSON)
        check = house.ask("check", priority=CHECK, wait_s=0.0)
        await house.clock.sleep(1)
        assert not person.done()
        first.release(WELL)
        await house.clock.sleep(0.1)
        assert names([person, check, *reviews]) == ["person"]
        for each in (person, check, *reviews):
            each.cancel()
        await asyncio.gather(check, *reviews, return_exceptions=True)

    run(house, scene())


def test_without_a_share_nobody_is_first() -> None:
    house = House(max_concurrent=1)

    async def scene() -> None:
        first = await house.granted()
        review = house.ask("review", wait_s=None)
        await house.clock.sleep(5 * HOUR)
        person = house.ask("person", priority=PERSON)
        await house.clock.sleep(1)
        first.release(WELL)
        await house.clock.sleep(0.1)
        assert names([person, review]) == ["review"], "it has waited for four hours"
        person.cancel()
        review.cancel()
        await asyncio.gather(person, review, return_exceptions=True)

    run(house, scene())


class Watching(BreakableLedger):
    """Says which of those that were let in were for people."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = MemoryLedger()


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), hourly=st.integers(8, 60), share=st.sampled_from([0.05, 0.1, 0.3]))
def test_whatever_arrives_reviews_never_use_what_is_left_for_people_and_nobody_is_forgotten(
    seed: int, hourly: int, share: float
) -> None:
    ledger, rng = Watching(), Random(seed)  # noqa: S311
    house = House(
        Chair("a", limits=LocationLimits(hourly=hourly)),
        for_people=share,
        ledger=ledger,
        max_concurrent=3,
        per_endpoint=3,
    )
    cap = usable(hourly) or 0

    async def one(person: bool) -> None:
        granted = await house.granted(priority=PERSON if person else rng.uniform(5, 8), wait_s=None)
        used = _within(ledger.reserved, house.clock.now())
        assert used <= cap - (0 if person else kept_back(cap, share))
        await house.clock.sleep(rng.uniform(1, 30))
        granted.release(WELL)

    async def scene() -> None:
        asked = []
        for _ in range(40):
            asked.append(asyncio.get_running_loop().create_task(one(rng.random() < 0.2)))
            await house.clock.sleep(rng.choice([0.0, 1.0, 100.0, 900.0]))
        await asyncio.gather(*asked)

    run(house, scene())


def _within(reserved: list[Reservation], now: float) -> int:
    return sum(now - each.at < HOUR for each in reserved)
