"""The budget of a review, kept where every single call passes: retries, re-asks and claims of others count like any."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass

from codedesigner.call.model import RateState, Usage
from codedesigner.plan.inputs import Budget
from codedesigner.pool.gate import Demand, Denied, Gate, Grant, Rank
from codedesigner.pool.seat import Price

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Spent:
    """What was used, or may be. `usd` is infinite where a price is not known."""

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0

    def plus(self, other: Spent) -> Spent:
        """Both together."""
        return Spent(self.calls + other.calls, self.tokens + other.tokens, self.usd + other.usd)

    def minus(self, other: Spent) -> Spent:
        """Without the other."""
        return Spent(self.calls - other.calls, self.tokens - other.tokens, self.usd - other.usd)

    def over(self, budget: Budget) -> str | None:
        """Which budget it exceeds; None where it exceeds none."""
        if budget.calls is not None and self.calls > budget.calls:
            return f"the budget of {budget.calls:,} calls does not suffice"
        if budget.tokens is not None and self.tokens > budget.tokens:
            return f"the budget of {budget.tokens:,} tokens does not suffice"
        if budget.usd is not None and self.usd > budget.usd:
            return f"the budget of {budget.usd:g} US dollars does not suffice"
        return None


NOTHING_SPENT = Spent()


class Budgeted:
    """Implements `pool.gate.Gate` before another gate: what the budget does not suffice for never gets to that one.

    A call is let in only where it fits together with the most that those under way may use, so the budget is not
    exceeded as long as servers use no more than was asked for. Where it does not fit while others are under way, it
    waits for them: they may use less. `prices` by location; without one, nothing fits into a budget of money. `spent`
    is what of the budget is used up already.
    """

    def __init__(
        self, gate: Gate, budget: Budget, prices: Mapping[str, Price | None], spent: Spent = NOTHING_SPENT
    ) -> None:
        self._gate = gate
        self._budget = budget
        self._prices = prices
        self._spent = spent
        self._reserved = Spent()
        self._under_way = 0
        self._freed = asyncio.Event()

    @property
    def spent(self) -> Spent:
        """What the calls that have ended have used."""
        return self._spent

    async def acquire(self, demand: Demand, rank: Rank | None = None) -> Grant | Denied:
        """Wait until the call fits into the budget, and until one of its candidates may be asked."""
        most = self._most(demand)
        while (why := self._spent.plus(self._reserved).plus(most).over(self._budget)) is not None:
            if not self._under_way:
                return Denied("over_budget", why, math.inf)
            await self._freed.wait()
        self._reserved, self._under_way = self._reserved.plus(most), self._under_way + 1
        granted: Grant | Denied | None = None
        try:
            granted = await self._gate.acquire(demand, rank)
        finally:
            if granted is None or isinstance(granted, Denied):
                self._settle(most, Spent())
        return granted if isinstance(granted, Denied) else _Paid(self, granted, most)

    def can_execute(self, demand: Demand) -> bool:
        """Whether `acquire` would grant it now, without waiting."""
        fits = self._spent.plus(self._reserved).plus(self._most(demand)).over(self._budget) is None
        return fits and self._gate.can_execute(demand)

    def limited(self, location: str, retry_after_s: float | None) -> None:
        """As the gate behind it."""
        self._gate.limited(location, retry_after_s)

    def observed(self, location: str, rate: RateState) -> None:
        """As the gate behind it."""
        self._gate.observed(location, rate)

    def available(self, location: str, why_not: str | None) -> None:
        """As the gate behind it."""
        self._gate.available(location, why_not)

    def remaining(self, location: str) -> float:
        """As the gate behind it."""
        return self._gate.remaining(location)

    def used(self, location: str, usage: Usage | None, most: Spent) -> None:
        """A call has ended; without `usage`, what was reserved for it is what it cost."""
        if usage is None:
            self._settle(most, most)
            return
        price = self._prices.get(location)
        usd = math.inf if price is None else price.usd(usage)
        tokens = usage.tokens_in + usage.tokens_out
        self._settle(most, Spent(max(1, usage.calls), tokens, usd if self._budget.usd is not None else 0.0))

    def _settle(self, reserved: Spent, spent: Spent) -> None:
        self._under_way -= 1
        self._reserved = self._reserved.minus(reserved) if self._under_way else Spent()
        self._spent = self._spent.plus(spent)
        self._freed.set()
        self._freed = asyncio.Event()

    def _most(self, demand: Demand) -> Spent:
        if self._budget.usd is None:
            return Spent(1, demand.tokens)
        return Spent(1, demand.tokens, max((self._usd(each, demand.tokens) for each in demand.candidates), default=0.0))

    def _usd(self, location: str, tokens: int) -> float:
        """The most: as if all were of the dearest sort."""
        price = self._prices.get(location)
        if price is None:
            return math.inf
        return max(price.tokens_in, price.tokens_out, price.cached or 0.0, price.written or 0.0) * tokens / _MILLION


class _Paid:
    """Implements `Grant`."""

    __slots__ = ("_budgeted", "_granted", "_most")

    def __init__(self, budgeted: Budgeted, granted: Grant, most: Spent) -> None:
        self._budgeted = budgeted
        self._granted = granted
        self._most: Spent | None = most

    @property
    def location(self) -> str:
        """Where the call goes."""
        return self._granted.location

    def release(self, usage: Usage | None = None) -> None:
        """The call has ended; the second time does nothing."""
        most, self._most = self._most, None
        self._granted.release(usage)
        if most is not None:
            self._budgeted.used(self._granted.location, usage, most)
