from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codedesigner.plan.inputs import PlannedAngle, Term, same_terms
from codedesigner.plan.model import FunctionRef, SamplingConfig, SchedulerConfig
from codedesigner.plan.planner import make_plan

from .conftest import MakeLocation, MakeTargets

THREE = SchedulerConfig(max_passes=3)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(n=st.integers(0, 4), m=st.integers(0, 3), a=st.integers(1, 4), p=st.integers(1, 8))
def test_the_planned_count_is_functions_times_terms_times_angles_times_passes(
    make_targets: MakeTargets, model: MakeLocation, angles: list[PlannedAngle], n: int, m: int, a: int, p: int
) -> None:
    terms = same_terms([Term(f"t{number}") for number in range(m)])
    config = SchedulerConfig(max_passes=p)
    plan = make_plan(make_targets(n), angles[:a], [model("gpt")], config=config, terms=terms)
    assert len(plan.items) == n * (1 + m) * a * p
    assert len({item.id for item in plan.items}) == len(plan.items)
    assert plan.estimated_operations == len(plan.items)


def test_one_pass_is_all_there_is_to_ask_of_analysers(
    make_targets: MakeTargets, analyser: MakeLocation, angles: list[PlannedAngle]
) -> None:
    plan = make_plan(make_targets(2), angles, [analyser("ruff"), analyser("pylint")], config=THREE)
    assert len(plan.items) == 2 * 4
    assert {item.pass_number for item in plan.items} == {1}
    assert {item.locations for item in plan.items} == {("ruff", "pylint")}


def test_only_the_angles_of_a_model_are_repeated_and_only_the_model_is_asked_again(
    make_targets: MakeTargets, analyser: MakeLocation, model: MakeLocation, angles: list[PlannedAngle]
) -> None:
    plan = make_plan(make_targets(1), angles, [analyser("ruff"), model("gpt", ["security"])], config=THREE)
    assert Counter(item.angle_id for item in plan.items) == {
        "correctness": 1,
        "efficiency": 1,
        "style": 1,
        "security": 3,
    }
    security = [(item.pass_number, item.locations) for item in plan.items if item.angle_id == "security"]
    assert security == [(1, ("ruff", "gpt")), (2, ("gpt",)), (3, ("gpt",))]


def test_a_term_may_be_limited_to_some_angles(
    make_targets: MakeTargets, model: MakeLocation, angles: list[PlannedAngle]
) -> None:
    terms = same_terms([Term("money", frozenset({"correctness"}))])
    plan = make_plan(make_targets(1), angles, [model("gpt")], config=SchedulerConfig(max_passes=1), terms=terms)
    assert Counter((item.angle_id, item.term) for item in plan.items) == {
        ("correctness", None): 1,
        ("correctness", "money"): 1,
        ("efficiency", None): 1,
        ("security", None): 1,
        ("style", None): 1,
    }


def test_an_analyser_is_not_asked_about_a_term(
    make_targets: MakeTargets, analyser: MakeLocation, angles: list[PlannedAngle]
) -> None:
    plan = make_plan(make_targets(1), angles[:1], [analyser("ruff")], terms=same_terms([Term("money")]))
    general, about = plan.items
    assert (general.status, about.status, about.skip_reason) == ("pending", "skipped", "no_reviewer")
    assert about.reason == "no location can be asked about a term in python"


def test_an_angle_that_nobody_judges_is_skipped_and_says_so(
    make_targets: MakeTargets, analyser: MakeLocation, angles: list[PlannedAngle]
) -> None:
    plan = make_plan(make_targets(1), angles, [analyser("ruff", ["style"])])
    reasons = {item.angle_id: item.skip_reason for item in plan.items}
    assert reasons == {
        "style": None,
        "correctness": "no_reviewer",
        "security": "no_reviewer",
        "efficiency": "no_reviewer",
    }
    assert plan.items[0].reason == "no location can judge python from correctness"
    assert plan.estimated_operations == 1


def test_a_deleted_function_is_skipped(
    make_targets: MakeTargets, model: MakeLocation, angles: list[PlannedAngle]
) -> None:
    plan = make_plan(make_targets(2, side="LEFT"), angles, [model("gpt")])
    assert [(item.status, item.skip_reason, item.locations) for item in plan.items] == [("skipped", "deleted", ())] * 8


def test_angles_that_the_rules_of_a_path_leave_out_are_skipped(
    make_targets: MakeTargets, analyser: MakeLocation, angles: list[PlannedAngle]
) -> None:
    targets = (*make_targets(1, "tests/t.py"), *make_targets(1, "src/a.py"))
    rules = {"tests/t.py": frozenset({"style"})}
    everything = frozenset(angle.id for angle in angles)
    plan = make_plan(targets, angles, [analyser("ruff")], wanted=lambda path: rules.get(path, everything))
    filtered = {(item.function_ref.file, item.angle_id) for item in plan.items if item.skip_reason == "filtered"}
    assert filtered == {("tests/t.py", name) for name in ("correctness", "efficiency", "security")}


def test_every_item_names_its_place_and_why(
    make_targets: MakeTargets, analyser: MakeLocation, angles: list[PlannedAngle]
) -> None:
    plan = make_plan(make_targets(2), angles, [analyser("ruff", ["style"])])
    assert plan.items[-1].function_ref == FunctionRef("src/a.py", "f1", 3, 4)
    assert all(item.reason for item in plan.items)


def test_the_same_arguments_give_the_same_plan_and_another_seed_another_order(
    make_targets: MakeTargets, model: MakeLocation, angles: list[PlannedAngle]
) -> None:
    arguments = (make_targets(9), angles, [model("gpt")])
    one, two, other = (make_plan(*arguments, config=THREE, seed=seed) for seed in (1, 1, 2))
    assert one == two
    assert [item.id for item in one.items] != [item.id for item in other.items]
    assert {item.id for item in one.items} == {item.id for item in other.items}


def test_passes_follow_one_another_each_in_an_order_of_its_own_with_functions_kept_together(
    make_targets: MakeTargets, model: MakeLocation, angles: list[PlannedAngle]
) -> None:
    items = make_plan(make_targets(12), angles, [model("gpt")], config=THREE).items
    assert [item.pass_number for item in items] == [1] * 48 + [2] * 48 + [3] * 48
    orders = []
    for start in (0, 48, 96):
        names = [item.function_ref.name for item in items[start : start + 48]]
        runs = [name for name, before in zip(names, [None, *names], strict=False) if name != before]
        assert len(runs) == 12
        orders.append(tuple(runs))
    assert len(set(orders)) == 3


def test_analysers_alone_are_asked_in_the_order_of_the_change(
    make_targets: MakeTargets, analyser: MakeLocation, angles: list[PlannedAngle]
) -> None:
    plan = make_plan(make_targets(3), angles, [analyser("ruff")], seed=5)
    assert [item.function_ref.name for item in plan.items] == ["f0"] * 4 + ["f1"] * 4 + ["f2"] * 4


def test_ids_stay_when_code_above_moves_the_function(
    make_targets: MakeTargets, analyser: MakeLocation, angles: list[PlannedAngle]
) -> None:
    first, last = make_targets(2), make_targets(3)[1:]
    plans = [make_plan(targets, angles, [analyser("ruff")]) for targets in (first, last)]
    ids = [{item.id for item in plan.items if item.function_ref.name == "f1"} for plan in plans]
    assert ids[0] == ids[1]


def test_an_empty_change_is_an_empty_plan(analyser: MakeLocation, angles: list[PlannedAngle]) -> None:
    plan = make_plan((), angles, [analyser("ruff")])
    assert (plan.items, plan.estimated_operations, plan.status) == ((), 0, "planning")


def test_sampling_may_be_combined_with_another_strategy(
    make_targets: MakeTargets, analyser: MakeLocation, angles: list[PlannedAngle]
) -> None:
    config = SchedulerConfig(sampling=SamplingConfig(enabled=True, rate=0.2))
    plan = make_plan(make_targets(40), angles, [analyser("ruff")], strategy="adaptive", config=config)
    skipped = [item for item in plan.items if item.skip_reason == "sampled"]
    assert 0 < len(skipped) < len(plan.items)
    assert all(item.risk is not None for item in plan.items if item.status == "pending")


@pytest.mark.parametrize("rate", [0.0, 0.05, 1.1])
def test_a_rate_outside_its_range_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match=r"not in 0\.1\.\.1\.0"):
        SamplingConfig(rate=rate)


def test_the_defaults_are_the_documented_ones() -> None:
    config = SchedulerConfig()
    assert (config.max_passes, config.max_concurrent) == (8, 4)
    assert (config.early_exit.enabled, config.early_exit.consensus_threshold, config.early_exit.stable_passes) == (
        True,
        0.9,
        2,
    )
    assert (config.sampling.enabled, config.sampling.seed) == (False, None)
    assert (config.timeout_per_item_ms, config.total_timeout_ms) == (30_000, 3_600_000)
