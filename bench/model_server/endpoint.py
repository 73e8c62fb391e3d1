"""One address of the server: it takes requests, counts them, and answers or fails."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from bench.model_server.anthropic import Anthropic
from bench.model_server.counts import Counts, Window
from bench.model_server.exchange import Exchange
from bench.model_server.failures import drawn, failures
from bench.model_server.ollama import Ollama
from bench.model_server.openai import OpenAI
from bench.model_server.question import Dialect
from bench.model_server.wire import Connection, Request

DIALECTS: Mapping[str, Dialect] = {
    "/chat/completions": OpenAI(),
    "/messages": Anthropic(),
    "/api/chat": Ollama(),
}
_MODEL = "double"
_ABOUT = {
    "/health": {"status": "ok"},
    "/models": {"object": "list", "data": [{"id": _MODEL, "object": "model", "created": 1, "owned_by": "bench"}]},
    f"/models/{_MODEL}": {"id": _MODEL, "type": "model", "max_input_tokens": 200_000, "max_tokens": 64_000},
    "/api/tags": {"models": [{"name": _MODEL, "model": _MODEL}]},
    "/api/version": {"version": "0.99.0"},
    "/api/show": {"details": {}, "model_info": {"llama.context_length": 131_072}, "capabilities": ["completion"]},
    "/api/ps": {"models": [{"name": _MODEL, "model": _MODEL, "context_length": 131_072}]},
}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How it answers. Times in seconds; a limit of 0 is none.

    `latency` is the time a call takes, `speaking` how long a streamed answer takes after its first part. Of more calls
    than `slots` the rest waits. `rpm` and `tpm` count calls and tokens in any `window`; what is over is refused.
    `inject` is read by `failures`; `answer` is the text where no schema is asked for, and numbers are at least
    `number` where the schema has room; `key` is the one key accepted. `log` is a file to which everything that is
    asked is appended, each call as a line with a JSON text.
    """

    latency: float = 0.05
    speaking: float = 0.0
    slots: int = 0
    rpm: int = 0
    tpm: int = 0
    window: float = 60.0
    inject: str = ""
    seed: int = 1
    answer: str = "Nothing to report."
    number: int = 0
    key: str = ""
    log: str = ""


class Endpoint:
    """One address, with its own behaviour and counts. `overall` counts the calls of all addresses of the process."""

    def __init__(self, behaviour: Behaviour, overall: Counts) -> None:
        """Nothing counted yet."""
        self.behaviour = behaviour
        self.rules = failures(behaviour.inject)
        self.overall = overall
        self.counts = Counts(Window(behaviour.window))
        self._accepted = Window(behaviour.window)
        self._serving = 0
        self._queue: deque[Exchange] = deque()

    def connection(self) -> Connection:
        """For a new client."""
        return Connection(self._handle)

    def leave(self, exchange: Exchange, *, served: bool) -> None:
        """A call has ended, or its client has; the next may have its slot."""
        self.counts.in_flight -= 1
        self.overall.in_flight -= 1
        if served:
            self._serving -= 1
        else:
            self._queue.remove(exchange)
        while self._queue and (not self.behaviour.slots or self._serving < self.behaviour.slots):
            self._serve(self._queue.popleft())

    def _handle(self, connection: Connection, request: Request) -> None:
        if request.path.startswith("/__"):
            self._control(connection, request)
            return
        ending = next((ending for ending in DIALECTS if request.path.endswith(ending)), None)
        if ending is None or request.method != "POST":
            about = next((about for ending, about in _ABOUT.items() if request.path.endswith(ending)), None)
            connection.send(200 if about else 404, _dumps(about or {"error": {"message": "not here"}}))
        elif self._locked(request):
            connection.send(401, _dumps(DIALECTS[ending].error(401, "Incorrect API key provided")))
        else:
            self._ask(connection, DIALECTS[ending], request.body)

    def _locked(self, request: Request) -> bool:
        given = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        return bool(self.behaviour.key) and given != self.behaviour.key

    def _ask(self, connection: Connection, dialect: Dialect, body: bytes) -> None:
        try:
            question = dialect.read(json.loads(body))
        except ValueError:
            connection.send(400, _dumps(dialect.error(400, "the body is not JSON")))
            return
        if self.behaviour.log:
            with Path(self.behaviour.log).open("ab") as log:
                log.write(_dumps(question.text) + b"\n")
        now = asyncio.get_running_loop().time()
        digest = hashlib.blake2b(question.text.encode(), digest_size=16).digest()
        exchange = Exchange(self, connection, dialect, question, digest)
        asked = self.counts.arrives(digest, question.text, exchange.tokens, now)
        self.overall.arrives(digest, "", exchange.tokens, now)
        connection.on_close = exchange.abandon
        wait = self._accepted.wait(now, exchange.tokens, self.behaviour.rpm, self.behaviour.tpm)
        if wait:
            self.counts.over_limit += 1
            exchange.refuse(429, "Rate limit reached", wait)
            self._serving += 1
            self.leave(exchange, served=True)
            return
        self._accepted.add(now, exchange.tokens)
        exchange.failure = drawn(self.rules, self.behaviour.seed, digest, asked)
        if self.behaviour.slots and self._serving >= self.behaviour.slots:
            self._queue.append(exchange)
        else:
            self._serve(exchange)

    def _serve(self, exchange: Exchange) -> None:
        self._serving += 1
        exchange.serve()

    def _control(self, connection: Connection, request: Request) -> None:
        if request.path == "/__set":
            given = json.loads(request.body)
            if not set(given) <= {field.name for field in fields(Behaviour)}:
                connection.send(400, _dumps({"error": "no such setting"}))
                return
            self.behaviour = replace(self.behaviour, **given)
            self.rules = failures(self.behaviour.inject)
        overall = {"most_in_flight": self.overall.most_in_flight, "calls": self.overall.calls}
        connection.send(200, _dumps({**self.counts.as_json(), "overall": overall}))


def _dumps(value: object) -> bytes:
    return json.dumps(value).encode()
