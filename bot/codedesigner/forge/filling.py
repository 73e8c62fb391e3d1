"""Files of a change as a forge lists them, filled with the bytes of both sides.

A forge's patch tells which lines changed; their bytes come from the files themselves, for in JSON everything that is
not UTF-8 is lost. What one side lacks follows from the other and the hunks and counts only if it has the id that the
tree names, so most files cost one request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from codedesigner.change.apply import apply_hunks, reverse_hunks
from codedesigner.change.contents import Sides, finish, has_id, is_binary, is_regular, special
from codedesigner.change.git import TreeEntry
from codedesigner.change.hunks import Cursor, LineBudget, read_body
from codedesigner.change.model import FileChange, Hunk, Line, decode, encode, split_lines
from codedesigner.errors import DiffError

_REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True)
class Filling:
    """Fills files; `blob` gives the content of an object, `limit` is in bytes for each side."""

    blob: Callable[[str], Awaitable[bytes]]
    limit: int

    async def filled(self, file: FileChange) -> FileChange:
        """`file` with both sides, or with the reason why it cannot be reviewed."""
        if special(file) is not None or file.unread is not None:
            return finish(file, Sides(), too_large=False, limit=self.limit)
        sides = _whole(file)
        if sides is None:
            sides, too_large = await self._fetched(file)
            if too_large:
                return finish(file, sides, too_large=True, limit=self.limit)
        if not file.hunks and file.old_oid != file.new_oid and (sides.old or sides.new):
            binary = any(is_binary(side) for side in (sides.old, sides.new) if side is not None)
            file = replace(file, binary=binary, unread=None if binary else "too_large")
        hunks = _exact(file.hunks, sides)
        if hunks is None:  # the patch is not that of these files
            return finish(
                replace(file, hunks=(), unread="content_unavailable"), sides, too_large=False, limit=self.limit
            )
        return finish(replace(file, hunks=hunks), sides, too_large=False, limit=self.limit)

    async def _fetched(self, file: FileChange) -> tuple[Sides, bool]:
        """Both sides by their ids, and whether one of them is over the limit."""
        new = old = None
        too_large = False
        if file.new_oid is not None and is_regular(file.new_mode):
            new = await self.blob(file.new_oid)
            too_large = len(new) > self.limit
        if file.new_oid == file.old_oid:
            old = new
        elif file.old_oid is not None and is_regular(file.old_mode) and not too_large:
            old = _before(file, new)
            old = await self.blob(file.old_oid) if old is None else old
            too_large = len(old) > self.limit
        return Sides(old, new), too_large


def identified(file: FileChange, old: TreeEntry | None, new: TreeEntry | None) -> FileChange:
    """`file` with modes and ids of what trees have at its paths, and with the status that follows from them."""
    if (new is None and file.status != "deleted") or (old is None and file.status not in ("added", "copied")):
        return replace(file, hunks=(), unread="content_unavailable")
    status = file.status
    if old is not None and new is not None and old.mode[:2] != new.mode[:2] and status == "modified":
        status = "type_changed"
    return replace(
        file,
        status=status,
        old_mode=old.mode if old else None,
        new_mode=new.mode if new else None,
        old_oid=old.oid if old else None,
        new_oid=new.oid if new else None,
    )


def read_patch(patch: object) -> tuple[Hunk, ...]:
    """The hunks of a patch as a list of files has it: without header, and perhaps without the last line's end."""
    if not isinstance(patch, str) or not patch:
        return ()
    try:
        return read_body(Cursor(encode(patch)), LineBudget()).hunks
    except DiffError:
        return ()


def merged(files: Sequence[FileChange]) -> list[FileChange]:
    """The files as listed; a path that is listed as removed and as added has changed its type."""
    found: dict[str, FileChange] = {}
    for file in files:
        other = found.get(file.path)
        if other is not None:
            first, second = (other, file) if other.status == "deleted" else (file, other)
            file = replace(
                first,
                status="type_changed",
                hunks=first.hunks + second.hunks,
                added=first.added + second.added,
                removed=first.removed + second.removed,
                unread=first.unread or second.unread,
            )
        found[file.path] = file
    return list(found.values())


def _whole(file: FileChange) -> Sides | None:
    """The sides of a file that was created or deleted, where the patch is all of it, byte for byte."""
    try:
        if file.status == "added":
            new = apply_hunks(b"", file.hunks)
            return Sides(new=new) if has_id(new, file.new_oid) else None
        if file.status == "deleted":
            old = apply_hunks(b"", reverse_hunks(file.hunks))
            return Sides(old=old) if has_id(old, file.old_oid) else None
    except DiffError:
        return None
    return None


def _before(file: FileChange, new: bytes | None) -> bytes | None:
    """The old side by the hunks, where it has the id that it must have."""
    if new is None:
        return None
    try:
        old = apply_hunks(new, reverse_hunks(file.hunks))
    except DiffError:
        return None
    return old if has_id(old, file.old_oid) else None


def _exact(hunks: Sequence[Hunk], sides: Sides) -> tuple[Hunk, ...] | None:
    """The hunks with the bytes of the files themselves; None where these are not what the patch is about."""
    old = split_lines(decode(sides.old or b""))
    new = split_lines(decode(sides.new or b""))
    exact: list[Hunk] = []
    for hunk in hunks:
        lines = [_exact_line(line, old, new) for line in hunk.lines]
        known = [line for line in lines if line is not None]
        if len(known) != len(lines):
            return None
        exact.append(replace(hunk, lines=tuple(known)))
    return tuple(exact)


def _exact_line(line: Line, old: Sequence[str], new: Sequence[str]) -> Line | None:
    source, number = (old, line.old) if line.new is None else (new, line.new)
    if number is None or number > len(source):
        return None
    text = source[number - 1]
    if text == line.text:
        return line
    shown = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return replace(line, text=text) if _REPLACEMENT in line.text and shown == line.text else None
