"""Changes made from the lines before and after, with hunks as git would cut them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Literal

from codedesigner.change.model import FileChange, Hunk, Line, Status, encode

KINDS: dict[str, Literal["added", "removed", "context"]] = {"+": "added", "-": "removed", " ": "context"}


def changed_file(
    before: Sequence[str],
    after: Sequence[str],
    path: str = "src/cart.py",
    old_path: str | None = None,
    context: int = 3,
) -> FileChange:
    """A file of a change; no lines before: it is new, no lines after: it is gone."""
    hunks = tuple(_hunks(before, after, context))
    added = sum(line.kind == "added" for hunk in hunks for line in hunk.lines)
    removed = sum(line.kind == "removed" for hunk in hunks for line in hunk.lines)
    status: Status = "renamed" if old_path else "added" if not before else "deleted" if not after else "modified"
    return FileChange(
        path, old_path, status, False, added, removed, hunks, old=_bytes(before), new=_bytes(after) if after else None
    )  # fmt: skip


def _bytes(lines: Sequence[str]) -> bytes:
    return encode("".join(f"{line}\n" for line in lines))


def _hunks(before: Sequence[str], after: Sequence[str], context: int) -> list[Hunk]:
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    hunks = []
    for group in matcher.get_grouped_opcodes(context):
        if all(tag == "equal" for tag, *_ in group):
            continue
        lines: list[Line] = []
        for tag, old, old_end, new, new_end in group:
            if tag == "equal":
                lines += [
                    Line("context", old + n + 1, new + n + 1, before[old + n]) for n in range(old_end - old)
                ]  # fmt: skip
            else:
                lines += [Line("removed", n + 1, None, before[n]) for n in range(old, old_end)]
                lines += [Line("added", None, n + 1, after[n]) for n in range(new, new_end)]
        old_count = sum(line.old is not None for line in lines)
        new_count = sum(line.new is not None for line in lines)
        # git names the line before where a side has none.
        old_start = group[0][1] + (old_count > 0)
        new_start = group[0][3] + (new_count > 0)
        hunks.append(Hunk(old_start, old_count, new_start, new_count, "", tuple(lines)))
    return hunks
