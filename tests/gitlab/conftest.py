"""GitLab with one project, and a job that runs in its pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.doubles.gitlab import DEVELOPER, REPORTER, GitLab

from .job import CART, Jobs


@pytest.fixture
def jobs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Jobs]:
    """`group/shop`, where ann may write, by her group, and bob may read."""
    world = GitLab(tmp_path / "gitlab")
    owner, ann, bob = world.user("owner"), world.user("ann"), world.user("bob")
    shop = world.project("group/shop", {"cart.py": CART}, owner=owner)
    shop.inherited[ann.id], shop.members[bob.id] = DEVELOPER, REPORTER
    bot, token = world.project_token(shop)
    with world.running():
        yield Jobs(world, shop, ann, bob, bot, token, tmp_path, capfd)
