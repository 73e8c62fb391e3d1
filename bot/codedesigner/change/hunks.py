"""The body of a diff: `@@` sections, read by the counts in their headers and by nothing else.

unidiff reads bodies by their counts too, but what it builds has to be walked, checked and copied into our values a
second time, and finding where a hunk ends, to cut it out for unidiff, is already the whole of its work. Measured on
126,000 lines, this reader is the faster one and keeps less in memory; `bench/diffs.py` repeats the measurement.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from codedesigner.change.model import Hunk, Line, decode, display
from codedesigner.errors import DiffError

# Ten digits are more lines than any file has, and keep `int` away from numbers that take long to read.
_HEADER = re.compile(
    r"@@ -(?P<old>[0-9]{1,10})(?:,(?P<old_count>[0-9]{1,10}))?"
    r" \+(?P<new>[0-9]{1,10})(?:,(?P<new_count>[0-9]{1,10}))? @@(?P<section>.*)",
    re.DOTALL,
)
# kind, lines taken from the old side, lines taken from the new side
_MARKS: dict[str, tuple[Literal["added", "removed", "context"], int, int]] = {
    "+": ("added", 0, 1),
    "-": ("removed", 1, 0),
    " ": ("context", 1, 1),
    "": ("context", 1, 1),  # `diff.suppressBlankEmpty`, and mail programs that strip trailing space
}
_SHOWN = 60  # characters of an unexpected line that a message quotes


class Cursor:
    """The lines of a diff and the place reached, for messages that name the line."""

    def __init__(self, data: bytes) -> None:
        # A lone LF cannot be part of a longer UTF-8 sequence, valid or not, so decoding first loses no border.
        self.lines = decode(data).split("\n")
        if self.lines[-1] == "":
            self.lines.pop()
        self.at = 0

    @property
    def done(self) -> bool:
        """Whether every line has been read."""
        return self.at >= len(self.lines)

    def line(self, ahead: int = 0) -> str:
        """The line at the place reached, or `ahead` of it; empty past the end."""
        at = self.at + ahead
        return self.lines[at] if at < len(self.lines) else ""

    def header(self) -> str:
        """The line at the place reached, as a header: git quotes a CR in a name, so a bare one came from elsewhere."""
        return self.line().removesuffix("\r")

    def unexpected(self, expected: str, *, hint: str | None = None) -> DiffError:
        """The error for a line at the place reached that is not what the format demands there."""
        found = "the end of the input" if self.done else f"`{display(self.line()[:_SHOWN])}`"
        return DiffError(f"line {self.at + 1} of the diff: expected {expected}, found {found}", hint=hint)


@dataclass
class LineBudget:
    """How many hunk lines may still be kept; None for no limit."""

    left: int | None = None

    def covers(self, lines: int) -> bool:
        """Whether `lines` more would fit."""
        return self.left is None or lines <= self.left

    def take(self, lines: int) -> None:
        """Take `lines` off what is left."""
        if self.left is not None:
            self.left -= lines


@dataclass(frozen=True, slots=True)
class Body:
    """All hunks of one file. `hunks` is empty where the budget did not cover them; the counts hold all the same."""

    hunks: tuple[Hunk, ...]
    added: int
    removed: int
    over_budget: bool


def at_hunk(cursor: Cursor) -> bool:
    """Whether a hunk header stands at the place reached."""
    return cursor.line().startswith("@@ -")


def read_body(cursor: Cursor, budget: LineBudget) -> Body:
    """Every hunk from the place reached.

    Raises:
        DiffError: there is none, a header is malformed, a body is cut short or is longer than its header says.
    """
    if not at_hunk(cursor):
        raise cursor.unexpected("a hunk (`@@ -line,count +line,count @@`)")
    hunks: list[Hunk] = []
    lines = added = removed = 0
    over = False
    while at_hunk(cursor):
        hunk, length = _read_hunk(cursor, keep=not over)
        lines += length
        added += length - hunk.old_count
        removed += length - hunk.new_count
        over = over or not budget.covers(lines)
        hunks.append(hunk)
    _refuse_surplus(cursor)
    if over:
        return Body((), added, removed, over_budget=True)
    budget.take(lines)
    return Body(tuple(hunks), added, removed, over_budget=False)


def _read_hunk(cursor: Cursor, *, keep: bool) -> tuple[Hunk, int]:
    """One hunk and the number of its lines; without `keep` its lines are counted but not stored."""
    header = _HEADER.fullmatch(cursor.header())
    if header is None:
        raise cursor.unexpected("a hunk header (`@@ -line,count +line,count @@`)")
    old, new = int(header["old"]), int(header["new"])
    old_count = 1 if header["old_count"] is None else int(header["old_count"])
    new_count = 1 if header["new_count"] is None else int(header["new_count"])
    if (old == 0 and old_count) or (new == 0 and new_count):
        raise cursor.unexpected("a hunk that starts at line 1 or later, for it holds lines")
    cursor.at += 1
    lines, length = _read_lines(cursor, old, old_count, new, new_count, keep)
    return Hunk(old, old_count, new, new_count, header["section"].strip(), tuple(lines)), length


def _read_lines(cursor: Cursor, old: int, old_left: int, new: int, new_left: int, keep: bool) -> tuple[list[Line], int]:
    # The one loop that runs for every line of a change: locals, a table, and no call but the one that builds the line.
    source, at, total = cursor.lines, cursor.at, len(cursor.lines)
    lines: list[Line] = []
    length = 0
    while old_left or new_left:
        text = source[at] if at < total else None
        effect = None if text is None else _MARKS.get(text[:1])
        if text is None or effect is None or effect[1] > old_left or effect[2] > new_left:
            cursor.at = at
            at = _no_newline(cursor, lines, length, old_left, new_left)
            continue
        kind, from_old, from_new = effect
        if keep:
            lines.append(Line(kind, old if from_old else None, new if from_new else None, text[1:]))
        old, old_left = old + from_old, old_left - from_old
        new, new_left = new + from_new, new_left - from_new
        length += 1
        at += 1
    cursor.at = at
    if length and cursor.line().startswith("\\ "):
        cursor.at = _no_newline(cursor, lines, length, 0, 0)
    return lines, length


def _no_newline(cursor: Cursor, lines: list[Line], length: int, old_left: int, new_left: int) -> int:
    """Apply the `\\ No newline at end of file` at the place reached to the line before it; the place after it.

    The words are translated, so the backslash alone decides.
    """
    if not (length and cursor.line().startswith("\\ ")):
        raise cursor.unexpected(f"{old_left} more old and {new_left} more new lines of the hunk")
    if lines:
        lines[-1] = replace(lines[-1], newline=False)
    return cursor.at + 1


def _refuse_surplus(cursor: Cursor) -> None:
    """A body that goes on past its counts would hide lines from the review."""
    line = cursor.header()
    if not line.startswith(("+", "-", " ")):
        return
    signature = line in ("-- ", "--")  # how `git format-patch` ends a mail
    next_file = line.startswith("--- ") and cursor.line(1).startswith("+++ ")
    if not signature and not next_file:
        raise cursor.unexpected("the end of the hunk, by the counts in its header")
