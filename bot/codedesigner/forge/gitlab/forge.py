"""GitLab as `publish.ports.Forge` wants a forge: reading, notes and checks in one, and the small writes."""

from __future__ import annotations

from collections.abc import Sequence

from codedesigner.change.model import Change
from codedesigner.errors import MissingError
from codedesigner.forge.gitlab import values
from codedesigner.forge.gitlab.changes import Changes
from codedesigner.forge.gitlab.checks import Beat, Checks, each_minute
from codedesigner.forge.gitlab.client import Client
from codedesigner.forge.gitlab.notes import Notes
from codedesigner.forge.gitlab.reader import Reader
from codedesigner.forge.gitlab.rights import Rights
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

_TAKEN = "already been taken"


class GitLabForge:
    """One project on GitLab. It never approves and never merges: there is no such request in it."""

    def __init__(self, client: Client, beat: Beat = each_minute) -> None:
        self.client = client
        self._repo = client.address.path
        self._reader = Reader(client)
        self._changes = Changes(self._reader)
        self._notes = Notes(self._reader)
        self._checks = Checks(self._reader, beat)

    @property
    def kind(self) -> ForgeName:
        """Which forge this is."""
        return "gitlab"

    @property
    def clone_url(self) -> str:
        """Where git fetches the project, with `token` as its password."""
        return self.client.address.clone_url

    @property
    def git_user(self) -> str:
        """The name that goes with a token."""
        return "gitlab-ci-token" if self.client.job else "oauth2"

    async def token(self) -> str:
        """The credential of this moment, for git."""
        return self.client.token

    def close(self) -> None:
        """Close the connections."""
        self._checks.close()
        self.client.close()

    # Reading

    async def me(self) -> Account:
        """The account that this token writes as."""
        return await self._reader.me()

    async def pull(self, number: int) -> PullRequest:
        """The merge request as it is now."""
        return await self._reader.pull(number)

    async def discussion(self, pull: PullRequest) -> Discussion:
        """All that stands on it, with the reactions to our own comments."""
        return await self._reader.discussion(pull)

    async def permission(self, account: Account) -> Permission:
        """What the account may do in the project, asked now."""
        return await self._reader.permission(account)

    async def merge_base(self, base: str, head: str) -> str:
        """The best common ancestor of two commits."""
        return await self._reader.merge_base(base, head)

    async def file_at(self, sha: str, path: str) -> bytes | None:
        """A regular file of a commit."""
        return await self._reader.file_at(sha, path)

    async def change(self, pull: PullRequest, *, file_bytes: int, most_files: int) -> Change:
        """The change as GitLab tells it, for runs without a clone."""
        return await self._changes.change(pull, file_bytes=file_bytes, most_files=most_files)

    async def arrived(self, pull: PullRequest) -> float | None:
        """When GitLab first had the head of the merge request."""
        return await self._reader.arrived(pull)

    async def issue(self, number: int) -> Issue:
        """An issue of this repository."""
        return await self._reader.issue(number)

    async def pulls_of(self, sha: str) -> Sequence[PullRequest]:
        """Open merge requests whose head is the commit."""
        return await self._reader.pulls_of(sha)

    async def kept(self, sha: str, name: str) -> str:
        """The digest of the report that our newest status of the commit is about."""
        return await self._checks.kept(sha, name)

    async def rights(self, pull: PullRequest | None) -> tuple[Right, ...]:
        """What the token may do; nothing is changed."""
        return await Rights(self._reader).all(pull)

    # Writing

    async def tidy(self, pull: PullRequest) -> None:
        """Delete our own drafts."""
        await self._notes.tidy(pull)

    async def post(
        self, pull: PullRequest, threads: Sequence[NewThread], *, body: str, key: str, lasting: bool = False
    ) -> Written:
        """One review of the head that `pull` names."""
        return await self._notes.post(pull, threads, body=body, key=key, lasting=lasting)

    async def comment(self, pull: PullRequest, body: str, *, key: str) -> Comment:
        """A comment outside the diff, once."""
        return await self._notes.comment(pull, body, key=key)

    async def edit(self, pull: PullRequest, comment: Comment, body: str, *, thread: Thread | None = None) -> None:
        """Other words for a comment of ours."""
        await self._notes.edit(pull, comment, body, thread)

    async def reply(self, pull: PullRequest, thread: Thread, body: str, *, key: str) -> Comment:
        """An answer in a thread, once."""
        return await self._notes.reply(pull, thread, body, key=key)

    async def resolve(self, pull: PullRequest, thread: Thread) -> None:
        """Resolve a thread, which Developers may and the author of the change."""
        await self._resolution(pull, thread, resolved=True)

    async def reopen(self, pull: PullRequest, thread: Thread) -> None:
        """Take a resolution back."""
        await self._resolution(pull, thread, resolved=False)

    async def react(
        self, pull: PullRequest, comment: Comment, reaction: Reaction, *, thread: Thread | None = None
    ) -> None:
        """Award an emoji. Who has awarded it already is told that there is no such thing, which is no error."""
        path = f"{self._repo}/merge_requests/{pull.number}/notes/{int(comment.id)}/award_emoji"
        try:
            await self.client.repeat("POST", path, {"name": values.EMOJI[reaction]}, what="an emoji")
        except MissingError as refused:
            if _TAKEN not in refused.message:
                raise

    async def check(self, check: Check) -> None:
        """Make or complete the check of a commit."""
        await self._checks.check(check)

    async def unfinished(self, sha: str, name: str) -> Sequence[Check]:
        """Checks of ours on the commit that are still running."""
        return await self._checks.unfinished(sha, name)

    async def _resolution(self, pull: PullRequest, thread: Thread, *, resolved: bool) -> None:
        path = f"{self._repo}/merge_requests/{pull.number}/discussions/{thread.id}"
        what = "resolving a thread" if resolved else "opening a thread again"
        await self.client.repeat("PUT", path, {"resolved": resolved}, what=what)
