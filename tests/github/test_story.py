"""Where planted defects stand on GitHub."""

from __future__ import annotations

import pytest
from tests.story.planted import FIXED, PLANTED, cart

from .workflow import Workflow

__all__ = ["FIXED", "PLANTED", "cart"]


@pytest.mark.parametrize("fork", ["", "mallory"])
def test_every_planted_defect_stands_on_its_own_line(workflow: Workflow, fork: str) -> None:
    pull = workflow.github.pull(workflow.project, {"cart.py": cart(**PLANTED)}, author=fork or "bob", fork=fork)

    workflow.opened(pull)

    lines = cart(**PLANTED).split("\n")
    for thread in workflow.see(pull).threads:
        assert thread.text in lines
        assert thread.line is not None
        assert lines[thread.line - 1] == thread.text
