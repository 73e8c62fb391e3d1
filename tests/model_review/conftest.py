"""What the tests of a review by models share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .studio import Repo, Studio


@pytest.fixture
def studio(
    make_repo: Callable[..., Repo],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Studio:
    """An empty repository, and a state of its own."""
    monkeypatch.setenv("CODEDESIGNER_STATE_DIR", str(tmp_path / "state"))
    # Scripts that say nothing of repairs would be asked for them. Tests of repairs take it away.
    monkeypatch.setenv("CODEDESIGNER_FIX__CALLS", "0")
    return Studio(make_repo(), tmp_path, capfd)
