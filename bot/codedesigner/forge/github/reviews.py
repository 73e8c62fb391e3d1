"""Posting a review: one request with all its comments, and what to do when GitHub refuses one of them.

One comment that GitHub does not take refuses the whole review, and the answer does not say which one. So places are
compared with the diff that GitHub shows before anything is sent; and where a review is refused all the same, at most
three more requests find what can be posted. What cannot is handed back, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from codedesigner.change.model import Hunk
from codedesigner.errors import ConflictError, LimitedError, MissingError
from codedesigner.forge.filling import read_patch
from codedesigner.forge.github.client import Client
from codedesigner.forge.github.reader import Reader
from codedesigner.publish.discussion import NewThread, Place, PullRequest, Refusal
from codedesigner.publish.ports import Written

_NEEDS: Final = "pull-requests: write"
_READ: Final = "pull-requests: read"
_A_REVIEW = 30  # comments: larger reviews have met GitHub's abuse detection
_SMALL = 10  # comments of a review after that has happened
_MORE_REQUESTS = 3
_MORE = "More comments of the same review: GitHub takes {most} at a time."

_PENDING = re.compile(r"pending review", re.IGNORECASE)
_MOVED = re.compile(r"end_commit_oid|commit_id|commit_oid", re.IGNORECASE)
_VERDICT = re.compile(r"own pull request|not permitted to approve", re.IGNORECASE)
_RANGE = re.compile(r"start[_ ]line|same hunk", re.IGNORECASE)


@dataclass(slots=True)
class _Outcome:
    placed: list[NewThread] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


class Reviews:
    """Reviews of one repository's pull requests."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._client: Client = reader.client
        self._repo = self._client.address.path

    async def tidy(self, pull: PullRequest) -> None:
        """Delete our own reviews that were never submitted: nobody sees them, and they forbid any other of ours."""
        await self._without_drafts(pull)

    async def post(self, pull: PullRequest, threads: Sequence[NewThread], *, body: str, key: str) -> Written:
        """One review of the head that `pull` names; more than one only where GitHub does not take it as a whole."""
        await self._same_head(pull)
        earlier = await self._without_drafts(pull)
        outcome = _Outcome()
        waiting, text = list(threads), body
        if any(key in str(one.get("body") or "") for one in earlier):
            text = _MORE.format(most=_A_REVIEW)
            waiting = await self._missing(pull, waiting, outcome)
            if not waiting:
                return Written(tuple(outcome.placed))
        fitting = await self._fitting(pull, waiting, outcome)
        if fitting or not threads:
            await self._reviews(pull, fitting, text, outcome)
        return Written(tuple(outcome.placed), tuple(outcome.refused))

    async def _reviews(self, pull: PullRequest, threads: Sequence[NewThread], text: str, outcome: _Outcome) -> None:
        most, at = _A_REVIEW, 0
        while at < max(1, len(threads)):
            chunk = threads[at : at + most]
            before = len(outcome.placed)
            try:
                await self._review(pull, chunk, text, outcome)
            except LimitedError as limit:
                if most == _SMALL or len(chunk) <= _SMALL or limit.status != 403:
                    raise
                most = _SMALL
                continue
            at += max(1, len(chunk))
            if len(outcome.placed) > before:
                text = _MORE.format(most=most)

    async def _review(self, pull: PullRequest, threads: Sequence[NewThread], text: str, outcome: _Outcome) -> None:
        """One review; where it is refused, what of it can be posted."""
        again = True
        while True:
            try:
                await self._create(pull, threads, text)
            except ConflictError as refused:
                said = " ".join((refused.message, *refused.reasons))
                if _MOVED.search(said):
                    await self._same_head(pull)
                if again and (_PENDING.search(said) or _VERDICT.search(said)):
                    again = False
                    await self._without_drafts(pull)
                    continue
                if not threads or refused.status != 422:
                    raise
                return await self._search(pull, threads, text, refused, outcome)
            outcome.placed += threads
            return None

    async def _search(
        self, pull: PullRequest, threads: Sequence[NewThread], text: str, refused: ConflictError, outcome: _Outcome
    ) -> None:
        """Post what can be posted of comments among which one is refused, in three requests.

        `bad` holds a comment that is refused, as far as is known; `good` none, and waits for its turn.
        """
        bad, good = _suspects(threads, refused)
        for _ in range(_MORE_REQUESTS):
            if len(bad) == 1 and good:
                outcome.refused += _refusals(bad, refused)
                bad, half = [], []
            elif len(bad) <= 1:
                break
            else:
                half = bad[: len(bad) // 2]
            tried = [*half, *good]
            try:
                await self._create(pull, tried, text)
            except ConflictError as error:
                if error.status != 422:
                    raise
                refused = error
                rest = [one for one in bad if one not in half]
                bad, good = (half, [*good, *rest]) if half else (good, [])
                continue
            outcome.placed += tried
            text = _MORE.format(most=_A_REVIEW)
            bad, good = [one for one in bad if one not in half], []
        outcome.refused += _refusals([*bad, *good], refused)

    async def _create(self, pull: PullRequest, threads: Sequence[NewThread], text: str) -> None:
        body: dict[str, Any] = {"commit_id": pull.head, "event": "COMMENT", "body": text}
        if threads:
            body["comments"] = [_comment(one) for one in threads]

        async def stored() -> bool | None:
            if threads:
                found = _Outcome()
                return True if not await self._missing(pull, threads, found) else None
            there = any(text == one.get("body") for one in await self._mine(pull))
            return True if there else None

        await self._client.create(
            f"{self._repo}/pulls/{pull.number}/reviews",
            body,
            what="the review",
            needs=_NEEDS,
            stored=stored,
            patient=len(threads) <= _SMALL,
        )

    async def _missing(self, pull: PullRequest, threads: Sequence[NewThread], outcome: _Outcome) -> list[NewThread]:
        """Those of `threads` that do not stand yet; the others are placed."""
        me = await self._reader.me()
        path = f"{self._repo}/pulls/{pull.number}/comments"
        found = await self._client.pages(path, what="comments on lines", needs=_READ)
        bodies = [str(one["body"]) for one in found if str((one.get("user") or {}).get("id")) == me.id]
        stands = {one.key: any(one.key in body for body in bodies) for one in threads}
        outcome.placed += [one for one in threads if stands[one.key]]
        return [one for one in threads if not stands[one.key]]

    async def _fitting(self, pull: PullRequest, threads: Sequence[NewThread], outcome: _Outcome) -> list[NewThread]:
        """Those of `threads` whose place is in the diff that GitHub shows; the others are refused."""
        wanted = {one.place.path for one in threads}
        hunks: dict[str, tuple[Hunk, ...]] = {}
        if wanted:
            path = f"{self._repo}/pulls/{pull.number}/files"
            async for part in self._client.each_page(path, what="the files", needs=_READ):
                hunks |= {str(one["filename"]): read_patch(one.get("patch")) for one in part}
                if wanted <= hunks.keys():
                    break
        fitting: list[NewThread] = []
        for one in threads:
            why = misfit(one.place, hunks.get(one.place.path, ()))
            if why is None:
                fitting.append(one)
            else:
                outcome.refused.append(Refusal(one, why))
        return fitting

    async def _same_head(self, pull: PullRequest) -> None:
        """A review of an older head would be shown as outdated, if GitHub took it."""
        now = await self._reader.pull(pull.number)
        if now.head != pull.head:
            raise ConflictError(
                f"pull request {pull.number} has moved from {pull.head[:12]} to {now.head[:12]}",
                reasons=("stale head",),
            )

    async def _without_drafts(self, pull: PullRequest) -> list[Mapping[str, Any]]:
        """Our submitted reviews, once the others are deleted."""
        mine = await self._mine(pull)
        for one in mine:
            if one.get("state") == "PENDING":
                path = f"{self._repo}/pulls/{pull.number}/reviews/{int(one['id'])}"
                try:
                    await self._client.repeat("DELETE", path, what="a review that was never submitted", needs=_NEEDS)
                except MissingError:
                    continue  # gone by now, by a request whose answer was lost or by a run beside this one
        return [one for one in mine if one.get("state") != "PENDING"]

    async def _mine(self, pull: PullRequest) -> list[Mapping[str, Any]]:
        me = await self._reader.me()
        path = f"{self._repo}/pulls/{pull.number}/reviews"
        found = await self._client.pages(path, what="reviews", needs=_READ)
        return [one for one in found if str((one.get("user") or {}).get("id")) == me.id]


def misfit(place: Place, hunks: Sequence[Hunk]) -> str | None:
    """Why GitHub would not take a comment at this place; None where it would."""
    if not hunks:
        return f"GitHub shows no diff of {place.path}"
    first, last = sorted((place.start_line, place.line))
    for hunk in hunks:
        numbers = {line.new if place.side == "RIGHT" else line.old for line in hunk.lines}
        if last in numbers:
            return None if first in numbers else "its first and last line are not in one hunk"
    return f"line {last} is not in the diff that GitHub shows"


def _suspects(threads: Sequence[NewThread], refused: ConflictError) -> tuple[list[NewThread], list[NewThread]]:
    """Who may be meant, and who is not: only a range has a first line to complain about."""
    if refused.reasons and all(_RANGE.search(reason) for reason in refused.reasons):
        ranges = [one for one in threads if one.place.start_line != one.place.line]
        if ranges:
            return ranges, [one for one in threads if one not in ranges]
    return list(threads), []


def _refusals(threads: Sequence[NewThread], refused: ConflictError) -> list[Refusal]:
    return [Refusal(one, "; ".join(refused.reasons) or refused.message) for one in threads]


def _comment(thread: NewThread) -> dict[str, Any]:
    place = thread.place
    first, last = sorted((place.start_line, place.line))
    given: dict[str, Any] = {"path": place.path, "body": thread.body, "line": last, "side": place.side}
    if first != last:
        given |= {"start_line": first, "start_side": place.side}
    return given
