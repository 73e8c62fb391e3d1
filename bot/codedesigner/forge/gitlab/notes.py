"""Writing notes: reviews as drafts that are published together, plain comments, answers.

Every text is looked through once more before it is sent: GitLab runs a line that begins with a quick action with the
rights of whoever posts it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from codedesigner.errors import ConflictError, LimitedError, MissingError, UnreachableError
from codedesigner.forge.gitlab import values
from codedesigner.forge.gitlab.answers import is_misplaced
from codedesigner.forge.gitlab.client import Client
from codedesigner.forge.gitlab.reader import Reader
from codedesigner.publish.discussion import Comment, NewThread, PullRequest, Refusal, Thread
from codedesigner.publish.forge.positions import gitlab_position
from codedesigner.publish.ports import Written
from codedesigner.publish.sanitise import QUICK_ACTION, code

A_REVIEW: Final = 50
"""Threads of a review: gitlab.com takes sixty notes a minute, and what is published beyond is lost without a word."""
_NO_LINE = "GitLab has no such line in its diff of the merge request"
_CLEARINGS = 10


@dataclass(slots=True)
class _Outcome:
    placed: list[NewThread] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    def refuse(self, threads: Sequence[NewThread], reason: str) -> None:
        self.refused += [Refusal(one, reason) for one in threads]


class Notes:
    """Notes on one project's merge requests."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._client: Client = reader.client
        self._repo = self._client.address.path

    async def tidy(self, pull: PullRequest) -> None:
        """Delete our own drafts: publishing publishes all that there are, those of a run that was cut off, too."""
        for _ in range(_CLEARINGS):
            drafts = await self._drafts(pull)
            if not drafts:
                return
            for one in drafts:
                await self._drop(pull, one)
        raise UnreachableError("GitLab's drafts do not come to an end")

    async def post(
        self, pull: PullRequest, threads: Sequence[NewThread], *, body: str, key: str, lasting: bool = False
    ) -> Written:
        """One review of the head that `pull` names, published at once.

        A review has no text of its own on GitLab, so `body` is posted where there is nothing else to post, or where it
        has to last, as one of the drafts.
        """
        versions = await self._same_head(pull)
        await self.tidy(pull)
        outcome = _Outcome()
        waiting = await self._missing(pull, threads, outcome)
        if not threads:
            await self.comment(pull, body, key=key)
            return Written()
        safe = [one for one in waiting if QUICK_ACTION.search(one.body) is None]
        outcome.refuse([one for one in waiting if one not in safe], "it holds what GitLab would run as a quick action")
        outcome.refuse(safe[A_REVIEW:], f"GitLab takes no more than {A_REVIEW} comments at once")
        safe = safe[:A_REVIEW]
        await self._plain(pull, [one for one in safe if not one.resolvable], outcome)
        text = (body, key) if lasting and QUICK_ACTION.search(body) is None else None
        await self._review(pull, [one for one in safe if one.resolvable], versions, outcome, text)
        return Written(tuple(outcome.placed), tuple(outcome.refused))

    async def comment(self, pull: PullRequest, body: str, *, key: str) -> Comment:
        """A note outside the diff, once."""
        _harmless(body)
        path = f"{self._repo}/merge_requests/{pull.number}/notes"

        async def stored() -> Any:
            return await self._find(f"{path}", key)

        made = await stored()
        if made is None:
            made = await self._client.create(path, {"body": body}, what="the comment", stored=stored)
        return values.comment(_note(made), pull.url)

    async def edit(self, pull: PullRequest, comment: Comment, body: str, thread: Thread | None) -> None:
        """Other words for a note of ours; the request takes its text or its resolution, never both."""
        _harmless(body)
        path = f"{self._repo}/merge_requests/{pull.number}"
        middle = "" if thread is None else f"/discussions/{thread.id}"
        where = f"{path}{middle}/notes/{int(comment.id)}"
        await self._client.repeat("PUT", where, {"body": body}, what="the edit of a comment")

    async def reply(self, pull: PullRequest, thread: Thread, body: str, *, key: str) -> Comment:
        """An answer in a thread, once; beside it, where GitLab takes none as the thread's line is gone."""
        _harmless(body)
        path = f"{self._repo}/merge_requests/{pull.number}/discussions/{thread.id}"

        async def stored() -> Any:
            found = await self._client.get(path, what="a thread")
            return await self._ours((found or {}).get("notes") or [], key)

        made = await stored()
        if made is None:
            try:
                made = await self._client.create(f"{path}/notes", {"body": body}, what="the answer", stored=stored)
            except ConflictError as refused:
                if not is_misplaced(refused):
                    raise
                return await self.comment(pull, body, key=key)
        return values.comment(_note(made), pull.url)

    # A review

    async def _review(
        self,
        pull: PullRequest,
        threads: Sequence[NewThread],
        versions: values.Versions,
        outcome: _Outcome,
        text: tuple[str, str] | None,
    ) -> None:
        drafted: list[NewThread] = []
        for at, one in enumerate(threads):
            try:
                reason = await self._draft(pull, one, versions)
            except LimitedError as limit:
                outcome.refuse(threads[at:], limit.message)
                break
            if reason is None:
                drafted.append(one)
            else:
                outcome.refuse([one], reason)
        if drafted and text is not None:
            await self._draft_text(pull, *text)
        if drafted:
            await self._publish(pull, drafted, outcome)

    async def _draft_text(self, pull: PullRequest, body: str, key: str) -> None:
        """Draft what stands on no line. GitLab publishes it as a thread, which is for nobody to resolve."""
        try:
            await self._new_draft(pull, {"note": body}, key, what="the summary")
        except (ConflictError, LimitedError):
            return  # it is not in the discussion then, and whoever needs it there sees that

    async def _new_draft(self, pull: PullRequest, given: Mapping[str, Any], key: str, *, what: str) -> Any:
        path = f"{self._repo}/merge_requests/{pull.number}/draft_notes"

        async def stored() -> Any:
            return next((one for one in await self._drafts(pull) if key in str(one.get("note") or "")), None)

        return await self._client.create(path, dict(given), what=what, stored=stored)

    async def _draft(self, pull: PullRequest, thread: NewThread, versions: values.Versions) -> str | None:
        """Draft a thread; why it cannot be, else None.

        A position that is in no diff is not always refused: then the draft has no line code, and would be lost.
        """
        given = {"note": thread.body, "position": gitlab_position(thread.place, versions)}
        try:
            made = await self._new_draft(pull, given, thread.key, what="a comment on a line")
        except ConflictError as refused:
            return _NO_LINE if is_misplaced(refused) else refused.message
        except UnreachableError as failed:
            if failed.status != 500:
                raise
            return "GitLab failed at its position"
        if _note(made).get("line_code"):
            return None
        await self._drop(pull, made)
        return _NO_LINE

    async def _publish(self, pull: PullRequest, threads: Sequence[NewThread], outcome: _Outcome) -> None:
        """All drafts at once, with one notification; then a look at what really stands."""

        async def stored() -> bool | None:
            return None if await self._drafts(pull) else True

        path = f"{self._repo}/merge_requests/{pull.number}/draft_notes/bulk_publish"
        try:
            await self._client.create(path, {}, what="the review", stored=stored)
        except LimitedError as limit:
            lost = await self._missing(pull, threads, outcome)
            outcome.refuse(lost, limit.message)
            return
        lost = await self._missing(pull, threads, outcome)
        outcome.refuse(lost, "GitLab lost it when it was published")

    async def _plain(self, pull: PullRequest, threads: Sequence[NewThread], outcome: _Outcome) -> None:
        """What need not be resolved, as notes: every thread on the diff has to be, where the project demands it."""
        for at, one in enumerate(threads):
            place = one.place
            lines = f"{place.start_line}-{place.line}" if place.start_line != place.line else f"{place.line}"
            try:
                await self.comment(pull, f"{code(f'{place.path}:{lines}')}\n\n{one.body}", key=one.key)
            except LimitedError as limit:
                outcome.refuse(threads[at:], limit.message)
                return
            outcome.placed.append(one)

    async def _missing(self, pull: PullRequest, threads: Sequence[NewThread], outcome: _Outcome) -> list[NewThread]:
        """Those of `threads` that do not stand yet; the others are placed."""
        me = await self._reader.me()
        path = f"{self._repo}/merge_requests/{pull.number}/discussions"
        found = await self._client.pages(path, what="discussions")
        notes = [note for one in found for note in one.get("notes") or ()]
        bodies = [str(note.get("body")) for note in notes if values.account(note.get("author")).id == me.id]
        stands = {one.key for one in threads if any(one.key in body for body in bodies)}
        outcome.placed += [one for one in threads if one.key in stands]
        return [one for one in threads if one.key not in stands]

    async def _same_head(self, pull: PullRequest) -> values.Versions:
        """The versions that positions may name. A review of an older head would be on lines that are gone."""
        now = await self._reader.pull(pull.number)
        if now.head != pull.head or now.versions is None:
            raise ConflictError(
                f"merge request {pull.number} has moved from {pull.head[:12]} to {now.head[:12]}",
                reasons=("stale head",),
            )
        return now.versions

    # What stands

    async def _drafts(self, pull: PullRequest) -> list[Mapping[str, Any]]:
        """Our own drafts; GitLab shows nobody else's."""
        path = f"{self._repo}/merge_requests/{pull.number}/draft_notes"
        return await self._client.pages(path, what="drafts")

    async def _drop(self, pull: PullRequest, draft: object) -> None:
        path = f"{self._repo}/merge_requests/{pull.number}/draft_notes/{int(_note(draft)['id'])}"
        try:
            await self._client.repeat("DELETE", path, what="a draft")
        except MissingError:
            return  # gone by now, by a request whose answer was lost or by a run beside this one

    async def _find(self, path: str, key: str) -> Any:
        async for part in self._client.each_page(path, what="comments", sort="asc", order_by="created_at"):
            found = await self._ours(part, key)
            if found is not None:
                return found
        return None

    async def _ours(self, notes: Sequence[Mapping[str, Any]], key: str) -> Any:
        me = await self._reader.me()
        return next(
            (
                one
                for one in notes
                if values.account(one.get("author")).id == me.id and key in str(one.get("body") or "")
            ),
            None,
        )


def _harmless(body: str) -> None:
    found = QUICK_ACTION.search(body)
    if found is not None:
        raise ConflictError(
            "a comment holds what GitLab would run as a quick action, and is not sent",
            reasons=("quick action",),
            hint="this is a bug: please report it",
        )


def _note(given: object) -> Mapping[str, Any]:
    if not isinstance(given, Mapping) or "id" not in given:
        raise UnreachableError("GitLab gave no note")
    return given
