"""Positions of diff notes: every refusal that GitLab is known to give, in its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.doubles.git import GitRepo
from tests.doubles.gitlab.diffs import FileDiff, Row, files, moved
from tests.doubles.gitlab.model import Json, MergeRequest, Version
from tests.doubles.gitlab.wire import RefusalError, bad_note

_NO_LINE_CODE = ["can't be blank", "must be a valid line code"]
_SHAS = ("base_sha", "start_sha", "head_sha")


@dataclass(frozen=True)
class Placed:
    """A position that is good: its line code (none for a whole file), and what is odd about it all the same."""

    line_code: str | None
    oddities: tuple[str, ...] = ()


class NoSuchLineError(RefusalError):
    """The misleading refusal: it says line code and means that path, lines and commits do not fit the diff."""

    def __init__(self) -> None:
        super().__init__(400, bad_note(line_code=_NO_LINE_CODE).message)


class IncompleteError(RefusalError):
    """Commits, paths or lines are missing."""


def place(request: MergeRequest, position: Json) -> Placed:
    """Where a position is in the diff that its commits name.

    Raises:
        RefusalError: it is nowhere, not whole, or has line numbers inside of its range; 500 for empty commit ids.
    """
    if any(position[name] in ("", None) for name in _SHAS):
        raise IncompleteError(500, "500 Internal Server Error")
    if not position.get("old_path") or not position.get("new_path"):
        raise IncompleteError(400, bad_note(position=["is incomplete"]).message)
    line_range = position.get("line_range")
    if line_range is not None and any(
        (line_range.get(end) or {}).get(name) is not None
        for end in ("start", "end")
        for name in ("old_line", "new_line")
    ):
        raise bad_note(position=["must be a valid json schema"])
    version = _version(request, position)
    diff = _file(request, version, position)
    if position["position_type"] == "file":
        return Placed(None)
    lines = (_number(position.get("old_line")), _number(position.get("new_line")))
    if lines == (None, None):
        raise IncompleteError(400, bad_note(line_code=_NO_LINE_CODE, position=["is incomplete"]).message)
    row = next((row for row in diff.rows() if row.lines == lines), None)
    if row is None:
        raise NoSuchLineError
    return Placed(diff.line_code(row), _oddities(diff, row, line_range))


def _version(request: MergeRequest, position: Json) -> Version:
    named = tuple(position[name] for name in _SHAS)
    for version in request.versions:
        if (version.base, version.start, version.head) == named:
            return version
    raise NoSuchLineError


def _file(request: MergeRequest, version: Version, position: Json) -> FileDiff:
    for diff in files(request.project.repository, version.base, version.head, whole=True):
        if (diff.old_path, diff.new_path) == (position["old_path"], position["new_path"]):
            return diff
    raise NoSuchLineError


def _oddities(diff: FileDiff, row: Row, line_range: Json | None) -> tuple[str, ...]:
    """What GitLab takes without a word and then shows wrongly: ends of a range that are not in the diff."""
    if line_range is None:
        return ()
    codes = {diff.line_code(each): (number, each) for number, each in enumerate(diff.rows())}
    odd: list[str] = []
    ends: list[int] = []
    for end in ("start", "end"):
        told = line_range.get(end) or {}
        number, named = codes.get(told.get("line_code", ""), (-1, None))
        if named is None:
            odd.append(f"line_range[{end}] has the line code {told.get('line_code')!r}, which no line has")
            continue
        ends.append(number)
        if told.get("type") != ("new" if named.kind == "+" else "old"):
            odd.append(f"line_range[{end}] has the type {told.get('type')!r} for a {named.kind!r} line")
        if end == "end" and named != row:
            odd.append("line_range[end] is not the line of the position")
    if ends != sorted(ends):
        odd.append("line_range ends before it starts")
    return tuple(odd)


def _number(value: object) -> int | None:
    return int(str(value)) if value not in (None, "") else None


def follow(repository: GitRepo, position: Json, new: Version) -> Json | None:
    """The position in a newer version; None where its line was changed or removed, which makes the note outdated."""
    if position["position_type"] == "file":
        return {**position, **new.refs}
    diffs = files(repository, new.base, new.head, whole=True)
    if position.get("new_line") is not None:
        path = position["new_path"]
        line = moved(repository, position["head_sha"], new.head, path, int(position["new_line"]))
        return _in_new(diffs, lambda each: each.new_path == path, lambda row: row.kind != "-" and row.new == line, new)
    path = position["old_path"]
    line = moved(repository, position["base_sha"], new.base, path, int(position["old_line"]))
    return _in_new(diffs, lambda each: each.old_path == path, lambda row: row.kind == "-" and row.old == line, new)


def _in_new(
    diffs: list[FileDiff], is_file: Callable[[FileDiff], bool], is_row: Callable[[Row], bool], new: Version
) -> Json | None:
    for diff in diffs:
        row = next((row for row in diff.rows() if is_row(row)), None) if is_file(diff) else None
        if row is not None:
            old_line, new_line = row.lines
            return {
                **new.refs,
                "old_path": diff.old_path,
                "new_path": diff.new_path,
                "position_type": "text",
                "old_line": old_line,
                "new_line": new_line,
                "line_range": None,
            }
    return None
