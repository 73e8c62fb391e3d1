"""A change with its contents: ranges, the work tree, bare diffs, and limits that say what they cut."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from codedesigner.change.model import FileChange
from codedesigner.change.source import ReadLimits, read_diff, read_range
from codedesigner.errors import RepositoryError

from .conftest import Scratch

LIMITS = ReadLimits()


def by_path(files: tuple[FileChange, ...]) -> dict[str, FileChange]:
    return {file.path: file for file in files}


@pytest.fixture
def started(scratch: Scratch) -> Scratch:
    """A repository with one commit, tagged `before`."""
    scratch.write("x.py", b"1\n2\n3\n")
    scratch.write("gone.py", b"g\n")
    scratch.write("moved.py", b"".join(b"line %d\n" % n for n in range(30)))
    scratch.write("run.sh", b"true\n")
    scratch.write(".gitignore", b"*.log\n")
    scratch.commit("before")
    return scratch


def test_a_range_is_what_the_head_did_since_it_left_the_base(started: Scratch) -> None:
    started.git("checkout", "--quiet", "-b", "topic")
    started.write("x.py", b"1\ntwo\n3\n")
    head = started.commit()
    started.git("checkout", "--quiet", "main")
    started.write("gone.py", b"changed on main\n")
    started.commit()
    change = read_range(started.top, "main", "topic", LIMITS)
    assert [file.path for file in change.files] == ["x.py"]
    assert change.head == head
    assert change.base == started.git("rev-parse", "before^{commit}").decode().strip()
    assert change.repo == str(started.top)


def test_no_change_has_no_files(started: Scratch) -> None:
    assert read_range(started.top, "before", "HEAD", LIMITS).files == ()
    assert read_range(started.top, "before", None, LIMITS).files == ()


def test_the_work_tree_is_tracked_and_untracked_files(started: Scratch) -> None:
    started.write("x.py", b"1\ntwo\n3\n")
    started.remove("gone.py")
    started.move("moved.py", "moved to.py")
    started.git("add", "moved to.py", "moved.py")
    (started.top / "run.sh").chmod(0o755)
    started.write("staged.py", b"s\n")
    started.git("add", "staged.py")
    started.write("intended.py", b"i\n")
    started.git("add", "--intent-to-add", "intended.py")
    started.write("deep/untracked ü.py", b"u\nno newline")
    started.write("ignored.log", b"x\n")
    started.write("empty", b"")
    started.write("binary", b"\0")
    change = read_range(started.top, "before", None, LIMITS)
    files = by_path(change.files)
    assert change.head == "worktree"
    assert {path: (file.status, file.old, file.new, file.unread) for path, file in files.items()} == {
        "x.py": ("modified", b"1\n2\n3\n", b"1\ntwo\n3\n", None),
        "gone.py": ("deleted", b"g\n", None, None),
        "moved to.py": ("renamed", files["moved to.py"].old, files["moved to.py"].old, "no_lines"),
        "run.sh": ("modified", b"true\n", b"true\n", "no_lines"),
        "staged.py": ("added", None, b"s\n", None),
        "intended.py": ("added", None, b"i\n", None),
        "deep/untracked ü.py": ("added", None, b"u\nno newline", None),
        "empty": ("added", None, b"", "no_lines"),
        "binary": ("added", None, None, "binary"),
    }
    (hunk,) = files["deep/untracked ü.py"].hunks
    assert [(line.new, line.text, line.newline) for line in hunk.lines] == [(1, "u", True), (2, "no newline", False)]


def test_untracked_files_never_lead_out_of_the_repository(started: Scratch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret\n")
    started.link("link", str(tmp_path / "secret"))
    started.link("folder", str(tmp_path))
    started.git("init", "--quiet", "inner")
    started.write("inner/file", b"x\n")
    os.mkfifo(started.top / "pipe")
    files = by_path(read_range(started.top, "before", None, LIMITS).files)
    assert {path: (file.new, file.unread) for path, file in files.items()} == {
        "link": (None, "symlink"),
        "folder": (None, "symlink"),
        "inner": (None, "submodule"),
    }
    assert all(line.text != "secret" for file in files.values() for line in file.changed_lines("RIGHT"))


def test_line_ends_on_disk_do_not_part_contents_from_hunks(started: Scratch) -> None:
    started.git("config", "core.autocrlf", "true")
    started.write("x.py", b"1\r\ntwo\r\n3\r\n")
    (file,) = read_range(started.top, "before", None, LIMITS).files
    assert (file.added, file.removed, file.new) == (1, 1, b"1\ntwo\n3\n")


@pytest.mark.parametrize("head", ["after", None])
def test_an_attribute_cannot_hide_a_text_file(started: Scratch, head: str | None) -> None:
    started.write(".gitattributes", b"*.py -diff\n*.txt binary\n")
    started.write("x.py", b"1\neval(input())\n3\n")
    started.write("new.txt", b"text\n")
    started.write("moved.py", b"\0binary now\n")
    started.git("add", "--all")
    if head is not None:
        started.commit(head)
    files = by_path(read_range(started.top, "before", head, LIMITS).files)
    assert (files["x.py"].binary, files["x.py"].unread, files["x.py"].added) == (False, None, 1)
    assert files["x.py"].new == b"1\neval(input())\n3\n"
    assert (files["new.txt"].unread, files["new.txt"].new) == (None, b"text\n")
    assert files["moved.py"].unread == "binary"


@pytest.mark.parametrize("head", ["after", None])
def test_files_over_the_byte_limit_are_named(started: Scratch, head: str | None) -> None:
    started.write("x.py", b"1\n" * 600)
    started.write("large.py", b"1\n" * 600)
    started.write("small.py", b"1\n")
    if head is not None:
        started.commit(head)
    files = by_path(read_range(started.top, "before", head, ReadLimits(file_bytes=1000)).files)
    assert {path: (file.unread, file.new) for path, file in files.items()} == {
        "x.py": ("too_large", None),
        "large.py": ("too_large", None),
        "small.py": (None, b"1\n"),
    }
    assert files["x.py"].added > 500


@pytest.mark.parametrize("head", ["after", None])
def test_files_over_the_line_limit_are_named(started: Scratch, head: str | None) -> None:
    for name, count in {"a.py": 4, "b.py": 50, "c.py": 4, "d.py": 4}.items():
        started.write(name, b"1\n" * count)
    if head is not None:
        started.commit(head)
    files = by_path(read_range(started.top, "before", head, ReadLimits(diff_lines=10)).files)
    assert {path: file.unread for path, file in files.items()} == {
        "a.py": None, "b.py": "too_large", "c.py": None, "d.py": "too_large",
    }  # fmt: skip
    assert (files["b.py"].hunks, files["b.py"].added) == ((), 50)


APPENDED = b"--- a/x.py\n+++ b/x.py\n@@ -1,3 +1,4 @@\n 1\n 2\n 3\n+4\n"


@pytest.mark.parametrize(
    ("committed", "on_disk"), [(None, b"1\n2\n3\n"), (None, b"1\n2\n3\n4\n"), (b"1\n2\n3\n4\n", b"other\n")]
)
def test_a_diff_meets_head_or_the_work_tree_before_or_after_it(
    started: Scratch, committed: bytes | None, on_disk: bytes
) -> None:
    if committed is not None:
        started.write("x.py", committed)
        started.commit()
    started.write("x.py", on_disk)
    (file,) = read_diff(APPENDED, started.top, LIMITS).files
    assert (file.old, file.new, file.unread) == (b"1\n2\n3\n", b"1\n2\n3\n4\n", None)


def test_a_change_that_repeats_a_line_is_told_by_its_ids(started: Scratch) -> None:
    """The hunk fits the file as it is after the change, too."""
    started.write("x.py", b"1\n1\n")
    old = started.commit()
    started.write("x.py", b"1\n1\n1\n")
    started.commit()
    data = started.git("diff", "--unified=0", old, "HEAD")
    (file,) = read_diff(data, started.top, LIMITS).files
    assert (file.old, file.new) == (b"1\n1\n", b"1\n1\n1\n")


def test_a_diff_of_something_else_keeps_its_hunks_and_says_that_contents_are_missing(started: Scratch) -> None:
    (file,) = read_diff(APPENDED.replace(b" 2", b" two"), started.top, LIMITS).files
    assert (file.unread, file.old, file.new, file.added) == ("content_unavailable", None, None, 1)


@pytest.mark.parametrize(
    "path", ["../outside", "/etc/passwd", ".git/config", "a/../../outside", "link/secret", "x\\000y"]
)
def test_a_diff_cannot_point_out_of_the_repository(started: Scratch, tmp_path: Path, path: str) -> None:
    (started.top.parent / "outside").write_text("secret\n")
    (tmp_path / "secret").write_text("secret\n")
    started.link("link", str(tmp_path))
    data = f'--- "{path}"\n+++ "{path}"\n@@ -1 +1 @@\n-secret\n+public\n'.encode()
    (file,) = read_diff(data, started.top, LIMITS).files
    assert (file.unread, file.old) == ("content_unavailable", None)


def test_a_new_file_that_is_not_whole_has_no_content(started: Scratch) -> None:
    data = b"diff --git a/n b/n\nnew file mode 100644\n--- /dev/null\n+++ b/n\n@@ -4,0 +5 @@\n+x\n"
    (file,) = read_diff(data, started.top, LIMITS).files
    assert (file.status, file.unread) == ("added", "content_unavailable")


def test_a_place_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RepositoryError, match="is not a folder"):
        read_diff(APPENDED, tmp_path / "missing", LIMITS)
