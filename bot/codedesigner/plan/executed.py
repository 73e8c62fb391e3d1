"""A plan after its run: what became of each item."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from codedesigner.plan.model import ExecutionItem, ExecutionPlan, ItemStatus

Answered = Callable[[ExecutionItem, str], bool]
"""Whether a location has answered an item."""


Paid = Callable[[ExecutionItem, str], bool | None]
"""Whether an item was put to a location: False where a budget did not suffice, None where nobody tried."""


def _nobody(_item: ExecutionItem, _location: str) -> None:
    return None


def executed(
    plan: ExecutionPlan,
    answered: Answered,
    left_out: Mapping[str, str],
    later: AbstractSet[str],
    paid: Paid = _nobody,
) -> ExecutionPlan:
    """The plan with every item `completed`, `failed` or `skipped`.

    `left_out` says why an item was not put to the locations in `later` (those that are asked in passes); where nobody
    else was to be asked about it, it is skipped. What was really spent decides about a budget, and not the plan: a
    location that could be asked after all is, and one that could not is among the item's `unasked`.
    """
    items = tuple(_executed(item, answered, left_out, later, paid) for item in plan.items)
    return replace(
        plan,
        items=items,
        status="completed",
        actual_operations=sum(item.status in ("completed", "failed") for item in items),
    )


def _executed(
    item: ExecutionItem, answered: Answered, left_out: Mapping[str, str], later: AbstractSet[str], paid: Paid
) -> ExecutionItem:
    if item.status == "skipped" and not item.unasked:
        return item
    reason = left_out.get(item.id)
    if reason is not None:
        others = tuple(location for location in item.locations if location not in later)
        unasked = tuple(location for location in item.unasked if location not in later)
        if not (others or item.known or unasked):
            return replace(item, status="skipped", skip_reason="early_exit", reason=reason, locations=(), unasked=())
        item = replace(item, locations=others, unasked=unasked)
    elif later:
        item = _settled(item, paid)
    if not item.heard:
        why = item.reason if item.skip_reason == "budget" else "the budget did not suffice for it"
        return replace(item, status="skipped", skip_reason="budget", reason=why)
    done = any(answered(item, location) for location in item.heard)
    status: ItemStatus = "completed" if done else "failed"
    return replace(item, status=status, skip_reason=None)


def _settled(item: ExecutionItem, paid: Paid) -> ExecutionItem:
    """The item with its locations as they really were asked, in the order of the plan."""
    put = {location: paid(item, location) for location in (*item.locations, *item.unasked)}
    asked = tuple(location for location in item.locations if put[location] is not False)
    asked += tuple(location for location in item.unasked if put[location])
    if asked == item.locations:
        return item
    return replace(item, locations=asked, unasked=tuple(location for location in put if location not in asked))
