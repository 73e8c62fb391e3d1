"""Reading a repository that its author prepared: nothing runs, nothing leaks, limits hold."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from codedesigner.change.git import Git
from codedesigner.change.source import ReadLimits, read_range
from codedesigner.errors import RepositoryError

from .conftest import MakeScratch, Scratch


@pytest.fixture
def changed(scratch: Scratch) -> Scratch:
    """Two commits that differ in `x.py` and a work tree that differs again."""
    scratch.write("x.py", b"a\n")
    scratch.commit("before")
    scratch.write("x.py", b"b\n")
    scratch.commit("after")
    scratch.write("x.py", b"c\n")
    return scratch


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A program that leaves a mark when it runs; the mark is beside it."""
    program = tmp_path / "canary"
    program.write_text(f'#!/bin/sh\ntouch "{tmp_path}/mark"\ncat\n')
    program.chmod(0o755)
    return program


def read_all(repo: Scratch) -> None:
    """Every kind of reading there is."""
    git = Git(repo.top)
    base, head = git.try_resolve("before"), git.try_resolve("after")
    assert base is not None
    assert head is not None
    assert b"+b" in git.diff(base, head)
    assert b"+c" in git.diff(base, None)
    git.diff(base, head, text=True, paths=["x.py"])
    git.merge_base(base, head)
    git.untracked()
    git.names()
    git.read_file_at("before", "x.py")
    read_range(repo.top, "before", None, ReadLimits())


def test_a_folder_inside_leads_to_the_top(changed: Scratch) -> None:
    inside = changed.top / "deep" / "er"
    inside.mkdir(parents=True)
    assert Git(inside).top == changed.top


def test_what_is_no_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="is not inside a git repository"):
        Git(tmp_path)
    with pytest.raises(RepositoryError, match="is not a folder"):
        Git(tmp_path / "missing")


def test_a_bare_repository_inside_the_tree_is_not_entered(changed: Scratch, canary: Path) -> None:
    bare = changed.top / "docs.git"
    changed.git("init", "--quiet", "--bare", str(bare))
    with (bare / "config").open("a") as config:
        config.write(f"[core]\n\tfsmonitor = {canary}\n\tworktree = /\n")
    with pytest.raises(RepositoryError, match="bare repository"):
        Git(bare)
    assert not (canary.parent / "mark").exists()


def test_a_work_tree_somewhere_else_is_refused(changed: Scratch, tmp_path: Path) -> None:
    changed.git("config", "core.worktree", str(tmp_path))
    with pytest.raises(RepositoryError):
        Git(changed.top)


_PROGRAMS = {
    "fsmonitor": "[core]\n\tfsmonitor = {0}\n",
    "hooks": "[core]\n\thooksPath = {1}/hooks\n",
    "external diff": "[diff]\n\texternal = {0}\n",
    "diff driver": '[diff "evil"]\n\tcommand = {0}\n\ttextconv = {0}\n',
    "filter": '[filter "evil"]\n\tclean = {0}\n\tsmudge = {0}\n\trequired = true\n',
    "filter process": '[filter "evil"]\n\tprocess = {0}\n\trequired = true\n',
    "filter with an odd name": '[filter "evil.a=b"]\n\tclean = {0}\n',
    "pager": "[core]\n\tpager = {0}\n[pager]\n\tdiff = {0}\n",
    "ssh and credentials": "[core]\n\tsshCommand = {0}\n\taskPass = {0}\n[credential]\n\thelper = {0}\n",
}


@pytest.mark.parametrize("setting", _PROGRAMS.values(), ids=_PROGRAMS.keys())
def test_no_program_that_the_repository_names_is_run(changed: Scratch, canary: Path, setting: str) -> None:
    changed.write(".gitattributes", b"*.py diff=evil filter=evil\nx.py filter=evil.a=b\n" if "a=b" in setting else
                  b"*.py diff=evil filter=evil\n")  # fmt: skip
    with (changed.top / ".git" / "config").open("a") as config:
        config.write(setting.format(canary, canary.parent))
    hooks = canary.parent / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "fsmonitor-watchman", "reference-transaction"):
        (hooks / name).symlink_to(canary)
    os.utime(changed.top / "x.py", (1, 1))  # git has to look at the content
    read_all(changed)
    assert not (canary.parent / "mark").exists()


def test_the_canary_sings_when_git_is_asked_carelessly(changed: Scratch, canary: Path) -> None:
    """The test above could pass for want of a trap."""
    changed.write(".gitattributes", b"*.py filter=evil\n")
    changed.git("config", "filter.evil.clean", str(canary))
    os.utime(changed.top / "x.py", (1, 1))
    changed.git("diff", "before")
    assert (canary.parent / "mark").exists()


def test_a_partial_clone_fetches_nothing(changed: Scratch, canary: Path) -> None:
    blob = changed.git("rev-parse", "after:x.py").decode().strip()
    (changed.top / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    for key, value in {
        "remote.origin.url": f"ext::{canary}",
        "remote.origin.promisor": "true",
        "remote.origin.partialclonefilter": "blob:none",
        "protocol.ext.allow": "always",
        "extensions.partialClone": "origin",
        "core.repositoryFormatVersion": "1",
    }.items():
        changed.git("config", key, value)
    with pytest.raises(RepositoryError) as caught:
        read_range(changed.top, "before", "after", ReadLimits())
    assert "--filter" in (caught.value.hint or "")
    assert not (canary.parent / "mark").exists()


def test_settings_of_the_repository_do_not_change_the_diff(changed: Scratch) -> None:
    git = Git(changed.top)
    base, head = git.try_resolve("before"), git.try_resolve("after")
    assert base is not None
    expected = git.diff(base, head)
    (changed.top / "order").write_text("z\n")
    for key, value in {
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.context": "0",
        "diff.algorithm": "patience",
        "diff.renames": "false",
        "diff.orderFile": "order",
        "color.ui": "always",
        "diff.submodule": "log",
        "diff.colorMoved": "zebra",
        "diff.relative": "true",
        "core.abbrev": "4",
        "core.quotePath": "false",
        "diff.interHunkContext": "9",
        "core.bigFileThreshold": "1",
        "diff.wordRegex": ".",
        "diff.suppressBlankEmpty": "true",
    }.items():
        changed.git("config", key, value)
    assert git.diff(base, head) == expected


def test_replaced_objects_are_not_believed(changed: Scratch) -> None:
    changed.git(
        "replace", changed.git("rev-parse", "after:x.py").strip(), changed.git("rev-parse", "before:x.py").strip()
    )
    (file,) = read_range(changed.top, "before", "after", ReadLimits()).files
    assert file.new == b"b\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_a_repository_of_another_user_is_read_when_its_top_is_named(changed: Scratch) -> None:
    (changed.top / "deep").mkdir()
    for path in (changed.top, *changed.top.rglob("*")):
        os.chown(path, 12345, 12345)
    read_all(changed)
    with pytest.raises(RepositoryError, match="belongs to another user") as caught:
        Git(changed.top / "deep")
    assert "--repo" in (caught.value.hint or "")


def test_limits_on_time_and_output_name_themselves(changed: Scratch) -> None:
    git = Git(changed.top, output_bytes=100)
    base, head = git.try_resolve("before"), git.try_resolve("after")
    assert base is not None
    with pytest.raises(RepositoryError, match="`git diff` printed more than 100 bytes"):
        git.diff(base, head)
    with pytest.raises(RepositoryError, match="took longer than 0 seconds"):
        Git(changed.top, seconds=0)


def test_only_full_ids_reach_a_diff(changed: Scratch) -> None:
    with pytest.raises(RepositoryError, match="not a full object id"):
        Git(changed.top).diff("--output=pwn", None)


def test_blobs_come_with_their_sizes_and_the_large_ones_without_content(scratch: Scratch) -> None:
    contents = {"small": b"x\n", "empty": b"", "large": b"y" * 5000, "odd": b"\0\n\xff", "many": b"z\n" * 400}
    for name, content in contents.items():
        scratch.write(name, content)
    commit = scratch.commit()
    git = Git(scratch.top)
    oids = {name: entry.oid for name, entry in git.tree(commit).items()}
    found = git.blobs([*oids.values(), "0" * 39 + "1"], limit=1000)
    assert {name: found[oid] for name, oid in oids.items()} == {**contents, "large": None}
    assert "0" * 39 + "1" not in found
    assert git.blobs([], limit=1) == {}


def test_a_file_of_a_commit(changed: Scratch, make_scratch: MakeScratch) -> None:
    git = Git(changed.top)
    assert git.read_file_at("before", "x.py") == b"a\n"
    for missing in ("y.py", "../x.py", ":(glob)*", "x.py/z", ""):
        assert git.read_file_at("before", missing) is None
    with pytest.raises(RepositoryError, match="more than 1 bytes"):
        git.read_file_at("before", "x.py", limit=1)
    linked = make_scratch()
    linked.link(".codedesigner.yml", "/etc/passwd")
    linked.commit("linked")
    assert Git(linked.top).read_file_at("linked", ".codedesigner.yml") is None


def test_lines_are_found_in_a_commit_and_not_in_the_work_tree(make_scratch: MakeScratch) -> None:
    scratch = make_scratch()
    scratch.write("a.py", b"one\ntwo one\n")
    scratch.write(b"odd\n\xff.py", b"ONE\0\n\xfeone")
    head = scratch.commit("x")
    scratch.write("a.py", b"one\none\none\n")
    git = Git(scratch.top)

    def found(pattern: str, **options: Any) -> list[tuple[str, int, str]]:
        lines, cut = git.grep(head, pattern, **options)
        assert not cut
        return [(line.path, line.line, line.text) for line in lines]

    odd = ("odd\n\udcff.py", 2, "\udcfeone")
    assert found("one") == [("a.py", 1, "one"), ("a.py", 2, "two one"), odd]
    assert found("one", per_file=1) == [("a.py", 1, "one"), odd]
    assert found("on", words=True) == []
    assert found("ONE", ignore_case=True, paths=["a.py"]) == [("a.py", 1, "one"), ("a.py", 2, "two one")]
    assert found("t.o") == []
    assert found("t.o|^x", regex=True) == [("a.py", 2, "two one")]
    assert found("--help") == []


def test_what_is_found_without_end_is_cut_at_whole_lines(make_scratch: MakeScratch) -> None:
    scratch = make_scratch()
    scratch.write("a.py", b"needle in a haystack\n" * 50)
    scratch.commit("x")
    git = Git(scratch.top).limited(seconds=20, output_bytes=500)
    commit = git.try_resolve("HEAD") or ""
    lines, cut = git.grep(commit, "needle")
    assert cut
    assert {line.text for line in lines} == {"needle in a haystack"}
    assert lines == git.grep(commit, "needle")[0]
    with pytest.raises(RepositoryError, match="printed more than 500 bytes"):
        git.blobs([git.tree(commit)["a.py"].oid], limit=5000)


def test_history_is_told_without_the_words_of_settings(make_scratch: MakeScratch) -> None:
    scratch = make_scratch()
    scratch.write("a.py", b"1\n")
    scratch.git("add", "--all")
    scratch.git("commit", "--quiet", "--message", "first\n\nbody")
    scratch.write("b.py", b"1\n")
    scratch.commit("second")
    scratch.git("config", "format.pretty", "raw")
    git = Git(scratch.top)
    commit = git.try_resolve("HEAD") or ""
    assert [subject for _, subject in git.log(commit, limit=5)][:2] == ["second", "first"]
    assert [subject for _, subject in git.log(commit, paths=["a.py"], limit=5)] == ["first"]
    assert len(git.log(commit, limit=1)) == 1
    assert git.log(commit, paths=["*.py"], limit=5) == []
    with pytest.raises(RepositoryError, match="not a full object id"):
        git.log("HEAD", limit=1)
    with pytest.raises(RepositoryError, match="not a full object id"):
        git.grep("HEAD", "x")


def test_messages_are_what_commits_say_below_their_subjects_oldest_first(scratch: Scratch) -> None:
    base = scratch.commit()
    for said in ("one\n\nfirst body\n\n- a point", "two", "three\n\nthird body"):
        scratch.git("commit", "--quiet", "--allow-empty", "--message", said)
    head = scratch.git("rev-parse", "HEAD").decode().strip()
    git = Git(scratch.top)

    assert git.messages(base, head).split() == ["first", "body", "-", "a", "point", "third", "body"]
    assert git.messages(base, head, limit=1).split() == ["third", "body"]
    assert git.messages(head, head) == ""
    with pytest.raises(RepositoryError):
        git.messages("HEAD", head)
