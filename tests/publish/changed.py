"""Files of a change as a diff shows them, and findings about them, for tests of what is said at their lines."""

from __future__ import annotations

from difflib import SequenceMatcher

from codedesigner.change.model import FileChange, Hunk, Line, Status, encode
from codedesigner.protocol.suggestion import Look
from codedesigner.publish.report import FindingReport
from codedesigner.run.fix import lines_with_ends
from codedesigner.vote.finding import Proof, Suggestion

from .sample import finding, sample

PROVED: tuple[Proof, ...] = ("applies", "parses", "reviewed")


def file_change(old: str, new: str, path: str = "src/a.py", *, context: int = 3) -> FileChange:
    """`old` changed into `new`, with the hunks that a diff with so much context has."""
    before, after = lines_with_ends(old), lines_with_ends(new)
    groups = SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(context)
    hunks = tuple(_hunk(group, before, after) for group in groups)
    status: Status = "modified" if old else "added"
    added = sum(line.kind == "added" for hunk in hunks for line in hunk.lines)
    removed = sum(line.kind == "removed" for hunk in hunks for line in hunk.lines)
    return FileChange(
        path, None, status, False, added, removed, hunks, old=encode(old) if old else None, new=encode(new)
    )


def _hunk(group: list[tuple[str, int, int, int, int]], before: list[str], after: list[str]) -> Hunk:
    lines: list[Line] = []
    for tag, a, b, c, d in group:
        if tag == "equal":
            pairs = zip(range(a, b), range(c, d), strict=True)
            lines += [Line("context", i + 1, j + 1, before[i].removesuffix("\n")) for i, j in pairs]
        else:
            lines += [Line("removed", i + 1, None, before[i].removesuffix("\n")) for i in range(a, b)]
            lines += [Line("added", None, j + 1, after[j].removesuffix("\n")) for j in range(c, d)]
    first, last = group[0], group[-1]
    return Hunk(first[1] + 1, last[2] - first[1], first[3] + 1, last[4] - first[3], "", tuple(lines))


def with_fix(
    start: int,
    end: int,
    replacement: str,
    *,
    verified: tuple[Proof, ...] = PROVED,
    looked: tuple[Look, ...] = (Look("pylint", "clean"), Look("ruff", "satisfied")),
    **changes: object,
) -> FindingReport:
    """A finding in a report, with a suggestion for these lines."""
    suggestion = Suggestion(start, end, replacement, verified, "ruff", looked=looked)
    place = {"path": "src/a.py", "line": start, "end_line": end, "suggestion": suggestion} | changes
    return sample((finding(**place),)).report.findings[0]
