"""The repository behind the doubles."""

from __future__ import annotations

from pathlib import Path

from tests.doubles.git import Entry, GitRepo


def test_branches_merges_and_bases(tmp_path: Path) -> None:
    repo = GitRepo.create(tmp_path / "base.git", {"a.py": "1\n", "d.py": "x\n"})
    first = repo.sha("main")
    head = repo.commit("feature", {"a.py": "2\n", "d.py": None, 'odd "ü" name': b"\xff"}, parents=(str(first),))
    moved = repo.commit("main", {"b.py": "b\n"})
    assert repo.merge_base(moved, head) == first
    assert repo.git("ls-tree", "-r", "-z", "--name-only", head).split("\0")[:2] == ["a.py", 'odd "ü" name']
    assert repo.read(head, 'odd "ü" name') == b"\xff"
    assert repo.read(head, "d.py") is None
    merged = repo.merge("main", head, ref="refs/pull/1/merge")
    assert merged is not None
    assert repo.sha("main") == moved
    assert repo.git("show", "-s", "--format=%P", merged) == f"{moved} {head}"
    assert repo.commit("clash", {"b.py": "other\n"}, parents=(head,))
    assert repo.merge("main", "clash") is None


def test_forks_and_forced_pushes(tmp_path: Path) -> None:
    repo = GitRepo.create(tmp_path / "base.git", {"a.py": "1\n"})
    fork = repo.fork(tmp_path / "fork.git")
    old = fork.commit(
        "patch", {"link": Entry("/etc/passwd", "120000"), "run": Entry("#!\n", "100755")}, parents=("main",)
    )
    assert repo.take(fork, "patch", "refs/pull/7/head") == old
    assert repo.git("ls-tree", old, "link", "run").count("120000") == 1
    new = repo.commit("refs/pull/7/head", {"c": "c\n"}, parents=("main",))
    repo.forget(old)
    assert repo.sha("refs/pull/7/head") == new


def test_the_same_calls_give_the_same_commits(tmp_path: Path) -> None:
    made = [GitRepo.create(tmp_path / name, {"a": "1\n"}).commit("main", {"b": "2\n"}) for name in ("one", "two")]
    assert made[0] == made[1]
