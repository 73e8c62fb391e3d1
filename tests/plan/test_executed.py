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


def cut(name: str, *unasked: str, locations: tuple[str, ...] = ()) -> ExecutionItem:
    return ExecutionItem(
        f"{name}-1",
        REF,
        None,
        "correctness",
        1,
        status="pending" if locations else "skipped",
        skip_reason=None if locations else "budget",
        reason="it would exceed the budget of 3 calls",
        locations=locations,
        unasked=unasked,
    )


def test_what_was_really_spent_decides_about_a_budget() -> None:
    items = (
        cut("caught", "model"),
        cut("both", "model", locations=("ruff",)),
        cut("still", "model"),
        cut("early", "model"),
        item("dear", "model"),
        item("half", "ruff", "model"),
    )
    paid = {"caught-1": True, "both-1": True, "still-1": False, "dear-1": False, "half-1": False}
    plan = ExecutionPlan("p", 0.0, items, "exhaustive", 3)
    done = executed(
        plan,
        lambda _item, _location: True,
        {"early-1": "after 3 passes"},
        frozenset({"model"}),
        lambda each, location: paid.get(each.id) if location == "model" else None,
    )
    assert [(each.id, each.status, each.skip_reason, each.locations, each.unasked) for each in done.items] == [
        ("caught-1", "completed", None, ("model",), ()),
        ("both-1", "completed", None, ("ruff", "model"), ()),
        ("still-1", "skipped", "budget", (), ("model",)),
        ("early-1", "skipped", "early_exit", (), ()),
        ("dear-1", "skipped", "budget", (), ("model",)),
        ("half-1", "completed", None, ("ruff",), ("model",)),
    ]
    assert [each.wanted for each in done.items] == [True, True, True, False, True, True]
    assert done.items[2].reason == "it would exceed the budget of 3 calls"
    assert done.items[4].reason == "the budget did not suffice for it"
