"""Repositories to read changes from. Git itself writes them, with the settings of this file only."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


@dataclass(frozen=True)
class Scratch:
    """A repository that a test fills. Names may be bytes, for paths that are not UTF-8."""

    top: Path

    def git(self, *arguments: str | bytes, given: bytes = b"", ok: tuple[int, ...] = (0,)) -> bytes:
        done = subprocess.run(["git", *arguments], cwd=self.top, env=_ENVIRONMENT, input=given, capture_output=True)
        assert done.returncode in ok, done.stderr.decode(errors="replace")
        return done.stdout

    def write(self, name: str | bytes, content: bytes) -> Path:
        path = self.top / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def read(self, name: str) -> bytes:
        return (self.top / name).read_bytes()

    def remove(self, name: str | bytes) -> None:
        (self.top / os.fsdecode(name)).unlink()

    def link(self, name: str, target: str) -> None:
        (self.top / name).symlink_to(target)

    def move(self, old: str, new: str) -> None:
        (self.top / new).parent.mkdir(parents=True, exist_ok=True)
        (self.top / old).rename(self.top / new)

    def submodule(self, name: str, message: bytes) -> str:
        """Record a submodule at a commit that nobody has; its id."""
        tree = self.git("mktree", given=b"").decode().strip()
        commit = self.git("commit-tree", tree, given=message).decode().strip()
        self.git("update-index", "--add", "--cacheinfo", f"160000,{commit},{name}")
        return commit

    def commit(self, tag: str | None = None, *, add: bool = True) -> str:
        if add:
            self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", tag or "change")
        if tag is not None:
            self.git("tag", tag)
        return self.git("rev-parse", "HEAD").decode().strip()


MakeScratch = Callable[..., Scratch]


@pytest.fixture(scope="session")
def make_scratch(tmp_path_factory: pytest.TempPathFactory) -> MakeScratch:
    """A function that makes an empty repository; its arguments are further options of `git init`."""

    def make(*options: str) -> Scratch:
        top = tmp_path_factory.mktemp("repo")
        scratch = Scratch(top)
        scratch.git("init", "--quiet", "--initial-branch=main", *options)
        return scratch

    return make


@pytest.fixture
def scratch(make_scratch: MakeScratch) -> Scratch:
    """An empty repository."""
    return make_scratch()


def _numbers(start: int, count: int) -> bytes:
    return b"".join(b"line number %d\n" % number for number in range(start, start + count))


# name -> (before, after); None: the file is not there. What is not a matter of two contents follows in `odd`.
_PAIRS: dict[str | bytes, tuple[bytes | None, bytes | None]] = {
    "plain.py": (b"a\nb\nc\n", b"a\nB\nc\nd\n"),
    "far apart.py": (_numbers(0, 60), b"x\n" + _numbers(0, 30) + b"y\n" + _numbers(30, 29)),
    "crlf.txt": (b"a\r\nb\r\nc\r\n", b"a\r\nB\r\nc\r\nd\r\n"),
    "crlf to lf.txt": (b"a\r\nb\r\n", b"a\nb\n"),
    "gains newline": (b"a\nb", b"a\nb\n"),
    "loses newline": (b"a\nb\n", b"a\nb"),
    "never newline": (b"x\ny", b"x\nz"),
    "no newline grows": (b"x", b"x\ny\nz"),
    "filled": (b"", b"content\n"),
    "emptied": (b"content\n", b""),
    "added empty": (None, b""),
    "added": (None, b"one\ntwo\n"),
    "added without newline": (None, b"three\nfour"),
    "deleted": (b"gone\nfor good\n", None),
    "deleted empty in folder/x": (b"", None),
    "only newlines": (b"\n\n\n", b"\n\n"),
    "blank lines": (b"l\n\n\nm\n", b"l\n\nm\n\n"),
    "k b/added b.txt": (None, b"new\n"),
    "k b/changed b/k b": (b"1\n", b"2\n"),
    "a/a.txt": (b"1\n", b"2\n"),
    "b/b.txt": (b"1\n", b"2\n"),
    "dev/null": (b"1\n", b"2\n"),
    "/dev/null".lstrip("/") + "_": (b"1\n", b"2\n"),
    "tab\tname": (b"1\n", b"2\n"),
    "new\nline": (b"1\n", b"2\n"),
    "carriage\rreturn": (b"1\n", b"2\n"),
    'quo"te': (b"1\n", b"2\n"),
    '"quoted"': (b"1\n", None),
    "back\\slash \\n": (b"1\n", b"2\n"),
    "ünïcödé 😀": (b"1\n", b"2\n"),
    "новый файл": (None, b"2\n"),
    b"latin \xe9": (b"1\n", b"2\n"),
    b"latin added \xe9\xff": (None, b"3\n"),
    b"bell\x07 escape\x1b del\x7f": (b"1\n", b"2\n"),
    " leading space": (b"1\n", b"2\n"),
    "trailing space ": (b"1\n", b"2\n"),
    "trailing space added ": (None, b"4\n"),
    "-dash": (b"1\n", b"2\n"),
    "--output=x": (b"1\n", b"2\n"),
    ":(exclude)*": (b"1\n", b"2\n"),
    "@@ -1 +1 @@": (b"1\n", b"2\n"),
    "looks like headers.sql": (
        b"-- a/x\n++ b/x\n--- a/fake\n+++ b/fake\n@@ -1 +1 @@\ndiff --git a/x b/x\nindex 1..2\n",
        b"++ b/y\n--- a/fake\n+++ b/fake2\n@@ -1,2 +1,2 @@\n-- a/y\ndiff --git a/y b/y\nrename from x\n",
    ),
    "says binary": (b"Binary files a/x and b/x differ\n", b"GIT binary patch\nliteral 0\n\\ No newline at end of file"),
    "separators": (
        b"f\fa\nv\vb\nx\x1cc\ny\xc2\x85d\nz\xe2\x80\xa8e\nlone\rf\n\xe2\x80\xa9\n",
        b"f\fa2\nv\vb2\nx\x1cc2\ny\xc2\x85d2\nz\xe2\x80\xa8e2\nlone\rf2\n\xe2\x80\xa9\n",
    ),
    "latin content": (b"latin \xe9\xe8 text\nline2\n", b"latin \xe9 text\nline2\nl3\xff\n"),
    "binary": (b"\0\1\2", b"\0\1\3"),
    "binary added": (None, b"\0new"),
    "binary deleted": (b"\0old", None),
    "binary to text": (b"\0old\n", b"text\n"),
    "utf16": ("hi\n".encode("utf-16"), "ho\n".encode("utf-16")),
    "late nul": (b"x" * 9000 + b"\0\n", b"y" * 9000 + b"\0\n"),
}


@pytest.fixture(scope="session")
def odd(make_scratch: MakeScratch) -> Scratch:
    """A repository with more than sixty odd changes between the tags `before` and `after`."""
    repo = make_scratch()
    for name, (before, _) in _PAIRS.items():
        if before is not None:
            repo.write(name, before)
    for name in ("moved", "moved with space", "x b/moved", "x b/moved and changed", "moved and run", "copied"):
        repo.write(name, _numbers(len(name) * 100, 40))
    repo.write("binary moved", b"\0" + _numbers(9000, 40))
    for name in ("run", "run and change", "stop running"):
        repo.write(name, b"1\n2\n")
    (repo.top / "stop running").chmod(0o755)
    repo.link("link", "plain.py")
    repo.link("link to file", "plain.py")
    repo.link("link deleted", "plain.py")
    repo.write("file to link", b"text\nof a file\n")
    repo.write("link added to folder/file", b"1\n")
    repo.git("add", "--all")
    for name in ("submodule", "submodule deleted", "submodule to file"):
        repo.submodule(name, b"first")
    repo.commit("before", add=False)
    for name, (_, after) in _PAIRS.items():
        if after is None:
            repo.remove(name)
        else:
            repo.write(name, after)
    _change_the_rest(repo)
    return repo


def _change_the_rest(repo: Scratch) -> None:
    repo.move("moved", "moved to")
    repo.move("moved with space", "a b/c d e")
    repo.move("x b/moved", "a b/moved b/q")
    repo.move("x b/moved and changed", "a b/moved and changed")
    repo.write("a b/moved and changed", _numbers(len("x b/moved and changed") * 100, 40) + b"more\n")
    repo.move("moved and run", 'moved "and" running')
    repo.move("binary moved", "binary moved to")
    repo.write("copied", _numbers(len("copied") * 100, 40) + b"changed\n")
    repo.write("copy", _numbers(len("copied") * 100, 40) + b"of it\n")
    repo.write("run and change", b"1\n2\n3\n")
    for name in ("run", "run and change", 'moved "and" running'):
        (repo.top / name).chmod(0o755)
    (repo.top / "stop running").chmod(0o644)
    for name in ("link", "link to file", "link deleted", "file to link"):
        repo.remove(name)
    repo.link("link", "crlf.txt")
    repo.write("link to file", b"text\n")
    repo.link("file to link", "plain.py")
    repo.link("link added", "added")
    repo.git("add", "--all")
    for name in ("submodule deleted", "submodule to file"):
        repo.git("rm", "--quiet", "--cached", name, ok=(0, 128))
    repo.submodule("submodule", b"second")
    repo.submodule("submodule added", b"second")
    repo.write("submodule to file", b"text\n")
    repo.git("add", "submodule to file")
    repo.commit("after", add=False)
