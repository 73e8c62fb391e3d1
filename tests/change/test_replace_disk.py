"""Replacing a file of the work tree."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from codedesigner.change.worktree import replace_disk


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_bytes(b"old\r\n\xff")
    return tmp_path


def test_the_bytes_are_written_and_the_mode_stays(tree: Path) -> None:
    file = tree / "src" / "a.py"
    file.chmod(0o750)

    assert replace_disk(tree, "src/a.py", b"old\r\n\xff", b"new\x00\r")
    assert file.read_bytes() == b"new\x00\r"
    assert file.stat().st_mode & 0o7777 == 0o750
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("expected", [b"", b"old\r\n", b"old\r\n\xff\n", b"other"])
def test_a_file_with_another_content_stays_as_it_is(tree: Path, expected: bytes) -> None:
    assert not replace_disk(tree, "src/a.py", expected, b"new")
    assert (tree / "src" / "a.py").read_bytes() == b"old\r\n\xff"


@pytest.mark.parametrize(
    "path",
    ["", "src", "src/none.py", "none/a.py", "src/a.py/x", "../outside", "/etc/hosts", "src/../src/a.py", ".git/x"],
)
def test_what_is_no_file_of_the_tree_is_not_written(tree: Path, path: str) -> None:
    (tree.parent / "outside").write_bytes(b"x")

    assert not replace_disk(tree, path, b"x", b"new")
    assert (tree.parent / "outside").read_bytes() == b"x"


def test_no_symlink_is_followed(tree: Path) -> None:
    target = tree / "src" / "a.py"
    (tree / "link.py").symlink_to(target)
    (tree / "folder").symlink_to(tree / "src")

    assert not replace_disk(tree, "link.py", b"old\r\n\xff", b"new")
    assert not replace_disk(tree, "folder/a.py", b"old\r\n\xff", b"new")
    assert target.read_bytes() == b"old\r\n\xff"
    assert (tree / "link.py").is_symlink()


def test_a_pipe_is_neither_waited_for_nor_replaced(tree: Path) -> None:
    os.mkfifo(tree / "pipe")

    assert not replace_disk(tree, "pipe", b"", b"new")


def test_where_writing_fails_nothing_is_left_behind(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OSError, match="No space"):
        replace_disk(tree, "src/a.py", b"old\r\n\xff", b"new")
    assert list((tree / "src").iterdir()) == [tree / "src" / "a.py"]
    assert (tree / "src" / "a.py").read_bytes() == b"old\r\n\xff"
