"""What a job asks of GitHub, request by request, in files that a review of a change can be read by."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.doubles.github import Request, check_sequence, sequence
from tests.doubles.github.model import PERMISSIONS

from .test_cases import BAD, opened
from .test_story import FIXED, cart
from .workflow import Workflow

GOLDEN = Path(__file__).parent / "golden"
GOOD = cart(tax=FIXED["tax"])
HIDDEN = {
    r"<!-- codedesigner:(\w+) [^ ]* -->": r"<!-- \1 -->",
    r"\d+\.\d s\b": "N s",
    r"(?s)\A\s*(?:fragment\b.*?\n\s*)?(query|mutation)\b\s*(\w*).*": r"\1 \2",
}


def fits(workflow: Workflow, name: str) -> None:
    """The requests since the last `forget` are those of the file; git speaks its own language."""

    def told(request: Request) -> bool:
        return not request.path.endswith("git-upload-pack")

    check_sequence(GOLDEN / f"{name}.yaml", sequence(workflow.github, keep=told, hidden=HIDDEN))


def test_opened_with_a_finding(workflow: Workflow) -> None:
    workflow.opened(opened(workflow))

    fits(workflow, "opened")


def test_pushed_with_a_fix(workflow: Workflow) -> None:
    pull = opened(workflow)
    workflow.opened(pull)
    pull.push({"cart.py": GOOD})
    workflow.github.forget()

    workflow.pushed(pull)

    fits(workflow, "fixed")


@pytest.mark.parametrize("command", ["recheck", "dismiss F1 it is meant"])
def test_a_command(workflow: Workflow, command: str) -> None:
    pull = opened(workflow)
    workflow.opened(pull)
    workflow.github.forget()

    workflow.says(pull, "ann", f"/codedesigner {command}")

    fits(workflow, command.split()[0])


def test_a_merge_queue(workflow: Workflow) -> None:
    pull = opened(workflow, {"cart.py": GOOD})
    workflow.github.enqueue(pull)

    workflow.on("merge_group", "checks_requested", pull)

    fits(workflow, "merge_group")


def test_a_fork_whose_token_may_only_read(workflow: Workflow) -> None:
    workflow.token = workflow.github.token(workflow.project, **dict.fromkeys(PERMISSIONS, "read"))

    workflow.opened(opened(workflow, {"cart.py": BAD}, fork="mallory"))

    fits(workflow, "fork_read_only")
