"""Webhooks made from the state, each held against GitHub's own description, and the environment of a job."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.doubles.github import GitHub, event, look, sequence
from tests.doubles.github.conftest import Scene
from tests.doubles.github.double import contract
from tests.doubles.sequence import check_sequence


def test_every_event_is_as_github_describes_it(own: Scene) -> None:
    github, shop = own.github, own.shop
    pull = github.pull(shop, {"b.py": "b\n"}, fork="mallory", body="Please.")
    app = github.app("codedesigner", checks="write")
    for action in ("opened", "reopened", "ready_for_review", "converted_to_draft", "closed"):
        event(github, "pull_request", action, pull, app=app)
    pull.push({"b.py": "c\n"})
    synchronized = event(github, "pull_request", "synchronize", pull).payload
    assert (synchronized["before"], synchronized["after"]) == (pull.before, pull.head_sha)
    pull.retarget("main")
    event(github, "pull_request", "edited", pull, changes={"base": {"ref": {"from": "old"}, "sha": {"from": "d" * 40}}})

    said = github.comment(pull, "mallory", "/codedesigner recheck")
    event(github, "issue_comment", "created", pull, comment=said)
    github.edit(said, "ann", "/codedesigner off")
    edited = event(github, "issue_comment", "edited", pull, comment=said, sender="ann").payload
    assert (edited["changes"]["body"]["from"], edited["sender"]["login"]) == ("/codedesigner recheck", "ann")
    issue = github.issue(shop)
    spoken = github.comment(issue, "ann", "x", shop)
    on_issue = event(github, "issue_comment", "created", issue, project=shop, comment=spoken)
    assert "pull_request" not in on_issue.payload["issue"]
    asked = github.line_comment(pull, "ann", "b.py", 1, "why?")
    answer = github.reply(pull, asked, "mallory", "because")
    replied = event(github, "pull_request_review_comment", "created", pull, comment=answer)
    assert replied.payload["comment"]["in_reply_to_id"] == asked.id
    event(github, "pull_request_review", "submitted", pull, review=pull.reviews[0])

    run = own.repo().create_check_run("codedesigner", pull.head_sha)
    stored = next(each for each in shop.runs if each.id == run.id)
    for name, action in (
        ("check_run", "rerequested"),
        ("check_suite", "rerequested"),
        ("check_run", "requested_action"),
    ):
        event(github, name, action, stored, project=shop, changes={"identifier": "x"})
    event(github, "workflow_dispatch", "", shop, inputs={"pull": "1"})
    for action in ("created", "deleted"):
        event(github, "installation", action, app)
    for action in ("added", "removed"):
        event(github, "installation_repositories", action, app)
    event(github, "ping", "", shop)
    pull.delete_fork()
    github.user("mallory", deleted=True)
    assert event(github, "pull_request", "opened", pull).payload["pull_request"]["head"]["repo"] is None


def test_a_payload_that_is_wrong_is_a_breach(own: Scene) -> None:
    payload = json.loads(event(own.github, "pull_request", "opened", own.pull).body)
    assert contract().webhook("pull-request-opened", payload) == []
    del payload["pull_request"]["head"]["sha"]
    assert "sha" in "".join(contract().webhook("pull-request-opened", payload))
    assert contract().webhook("pull-request-sighed", payload) == ["webhook pull-request-sighed: not described"]


def test_the_merge_queue(own: Scene, tmp_path: Path) -> None:
    head = own.github.enqueue(own.pull)
    queued = event(own.github, "merge_group", "checks_requested", own.pull)
    group = queued.payload["merge_group"]
    assert group["head_sha"] == head
    assert group["head_ref"] == f"refs/heads/gh-readonly-queue/main/pr-{own.pull.number}-{own.pull.base_sha}"
    assert (queued.sha, queued.ref) == (head, group["head_ref"])
    assert own.github.merge(own.pull) == own.shop.repo.sha("main")
    assert own.page().merged


def test_signatures(tmp_path: Path) -> None:
    github = GitHub(tmp_path)
    sent = event(github, "ping", "", github.project("octo/shop")).delivery("It's a Secret to Everybody", "42")
    assert sent.headers["X-GitHub-Delivery"] == "42"
    command = ["openssl", "dgst", "-sha256", "-hmac", "It's a Secret to Everybody"]
    digest = subprocess.run(command, input=sent.body, check=True, capture_output=True).stdout.decode().split()[-1]
    assert sent.headers["X-Hub-Signature-256"] == f"sha256={digest}"


@pytest.mark.parametrize("depth", [0, 1])
def test_what_a_job_has(own: Scene, tmp_path: Path, depth: int) -> None:
    happened = event(own.github, "pull_request", "opened", own.pull)
    given = happened.environment(tmp_path / "run", own.token, fail_on="high")
    assert json.loads(Path(given["GITHUB_EVENT_PATH"]).read_text())["number"] == own.pull.number
    assert (given["GITHUB_SHA"], given["INPUT_FAIL_ON"]) == (own.pull.merge_sha, "high")
    assert given["GITHUB_SHA"] != own.pull.head_sha
    folder = happened.checkout(Path(given["GITHUB_WORKSPACE"]), depth=depth)
    assert (folder / "new.py").read_text() == "y = 2\n"
    said = own.github.comment(own.pull, "ann", "hi")
    on_default = event(own.github, "issue_comment", "created", own.pull, comment=said)
    assert on_default.sha == own.shop.repo.sha("main")


def test_the_sequence_of_requests_is_a_golden_file(own: Scene) -> None:
    own.review({"path": "a.py", "line": 12, "body": "Two\nlines at 2026-01-02T03:04:05Z."}, commit_id=own.pull.head_sha)
    comment = own.page().create_issue_comment(f"head {own.pull.head_sha}, signed 123abc")
    comment.edit("again")
    text = sequence(own.github, hidden={"signed [0-9a-f]+": "signed …"}, keep=lambda request: request.method != "GET")
    check_sequence(Path(__file__).parent / "golden" / "sequence.yaml", text)
    assert own.token not in text
    assert look(own.github, own.pull).comments[0].edited
