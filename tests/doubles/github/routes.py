"""Which operations the double knows, what each needs, and how it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tests.doubles.github.model import Issue, Project, Pull, Token
from tests.doubles.server import Reply, Request

if TYPE_CHECKING:
    from tests.doubles.github.double import GitHub

Handler = Callable[["Call"], Reply]

DOCS = "https://docs.github.com/rest"
MOST_TEXT = 65_536


@dataclass(frozen=True, slots=True)
class Route:
    """A handler. `needs` are alternatives such as `issues:write`, of which a token must have one."""

    method: str
    template: str
    needs: tuple[str, ...]
    handler: Handler
    creates: bool = False


ROUTES: dict[tuple[str, str], Route] = {}


class RefusedError(Exception):
    """The answer is no."""

    def __init__(
        self, status: int, message: str, errors: object = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.errors, self.headers = status, message, errors, dict(headers or {})

    def reply(self) -> Reply:
        """As GitHub says it."""
        body: dict[str, Any] = {"message": self.message, "documentation_url": DOCS, "status": str(self.status)}
        if self.errors is not None:
            body["errors"] = self.errors
        return Reply(self.status, body, self.headers)


def not_found() -> RefusedError:
    """What is not there, or must not be seen."""
    return RefusedError(404, "Not Found")


def invalid(resource: str, code: str, name: str = "", message: str = "") -> RefusedError:
    """422 with one error as an object."""
    error = {"resource": resource, "code": code}
    if name:
        error["field"] = name
    if message:
        error["message"] = message
    return RefusedError(422, "Validation Failed", [error])


def unprocessable(*sentences: str) -> RefusedError:
    """422 with errors as sentences."""
    return RefusedError(422, "Unprocessable Entity", list(sentences))


def measure(text: str, *, count_bytes: bool) -> int:
    """How long a text is for GitHub's limits."""
    return len(text.encode()) if count_bytes else len(text)


def check_length(text: str, resource: str, *, count_bytes: bool) -> None:
    """Refuse the text of a comment that is too long."""
    if measure(text, count_bytes=count_bytes) > MOST_TEXT:
        raise invalid(resource, "custom", "body", f"body is too long (maximum is {MOST_TEXT} characters)")


def route(method: str, template: str, *needs: str, creates: bool = False) -> Callable[[Handler], Handler]:
    """Declare a handler; `creates` marks what counts towards the limit on creating content."""

    def declare(handler: Handler) -> Handler:
        ROUTES[method, template] = Route(method, template, needs, handler, creates)
        return handler

    return declare


def pattern(template: str) -> re.Pattern[str]:
    """A template as a regex with named groups; the last of a path, ref or range may hold slashes."""
    spelt = re.sub(r"\{(path|ref|basehead)\}$", r"(?P<\1>.+)", template)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", spelt))


@dataclass(frozen=True, slots=True)
class Call:
    """A request that reached its handler."""

    github: GitHub
    request: Request
    token: Token
    values: Mapping[str, str]
    found: Project | None

    @property
    def project(self) -> Project:
        """The repository in the path."""
        if self.found is None:
            raise not_found()
        return self.found

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object that came."""
        given = self.request.json
        return given if isinstance(given, dict) else {}

    def value(self, name: str) -> str:
        """A variable of the path."""
        return unquote(self.values[name])

    def number(self, name: str) -> int:
        """A variable of the path that is a number."""
        text = self.value(name)
        if not text.isdigit():
            raise not_found()
        return int(text)

    @property
    def pull(self) -> Pull:
        """The pull request in the path."""
        found = self.project.pulls.get(self.number("pull_number"))
        if found is None:
            raise not_found()
        return found

    @property
    def issue(self) -> Issue:
        """The issue, or pull request as an issue, in the path."""
        found = self.project.issues.get(self.number("issue_number"))
        if found is None:
            raise not_found()
        return found

    def page(self, items: Sequence[Any], *, total: str = "", name: str = "", cap: int | None = None) -> Reply:
        """One page with its Link header; with `total` and `name` as the object that some lists come in."""
        size = min(max(int(self.request.query.get("per_page") or 30), 1), 100)
        page = max(int(self.request.query.get("page") or 1), 1)
        shown = items[:cap]
        part = list(shown[(page - 1) * size : page * size])
        body: Any = {total: len(shown), name: part} if total else part
        return Reply(200, body, self._links(page, -(-len(shown) // size)))

    def _links(self, page: int, last: int) -> dict[str, str]:
        def link(number: int, relation: str) -> str:
            query = "&".join(f"{key}={value}" for key, value in {**self.request.query, "page": str(number)}.items())
            return f'<{self.github.api}{self.request.path}?{query}>; rel="{relation}"'

        links = [link(page - 1, "prev")] if page > 1 else []
        links += [link(page + 1, "next"), link(last, "last")] if page < last else []
        links += [link(1, "first")] if page > 1 else []
        return {"Link": ", ".join(links)} if links else {}
