from __future__ import annotations

from dataclasses import replace

import pytest

from codedesigner.change.model import FileChange, Hunk, Line, Span, Unit
from codedesigner.plan.candidate import Candidate
from codedesigner.plan.inputs import Budget, PlannedAngle, PlannedLocation, Term, same_terms
from codedesigner.plan.keys import content_digest, content_key, file_key
from codedesigner.plan.model import ExecutionPlan, SamplingConfig, SchedulerConfig, StrategyName
from codedesigner.plan.planner import make_plan
from codedesigner.plan.strategies import STRATEGIES
from codedesigner.plan.strategies.incremental import content_keys
from codedesigner.plan.target import Target, targets_of

from .conftest import MakeLocation, MakeTargets

ONCE = SchedulerConfig(max_passes=1)


def sampling(rate: float, seed: int | None = None) -> SchedulerConfig:
    return SchedulerConfig(max_passes=2, sampling=SamplingConfig(rate=rate, seed=seed))


def pending(plan: ExecutionPlan) -> set[str]:
    return {item.id for item in plan.items if item.status == "pending"}


def asked_names(plan: ExecutionPlan) -> list[str]:
    return [item.function_ref.name for item in plan.items if item.status == "pending"]


def a_target(name: str, added: str, removed: str = "", *, path: str = "src/a.py", lines: int = 3) -> Target:
    unit = Unit(path, name, "function", "RIGHT", Span(1, lines), tuple(range(1, lines + 1)), "python")
    return Target(unit, f"{path}\0{name}", added, added, removed, added)


@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_no_strategy_loses_or_invents_an_item(
    strategy: StrategyName, make_targets: MakeTargets, model: MakeLocation, angles: list[PlannedAngle]
) -> None:
    arguments = (make_targets(10), angles, [model("gpt")])
    everything = {item.id for item in make_plan(*arguments, config=sampling(0.3)).items}
    plan = make_plan(*arguments, strategy=strategy, config=sampling(0.3), budget=Budget(items=7))
    assert len(plan.items) == len(everything)
    assert {item.id for item in plan.items} == everything
    assert all((item.skip_reason is None) == (item.status == "pending") for item in plan.items)
    assert all(item.reason for item in plan.items)
    assert len(pending(plan)) == 7


def test_a_sample_holds_about_its_rate_of_the_function_term_pairs_whole(
    make_targets: MakeTargets, model: MakeLocation, angles: list[PlannedAngle]
) -> None:
    terms = same_terms([Term("money")])
    plan = make_plan(make_targets(500), angles, [model("gpt")], strategy="sampled", config=sampling(0.3), terms=terms)
    pairs = {(item.function_ref.name, item.term) for item in plan.items if item.status == "pending"}
    assert 240 < len(pairs) < 360
    assert len(pending(plan)) == len(pairs) * 4 * 2
    assert len({name for name, term in pairs if term} & {name for name, term in pairs if not term}) < len(pairs) / 4
    assert {item.skip_reason for item in plan.items} == {None, "sampled"}


def test_a_sample_depends_on_the_seed_and_not_on_the_order(
    make_targets: MakeTargets, model: MakeLocation, angles: list[PlannedAngle]
) -> None:
    targets = make_targets(60)

    def drawn(chosen: tuple[Target, ...], seed: int) -> set[str]:
        return pending(make_plan(chosen, angles, [model("gpt")], strategy="sampled", config=sampling(0.5, seed)))

    assert drawn(targets, 1) == drawn(targets[::-1], 1)
    assert drawn(targets, 1) != drawn(targets, 2)
    assert drawn(targets[:30], 1) <= drawn(targets, 1)


def test_a_larger_rate_keeps_what_a_smaller_one_took(
    make_targets: MakeTargets, model: MakeLocation, angles: list[PlannedAngle]
) -> None:
    small, large, all_of_it = (
        pending(make_plan(make_targets(60), angles, [model("gpt")], strategy="sampled", config=sampling(rate)))
        for rate in (0.2, 0.6, 1.0)
    )
    assert small < large < all_of_it
    assert len(all_of_it) == 60 * 4 * 2


def test_a_sample_is_never_empty(make_targets: MakeTargets, analyser: MakeLocation, angles: list[PlannedAngle]) -> None:
    for seed in range(20):
        plan = make_plan(
            make_targets(1), angles, [analyser("ruff")], strategy="sampled", config=sampling(0.1), seed=seed
        )
        assert len(pending(plan)) == 4


def test_incremental_asks_only_those_whose_answer_is_not_known(
    make_targets: MakeTargets, model: MakeLocation, angles: list[PlannedAngle]
) -> None:
    targets = make_targets(2)

    def key(target: Target, location: str) -> str:
        content = content_digest(target.text, target.context)
        return content_key(content, angle="style", angle_version="1.0.0", term=None, location=location, pass_number=1)

    known = {key(targets[0], "one"), key(targets[0], "two"), key(targets[1], "two")}
    style = [angle for angle in angles if angle.id == "style"]
    locations = [model("one"), model("two")]
    plan = make_plan(targets, style, locations, strategy="incremental", config=ONCE, answered=known)
    assert [(item.status, item.skip_reason, item.locations, item.known) for item in plan.items] == [
        ("skipped", "answered_before", (), ("one", "two")),
        ("pending", None, ("one",), ("two",)),
    ]
    assert all(item.wanted and set(item.heard) == {"one", "two"} for item in plan.items)
    assert plan.items[1].reason == "1 of 2 answers are known"
    assert [each.items for each in plan.estimate.locations] == [1, 0]


def test_what_looks_at_whole_files_is_asked_again_when_the_file_changed_elsewhere(
    make_targets: MakeTargets, angles: list[PlannedAngle]
) -> None:
    # The function alone is the same in both; only the file around it grew.
    before, after = make_targets(1)[0], make_targets(2)[0]
    assert before.text == after.text
    every = frozenset({"style"})
    whole = PlannedLocation("whole", lambda *_: every, deterministic=True, whole_file=True)

    keys = [
        content_keys()(Candidate(target, None, angles[0], 1, (whole,)), location)
        for target in (before, after)
        for location in (whole, replace(whole, whole_file=False))
    ]
    assert keys[0] != keys[2]
    assert keys[1] == keys[3]


def test_what_looks_at_whole_files_has_one_answer_to_all_questions_about_a_file(
    make_targets: MakeTargets, angles: list[PlannedAngle]
) -> None:
    targets = (*make_targets(2), *make_targets(1, "src/b.py"))
    every = frozenset(angle.id for angle in angles)
    whole = PlannedLocation("whole", lambda *_: every, deterministic=True, calls_per_item=0, whole_file=True)
    known = {file_key("src/a.py", targets[0].file_text, "whole")}

    plan = make_plan(targets, angles, [whole], strategy="incremental", answered=known)

    before = {(item.function_ref.file, item.function_ref.name) for item in plan.items if item.known == ("whole",)}
    assert before == {("src/a.py", "f0"), ("src/a.py", "f1")}
    assert pending(plan) == {item.id for item in plan.items if item.function_ref.file == "src/b.py"}


def test_a_known_answer_survives_the_budget_that_cuts_the_others(
    make_targets: MakeTargets, model: MakeLocation, analyser: MakeLocation
) -> None:
    targets, style = make_targets(1), [PlannedAngle("style")]
    ruff, gpt = replace(analyser("ruff"), whole_file=True), model("gpt")
    known = {file_key("src/a.py", targets[0].file_text, "ruff")}

    for budget in (Budget(tokens=1), Budget(items=0)):
        (item,) = make_plan(
            targets, style, [ruff, gpt], strategy="incremental", config=ONCE, answered=known, budget=budget
        ).items
        assert (item.skip_reason, item.locations, item.known, item.unasked) == ("budget", (), ("ruff",), ("gpt",))


def test_adaptive_puts_the_risky_first(analyser: MakeLocation) -> None:
    targets = [
        a_target("plain", "x = 1"),
        a_target("injects", "cursor.execute('select ' + name)"),
        a_target("unchecked", "send(order)", "if not valid(order): raise Refused"),
        a_target("guard", "x = 1", path="src/auth/login.py"),
        a_target("long", "x = 1\n" * 60, lines=60),
    ]
    angle = PlannedAngle("security", indicators=("select", "execute"))
    plan = make_plan(targets, [angle], [analyser("bandit")], strategy="adaptive")
    order = asked_names(plan)
    assert order[-1] == "plain"
    assert set(order[:2]) == {"injects", "unchecked"}
    reasons = {item.function_ref.name: item.reason for item in plan.items}
    assert "speaks of execute, select" in reasons["injects"]
    assert "checks removed" in reasons["unchecked"]
    assert "sensitive words (auth)" in reasons["guard"]
    assert "60 changed lines" in reasons["long"]
    assert all(item.risk is not None and 0 <= item.risk <= 1 for item in plan.items)


def test_adaptive_weighs_angles(analyser: MakeLocation) -> None:
    heavy, light = PlannedAngle("security", weight=0.4), PlannedAngle("style", weight=0.1)
    targets = [a_target("f", "x = 1")]
    plan = make_plan(targets, [light, heavy], [analyser("ruff")], strategy="adaptive")
    assert [item.angle_id for item in plan.items] == ["security", "style"]


def test_indicators_are_plain_words_and_signs(analyser: MakeLocation) -> None:
    angle = PlannedAngle("security", indicators=("eval", "(.*)+", "os.system(", ""))
    texts = ["medieval = 1", "EVAL(x)", "a(.*)+b", "os.system('x')", "osxsystem('x')"]
    targets = [a_target(f"f{number}", text) for number, text in enumerate(texts)]
    plan = make_plan(targets, [angle], [analyser("bandit")], strategy="adaptive")
    found = {item.function_ref.name: "speaks of" in item.reason for item in plan.items}
    assert found == {"f0": False, "f1": True, "f2": True, "f3": True, "f4": False}


def test_a_check_that_only_moved_is_not_removed(analyser: MakeLocation) -> None:
    moved = a_target("f", "if ok(x):\n    go()", "if ok(x): go()")
    plan = make_plan([moved], [PlannedAngle("correctness")], [analyser("ruff")], strategy="adaptive")
    assert "removed" not in plan.items[0].reason


def test_under_a_budget_the_second_pass_of_the_risky_comes_before_the_first_of_the_harmless(
    model: MakeLocation,
) -> None:
    risky = a_target("risky", "exec(query + password)\nif x: eval(token)", "if not verify(x): raise E\nassert x")
    plan = make_plan(
        [a_target("harmless", "x = 1", lines=1), risky],
        [PlannedAngle("security")],
        [model("gpt")],
        strategy="adaptive",
        config=SchedulerConfig(max_passes=2),
        budget=Budget(calls=2),
    )
    assert asked_names(plan) == ["risky", "risky"]
    assert [item.skip_reason for item in plan.items[2:]] == ["budget", "budget"]


def test_removed_lines_belong_to_the_function_they_stood_in() -> None:
    lines = (
        Line("context", 1, 1, "def f(x):"),
        Line("removed", 2, None, "    assert x"),
        Line("context", 3, 2, "    return x"),
        Line("context", 4, 3, "def g(x):"),
        Line("added", None, 4, "    y = x"),
    )
    file = FileChange("a.py", None, "modified", False, 1, 1, (Hunk(1, 4, 1, 4, "", lines),))
    units = [
        Unit("a.py", "f", "function", "RIGHT", Span(1, 2), (), "python"),
        Unit("a.py", "g", "function", "RIGHT", Span(3, 4), (4,), "python"),
    ]
    f, g = targets_of(units, [file])
    assert (f.removed, f.added, f.text) == ("    assert x", "", "def f(x):\n    return x")
    assert (g.removed, g.added) == ("", "    y = x")


def test_lines_removed_without_context_belong_to_the_function_around_them() -> None:
    # `git diff -U0` of f's second line: the new side has nothing here and names the line before.
    hunk = Hunk(2, 1, 1, 0, "", (Line("removed", 2, None, "    assert x"),))
    file = FileChange("a.py", None, "modified", False, 0, 1, (hunk,), new=b"def g(): pass\ndef f(x):\n    return x\n")
    units = [
        Unit("a.py", "g", "function", "RIGHT", Span(1, 1), (), "python"),
        Unit("a.py", "f", "function", "RIGHT", Span(2, 3), (), "python"),
    ]
    assert [target.removed for target in targets_of(units, [file])] == ["", "    assert x"]
