"""Diffs by git, with the two running counters from which GitLab makes its line codes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tests.doubles.git import GitRepo

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_WHOLE = "-U1000000"
ZEROES = "0" * 40


@dataclass(frozen=True)
class Row:
    """A line of a diff: `+`, `-` or blank, with the counters as they stand at it."""

    kind: str
    old: int
    new: int

    @property
    def lines(self) -> tuple[int | None, int | None]:
        """The old and new line numbers that a position at this row has."""
        return (None if self.kind == "+" else self.old, None if self.kind == "-" else self.new)


@dataclass(frozen=True)
class FileDiff:
    """A file of a diff; `text` from the first hunk's header on, as the API gives it."""

    old_path: str
    new_path: str
    old_mode: str
    new_mode: str
    status: str
    text: bytes

    @property
    def new_file(self) -> bool:
        """Whether the file was added."""
        return self.status == "A"

    @property
    def deleted(self) -> bool:
        """Whether the file was removed."""
        return self.status == "D"

    @property
    def renamed(self) -> bool:
        """Whether the file was renamed."""
        return self.status == "R"

    def rows(self) -> Iterator[Row]:
        """The rows, read by the counts of the hunk headers."""
        old = new = old_left = new_left = 0
        for line in self.text.split(b"\n"):
            if not old_left and not new_left:
                if header := _HUNK.match(line):
                    old, new = int(header[1]), int(header[3])
                    old_left, new_left = int(header[2] or 1), int(header[4] or 1)
                continue
            kind = line[:1].decode()
            if kind == "\\":
                continue
            yield Row(kind, old, new)
            if kind != "+":
                old, old_left = old + 1, old_left - 1
            if kind != "-":
                new, new_left = new + 1, new_left - 1

    def line_code(self, row: Row) -> str:
        """GitLab's name of a row: the path's hash and both counters."""
        return f"{hashlib.sha1(self.new_path.encode(), usedforsecurity=False).hexdigest()}_{row.old}_{row.new}"


def files(repository: GitRepo, base: str, head: str, *, whole: bool = False) -> list[FileDiff]:
    """The files that differ; `whole` shows every unchanged line, too."""
    return list(_files(repository.path, base, head, whole))


@lru_cache(maxsize=512)
def _files(path: Path, base: str, head: str, whole: bool) -> tuple[FileDiff, ...]:
    repository = GitRepo(path)
    raw = repository.run("diff", "--raw", "-z", "-M", "--no-abbrev", base, head).split(b"\0")
    found = []
    entries = iter(raw)
    for entry in entries:
        if not entry:
            continue
        old_mode, new_mode, _, _, status = entry[1:].decode().split(" ")
        old_path = next(entries).decode("utf-8", "surrogateescape")
        new_path = next(entries).decode("utf-8", "surrogateescape") if status[0] in "RC" else old_path
        paths = dict.fromkeys((old_path, new_path))
        text = repository.run(
            "diff", "-M", "--no-ext-diff", "--no-textconv", *([_WHOLE] if whole else []), base, head, "--", *paths
        )
        start = text.find(b"\n@@ ")
        found.append(
            FileDiff(old_path, new_path, old_mode, new_mode, status[0], text[start + 1 :] if start >= 0 else b"")
        )
    return tuple(found)


def moved(repository: GitRepo, old: str, new: str, path: str, line: int) -> int | None:
    """Where a line of a file is in another commit; None where it was changed or is gone."""
    text = repository.run("diff", "--no-renames", "-U0", old, new, "--", path)
    shift = 0
    for header in re.finditer(rb"(?m)^" + _HUNK.pattern, text):
        first, count = int(header[1]), int(header[2] or 1)
        if first <= line < first + count:
            return None
        if first + (count == 0) > line:
            break
        shift += int(header[4] or 1) - count
    return line + shift
