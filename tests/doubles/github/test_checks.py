"""Check runs and statuses: limits, whose they are, what they are attached to."""

from __future__ import annotations

from typing import Any

import pytest
from github.GithubException import GithubException
from tests.doubles.github import look
from tests.doubles.github.conftest import Scene
from tests.doubles.github.model import Status

RUNS = "/repos/octo/shop/check-runs"


def note(**more: Any) -> dict[str, Any]:
    return {"path": "a.py", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"} | more


def test_annotations_are_appended_fifty_at_a_time(own: Scene) -> None:
    output = {"title": "t", "summary": "s"}
    run = own.repo().create_check_run("codedesigner", own.pull.head_sha, output=output | {"annotations": [note()] * 50})
    run.edit(conclusion="failure", output=output | {"annotations": [note()] * 23})
    assert run.get_annotations().totalCount == 73
    with own.github.excused() as excuses, pytest.raises(GithubException, match="No more than 50 items are allowed; 51"):
        run.edit(output=output | {"annotations": [note()] * 51})
    assert "No more than 50 items" in excuses[0]
    (check,) = look(own.github, own.pull).checks
    assert (check.conclusion, check.status, check.annotations) == ("failure", "completed", 73)
    assert not look(own.github, own.pull).passes("codedesigner")


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ({"annotations": [note(end_line=2, start_column=1)]}, "on one line only"),
        ({"annotations": [note(start_line=0)]}, "no range"),
        ({"annotations": [note(title="x" * 256)]}, "title is too long"),
        ({"annotations": [note(message="é" * 32_769)]}, "message is too long"),
    ],
)
def test_annotations_that_are_refused(scene: Scene, output: dict[str, Any], words: str) -> None:
    body = {"name": "x", "head_sha": scene.pull.head_sha, "output": {"title": "t", "summary": "s"} | output}
    with pytest.raises(GithubException, match=words):
        scene.ask("POST", RUNS, body)


def test_text_of_a_check(own: Scene) -> None:
    def ask(text: str) -> None:
        output = {"title": "t", "summary": "s", "text": text}
        own.ask("POST", RUNS, {"name": "x", "head_sha": own.pull.head_sha, "output": output})

    ask("é" * 65535)
    with own.github.excused(), pytest.raises(GithubException, match="Only 65535 characters are allowed; 65536 were"):
        ask("é" * 65536)
    own.github.count_bytes = True
    with pytest.raises(GithubException, match="Only 65535 characters are allowed; 131070 were"):
        ask("é" * 65535)


def test_what_else_a_check_run_needs(scene: Scene) -> None:
    with pytest.raises(GithubException, match="No commit found for SHA"):
        scene.ask("POST", RUNS, {"name": "x", "head_sha": "d" * 40})
    with pytest.raises(GithubException, match="conclusion is required"):
        scene.ask("POST", RUNS, {"name": "x", "head_sha": scene.pull.head_sha, "status": "completed"})
    with pytest.raises(GithubException) as refused:
        scene.repo(scene.github.user_token("ann")).create_check_run("x", scene.pull.head_sha)
    assert (refused.value.status, refused.value.data["message"]) == (403, "You must authenticate via a GitHub App.")


def test_only_the_app_that_made_a_run_changes_it(own: Scene) -> None:
    run = own.repo().create_check_run("codedesigner", own.pull.head_sha)
    other = own.github.token(own.shop, app="codedesigner")
    with pytest.raises(GithubException, match="can only be modified by the GitHub App that created it"):
        own.repo(other).get_check_run(run.id).edit(conclusion="success")
    assert [each.id for each in own.shop.suites] == [own.shop.runs[0].suite]


def test_pull_requests_of_forks_are_not_named(own: Scene) -> None:
    fork = own.github.pull(own.shop, {"b.py": "b\n"}, fork="mallory")
    for pull, numbers in ((own.pull, [own.pull.number]), (fork, [])):
        run = own.repo().create_check_run("codedesigner", pull.head_sha, external_id=str(pull.number))
        assert [each.number for each in run.pull_requests] == numbers
        assert run.external_id == str(pull.number)


def test_the_oldest_of_a_thousand_runs_goes(own: Scene) -> None:
    body = {"name": "x", "head_sha": own.pull.head_sha}
    own.ask("POST", RUNS, body)
    first = own.shop.runs[0]
    own.shop.runs.extend([first] * 999)
    own.ask("POST", RUNS, body)
    assert len(own.shop.runs) == 1000


def test_a_rerequest_leaves_the_run_as_it_is(own: Scene) -> None:
    run = own.repo().create_check_run("codedesigner", own.pull.head_sha, conclusion="success")
    own.ask("POST", f"{RUNS}/{run.id}/rerequest")
    assert own.repo().get_check_run(run.id).conclusion == "success"


def test_statuses(own: Scene) -> None:
    commit = own.repo().get_commit(own.pull.head_sha)
    commit.create_status("success", description="d" * 140, context="Codedesigner")
    with pytest.raises(GithubException, match="description is too long \\(maximum is 140 characters\\)"):
        commit.create_status("success", description="d" * 141, context="x")
    commit.create_status("failure", context="codedesigner")
    assert (commit.get_combined_status().state, commit.get_combined_status().total_count) == ("failure", 1)
    assert commit.get_statuses().totalCount == 2
    dev = own.github.user("dev")
    own.shop.statuses.extend([Status(1, own.pull.head_sha, "pending", "full", None, None, dev, "")] * 1000)
    with pytest.raises(GithubException, match="has reached the maximum number of statuses"):
        commit.create_status("success", context="FULL")
    commit.create_status("success", context="other")
