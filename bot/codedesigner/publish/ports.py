"""What reviewing on a forge needs of it. GitHub and GitLab implement it, and one set of tests holds both to it.

Every method raises `ForgeError` or one of its kinds: `ForbiddenError` (the token may not: nobody tries again),
`MissingError` (there is no such thing), `ConflictError` (the forge refuses as things are, with its reasons),
`LimitedError` (a limit is hit that lasts longer than the run may wait), `UnreachableError` (no usable answer, after
the tries there are).

Writing is safe to repeat. Whatever creates something takes a `key` that its body holds: after an answer that leaves
open whether it was stored, the forge is read before anything is sent again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from codedesigner.change.model import Change
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
    Refusal,
    Thread,
)
from codedesigner.publish.rights import RightsTeller


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a review: the threads that stand, and the comments that were refused at their place."""

    placed: tuple[NewThread, ...] = ()
    refused: tuple[Refusal, ...] = ()


class ForgeReader(Protocol):
    """Reading. Lists are complete, whatever the forge's pages."""

    @property
    def kind(self) -> ForgeName:
        """Which forge this is."""

    async def me(self) -> Account:
        """The account that this token writes as."""

    async def pull(self, number: int) -> PullRequest:
        """The pull request as it is now."""

    async def discussion(self, pull: PullRequest) -> Discussion:
        """All that stands on it, with the reactions to our own comments."""

    async def permission(self, account: Account) -> Permission:
        """What the account may do in the repository, asked now. Who calls fails closed on any error."""

    async def merge_base(self, base: str, head: str) -> str:
        """The best common ancestor of two commits (full ids)."""

    async def file_at(self, sha: str, path: str) -> bytes | None:
        """A regular file of a commit; None where there is none, or a link, a folder or a submodule in its place."""

    async def change(self, pull: PullRequest, *, file_bytes: int, most_files: int) -> Change:
        """The change as the forge tells it, for runs without a clone.

        What the forge leaves out is in it as not reviewed: a file without its patch, files beyond what it lists.
        """

    async def arrived(self, pull: PullRequest) -> float | None:
        """When the forge first had the head of the pull request, in Unix time; None where it does not tell.

        Times inside of commits do not count: their authors write them.
        """

    async def issue(self, number: int) -> Issue:
        """An issue of this repository; a pull request is none."""

    async def kept(self, sha: str, name: str) -> str:
        """The digest that our newest check of the commit carries (`Check.kept`), where it has ended; else empty.

        A check of another program's counts for nothing, whatever it says.
        """

    async def pulls_of(self, sha: str) -> Sequence[PullRequest]:
        """Open pull requests whose head is the commit."""


class ForgeWriter(Protocol):
    """Writing. One notification a review."""

    async def tidy(self, pull: PullRequest) -> None:
        """Remove what a run of ours that was cut off left unseen: pending reviews, drafts. Nobody else's."""

    async def post(
        self, pull: PullRequest, threads: Sequence[NewThread], *, body: str, key: str, lasting: bool = False
    ) -> Written:
        """One review of the head that `pull` names, as a comment: never an approval, never a request for changes.

        `lasting`: its body is found in the discussion afterwards, and can be edited, also where a review has no text.
        Where no comment of the review was taken, nothing is posted.
        """

    async def comment(self, pull: PullRequest, body: str, *, key: str) -> Comment:
        """A comment outside the diff."""

    async def edit(self, pull: PullRequest, comment: Comment, body: str, *, thread: Thread | None = None) -> None:
        """Other words for a comment of ours; `thread` where it stands in one."""

    async def reply(self, pull: PullRequest, thread: Thread, body: str, *, key: str) -> Comment:
        """An answer in a thread."""

    async def resolve(self, pull: PullRequest, thread: Thread) -> None:
        """Resolve a thread. `ForbiddenError` where the token may not; then nothing was resolved."""

    async def reopen(self, pull: PullRequest, thread: Thread) -> None:
        """Take a resolution back, as what was fixed is there again. `ForbiddenError` where the token may not."""

    async def react(
        self, pull: PullRequest, comment: Comment, reaction: Reaction, *, thread: Thread | None = None
    ) -> None:
        """React to a comment; having reacted already is no error."""

    async def check(self, check: Check) -> None:
        """Make or complete the check of a commit, whatever an earlier run left of it."""

    async def unfinished(self, sha: str, name: str) -> Sequence[Check]:
        """Checks of ours on the commit that are still running."""


class Forge(ForgeReader, ForgeWriter, RightsTeller, Protocol):
    """All of it."""
