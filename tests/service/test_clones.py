"""Clones: kept, shared, bounded, and whole again after a git that was killed."""

from __future__ import annotations

import asyncio
import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.forge.contract.world import github_world

from codedesigner.change.git import Git
from codedesigner.errors import RepositoryError, UnavailableError
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


def test_what_should_go_and_is_in_use_has_no_new_users_and_goes_with_the_last(
    tmp_path: Path, fetched: list[tuple[str, ...]]
) -> None:
    async def run() -> None:
        clones = Clones(tmp_path, most_bytes=1_500)
        async with AsyncExitStack() as late:
            async with clones.of(Forge()) as fetch:
                first = await fetch([A])
                assert first is not None
                clones = Clones(tmp_path, most_bytes=500)
                assert clones.make_room() == []
                second = await late.enter_async_context(clones.of(Forge()))
                there = await second([B])
                assert there != first
                assert first.exists()
            assert not first.exists(), "its last user is gone"
            async with clones.of(Forge()) as fetch:
                assert await fetch([A]) == first, "the next to be begun is the first again"

    asyncio.run(run())
    assert not list(tmp_path.glob("*.worn"))


def test_where_both_clones_are_worn_the_work_goes_on(tmp_path: Path, fetched: list[tuple[str, ...]]) -> None:
    async def run() -> None:
        clones = Clones(tmp_path, most_bytes=500)
        async with clones.of(Forge()) as one:
            await one([A])
            clones.make_room()
            async with clones.of(Forge()) as two:
                await two([A])
                clones.make_room()
                async with clones.of(Forge()) as three:
                    assert await three([B])

    asyncio.run(run())
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


@dataclass(frozen=True)
class Real:
    """GitHub's double, fetched from as if it were the forge."""

    clone_url: str
    git_user: str = "x-access-token"

    async def token(self) -> str:
        return "ghs_secret"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with github_world(tmp_path_factory.mktemp("g")) as made:
        yield made


async def had(clones: Clones, world: Any, commits: list[str]) -> Path:
    async with clones.of(Real(f"{world.github.address}/octo/shop.git")) as fetch:
        there = await fetch(commits)
        assert there is not None
        return there


@pytest.mark.parametrize("damage", ["objects", "HEAD", "config", "shallow"])
def test_a_clone_that_is_broken_is_begun_anew(tmp_path: Path, world: Any, damage: str) -> None:
    async def run() -> None:
        clones, pull = Clones(tmp_path), world.opened
        git = (await had(clones, world, [pull.base_sha])) / ".git"
        if damage == "objects":
            for one in [each for each in git.rglob("objects/**/*") if each.is_file()]:
                one.unlink()
        else:
            (git / damage).write_bytes(b"\0garbage[")
        there = await had(clones, world, [pull.base_sha, pull.head_sha])
        assert Git(there).is_sound()
        assert Git(there).try_resolve(pull.head_sha) == pull.head_sha

    asyncio.run(run())


@pytest.mark.parametrize("size", [0, 10])
def test_what_cannot_be_read_while_it_is_used_is_fetched_anew(tmp_path: Path, world: Any, size: int) -> None:
    async def run() -> None:
        clones, pull = Clones(tmp_path), world.opened

        async def spoilt() -> None:
            async with clones.of(Real(f"{world.github.address}/octo/shop.git")) as fetch:
                there = await fetch([pull.head_sha])
                assert there is not None
                commit = there / ".git" / "objects" / pull.head_sha[:2] / pull.head_sha[2:]
                for one in [each for each in there.rglob("objects/**/*") if each.is_file() and each != commit]:
                    one.chmod(0o600)
                    one.write_bytes(one.read_bytes()[:size])
                raise RepositoryError("unreadable")

        with pytest.raises(RepositoryError, match="unreadable"):
            await spoilt()
        there = await had(clones, world, [pull.head_sha])
        assert Git(there).is_sound()

    asyncio.run(run())


def test_a_clone_that_others_use_is_not_taken_from_them(tmp_path: Path, world: Any) -> None:
    async def run() -> None:
        clones, pull = Clones(tmp_path), world.opened
        async with clones.of(Real(f"{world.github.address}/octo/shop.git")) as fetch:
            there = await fetch([pull.base_sha])
            assert there is not None
            (there / ".git" / "HEAD").write_bytes(b"\0")
            with pytest.raises(RepositoryError):
                await had(clones, world, [pull.head_sha])
            assert there.exists()

    asyncio.run(run())


def test_more_than_a_fetch_may_bring_is_stopped_and_leaves_nothing(
    tmp_path: Path, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codedesigner.change.gitprocess._WATCH_S", 0.01)
    tools = tmp_path / "tools"
    tools.mkdir()
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
    # What a server that sends without end looks like from here.
    hostile = "mkdir -p .git/objects/pack; head -c 3000000 /dev/zero > .git/objects/pack/tmp_pack_x; sleep 60"
    case = 'case "$*" in *" fetch "*) ' + hostile + f';; esac\nexec {real} "$@"\n'
    (tools / "git").write_text(f"#!/bin/sh\n{case}")
    (tools / "git").chmod(0o755)
    before = os.environ["PATH"]

    async def run() -> None:
        clones = Clones(tmp_path / "clones", most_fetched=2_000_000)
        monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{before}")
        with pytest.raises(RepositoryError, match="more than 2,000,000 bytes"):
            await had(clones, world, [world.opened.head_sha])
        monkeypatch.setenv("PATH", before)
        there = await had(clones, world, [world.opened.head_sha])
        assert not list(there.rglob("tmp_*"))

    asyncio.run(run())


def uses(folder: Path) -> list[Path]:
    return list(folder.glob("*.use"))


def test_waiting_for_a_clone_keeps_nobody_else_waiting(tmp_path: Path, fetched: list[tuple[str, ...]]) -> None:
    async def run() -> None:
        clones = Clones(tmp_path)
        async with clones.of(Forge()) as fetch:
            await fetch([A])
        held = os.open(next(iter(uses(tmp_path))), os.O_RDWR)
        fcntl.flock(held, fcntl.LOCK_EX)

        async def use() -> None:
            async with clones.of(Forge()) as fetch:
                await fetch([B])

        using = asyncio.create_task(use())
        await asyncio.sleep(0.05)
        assert not using.done()
        os.close(held)
        await using

    asyncio.run(asyncio.wait_for(run(), 10))


def test_a_host_has_the_address_that_it_was_found_to_have(tmp_path: Path, world: Any) -> None:
    """Nobody who answers for a name the second time is asked."""

    async def run() -> None:
        port = world.github.address.rpartition(":")[2]
        url = f"http://localhost:{port}/octo/shop.git"
        with pytest.raises(UnavailableError):
            async with Clones(tmp_path / "a").of(Real(url), pin=("127.9.9.9",)) as fetch:
                await fetch([world.opened.head_sha])
        async with Clones(tmp_path / "b").of(Real(url), pin=("127.0.0.1",)) as fetch:
            await fetch([world.opened.head_sha])

    asyncio.run(run())


def test_a_clone_of_too_many_fetches_is_begun_anew(
    tmp_path: Path, fetched: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_PACKS", 3)

    async def run() -> None:
        clones = Clones(tmp_path)
        async with clones.of(Forge()) as fetch:
            there = await fetch([A])
            assert there is not None
            (there / ".git" / "objects" / "pack").mkdir(parents=True)
            for n in range(4):
                (there / ".git" / "objects" / "pack" / f"{n}.pack").touch()
        assert not there.exists()

    asyncio.run(run())


def test_an_address_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    async def run() -> None:
        async with Clones(tmp_path, seconds=5).of(Forge("http://127.0.0.1:9/o/a.git")) as fetch:
            with pytest.raises(UnavailableError):
                await fetch([A])

    asyncio.run(run())
