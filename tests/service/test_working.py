"""A worker that cannot work says so before it takes a task."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from codedesigner.errors import ConfigError
from codedesigner.service.working import work


def test_without_a_folder_for_temporary_files_it_does_not_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("codedesigner.service.working.gettempdir", nowhere)
    nothing: Any = None
    with pytest.raises(ConfigError, match="no folder for temporary files") as refused:
        asyncio.run(work(nothing, nothing, nothing, database_url=None, folder=tmp_path, environ={}, slots=1))
    assert refused.value.hint == "set TMPDIR to one"
