"""What is to be said, said: new threads in one review, other words for those that stand, the summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from codedesigner.errors import ConflictError, ForbiddenError, ForgeError, LimitedError
from codedesigner.publish.discussion import Comment, NewThread, PullRequest, Refusal, Thread
from codedesigner.publish.forge.reconcile import Edit, Reconciled
from codedesigner.publish.ports import Written
from codedesigner.pullrequest.desk import Desk
from codedesigner.pullrequest.standing import Stand


@dataclass
class Publishing:
    """Writes to one pull request. Once the token may not, or a limit lasts, nothing more is tried; `notes` say so."""

    desk: Desk
    pull: PullRequest
    stand: Stand
    resolve: bool
    notes: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    resolved: int = 0
    stale: bool = False
    stopped: bool = False

    async def threads(self, reconciled: Reconciled, body: str, key: str, *, lasting: bool = False) -> None:
        """Post what is new, in one review under `body`, and bring up to date what stands.

        `lasting`: the body is the summary itself. To post it beside the review would notify people a second time.
        """
        wanted = self.resolve
        if reconciled.posts:
            threads = [post.thread for post in reconciled.posts]
            written = await self._post(threads, body, key, lasting=lasting)
            self.refused += written.refused
        await self.edits(reconciled.edits)
        if self.stopped:
            return
        if wanted and any(edit.resolve for edit in reconciled.edits):
            self.desk.say(f"{self.resolved} threads resolved")

    async def edits(self, edits: Sequence[Edit]) -> None:
        """Other words for comments that stand."""
        for edit in edits:
            if self.stopped:
                return
            await self._edit(edit)

    async def summary(self, there: Comment | None, body: str, key: str) -> bool:
        """Write the sticky comment, or other words into the one that is there; whether it says so now."""
        forge = self.desk.forge
        try:
            if there is None:
                await forge.comment(self.pull, body, key=key)
                return True
            if there.unresolved:
                await self._nothing_to_resolve(there)
            if there.body != body:
                await forge.edit(self.pull, there, body)
        except ForgeError as error:
            self._trouble("the summary was not written", error)
            return False
        return True

    async def _nothing_to_resolve(self, there: Comment) -> None:
        """A summary that was published among drafts is a thread, which may keep the change from being merged."""
        try:
            await self.desk.forge.resolve(self.pull, Thread(there.unresolved, "", "RIGHT", None, None, (there,)))
        except ForgeError as error:
            self.note(f"the summary is a thread that somebody has to resolve: {error.message}")

    async def spare(self, comments: Sequence[Comment], body: str) -> None:
        """Other words into summaries that stand a second time, as runs that did not know of each other made them."""
        for comment in comments:
            if self.stopped:
                return
            try:
                await self.desk.forge.edit(self.pull, comment, body)
            except ForgeError as error:
                self._trouble("a second summary was left as it is", error)

    async def _post(self, threads: Sequence[NewThread], body: str, key: str, *, lasting: bool) -> Written:
        try:
            await self.desk.forge.tidy(self.pull)
            return await self.desk.forge.post(self.pull, threads, body=body, key=key, lasting=lasting)
        except ConflictError as error:
            self.stale = True
            self._trouble("the head moved before the findings were posted", error)
        except ForgeError as error:
            self._trouble("the findings were not posted on their lines", error)
        return Written(refused=tuple(Refusal(thread, "it could not be posted") for thread in threads))

    async def _edit(self, edit: Edit) -> None:
        """Resolve first: a run that is cut off in between does both again."""
        forge = self.desk.forge
        try:
            if edit.thread is not None and self.resolve and (edit.resolve or edit.reopen):
                await self._settle(edit)
            await forge.edit(self.pull, edit.comment, edit.body, thread=edit.thread)
        except ForgeError as error:
            self._trouble(f"the comment of {edit.id} was not brought up to date", error)

    async def _settle(self, edit: Edit) -> None:
        if edit.thread is None:
            return
        try:
            if edit.reopen:
                await self.desk.forge.reopen(self.pull, edit.thread)
            else:
                await self.desk.forge.resolve(self.pull, edit.thread)
                self.resolved += 1
        except ForbiddenError as error:
            self.resolve = False
            hint = "" if error.hint is None else f" ({error.hint})"
            self.note(f"threads were not resolved: {error.message}{hint}")

    def note(self, line: str) -> None:
        """A line for the log."""
        self.notes.append(line)
        self.desk.say(line)

    def _trouble(self, what: str, error: ForgeError) -> None:
        hint = "" if error.hint is None else f" ({error.hint})"
        self.note(f"{what}: {error.message}{hint}")
        self.stopped = self.stopped or isinstance(error, ForbiddenError | LimitedError)


def at_their_places(reconciled: Reconciled, refused: list[Refusal]) -> Reconciled:
    """What was reconciled, without places that the forge did not take: those findings stand in the summary."""
    reasons = {one.thread.key: one.reason for one in refused}
    lost = {post.id: reasons[post.thread.key] for post in reconciled.posts if post.thread.key in reasons}
    placed = {
        name: replace(one, level="summary", place=None, reason=f"the forge did not take it: {lost[name]}")
        if name in lost
        else one
        for name, one in reconciled.placed.items()
    }
    posts = tuple(post for post in reconciled.posts if post.id not in lost)
    return replace(reconciled, posts=posts, placed=placed)
