"""The check of a commit: a commit status, and the external status check of its name where the project has one.

Both are weak where a change may edit the pipeline: whoever may push can write a status of any name. A status check
that stays pending for two minutes fails, so pending is said again while a review goes on.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, unquote

from codedesigner.errors import ConflictError, ForbiddenError, ForgeError, MissingError
from codedesigner.forge.gitlab import values
from codedesigner.forge.gitlab.client import Client
from codedesigner.forge.gitlab.reader import Reader
from codedesigner.forge.urls import full_id
from codedesigner.publish.discussion import Check, CheckConclusion

Beat = Callable[[], Awaitable[object]]

_STATE: Final[Mapping[CheckConclusion | None, str]] = {
    None: "running",
    "success": "success",
    "neutral": "success",
    "failure": "failed",
    "action_required": "failed",
    "cancelled": "canceled",
}
_ANSWER: Final[Mapping[str, str]] = {"running": "pending", "success": "passed"}
_RUNNING = ("pending", "running")
_DESCRIPTION = 140
_MARK = "#codedesigner="
_BEATS = 120
_KEPT: Final = re.compile(r"[0-9]+/[^/]*/([0-9a-f]{64})")


async def each_minute() -> None:
    """What lies between two answers of a status check that is pending."""
    await asyncio.sleep(60.0)


class Checks:
    """The checks of one project. `beat` waits until pending has to be said again."""

    def __init__(self, reader: Reader, beat: Beat = each_minute) -> None:
        self._reader = reader
        self._client: Client = reader.client
        self._repo = self._client.address.path
        self._beat = beat
        self._external: dict[tuple[int, str], int | None] = {}
        self._alive: dict[str, asyncio.Task[None]] = {}

    async def check(self, check: Check) -> None:
        """Make or complete the check of a commit, in the pipeline in which an earlier run left it."""
        full_id(check.sha)
        self._silence(check)
        await self._status(check)
        if check.number is not None:
            await self._answer(check, check.number)

    async def unfinished(self, sha: str, name: str) -> Sequence[Check]:
        """Checks of ours on the commit that are still running."""
        return [_check(one) for one in await self._statuses(sha, name) if one.get("status") in _RUNNING]

    async def kept(self, sha: str, name: str) -> str:
        """The digest in the address of our newest status, where none of ours is still running."""
        statuses = await self._statuses(sha, name)
        if any(one.get("status") in _RUNNING for one in statuses):
            return ""
        newest = max(statuses, key=lambda one: int(one["id"]), default=None)
        return "" if newest is None else _digest(newest)

    def close(self) -> None:
        """Say nothing any more."""
        for task in self._alive.values():
            task.cancel()
        self._alive.clear()

    # Commit statuses

    async def _status(self, check: Check) -> None:
        state = _STATE[check.conclusion]
        there = [one for one in await self._statuses(check.sha, check.name) if one.get("status") in _RUNNING]
        if state == "running" and there:
            return
        body: dict[str, Any] = {
            "state": state,
            "name": check.name,
            "description": _cut(check.title),
            **await self._target(check),
        }
        places = [_place(one) for one in there] or [await self._pipeline(check)]
        for place in places:
            await self._put(check, {**body, **place})

    async def _put(self, check: Check, body: Mapping[str, Any]) -> None:
        path = f"{self._repo}/statuses/{check.sha}"
        try:
            await self._client.repeat("POST", path, body, what="the commit status", conflicts=True)
        except ConflictError as refused:
            if not any("Cannot transition" in reason for reason in refused.reasons):
                raise
            now = {str(one.get("status")) for one in await self._statuses(check.sha, check.name)}
            if body["state"] not in now and not (body["state"] == "running" and now & set(_RUNNING)):
                raise

    async def _statuses(self, sha: str, name: str) -> list[Mapping[str, Any]]:
        """Our own newest statuses of a name, one for each pipeline that has one."""
        me = await self._reader.me()
        path = f"{self._repo}/repository/commits/{full_id(sha)}/statuses"
        try:
            found = await self._client.pages(path, what="commit statuses", name=name)
        except MissingError:
            return []
        return [one for one in found if one.get("name") == name and values.account(one.get("author")).id == me.id]

    async def _pipeline(self, check: Check) -> dict[str, Any]:
        """Which pipeline a new status belongs to: without one, GitLab takes the newest, or makes one of its own."""
        own = self._client.address.pipeline
        if own is not None and own.sha == check.sha:
            return {"pipeline_id": own.id, "ref": own.ref}
        try:
            found = await self._client.pages(f"{self._repo}/pipelines", what="pipelines", sha=check.sha)
        except (ForbiddenError, MissingError):
            found = []
        if found:
            best = max(found, key=lambda one: (one.get("source") == "merge_request_event", int(one["id"])))
            return {"pipeline_id": int(best["id"]), "ref": str(best["ref"])}
        if check.number is None:
            return {}
        pull = await self._reader.pull(check.number)
        return {"ref": f"refs/merge-requests/{pull.number}/head" if pull.fork else pull.head_ref}

    async def _target(self, check: Check) -> dict[str, str]:
        """The address behind the status. Its end tells later runs which run it is of."""
        url = check.url
        if not url and check.number is not None:
            url = f"{self._client.address.server}/{self._client.address.project}/-/merge_requests/{check.number}"
        if not url:
            return {}
        mark = f"{_MARK}{check.number or 0}/{quote(check.run, safe='')}" + (f"/{check.kept}" if check.kept else "")
        return {"target_url": url if "#" in url else f"{url}{mark}"}

    # External status checks

    async def _answer(self, check: Check, number: int) -> None:
        external = await self._configured(number, check.name)
        if external is None:
            return
        status = _ANSWER.get(_STATE[check.conclusion], "failed")
        await self._respond(check.sha, number, external, status)
        if status == "pending":
            self._alive[check.name] = asyncio.create_task(self._keep(check.sha, number, external))

    async def _configured(self, number: int, name: str) -> int | None:
        """The status check of that name; None where the project has none, or no licence for them."""
        key = (number, name)
        if key not in self._external:
            path = f"{self._repo}/merge_requests/{number}/status_checks"
            try:
                found = await self._client.pages(path, what="status checks")
            except (ForbiddenError, MissingError):
                found = []
            self._external[key] = next((int(one["id"]) for one in found if one.get("name") == name), None)
        return self._external[key]

    async def _respond(self, sha: str, number: int, external: int, status: str) -> None:
        """Answer for the head. GitLab refuses the answer for any other commit, about which nothing has to be said."""
        path = f"{self._repo}/merge_requests/{number}/status_check_responses"
        body = {"sha": sha, "external_status_check_id": external, "status": status}
        try:
            await self._client.repeat("POST", path, body, what="the status check")
        except ConflictError as stale:
            if stale.status != 409:
                raise

    async def _keep(self, sha: str, number: int, external: int) -> None:
        for _ in range(_BEATS):
            await self._beat()
            try:
                await self._respond(sha, number, external, "pending")
            except ForgeError:
                return  # it turns red in the meantime, and is answered in the end

    def _silence(self, check: Check) -> None:
        task = self._alive.pop(check.name, None)
        if task is not None:
            task.cancel()


def _place(status: Mapping[str, Any]) -> dict[str, Any]:
    number = status.get("pipeline_id")
    return {"ref": str(status["ref"]), **({} if number is None else {"pipeline_id": int(number)})}


def _digest(status: Mapping[str, Any]) -> str:
    _, _, mark = str(status.get("target_url") or "").partition(_MARK)
    found = _KEPT.fullmatch(mark)
    return found.group(1) if found else ""


def _check(status: Mapping[str, Any]) -> Check:
    said, url = str(status.get("description") or ""), str(status.get("target_url") or "")
    url, _, mark = url.partition(_MARK)
    number, _, run = mark.partition("/")
    run = run.partition("/")[0]
    return Check(
        sha=str(status["sha"]),
        name=str(status["name"]),
        conclusion=None,
        title=said,
        summary=said,
        run=unquote(run),
        number=int(number) or None if number.isdecimal() else None,
        url=url,
    )


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _DESCRIPTION else f"{line[: _DESCRIPTION - 1]}…"
