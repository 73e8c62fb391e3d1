"""What asking costs: the estimate of a plan, and the budgets that cut it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from codedesigner.plan.candidate import Candidate
from codedesigner.plan.inputs import Budget, PlannedLocation
from codedesigner.plan.model import Estimate, LocationEstimate

CHARACTERS_PER_TOKEN = 4
"""A rule of thumb for code in today's tokenizers; an estimate needs no better one."""


def tokens_of(text: str) -> int:
    """About how many tokens a text is, rounded up."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


class Cost(NamedTuple):
    """The most that a question to one or more locations may cost."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0

    def plus(self, other: Cost) -> Cost:
        """Both together."""
        return Cost(
            self.calls + other.calls,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.usd + other.usd,
        )


_NOTHING = Cost()


def cost_of(candidate: Candidate, location: PlannedLocation) -> Cost:
    """What it costs at most to put one item to one location."""
    if location.calls_per_item == 0:
        return _NOTHING
    target = candidate.target
    read = tokens_of(target.text) + tokens_of(target.context)
    tokens_in = location.calls_per_item * (location.prompt_tokens + candidate.angle.prompt_tokens + read)
    tokens_out = location.calls_per_item * location.max_tokens
    usd = (tokens_in * location.usd_in + tokens_out * location.usd_out) / 1_000_000
    return Cost(location.calls_per_item, tokens_in, tokens_out, usd)


def estimate(candidates: Iterable[Candidate], locations: Sequence[PlannedLocation]) -> Estimate:
    """The most that the unskipped items cost, for each location in the order given."""
    items = dict.fromkeys((location.id for location in locations), 0)
    costs = dict.fromkeys(items, _NOTHING)
    for candidate in candidates:
        if candidate.skip is None:
            for location in candidate.locations:
                items[location.id] += 1
                if location.calls_per_item:
                    costs[location.id] = costs[location.id].plus(cost_of(candidate, location))
    return Estimate(
        tuple(
            LocationEstimate(name, items[name], cost.calls, cost.tokens_in, cost.tokens_out, round(cost.usd, 6))
            for name, cost in costs.items()
        )
    )


def under_budget(candidates: Iterable[Candidate], budget: Budget) -> Iterator[Candidate]:
    """The items in their order, as many as fit; those that do not are skipped for the budget.

    An item whose metered locations do not fit is still put to those that cost nothing, and names the others as
    unasked; what is known already costs nothing and is kept. A later item that is cheaper may still fit.
    """
    items, spent = 0, _NOTHING
    for candidate in candidates:
        if candidate.skip is not None:
            yield candidate
            continue
        if budget.items is not None and items >= budget.items:
            cut = candidate.skipped("budget", f"the budget of {budget.items} items is used up")
            yield cut._replace(unasked=candidate.locations)
            continue
        asked, cost = candidate, _NOTHING
        for location in candidate.locations:
            cost = cost.plus(cost_of(candidate, location))
        over = _exceeded(spent.plus(cost), budget)
        if over is not None:
            asked, cost = _without_metered(candidate, over), _NOTHING
        spent = spent.plus(cost)
        items += asked.skip is None
        yield asked


def _exceeded(cost: Cost, budget: Budget) -> str | None:
    if budget.calls is not None and cost.calls > budget.calls:
        return f"the budget of {budget.calls} calls"
    if budget.tokens is not None and cost.tokens_in + cost.tokens_out > budget.tokens:
        return f"the budget of {budget.tokens} tokens"
    if budget.usd is not None and cost.usd > budget.usd:
        return f"the budget of {budget.usd:g} US dollars"
    return None


def _without_metered(candidate: Candidate, over: str) -> Candidate:
    free = tuple(each for each in candidate.locations if each.calls_per_item == 0)
    metered = tuple(each for each in candidate.locations if each.calls_per_item)
    if not free:
        return candidate.skipped("budget", f"it would exceed {over}")._replace(unasked=metered)
    names = ", ".join(each.id for each in metered)
    reason = f"{candidate.reason}; without {names}, which would exceed {over}".removeprefix("; ")
    return candidate._replace(locations=free, unasked=metered, reason=reason)
