"""The web side over a real database, without a network: requests go straight to the application."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import pytest

from codedesigner.service.database import Database, open_database
from codedesigner.service.held import Held
from codedesigner.service.intake import Secrets
from codedesigner.service.logs import make_log
from codedesigner.service.settings import ServiceSettings
from codedesigner.service.web.app import Given, Web, build
from codedesigner.vote.history import Record

T = TypeVar("T")
SECRET, LOGIN, LAB = "the secret of the webhook", "the token to sign in with", "the secret of gitlab's hook"
SETTINGS = ServiceSettings.model_validate(
    {
        "forges": {
            "github": {"token_env": "T", "webhook_secret_env": ("S",), "repositories": ("octo/*", "!octo/hidden")},
            "gitlab": {"token_env": "T", "webhook_secret_env": ("S",), "repositories": ("group/**",)},
        },
        "dashboard": {"token_env": "L"},
        "network": {"proxies": ("10.0.0.0/8",)},
    }
)


@dataclass
class Clock:
    """A clock that stands still until it is told."""

    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Reply:
    """What was answered. `cut`: the reader went away before the end. `unread`: parts of the body nobody asked for."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: bool = False
    unread: int = 0

    @property
    def text(self) -> str:
        return self.body.decode()


Parts = list[bytes] | bytes


async def ask(
    app: Any,
    method: str,
    path: str,
    *,
    headers: dict[str, str] | None = None,
    body: Parts = b"",
    peer: str = "9.9.9.9",
    stall: bool = False,
    leave: bool = False,
    enough: Callable[[bytes], bool] = lambda _body: False,
) -> Reply:
    """One request. `stall`: its body never ends. `leave`: its sender goes away. `enough`: the reader goes away then."""
    where, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": where,
        "raw_path": where.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [
            (name.lower().encode(), value.encode("utf-8", "surrogateescape")) for name, value in (headers or {}).items()
        ],
        "client": (peer, 1234),
        "server": ("testserver", 80),
    }
    parts = [body] if isinstance(body, bytes) else list(body)
    reply, gone = Reply(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        if parts:
            part = parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(parts) or stall or leave}
        if leave:
            return {"type": "http.disconnect"}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            reply.status = message["status"]
            reply.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        else:
            reply.body += message.get("body", b"")
            if enough(reply.body):
                reply.cut = True
                gone.set()

    async with asyncio.timeout(20):
        await app(scope, receive, send)
    reply.unread = len(parts)
    return reply


class House:
    """The application, its database and its log."""

    def __init__(self, database: Database, settings: ServiceSettings = SETTINGS, **more: Any) -> None:
        self.clock, self.ticks = Clock(), Clock(0.0)
        self.written = io.StringIO()
        self.held = Held(webhooks=Secrets((SECRET,), (LAB,)), login=LOGIN)
        self.database = database
        self.given = Given(
            settings=settings,
            held=self.held,
            database=database,
            log=make_log(self.held.known, self.written, lambda: "now"),
            now=self.clock,
            ticks=self.ticks,
            works=False,
            outcomes=lambda: (Record("ruff", "correctness", "undefined-name", 9.0, 1.0),),
            every_s=0.01,
        )
        self.given = replace(self.given, **more)

    def web(self) -> Web:
        return build(self.given)

    def play(self, scene: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
        """The scene, with the application."""

        async def played() -> T:
            return await scene(self.web().app)

        return asyncio.run(played())

    def ask(self, method: str, path: str, **more: Any) -> Reply:
        """One request to a new application."""
        return self.play(lambda app: ask(app, method, path, **more))


def form(**fields: str) -> dict[str, Any]:
    """A form's body with its header."""
    return {"body": urlencode(fields).encode(), "headers": {"content-type": "application/x-www-form-urlencoded"}}


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Database]:
    """A SQLite database."""
    made = open_database(None, tmp_path)
    yield made
    made.close()


@pytest.fixture
def house(small: Database) -> House:
    """The web side over it."""
    return House(small)
