"""Fixes as text: edits applied, and the smallest replacement of whole lines that has the same effect. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from codedesigner.change.model import FileChange, Hunk, Span
from codedesigner.protocol.issue import Edit


@dataclass(frozen=True, slots=True)
class EditError:
    """Why edits cannot be applied, in words that follow "does not apply: "."""

    reason: str


@dataclass(frozen=True, slots=True)
class LineReplacement:
    """Replace lines `start_line`..`end_line` (1-based, both included, at least one) by `replacement`.

    `replacement` holds the new lines with their line ends, the last one without where the file ends without; the
    empty string deletes the lines.
    """

    start_line: int
    end_line: int
    replacement: str


def lines_with_ends(text: str) -> list[str]:
    """The lines of a file, each with its LF; joined they are `text` again. An empty text has none."""
    lines = [f"{line}\n" for line in text.split("\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def apply_edits(text: str, edits: Sequence[Edit]) -> str | EditError:
    """The text with all edits made at once; positions are those of the text before any of them.

    Edits that insert at one place keep the order in which they are given. The place behind the last line may be named
    as the first column of the line after it.
    """
    lines = lines_with_ends(text)
    starts = list(accumulate((len(line) for line in lines), initial=0))
    spans: list[tuple[int, int, str]] = []
    for edit in edits:
        start = _offset(lines, starts, edit.line, edit.column)
        end = _offset(lines, starts, edit.end_line, edit.end_column)
        if start is None or end is None:
            line, column = (edit.line, edit.column) if start is None else (edit.end_line, edit.end_column)
            return EditError(f"line {line}, column {column} is not in the file of {len(lines)} lines")
        if end < start:
            return EditError(f"the edit at line {edit.line} ends before it starts")
        if start == end == len(text) and edit.line > len(lines) and lines and not lines[-1].endswith("\n"):
            return EditError(f"line {edit.line} does not exist: the last line has no line end")
        spans.append((start, end, edit.text))
    return _joined(text, sorted(spans, key=lambda span: span[:2]), starts)


def _offset(lines: Sequence[str], starts: Sequence[int], line: int, column: int) -> int | None:
    if line == len(lines) + 1 and column == 1:
        return starts[-1]
    if not 1 <= line <= len(lines) or not 1 <= column <= len(lines[line - 1].removesuffix("\n")) + 1:
        return None
    return starts[line - 1] + column - 1


def _joined(text: str, spans: Sequence[tuple[int, int, str]], starts: Sequence[int]) -> str | EditError:
    parts: list[str] = []
    done = 0
    for start, end, replacement in spans:
        if start < done:
            return EditError(f"two edits overlap at line {bisect_right(starts, start)}")
        parts += (text[done:start], replacement)
        done = end
    return "".join((*parts, text[done:]))


def minimal_replacement(old: str, new: str, hunks: Sequence[Hunk] = ()) -> LineReplacement | None:
    """The smallest range of whole lines whose replacement turns `old` into `new`; None where nothing changes.

    An insertion replaces the line before it, or the one behind it. Where lines that are alike leave a choice between
    ranges of that size, one that lies in one of `hunks` is taken. An empty file has no line to replace: None.
    """
    before, after = lines_with_ends(old), lines_with_ends(new)
    if not before or before == after:
        return None
    ranges = [*_smallest_ranges(before, after)]
    start, end = next((place for place in ranges if _one_hunk(hunks, place[0] + 1, place[1])), ranges[0])
    replacement = after[start : len(after) - (len(before) - end)]
    return LineReplacement(start + 1, end, "".join(replacement))


def _smallest_ranges(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The ranges [start, end) of `before`, none smaller than another, that can be replaced to give `after`.

    There are several where lines were only put in or taken out among others like them: between two equal lines nobody
    can say which of them is new.
    """
    head = _common(before, after)
    tail = _common(before[::-1], after[::-1])
    shortest = min(len(before), len(after))
    removed = len(before) - shortest
    if head + tail < shortest:
        yield head, len(before) - tail
        return
    for start in range(head, shortest - tail - 1, -1):
        if removed:
            yield start, start + removed
            continue
        # Nothing is replaced: take a neighbour in.
        if start:
            yield start - 1, start
        if start < len(before):
            yield start, start + 1


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many lines at the start are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


def _one_hunk(hunks: Sequence[Hunk], start: int, end: int) -> bool:
    return any(hunk.new_start <= start and end < hunk.new_start + hunk.new_count for hunk in hunks)


def within_hunk(file: FileChange, start: int, end: int) -> bool:
    """Whether lines `start`..`end` of the new side all lie in one hunk: a forge takes suggestions nowhere else."""
    return start <= end and _one_hunk(file.hunks, start, end)


def scattered(file: FileChange, edits: Sequence[Edit], replaced: LineReplacement) -> str | None:
    """Why edits in several places cannot be offered as one replacement; None if they can.

    Lines between two places of a hunk are in front of the reader already; anything further apart would replace lines
    that have nothing to do with the fix.
    """
    places = _places(edits)
    if len(places) < 2 or within_hunk(file, replaced.start_line, replaced.end_line):
        return None
    where = ", ".join(str(place.start) for place in places)
    return f"it edits {len(places)} separate places (lines {where}) that no one hunk holds"


def _places(edits: Sequence[Edit]) -> list[Span]:
    """The line ranges that edits touch; those that share or adjoin a line are one."""
    places: list[Span] = []
    for edit in sorted(edits, key=lambda edit: (edit.line, edit.end_line)):
        last = edit.end_line - (edit.end_column == 1 and edit.end_line > edit.line)
        if places and edit.line <= places[-1].end + 1:
            places[-1] = Span(places[-1].start, max(places[-1].end, last))
        else:
            places.append(Span(edit.line, last))
    return places
