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
    # The two sides count from the first line shown; difflib counts from 1.
    hunks = list(difflib.unified_diff(before, after, n=context, lineterm=""))[2:]
    return [_shifted(line, first) if line.startswith("@@") else line for line in hunks]


def _shifted(header: str, by: int) -> str:
    _, old, new, _ = header.split(" ")
    return f"@@ {_moved(old, by)} {_moved(new, by)} @@"


def _moved(part: str, by: int) -> str:
    start, comma, count = part[1:].partition(",")
    return f"{part[0]}{int(start) + by}{comma}{count}"
