"""GitHub with one repository, and a workflow that runs on its events."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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


@pytest.fixture
def workflow(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Workflow]:
    """`octo/shop`, where ann may write and bob may read."""
    with GitHub(tmp_path / "github").running() as github:
        shop = github.project("octo/shop", {"cart.py": CART})
        shop.collaborator("ann", "write")
        shop.collaborator("bob", "read")
        token = github.token(shop, contents="read", pull_requests="write", checks="write")
        yield Workflow(github, shop, tmp_path, capfd, token)
