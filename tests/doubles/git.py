"""The git repository behind a forge's project: bare, in a temporary folder, written by real git."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
    # Packs of a few files: folders of loose objects take longer to remove than the tests that made them.
    "GIT_CONFIG_COUNT": "2",
    "GIT_CONFIG_KEY_0": "fastimport.unpackLimit",
    "GIT_CONFIG_VALUE_0": "1",
    "GIT_CONFIG_KEY_1": "fetch.unpackLimit",
    "GIT_CONFIG_VALUE_1": "1",
    **{
        f"GIT_{who}_{what}": text
        for who in ("AUTHOR", "COMMITTER")
        for what, text in (("NAME", "Dev"), ("EMAIL", "dev@example.org"))
    },
}
_EPOCH = 1_767_225_600  # 2026-01-01T00:00:00Z
_MODES = {"120000", "160000", "100755", "100644"}


@dataclass(frozen=True, slots=True)
class Entry:
    """Content with a mode that is not that of a usual file: a symlink's target, a submodule's commit, a program."""

    content: str
    mode: str


@dataclass(slots=True)
class GitRepo:
    """A bare repository.

    A branch name may be a full ref (`refs/…`). `files` map a path to text, bytes, an `Entry`, or None to delete it.
    The same calls in the same order give the same commit ids on every machine.
    """

    path: Path
    _commits: int = field(default=0)

    @classmethod
    def create(cls, path: Path, files: Mapping[str, str | bytes | Entry | None] | None = None) -> GitRepo:
        """A new repository whose `main` has one commit."""
        path.mkdir(parents=True)
        repo = cls(path)
        repo.git("init", "-q", "--bare", "--template=", "-b", "main")
        for key in ("uploadpack.allowAnySHA1InWant", "uploadpack.allowReachableSHA1InWant"):
            repo.git("config", key, "true")
        repo.commit("main", files or {"README.md": "# Project\n"}, "first")
        return repo

    def fork(self, path: Path) -> GitRepo:
        """A copy with branches of its own that shares the objects, as forges keep forks."""
        self.git("clone", "-q", "--bare", "--shared", "--template=", ".", str(path.absolute()))
        copy = GitRepo(path, self._commits + 1000)
        copy.git("config", "uploadpack.allowAnySHA1InWant", "true")
        return copy

    def run(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        """What a git command prints, byte for byte.

        Raises:
            subprocess.CalledProcessError: it failed; `stderr` says why.
        """
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, env=_ENVIRONMENT, check=True, capture_output=True, input=stdin
        )
        return done.stdout

    def git(self, *arguments: str) -> str:
        """What a git command prints, as text without the last newline."""
        return self.run(*arguments).decode("utf-8", "surrogateescape").strip()

    def commit(
        self,
        branch: str,
        files: Mapping[str, str | bytes | Entry | None],
        message: str = "change",
        *,
        parents: tuple[str, ...] | None = None,
        author: str = "Dev <dev@example.org>",
    ) -> str:
        """Commit files on top of a branch, or of `parents`: that makes a branch, and forces one."""
        ref = branch if branch.startswith("refs/") else f"refs/heads/{branch}"
        if parents is None:
            tip = self.sha(ref)
            parents = (tip,) if tip else ()
        self._commits += 1
        when = f"{_EPOCH + 60 * self._commits} +0000"
        script = [b"commit %b\nmark :1\n" % ref.encode(), f"author {author} {when}\n".encode()]
        script += [f"committer Dev <dev@example.org> {when}\n".encode(), _data(message.encode())]
        script += [f"{'merge' if n else 'from'} {parent}\n".encode() for n, parent in enumerate(parents)]
        for name, content in files.items():
            script.append(_change(name, content))
        script.append(b"\nget-mark :1\ndone\n")
        return self.run("fast-import", "--quiet", "--force", "--done", stdin=b"".join(script)).decode().strip()

    def sha(self, revision: str) -> str | None:
        """The commit that a revision names, None if there is none."""
        try:
            return self.git("rev-parse", "-q", "--verify", "--end-of-options", f"{revision}^{{commit}}")
        except subprocess.CalledProcessError:
            return None

    def point(self, branch: str, commit: str | None) -> None:
        """Make a branch, or move it wherever one wants; None deletes it."""
        ref = branch if branch.startswith("refs/") else f"refs/heads/{branch}"
        if commit is None:
            self.git("update-ref", "-d", ref)
        else:
            self.git("update-ref", ref, commit)

    def take(self, other: GitRepo, revision: str, ref: str) -> str:
        """Fetch a revision of another repository into a ref of this one; the commit."""
        commit = other.git("rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
        self.git("fetch", "-q", "--no-tags", str(other.path.absolute()), f"+{commit}:{ref}")
        return commit

    def merge_base(self, one: str, other: str) -> str | None:
        """The newest common commit, None for histories without one."""
        try:
            return self.git("merge-base", one, other)
        except subprocess.CalledProcessError:
            return None

    def merge(self, into: str, commit: str, message: str = "merge", *, ref: str | None = None) -> str | None:
        """Merge a commit into a branch (or put the merge at `ref`, the branch staying); None if they conflict."""
        ours = self.sha(into)
        assert ours is not None, into
        try:
            tree = self.git("merge-tree", "--write-tree", ours, commit).splitlines()[0]
        except subprocess.CalledProcessError:
            return None
        merged = self.git("commit-tree", tree, "-p", ours, "-p", commit, "-m", message)
        self.point(ref or into, merged)
        return merged

    def read(self, commit: str, path: str) -> bytes | None:
        """A file's bytes, None where there is none."""
        try:
            return self.run("cat-file", "blob", f"{commit}:{path}")
        except subprocess.CalledProcessError:
            return None

    def forget(self, commit: str) -> None:
        """Drop what no ref reaches any more, as a forge does some time after a force push."""
        self.git("reflog", "expire", "--expire=now", "--all")
        self.git("gc", "-q", "--prune=now")
        assert self.sha(commit) is None, f"{commit} is still reached by a ref"


def _data(content: bytes) -> bytes:
    return b"data %d\n%b\n" % (len(content), content)


def _change(name: str, content: str | bytes | Entry | None) -> bytes:
    path = b'"' + b"".join(_quoted(byte) for byte in name.encode()) + b'"'
    if content is None:
        return b"D " + path + b"\n"
    mode = content.mode if isinstance(content, Entry) else "100644"
    assert mode in _MODES, mode
    if mode == "160000":
        assert isinstance(content, Entry)
        return f"M {mode} {content.content} ".encode() + path + b"\n"
    plain = content.content if isinstance(content, Entry) else content
    return f"M {mode} inline ".encode() + path + b"\n" + _data(plain.encode() if isinstance(plain, str) else plain)


def _quoted(byte: int) -> bytes:
    if byte in b'"\\':
        return b"\\" + bytes([byte])
    return bytes([byte]) if 32 <= byte < 127 else b"\\%03o" % byte
