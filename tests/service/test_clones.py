"""Clones: kept, shared, bounded, and whole again after a git that was killed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from codedesigner.errors import UnavailableError
from codedesigner.service import clones as module
from codedesigner.service.clones import Clones

A, B = "a" * 40, "b" * 40


@dataclass(frozen=True)
class Forge:
    clone_url: str = "https://forge.test/o/a.git"
    git_user: str = "x"

    async def token(self) -> str:
        return "secret"


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    calls: list[tuple[str, ...]] = []

    def fetch(_url: str, commits: Any, folder: Path, **_more: object) -> Path:
        assert not (folder / ".git" / "shallow.lock").exists()
        (folder / ".git").mkdir(parents=True, exist_ok=True)
        (folder / ".git" / "pack").write_bytes(b"x" * 1_000)
        calls.append(tuple(commits))
        return folder

    monkeypatch.setattr(module, "fetch_commits", fetch)
    return calls


def test_a_clone_outlives_its_task_and_locks_of_a_killed_git_do_not(
    tmp_path: Path, fetched: list[tuple[str, ...]]
) -> None:
    async def run() -> None:
        clones = Clones(tmp_path)
        async with clones.of(Forge()) as fetch:
            there = await fetch([A])
            assert there is not None
        (there / ".git" / "shallow.lock").touch()
        async with clones.of(Forge()) as fetch:
            assert await fetch([B]) == there
        assert fetched == [(A,), (B,)]

    asyncio.run(run())


def test_what_is_too_much_goes_the_longest_unused_first_and_never_what_is_in_use(
    tmp_path: Path, fetched: list[tuple[str, ...]]
) -> None:
    async def run() -> None:
        clones = Clones(tmp_path, most_bytes=20_000)
        paths: list[Path] = []
        for name in "abc":
            async with clones.of(Forge(f"https://forge.test/o/{name}.git")) as fetch:
                path = await fetch([A])
                assert path is not None
                paths.append(path)
        small = Clones(tmp_path, most_bytes=1_500)
        async with small.of(Forge("https://forge.test/o/a.git")) as fetch:
            await fetch([A])
            gone = small.make_room()
            assert paths[0].exists()
            assert set(gone) == {paths[1].name, paths[2].name}
        assert not paths[0].exists(), "nobody uses it any more, and it alone is too much"

    asyncio.run(run())


def test_an_address_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    async def run() -> None:
        async with Clones(tmp_path, seconds=5).of(Forge("http://127.0.0.1:9/o/a.git")) as fetch:
            with pytest.raises(UnavailableError):
                await fetch([A])

    asyncio.run(run())
