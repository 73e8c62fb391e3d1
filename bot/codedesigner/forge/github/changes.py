"""The change of a pull request without a clone: from the list of its files, two trees, and the objects of files.

The list tells neither modes nor the ids of old sides, leaves patches out, and ends after 3,000 files; the trees of the
merge base and of the head tell all that. A patch tells which lines changed; their bytes come from the files
themselves, for in JSON everything that is not UTF-8 is lost. What one side lacks follows from the other and the hunks
and counts only if it has the id that the tree names, so most files cost one request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from codedesigner.change.apply import apply_hunks, reverse_hunks
from codedesigner.change.contents import Sides, finish, has_id, is_binary, is_regular, special
from codedesigner.change.git import TreeEntry
from codedesigner.change.model import Change, FileChange, Hunk, Line, Status, decode, split_lines
from codedesigner.errors import ConflictError, DiffError
from codedesigner.forge.github.reader import Reader
from codedesigner.forge.github.reviews import read_patch
from codedesigner.publish.discussion import PullRequest

_STATUS: Final[Mapping[str, Status]] = {
    "added": "added",
    "removed": "deleted",
    "modified": "modified",
    "changed": "modified",
    "renamed": "renamed",
    "copied": "copied",
}
_REPLACEMENT = "\ufffd"


class Changes:
    """Changes of one repository."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._repo = reader.client.address.path

    async def change(self, pull: PullRequest, *, file_bytes: int, most_files: int) -> Change:
        """The change since the merge base; what GitHub does not show, or is over a limit, is in it as not reviewed.

        Raises:
            ConflictError: the pull request has moved while it was read.
        """
        base = await self._reader.merge_base(pull.base, pull.head)
        path = f"{self._repo}/pulls/{pull.number}/files"
        listed = await self._reader.client.pages(path, what="the files", needs="pull-requests: read")
        now = await self._reader.raw_pull(pull.number)
        if now["head"]["sha"] != pull.head:
            raise ConflictError(f"pull request {pull.number} has moved from {pull.head[:12]}", reasons=("stale head",))
        trees = _Trees(self._reader, base, pull.head)
        await trees.load()
        files: list[FileChange] = []
        for given in _merged(listed):
            file = await trees.identified(given)
            if len(files) >= most_files:
                files.append(replace(file, hunks=(), unread=special(file) or "too_large"))
            else:
                files.append(await self._with_sides(file, file_bytes))
        return Change(pull.repo, base, pull.head, (*files, *trees.unlisted(files, int(now.get("changed_files") or 0))))

    async def _with_sides(self, file: FileChange, limit: int) -> FileChange:
        if special(file) is not None or file.unread is not None:
            return finish(file, Sides(), too_large=False, limit=limit)
        sides = _whole(file)
        if sides is None:
            sides, too_large = await self._fetched(file, limit)
            if too_large:
                return finish(file, sides, too_large=True, limit=limit)
        if not file.hunks and file.old_oid != file.new_oid and (sides.old or sides.new):
            binary = any(is_binary(side) for side in (sides.old, sides.new) if side is not None)
            file = replace(file, binary=binary, unread=None if binary else "too_large")
        hunks = _exact(file.hunks, sides)
        if hunks is None:  # the patch is not that of these files
            return finish(replace(file, hunks=(), unread="content_unavailable"), sides, too_large=False, limit=limit)
        return finish(replace(file, hunks=hunks), sides, too_large=False, limit=limit)

    async def _fetched(self, file: FileChange, limit: int) -> tuple[Sides, bool]:
        """Both sides by their ids, and whether one of them is over the limit."""
        new = old = None
        too_large = False
        if file.new_oid is not None and is_regular(file.new_mode):
            new = await self._reader.blob(file.new_oid)
            too_large = len(new) > limit
        if file.new_oid == file.old_oid:
            old = new
        elif file.old_oid is not None and is_regular(file.old_mode) and not too_large:
            old = _before(file, new)
            old = await self._reader.blob(file.old_oid) if old is None else old
            too_large = len(old) > limit
        return Sides(old, new), too_large


@dataclass
class _Trees:
    """What the merge base and the head have at each path."""

    reader: Reader
    base: str
    head: str

    def __post_init__(self) -> None:
        self._entries: dict[str, dict[str, TreeEntry]] = {}
        self._whole = True

    async def load(self) -> None:
        """Read both, as far as GitHub lists them in one answer."""
        for commit in (self.base, self.head):
            listed, whole = await self.reader.tree(commit, recursive=True)
            self._whole = self._whole and whole
            self._entries[commit] = {
                path: TreeEntry(str(one["mode"]), str(one["sha"]))
                for path, one in listed.items()
                if one.get("type") != "tree"
            }

    async def identified(self, file: FileChange) -> FileChange:
        """`file` with modes and ids, and with the status that follows from them."""
        old = None if file.status == "added" else await self._entry(self.base, file.old_path or file.path)
        new = None if file.status == "deleted" else await self._entry(self.head, file.path)
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

    def unlisted(self, listed: Sequence[FileChange], told: int) -> list[FileChange]:
        """The files that the pull request changes and GitHub does not list, as not reviewed."""
        known = {path for file in listed for path in (file.path, file.old_path) if path is not None}
        before, after = self._entries[self.base], self._entries[self.head]
        left = max(0, told - len(listed))
        if not left:
            return []
        missing = sorted(
            path for path in before.keys() | after.keys() if path not in known and before.get(path) != after.get(path)
        )
        found = [_unread(path, before.get(path), after.get(path)) for path in missing]
        if len(found) >= left:
            return found
        return [*found, _unread(f"({left - len(found)} more files that GitHub does not list)", None, None)]

    async def _entry(self, commit: str, path: str) -> TreeEntry | None:
        known = self._entries[commit].get(path)
        if known is not None or self._whole:
            return known
        found = await self.reader.entry(commit, path)
        return None if found is None else TreeEntry(str(found["mode"]), str(found["sha"]))


def _merged(listed: Sequence[Mapping[str, Any]]) -> list[FileChange]:
    """The files as GitHub lists them; a path that it lists as removed and as added has changed its type."""
    files: dict[str, FileChange] = {}
    for given in listed:
        file = _listed(given)
        other = files.get(file.path)
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
        files[file.path] = file
    return list(files.values())


def _listed(given: Mapping[str, Any]) -> FileChange:
    status = _STATUS.get(str(given["status"]), "modified")
    added, removed = int(given["additions"]), int(given["deletions"])
    hunks = read_patch(given.get("patch"))
    counted = sum(line.kind == "added" for hunk in hunks for line in hunk.lines)
    gone = sum(line.kind == "removed" for hunk in hunks for line in hunk.lines)
    cut = (counted, gone) != (added, removed)  # a missing patch, or one that ends early
    old_path = given.get("previous_filename") if status in ("renamed", "copied") else None
    return FileChange(
        path=str(given["filename"]),
        old_path=None if old_path is None else str(old_path),
        status=status,
        binary=False,
        added=added,
        removed=removed,
        hunks=() if cut else hunks,
        unread="too_large" if cut else None,
    )


def _unread(path: str, old: TreeEntry | None, new: TreeEntry | None) -> FileChange:
    status: Status = "added" if old is None else "deleted" if new is None else "modified"
    return FileChange(
        path=path,
        old_path=None,
        status=status,
        binary=False,
        added=0,
        removed=0,
        hunks=(),
        old_mode=old.mode if old else None,
        new_mode=new.mode if new else None,
        old_oid=old.oid if old else None,
        new_oid=new.oid if new else None,
        unread="too_large",
    )


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
