"""What a change is answerable for: defects on lines that it touched, and those elsewhere that it brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from codedesigner.angle.kinds import kind_of
from codedesigner.change.model import FileChange, split_lines
from codedesigner.protocol.issue import Issue

Origin = Literal[
    "touched",  # stands on a line that the change added
    "introduced",  # stands elsewhere, and the file before the change did not have it
    "old",  # was there before, on lines that the change left alone
    "unknown",  # stands elsewhere, and what was there before could not be judged
]

# An issue may point at a whole loop or handler; beyond this many lines it is about where it starts.
_SHORT = 5


@dataclass(frozen=True, slots=True)
class Scope:
    """One file's answer to "since when?". Made by `scope_of`.

    `before` holds (kind, old line) of what the old side had, None where it could not be judged; `texts` the same with
    the white-space-folded line; `kept` maps each line that the change left alone to its old number; `replaced` maps
    each added line to the old lines that its hunk removed.
    """

    file: FileChange
    before: frozenset[tuple[str, int]] | None
    texts: frozenset[tuple[str, str]]
    kept: Mapping[int, int]
    replaced: Mapping[int, frozenset[int]]

    def origin(self, kind: str, line: int, end_line: int) -> Origin:
        """Since when the file has a defect of `kind` at `line`..`end_line` of its new side."""
        if _touched(self.file, kind, line, end_line):
            return "touched"
        if self.file.status in ("added", "copied"):
            return "introduced"
        if self.before is None:
            return "unknown"
        return "old" if self._was_there(self.before, kind, line) else "introduced"

    def _was_there(self, before: frozenset[tuple[str, int]], kind: str, line: int) -> bool:
        if (kind, _folded(self.file.new_lines, line)) in self.texts:
            return True
        if line in self.kept:
            return (kind, self.kept[line]) in before
        # The header of a function changed: the one it replaced may have had the same defect.
        return any((kind, old) in before for old in self.replaced.get(line, ()))


def fresh(file: FileChange, issue: Issue) -> bool:
    """Whether the issue counts as touched whatever the file was before."""
    return _touched(file, issue.kind, issue.line, issue.end_line)


def _touched(file: FileChange, kind: str, line: int, end_line: int) -> bool:
    if kind_of(kind).scope != "line":
        return False
    end = min(end_line, line + _SHORT - 1)
    return any(number in file.added_numbers for number in range(line, end + 1))


def scope_of(file: FileChange, before: Sequence[Issue] | None) -> Scope:
    """`before`: what was said of the old side; None where it could not be judged, or no old side exists."""
    old_lines = split_lines(file.old_text or "")
    return Scope(
        file,
        None if before is None else frozenset((issue.kind, issue.line) for issue in before),
        frozenset((issue.kind, _folded(old_lines, issue.line)) for issue in before or ()),
        _kept(file),
        _replaced(file),
    )


def _folded(lines: Sequence[str], number: int) -> str:
    return " ".join(lines[number - 1].split()) if 0 < number <= len(lines) else ""


def _kept(file: FileChange) -> dict[int, int]:
    kept: dict[int, int] = {}
    old = new = 1
    for hunk in file.hunks:
        # git names the line before an empty side
        while old < hunk.old_start + (hunk.old_count == 0):
            kept[new] = old
            old, new = old + 1, new + 1
        for line in hunk.lines:
            if line.kind == "context":
                kept[new] = old
            old += line.kind != "added"
            new += line.kind != "removed"
    for number in range(new, len(file.new_lines) + 1):
        kept[number] = old + number - new
    return kept


def _replaced(file: FileChange) -> dict[int, frozenset[int]]:
    found: dict[int, frozenset[int]] = {}
    for hunk in file.hunks:
        removed = frozenset(line.old for line in hunk.lines if line.kind == "removed" and line.old is not None)
        found.update({line.new: removed for line in hunk.lines if line.kind == "added" and line.new is not None})
    return found
