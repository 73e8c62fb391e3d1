"""Reading merge requests: their diffs, members, edits, and what GitLab leaves out."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.doubles.git import Entry
from tests.doubles.gitlab import DEVELOPER, MAINTAINER, OWNER, REPORTER, noting
from tests.forge.contract.world import GitLabWorld, gitlab_world, named

from codedesigner.change.source import ReadLimits, read_range
from codedesigner.errors import (
    MissingError,
    UnreachableError,
)
from codedesigner.forge.gitlab.address import AccessToken
from codedesigner.forge.gitlab.connect import connect
from codedesigner.publish.discussion import Account, Permission

MANY = 10_000_000


async def discussion(world: GitLabWorld) -> Any:
    """What stands."""
    return await world.forge.discussion(await world.forge.pull(1))


def test_T_GL_04_a_diff_in_the_making_is_waited_for(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        world.opened.unprepared_requests = 3
        assert asyncio.run(world.forge.pull(1)).head == world.opened.head
        assert 0 < sum(world.paused) <= 10


def test_T_GL_04_a_diff_that_never_comes_is_given_up_with_a_reason(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        world.opened.unprepared_requests = 1000
        with pytest.raises(UnreachableError, match="not prepared the diff of merge request 1 within 60 seconds"):
            asyncio.run(world.forge.pull(1))
        assert sum(world.paused) == 60


def test_T_GL_23_a_collapsed_file_is_not_reviewed(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        world.gitlab.push(world.opened.source, "feature", {"b.py": "b = 2\n", "c.py": "c = 1\n"})
        world.opened.collapsed.add("a.py")
        world.opened.too_large.add("b.py")
        pull = asyncio.run(world.forge.pull(1))
        change = asyncio.run(world.forge.change(pull, file_bytes=MANY, most_files=100))
        assert [(one.path, one.unread, bool(one.hunks)) for one in change.files] == [
            ("a.py", "too_large", False),
            ("b.py", "too_large", False),
            ("c.py", None, True),
        ]


def test_T_GL_23_files_beyond_the_limit_are_not_reviewed(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        world.gitlab.push(world.opened.source, "feature", {f"d/{n}.py": f"{n}\n" for n in range(130)})
        pull = asyncio.run(world.forge.pull(1))
        change = asyncio.run(world.forge.change(pull, file_bytes=MANY, most_files=5))
        assert len(change.files) == 131
        assert sum(one.unread == "too_large" for one in change.files) == 126


@pytest.mark.parametrize(
    ("level", "permission"),
    [
        (5, "none"),
        (10, "read"),
        (15, "triage"),
        (REPORTER, "triage"),
        (DEVELOPER, "write"),
        (MAINTAINER, "maintain"),
        (OWNER, "admin"),
        (60, "admin"),
    ],
)
def test_T_GL_25_inherited_membership_counts(tmp_path: Path, level: int, permission: Permission) -> None:
    with gitlab_world(tmp_path / "g") as world:
        zoe = world.gitlab.user("zoe")
        world.project.inherited[zoe.id] = level
        assert asyncio.run(world.forge.permission(Account(str(zoe.id), "zoe"))) == permission
        assert world.gitlab.asked("GET", "/members/all/")


def test_T_GL_25_who_is_no_member_is_missing(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        stranger = world.gitlab.user("stranger")
        with pytest.raises(MissingError):
            asyncio.run(world.forge.permission(Account(str(stranger.id), "stranger")))


def test_a_change_is_the_same_as_git_tells_it(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        files: dict[str, str | bytes | Entry | None] = {
            "b.py": None, "new.py": "n = 1\nm = 2\n", "latin.txt": b"caf\xe9\nx\n", "none": "", "bin": b"\0\1",
            "no newline": b"x", "d/odd \xfc.py": "a\x0cb\u2028c\n", "run": Entry("#!/bin/sh\n", "100755"),
            "link": Entry("/etc/passwd", "120000"),
        }  # fmt: skip
        world.gitlab.push(world.opened.source, "feature", files)
        pull = asyncio.run(world.forge.pull(1))
        change = asyncio.run(world.forge.change(pull, file_bytes=MANY, most_files=100))
        clone = tmp_path / "clone"
        world.project.repository.git("clone", "-q", "--no-checkout", ".", str(clone))
        world.project.repository.git("-C", str(clone), "fetch", "-q", "origin", "refs/merge-requests/1/head")
        local = read_range(clone, pull.base, pull.head, ReadLimits())
        assert (change.base, change.head) == (local.base, local.head)
        for one, other in zip(change.files, local.files, strict=True):
            assert one == other
        assert named(change.files, "latin.txt").new == b"caf\xe9\nx\n"
        assert named(change.files, "link").unread == "symlink"
        assert asyncio.run(world.forge.file_at(pull.head, "link")) is None
        assert asyncio.run(world.forge.file_at(pull.head, "d/odd \xfc.py")) == "a\x0cb\u2028c\n".encode()


def test_when_a_head_came_is_when_its_version_was_made(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        before = world.gitlab.clock.now.timestamp()
        world.push()
        pull = asyncio.run(world.forge.pull(1))
        came = asyncio.run(world.forge.arrived(pull))
        assert came is not None
        assert before <= came <= world.gitlab.clock.now.timestamp()


def test_a_fork_that_is_gone_or_private_is_still_a_fork(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        pull = asyncio.run(world.forge.pull(1))
        assert (pull.head_repo, pull.fork) == (None, True)  # a project's token sees no other
        seeing = connect(world.forge.client.address, AccessToken(world.gitlab.token(world.ann)))
        assert asyncio.run(seeing.pull(1)).head_repo == "mallory/shop"
        seeing.close()


def test_edits_of_people_are_seen(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        world.says("first")
        world.says("second")
        noting.edit(world.gitlab, world.opened, world.ann, world.opened.notes[1], "second, edited")
        assert [one.edited for one in asyncio.run(discussion(world)).comments] == [False, True]
