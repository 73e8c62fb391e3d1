"""The double as a server: who asks, what for, whether it is in the contract, and the answer."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.doubles import githttp
from tests.doubles.gitlab import (
    routes_discussions,
    routes_drafts,
    routes_issues,
    routes_merge_requests,
    routes_projects,
    routes_statuses,
)
from tests.doubles.gitlab.contract import Operation, check
from tests.doubles.gitlab.model import Json, Token
from tests.doubles.gitlab.wire import Call, RefusalError, segments
from tests.doubles.gitlab.world import World
from tests.doubles.server import Reply, Request

OPERATIONS: tuple[Operation, ...] = tuple(
    operation
    for file in (
        routes_discussions,
        routes_drafts,
        routes_issues,
        routes_merge_requests,
        routes_projects,
        routes_statuses,
    )
    for operation in file.OPERATIONS.all
)
_UNAUTHORIZED = RefusalError(401, "401 Unauthorized")
_SCOPE = "The request requires higher privileges than provided by the access token."


class GitLab(World):
    """GitLab's API over the state in `World`."""

    def answer(self, request: Request) -> Reply:
        """One request, from authentication to answer."""
        if self.redirect_to is not None:
            query = f"?{'&'.join(f'{quote(n)}={quote(v)}' for n, v in request.pairs)}" if request.pairs else ""
            return Reply(301, "moved", {"Location": f"{self.redirect_to}/api/v4{request.path}{query}"})
        if githttp.asks_git(request):
            return githttp.answer(request, lambda path: self._repository(request, path))
        try:
            reply = self._admitted(request)
        except RefusalError as refused:
            reply = refused.reply
        return Reply(reply.status, reply.body, {**self._limits(), **reply.headers})

    def _repository(self, request: Request, path: str) -> Path | None:
        """A project's repository, for whoever may see it; the token is the password, whatever the name."""
        given = base64.b64decode(request.token).decode().partition(":")[2] if request.token else ""
        token = self.tokens.get(given)
        project = next((each for each in self.projects if each.path == path), None)
        if project is None or (given and token is None):
            return None
        mine = token is not None and token.project in (None, project.id) and project.level(token.user) > 0
        return project.repository.path if project.public or mine else None

    def _limits(self) -> dict[str, str]:
        used = len(self.exchanges) + 1
        reset = int(self.clock.now.timestamp()) // 60 * 60 + 60
        return {
            "RateLimit-Name": "throttle_authenticated_api",
            "RateLimit-Limit": "2000",
            "RateLimit-Observed": str(used),
            "RateLimit-Remaining": str(max(2000 - used, 0)),
            "RateLimit-Reset": str(reset),
        }

    def _admitted(self, request: Request) -> Reply:
        operation, args = self._operation(request)
        token = self._token(request, operation)
        params = self._params(request)
        unknown = check(operation.spec, params)
        self.violations += [f"{request} has no parameter `{name}`" for name in unknown]
        return operation.answer(Call(self, request, token, args, params))

    def _operation(self, request: Request) -> tuple[Operation, dict[str, str]]:
        parts = segments(request.path)
        for operation in OPERATIONS:
            args = operation.match(request.method, parts)
            if args is not None and not _shadowed(args):
                return operation, args
        self.violations.append(f"{request} is no operation that the double has")
        raise RefusalError(404, {"error": "404 Not Found"})

    def _token(self, request: Request, operation: Operation) -> Token:
        token = self.tokens.get(request.token)
        if token is None or token.user not in self.users:
            raise _UNAUTHORIZED
        as_job = "job-token" in request.headers
        if as_job != (token.kind == "job") or (as_job and not (operation.job and request.method == "GET")):
            raise _UNAUTHORIZED
        if token.kind == "read_api" and request.method != "GET":
            refused: Json = {"error": "insufficient_scope", "error_description": _SCOPE, "scope": "api"}
            raise RefusalError(403, refused)
        return token

    def _params(self, request: Request) -> Json:
        given: dict[str, Any] = dict(request.query)
        if request.body:
            body = request.json
            if not isinstance(body, dict):
                raise RefusalError(400, {"error": "The request body is invalid"})
            given |= body
        return given


def _shadowed(args: dict[str, str]) -> bool:
    """Whether an argument is a word of another operation's path (`members/all`, `draft_notes/bulk_publish`)."""
    return args.get("user") == "all" or args.get("draft") == "bulk_publish"
