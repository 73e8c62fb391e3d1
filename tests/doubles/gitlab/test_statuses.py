"""Commit statuses and the pipelines they make, external status checks."""

from __future__ import annotations

from typing import Any

import pytest
from gitlab.exceptions import GitlabCreateError, GitlabHttpError
from tests.doubles.gitlab import DEVELOPER, REPORTER, look, pipelines
from tests.doubles.gitlab.conftest import Scene
from tests.doubles.server import Fault


def post(scene: Scene, token: str | None = None, **more: Any) -> Any:
    commit = scene.client(token).projects.get(scene.project.id).commits.get(scene.request.head)
    return commit.statuses.create({"name": "codedesigner", "state": "pending", **more})


def test_a_status_finds_its_pipeline_or_makes_one(scene: Scene) -> None:
    branch = pipelines.create(scene.world, scene.project, scene.request.head, "feature", scene.dev)
    of_request = pipelines.for_merge_request(scene.world, scene.request)
    assert post(scene, ref="feature").pipeline_id == branch.id
    chosen = post(scene, ref=of_request.ref, pipeline_id=of_request.id, state="failed", description="no")
    assert (chosen.pipeline_id, chosen.ref) == (of_request.id, of_request.ref)
    assert (branch.status, of_request.status) == ("running", "failed")
    with pytest.raises(GitlabCreateError, match="Pipeline for pipeline_id, sha and ref"):
        post(scene, ref="feature", pipeline_id=of_request.id)
    assert post(scene, name="any ref").pipeline_id == of_request.id
    branch.archived = True
    made = post(scene, ref="feature", state="success").pipeline_id
    assert made not in (branch.id, of_request.id)
    shown = scene.client().projects.get(scene.project.id).pipelines.list(sha=scene.request.head, get_all=True)
    assert [(each.source, each.status) for each in shown] == [
        ("external", "success"),
        ("merge_request_event", "failed"),
        ("push", "running"),
    ]
    assert [each.id for each in scene.page.pipelines.list(get_all=True)] == [made, of_request.id, branch.id]


def test_a_status_is_updated_or_hidden(scene: Scene) -> None:
    first = post(scene, state="running", description="looking", target_url="https://example.org/1")
    assert post(scene, state="success").id == first.id
    with_same_name = scene.world.user("other")
    scene.project.members[with_same_name.id] = DEVELOPER
    post(scene, scene.world.token(with_same_name), state="failed")
    commit = scene.client().projects.get(scene.project.id).commits.get(scene.request.head)
    shown = commit.statuses.list(get_all=True)
    assert [(each.status, each.author["username"]) for each in shown] == [("failed", "other")]
    assert [each.description for each in commit.statuses.list(all=True, get_all=True)] == ["looking", None]
    assert look(scene.world, scene.request).statuses == {"codedesigner": "failed"}


def test_pending_twice_is_refused_unless_it_is_not(scene: Scene) -> None:
    post(scene)
    with pytest.raises(GitlabCreateError, match="Cannot transition status via :enqueue from :pending"):
        post(scene)
    scene.world.strict_enqueue = False
    post(scene)
    post(scene, state="running")
    scene.world.strict_enqueue = True
    with pytest.raises(GitlabCreateError, match="via :run from :running"):
        post(scene, state="running")


def test_who_may_post_a_status_and_where(scene: Scene) -> None:
    scene.project.members[scene.bot.id] = REPORTER
    with pytest.raises(GitlabCreateError, match="403"):
        post(scene)
    scene.project.members[scene.bot.id] = DEVELOPER
    with pytest.raises(GitlabCreateError, match="state does not have a valid value"):
        post(scene, state="neutral")
    scene.world.fail(Fault("POST", "/statuses/", status=409, body={"message": "409 Conflict"}))
    with pytest.raises(GitlabCreateError, match="409"):
        post(scene)
    post(scene)
    lonely = scene.project.repository.commit("refs/tmp/x", {"x": "x"})
    with pytest.raises(GitlabHttpError, match="References for commit"):
        scene.client().http_post(f"/projects/{scene.project.id}/statuses/{lonely}", post_data={"state": "success"})


def test_status_checks(scene: Scene) -> None:
    world, request = scene.world, scene.request
    check = world.status_check(scene.project, "codedesigner")
    path = f"/projects/{scene.project.id}/merge_requests/{request.iid}/status_check_responses"

    def answer(**more: Any) -> Any:
        data = {"sha": request.head, "external_status_check_id": check.id, "status": "pending", **more}
        return scene.client().http_post(path, post_data=data)

    assert answer()["external_status_check"]["name"] == "codedesigner"
    world.clock.tick(100)
    answer()
    world.clock.tick(100)
    assert look(world, request).checks == {"codedesigner": "pending"}
    world.clock.tick(100)
    assert scene.page.status_checks.list(get_all=True)[0].status == "failed"
    answer(status="passed")
    assert look(world, request).checks == {"codedesigner": "passed"}
    old = request.head
    world.push(scene.project, "feature", {"app.py": "x\n"})
    assert look(world, request).checks == {"codedesigner": "pending"}
    with pytest.raises(GitlabHttpError, match="409"):
        answer(sha=old)
    world.outbox.clear()
    scene.page.notes.create({"body": "x"})
    assert [each.name for each in world.outbox] == ["Note Hook", "External Status Check"]
