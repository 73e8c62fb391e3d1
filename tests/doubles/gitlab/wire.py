"""What a handler is given and may say: the call, refusals in GitLab's words, pages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from tests.doubles.gitlab.model import Json, MergeRequest, Project, Token, User
from tests.doubles.server import Reply, Request

if TYPE_CHECKING:
    from tests.doubles.gitlab.world import World

PAGE, LONGEST_PAGE = 20, 100


class RefusalError(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: Any, headers: Json | None = None) -> None:
        super().__init__(message)
        self.message = message
        body = message if isinstance(message, dict) else {"message": message}
        self.reply = Reply(status, body, headers or {})


def bad_request(what: str) -> RefusalError:
    """400 as `bad_request!` says it."""
    return RefusalError(400, f"400 Bad request - {what}")


def bad_note(**errors: list[str]) -> RefusalError:
    """400 of a note that was not valid, with the errors as Ruby prints them."""
    told = ", ".join(f":{name}=>{json.dumps(texts)}" for name, texts in errors.items())
    return bad_request(f"Note {{{told}}}")


def not_found(what: str) -> RefusalError:
    """404 with the name of what is missing."""
    return RefusalError(404, f"404 {what} Not Found".replace("  ", " "))


def forbidden() -> RefusalError:
    """403."""
    return RefusalError(403, "403 Forbidden")


@dataclass(frozen=True)
class Call:
    """A request that passed authentication and the contract."""

    world: World
    request: Request
    token: Token
    args: dict[str, str]
    params: Json

    @property
    def user(self) -> User:
        """Who asks."""
        return self.token.user

    @property
    def project(self) -> Project:
        """The project of the path, by id or URL-encoded path, if the caller may see it."""
        wanted = self.args["id"]
        for project in self.world.projects:
            if wanted in (str(project.id), project.path):
                seen = project.public or project.level(self.user) > 0
                if seen and self.token.project in (None, project.id):
                    return project
        raise not_found("Project")

    @property
    def merge_request(self) -> MergeRequest:
        """The merge request of the path."""
        project = self.project
        for each in self.world.merge_requests:
            if each.project is project and str(each.iid) == self.args["iid"]:
                return each
        raise RefusalError(404, "404 Not found")

    def need(self, level: int, *, or_author: bool = False) -> None:
        """Refuse whoever has less access than `level`, except the author of the merge request where that is enough."""
        if self.project.level(self.user) >= level or (or_author and self.merge_request.author is self.user):
            return
        raise forbidden()

    def pages(self, items: list[Json]) -> Reply:
        """One page of a list, with the headers that lead to the others."""
        number = max(int(self.params.get("page", 1)), 1)
        size = min(max(int(self.params.get("per_page", PAGE)), 1), LONGEST_PAGE)
        last = max(-(-len(items) // size), 1)
        base = f"{self.world.api}{self.request.path}"
        rest = [(name, value) for name, value in self.request.pairs if name not in ("page", "per_page")]

        def link(page: int, rel: str) -> str:
            return f'<{base}?{urlencode([*rest, ("page", page), ("per_page", size)])}>; rel="{rel}"'

        following = number + 1 if number < last else None
        before = number - 1 if number > 1 else None
        links = [link(page, rel) for page, rel in ((before, "prev"), (following, "next")) if page]
        links += [link(1, "first"), link(last, "last")]
        headers = {
            "Link": ", ".join(links),
            "X-Page": str(number),
            "X-Per-Page": str(size),
            "X-Next-Page": str(following or ""),
            "X-Prev-Page": str(before or ""),
        }
        if len(items) <= self.world.counted_records:
            headers |= {"X-Total": str(len(items)), "X-Total-Pages": str(last)}
        return Reply(200, items[(number - 1) * size : number * size], headers)


def segments(path: str) -> list[str]:
    """A path's segments, each decoded by itself, so that `%2F` stays inside of one."""
    return [unquote(each) for each in path.strip("/").split("/")]
