"""What a change is: files, hunks, lines, and the functions they touched. Values only, no I/O.

Text is decoded as UTF-8 with `surrogateescape`, so that every byte of a change survives; `display` makes it printable.
Lines are separated by LF alone. A CR stays at the end of its line, and form feeds, vertical tabs and U+2028 are
ordinary characters of a line, exactly as git counts them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Status = Literal["added", "modified", "deleted", "renamed", "copied", "type_changed"]
Side = Literal["LEFT", "RIGHT"]
UnitKind = Literal["function", "method", "class", "block", "hunk"]

NotReviewed = Literal[
    "binary",  # no text to read
    "too_large",  # over the configured bytes
    "submodule",  # a commit id, never followed
    "symlink",  # a target path, never followed
    "no_lines",  # a pure rename, a mode change, an empty file
    "content_unavailable",  # a bare diff whose files are not in the repository
    "filtered",  # excluded by the configured paths
    "budget",  # left out to stay under a budget
    "sampled",  # left out by the sampled strategy
    "no_reviewer",  # no enabled location can judge this language from this angle
    "location_failed",  # a location that should have answered did not
]


def decode(data: bytes) -> str:
    """Bytes as text without loss; `encode` gives the same bytes back."""
    return data.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """The inverse of `decode`."""
    return text.encode("utf-8", "surrogateescape")


def display(text: str) -> str:
    """`text` for people and JSON: bytes that are not UTF-8 appear as `\\xNN`."""
    return encode(text).decode("utf-8", "backslashreplace")


def split_lines(text: str) -> list[str]:
    """The lines of a file without their LF; a final LF does not open another line."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a hunk. `old` and `new` are 1-based numbers in the two files, None on the side that lacks it."""

    kind: Literal["added", "removed", "context"]
    old: int | None
    new: int | None
    text: str
    newline: bool = True  # False: the file ends here without LF


@dataclass(frozen=True, slots=True)
class Hunk:
    """One `@@` section. Starts are 1-based; a count of 0 means that the side has no line here."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    section: str  # what git printed after the second @@: a hint, not code
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class FileChange:
    """One file of a change.

    `old` and `new` hold the whole file before and after as bytes; None where that side does not exist, could not be
    had, or was too large (`unread` then says which).
    """

    path: str
    old_path: str | None  # only for renamed and copied files
    status: Status
    binary: bool
    added: int
    removed: int
    hunks: tuple[Hunk, ...]
    old_mode: str | None = None  # "100644", "120000" (symlink), "160000" (submodule)
    new_mode: str | None = None
    old_oid: str | None = None
    new_oid: str | None = None
    old: bytes | None = None
    new: bytes | None = None
    unread: NotReviewed | None = None

    def changed_lines(self, side: Side) -> Iterator[Line]:
        """Added lines for RIGHT, removed lines for LEFT, in file order."""
        wanted = "added" if side == "RIGHT" else "removed"
        return (line for hunk in self.hunks for line in hunk.lines if line.kind == wanted)

    @cached_property
    def added_numbers(self) -> frozenset[int]:
        """1-based numbers of the added lines on the new side."""
        return frozenset(line.new for line in self.changed_lines("RIGHT") if line.new is not None)

    @cached_property
    def new_text(self) -> str | None:
        """The file after the change, decoded."""
        return None if self.new is None else decode(self.new)

    @cached_property
    def old_text(self) -> str | None:
        """The file before the change, decoded."""
        return None if self.old is None else decode(self.old)

    @cached_property
    def new_lines(self) -> tuple[str, ...]:
        """The lines of the new side, without LF; empty where there is none to read."""
        return () if self.new_text is None else tuple(split_lines(self.new_text))


@dataclass(frozen=True, slots=True)
class Change:
    """What is reviewed. `base` and `head` are full ids; `head` is `worktree` or `diff` where there is no commit."""

    repo: str
    base: str
    head: str
    files: tuple[FileChange, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Lines `start`..`end`, 1-based, both included."""

    start: int
    end: int

    def overlaps(self, other: Span) -> bool:
        """Whether the two share a line."""
        return self.start <= other.end and other.start <= self.end

    def __contains__(self, line: int) -> bool:
        return self.start <= line <= self.end


@dataclass(frozen=True, slots=True)
class Unit:
    """What one item asks about: a function that the change touched, or the nearest thing to one.

    `name` is qualified (`Cart.total`); code outside every definition is `<module>`, and a hunk of a file without a
    grammar takes its header's section or `lines A-B`. `span` lies on `side`: RIGHT, or LEFT for a function that the
    change deleted. `changed` are the 1-based numbers of added lines inside it (removed lines for LEFT). `statements`
    are the logical lines of the span.
    """

    path: str
    name: str
    kind: UnitKind
    side: Side
    span: Span
    changed: tuple[int, ...]
    language: str | None
    statements: tuple[Span, ...] = ()
    degraded: str | None = None  # why boundaries are less certain: "syntax errors", "parser timed out", …
