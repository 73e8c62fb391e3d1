"""The server: who asks, whether they may, what GitHub's own description says to it, and the answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from pathlib import Path

from tests.doubles import githttp
from tests.doubles.github import apps, checks, graph, issues, pulls, repos, reviews, statuses
from tests.doubles.github.model import PERMISSIONS, Project, Token, User
from tests.doubles.github.routes import ROUTES, Call, RefusedError, Route, not_found, pattern
from tests.doubles.github.state import State
from tests.doubles.openapi import Contract
from tests.doubles.server import Clock, Reply, Request, is_write

DATA = Path(__file__).parent / "data"
_RANK = {"none": 0, "read": 1, "write": 2}
_ANONYMOUS = Token("", "anonymous", User(0, ""), {})
# Importing them declares their routes.
HANDLERS = (apps, checks, issues, pulls, repos, reviews, statuses)


@cache
def contract() -> Contract:
    """GitHub's own description, cut down to what the double answers."""
    return Contract.load(DATA / "api.github.com.json")


@dataclass(slots=True)
class Limits:
    """Rate limits. Time is the double's clock: a test whose client pauses advances it (`github.clock.tick`).

    `remaining` requests are left until `reset_in` seconds from the first one on. `content_per_minute` writes of content
    a minute are allowed (0: any number); what is over meets 403, with Retry-After unless `retry_after` is 0.
    """

    limit: int = 5000
    remaining: int = 5000
    reset_in: int = 3600
    content_per_minute: int = 0
    retry_after: int = 60
    _reset: int = 0
    _made: list[int] = field(default_factory=list)

    def headers(self, clock: Clock) -> dict[str, str]:
        """What every answer says."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Used": str(self.limit - self.remaining),
            "X-RateLimit-Reset": str(self.reset(clock)),
            "X-RateLimit-Resource": "core",
        }

    def reset(self, clock: Clock) -> int:
        """When all requests are there again, in seconds since 1970."""
        now = int(clock.now.timestamp())
        if self._reset and now >= self._reset:
            self.remaining, self._reset = self.limit, 0
        self._reset = self._reset or int((clock.now + timedelta(seconds=self.reset_in)).timestamp())
        return self._reset

    def take(self, clock: Clock, *, creates: bool) -> None:
        """Count a request, or refuse it."""
        self.reset(clock)
        if self.remaining <= 0:
            raise RefusedError(403, "API rate limit exceeded for installation ID 1.")
        self.remaining -= 1
        now = int(clock.now.timestamp())
        if creates and self.content_per_minute:
            self._made = [each for each in self._made if each > now - 60]
            if len(self._made) >= self.content_per_minute:
                after = {"Retry-After": str(self.retry_after)} if self.retry_after else {}
                message = (
                    "You have exceeded a secondary rate limit and have been temporarily blocked from content creation."
                )
                raise RefusedError(403, f"{message} Please retry your request again later.", None, after)
            self._made.append(now)


class GitHub(State):
    """GitHub. Settings that a test may change:

    `actions_may_approve`: the repository's setting. `count_bytes`: limits on text count bytes of UTF-8. `refusals`: how
    a review with a bad comment is refused: `rules` (sentences about the rule), `resolved` ("Line could not be
    resolved"), or `objects`. `largest_patch`: of larger ones the files list has no patch. `limits`: `Limits`.
    """

    PREFIXES = ("/api/v3",)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.actions_may_approve = False
        self.count_bytes = False
        self.refusals = "rules"
        self.largest_patch = 500_000
        self.limits = Limits()
        self._excused = False

    @contextmanager
    def excused(self) -> Iterator[list[str]]:
        """Within the block a breach of the contract is refused and collected, and does not fail the test."""
        found = len(self.violations)
        excuses: list[str] = []
        try:
            yield excuses
        finally:
            excuses.extend(self.violations[found:])
            del self.violations[found:]

    def answer(self, request: Request) -> Reply:
        """GitHub's answer."""
        if re.match(r"/[^/]+/[^/]+\.git/", request.path):
            return githttp.answer(request, self._repository)
        try:
            reply = self._answer_api(request)
        except RefusedError as refused:
            reply = refused.reply()
        headers = {
            "X-GitHub-Request-Id": f"D0UB:{len(self.exchanges):06X}",
            "X-GitHub-Media-Type": "github.v3; format=json",
        }
        return Reply(reply.status, reply.body, headers | self.limits.headers(self.clock) | dict(reply.headers))

    def _repository(self, path: str) -> Path | None:
        project = self.projects.get(path)
        return None if project is None or project.deleted else project.repo.path

    def _answer_api(self, request: Request) -> Reply:
        token = self._authenticated(request)
        if request.path == "/api/graphql":
            self.limits.take(self.clock, creates=is_write(request))
            return graph.answer(self, request, token)
        # PyGithub lists statuses under the older address, which GitHub still serves and no longer describes.
        if request.method == "GET" and re.fullmatch(r"/repos/[^/]+/[^/]+/statuses/[^/]+", request.path):
            request = replace(request, path=request.path.replace("/statuses/", "/commits/", 1) + "/statuses")
        found = next(self._routes(request), None)
        if found is None:
            self.violations.append(f"{request}: the double knows no such operation")
            raise not_found()
        given, values = found
        self.limits.take(self.clock, creates=given.creates)
        wrong = contract().request(
            request.method, request.path, request.query, request.json, sent=request.body not in (b"", b"null")
        )
        if wrong:
            self.violations.extend(wrong)
            raise RefusedError(422, "Invalid request.\n\n" + "\n".join(each.rpartition(": ")[2] for each in wrong))
        reply = self._handled(Call(self, request, token, values, self._project(values, token, request)), given)
        # Reports show errors as objects where the description has sentences only.
        undescribed = reply.status == 422 and self.refusals == "objects"
        if not isinstance(reply.body, str | bytes) and not undescribed:
            body = json.loads(json.dumps(reply.body)) if reply.body is not None else None
            self.violations.extend(contract().reply(request.method, request.path, reply.status, body))
        return reply

    def _routes(self, request: Request) -> Iterator[tuple[Route, dict[str, str]]]:
        for given in sorted(ROUTES.values(), key=lambda each: (each.template.count("{"), -len(each.template))):
            match = pattern(given.template).fullmatch(request.path)
            if match and given.method == request.method:
                yield given, match.groupdict()

    def _handled(self, call: Call, given: Route) -> Reply:
        try:
            self.permit(call.token, call.found, *given.needs)
            return given.handler(call)
        except RefusedError as refused:
            return refused.reply()

    # Who may what

    def _authenticated(self, request: Request) -> Token:
        if not request.token:
            return _ANONYMOUS
        found = self.tokens.get(request.token) or apps.application(self, request.token)
        if found is None:
            raise RefusedError(401, "Bad credentials")
        return found

    def _project(self, values: dict[str, str], token: Token, request: Request) -> Project | None:
        if "repo" not in values:
            return None
        name = f"{values['owner']}/{values['repo']}"
        found = self.projects.get(name)
        if found is None:
            moved = next((each for each in self.projects.values() if each.moved_from == name), None)
            if moved is None:
                raise not_found()
            rest = request.path.removeprefix(f"/repos/{name}")
            raise RefusedError(
                301 if request.method == "GET" else 307,
                "Moved Permanently",
                None,
                {"Location": f"{self.api}/repos/{moved.full_name}{rest}"},
            )
        if found.deleted or not self.sees(token, found):
            raise not_found()
        return found

    def sees(self, token: Token, project: Project) -> bool:
        """Whether a repository exists for a token."""
        if token.kind in ("actions", "app"):
            return project.full_name in token.projects or not project.private
        if token.kind == "jwt":
            return True
        return not project.private or (token.kind == "user" and project.role(token.user.login)[0] != "none")

    def permit(self, token: Token, project: Project | None, *needs: str) -> None:
        """Refuse whoever has none of the permissions."""
        if not needs or any(self._has(token, project, need) for need in needs):
            return
        if token.kind == "anonymous":
            raise RefusedError(401, "Requires authentication")
        if token.kind == "user" and any(need.startswith("checks:write") for need in needs):
            raise RefusedError(403, "You must authenticate via a GitHub App.")
        if "app" in needs:
            raise RefusedError(401, "A JSON web token could not be decoded")
        kind = "personal access token" if token.kind == "user" else "integration"
        accepted = "; ".join(need.replace(":", "=") for need in needs if need.partition(":")[0] in PERMISSIONS)
        headers = {"X-Accepted-GitHub-Permissions": accepted} if accepted else {}
        raise RefusedError(403, f"Resource not accessible by {kind}", None, headers)

    def _has(self, token: Token, project: Project | None, need: str) -> bool:
        name, _, level = need.partition(":")
        if name in ("app", "user"):
            return token.kind == ("jwt" if name == "app" else "user")
        if token.kind == "anonymous" or (project is not None and not self._inside(token, project)):
            return level == "read" and project is not None and not project.private
        if name == "metadata":
            return True
        return _RANK[self._granted(token, project, name)] >= _RANK[level]

    def _inside(self, token: Token, project: Project) -> bool:
        return token.kind == "user" or project.full_name in token.projects

    def _granted(self, token: Token, project: Project | None, name: str) -> str:
        if token.kind != "user":
            return token.permissions.get(name, "none")
        if project is None:
            return "none"
        permission, _ = project.role(token.user.login)
        if name in ("issues", "pull_requests") and permission != "none":
            return "write"  # whoever may read may speak
        level = {"admin": "write", "write": "write", "read": "read", "none": "none"}[permission]
        return "read" if name == "checks" and level == "write" else level
