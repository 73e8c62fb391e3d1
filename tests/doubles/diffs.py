"""Diffs as forges keep them: files, hunks, lines with both numbers, and where a line went between two commits."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.doubles.git import GitRepo

_STATUS = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a hunk. `kind` is `+`, `-` or a space; `position` counts from the file's first `@@`."""

    kind: str
    old: int
    new: int
    position: int
    text: str


@dataclass(frozen=True, slots=True)
class Hunk:
    """A hunk with its header as git wrote it."""

    header: str
    lines: tuple[Line, ...]

    def find(self, side: str, line: int) -> Line | None:
        """The line that can be commented on: on the LEFT what was removed, on the RIGHT all else."""
        if side == "LEFT":
            return next((each for each in self.lines if each.kind == "-" and each.old == line), None)
        return next((each for each in self.lines if each.kind != "-" and each.new == line), None)

    def until(self, position: int) -> str:
        """The text from the header to a line."""
        return "\n".join([self.header, *(each.kind + each.text for each in self.lines if each.position <= position)])


@dataclass(frozen=True, slots=True)
class FileDiff:
    """A changed file. `patch` is None for what is binary, and empty where only the name or the mode changed."""

    path: str
    old_path: str
    status: str
    blob: str
    mode: str
    additions: int = 0
    deletions: int = 0
    patch: str | None = ""
    hunks: tuple[Hunk, ...] = ()

    def find(self, side: str, line: int) -> tuple[Hunk, Line] | None:
        """The hunk and the line of a number on a side."""
        return next(((hunk, met) for hunk in self.hunks if (met := hunk.find(side, line))), None)

    def at(self, position: int) -> tuple[Hunk, Line] | None:
        """The hunk and the line of a position."""
        return next(((hunk, line) for hunk in self.hunks for line in hunk.lines if line.position == position), None)


@dataclass(slots=True)
class Diffs:
    """The diffs of a repository; what was asked once is kept, since commits do not change."""

    repo: GitRepo
    _files: dict[tuple[str, str], tuple[FileDiff, ...]] = field(default_factory=dict)
    _moves: dict[tuple[str, str, str], list[tuple[int, int, int]] | None] = field(default_factory=dict)

    def files(self, base: str, head: str) -> tuple[FileDiff, ...]:
        """The files that differ between two commits, in git's order."""
        if (base, head) not in self._files:
            self._files[base, head] = tuple(self._read(base, head))
        return self._files[base, head]

    def file(self, base: str, head: str, path: str) -> FileDiff | None:
        """One file of them."""
        return next((each for each in self.files(base, head) if each.path == path), None)

    def text(self, base: str, head: str) -> bytes:
        """The whole diff as git prints it."""
        return self.repo.run("diff", "-M", "--no-ext-diff", "--no-textconv", base, head)

    def mapped(self, one: str, other: str, path: str, line: int) -> int | None:
        """The number that a line of a file has in another commit, None if it was changed or is gone."""
        key = (one, other, path)
        if one == other:
            return line
        if key not in self._moves:
            self._moves[key] = self._changes(*key)
        changes = self._moves[key]
        if changes is None:
            return None
        shift = 0
        for start, removed, added in changes:
            if line < start:
                break
            if line < start + removed:
                return None
            shift += added - removed
        return line + shift

    def _changes(self, one: str, other: str, path: str) -> list[tuple[int, int, int]] | None:
        """Where lines were replaced: first old line, how many, by how many; None if either has no such file."""
        if self.repo.read(one, path) is None or self.repo.read(other, path) is None:
            return None
        shown = self.repo.run("diff", "-U0", "--no-ext-diff", one, other, "--", path)
        changes = []
        for match in re.finditer(rb"(?m)^" + _HUNK.pattern, shown):
            start, removed, _, added = (int(each) if each is not None else 1 for each in match.groups())
            # Of a pure insertion git names the line before it.
            changes.append((start + 1 if removed == 0 else start, removed, added))
        return changes

    def _read(self, base: str, head: str) -> Iterator[FileDiff]:
        raw = self.repo.run("diff", "--raw", "-z", "--no-abbrev", "-M", base, head).decode("utf-8", "replace")
        patches = _sections(self.text(base, head))
        fields = iter(raw.split("\0"))
        for entry in fields:
            if not entry:
                continue
            _, mode, _, blob, letter = entry.split(" ")
            old = next(fields)
            path = next(fields) if letter[0] in "RC" else old
            binary, hunks = next(patches)
            yield _file(path, old, letter[0], blob if letter[0] != "D" else "", mode, binary=binary, hunks=hunks)


def _file(path: str, old: str, letter: str, blob: str, mode: str, *, binary: bool, hunks: tuple[Hunk, ...]) -> FileDiff:
    lines = [line for hunk in hunks for line in hunk.lines]
    text = "\n".join("\n".join([hunk.header, *(each.kind + each.text for each in hunk.lines)]) for hunk in hunks)
    return FileDiff(
        path,
        old,
        _STATUS[letter],
        blob,
        mode,
        sum(each.kind == "+" for each in lines),
        sum(each.kind == "-" for each in lines),
        None if binary else text,
        hunks,
    )


def _sections(diff: bytes) -> Iterator[tuple[bool, tuple[Hunk, ...]]]:
    """For each file whether it is binary, and its hunks. Counted by lines: content may look like a header."""
    lines = diff.split(b"\n")
    at = 0
    while at < len(lines) and lines[at].startswith(b"diff --git "):
        at += 1
        binary, hunks, position = False, [], 0
        while at < len(lines) and not lines[at].startswith(b"diff --git "):
            match = _HUNK.match(lines[at])
            if match is None:
                binary = binary or lines[at].startswith((b"Binary files ", b"GIT binary patch"))
                at += 1
                continue
            hunk, at = _hunk(lines, at, match, position)
            position = hunk.lines[-1].position + 1
            hunks.append(hunk)
        yield binary, tuple(hunks)


def _hunk(lines: list[bytes], at: int, match: re.Match[bytes], position: int) -> tuple[Hunk, int]:
    old, olds, new, news = (int(each) if each is not None else 1 for each in match.groups())
    header = lines[at].decode("utf-8", "replace")
    olds, news = old + olds, new + news
    found: list[Line] = []
    at += 1
    while old < olds or new < news or lines[at].startswith(b"\\"):
        kind, text = lines[at][:1].decode(), lines[at][1:].decode("utf-8", "replace")
        position += 1
        found.append(Line(kind, old if kind in "- " else 0, new if kind in "+ " else 0, position, text))
        old += kind in "- "
        new += kind in "+ "
        at += 1
    return Hunk(header, tuple(found)), at


def exists(repo: GitRepo, commit: str) -> bool:
    """Whether a full id names a commit."""
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        return False
    try:
        return repo.git("cat-file", "-t", commit) == "commit"
    except subprocess.CalledProcessError:
        return False
