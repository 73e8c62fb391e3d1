"""Which commits are compared, and what is said when history cannot tell."""

from __future__ import annotations

import pytest

from codedesigner.change.git import Git
from codedesigner.change.history import common_base, resolve, upstream_base
from codedesigner.errors import RepositoryError

from .conftest import MakeScratch, Scratch


def commits(repo: Scratch, *names: str) -> list[str]:
    ids = []
    for name in names:
        repo.write(name, name.encode())
        ids.append(repo.commit())
    return ids


def test_names_ids_and_relative_revisions_resolve_to_full_ids(scratch: Scratch) -> None:
    first, second = commits(scratch, "a", "b")
    git = Git(scratch.top)
    assert [resolve(git, name) for name in ("main", "HEAD", second[:8], "main~1", "@{0}")] == [
        second, second, second, first, second,
    ]  # fmt: skip


def test_sha256_repositories_work(make_scratch: MakeScratch) -> None:
    repo = make_scratch("--object-format=sha256")
    (first, second) = commits(repo, "a", "b")
    git = Git(repo.top)
    assert len(second) == 64
    assert common_base(git, first, second) == first
    assert git.read_file_at("HEAD", "b") == b"b"


@pytest.mark.parametrize(
    "hostile",
    [
        "--upload-pack=touch${IFS}pwn",
        "--output=pwn",
        "-h",
        "$(touch pwn)",
        "a;touch pwn",
        "a\nb",
        "a\0b",
        "",
        "..",
        "^main",
        "main..main",
        ":/",
        "main:a",
        "--all",
    ],
)
def test_hostile_revisions_are_refused_and_nothing_is_written(scratch: Scratch, hostile: str) -> None:
    commits(scratch, "a")
    with pytest.raises(RepositoryError):
        resolve(Git(scratch.top), hostile)
    assert sorted(path.name for path in scratch.top.iterdir()) == [".git", "a"]


def test_a_branch_with_a_hostile_name_is_only_a_name(scratch: Scratch) -> None:
    (commit,) = commits(scratch, "a")
    name = 'zzz";echo${IFS}pwned>pwn;#'
    scratch.git("update-ref", f"refs/heads/{name}", commit)
    assert resolve(Git(scratch.top), name) == commit
    assert not (scratch.top / "pwn").exists()


def test_an_unknown_name_gets_near_ones(scratch: Scratch) -> None:
    (commit,) = commits(scratch, "a")
    scratch.git("update-ref", "refs/remotes/origin/feature", commit)
    with pytest.raises(RepositoryError, match="`mian` names no commit") as caught:
        resolve(Git(scratch.top), "mian")
    assert caught.value.hint == "did you mean `main`?"
    with pytest.raises(RepositoryError) as caught:
        resolve(Git(scratch.top), "feature")
    assert caught.value.hint == "did you mean `origin/feature`?"


def test_a_repository_without_a_commit_says_so(scratch: Scratch) -> None:
    with pytest.raises(RepositoryError, match="no commit yet"):
        upstream_base(Git(scratch.top), None)


def test_the_upstream_is_what_a_branch_is_compared_with(scratch: Scratch) -> None:
    (first,) = commits(scratch, "a")
    scratch.git("checkout", "--quiet", "-b", "stable")
    (second,) = commits(scratch, "b")
    scratch.git("checkout", "--quiet", "-b", "topic", "--track", "stable")
    (tip,) = commits(scratch, "c")
    git = Git(scratch.top)
    assert upstream_base(git, None) == second
    assert upstream_base(git, "topic") == second
    assert upstream_base(git, tip) == first  # an id has no upstream: main is what is left


@pytest.mark.parametrize("name", ["refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master"])
def test_without_an_upstream_the_default_branch_of_origin_serves(scratch: Scratch, name: str) -> None:
    first, _ = commits(scratch, "a", "b")
    scratch.git("update-ref", name, first)
    assert upstream_base(Git(scratch.top), None) == first


def test_with_nothing_to_compare_with_base_is_asked_for(scratch: Scratch) -> None:
    commits(scratch, "a")
    scratch.git("branch", "--move", "only")
    with pytest.raises(RepositoryError, match="no upstream branch") as caught:
        upstream_base(Git(scratch.top), None)
    assert "--base" in (caught.value.hint or "")


def test_unrelated_histories_are_named_as_such(scratch: Scratch) -> None:
    (first,) = commits(scratch, "a")
    scratch.git("checkout", "--quiet", "--orphan", "other")
    (second,) = commits(scratch, "b")
    with pytest.raises(RepositoryError, match="unrelated histories"):
        common_base(Git(scratch.top), first, second)


def test_a_shallow_clone_says_how_to_get_the_rest(scratch: Scratch, make_scratch: MakeScratch) -> None:
    first, _ = commits(scratch, "a", "b")
    scratch.git("checkout", "--quiet", "-b", "topic", first)
    commits(scratch, "c", "d")
    clone = make_scratch()
    url = f"file://{scratch.top}"
    clone.git("fetch", "--quiet", "--depth=1", url, "main:refs/remotes/origin/main", "topic:refs/heads/topic")
    git = Git(clone.top)
    with pytest.raises(RepositoryError, match="no common commit in this clone, which is shallow") as caught:
        upstream_base(git, "topic")
    assert "git fetch --unshallow" in (caught.value.hint or "")
    assert "fetch-depth: 0" in (caught.value.hint or "")
    with pytest.raises(RepositoryError, match="not in this clone, which is shallow"):
        resolve(git, first)
