"""Commit statuses and external status checks on GitLab."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.doubles.gitlab import look, pipelines
from tests.doubles.server import Fault
from tests.forge.contract.world import gitlab_world

from codedesigner.errors import (
    ConflictError,
)
from codedesigner.publish.discussion import Check

RUNNING = Check("", "codedesigner", None, "running", "running", run="1", number=1)


def test_T_GL_14_a_status_names_its_pipeline_and_a_conflict_passes(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g", fork="") as world:
        branch = pipelines.create(world.gitlab, world.project, world.opened.head, "feature", world.ann)
        of_request = pipelines.for_merge_request(world.gitlab, world.opened)
        world.gitlab.fail(Fault("POST", "/statuses/", 1, 409, {"message": "409 Conflict"}))
        check = replace(RUNNING, sha=world.opened.head)
        asyncio.run(world.forge.check(check))
        asyncio.run(world.forge.check(replace(check, conclusion="failure", title="x" * 300)))
        bodies = [each.json for each in world.gitlab.asked("POST", "/statuses/")]
        ref = "refs/merge-requests/1/head"
        assert [(one["state"], one["pipeline_id"], one["ref"]) for one in bodies] == [
            ("running", of_request.id, ref),
            ("running", of_request.id, ref),
            ("failed", of_request.id, ref),
        ]
        assert world.paused == [1.0]
        assert (len(of_request.statuses), branch.statuses) == (1, [])
        assert look(world.gitlab, world.opened).statuses == {"codedesigner": "failed"}


@pytest.mark.parametrize("conclusion", [None, "success"])
def test_T_GL_14_a_transition_that_is_none_counts_as_done_where_it_is(tmp_path: Path, conclusion: Any) -> None:
    with gitlab_world(tmp_path / "g", fork="") as world:
        check = replace(RUNNING, sha=world.opened.head, conclusion=conclusion)
        said = {"message": "Cannot transition status via :run from :running"}
        # Another run has written it between our look and our request.
        world.gitlab.fail(Fault("POST", "/statuses/", 1, 400, said, stored=True))
        asyncio.run(world.forge.check(check))
        world.gitlab.fail(Fault("POST", "/statuses/", 0, 400, said))
        with pytest.raises(ConflictError):
            asyncio.run(world.forge.check(replace(check, conclusion="failure")))


def test_T_GL_16_a_status_check_is_answered_for_the_head_and_kept_alive(tmp_path: Path) -> None:
    beats: list[int] = []
    kept = asyncio.Event()

    async def beat() -> None:
        if len(beats) >= 3:
            kept.set()
            await asyncio.Event().wait()
        beats.append(1)
        world.gitlab.clock.tick(60)

    with gitlab_world(tmp_path / "g", beat=beat) as world:
        world.gitlab.status_check(world.project, "codedesigner")
        world.gitlab.status_check(world.project, "another")
        check = replace(RUNNING, sha=world.opened.head)

        async def life() -> None:
            await world.forge.check(check)
            await kept.wait()
            assert look(world.gitlab, world.opened).checks["codedesigner"] == "pending"
            await world.forge.check(replace(check, conclusion="success"))

        asyncio.run(life())
        said = [each.json for each in world.gitlab.asked("POST", "/status_check_responses$")]
        assert {one["sha"] for one in said} == {world.opened.head}
        assert [one["status"] for one in said] == ["pending"] * 4 + ["passed"]
        assert look(world.gitlab, world.opened).checks == {"codedesigner": "passed", "another": "pending"}


def test_T_GL_16_an_answer_for_an_older_head_is_no_error(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        world.gitlab.status_check(world.project, "codedesigner")
        old = world.opened.head
        world.push()
        asyncio.run(world.forge.check(replace(RUNNING, sha=old, conclusion="success")))
        assert look(world.gitlab, world.opened).checks == {"codedesigner": "pending"}
