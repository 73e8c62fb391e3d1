"""GitHub as `publish.ports.Forge` wants a forge: reading, reviews and checks in one, and the small writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from codedesigner.change.model import Change
from codedesigner.errors import ConflictError
from codedesigner.forge.github import queries, values
from codedesigner.forge.github.changes import Changes
from codedesigner.forge.github.checks import Checks
from codedesigner.forge.github.client import Client
from codedesigner.forge.github.reader import Reader
from codedesigner.forge.github.reviews import Reviews
from codedesigner.forge.github.rights import Rights
from codedesigner.publish.discussion import (
    Account,
    Check,
    Comment,
    Discussion,
    ForgeName,
    Issue,
    NewThread,
    Permission,
    PullRequest,
    Reaction,
    Thread,
)
from codedesigner.publish.ports import Written
from codedesigner.publish.rights import Right

_NEEDS: Final = "pull-requests: write"
_READ: Final = "pull-requests: read"


class GitHubForge:
    """One repository on GitHub."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._repo = client.address.path
        self._reader = Reader(client)
        self._changes = Changes(self._reader)
        self._reviews = Reviews(self._reader)
        self._checks = Checks(self._reader)

    @property
    def kind(self) -> ForgeName:
        """Which forge this is."""
        return "github"

    @property
    def clone_url(self) -> str:
        """Where git fetches the repository, with `token` as its password."""
        return self.client.address.clone_url

    @property
    def git_user(self) -> str:
        """The name that goes with a token, whose it is does not matter."""
        return "x-access-token"

    async def token(self) -> str:
        """The credential of this moment, for git."""
        return await self.client.token()

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    # Reading

    async def me(self) -> Account:
        """The account that this token writes as."""
        return await self._reader.me()

    async def pull(self, number: int) -> PullRequest:
        """The pull request as it is now."""
        return await self._reader.pull(number)

    async def discussion(self, pull: PullRequest) -> Discussion:
        """All that stands on it, with the reactions to our own comments."""
        return await self._reader.discussion(pull)

    async def permission(self, account: Account) -> Permission:
        """What the account may do in the repository, asked now."""
        return await self._reader.permission(account)

    async def merge_base(self, base: str, head: str) -> str:
        """The best common ancestor of two commits."""
        return await self._reader.merge_base(base, head)

    async def file_at(self, sha: str, path: str) -> bytes | None:
        """A regular file of a commit."""
        return await self._reader.file_at(sha, path)

    async def change(self, pull: PullRequest, *, file_bytes: int, most_files: int) -> Change:
        """The change as GitHub tells it, for runs without a clone."""
        return await self._changes.change(pull, file_bytes=file_bytes, most_files=most_files)

    async def arrived(self, pull: PullRequest) -> float | None:
        """When GitHub first had the head of the pull request."""
        return await self._reader.arrived(pull)

    async def issue(self, number: int) -> Issue:
        """An issue of this repository."""
        return await self._reader.issue(number)

    async def pulls_of(self, sha: str) -> Sequence[PullRequest]:
        """Open pull requests whose head is the commit."""
        return await self._reader.pulls_of(sha)

    async def kept(self, sha: str, name: str) -> str:
        """The digest of the report that our newest check of the commit is about."""
        return await self._checks.kept(sha, name)

    async def rights(self, pull: PullRequest | None) -> tuple[Right, ...]:
        """What the token may do; nothing is changed."""
        return await Rights(self._reader, classic=self.client.classic).all(pull)

    # Writing

    async def tidy(self, pull: PullRequest) -> None:
        """Delete our own reviews that were never submitted."""
        await self._reviews.tidy(pull)

    async def post(
        self, pull: PullRequest, threads: Sequence[NewThread], *, body: str, key: str, lasting: bool = False
    ) -> Written:
        """One review of the head that `pull` names, as a comment. A review's body lasts in any case."""
        return await self._reviews.post(pull, threads, body=body, key=key)

    async def comment(self, pull: PullRequest, body: str, *, key: str) -> Comment:
        """A comment outside the diff, once."""
        path = f"{self._repo}/issues/{pull.number}/comments"

        async def stored() -> Any:
            return await self._find(path, key)

        made = await stored()
        if made is None:
            made = await self.client.create(path, {"body": body}, what="the comment", needs=_NEEDS, stored=stored)
        return values.comment(made)

    async def edit(self, pull: PullRequest, comment: Comment, body: str, *, thread: Thread | None = None) -> None:
        """Other words for a comment of ours, or above a review of ours."""
        if comment.review:
            path = f"{self._repo}/pulls/{pull.number}/reviews/{int(comment.id)}"
            await self.client.repeat("PUT", path, {"body": body}, what="the edit of a review", needs=_NEEDS)
            return
        path = f"{self._of(comment, thread)}"
        await self.client.repeat("PATCH", path, {"body": body}, what="the edit of a comment", needs=_NEEDS)

    async def reply(self, pull: PullRequest, thread: Thread, body: str, *, key: str) -> Comment:
        """An answer in a thread, once. Only a thread's first comment can be answered."""
        top = int(thread.comments[0].id)
        path = f"{self._repo}/pulls/{pull.number}/comments"

        async def stored() -> Any:
            return await self._find(path, key, answered=top)

        made = await stored()
        if made is None:
            made = await self.client.create(
                f"{path}/{top}/replies", {"body": body}, what="the answer", needs=_NEEDS, stored=stored
            )
        return values.comment(made)

    async def resolve(self, pull: PullRequest, thread: Thread) -> None:
        """Resolve a thread. That takes the right to write to the repository, whatever else the token may."""
        await self._resolution(thread, queries.RESOLVE, "resolveReviewThread", wanted=True)

    async def reopen(self, pull: PullRequest, thread: Thread) -> None:
        """Take a resolution back."""
        await self._resolution(thread, queries.REOPEN, "unresolveReviewThread", wanted=False)

    async def react(
        self, pull: PullRequest, comment: Comment, reaction: Reaction, *, thread: Thread | None = None
    ) -> None:
        """React to a comment: 201 the first time, 200 when that reaction is there already."""
        path = f"{self._of(comment, thread)}/reactions"
        body = {"content": values.CONTENT[reaction]}
        await self.client.repeat("POST", path, body, what="a reaction", needs=_NEEDS)

    async def check(self, check: Check) -> None:
        """Make or complete the check of a commit."""
        await self._checks.check(check)

    async def unfinished(self, sha: str, name: str) -> Sequence[Check]:
        """Checks of ours on the commit that are still running."""
        return await self._checks.unfinished(sha, name)

    def _of(self, comment: Comment, thread: Thread | None) -> str:
        return f"{self._repo}/{'issues' if thread is None else 'pulls'}/comments/{int(comment.id)}"

    async def _find(self, path: str, key: str, *, answered: int | None = None) -> Any:
        """The first comment of ours that holds `key`, in a thread where one is meant."""
        me = await self.me()
        async for part in self.client.each_page(path, what="comments", needs=_READ):
            for one in part:
                ours = str((one.get("user") or {}).get("id")) == me.id
                if ours and key in str(one.get("body") or "") and one.get("in_reply_to_id") == answered:
                    return one
        return None

    async def _resolution(self, thread: Thread, mutation: str, name: str, *, wanted: bool) -> None:
        what = "resolving a thread" if wanted else "opening a thread again"
        data = await self.client.graphql(mutation, {"thread": thread.id}, what=what, needs="contents: write")
        now = (data.get(name) or {}).get("thread") or {}
        if now.get("isResolved") is not wanted:
            raise ConflictError(f"GitHub did not do it: {what}")
