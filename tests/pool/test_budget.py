"""The budget before the gate: what is reserved, what is corrected, and who has to wait or go."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.call.model import RateState, Usage
from codedesigner.plan.inputs import Budget
from codedesigner.pool.budget import Budgeted, Spent
from codedesigner.pool.gate import Demand, Denied, Grant, Rank
from codedesigner.pool.seat import Price


class Let:
    """A grant of the open gate."""

    location = "one"

    def __init__(self) -> None:
        self.released: list[Usage | None] = []

    def release(self, usage: Usage | None = None) -> None:
        self.released.append(usage)


@dataclass
class Open:
    """A gate that lets everybody in, or nobody."""

    denies: Denied | None = None
    waits: bool = False
    grants: list[Let] = field(default_factory=list)

    async def acquire(self, demand: Demand, rank: Rank | None = None) -> Grant | Denied:
        await (asyncio.Event().wait() if self.waits else asyncio.sleep(0))
        if self.denies is not None:
            return self.denies
        self.grants.append(Let())
        return self.grants[-1]

    def can_execute(self, demand: Demand) -> bool:
        return self.denies is None

    def limited(self, location: str, retry_after_s: float | None) -> None: ...

    def observed(self, location: str, rate: RateState) -> None: ...

    def available(self, location: str, why_not: str | None) -> None: ...

    def remaining(self, location: str) -> float:
        return 0.5


PRICES = {"one": Price(1.0, 4.0), "free": Price(), "unknown": None}


def demand(tokens: int = 100, *candidates: str) -> Demand:
    return Demand("call", candidates or ("one",), tokens)


def run(budget: Budget, script: Callable[[Budgeted], Awaitable[None]], gate: Open | None = None) -> Budgeted:
    async def go() -> Budgeted:
        made = Budgeted(gate or Open(), budget, PRICES)
        await asyncio.wait_for(script(made), 5)
        return made

    return asyncio.run(go())


async def let(gate: Budgeted, asked: Demand) -> Grant:
    granted = await gate.acquire(asked)
    assert not isinstance(granted, Denied)
    return granted


def test_calls_end_at_the_budget() -> None:
    async def script(gate: Budgeted) -> None:
        for _ in range(2):
            (await let(gate, demand())).release(Usage(1, 10, 1))
        denied = await gate.acquire(demand())
        assert isinstance(denied, Denied)
        assert (denied.outcome, denied.until) == ("over_budget", math.inf)
        assert denied.detail == "the budget of 2 calls does not suffice"
        assert not gate.can_execute(demand())

    assert run(Budget(calls=2), script).spent == Spent(2, 22)


def test_what_is_under_way_is_waited_for_and_may_leave_room() -> None:
    async def script(gate: Budgeted) -> None:
        first = await let(gate, demand(800))
        second = asyncio.create_task(gate.acquire(demand(800)))
        await asyncio.sleep(0.01)
        assert not second.done()
        first.release(Usage(1, 100, 50))
        granted = await second
        assert not isinstance(granted, Denied)
        third = asyncio.create_task(gate.acquire(demand(800)))
        granted.release(Usage(1, 700, 50))
        assert isinstance(await third, Denied)

    assert run(Budget(tokens=1000), script).spent == Spent(2, 900)


def test_a_call_of_which_nothing_is_known_has_cost_what_was_reserved() -> None:
    async def script(gate: Budgeted) -> None:
        (await let(gate, demand(600))).release(None)
        assert isinstance(await gate.acquire(demand(600)), Denied)

    assert run(Budget(tokens=1000), script).spent == Spent(1, 600)


def test_a_grant_is_given_back_once() -> None:
    inner = Open()

    async def script(gate: Budgeted) -> None:
        granted = await let(gate, demand())
        assert granted.location == "one"
        granted.release(Usage(1, 10, 1))
        granted.release(Usage(1, 10, 1))

    assert run(Budget(calls=5), script, inner).spent == Spent(1, 11)


@pytest.mark.parametrize("inner", [Open(denies=Denied("offline", "gone", 0.0)), Open(waits=True)])
def test_who_is_not_let_in_or_gives_up_leaves_nothing_behind(inner: Open) -> None:
    async def script(gate: Budgeted) -> None:
        waiting = asyncio.create_task(gate.acquire(demand()))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        inner.denies, inner.waits = None, False
        assert gate.can_execute(demand())
        (await let(gate, demand())).release(Usage(1))

    assert run(Budget(calls=1), script, inner).spent == Spent(1, 0)


def test_money_is_reserved_at_the_dearest_price_and_corrected() -> None:
    async def script(gate: Budgeted) -> None:
        (await let(gate, demand(200_000, "free", "one"))).release(Usage(1, 100_000, 50_000))  # 0.3 of at most 0.8
        assert isinstance(await gate.acquire(demand(200_000)), Denied)
        (await let(gate, demand(175_000))).release(Usage(1, 1_000_000, 0))

    assert run(Budget(usd=1.0), script).spent == Spent(2, 1_150_000, 1.3)


def test_without_a_price_nothing_fits_into_a_budget_of_money() -> None:
    async def script(gate: Budgeted) -> None:
        assert isinstance(await gate.acquire(demand(1, "unknown")), Denied)
        assert isinstance(await gate.acquire(demand(1, "free", "unknown")), Denied)
        (await let(gate, demand(10**9, "free"))).release(Usage(1, 10))

    run(Budget(usd=1.0), script)


def test_everything_else_is_the_gates() -> None:
    async def script(gate: Budgeted) -> None:
        assert gate.remaining("one") == 0.5
        gate.limited("one", 1.0)
        gate.observed("one", RateState())
        gate.available("one", None)

    run(Budget(calls=1), script)


@given(
    st.integers(1, 12),
    st.integers(100, 2000),
    st.lists(st.tuples(st.integers(1, 400), st.integers(0, 100), st.booleans()), max_size=25),
)
def test_however_many_come_at_once_the_budget_holds(
    calls: int, tokens: int, wanted: list[tuple[int, int, bool]]
) -> None:
    done: list[int] = []

    async def one(gate: Budgeted, most: int, share: int, known: bool) -> None:
        granted = await gate.acquire(demand(most))
        if isinstance(granted, Denied):
            return
        await asyncio.sleep(0)
        used = most * share // 100
        granted.release(Usage(1, used) if known else None)
        done.append(used if known else most)

    async def script(gate: Budgeted) -> None:
        await asyncio.gather(*(one(gate, *each) for each in wanted))

    spent = run(Budget(calls=calls, tokens=tokens), script).spent
    assert spent == Spent(len(done), sum(done))
    assert spent.calls <= calls
    assert spent.tokens <= tokens
    assert len(done) == min(calls, len(wanted)) or spent.tokens + max((each[0] for each in wanted), default=0) > tokens
