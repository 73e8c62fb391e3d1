"""Where the comment of a finding stands: on lines that the forge's diff shows, or in the summary, and then why.

A forge takes a comment only where all its lines are in one hunk, and refuses a whole review for one that is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from codedesigner.change.model import FileChange, Hunk, Side
from codedesigner.publish.discussion import Anchor, Place
from codedesigner.publish.obstacles import Forge
from codedesigner.publish.plain import plural, shown
from codedesigner.publish.report import FindingReport
from codedesigner.publish.suggestion import SuggestionPart, suggestion_part

Level = Literal["line", "file", "summary"]

_NEAR = 3  # lines between a finding and the lines that its suggestion replaces, for one comment to be about both


@dataclass(frozen=True, slots=True)
class Placed:
    """A finding and where it is said.

    `place` is None where `level` is not `line`. `reason` says why not, and for a line, where not all of the finding's
    lines could be taken, which were left out. `suggestion` is what of its suggestion the comment can carry.
    """

    finding: FindingReport
    level: Level
    place: Place | None = None
    reason: str = ""
    suggestion: SuggestionPart | None = None
    file: FileChange | None = field(default=None, repr=False)
    forge: Forge = "github"

    def without_block(self, reason: str) -> Placed:
        """The same, with its suggestion as a diff, as `reason` bars it from being applied with one click."""
        if self.file is None:
            return self
        return replace(self, suggestion=suggestion_part(self.finding, self.file, self.forge, barred=reason))


def place_findings(findings: Iterable[FindingReport], files: Sequence[FileChange], forge: Forge) -> tuple[Placed, ...]:
    """Where each finding stands, in the order given."""
    by_path = {shown(file.path): file for file in files}
    before = {shown(file.old_path): file for file in files if file.old_path is not None}

    def file_of(finding: FindingReport) -> FileChange | None:
        old = before.get(finding.path) if finding.side == "LEFT" else None
        return by_path.get(finding.path) or old

    return tuple(_placed(finding, file_of(finding), forge) for finding in findings)


def _placed(finding: FindingReport, file: FileChange | None, forge: Forge) -> Placed:
    if file is None:
        return Placed(finding, "summary", reason="the file is not part of the change")
    if finding.line < 1:
        return Placed(finding, "file", reason="it is about the whole file")
    if shown(file.path) != file.path:
        return Placed(finding, "summary", reason="the forge has no way to write the file's name")
    if not file.hunks:
        return Placed(finding, "summary", reason="the file has no lines in the diff")
    first, last = sorted((finding.line, finding.end_line or finding.line))
    run = _within_one_hunk(file, finding.side, finding.line, first, last)
    if run is None:
        what = f"line {first} is" if first == last else f"lines {first}-{last} are"
        removed = " removed" if finding.side == "LEFT" else ""
        return Placed(
            finding, "summary", reason=f"{what} not part of the diff{removed and ', as' + removed + ' lines'}"
        )
    missing = last - first + 1 - run.shown
    reason = f"{plural(missing, 'line')} of {first}-{last} cannot have a comment together with these" if missing else ""
    barred = "not all lines of the finding are in one hunk of the diff" if missing else _elsewhere(finding)
    part = suggestion_part(finding, file, forge, barred=barred)
    if part is not None and part.reason is None:
        # A block replaces the lines that its comment stands on, so they are the comment's.
        replaced = _within_one_hunk(file, "RIGHT", part.start_line, part.start_line, part.end_line)
        assert replaced is not None  # noqa: S101 -- `suggestion_part` gives a block only within one hunk
        run = replaced
    place = Place(file.path, file.old_path or file.path, run.side, run.anchors[0], run.anchors[-1])
    return Placed(finding, "line", place, reason, part, file, forge)


def _elsewhere(finding: FindingReport) -> str | None:
    suggestion = finding.suggestion
    first, last = sorted((finding.line, finding.end_line or finding.line))
    if suggestion is None or (suggestion.start_line <= last + _NEAR and suggestion.end_line >= first - _NEAR):
        return None
    return "it changes other lines than those that the finding is about"


@dataclass(frozen=True, slots=True)
class _Run:
    """Lines of one hunk that can have a comment; `shown`: how many of the lines asked for the hunk shows."""

    side: Side
    anchors: Sequence[Anchor]
    shown: int


def _within_one_hunk(file: FileChange, side: Side, line: int, first: int, last: int) -> _Run | None:
    """The lines of one hunk that are among `first`..`last` on `side`; None where no hunk has any.

    It is the hunk that `line` is in, or else the one with most of the lines.
    """
    runs = [run for hunk in file.hunks if (run := _run(anchors_of(hunk), side, first, last)) is not None]

    def rank(run: _Run) -> tuple[bool, bool, int]:
        return run.side == side, line in (_number(one, side) for one in run.anchors), run.shown

    return max(runs, key=rank, default=None)


def _run(anchors: Sequence[Anchor], side: Side, first: int, last: int) -> _Run | None:
    """What of a hunk can have a comment. Old lines that are still there have it on the right."""
    gone = "added" if side == "LEFT" else "removed"
    there = [one for one in anchors if one.kind != gone and first <= _number(one, side) <= last]
    removed = [one for one in there if one.kind == "removed"]
    if side == "LEFT" and removed:
        return _Run("LEFT", removed, len(there))
    return _Run("RIGHT", there, len(there)) if there else None


def _number(anchor: Anchor, side: Side) -> int:
    return anchor.new if side == "RIGHT" else anchor.old


def anchors_of(hunk: Hunk) -> tuple[Anchor, ...]:
    """The lines of a hunk with the running counters of both sides, as the forges count them.

    A side without a file begins at 0; one that only has no line here, at the line that would come next.
    """
    old = hunk.old_start + (hunk.old_count == 0 < hunk.old_start)
    new = hunk.new_start + (hunk.new_count == 0 < hunk.new_start)
    anchors: list[Anchor] = []
    for line in hunk.lines:
        anchors.append(Anchor(line.kind, old, new))
        old += line.kind != "added"
        new += line.kind != "removed"
    return tuple(anchors)
