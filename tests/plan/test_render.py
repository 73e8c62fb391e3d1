from __future__ import annotations

import json
from pathlib import Path

from codedesigner.plan.export import to_json
from codedesigner.plan.inputs import Budget, PlannedAngle
from codedesigner.plan.model import ExecutionPlan, SchedulerConfig
from codedesigner.plan.planner import make_plan
from codedesigner.plan.render import MOST_FILES, to_text

from .conftest import MakeLocation, MakeTargets

GOLDEN = Path(__file__).parent / "golden"


def a_plan(make_targets: MakeTargets, model: MakeLocation, analyser: MakeLocation) -> ExecutionPlan:
    targets = (
        *make_targets(2, "src/auth/login.py", body="    return eval(x)"),
        *make_targets(1, "src/a.py"),
        *make_targets(1, "old/\x1b[31mred\u202e\n.py", side="LEFT"),
    )
    return make_plan(
        targets,
        [PlannedAngle("security", indicators=("eval",)), PlannedAngle("style", weight=0.1)],
        [analyser("ruff", ["style"]), model("gpt", ["security"])],
        strategy="adaptive",
        config=SchedulerConfig(max_passes=2),
        budget=Budget(calls=4),
        now=1_700_000_000.5,
    )


def test_people_read_this(make_targets: MakeTargets, model: MakeLocation, analyser: MakeLocation) -> None:
    text = to_text(a_plan(make_targets, model, analyser))
    assert text == (GOLDEN / "plan.txt").read_text(encoding="utf-8")


def test_programs_read_this(make_targets: MakeTargets, model: MakeLocation, analyser: MakeLocation) -> None:
    text = to_json(a_plan(make_targets, model, analyser))
    assert text == (GOLDEN / "plan.json").read_text(encoding="utf-8")
    assert set(json.loads(text)["items"][0]) >= {
        "id",
        "function_ref",
        "term",
        "angle_id",
        "pass_number",
        "status",
        "result",
        "skip_reason",
    }


def test_names_from_the_change_cannot_steer_a_terminal(
    make_targets: MakeTargets, model: MakeLocation, analyser: MakeLocation
) -> None:
    text = to_text(a_plan(make_targets, model, analyser))
    assert all(line.isprintable() for line in text.splitlines())
    assert r"old/\x1b[31mred\u202e\n.py" in text


def test_bytes_that_are_no_text_are_shown_and_are_valid_json(make_targets: MakeTargets, analyser: MakeLocation) -> None:
    plan = make_plan(make_targets(1, "a\udcff.py"), [PlannedAngle("style")], [analyser("ruff")])
    assert json.loads(to_json(plan))["items"][0]["function_ref"]["file"] == r"a\xff.py"
    assert r"a\xff.py" in to_text(plan)


def test_an_empty_plan_is_still_both(analyser: MakeLocation) -> None:
    plan = make_plan((), [PlannedAngle("style")], [])
    assert to_text(plan).endswith("0 items for 0 functions, 0 to ask, 0 skipped, 1 pass at most\n")
    assert json.loads(to_json(plan))["items"] == []


def test_more_files_than_fit_are_counted(make_targets: MakeTargets, analyser: MakeLocation) -> None:
    targets = [target for n in range(MOST_FILES + 5) for target in make_targets(2, f"src/f{n:03}.py")]
    text = to_text(make_plan(targets, [PlannedAngle("style")], [analyser("ruff")]))
    assert "… and 5 more files" in text
    assert "src/f045.py" not in text
    last = next(line for line in text.splitlines() if line.startswith("all files"))
    assert last.split()[-2:] == ["90", "90"]
