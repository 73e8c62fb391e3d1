"""A pull request under review."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .stage import Stage

CART = '''"""A cart."""


def total(prices):
    """The sum."""
    result = 0
    for price in prices:
        result += price
    return result
'''


@pytest.fixture
def stage(make_repo: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Stage:
    """A repository with one file, and nobody's pull request yet."""
    monkeypatch.setenv("CODEDESIGNER_STATE_DIR", str(tmp_path / "state"))
    return Stage(make_repo({"cart.py": CART}))
