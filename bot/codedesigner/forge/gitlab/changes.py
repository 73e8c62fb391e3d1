"""The change of a merge request without a clone: from its diffs, the folders around them, and the objects of files.

GitLab leaves the diff of a large file empty (`collapsed`, `too_large`) and lists no more than so many files; what it
does not show is in the change as not reviewed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from codedesigner.change.contents import special
from codedesigner.change.model import Change, FileChange, Status
from codedesigner.errors import ConflictError
from codedesigner.forge.filling import Filling, identified, merged, read_patch
from codedesigner.forge.gitlab.reader import Reader
from codedesigner.publish.discussion import PullRequest

_BINARY = "Binary files "


class Changes:
    """Changes of one project."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._repo = reader.client.address.path

    async def change(self, pull: PullRequest, *, file_bytes: int, most_files: int) -> Change:
        """The change since the merge base.

        Raises:
            ConflictError: the merge request has moved while it was read.
        """
        path = f"{self._repo}/merge_requests/{pull.number}"
        listed = await self._reader.client.pages(f"{path}/diffs", what="the diffs")
        now = await self._reader.client.get(path, what=f"merge request {pull.number}")
        if not isinstance(now, dict) or now.get("sha") != pull.head:
            raise ConflictError(f"merge request {pull.number} has moved from {pull.head[:12]}", reasons=("stale head",))
        base = pull.versions[0] if pull.versions else await self._reader.merge_base(pull.base, pull.head)
        filling = Filling(self._reader.blob, file_bytes)
        files: list[FileChange] = []
        for given in merged([_listed(one) for one in listed]):
            file = await self._identified(given, base, pull.head)
            if len(files) >= most_files:
                files.append(replace(file, hunks=(), unread=special(file) or "too_large"))
            else:
                files.append(await filling.filled(file))
        return Change(pull.repo, base, pull.head, (*files, *_unlisted(files, now.get("changes_count"))))

    async def _identified(self, file: FileChange, base: str, head: str) -> FileChange:
        old = None if file.status == "added" else await self._reader.entry(base, file.old_path or file.path)
        new = None if file.status == "deleted" else await self._reader.entry(head, file.path)
        return identified(file, old, new)


def _listed(given: Mapping[str, Any]) -> FileChange:
    status: Status = "modified"
    for flag, name in (("new_file", "added"), ("deleted_file", "deleted"), ("renamed_file", "renamed")):
        if given.get(flag):
            status = name  # type: ignore[assignment]
    text = given.get("diff")
    cut = bool(given.get("collapsed") or given.get("too_large"))
    hunks = () if cut else read_patch(text)
    unreadable = not hunks and isinstance(text, str) and bool(text) and not text.startswith(_BINARY)
    return FileChange(
        path=str(given["new_path"]),
        old_path=str(given["old_path"]) if status == "renamed" else None,
        status=status,
        binary=isinstance(text, str) and text.startswith(_BINARY),
        added=sum(line.kind == "added" for hunk in hunks for line in hunk.lines),
        removed=sum(line.kind == "removed" for hunk in hunks for line in hunk.lines),
        hunks=hunks,
        old_mode=str(given["a_mode"]) if status != "added" and given.get("a_mode") else None,
        new_mode=str(given["b_mode"]) if status != "deleted" and given.get("b_mode") else None,
        unread="too_large" if cut or unreadable else None,
    )


def _unlisted(files: Sequence[FileChange], count: object) -> list[FileChange]:
    """One entry for the changed files that GitLab does not list: `changes_count` may be `1000+`."""
    told = str(count or "")
    digits = told.removesuffix("+")
    left = int(digits) - len(files) if digits.isdecimal() else 0
    if left <= 0 and not told.endswith("+"):
        return []
    which = f"{left} more files" if left > 0 and not told.endswith("+") else "more files"
    path = f"({which} that GitLab does not list)"
    return [FileChange(path, None, "modified", binary=False, added=0, removed=0, hunks=(), unread="too_large")]
