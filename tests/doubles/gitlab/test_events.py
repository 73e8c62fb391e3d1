"""Webhooks of what has happened, and the environment of jobs."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path

import pytest
from tests.doubles.gitlab import events, jobs, noting, pipelines
from tests.doubles.gitlab.conftest import Scene, build

from codedesigner.event import environment, gitlab
from codedesigner.event.model import CommandIssued, Ignored, QueueEntered, ReviewRequested


@pytest.fixture
def still(tmp_path: Path) -> Scene:
    """A scene that nobody serves."""
    scene = build(tmp_path)
    scene.world.address = "http://gitlab.example.org:8080"
    return scene


def test_what_happens_is_told(still: Scene) -> None:
    world, request = still.world, still.request
    before = request.head
    world.push(still.project, "feature", {"app.py": "x\n"})
    world.edit(request, still.dev, title="Draft: later")
    world.edit(request, still.dev, description="why")
    opened, pushed, drafted, edited = [each.payload for each in world.outbox]
    assert opened["object_attributes"]["action"] == "open"
    assert pushed["object_attributes"]["oldrev"] == before
    assert pushed["object_attributes"]["last_commit"]["id"] == request.head
    assert drafted["changes"]["draft"] == {"previous": False, "current": True}
    assert "oldrev" not in edited["object_attributes"]
    assert edited["object_attributes"]["iid"] == request.iid


def test_a_note_is_told(still: Scene) -> None:
    note = noting.comment(still.world, still.request, still.dev, "/codedesigner recheck")
    noting.edit(still.world, still.request, still.dev, note, "/codedesigner help")
    created, edited = [each.payload for each in still.world.outbox[-2:]]
    assert created["object_attributes"]["note"] == "/codedesigner recheck"
    assert [each["object_attributes"]["action"] for each in (created, edited)] == ["create", "update"]
    asked = gitlab.read(created)
    assert isinstance(asked, CommandIssued)
    assert (asked.number, asked.comment) == (still.request.iid, str(note.id))
    assert isinstance(gitlab.read(edited), Ignored)
    assert created["merge_request"]["last_commit"]["id"] == still.request.head
    assert created["object_attributes"]["author_id"] == still.dev.id
    elsewhere = events.note_elsewhere(still.world, still.project, still.dev, "hi").payload
    assert (elsewhere["object_attributes"]["noteable_type"], "merge_request" in elsewhere) == ("Issue", False)
    pipeline = pipelines.for_merge_request(still.world, still.request)
    told = events.pipeline(still.world, still.project, pipeline, still.request).payload
    assert told["object_attributes"]["source"] == "merge_request_event"


def test_both_kinds_of_authentication(still: Scene) -> None:
    secret = "whsec_" + base64.b64encode(b"0123456789abcdef").decode()
    event = still.world.outbox[0]
    delivery = event.delivery(token="plain", signing=secret, at=1_772_000_000.5)
    assert delivery.headers["X-Gitlab-Token"] == "plain"
    assert delivery.headers["webhook-id"] == delivery.headers["Idempotency-Key"]
    signed = f"{delivery.headers['webhook-id']}.1772000000.".encode() + delivery.body
    code = base64.b64encode(hmac.digest(b"0123456789abcdef", signed, hashlib.sha256)).decode()
    assert delivery.headers["webhook-signature"] == f"v1,{code}"
    assert json.loads(delivery.body) == event.payload
    assert event.delivery().headers.keys().isdisjoint({"X-Gitlab-Token", "webhook-signature"})


@pytest.mark.parametrize("kind", ["detached", "merged_result", "merge_train"])
def test_jobs_of_merge_requests(still: Scene, tmp_path: Path, kind: jobs.EventType) -> None:
    still.world.push(still.project, "main", {"other.py": "x\n"})
    environ = jobs.merge_request_job(still.world, still.request, kind)
    event = environment.read_event(environ, None)
    base, iid = still.request.versions[0].base, still.request.iid
    if kind == "merge_train":
        assert event == QueueEntered(base, environ["CI_COMMIT_SHA"], iid)
    else:
        assert event == ReviewRequested(base, still.request.head, iid)
    assert (environ["CI_COMMIT_SHA"] == still.request.head) == (kind == "detached")
    assert (environ["CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"] == "") == (kind == "detached")
    assert "CI_COMMIT_BRANCH" not in environ
    assert environ["CI_API_V4_URL"] == "http://gitlab.example.org:8080/api/v4"
    folder = jobs.checkout(still.project, environ["CI_COMMIT_SHA"], tmp_path / "builds")
    assert (folder / "other.py").exists() == (kind != "detached")
    assert (folder / "new.py").exists()


def test_a_job_of_a_fork_runs_in_the_fork(still: Scene) -> None:
    stranger = still.world.user("stranger")
    fork = still.world.fork(still.project, stranger)
    still.world.push(fork, "patch", {"app.py": "theirs\n"})
    request = still.world.open(still.project, "patch", stranger, source=fork, description="x" * 3000)
    environ = jobs.merge_request_job(still.world, request)
    assert environ["CI_PROJECT_ID"] == environ["CI_MERGE_REQUEST_SOURCE_PROJECT_ID"] == str(fork.id)
    assert environ["CI_MERGE_REQUEST_PROJECT_ID"] == str(still.project.id)
    assert len(environ["CI_MERGE_REQUEST_DESCRIPTION"]) == jobs.LONGEST_DESCRIPTION
    assert environ["CI_MERGE_REQUEST_DESCRIPTION_IS_TRUNCATED"] == "true"
    token = still.world.tokens[environ["CI_JOB_TOKEN"]]
    assert (token.user, token.project) == (stranger, fork.id)
    assert jobs.merge_request_job(still.world, request, in_parent=True)["CI_PROJECT_ID"] == str(still.project.id)


def test_jobs_of_branches(still: Scene) -> None:
    still.world.push(still.project, "stable", {"x": "x\n"})
    still.world.open(still.project, "feature", still.dev, target="stable")
    environ = jobs.branch_job(still.world, still.project, "feature", still.dev)
    assert environ["CI_OPEN_MERGE_REQUESTS"] == "group/sub/app!1,group/sub/app!2"
    assert environ["CI_COMMIT_BRANCH"] == "feature"
    assert environment.read_event(environ, None) == ReviewRequested(None, still.request.head, 1)
    assert "CI_OPEN_MERGE_REQUESTS" not in jobs.branch_job(still.world, still.project, "main", still.dev)
