"""A plan after its run."""

from __future__ import annotations

from codedesigner.plan.executed import executed
from codedesigner.plan.model import ExecutionItem, ExecutionPlan, FunctionRef

REF = FunctionRef("a.py", "f", 1, 2)


def item(name: str, *locations: str, number: int = 1, skipped: bool = False) -> ExecutionItem:
    return ExecutionItem(
        f"{name}-{number}",
        REF,
        None,
        "correctness",
        number,
        status="skipped" if skipped else "pending",
        skip_reason="budget" if skipped else None,
        locations=locations,
    )


def test_every_item_ends_in_one_state() -> None:
    plan = ExecutionPlan(
        "p",
        0.0,
        (
            item("good", "ruff", "model"),
            item("half", "dead", "model"),
            item("bad", "dead"),
            item("early", "model", number=4),
            item("mixed", "ruff", "model"),
            item("cut", "model", skipped=True),
        ),
        "exhaustive",
        5,
    )
    left_out = {"early-4": "after 3 passes", "mixed-1": "a hook said so"}
    done = executed(plan, lambda _item, location: location != "dead", left_out, frozenset({"model"}))
    assert [(each.id, each.status, each.skip_reason, each.locations) for each in done.items] == [
        ("good-1", "completed", None, ("ruff", "model")),
        ("half-1", "completed", None, ("dead", "model")),
        ("bad-1", "failed", None, ("dead",)),
        ("early-4", "skipped", "early_exit", ()),
        ("mixed-1", "completed", None, ("ruff",)),
        ("cut-1", "skipped", "budget", ("model",)),
    ]
    assert done.items[3].reason == "after 3 passes"
    assert (done.status, done.actual_operations) == ("completed", 4)
    assert not done.items[3].wanted
