"""Diff text to files: `git diff` in all its forms, and the plain output of `diff -u`.

What is a header and what is content is decided by the counts of the hunks alone: a removed line `-- a/x` reads
`--- a/x`, and whoever scans for headers sees a file that does not exist.
"""

from __future__ import annotations

import re
from dataclasses import replace

from codedesigner.change.hunks import Body, Cursor, LineBudget, at_hunk, read_body
from codedesigner.change.model import FileChange, Status, display
from codedesigner.change.names import new_name, path_of_git_line, same_file, unquote
from codedesigner.change.plain import FileNames, read_names, read_plain, read_plain_binary
from codedesigner.errors import DiffError

# https://git-scm.com/docs/diff-generate-patch lists these lines; the two that start `rename old` are from old gits.
_EXTENDED = re.compile(
    r"(old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to|rename old|rename new"
    r"|similarity index|dissimilarity index|index) (.*)",
    re.DOTALL,
)
_INDEX = re.compile(r"([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})(?: ([0-7]{6}))?")
_SUBMODULE = re.compile(r"Submodule (.+) ([0-9a-f]{7,64})\.{2,3}([0-9a-f]{7,64})(?::| \(.*\):?)$")
# The empty file in SHA-1 and in SHA-256 repositories.
_EMPTY_BLOBS = (
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
)
_NO_BODY = Body((), 0, 0, over_budget=False)
_ONE_RANGE = "give the diff of the whole range (`git diff BASE...HEAD`), not of each commit"


def parse_diff(data: bytes, *, line_limit: int | None = None) -> tuple[FileChange, ...]:
    """The files of a diff in its order, without contents; an empty input has none.

    With `line_limit`, a file whose hunk lines would lift the total over it keeps its counts, loses its hunks, and has
    `unread="too_large"`; smaller files after it may still fit.

    A change of type (a file that becomes a symlink) is printed by git as a deletion followed by a creation of the same
    path. The two become one file with the status `type_changed`: the hunks of the deletion (old side only), then
    those of the creation (new side only), and the sums of their counts.

    Raises:
        DiffError: the input is not a diff, is cut short, or names the same file twice. The message names the line.
    """
    cursor = Cursor(data)
    budget = LineBudget(line_limit)
    found: list[tuple[int, FileChange]] = []
    one_sided: int | None = None
    plain = True
    while not cursor.done:
        start = cursor.at
        file = _read_file(cursor, budget)
        if file is not None:
            found.append((start + 1, file))
            plain = plain and not cursor.lines[start].startswith("diff --git ")
        else:
            if one_sided is None and cursor.line().startswith("Only in ") and ": " in cursor.line():
                one_sided = start
            cursor.at += 1
    if not found and data.strip():
        cursor.at = 0
        raise cursor.unexpected("a diff (`diff --git …` or `--- …`)", hint="pipe `git diff` or `diff -ruN` in")
    if found and plain and one_sided is not None:
        cursor.at = one_sided
        raise cursor.unexpected("the text of every file", hint="use `diff -ruN`, which prints new files in full")
    return _merge(found)


def _read_file(cursor: Cursor, budget: LineBudget) -> FileChange | None:
    """The file that starts at the place reached; None for a line of prose, as mails and `git show` have before it."""
    line = cursor.header()
    if line.startswith("diff --git "):
        return _read_git(cursor, budget)
    if line.startswith("--- ") and cursor.line(1).startswith("+++ "):
        return read_plain(cursor, budget)
    if line.startswith(("diff --cc ", "diff --combined ")):
        raise cursor.unexpected("a diff against one parent", hint="a merge has several parents; " + _ONE_RANGE)
    if at_hunk(cursor):
        raise cursor.unexpected("the names of a file before its first hunk")
    submodule = _SUBMODULE.match(line)
    if submodule is not None:
        cursor.at += 1
        return _submodule(submodule[1], submodule[2], submodule[3])
    return read_plain_binary(cursor)


def _read_git(cursor: Cursor, budget: LineBudget) -> FileChange:
    start = cursor.at
    fields: dict[str, str] = {}
    cursor.at += 1
    while (extended := _EXTENDED.fullmatch(cursor.header())) is not None:
        fields[extended[1]] = extended[2]
        cursor.at += 1
    binary = cursor.line().startswith(("Binary files ", "GIT binary patch"))
    names, body = None, _NO_BODY
    if binary:
        cursor.at += 1
    elif cursor.line().startswith("--- "):
        names = read_names(cursor)
        body = read_body(cursor, budget)
    elif _has_text(fields):
        raise cursor.unexpected("`--- ` and `+++ ` with the names of the file")
    elif cursor.done and not _is_complete(fields):
        raise cursor.unexpected("what changed in the file")
    after, cursor.at = cursor.at, start
    status = _git_status(fields, names)
    path, old_path = _git_paths(cursor, fields, names, status)
    cursor.at = after
    old_mode, new_mode, old_oid, new_oid = _git_identity(fields, status)
    return FileChange(
        path=path,
        old_path=old_path,
        status=status,
        binary=binary,
        added=body.added,
        removed=body.removed,
        hunks=body.hunks,
        old_mode=old_mode,
        new_mode=new_mode,
        old_oid=old_oid,
        new_oid=new_oid,
        unread="too_large" if body.over_budget else None,
    )


def _has_text(fields: dict[str, str]) -> bool:
    """Whether git prints hunks after this header: the two ids differ, and neither side is empty or missing."""
    index = _INDEX.fullmatch(fields.get("index", ""))
    if index is None:
        return False
    only = {"new file mode": index[2], "deleted file mode": index[1]}
    for field, oid in only.items():
        if field in fields:
            return not any(empty.startswith(oid) for empty in _EMPTY_BLOBS)
    return index[1] != index[2]


def _is_complete(fields: dict[str, str]) -> bool:
    """Whether a header without hunks says what changed; the last one of a diff that was cut short does not."""
    modes = "old mode" in fields and "new mode" in fields
    return modes or any(
        field in fields
        for field in ("index", "rename to", "rename new", "copy to", "new file mode", "deleted file mode")
    )


def _git_status(fields: dict[str, str], names: FileNames | None) -> Status:
    if "copy from" in fields:
        return "copied"
    if "rename from" in fields or "rename old" in fields:
        return "renamed"
    if "new file mode" in fields or (names is not None and names.old is None):
        return "added"
    if "deleted file mode" in fields or (names is not None and names.new is None):
        return "deleted"
    return "modified"


def _git_paths(
    cursor: Cursor, fields: dict[str, str], names: FileNames | None, status: Status
) -> tuple[str, str | None]:
    """The path and, for a rename or a copy, the old path. The most certain source wins."""
    try:
        if status in ("renamed", "copied"):
            old = fields.get("rename from") or fields.get("copy from") or fields.get("rename old")
            new = fields.get("rename to") or fields.get("copy to") or fields.get("rename new")
            if not old or not new:
                raise cursor.unexpected("both names of a renamed or copied file after it")
            return unquote(new), unquote(old)
        if names is not None and names.old is not None and names.new is not None:
            return same_file(names.old, names.new) or new_name(names.old, names.new), None
        path = path_of_git_line(cursor.header().removeprefix("diff --git "))
    except ValueError as error:
        raise cursor.unexpected(f"quoted names ({error})") from error
    if path is None:
        raise cursor.unexpected("the same file named twice")
    return path, None


def _git_identity(fields: dict[str, str], status: Status) -> tuple[str | None, str | None, str | None, str | None]:
    """Old mode, new mode, old id, new id; an id of zeros means that the side does not exist or was not hashed."""
    index = _INDEX.fullmatch(fields.get("index", ""))
    unchanged = index[3] if index else None
    old_mode = fields.get("old mode") or fields.get("deleted file mode") or unchanged
    new_mode = fields.get("new mode") or fields.get("new file mode") or unchanged
    old_oid = index[1] if index and index[1].strip("0") else None
    new_oid = index[2] if index and index[2].strip("0") else None
    if status == "added":
        return None, new_mode, None, new_oid
    if status == "deleted":
        return old_mode, None, old_oid, None
    return old_mode, new_mode, old_oid, new_oid


def _submodule(path: str, old: str, new: str) -> FileChange:
    """The one line that `diff.submodule=log` prints instead of a header."""
    old_oid, new_oid = (oid if oid.strip("0") else None for oid in (old, new))
    status: Status = "added" if old_oid is None else "deleted" if new_oid is None else "modified"
    return FileChange(
        path=path,
        old_path=None,
        status=status,
        binary=False,
        added=0,
        removed=0,
        hunks=(),
        old_mode=None if old_oid is None else "160000",
        new_mode=None if new_oid is None else "160000",
        old_oid=old_oid,
        new_oid=new_oid,
    )


def _merge(found: list[tuple[int, FileChange]]) -> tuple[FileChange, ...]:
    """The files with the two halves of each type change joined; a path that comes twice otherwise is refused.

    Two diffs of one file cannot both be right about its line numbers: they come from different commits.
    """
    files: dict[str, tuple[int, FileChange]] = {}
    last: str | None = None
    for line, file in found:
        if file.path not in files:
            files[file.path] = (line, file)
        elif last == file.path and _is_type_change(files[last][1], file):
            files[file.path] = (line, _type_changed(files[last][1], file))
        else:
            raise DiffError(
                f"line {line} of the diff: `{display(file.path)}` appears twice, first at line {files[file.path][0]}",
                hint=_ONE_RANGE,
            )
        last = file.path
    return tuple(file for _, file in files.values())


def _is_type_change(first: FileChange, second: FileChange) -> bool:
    if first.status != "deleted" or second.status != "added":
        return False
    # The first two digits are the type: 10 a regular file, 12 a symlink, 16 a submodule.
    return bool(first.old_mode and second.new_mode and first.old_mode[:2] != second.new_mode[:2])


def _type_changed(first: FileChange, second: FileChange) -> FileChange:
    return replace(
        first,
        status="type_changed",
        binary=first.binary or second.binary,
        added=first.added + second.added,
        removed=first.removed + second.removed,
        hunks=first.hunks + second.hunks,
        new_mode=second.new_mode,
        new_oid=second.new_oid,
        unread=first.unread or second.unread,
    )
