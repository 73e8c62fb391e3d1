"""Files as `diff -u` and `diff -r` print them, and the pair of `---` and `+++` lines that git shares with them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from codedesigner.change.hunks import Body, Cursor, LineBudget, read_body
from codedesigner.change.model import FileChange, Status
from codedesigner.change.names import LONGEST_HEADER, NO_FILE, file_line_name, new_name, same_file

_PLAIN_BINARY = re.compile(r"(?:Binary f|F)iles (.+) differ$")
_EPOCH = ("1970-01-01 ", "1969-12-31 ")  # how GNU diff -N dates a file that is not there


@dataclass(frozen=True, slots=True)
class FileNames:
    """What the `---` and `+++` lines say. A side that does not exist has None."""

    old: str | None
    new: str | None
    old_is_epoch: bool
    new_is_epoch: bool


def read_names(cursor: Cursor) -> FileNames:
    """The `---` and `+++` lines at the place reached.

    Raises:
        DiffError: one is missing, badly quoted or empty, or both sides are `/dev/null`.
    """
    old, old_is_epoch = _read_name(cursor, "--- ")
    new, new_is_epoch = _read_name(cursor, "+++ ")
    if old is None and new is None:
        cursor.at -= 1
        raise cursor.unexpected("a file on at least one side")
    return FileNames(old, new, old_is_epoch, new_is_epoch)


def _read_name(cursor: Cursor, marker: Literal["--- ", "+++ "]) -> tuple[str | None, bool]:
    line = cursor.header()
    if not line.startswith(marker):
        raise cursor.unexpected(f"`{marker}` with a name of the file")
    try:
        name, stamp = file_line_name(line[len(marker) :])
    except ValueError as error:
        raise cursor.unexpected(f"a quoted name ({error})") from error
    if not name:
        raise cursor.unexpected(f"`{marker}` with a name of the file")
    cursor.at += 1
    return (None if name == NO_FILE else name), stamp.startswith(_EPOCH)


def read_plain(cursor: Cursor, budget: LineBudget) -> FileChange:
    """A file of `diff -u`. One whose missing side is dated 1970 and holds no line was created or deleted.

    Raises:
        DiffError: the names or the hunks are malformed.
    """
    names = read_names(cursor)
    body = read_body(cursor, budget)
    path = names.new if names.old is None else names.old
    if names.old is not None and names.new is not None:
        path = same_file(names.old, names.new) or new_name(names.old, names.new)
    elif path is not None:
        path = path[2:] if path.startswith(("a/", "b/")) else path
    status: Status = "modified"
    if names.old is None or (names.old_is_epoch and body.removed == 0 and _is_whole(body, old=True)):
        status = "added"
    elif names.new is None or (names.new_is_epoch and body.added == 0 and _is_whole(body, old=False)):
        status = "deleted"
    return FileChange(
        path=path or "",
        old_path=None,
        status=status,
        binary=False,
        added=body.added,
        removed=body.removed,
        hunks=body.hunks,
        unread="too_large" if body.over_budget else None,
    )


def _is_whole(body: Body, *, old: bool) -> bool:
    """Whether the side holds no line at all, which only a file that is empty or missing has."""
    return all((hunk.old_start if old else hunk.new_start) == 0 for hunk in body.hunks)


def read_plain_binary(cursor: Cursor) -> FileChange | None:
    """`Binary files X and Y differ` outside a git header, as `diff -r` prints it; None for any other line.

    Raises:
        DiffError: no ` and ` of the line stands between two names of one file.
    """
    found = _PLAIN_BINARY.match(cursor.header()[:LONGEST_HEADER])
    if found is None:
        return None
    names = found[1]
    borders = [match.start() for match in re.finditer(" and ", names)]
    pairs = [(names[:at], names[at + len(" and ") :]) for at in borders]
    for old, new in pairs:
        path = same_file(old, new)
        if path is not None:
            cursor.at += 1
            return FileChange(path, None, "modified", binary=True, added=0, removed=0, hunks=())
    raise cursor.unexpected("one file named on both sides", hint="use `git diff --no-index`, which names files clearly")
