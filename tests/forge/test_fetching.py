"""Fetching commits: what is refused before git runs, and what is never written down."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.doubles.git import Entry
from tests.doubles.github import Fault
from tests.forge.contract.world import github_world

from codedesigner.change.git import Git
from codedesigner.change.source import ReadLimits, read_range
from codedesigner.errors import RepositoryError, UnavailableError
from codedesigner.forge.fetching import fetch_commits

SHA = "0123456789" * 4


@pytest.mark.parametrize("commit", ["--upload-pack=touch pwned", "main", "refs/pull/1/head", SHA[:12], f"{SHA}\n"])
def test_T_SEC_44_only_full_ids_are_asked_for(tmp_path: Path, commit: str) -> None:
    with pytest.raises(RepositoryError):
        fetch_commits("https://git.example/o/r.git", [commit], tmp_path / "clone")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url", ["ext::sh -c id", "file:///etc", "http://git.example/o/r.git", "ssh://git.example/o/r", "https://t:k@h/o/r"]
)
def test_only_https_is_spoken(tmp_path: Path, url: str) -> None:
    with pytest.raises(RepositoryError):
        fetch_commits(url, [SHA], tmp_path / "clone")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_had_is_said_without_the_token(tmp_path: Path) -> None:
    with github_world(tmp_path / "g") as world:
        url = f"{world.github.address}/octo/shop.git"
        with pytest.raises(RepositoryError) as wrong:
            fetch_commits(url, [SHA], tmp_path / "clone", user="x-access-token", token="ghs_secret")
        assert "secret" not in str(wrong.value)
        assert not [one for one in (tmp_path / "clone").rglob("*") if one.is_file() and b"secret" in one.read_bytes()]


def test_a_redirection_is_not_followed(tmp_path: Path) -> None:
    with github_world(tmp_path / "g") as world:
        address = world.github.address
        elsewhere = {"Location": f"{address}/mallory/shop.git/info/refs?service=git-upload-pack"}
        world.github.fail(Fault("GET", "/octo/shop.git/", nth=0, status=302, headers=elsewhere, body=""))

        with pytest.raises(RepositoryError):
            fetch_commits(f"{address}/octo/shop.git", [SHA], tmp_path / "clone", user="x", token="ghs_secret")

        assert not world.github.asked(path="mallory")


@pytest.mark.parametrize(
    ("fault", "away"),
    [
        (Fault("*", "/octo/shop.git/", nth=0, status=503, body="<html>"), True),
        (Fault("*", "/octo/shop.git/", nth=0, status=429, body=""), True),
        (Fault("*", "/octo/shop.git/", nth=0, cut=True), True),
        (Fault("POST", "/octo/shop.git/", nth=0, status=502, body=""), True),
        (Fault("*", "/octo/shop.git/", nth=0, status=500, body=""), False),
        (Fault("*", "/octo/shop.git/", nth=0, status=403, body=""), False),
    ],
    ids=["503", "429", "cut", "502 later", "500", "403"],
)
def test_a_server_that_is_away_is_told_from_one_that_refuses(tmp_path: Path, fault: Fault, away: bool) -> None:
    with github_world(tmp_path / "g") as world:
        url, head = f"{world.github.address}/octo/shop.git", world.opened.head_sha
        world.github.fail(fault)
        with pytest.raises(UnavailableError if away else RepositoryError):
            fetch_commits(url, [head], tmp_path / "clone")
        world.github.heal()
        fetch_commits(url, [head], tmp_path / "clone")
    with pytest.raises(UnavailableError):
        fetch_commits(url, [SHA], tmp_path / "other")


def test_T_SEC_11_the_token_is_in_no_argument_and_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `git` in front of git writes down how it was called."""
    log, tools = tmp_path / "calls", tmp_path / "tools"
    tools.mkdir()
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
    (tools / "git").write_text(f'#!/bin/sh\n{{ echo "$@"; env | cut -d= -f1; }} >> {log}\nexec {real} "$@"\n')
    (tools / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-of-a-model")
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_of_the_job")
    with github_world(tmp_path / "g") as world:
        head = world.opened.head_sha
        clone = fetch_commits(
            f"{world.github.address}/octo/shop.git",
            [head],
            tmp_path / "clone",
            user="x-access-token",
            token="ghs_secret",
        )
    called = log.read_text()
    assert "fetch" in called
    for name in ("ghs_secret", "OPENROUTER_API_KEY", "GITHUB_TOKEN", "sk-of-a-model"):
        assert name not in called
    packed = b"eC1hY2Nlc3MtdG9rZW46"  # what "x-access-token:" is in base64
    held = [one.read_bytes() for one in clone.rglob("*") if one.is_file()]
    assert not [one for one in held if b"ghs_secret" in one or packed in one]
    assert Git(clone).try_resolve(head) == head


def test_a_clone_grows_by_one_pack_a_fetch_however_many_there_were(tmp_path: Path) -> None:
    with github_world(tmp_path / "g") as world:
        url, clone = f"{world.github.address}/octo/shop.git", tmp_path / "clone"
        # What git asks grows with what the clone has; above a kilobyte it sends that packed.
        for number in range(24):
            world.opened.push({f"more{number}.py": f"x = {number}\n"})
            fetch_commits(url, [world.opened.head_sha], clone)
            assert len(list(clone.glob(".git/objects/pack/*.pack"))) == number + 1
        assert not list(clone.glob(".git/objects/??/*"))
        assert Git(clone).is_sound()


def test_T_GH_61_T_XF_05_a_shallow_fetch_a_full_clone_and_the_api_tell_the_same_change(tmp_path: Path) -> None:
    text = "".join(f"line {number}\n" for number in range(30))
    with github_world(tmp_path / "g") as world:
        pull = world.opened
        pull.move_base({"old name.txt": text, "run.sh": "#!/bin/sh\n", "crlf.txt": "a\r\nb\r\n", "gone.py": "x = 1\n"})
        start = pull.base_sha
        files: dict[str, Any] = {
            "old name.txt": None,
            "new n\u00e4me.txt": text.replace("line 7\n", "line seven\n"),
            "run.sh": Entry("#!/bin/sh\n", "100755"),
            "link": Entry("../../etc/passwd", "120000"),
            "module": Entry("0123456789" * 4, "160000"),
            "bin.dat": b"\0\1\2",
            "crlf.txt": "a\r\nc\r\n",
            "open end.py": b"x = 2",
            "gone.py": None,
            "empty": "",
            "odd.txt": "a\x0cb\u2028c\x85d\n--- a/x\n+++ b/x\n",
        }
        repo = world.github.projects["octo/shop"].repo
        pull.moved(repo.commit("topic", files, "everything", parents=(start,)))
        for number in range(3):
            pull.move_base({f"other{number}.py": "1\n"})
        now = asyncio.run(world.forge.pull(1))
        base = asyncio.run(world.forge.merge_base(now.base, now.head))
        assert base == start

        told = asyncio.run(world.forge.change(now, file_bytes=1_000_000, most_files=100))
        url = f"{world.github.address}/octo/shop.git"
        shallow = fetch_commits(url, [base, now.head], tmp_path / "shallow")
        fetched = read_range(shallow, base, now.head, ReadLimits(), exact=True)
        clone = tmp_path / "clone"
        repo.git("clone", "-q", "--no-checkout", ".", str(clone))
        repo.git("-C", str(clone), "fetch", "-q", "origin", "refs/pull/1/head")
        local = read_range(clone, now.base, now.head, ReadLimits())

    assert Git(shallow).is_shallow()
    assert (told.base, told.head) == (fetched.base, fetched.head) == (local.base, local.head)
    for one, two, three in zip(local.files, fetched.files, told.files, strict=True):
        assert one == two
        assert one == three
    assert {one.status for one in local.files} >= {"added", "deleted", "renamed", "modified"}
