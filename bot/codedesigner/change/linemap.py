"""Where a line of the old file lies in the new one, from the hunks alone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from codedesigner.change.model import Hunk


@dataclass(frozen=True, slots=True)
class _Edit:
    """Old lines `old`..`old + removed - 1` gave way to `added` new lines from `new` on."""

    old: int
    removed: int
    new: int
    added: int


class LineMap:
    """Positions on the new side of lines of the old side."""

    def __init__(self, hunks: Sequence[Hunk]) -> None:
        self._edits = [edit for hunk in hunks for edit in _edits(hunk)]
        self._edits.sort(key=lambda edit: (edit.old, edit.new))
        self._olds = [edit.old for edit in self._edits]

    def kept(self, old: int) -> int | None:
        """The number of the line on the new side; None for a line that was removed."""
        edit = self._before(old)
        if edit is None:
            return old
        if old < edit.old + edit.removed:
            return None
        return old - (edit.old + edit.removed) + edit.new + edit.added

    def place(self, old: int) -> int:
        """Where the line is, or for a removed one where what replaced it begins."""
        edit = self._before(old)
        if edit is not None and old < edit.old + edit.removed:
            return edit.new
        kept = self.kept(old)
        return old if kept is None else kept

    def _before(self, old: int) -> _Edit | None:
        at = bisect_right(self._olds, old) - 1
        return self._edits[at] if at >= 0 else None


def _edits(hunk: Hunk) -> list[_Edit]:
    # A side without lines counts from the line before the hunk.
    old = hunk.old_start + (hunk.old_count == 0)
    new = hunk.new_start + (hunk.new_count == 0)
    edits: list[_Edit] = []
    removed = added = 0
    for line in hunk.lines:
        if line.kind == "removed":
            removed += 1
        elif line.kind == "added":
            added += 1
        else:
            if removed or added:
                edits.append(_Edit(old, removed, new, added))
            old, new = old + removed + 1, new + added + 1
            removed = added = 0
    if removed or added:
        edits.append(_Edit(old, removed, new, added))
    return edits
