"""`codedesigner review --pr`: from anywhere, and nothing is posted unless that is asked for."""

from __future__ import annotations

import json
import re

import pytest

from codedesigner.cli import run

from .test_story import PLANTED, cart
from .workflow import QUICK, Workflow


@pytest.fixture
def arguments(workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """`review --pr` of a pull request with six defects."""
    pull = workflow.github.pull(workflow.project, {"cart.py": cart(**PLANTED)}, author="bob", fork="mallory")
    for name, value in {"GITHUB_TOKEN": workflow.token, "CODEDESIGNER_STATE_DIR": str(workflow.folder / "s")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    locations = workflow.folder / "locations.yml"
    locations.write_text(QUICK)
    url = f"{workflow.github.address}/octo/shop/pull/{pull.number}"
    return ["review", "--pr", url, "--locations-file", str(locations), "--format", "json"]


def test_nothing_is_posted_by_itself(
    workflow: Workflow, arguments: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    code = run(arguments)

    report = json.loads(capfd.readouterr().out)
    assert code == 1
    assert sum(one["disposition"] == "posted" for one in report["findings"]) == 6
    assert [one.path for one in workflow.github.writes if not re.search("/api/graphql|[.]git/", one.path)] == []


def test_with_post_it_stands_on_the_pull_request(workflow: Workflow, arguments: list[str]) -> None:
    code = run([*arguments, "--post"])

    (pull,) = workflow.project.pulls.values()
    assert code == 1
    assert len(workflow.see(pull).threads) == 6


@pytest.mark.parametrize("more", [["--base", "main"], ["--apply-all"], ["--record", "x"]])
def test_options_that_do_not_go_with_it_are_refused(arguments: list[str], more: list[str]) -> None:
    assert run([*arguments, *more]) == 2


def test_post_needs_an_address() -> None:
    assert run(["review", "--post"]) == 2
