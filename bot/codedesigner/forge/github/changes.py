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

from codedesigner.change.contents import special
from codedesigner.change.git import TreeEntry
from codedesigner.change.model import Change, FileChange, Status
from codedesigner.errors import ConflictError
from codedesigner.forge.filling import Filling, identified, merged, read_patch
from codedesigner.forge.github.reader import Reader
from codedesigner.publish.discussion import PullRequest

_STATUS: Final[Mapping[str, Status]] = {
    "added": "added",
    "removed": "deleted",
    "modified": "modified",
    "changed": "modified",
    "renamed": "renamed",
    "copied": "copied",
}


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
        filling = Filling(self._reader.blob, file_bytes)
        files: list[FileChange] = []
        for given in merged([_listed(one) for one in listed]):
            file = await trees.identified(given)
            if len(files) >= most_files:
                files.append(replace(file, hunks=(), unread=special(file) or "too_large"))
            else:
                files.append(await filling.filled(file))
        return Change(pull.repo, base, pull.head, (*files, *trees.unlisted(files, int(now.get("changed_files") or 0))))


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
        return identified(file, old, new)

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
