"""GitHub with one repository, and a workflow that runs on its events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.doubles.github import GitHub

from .workflow import Workflow

CART = '''"""A cart."""


def total(prices):
    """The sum."""
    result = 0
    for price in prices:
        result += price
    return result
'''


class Unheard:
    """Where nobody looks at what a job prints."""

    def readouterr(self) -> tuple[str, str]:
        """Nothing."""
        return "", ""


@contextmanager
def running(folder: Path, files: Mapping[str, str], capfd: Any = None, **permissions: str) -> Iterator[Workflow]:
    """GitHub with `octo/shop`, where ann may write and bob may read."""
    given = {"contents": "read", "pull_requests": "write", "checks": "write"} | permissions
    with GitHub(folder / "github").running() as github:
        shop = github.project("octo/shop", files)
        shop.collaborator("ann", "write")
        shop.collaborator("bob", "read")
        yield Workflow(github, shop, folder, capfd or Unheard(), github.token(shop, **given))


@pytest.fixture
def workflow(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Workflow]:
    """A repository with one file."""
    with running(tmp_path, {"cart.py": CART}, capfd) as workflow:
        yield workflow
