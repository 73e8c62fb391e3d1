"""The check of a commit: a check run where the token may write one, else a commit status.

Annotations are appended fifty at a time and can never be taken back, so what a run carries already is read before
anything is appended to it, and a run that carries others' is left for a new one. The conclusion comes with the last
part: a run that is cut off stays unfinished, which never opens a gate.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from codedesigner.errors import ForbiddenError, MissingError, UnreachableError
from codedesigner.forge.github.client import Client, Method
from codedesigner.forge.github.reader import Reader
from codedesigner.forge.github.values import BOT
from codedesigner.forge.urls import full_id
from codedesigner.publish.discussion import Annotation, Check, CheckConclusion
from codedesigner.publish.limit import cap

_NEEDS: Final = "checks: write"
_OURS: Final = "codedesigner"
_A_REQUEST = 50
_DESCRIPTION = 140
_TITLE = 255
_MESSAGE_BYTES = 60_000

_KEPT: Final = re.compile(r"\n\n<!-- codedesigner:kept ([0-9a-f]{64}) -->\s*\Z")

_Key = tuple[str, int, int, str, str, str]
_Run = Mapping[str, Any]
State = Literal["error", "failure", "pending", "success"]
_STATE: Final[Mapping[CheckConclusion | None, State]] = {
    None: "pending",
    "success": "success",
    "neutral": "success",
    "failure": "failure",
    "action_required": "error",
    "cancelled": "error",
}


class Checks:
    """The checks of one repository."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._client: Client = reader.client
        self._repo = self._client.address.path
        self._refused: ForbiddenError | None = None  # how this token was refused check runs

    async def check(self, check: Check) -> None:
        """Make or complete the check of a commit, whatever an earlier run left of it."""
        full_id(check.sha)
        if self._refused is None:
            try:
                return await self._run(check)
            except ForbiddenError as refused:
                if refused.status == 401:
                    raise
                self._refused = refused
        try:
            return await self._status(check)
        except ForbiddenError:
            raise self._refused from None  # a status is only in the place of what was refused first

    async def unfinished(self, sha: str, name: str) -> Sequence[Check]:
        """Checks of ours on the commit that are still running."""
        full_id(sha)
        if self._refused is None:
            try:
                runs = await self._runs(sha, name)
            except ForbiddenError:
                runs = []
            found = [_check(one) for one in runs if one.get("status") != "completed"]
            if found:
                return found
        status = await self._latest(sha, name)
        if status is None or status.get("state") != "pending":
            return []
        said = str(status.get("description") or "")
        return [Check(sha, name, None, said, said, url=str(status.get("target_url") or ""))]

    async def kept(self, sha: str, name: str) -> str:
        """The digest at the end of our newest check run's text, where it is completed.

        Every workflow may write a run with a number like ours, so it has to be of the program that we are. A commit
        status has no room for it.
        """
        full_id(sha)
        me = await self._reader.me()
        try:
            runs = await self._runs(sha, name)
        except (ForbiddenError, MissingError):
            return ""
        own = [one for one in runs if f"{(one.get('app') or {}).get('slug')}{BOT}" == me.login]
        newest = max(own, key=lambda one: int(one["id"]), default=None)
        if newest is None or len(own) != len(runs) or newest.get("status") != "completed":
            return ""
        found = _KEPT.search(str((newest.get("output") or {}).get("text") or ""))
        return found.group(1) if found else ""

    # Check runs

    async def _run(self, check: Check) -> None:
        found, carried = await self._fitting(check)
        parts = _parts(check.annotations, carried)
        for at, part in enumerate(parts):
            body = _body(check, part, last=at == len(parts) - 1)
            found = await self._put(check, found, body, carried + Counter(map(_key, part)))
            carried = carried + Counter(map(_key, part))
        if found is not None and found.get("conclusion") != check.conclusion:
            # A finished run that does not open again would go on showing its old conclusion.
            await self._put(check, None, _body(check, (), last=True), Counter())

    async def _fitting(self, check: Check) -> tuple[_Run | None, Counter[_Key]]:
        """The run to go on with, and its annotations: of the same run, else an unfinished one, else a finished one."""
        runs = await self._runs(check.sha, check.name)
        if not runs:
            return None, Counter()
        own = _external(check)
        found = max(
            runs, key=lambda one: (one.get("external_id") == own, one.get("status") != "completed", int(one["id"]))
        )
        if check.conclusion is None:
            return found, Counter()
        carried = await self._carried(found)
        if carried <= Counter(map(_key, check.annotations)):
            return found, carried
        if found.get("status") != "completed":
            await self._abandon(found)
        return None, Counter()

    async def _put(self, check: Check, run: _Run | None, body: Mapping[str, Any], after: Counter[_Key]) -> _Run:
        """Create the run, or change it. What an open answer has stored is not sent again.

        `after` are the annotations that it carries then.
        """

        async def is_that(now: _Run) -> bool:
            same = all(now.get(name) == body.get(name) for name in ("status", "conclusion", "external_id"))
            return same and await self._carried(now) == after

        async def created() -> _Run | None:
            # What is there may be of an earlier attempt, or of an earlier command about the same commit.
            for one in await self._runs(check.sha, check.name):
                if await is_that(one):
                    return one
            return None

        async def changed() -> _Run | None:
            now = await self._one(0 if run is None else int(run["id"]))
            return now if await is_that(now) else None

        method: Method = "POST" if run is None else "PATCH"
        path = f"{self._repo}/check-runs" + ("" if run is None else f"/{int(run['id'])}")
        stored = created if run is None else changed
        body = {**body, "head_sha": check.sha} if run is None else body
        made = await self._client.create(path, body, what="the check run", needs=_NEEDS, stored=stored, method=method)
        return _run_of(made)

    async def _abandon(self, run: _Run) -> None:
        """Finish a run of an earlier attempt that cannot be gone on with."""
        body = {
            "status": "completed",
            "conclusion": "cancelled",
            "output": {"title": "Replaced by a newer run", "summary": "Its place is taken by the newer check."},
        }
        path = f"{self._repo}/check-runs/{int(run['id'])}"
        await self._client.repeat("PATCH", path, body, what="an older check run", needs=_NEEDS)

    async def _runs(self, sha: str, name: str) -> list[_Run]:
        """Our runs of that name on the commit: workflow jobs of the same name are others'."""
        found = await self._client.pages(
            f"{self._repo}/commits/{sha}/check-runs",
            what="check runs",
            needs="checks: read",
            key="check_runs",
            check_name=name,
            filter="all",
        )
        return [one for one in found if one.get("name") == name and _ours(one)]

    async def _one(self, number: int) -> _Run:
        found = await self._client.get(f"{self._repo}/check-runs/{number}", what="a check run", needs="checks: read")
        return _run_of(found)

    async def _carried(self, run: _Run) -> Counter[_Key]:
        output = run.get("output") or {}
        if not output.get("annotations_count"):
            return Counter()
        path = f"{self._repo}/check-runs/{int(run['id'])}/annotations"
        found = await self._client.pages(path, what="annotations", needs="checks: read")
        return Counter(
            (
                str(one["path"]),
                int(one["start_line"]),
                int(one["end_line"]),
                str(one["annotation_level"]),
                str(one.get("title") or ""),
                str(one.get("message") or ""),
            )
            for one in found
        )

    # Commit statuses

    async def _status(self, check: Check) -> None:
        body: dict[str, Any] = {
            "state": _STATE[check.conclusion],
            "context": check.name,
            "description": _cut(check.title, _DESCRIPTION),
            **({"target_url": check.url} if check.url else {}),
        }

        async def stored() -> Any:
            now = await self._latest(check.sha, check.name)
            same = now is not None and all(now.get(name) == value for name, value in body.items())
            return now if same else None

        if await stored() is not None:
            return  # a thousand of one context are all that a commit takes
        path = f"{self._repo}/statuses/{check.sha}"
        await self._client.create(path, body, what="the commit status", needs="statuses: write", stored=stored)

    async def _latest(self, sha: str, name: str) -> _Run | None:
        """Our newest status of a context, whose case GitHub does not mind."""
        me = await self._reader.me()
        try:
            pages = self._client.each_page(
                f"{self._repo}/commits/{sha}/statuses", what="commit statuses", needs="statuses: read"
            )
            async for part in pages:
                for one in part:  # the newest first
                    if str(one.get("context")).lower() == name.lower():
                        mine = str((one.get("creator") or {}).get("id")) == me.id
                        return one if mine else None
        except (ForbiddenError, MissingError):
            return None
        return None


def _parts(wanted: Sequence[Annotation], carried: Counter[_Key]) -> list[list[Annotation]]:
    """What is still to be appended, fifty a request; at least one request, for the conclusion."""
    left = Counter(carried)
    missing: list[Annotation] = []
    for one in wanted:
        key = _key(one)
        if left[key]:
            left[key] -= 1
        else:
            missing.append(one)
    return [missing[at : at + _A_REQUEST] for at in range(0, len(missing), _A_REQUEST)] or [[]]


def _body(check: Check, annotations: Sequence[Annotation], *, last: bool) -> dict[str, Any]:
    output: dict[str, Any] = {"title": _cut(check.title, _TITLE), "summary": cap(check.summary or check.title)}
    text = cap(check.text) if check.text else ""
    if check.kept:
        text = f"{text}\n\n<!-- codedesigner:kept {check.kept} -->\n"
    if text:
        output["text"] = text
    if annotations:
        output["annotations"] = [_annotation(one) for one in annotations]
    body: dict[str, Any] = {"name": check.name, "external_id": _external(check), "status": "in_progress"}
    if last and check.conclusion is not None:
        body |= {"status": "completed", "conclusion": check.conclusion}
    if check.url:
        body["details_url"] = check.url
    return {**body, "output": output}


def _annotation(one: Annotation) -> dict[str, Any]:
    path, start, end, level, title, message = _key(one)
    given = {"path": path, "start_line": start, "end_line": end, "annotation_level": level, "message": message}
    return {**given, "title": title} if title else given


def _key(one: Annotation) -> _Key:
    """An annotation as it is sent, by which it is known again."""
    start = max(1, one.start_line)
    message = one.message.encode("utf-8", "replace")[:_MESSAGE_BYTES].decode("utf-8", "ignore")
    return (one.path, start, max(start, one.end_line), one.level, _cut(one.title, _TITLE), message)


def _external(check: Check) -> str:
    """What tells our runs from others', and the pull request, which GitHub does not tell of one from a fork."""
    return f"{_OURS}/{check.number or 0}/{check.run}"


def _check(run: _Run) -> Check:
    """A run of ours that is still going on."""
    output = run.get("output") or {}
    _, number, name = str(run["external_id"]).split("/", 2)
    return Check(
        sha=str(run["head_sha"]),
        name=str(run["name"]),
        conclusion=None,
        title=str(output.get("title") or ""),
        summary=str(output.get("summary") or ""),
        text=str(output.get("text") or ""),
        run=name,
        number=int(number) or None,
        url=str(run.get("details_url") or ""),
    )


def _ours(run: _Run) -> bool:
    parts = str(run.get("external_id") or "").split("/", 2)
    return len(parts) == 3 and parts[0] == _OURS and parts[1].isdigit()


def _run_of(given: object) -> _Run:
    if not isinstance(given, dict):
        raise UnreachableError("GitHub gave no check run")
    return given


def _cut(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
