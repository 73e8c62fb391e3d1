"""What a token may do in a repository.

GitHub tells it of no installation token, as a job's GITHUB_TOKEN is one. A write that cannot succeed shows it: GitHub
looks at the permission before it looks at what is to be stored, so a refusal of what was to be stored (422) is one that
only who may write meets. Every such request lacks something twice or names a commit that no repository has. A 422 in
other words may be said before the permission is looked at, and proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from codedesigner.errors import ConflictError, ForbiddenError, ForgeError, MissingError
from codedesigner.forge.github import queries
from codedesigner.forge.github.reader import Reader
from codedesigner.publish.discussion import PullRequest
from codedesigner.publish.rights import Held, Right, RightName, refused, unknown

_NOWHERE: Final = "0" * 40
_STORING = re.compile(r"blank|No commit found|commit_?(id|oid)|pending review", re.IGNORECASE)
_COMMENTS: Final = "give the token the permission `pull-requests: write`"
_CHECKS: Final = "give the token the permission `checks: write`"
_EITHER: Final = f"{_CHECKS}, or `statuses: write`"
_RESOLVE: Final = "give the token the permission `contents: write`, or leave out forge.resolve_threads"
_PEOPLE: Final = "take a token whose owner may write to the repository; until then commands are refused"
_NAME_IT: Final = "name a pull request with --pr"


class Rights:
    """The rights of one token in one repository."""

    def __init__(self, reader: Reader, *, classic: bool) -> None:
        self._reader = reader
        self._client = reader.client
        self._repo = reader.client.address.path
        self._classic = classic

    async def all(self, pull: PullRequest | None) -> tuple[Right, ...]:
        """All of them."""
        return (await self._comments(pull), await self._check(), await self._resolve(pull), await self._people(pull))

    async def _comments(self, pull: PullRequest | None) -> Right:
        if pull is None:
            return unknown("comments", "there is no pull request to ask it of", _NAME_IT)
        body = {"event": "COMMENT", "body": "", "commit_id": _NOWHERE}
        held, error = await self._try(f"{self._repo}/pulls/{pull.number}/reviews", body, "a review")
        if held == "yes":
            return Right("comments", "yes", "reviews and comments can be written")
        return _right("comments", held, error, _COMMENTS)

    async def _check(self) -> Right:
        run = {"name": "codedesigner", "head_sha": _NOWHERE}
        held, error = await self._try(f"{self._repo}/check-runs", run, "a check run")
        if held == "yes":
            return Right("check", "yes", "check runs can be written")
        path = f"{self._repo}/statuses/{_NOWHERE}"
        other, _ = await self._try(path, {"state": "pending", "context": "codedesigner"}, "a commit status")
        if other == "yes":
            return Right("check", "less", "a commit status can be written, a check run cannot", _CHECKS)
        return _right("check", "unknown" if other == "unknown" else held, error, _EITHER)

    async def _try(self, path: str, body: Mapping[str, Any], what: str) -> tuple[Held, ForgeError | None]:
        """Whether a write is refused for what was to be stored, or for who wants to store it."""
        try:
            await self._client.repeat("POST", path, body, what=what)
        except ConflictError as error:
            reached = error.status == 422 and any(map(_STORING.search, (error.message, *error.reasons)))
            return ("yes" if reached else "unknown"), error
        except (ForbiddenError, MissingError) as error:  # 404: a token that is not told what it may not
            return "no", error
        except ForgeError as error:
            return "unknown", error
        return "unknown", ForgeError(f"GitHub took {what} that nobody can store")

    async def _resolve(self, pull: PullRequest | None) -> Right:
        try:
            may = await self._may_push() if self._classic else None
            if may is None and pull is not None:
                may = await self._may_resolve(pull)
        except ForgeError as error:
            return unknown("resolve", error.message, _RESOLVE)
        if may is None:
            return unknown("resolve", "GitHub tells it only where there is a thread", _RESOLVE)
        if may:
            return Right("resolve", "yes", "threads can be resolved")
        return Right("resolve", "no", "threads cannot be resolved", _RESOLVE)

    async def _may_push(self) -> bool | None:
        found = await self._client.get(self._repo, what="the repository")
        permissions = found.get("permissions") if isinstance(found, dict) else None
        return bool(permissions.get("push")) if isinstance(permissions, dict) else None

    async def _may_resolve(self, pull: PullRequest) -> bool | None:
        address = self._client.address
        variables = {"owner": address.owner, "name": address.name, "number": pull.number}
        data = await self._client.graphql(queries.RESOLVABLE, variables, what="the threads")
        found = (data.get("repository") or {}).get("pullRequest") or {}
        told = [
            bool(one["viewerCanUnresolve" if one["isResolved"] else "viewerCanResolve"])
            for one in (found.get("reviewThreads") or {}).get("nodes") or ()
        ]
        # Who opened the pull request, or a thread, may resolve there and not elsewhere.
        return all(told) if told else None

    async def _people(self, pull: PullRequest | None) -> Right:
        if pull is None or not pull.author.id:
            return unknown("people", "there is nobody to ask it of", _NAME_IT)
        try:
            await self._reader.permission(pull.author)
        except ForbiddenError as error:
            return refused("people", error, _PEOPLE)
        except ForgeError as error:
            return unknown("people", error.message, _PEOPLE)
        return Right("people", "yes", "what people may do can be asked")


def _right(name: RightName, held: Held, error: ForgeError | None, remedy: str) -> Right:
    said = "" if error is None else error.message
    return Right(name, held, said, remedy)
