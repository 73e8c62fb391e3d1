"""A forge's double as an HTTP server in a thread of this process: it keeps every request, and fails on demand."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from urllib.parse import parse_qsl

from aiohttp import web

_HIDDEN = frozenset({"authorization", "private-token", "job-token"})
_LONGEST = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked. `path` is without the query and without the API's prefix (`/api/v3`, `/api/v4`).

    `token` is the bare credential, whichever header carried it; `host` is what the client believed to talk to.
    `pairs` is the query with what it says more than once (`refs[]=a&refs[]=b`).
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    token: str
    host: str = ""
    pairs: tuple[tuple[str, str], ...] = ()

    @property
    def json(self) -> Any:
        """The body as data, None if it is empty or no JSON."""
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. A `body` of bytes or text goes out as it is, anything else as JSON; None is no body."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and the status that answered it; 0 is a connection that was cut."""

    request: Request
    status: int


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with requests whose method is `method` (`*`: any) and in whose path `path` (a regex) is found.

    Of the requests that match, the `nth` from 1 is meant; 0 means every one. `stored` first does what was asked.
    `status` answers with that status, `body` and `headers`; 0 leaves the real answer. `cut` ends the connection
    instead, `delay` seconds come before either.
    """

    method: str
    path: str
    nth: int = 1
    status: int = 502
    body: Any = field(default_factory=lambda: {"message": "Server Error"})
    headers: Mapping[str, str] = field(default_factory=dict)
    stored: bool = False
    cut: bool = False
    delay: float = 0.0


@dataclass(slots=True)
class Clock:
    """The forge's time: starts at a fixed moment and advances a second with each thing that is made."""

    now: datetime = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

    def tick(self, seconds: float = 1) -> str:
        """Advance; the time as the forges write it."""
        self.now += timedelta(seconds=seconds)
        return self.text()

    def text(self) -> str:
        """The time as the forges write it."""
        return self.now.strftime("%Y-%m-%dT%H:%M:%SZ")


class Double:
    """An HTTP server that a forge's double inherits: `answer` is what it has to say.

    One request is answered at a time. `before` runs ahead of each, outside of the lock, so it may
    change the forge's state (a push between two requests of one run). `requests` are all that came, in order;
    `violations` what broke the forge's contract, which `running` turns into a failure.
    """

    PREFIXES: tuple[str, ...] = ()  # prefixes of the API, cut off the path

    def __init__(self) -> None:
        self.clock = Clock()
        self.exchanges: list[Exchange] = []
        self.violations: list[str] = []
        self.before: Callable[[Request], None] = _nothing
        self.address = ""
        self.tls: ssl.SSLContext | None = None  # with one, it serves https
        self._faults: list[tuple[Fault, list[int]]] = []
        self._lock = threading.RLock()

    def answer(self, request: Request) -> Reply:
        """The forge's answer."""
        raise NotImplementedError

    # Looking back

    @property
    def requests(self) -> list[Request]:
        """Every request so far."""
        return [each.request for each in self.exchanges]

    def asked(self, method: str = "*", path: str = "") -> list[Request]:
        """The requests of a method (`*`: any) in whose path the regex is found."""
        return [each for each in self.requests if method in ("*", each.method) and re.search(path, each.path)]

    @property
    def writes(self) -> list[Request]:
        """The requests that could change something; GraphQL counts where it carries a mutation."""
        return [each for each in self.requests if is_write(each)]

    def forget(self) -> None:
        """Empty the list of requests; faults stay armed."""
        self.exchanges.clear()

    # Failing

    def fail(self, *faults: Fault) -> None:
        """Arm faults. Of several that meet one request the first counts."""
        self._faults.extend((fault, [0]) for fault in faults)

    def heal(self) -> None:
        """Disarm all faults."""
        self._faults.clear()

    def _struck(self, request: Request) -> Fault | None:
        met = None
        for fault, seen in self._faults:
            if fault.method not in ("*", request.method) or not re.search(fault.path, request.path):
                continue
            seen[0] += 1
            if met is None and fault.nth in (0, seen[0]):
                met = fault
        return met

    # Serving

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Serve while the block runs; afterwards breaches of the contract are an AssertionError."""
        started: threading.Event = threading.Event()
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=self._serve, args=(loop, started), daemon=True)
        thread.start()
        if not started.wait(10):
            raise RuntimeError("the double did not start")
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
        assert not self.violations, "the forge's contract was broken:\n" + "\n".join(self.violations)

    def _serve(self, loop: asyncio.AbstractEventLoop, started: threading.Event) -> None:
        asyncio.set_event_loop(loop)
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=0.1)
        loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=self.tls)
        loop.run_until_complete(site.start())
        port = runner.addresses[0][1]
        self.address = f"{'https' if self.tls else 'http'}://127.0.0.1:{port}"
        started.set()
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(runner.cleanup())
            loop.run_until_complete(asyncio.sleep(0))  # connections end in a later turn of the loop
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=_LONGEST)
        application.router.add_route("*", "/{path:.*}", self._handle)
        return application

    async def _handle(self, given: web.Request) -> web.StreamResponse:
        request = self._read(given, await given.read())
        reply = await asyncio.to_thread(self._exchange, request)
        if reply is None:
            assert given.transport is not None
            given.transport.abort()
            return web.Response(status=502)
        response = _response(reply)
        if self.tls:
            response.force_close()  # an idle client would never take part in the end of a TLS connection
        return response

    def _read(self, given: web.Request, body: bytes) -> Request:
        headers = {name.lower(): value for name, value in given.headers.items()}
        path, _, query = given.raw_path.partition("?")
        for prefix in self.PREFIXES:
            if path.startswith(prefix + "/"):
                path = path.removeprefix(prefix)
                break
        token = headers.get("private-token") or headers.get("job-token") or headers.get("authorization", "")
        pairs = parse_qsl(query, keep_blank_values=True)
        kept = {name: "…" if name in _HIDDEN else value for name, value in headers.items()}
        return Request(
            given.method,
            path,
            dict(pairs),
            kept,
            body,
            token.split(" ")[-1],
            headers.get("host", ""),
            tuple(pairs),
        )

    def _exchange(self, request: Request) -> Reply | None:
        self.before(request)
        with self._lock:
            fault = self._struck(request)
            if fault is None:
                reply: Reply | None = self._answer(request)
            else:
                reply = self._answer(request) if fault.stored or not (fault.status or fault.cut) else None
                if fault.cut:
                    reply = None
                elif fault.status:
                    reply = Reply(fault.status, fault.body, fault.headers)
            self.exchanges.append(Exchange(request, reply.status if reply else 0))
        if fault is not None and fault.delay:
            time.sleep(fault.delay)
        return reply

    def _answer(self, request: Request) -> Reply:
        answered = False
        try:
            reply = self.answer(request)
            answered = True
        finally:
            if not answered:
                self.violations.append(f"the double itself failed at {request}\n{traceback.format_exc()}")
        return reply


def _nothing(_request: Request) -> None:
    pass


def is_write(request: Request) -> bool:
    """Whether a request could change something."""
    if request.path.endswith("/graphql"):
        asked = request.json
        return isinstance(asked, dict) and str(asked.get("query", "")).lstrip().startswith("mutation")
    return request.method not in ("GET", "HEAD", "OPTIONS")


def _response(reply: Reply) -> web.Response:
    headers = dict(reply.headers)
    if reply.body is None:
        return web.Response(status=reply.status, headers=headers)
    if isinstance(reply.body, str | bytes):
        content = reply.body.encode() if isinstance(reply.body, str) else reply.body
    else:
        content = json.dumps(reply.body, ensure_ascii=False).encode()
        headers.setdefault("Content-Type", "application/json; charset=utf-8")
    return web.Response(status=reply.status, body=content, headers=headers)
