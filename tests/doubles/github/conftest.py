"""One repository with a pull request of two hunks, and PyGithub clients for it. Refusals leave it as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from github.GithubException import GithubException
from github.PullRequest import PullRequest
from github.Repository import Repository
from tests.doubles.github import GitHub, Project, Pull

OLD = "".join(f"line {number}\n" for number in range(1, 61))
NEW = OLD.replace("line 12\n", "twelve\n").replace("line 14\n", "").replace("line 42\n", "forty-two\n")


@dataclass
class Scene:
    """The double while it runs, and what is in it."""

    github: GitHub
    shop: Project
    pull: Pull
    token: str

    def repo(self, token: str = "") -> Repository:
        """The repository for a client; of a workflow unless told otherwise."""
        return self.github.client(token or self.token).get_repo("octo/shop")

    def page(self, token: str = "", pull: Pull | None = None) -> PullRequest:
        """A pull request for a client."""
        return self.repo(token).get_pull((pull or self.pull).number)

    def ask(self, method: str, path: str, body: object = None, token: str = "") -> Any:
        """What PyGithub gets for a request that it has no method for."""
        requester = self.github.client(token or self.token).requester
        return requester.requestJsonAndCheck(method, path, input=body)[1]

    def diff(self, pull: Pull) -> bytes:
        """A pull request in the media type of diffs."""
        requester = self.github.client(self.token).requester
        accept = {"Accept": "application/vnd.github.diff"}
        path = f"/repos/octo/shop/pulls/{pull.number}"
        _, found = requester.requestJsonAndCheck("GET", path, headers=accept)
        return str(found["data"]).encode()

    def review(self, *comments: Mapping[str, Any], token: str = "", **more: Any) -> Any:
        """Ask for a review as the API takes it."""
        body = {"body": "A summary.", "event": "COMMENT", "comments": list(comments), **more}
        path = f"/repos/octo/shop/pulls/{self.pull.number}/reviews"
        return self.ask("POST", path, {key: value for key, value in body.items() if value is not None}, token)


def make(folder: Path) -> tuple[GitHub, Project, Pull]:
    """A double that does not run yet."""
    github = GitHub(folder)
    shop = github.project("octo/shop", {"a.py": OLD, "old.py": "x = 1\n"})
    shop.collaborator("ann", "write")
    shop.collaborator("tom", "triage")
    pull = github.pull(shop, {"a.py": NEW, "new.py": "y = 2\n", "old.py": None}, author="dev", body="Please.")
    shop.collaborator("dev", "read")
    return github, shop, pull


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A running scene that the tests of a file share."""
    github, shop, pull = make(tmp_path_factory.mktemp("github"))
    with github.running():
        yield Scene(github, shop, pull, github.token(shop))


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Scene]:
    """A running scene for one test."""
    github, shop, pull = make(tmp_path)
    with github.running():
        yield Scene(github, shop, pull, github.token(shop))


def headers(refused: pytest.ExceptionInfo[GithubException]) -> dict[str, str]:
    """The headers of a refusal."""
    return refused.value.headers or {}


def data(refused: pytest.ExceptionInfo[GithubException]) -> Any:
    """The body of a refusal."""
    return refused.value.data
