from __future__ import annotations

import pytest

from codedesigner.plan.cost import tokens_of
from codedesigner.plan.inputs import Budget, PlannedAngle
from codedesigner.plan.model import SchedulerConfig
from codedesigner.plan.planner import make_plan

from .conftest import MakeLocation, MakeTargets

ONCE = SchedulerConfig(max_passes=1)

# A function of the fixtures has 23 characters: 6 tokens, and 50 of the prompt, and at most 100 back.
TOKENS = 156
USD = (56 * 1.0 + 100 * 2.0) / 1_000_000


@pytest.mark.parametrize(
    ("budget", "fits", "words"),
    [
        (Budget(items=3), 3, "the budget of 3 items is used up"),
        (Budget(calls=5), 5, "it would exceed the budget of 5 calls"),
        (Budget(tokens=2 * TOKENS), 2, "it would exceed the budget of 312 tokens"),
        (Budget(tokens=2 * TOKENS - 1), 1, "it would exceed the budget of 311 tokens"),
        (Budget(usd=3.5 * USD), 3, "it would exceed the budget of 0.000896 US dollars"),
        (Budget(items=4, calls=2), 2, "calls"),
    ],
)
def test_a_budget_takes_what_comes_first(
    make_targets: MakeTargets, model: MakeLocation, budget: Budget, fits: int, words: str
) -> None:
    plan = make_plan(make_targets(8), [PlannedAngle("style")], [model("gpt")], config=ONCE, budget=budget)
    assert [item.status for item in plan.items] == ["pending"] * fits + ["skipped"] * (8 - fits)
    assert {item.skip_reason for item in plan.items[fits:]} == {"budget"}
    assert words in plan.items[-1].reason
    assert {item.unasked for item in plan.items[fits:]} == {("gpt",)}
    assert plan.estimated_operations == fits
    assert plan.estimate.calls == fits
    assert plan.estimate.tokens == fits * TOKENS


def test_what_costs_nothing_is_asked_although_the_calls_are_spent(
    make_targets: MakeTargets, model: MakeLocation, analyser: MakeLocation
) -> None:
    plan = make_plan(
        make_targets(3),
        [PlannedAngle("style")],
        [analyser("ruff"), model("gpt")],
        config=SchedulerConfig(max_passes=2),
        budget=Budget(calls=1),
    )
    first, second = plan.items[:3], plan.items[3:]
    assert [(item.locations, item.unasked) for item in first] == [
        (("ruff", "gpt"), ()),
        (("ruff",), ("gpt",)),
        (("ruff",), ("gpt",)),
    ]
    assert first[1].reason.endswith("without gpt, which would exceed the budget of 1 calls")
    assert {item.skip_reason for item in second} == {"budget"}


def test_the_estimate_is_told_for_each_location(
    make_targets: MakeTargets, model: MakeLocation, analyser: MakeLocation
) -> None:
    plan = make_plan(
        make_targets(2),
        [PlannedAngle("style", prompt_tokens=10)],
        [analyser("ruff"), model("gpt"), model("idle", [])],
        config=SchedulerConfig(max_passes=3),
    )
    ruff, gpt, idle = plan.estimate.locations
    assert (ruff.location, ruff.items, ruff.calls, ruff.tokens_in, ruff.usd) == ("ruff", 2, 0, 0, 0.0)
    assert (gpt.items, gpt.calls, gpt.tokens_in, gpt.tokens_out) == (6, 6, 6 * 66, 600)
    assert gpt.usd == pytest.approx((6 * 66 + 2 * 600) / 1_000_000)
    assert (idle.items, idle.calls) == (0, 0)


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2)])
def test_four_characters_are_a_token(text: str, tokens: int) -> None:
    assert tokens_of(text) == tokens


def test_what_is_too_dear_leaves_room_for_what_follows(make_targets: MakeTargets, model: MakeLocation) -> None:
    long, short = make_targets(1, "long.py", body="    return x" * 400), make_targets(1, "short.py")
    plan = make_plan(
        [*short, *long, *make_targets(1, "third.py")],
        [PlannedAngle("style")],
        [model("gpt")],
        config=ONCE,
        budget=Budget(tokens=2 * TOKENS),
    )
    assert [item.status for item in plan.items] == ["pending", "skipped", "pending"]
    assert plan.estimate.tokens == 2 * TOKENS
