"""One project with one merge request that has every kind of line, and python-gitlab clients for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gitlab
import pytest
from tests.doubles.gitlab import MAINTAINER, GitLab, MergeRequest, Project, User

OLD = "".join(f"line {number}\n" for number in range(1, 31))
NEW = OLD.replace("line 5\n", "line 5\nadded a\nadded b\n").replace("line 20\n", "").replace("line 25\n", "changed\n")


@dataclass
class Scene:
    """The double while it runs, and what is in it."""

    world: GitLab
    project: Project
    dev: User
    bot: User
    token: str
    request: MergeRequest

    def client(self, token: str | None = None, **more: Any) -> gitlab.Gitlab:
        """A client; of the bot unless told otherwise."""
        return gitlab.Gitlab(self.world.address, private_token=token or self.token, **more)

    @property
    def page(self) -> Any:
        """The merge request as the bot's client sees it."""
        return self.client().projects.get(self.project.path).mergerequests.get(self.request.iid)

    def position(self, **more: Any) -> dict[str, Any]:
        """A position in `app.py` of the newest version."""
        whole = {**self.request.versions[0].refs, "position_type": "text", "old_path": "app.py", "new_path": "app.py"}
        return {**whole, **more}


def build(folder: Path) -> Scene:
    """A scene that is not running yet."""
    world = GitLab(folder)
    dev = world.user("dev")
    files = {"app.py": OLD, "gone.py": "a\nb\n", "moved.py": OLD.replace("line", "row")}
    project = world.project("group/sub/app", files, owner=dev)
    project.members[dev.id] = MAINTAINER
    bot, token = world.project_token(project)
    world.push(
        project,
        "feature",
        {
            "app.py": NEW,
            "new.py": "".join(f"n {number}\n" for number in range(1, 24)),
            "gone.py": None,
            "moved.py": None,
            "there.py": OLD.replace("line", "row").replace("row 9\n", "row nine\n"),
        },
    )
    return Scene(world, project, dev, bot, token, world.open(project, "feature", dev))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A running scene for all tests of a file that mind nothing of each other."""
    made = build(tmp_path_factory.mktemp("shared"))
    with made.world.running():
        yield made


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A running scene."""
    made = build(tmp_path)
    with made.world.running():
        yield made
