"""Changes of odd shapes and sizes: on GitHub's double, from the event to what stands there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.story.planted import PLANTED, cart

from .workflow import Workflow

BAD = cart(tax=PLANTED["tax"])


def report_of(workflow: Workflow) -> dict[str, Any]:
    """The report that the job wrote."""
    return dict(json.loads(Path(workflow.inputs["json_file"]).read_text()))


@pytest.fixture
def kept(workflow: Workflow) -> Workflow:
    """Jobs that keep their report."""
    workflow.inputs["json_file"] = str(workflow.folder / "report.json")
    return workflow


def test_T_XF_01_characters_that_end_a_line_for_some_readers_move_no_comment(workflow: Workflow) -> None:
    odd = '\n\nODD = "a\u2028b\x85c"  # d\x0ce\x0bf\n'
    text = BAD.replace("\n\n\ndef tax", f"{odd}\n\ndef tax")
    pull = workflow.github.pull(workflow.project, {"cart.py": text}, author="bob")

    workflow.opened(pull)

    (thread,) = [one for one in workflow.see(pull).threads if "Name is not defined" in one.bodies[0]]
    assert thread.text == "    return total(prices) * rate_of_nobody"
    assert thread.line == text.split("\n").index(thread.text) + 1


def test_T_XF_02_lines_that_look_like_headers_make_no_file(kept: Workflow) -> None:
    workflow = kept
    workflow.project.repo.commit("main", {"notes.sql": "-- a/other.py\nselect 1;\n"})
    pull = workflow.github.pull(
        workflow.project, {"notes.sql": "++ b/other.py\nselect 1;\n", "cart.py": BAD}, author="bob"
    )

    workflow.opened(pull)

    files = report_of(workflow)["change"]["files"]
    assert [(one["path"], one["added"], one["removed"]) for one in files] == [("cart.py", 4, 0), ("notes.sql", 1, 1)]


def test_T_XF_04_a_new_file_of_one_line_begins_at_line_one(workflow: Workflow) -> None:
    pull = workflow.github.pull(workflow.project, {"one.py": "print(nobody)\n"}, author="bob")

    workflow.opened(pull)

    assert [(one.path, one.line) for one in workflow.see(pull).threads] == [("one.py", 1)]


def test_T_SEC_55_what_is_too_large_is_bounded_told_and_red(kept: Workflow) -> None:
    files = {"huge.py": "x = '" + "a" * 20_000_000 + "'\n", **{f"many/f{n}.txt": "x\n" for n in range(1_500)}}
    pull = kept.github.pull(kept.project, {**files, "cart.py": cart(tax=PLANTED["tax"].replace("rate_of_nobody", "3"))})

    ran = kept.opened(pull)

    report = report_of(kept)
    reasons = {one["path"]: one["reason"] for one in report["coverage"]["not_reviewed"]}
    assert reasons["huge.py"] == "too_large"
    assert len(report["change"]["files"]) == 1_502
    assert ran.code != 0
    assert not kept.see(pull).passes("codedesigner")
