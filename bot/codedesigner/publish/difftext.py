"""A suggestion as a unified diff."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from codedesigner.publish.report import SuggestionReport


def suggestion_diff(lines: Sequence[str], suggestion: SuggestionReport, *, context: int = 0) -> list[str]:
    """The hunk lines (`@@`, ` `, `-`, `+`) of a suggestion against the new side's lines, without file headers.

    Empty where the source is not at hand or the suggestion lies outside it.
    """
    start, end = suggestion.start_line, suggestion.end_line
    if not 1 <= start <= end <= len(lines):
        return []
    first = max(0, start - 1 - context)
    last = min(len(lines), end + context)
    replacement = suggestion.replacement.removesuffix("\n").split("\n") if suggestion.replacement else []
    before = list(lines[first:last])
    after = [*lines[first : start - 1], *replacement, *lines[end:last]]
    if before == after and end == len(lines):
        return _line_end(before[start - 1 - first : end - first], end, suggestion.replacement)
    # The two sides count from the first line shown; difflib counts from 1.
    hunks = list(difflib.unified_diff(before, after, n=context, lineterm=""))[2:]
    return [_shifted(line, first) if line.startswith("@@") else line for line in hunks]


def _line_end(lines: Sequence[str], end: int, replacement: str) -> list[str]:
    """The hunk where only the line end at the end of the file comes or goes: what else could it be."""
    mark = "\\ No newline at end of file"
    removed, added = f"-{lines[-1]}", f"+{lines[-1]}"
    marked = [removed, mark, added] if replacement.endswith("\n") else [removed, added, mark]
    return [f"@@ -{end} +{end} @@", *marked]


def _shifted(header: str, by: int) -> str:
    _, old, new, _ = header.split(" ")
    return f"@@ {_moved(old, by)} {_moved(new, by)} @@"


def _moved(part: str, by: int) -> str:
    start, comma, count = part[1:].partition(",")
    return f"{part[0]}{int(start) + by}{comma}{count}"
