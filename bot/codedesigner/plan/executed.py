"""A plan after its run: what became of each item."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from codedesigner.plan.model import ExecutionItem, ExecutionPlan, ItemStatus

Answered = Callable[[ExecutionItem, str], bool]
"""Whether a location has answered an item."""


def executed(
    plan: ExecutionPlan, answered: Answered, left_out: Mapping[str, str], later: AbstractSet[str]
) -> ExecutionPlan:
    """The plan with every item `completed`, `failed` or `skipped`.

    `left_out` says why an item was not put to the locations in `later` (those that are asked in passes); where nobody
    else was to be asked about it, it is skipped.
    """
    items = tuple(_executed(item, answered, left_out, later) for item in plan.items)
    return replace(
        plan,
        items=items,
        status="completed",
        actual_operations=sum(item.status in ("completed", "failed") for item in items),
    )


def _executed(
    item: ExecutionItem, answered: Answered, left_out: Mapping[str, str], later: AbstractSet[str]
) -> ExecutionItem:
    if item.status == "skipped":
        return item
    reason = left_out.get(item.id)
    if reason is not None:
        others = tuple(location for location in item.locations if location not in later)
        if not (others or item.known):
            return replace(item, status="skipped", skip_reason="early_exit", reason=reason, locations=())
        item = replace(item, locations=others)
    done = any(answered(item, location) for location in item.heard)
    status: ItemStatus = "completed" if done else "failed"
    return replace(item, status=status)
