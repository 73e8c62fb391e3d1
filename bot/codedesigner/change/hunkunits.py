"""Units of a file whose functions are not known: one a hunk. Pure."""

from __future__ import annotations

from codedesigner.change.attribution import Traced
from codedesigner.change.model import FileChange, Hunk, Side, Span, Unit

_LONGEST_HEADING = 120


def by_hunks(file: FileChange, language: str | None, degraded: str | None) -> list[Traced]:
    """One unit a hunk; nothing says where its statements end, so it has none."""
    return [_hunk_unit(file, hunk, language, degraded) for hunk in file.hunks if _changes(hunk)]


def _changes(hunk: Hunk) -> bool:
    return any(line.kind != "context" for line in hunk.lines)


def _hunk_unit(file: FileChange, hunk: Hunk, language: str | None, degraded: str | None) -> Traced:
    added = tuple(line.new for line in hunk.lines if line.kind == "added" and line.new is not None)
    removed = tuple(line.old for line in hunk.lines if line.kind == "removed" and line.old is not None)
    side: Side = "RIGHT" if added else "LEFT"
    start, count = (hunk.new_start, hunk.new_count) if added else (hunk.old_start, hunk.old_count)
    span = Span(start, start + max(count, 1) - 1)
    heading = " ".join(hunk.section.split())
    if len(heading) > _LONGEST_HEADING:
        heading = heading[:_LONGEST_HEADING] + "…"
    unit = Unit(
        path=file.path,
        name=heading or f"lines {span.start}-{span.end}",
        kind="hunk",
        side=side,
        span=span,
        changed=added or removed,
        language=language,
        degraded=degraded,
    )
    return Traced(unit, removed)
