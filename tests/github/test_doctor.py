"""`codedesigner doctor` says what a token may on GitHub, and writes nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

import pytest
from tests.doubles.github import Pull, event
from tests.doubles.server import Fault
from tests.forge_checks import states, without_a_trace

from codedesigner.cli import run
from codedesigner.commands.examined import Examined, examine
from codedesigner.commands.forgerights import ForgeDiagnosis, examine_forge
from codedesigner.config.settings import Settings

from .workflow import QUICK, Workflow

OK = {"account": "ok", "change": "ok", "base": "ok", "comments": "ok", "check": "ok", "people": "ok"}
RESOLVES = "forge: {resolve_threads: true}\n"


@pytest.fixture
def pull(workflow: Workflow) -> Pull:
    return workflow.github.pull(workflow.project, {"cart.py": "x = 1\n"}, author="bob")


def told(workflow: Workflow, pull: Pull, token: str) -> ForgeDiagnosis:
    """What the doctor finds in the job of a pull request's event; it leaves everything as it is."""
    kept = workflow.project
    happened = event(workflow.github, "pull_request", "opened", pull)
    environ = happened.environment(workflow.folder / "job", token)
    with without_a_trace(
        workflow.github, lambda: repr((workflow.see(pull), kept.comments, kept.runs, kept.statuses, pull.reviews))
    ):
        found = asyncio.run(examine_forge(environ, None, Settings(), 30.0, workflow.forges))
    assert found is not None
    return found


def test_a_token_that_may_all_that_is_asked(workflow: Workflow, pull: Pull) -> None:
    found = told(workflow, pull, workflow.token)

    assert (found.kind, found.usable, states(found.checks)) == ("github", True, OK)
    assert "codedesigner" in found.checks[0].found or "github-actions[bot]" in found.checks[0].found


@pytest.mark.parametrize(
    ("lacks", "differs", "remedy"),
    [
        ({"pull_requests": "read"}, {"comments": "fail"}, "`pull-requests: write`"),
        ({"checks": "read"}, {"check": "warn"}, "`checks: write`"),
        ({"checks": "read", "statuses": "read"}, {"check": "fail"}, "`checks: write`, or `statuses: write`"),
        ({"contents": "none"}, {"change": "fail"}, "`contents: read`"),
        ({"pull_requests": "none", "issues": "none"}, {"change": "fail"}, "`pull-requests: read`"),
    ],
)
def test_each_permission_that_is_missing_is_named(
    workflow: Workflow, pull: Pull, lacks: Mapping[str, str], differs: Mapping[str, str], remedy: str
) -> None:
    found = told(workflow, pull, workflow.github.token(workflow.project, **lacks))

    seen = states(found.checks)
    assert {what: seen[what] for what in differs} == differs
    assert found.usable == ("fail" not in differs.values())
    (what,) = differs
    assert remedy in next(each.remedy for each in found.checks if each.what == what)
    if "change" not in differs:
        assert seen == {**OK, **differs}
    else:
        assert "base" not in seen


@pytest.mark.parametrize(
    ("contents", "threads", "state"), [("read", 1, "fail"), ("write", 1, "ok"), ("write", 0, "warn")]
)
def test_resolving_is_looked_at_where_the_base_asks_for_it(
    workflow: Workflow, pull: Pull, contents: str, threads: int, state: str
) -> None:
    pull.move_base({".codedesigner.yml": RESOLVES})
    for _ in range(threads):
        workflow.github.line_comment(pull, "ann", "cart.py", 1, "why?")

    found = told(workflow, pull, workflow.github.token(workflow.project, contents=contents))

    assert states(found.checks) == {**OK, "resolve": state}
    assert found.usable == (state != "fail")
    if state != "ok":
        assert "`contents: write`" in next(each.remedy for each in found.checks if each.what == "resolve")


@pytest.mark.parametrize(("who", "state"), [("ann", "ok"), ("bob", "fail")])
def test_of_a_persons_token_the_role_tells(workflow: Workflow, pull: Pull, who: str, state: str) -> None:
    pull.move_base({".codedesigner.yml": RESOLVES})

    seen = states(told(workflow, pull, workflow.github.user_token(who)).checks)

    assert seen["resolve"] == state
    assert seen["check"] == ("warn" if who == "ann" else "fail")  # people write no check runs


def test_a_refusal_in_other_words_proves_nothing(workflow: Workflow, pull: Pull) -> None:
    said = {"message": "Invalid request. For 'properties/body', nil is not a string."}
    workflow.github.fail(Fault("POST", "/(reviews|check-runs|statuses)", nth=0, status=422, body=said))

    seen = states(told(workflow, pull, workflow.token).checks)

    assert (seen["comments"], seen["check"]) == ("warn", "warn")


@pytest.mark.parametrize(("token", "state"), [("", "fail"), ("ghs_nobodys", "fail")])
def test_no_token_and_a_wrong_one(workflow: Workflow, pull: Pull, token: str, state: str) -> None:
    found = told(workflow, pull, token)

    assert not found.usable
    assert found.checks[0].what == "account"
    assert found.checks[0].state == state
    assert {each.state for each in found.checks[1:]} <= {"skipped"}


def test_an_event_without_a_pull_request_leaves_some_of_it_unknown(workflow: Workflow, pull: Pull) -> None:
    environ = event(workflow.github, "pull_request", "opened", pull).environment(
        workflow.folder / "job", workflow.token
    )
    environ |= {"GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_EVENT_PATH": ""}

    found = asyncio.run(examine_forge(environ, None, Settings(), 30.0, workflow.forges))

    assert found is not None
    assert states(found.checks) == {
        "account": "ok",
        "change": "warn",
        "comments": "warn",
        "check": "ok",
        "people": "warn",
    }


def test_by_its_address_with_the_exit_code_and_no_token_in_what_is_printed(
    workflow: Workflow, pull: Pull, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CODEDESIGNER_STATE_DIR", str(workflow.folder / "s"))
    (workflow.folder / "locations.yml").write_text(QUICK)
    given = ["doctor", "--locations-file", str(workflow.folder / "locations.yml"), "--repo", str(workflow.folder)]
    given += ["--pr", f"{workflow.github.address}/octo/shop/pull/{pull.number}"]
    monkeypatch.setenv("GITHUB_TOKEN", weak := workflow.github.token(workflow.project, pull_requests="read"))

    assert run([*given, "--format", "json"]) == 3
    out = capfd.readouterr().out
    forge = json.loads(out)["forge"]
    assert (forge["kind"], forge["usable"], json.loads(out)["usable"]) == ("github", False, False)
    assert {each["what"]: each["state"] for each in forge["checks"]} == {**OK, "comments": "fail"}
    assert weak not in out
    monkeypatch.setenv("GITHUB_TOKEN", workflow.token)
    assert run(given) == 0
    text = capfd.readouterr().out
    assert text.endswith("2 of 2 locations can be used\ngithub can be used as the configuration asks\n")


def test_where_no_forge_is_named_none_is_asked(workflow: Workflow) -> None:
    (workflow.folder / "locations.yml").write_text(QUICK)
    environ = {"GITHUB_TOKEN": workflow.token, "GITHUB_API_URL": workflow.github.api, "GITHUB_REPOSITORY": "octo/shop"}

    found = asyncio.run(examine(environ, workflow.folder / "locations.yml", (), workflow.folder, 5))

    assert isinstance(found, Examined)
    assert found.forge is None
    assert workflow.github.exchanges == []
