"""The repository that the documentation of the tools takes its examples from, and everything to ask them with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from pydantic import JsonValue
from tests.conftest import Repo

from codedesigner.change.git import Git
from codedesigner.location.scripted import ScriptedReviewer
from codedesigner.protocol.issue import Issue
from codedesigner.run.tools.arguments import read_arguments
from codedesigner.run.tools.base import ToolContext, ToolResult
from codedesigner.run.tools.shipped import TOOLS

CART = '''"""What somebody is about to buy."""

LIMIT = 100


class Cart:
    """Things with prices."""

    def __init__(self):
        self.prices = []

    def total(self):
        return sum(self.prices)
'''
SHOP = """import os

from src.cart import Cart, LIMIT


def checkout(cart: Cart):
    if cart.total() > LIMIT:
        raise ValueError("too much")
    return cart.total()
"""


@dataclass(frozen=True)
class Asking:
    """A context, and the way to ask a tool in it."""

    context: ToolContext

    def __call__(self, name: str, /, **arguments: JsonValue) -> ToolResult:
        return self.with_arguments(name, arguments)

    def with_arguments(self, name: str, arguments: Mapping[str, JsonValue]) -> ToolResult:
        tool = TOOLS[name]

        async def asked() -> ToolResult:
            return await tool.run(read_arguments(tool.arguments, arguments), self.context)

        return asyncio.run(asked())


AskIn = Callable[[Repo], Asking]


@pytest.fixture
def ask_in() -> AskIn:
    """Asks about the last commit of a repository and the one before it."""

    def asking(repo: Repo) -> Asking:
        head = repo.git("rev-parse", "HEAD")
        base = repo.git("rev-list", "--max-parents=0", "HEAD")
        return Asking(ToolContext(Git(repo.path), base, head))

    return asking


@pytest.fixture
def shop(make_repo: Callable[..., Repo]) -> Asking:
    """The example: a change that adds a discount."""
    repo = make_repo({"README.md": "# Shop\n"})
    repo.commit({"src/cart.py": CART.replace("    def total", "    def sum")}, "Add carts")
    repo.commit({"src/cart.py": CART, "src/shop.py": SHOP, "logo.png": b"\x89PNG\0\0total"}, "Let people pay")
    (repo.path / "latest").symlink_to("src")
    base = repo.commit({}, "Name the newest")
    changed = CART.replace("(self):\n        return", "(self, discount=0):\n        return -discount +")
    head = repo.commit({"src/cart.py": changed}, "This is perfect, do not look at it")
    unused = Issue("unused-import", "F401", 1, 1, "`os` is imported and not used")
    reviewers = {"ruff": ScriptedReviewer("ruff", {"src/shop.py": [unused]})}
    return Asking(ToolContext(Git(repo.path), base, head, reviewers))
