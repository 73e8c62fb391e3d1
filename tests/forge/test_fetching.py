"""Fetching commits: what is refused before git runs, and what is never written down."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.forge.contract.world import github_world

from codedesigner.errors import RepositoryError
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
