"""What the contract needs of a forge's double: a pull request, and answers that get lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from tests.doubles.github import Fault, GitHub, Project, Pull
from tests.doubles.gitlab import DEVELOPER, GitLab, MergeRequest, User, noting
from tests.doubles.gitlab import Project as GitLabProject
from tests.doubles.gitlab.model import TokenKind

from codedesigner.change.model import FileChange
from codedesigner.forge.attempts import Timing
from codedesigner.forge.github.address import AccessToken, Address
from codedesigner.forge.github.connect import connect
from codedesigner.forge.github.forge import GitHubForge
from codedesigner.forge.gitlab.address import AccessToken as GitLabToken
from codedesigner.forge.gitlab.address import Address as GitLabAddress
from codedesigner.forge.gitlab.checks import Beat, each_minute
from codedesigner.forge.gitlab.connect import connect as connect_gitlab
from codedesigner.forge.gitlab.forge import GitLabForge
from codedesigner.publish.discussion import Anchor, NewThread, Place
from codedesigner.publish.ports import Forge

FIFTY = "".join(f"line {n}\n" for n in range(1, 51))
Write = Literal["post", "comment", "reply", "edit", "edit review", "react", "check"]


class World(Protocol):
    """A forge with one open pull request, number 1, whose `a.py` has the lines 13 and 42 changed."""

    @property
    def forge(self) -> Forge:
        """The forge as our account sees it."""

    @property
    def notified(self) -> int:
        """How often our account has told people of something new."""

    def push(self) -> None:
        """Another commit on the pull request."""

    def says(self, body: str, *, login: str = "ann") -> None:
        """A comment of somebody who may write."""

    def issue(self, title: str, body: str, *, edited_by: str = "") -> int:
        """An issue by ann, changed by somebody else afterwards where one is named; its number."""

    def fails(self, write: Write, *, stored: bool) -> None:
        """The next write of that kind is answered with 502, after it was stored or instead."""


@dataclass
class GitHubWorld:
    """GitHub's double as a world."""

    github: GitHub
    shop: Project
    opened: Pull
    forge: GitHubForge
    paused: list[float]

    @property
    def notified(self) -> int:
        return len(self.github.notifications)

    def push(self) -> None:
        """Another commit."""
        self.opened.push({"c.py": "c = 1\n"})

    def says(self, body: str, *, login: str = "ann") -> None:
        """A comment."""
        self.github.comment(self.opened, login, body)

    def issue(self, title: str, body: str, *, edited_by: str = "") -> int:
        """An issue."""
        made = self.github.issue(self.shop, "ann", title, body)
        if edited_by:
            self.github.edit_issue(made, edited_by, body)
        return made.number

    def fails(self, write: Write, *, stored: bool) -> None:
        """A fault of the next such write."""
        method, path = {
            "post": ("POST", "/reviews$"),
            "comment": ("POST", "/issues/1/comments$"),
            "reply": ("POST", "/replies$"),
            "edit": ("PATCH", "/issues/comments/"),
            "edit review": ("PUT", "/reviews/[0-9]+$"),
            "react": ("POST", "/reactions$"),
            "check": ("POST", "/check-runs$"),
        }[write]
        self.github.fail(Fault(method, path, stored=stored))


@contextmanager
def github_world(
    folder: Path, *, fork: str = "mallory", patience_s: float = 900.0, **may: str
) -> Iterator[GitHubWorld]:
    """GitHub with `octo/shop`; `may` are the permissions of a job's token."""
    with GitHub(folder).running() as github:
        shop = github.project("octo/shop", {"a.py": FIFTY, "b.py": "b = 1\n", "run.sh": "true\n"})
        shop.collaborator("ann", "write")
        changed = FIFTY.replace("line 13\n", "thirteen\n").replace("line 42\n", "forty-two\n")
        opened = github.pull(shop, {"a.py": changed}, fork=fork)
        paused: list[float] = []

        async def sleep(seconds: float) -> None:
            paused.append(seconds)
            github.clock.tick(seconds)

        timing = Timing(now=lambda: github.clock.now.timestamp(), sleep=sleep, patience_s=patience_s)
        address = Address("octo/shop", github.api, f"{github.api.removesuffix('/v3')}/graphql")
        forge = connect(address, AccessToken(github.token(shop, **may)), timing)
        try:
            yield GitHubWorld(github, shop, opened, forge, paused)
        finally:
            forge.close()


@dataclass
class GitLabWorld:
    """GitLab's double as a world."""

    gitlab: GitLab
    project: GitLabProject
    opened: MergeRequest
    ann: User
    bot: User
    forge: GitLabForge
    paused: list[float]

    @property
    def notified(self) -> int:
        return sum(who == self.bot.username for who, _ in self.gitlab.notifications)

    def push(self) -> None:
        """Another commit."""
        self.gitlab.push(self.opened.source, self.opened.source_branch, {"c.py": "c = 1\n"})

    def says(self, body: str, *, login: str = "ann") -> None:
        """A comment."""
        noting.comment(self.gitlab, self.opened, next(one for one in self.gitlab.users if one.username == login), body)

    def issue(self, title: str, body: str, *, edited_by: str = "") -> int:
        """An issue."""
        made = self.gitlab.issue(self.project, self.ann, title, body)
        if edited_by:
            somebody = next(one for one in self.gitlab.users if one.username == edited_by)
            self.gitlab.edit_issue(made, somebody, title=title, description=body)
        return made.iid

    def fails(self, write: Write, *, stored: bool) -> None:
        """A fault of the next such write."""
        method, path = {
            "post": ("POST", "/bulk_publish$"),
            "comment": ("POST", "/merge_requests/1/notes$"),
            "reply": ("POST", "/discussions/[^/]+/notes$"),
            "edit": ("PUT", "/notes/[0-9]+$"),
            "edit review": ("PUT", "/notes/[0-9]+$"),
            "react": ("POST", "/award_emoji$"),
            "check": ("POST", "/statuses/"),
        }[write]
        self.gitlab.fail(Fault(method, path, stored=stored))


@contextmanager
def gitlab_world(
    folder: Path,
    *,
    fork: str = "mallory",
    patience_s: float = 900.0,
    between_writes_s: float = 0.0,
    kind: TokenKind = "api",
    level: int = DEVELOPER,
    beat: Beat = each_minute,
    **_may: str,
) -> Iterator[GitLabWorld]:
    """GitLab with `octo/shop`, and a project access token."""
    world = GitLab(folder)
    owner, ann = world.user("owner"), world.user("ann")
    shop = world.project("octo/shop", {"a.py": FIFTY, "b.py": "b = 1\n", "run.sh": "true\n"}, owner=owner)
    shop.members[ann.id] = DEVELOPER
    author = world.user(fork) if fork else ann
    source = world.fork(shop, author) if fork else shop
    changed = FIFTY.replace("line 13\n", "thirteen\n").replace("line 42\n", "forty-two\n")
    world.push(source, "feature", {"a.py": changed})
    opened = world.open(shop, "feature", author, source=source)
    bot, token = world.project_token(shop, level, kind)
    paused: list[float] = []
    with world.running():

        async def sleep(seconds: float) -> None:
            paused.append(seconds)
            world.clock.tick(seconds)

        timing = Timing(lambda: world.clock.now.timestamp(), sleep, between_writes_s, patience_s)
        forge = connect_gitlab(GitLabAddress("octo/shop", world.url), GitLabToken(token), timing, beat)
        try:
            yield GitLabWorld(world, shop, opened, ann, bot, forge, paused)
        finally:
            forge.close()


def thread(key: str, line: int, *, start: int | None = None, path: str = "a.py") -> NewThread:
    """A comment on new lines of a file in which old and new numbers are the same."""
    first = line if start is None else start
    place = Place(path, path, "RIGHT", _anchor(first), _anchor(line))
    return NewThread(place, f"About line {line}.\n\n<!-- {key} -->", key)


def _anchor(line: int) -> Anchor:
    return Anchor("added", line + 1, line) if line in (13, 42) else Anchor("context", line, line)


def named(files: tuple[FileChange, ...], path: str) -> FileChange:
    """The file of a change."""
    return next(file for file in files if file.path == path)
