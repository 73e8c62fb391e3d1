"""The forges as the story needs them: what people do, what runs then, and what can be seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.doubles.github import GitHub, Pull
from tests.doubles.github import look as look_at_github
from tests.doubles.gitlab import DEVELOPER, REPORTER, GitLab, MergeRequest
from tests.doubles.gitlab import jobs as runner
from tests.doubles.gitlab import look as look_at_gitlab
from tests.github.workflow import Workflow
from tests.gitlab.job import CART, Jobs

Files = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Told:
    """A thread: where it stands now, None where its line is gone; the line's text; its comments; whether resolved."""

    path: str
    line: int | None
    text: str
    bodies: tuple[str, ...]
    resolved: bool


@dataclass(frozen=True, slots=True)
class View:
    """What a person sees. `comments` stand on no line, those of reviews too; `reactions` are those to people's
    comments; `notified` how often people were told of something by us; `owed`: what stands on no line and has to be
    resolved all the same; `green`: a required check would let it be merged; `hidden` is what nobody should be able to
    find."""

    threads: tuple[Told, ...]
    comments: tuple[str, ...]
    reactions: int
    notified: int
    owed: tuple[str, ...]
    green: bool
    hidden: tuple[str, ...]


class Stage(Protocol):
    """One repository `cart.py` lies in. ann may write, bob may read; pull requests are bob's."""

    def configure(self, text: str) -> None:
        """The configuration of the target branch, before anything is opened."""

    def open(self, files: Files, *, fork: bool = False) -> int:
        """Open a pull request, and have it reviewed; the job's exit code."""

    def push(self, files: Files, *, force: bool = False) -> int:
        """Push to it, and have it reviewed."""

    def says(self, who: str, body: str) -> None:
        """Comment, and have that handled."""

    def queue(self) -> int:
        """Have the merge queue, or the train, ask for its check."""

    def look(self) -> View:
        """What stands there."""

    @property
    def writes(self) -> list[str]:
        """The paths of all that was written so far, statuses, checks and git's own aside."""


class OnGitHub:
    """GitHub, with a workflow."""

    def __init__(self, folder: Path, capfd: Any, github: GitHub) -> None:
        self.github = github
        shop = github.project("octo/shop", {"cart.py": CART})
        shop.collaborator("ann", "write")
        shop.collaborator("bob", "read")
        token = github.token(shop, contents="read", pull_requests="write", checks="write")
        self.workflow = Workflow(github, shop, folder, capfd, token)
        self._pull: Pull | None = None

    @property
    def pull(self) -> Pull:
        """The pull request."""
        assert self._pull is not None
        return self._pull

    def configure(self, text: str) -> None:
        self.workflow.project.repo.commit("refs/heads/main", {".codedesigner.yml": text}, "configure")
        token = self.github.token(self.workflow.project, contents="write", pull_requests="write", checks="write")
        self.workflow.token = token

    def open(self, files: Files, *, fork: bool = False) -> int:
        self._pull = self.github.pull(
            self.workflow.project, files, author="mallory" if fork else "bob", fork="mallory" if fork else ""
        )
        return self.workflow.opened(self.pull).code

    def push(self, files: Files, *, force: bool = False) -> int:
        self.pull.push(files, force=force)
        return self.workflow.pushed(self.pull).code

    def says(self, who: str, body: str) -> None:
        self.workflow.says(self.pull, who, body)

    def queue(self) -> int:
        self.github.enqueue(self.pull)
        return self.workflow.on("merge_group", "checks_requested", self.pull).code

    def look(self) -> View:
        seen = look_at_github(self.github, self.pull)
        return View(
            threads=tuple(
                Told(one.path, one.line, one.text, one.bodies, one.resolved) for one in (*seen.threads, *seen.outdated)
            ),
            comments=(*(one.body for one in seen.comments), *(body for _, _, body in seen.reviews if body)),
            reactions=sum(len(one.reactions) for one in seen.comments),
            notified=len(self.github.notifications),
            owed=(),
            green=seen.passes("codedesigner"),
            hidden=(*seen.pending, *(one.path for one in seen.threads if one.hidden)),
        )

    @property
    def writes(self) -> list[str]:
        return [one.path for one in self.github.writes if not any(part in one.path for part in ("check-runs", ".git/"))]


class OnGitLab:
    """GitLab, with a job in each pipeline, and comments told by webhooks."""

    def __init__(self, folder: Path, capfd: Any, world: GitLab) -> None:
        self.world = world
        owner, ann, bob = world.user("owner"), world.user("ann"), world.user("bob")
        shop = world.project("group/shop", {"cart.py": CART}, owner=owner)
        shop.inherited[ann.id], shop.members[bob.id] = DEVELOPER, REPORTER
        bot, token = world.project_token(shop)
        self.jobs = Jobs(world, shop, ann, bob, bot, token, folder, capfd)
        self._request: MergeRequest | None = None

    @property
    def request(self) -> MergeRequest:
        """The merge request."""
        assert self._request is not None
        return self._request

    def configure(self, text: str) -> None:
        self.world.push(self.jobs.project, "main", {".codedesigner.yml": text})

    def open(self, files: Files, *, fork: bool = False) -> int:
        self._request = self.jobs.opened(files, fork=fork)
        return self._job()

    def push(self, files: Files, *, force: bool = False) -> int:
        source = self.request.source
        tip = source.repository.sha(f"refs/heads/{source.default_branch}")
        self.world.push(source, "feature", files, parents=(tip,) if force and tip else None)
        return self._job()

    def says(self, who: str, body: str) -> None:
        person = self.jobs.ann if who == "ann" else self.jobs.bob
        event = self.jobs.says(self.request, person, body)
        self.jobs.handled(event, runner.merge_request_job(self.world, self.request, in_parent=True))

    def queue(self) -> int:
        return self.jobs.run(runner.merge_request_job(self.world, self.request, "merge_train")).code

    def look(self) -> View:
        seen = look_at_gitlab(self.world, self.request)
        return View(
            threads=tuple(
                Told(one.path, one.line, one.text, one.bodies, one.resolved) for one in (*seen.threads, *seen.outdated)
            ),
            comments=(*(body for _, body in seen.comments), *(body for _, body, _ in seen.discussions)),
            reactions=len(seen.awards),
            notified=sum(who == self.jobs.bot.username for who, _ in self.world.notifications),
            owed=tuple(body for _, body, resolved in seen.discussions if not resolved),
            green=seen.statuses.get("codedesigner") == "success",
            hidden=(*(body for _, body in seen.drafts), *seen.executed, *seen.suspicious, *seen.approved_by),
        )

    def _job(self) -> int:
        return self.jobs.run(runner.merge_request_job(self.world, self.request, in_parent=True)).code

    @property
    def writes(self) -> list[str]:
        return [one.path for one in self.world.writes if not any(part in one.path for part in ("statuses", ".git/"))]
