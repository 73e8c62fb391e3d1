"""Whatever comes in whatever order: no limit is ever exceeded, and everybody is served within bounds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from codedesigner.call.model import Usage
from codedesigner.pool.allocator import Granted
from codedesigner.pool.learning import usable
from codedesigner.pool.ledger import DAY_S
from codedesigner.pool.seat import LocationLimits

from .gatehouse import BreakableLedger, Chair, House, run

HOUR = 3600.0


@dataclass(frozen=True)
class Arrival:
    """Somebody who comes, in a random history."""

    pause_s: float
    candidates: tuple[str, ...]
    priority: float
    tokens: int
    used: int
    takes_s: float
    deep: bool
    wait_s: float | None
    gives_up_s: float | None
    refused: float | None


def arrivals(**fixed: st.SearchStrategy[object]) -> st.SearchStrategy[list[Arrival]]:
    fields: dict[str, st.SearchStrategy[object]] = {
        "pause_s": st.sampled_from([0.0, 0.3, 7.0, 50.0, 400.0]),
        "candidates": st.sampled_from([("a",), ("b",), ("c",), ("a", "b"), ("b", "c"), ("a", "b", "c")]),
        "priority": st.integers(0, 20),
        "tokens": st.integers(0, 100),
        "used": st.integers(0, 100),
        "takes_s": st.sampled_from([0.0, 0.1, 3.0, 40.0]),
        "deep": st.booleans(),
        "wait_s": st.sampled_from([None, None, 0.0, 30.0, 120.0]),
        "gives_up_s": st.sampled_from([None, None, None, 0.0, 5.0, 100.0]),
        "refused": st.sampled_from([None, None, None, None, 2.0, 90.0, 300.0]),
    }
    return st.lists(st.builds(Arrival, **{**fields, **fixed}), max_size=40)


LIMITS = {
    "a": LocationLimits(concurrent=3, requests_per_minute=4, tokens_per_minute=150),
    "b": LocationLimits(hourly=20, deep_daily=6, tokens_per_minute=100),
    "c": LocationLimits(concurrent=1, requests_per_minute=6, hourly=40, deep_daily=3),
}
CHAIRS = (Chair("a", "e", LIMITS["a"]), Chair("b", "e", LIMITS["b"]), Chair("c", "f", LIMITS["c"]))


class Watch:
    """An account of its own: who is in flight where, by exact times."""

    def __init__(self) -> None:
        self.inside: dict[str, int] = {"a": 0, "b": 0, "c": 0}

    def enter(self, location: str) -> None:
        self.inside[location] += 1
        assert sum(self.inside.values()) <= 4
        assert self.inside["a"] <= 3
        assert self.inside["b"] <= 2
        assert self.inside["a"] + self.inside["b"] <= 3
        assert self.inside["c"] <= 1

    def leave(self, location: str) -> None:
        self.inside[location] -= 1


async def visit(house: House, watch: Watch, arrival: Arrival, number: int) -> str:
    task = house.ask(
        str(number),
        *arrival.candidates,
        priority=arrival.priority,
        tokens=arrival.tokens,
        deep=arrival.deep,
        wait_s=arrival.wait_s,
    )
    done, _ = await asyncio.wait([task], timeout=arrival.gives_up_s)
    if not done:
        task.cancel()
        await asyncio.wait([task])
        if task.cancelled():
            return "gave up"
    got = task.result()
    if not isinstance(got, Granted):
        return got.outcome
    watch.enter(got.location)
    await house.clock.sleep(arrival.takes_s)
    watch.leave(got.location)
    if arrival.refused is None:
        got.release(Usage(1, min(arrival.used, arrival.tokens), 0))
    else:
        got.release()
        house.gate.limited(got.location, arrival.refused)
    return "served"


def exceeded(ledger: BreakableLedger) -> list[str]:
    """Which limits were exceeded by what was let in; tokens are those that were reserved or, if fewer, used."""
    wrong = []
    for location, limits in LIMITS.items():
        times = [each.at for each in ledger.reserved if each.location == location]
        deep = [each.at for each in ledger.reserved if each.location == location and each.deep]
        for name, most, length_s, at in (
            ("minute", limits.requests_per_minute, 60.0, times),
            ("hour", usable(limits.hourly), HOUR, times),
            ("deep", limits.deep_daily, DAY_S, deep),
        ):
            if most is not None and any(b - a < length_s for a, b in zip(at, at[most:], strict=False)):
                wrong.append(f"{name} of {location}")
    return wrong


@settings(max_examples=120, deadline=None)
@given(history=arrivals())
def test_no_limit_is_ever_exceeded_and_nobody_is_forgotten(history: list[Arrival]) -> None:
    ledger = BreakableLedger()
    house, watch = House(*CHAIRS, ledger=ledger), Watch()

    async def scene() -> list[str]:
        tasks = []
        for number, arrival in enumerate(history):
            await house.clock.sleep(arrival.pause_s)
            tasks.append(asyncio.create_task(visit(house, watch, arrival, number)))
        outcomes = await asyncio.gather(*tasks)
        await house.clock.settle()
        assert len(asyncio.all_tasks()) == 1  # no timer is left
        return outcomes

    outcomes = run(house, scene())
    assert set(outcomes) <= {"served", "gave up", "rate_limited", "over_quota", "too_long"}
    assert exceeded(ledger) == []
    assert (house.gate.in_flight(), house.gate.waiting) == (0, 0)
    assert sum(watch.inside.values()) == 0
    for outcome, arrival in zip(outcomes, history, strict=True):
        if arrival.gives_up_s is None and arrival.wait_s is None:
            assert outcome == "served"


@settings(max_examples=80, deadline=None)
@given(history=arrivals(gives_up_s=st.none(), refused=st.none()), tokens=st.lists(st.integers(0, 100), max_size=60))
def test_tokens_of_a_minute_stay_below_their_limit(history: list[Arrival], tokens: list[int]) -> None:
    ledger = BreakableLedger()
    chair = Chair("a", "e", LocationLimits(concurrent=9, tokens_per_minute=100))
    house = House(chair, ledger=ledger, max_concurrent=9)

    async def scene() -> None:
        async def one(size: int) -> None:
            grant = await house.granted(tokens=size, wait_s=None)
            await house.clock.sleep(size % 7)
            grant.release(Usage(1, size, 0))  # all that was reserved, so that what was reserved is what counts

        await asyncio.gather(*(one(size) for size in tokens))

    run(house, scene())
    made = [(each.at, each.tokens) for each in ledger.reserved]
    assert sorted(size for _, size in made) == sorted(tokens)
    for at, _ in made:
        assert sum(size for each, size in made if at - 60 < each <= at) <= 100


@settings(max_examples=40, deadline=None)
@given(
    patient=st.lists(st.tuples(st.floats(0, 3600), st.integers(0, 5)), min_size=1, max_size=12),
    rush_priority=st.integers(20, 1000),
)
def test_nobody_starves_while_more_urgent_calls_never_end(patient: list[tuple[float, int]], rush_priority: int) -> None:
    house = House(max_concurrent=1)
    waited: list[float] = []
    takes_s = 60.0

    async def rush() -> None:
        while house.t < 48 * HOUR:
            await house.call("urgent", priority=rush_priority, takes_s=takes_s, wait_s=None)

    async def one(after_s: float, priority: int) -> None:
        await house.clock.sleep(after_s)
        came = house.t
        waited.append(await house.call("patient", priority=priority, takes_s=takes_s, wait_s=None) - came)

    async def scene() -> None:
        rushes = [asyncio.create_task(rush()) for _ in range(3)]  # two of them always wait
        await house.clock.settle()
        await asyncio.gather(*(one(*each) for each in patient))
        for task in rushes:
            task.cancel()

    run(house, scene())
    assert len(waited) == len(patient)
    # Four hours, and then at most all the other overdue ones before it.
    assert max(waited) <= 4 * HOUR + (len(patient) + 2) * takes_s


def test_a_thousand_patient_calls_do_not_delay_an_urgent_one() -> None:
    house = House(Chair("a", limits=LocationLimits(concurrent=8)), max_concurrent=8)

    async def scene() -> None:
        low = [asyncio.create_task(house.call(f"low{n}", priority=1, takes_s=2.0)) for n in range(1000)]
        await house.clock.sleep(31)
        came = house.t
        assert await house.call("high", priority=50) - came <= 2.0
        await asyncio.gather(*low)
        assert house.t <= 1000 / 8 * 2.0 + 2.0

    run(house, scene())
    assert house.gate.waiting == 0


def test_many_groups_share_a_gate_without_starving_each_other() -> None:
    chairs = [Chair(f"l{n}", f"e{n}") for n in range(20)]
    house = House(*chairs, max_concurrent=4)

    async def scene() -> None:
        served = [house.call("x", f"l{n % 20}", takes_s=1.0) for n in range(400)]
        at = await asyncio.gather(*served)
        assert list(at) == sorted(at)  # equals in the order in which they came
        assert house.t <= 101

    run(house, scene())
    assert [each.name for each in house.events].count("llm.allocated") == 400
