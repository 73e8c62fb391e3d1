"""Reading a project and its merge requests."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from codedesigner.change.git import TreeEntry
from codedesigner.change.worktree import inside
from codedesigner.errors import ConflictError, ForbiddenError, MissingError, UnreachableError
from codedesigner.forge.gitlab import values
from codedesigner.forge.gitlab.client import Client
from codedesigner.forge.urls import full_id
from codedesigner.publish.discussion import (
    Account,
    Comment,
    Discussion,
    Issue,
    Permission,
    PullRequest,
    Reaction,
    Thread,
)

_REGULAR = ("100644", "100755")
_LARGEST_FILE = 1_000_000
_PREPARING = (1.0, 1.0, 2.0, 3.0, 5.0, 8.0, 10.0, 15.0, 15.0)
"""Pauses in which GitLab may prepare a diff, a minute together; mostly it takes a few seconds."""
_MOST_NOTES = 1_000  # of an issue that are read
_EMOJI_S = 2.0  # seconds within which an update and an emoji are one


class Reader:
    """One project, read through a client."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._repo = client.address.path
        self._me: Account | None = None
        self._accounts: dict[str, Account] = {}
        self._folders: dict[tuple[str, str], dict[str, TreeEntry]] = {}

    async def me(self) -> Account:
        """The account that this token writes as, asked once.

        Raises:
            ForbiddenError: a job's token, which has none of its own.
        """
        if self.client.job:
            raise ForbiddenError(
                "CI_JOB_TOKEN writes as nobody", hint="set CODEDESIGNER_GITLAB_TOKEN to a project access token"
            )
        if self._me is None:
            self._me = values.account(_object(await self.client.get("/user", what="who this token is"), "an account"))
        return self._me

    async def pull(self, number: int) -> PullRequest:
        """The merge request as it is now, once GitLab has its diff.

        Raises:
            UnreachableError: it has none within a minute.
        """
        what = f"merge request {int(number)}"
        path = f"{self._repo}/merge_requests/{int(number)}"
        for pause in (*_PREPARING, None):
            given = _object(await self.client.get(path, what=what), what)
            versions = await self._versions(given, path)
            if versions is not None:
                return values.pull_request(given, versions, *await self._repos(given))
            if pause is not None:
                await self.client.timing.sleep(pause)
        raise UnreachableError(
            f"GitLab has not prepared the diff of {what} within {sum(_PREPARING):.0f} seconds",
            hint="run the job again, or type `/codedesigner recheck`",
        )

    async def _versions(self, given: Mapping[str, Any], path: str) -> values.Versions | None:
        """Base, start and head of the newest version, the one of the present head; None while it is being made."""
        if not isinstance(given.get("diff_refs"), dict) or ("prepared_at" in given and not given["prepared_at"]):
            return None
        async for part in self.client.each_page(f"{path}/versions", what="the versions of a diff"):
            for one in part[:1]:  # the newest first
                found = (str(one["base_commit_sha"]), str(one["start_commit_sha"]), str(one["head_commit_sha"]))
                return found if found[2] == given.get("sha") and all(found) else None
        return None

    async def _repos(self, given: Mapping[str, Any]) -> tuple[str, str | None]:
        """The paths of the target and of the source project; None for one that is gone or not shown to us."""
        target, source = given.get("target_project_id") or given.get("project_id"), given.get("source_project_id")
        repo = self.client.address.project
        if source is None:
            return repo, None
        if source == target:
            return repo, repo
        try:
            found = _object(await self.client.get(f"/projects/{int(source)}", what="the fork"), "a project")
        except (MissingError, ForbiddenError):
            return repo, None
        return repo, str(found["path_with_namespace"])

    async def discussion(self, pull: PullRequest) -> Discussion:
        """All comments and threads, every page, with the reactions to our own comments."""
        path = f"{self._repo}/merge_requests/{pull.number}"
        me = await self.me()
        comments: list[Comment] = []
        threads: list[Thread] = []
        for one in await self.client.pages(f"{path}/discussions", what="discussions"):
            said = tuple([await self._comment(note, pull, me) for note in one.get("notes") or ()])
            if values.on_diff(one):
                threads.append(values.thread(one, said, pull.head))
            else:
                comments += values.beside(one, said, me)
        return Discussion(tuple(sorted(comments, key=lambda one: (one.created, int(one.id)))), tuple(threads))

    async def _comment(self, note: Mapping[str, Any], pull: PullRequest, me: Account) -> Comment:
        said = values.comment(note, pull.url)
        author = me if said.author.id == me.id else await self._known(said.author)
        if said.author.id != me.id and not said.edited:
            return replace(said, author=author)
        path = f"{self._repo}/merge_requests/{pull.number}/notes/{said.id}/award_emoji"
        awards = await self.client.pages(path, what="emoji")
        if said.author.id != me.id:
            return replace(values.comment(note, pull.url, touched=_touched(note, awards)), author=author)
        known: list[tuple[str, Reaction]] = [one for each in awards if (one := values.reaction(each)) is not None]
        said = values.comment(note, pull.url, touched=_touched(note, awards), reactions=known)
        return replace(said, author=author)

    async def _known(self, account: Account) -> Account:
        """The account with what only its own page tells: whether it is a bot's. Asked once of each."""
        if account.id.isdecimal() and account.id not in self._accounts:
            try:
                found = await self.client.get(f"/users/{account.id}", what="an account")
                self._accounts[account.id] = replace(account, bot=bool(_object(found, "an account").get("bot")))
            except (MissingError, ForbiddenError):
                self._accounts[account.id] = account
        return self._accounts.get(account.id, account)

    async def permission(self, account: Account) -> Permission:
        """What the account may do, by its own, inherited or shared membership."""
        if not account.id.isdecimal():
            raise MissingError("a deleted account has no permission", status=404)
        what = "a member"
        found = _object(await self.client.get(f"{self._repo}/members/all/{account.id}", what=what), what)
        if str(found.get("id")) != account.id or str(found.get("username")) != account.login:
            raise MissingError("that name is another account's by now", status=404)
        if found.get("state", "active") != "active" or found.get("membership_state", "active") != "active":
            raise MissingError("that account is not active", status=404)
        return values.permission(int(found["access_level"]))

    async def merge_base(self, base: str, head: str) -> str:
        """The best common ancestor of two commits."""
        what = "the merge base"
        refs = [full_id(base), full_id(head)]
        found = await self.client.get(f"{self._repo}/repository/merge_base", what=what, refs_=refs)
        return full_id(str(_object(found, what).get("id")))

    async def file_at(self, sha: str, path: str) -> bytes | None:
        """A regular file of a commit. GitLab's API for files would give a link's target as if it were a file."""
        commit = full_id(sha)
        if not inside(path):
            return None
        entry = await self.entry(commit, path)
        if entry is None or entry.mode not in _REGULAR:
            return None
        content = await self.blob(entry.oid)
        if len(content) > _LARGEST_FILE:
            raise ConflictError(f"{path} has more than {_LARGEST_FILE} bytes")
        return content

    async def entry(self, commit: str, path: str) -> TreeEntry | None:
        """What a commit has at a path; folders are read once."""
        folder, _, _ = path.rpartition("/")
        key = (full_id(commit), folder)
        if key not in self._folders:
            self._folders[key] = await self._folder(*key)
        return self._folders[key].get(path)

    async def _folder(self, commit: str, folder: str) -> dict[str, TreeEntry]:
        query = {"path": folder} if folder else {}
        try:
            found = await self.client.pages(f"{self._repo}/repository/tree", what="a folder", ref=commit, **query)
        except MissingError:
            return {}
        return {str(one["path"]): TreeEntry(str(one["mode"]), str(one["id"])) for one in found}

    async def blob(self, oid: str) -> bytes:
        """The content of a file by its object's id."""
        what = "a file"
        found = _object(await self.client.get(f"{self._repo}/repository/blobs/{full_id(oid)}", what=what), what)
        try:
            if found.get("encoding") != "base64":
                raise UnreachableError("GitLab gave a file in an unknown form")
            return base64.b64decode(str(found["content"]))
        except binascii.Error:
            raise UnreachableError("GitLab gave a file that cannot be read") from None

    async def arrived(self, pull: PullRequest) -> float | None:
        """When the first version with this head was made, which happens with its push."""
        path = f"{self._repo}/merge_requests/{pull.number}/versions"
        found = await self.client.pages(path, what="the versions of a diff")
        return min(
            (values.moment(one["created_at"]) for one in found if one.get("head_commit_sha") == pull.head), default=None
        )

    async def issue(self, number: int) -> Issue:
        """An issue with all who have edited its text, as its system notes tell."""
        path, what = f"{self._repo}/issues/{int(number)}", f"issue {int(number)}"
        given = _object(await self.client.get(path, what=what), what)
        project = _object(await self.client.get(self._repo, what="the project"), "a project")
        notes: list[dict[str, Any]] = []
        async for page in self.client.each_page(f"{path}/notes", what="notes"):
            notes += page
            if len(notes) > _MOST_NOTES:
                return replace(values.issue(given, (), project), editors=None)
        return values.issue(given, notes, project)

    async def pulls_of(self, sha: str) -> Sequence[PullRequest]:
        """Open merge requests whose head is the commit.

        GitLab finds those of a commit by the commits that it has stored with them, which comes after the push.
        """
        commit = full_id(sha)
        try:
            near = await self.client.pages(
                f"{self._repo}/repository/commits/{commit}/merge_requests", what="merge requests", state="opened"
            )
        except MissingError:
            near = []
        found = _heads(near, commit)
        if not found:
            found = _heads(
                await self.client.pages(f"{self._repo}/merge_requests", what="merge requests", state="opened"), commit
            )
        pulls = [await self.pull(number) for number in found]
        return [pull for pull in pulls if pull.state == "open" and pull.head == commit]


def _heads(found: Sequence[Mapping[str, Any]], commit: str) -> list[int]:
    return [int(one["iid"]) for one in found if one.get("sha") == commit and one.get("state") == "opened"]


def _touched(note: Mapping[str, Any], awards: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a note's last update was an emoji, and not an edit."""
    updated = values.moment(note.get("updated_at") or note["created_at"])
    times = [values.moment(one["created_at"]) for one in awards if one.get("created_at")]
    return any(abs(updated - at) <= _EMOJI_S for at in times)


def _object(given: object, what: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise UnreachableError(f"GitLab gave something else than {what}")
    return given
