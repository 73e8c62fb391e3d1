"""A model server that is written down: for tests, ours and those of other providers' authors."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from inspect import isawaitable

from pydantic import JsonValue

from codedesigner.location.http import MOST_BYTES, HttpError, HttpRequest, HttpResponse, Opened


@dataclass(frozen=True, slots=True)
class Parts:
    """An answer that comes in parts. `cut` is raised after the last of them, where the answer breaks off."""

    chunks: tuple[bytes, ...]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: HttpError | None = None


Scripted = HttpResponse | HttpError | Parts
Answerer = Callable[[HttpRequest], Scripted | Awaitable[Scripted]]


class FakeTransport:
    """Implements `location.http.Transport` from a list of answers, one for each request, or from a function.

    `requests` are those that were made, keys included. A request that nobody wrote an answer for is an
    AssertionError. Whole answers are also given in parts, and parts as a whole.
    """

    def __init__(self, script: Iterable[Scripted] | Answerer, *, max_bytes: int = MOST_BYTES) -> None:
        self.requests: list[HttpRequest] = []
        self.closed = False
        self._answerer: Answerer = script if callable(script) else _in_turn(script)
        self._max_bytes = max_bytes

    async def send(self, request: HttpRequest, *, timeout_s: float) -> HttpResponse:
        """The whole answer. Raises HttpError."""
        answer = await self._answered(request)
        opened = Opened(answer.status, answer.headers, _given(answer), max_bytes=self._max_bytes)
        return HttpResponse(answer.status, answer.headers, await opened.read())

    @asynccontextmanager
    async def open(self, request: HttpRequest, *, timeout_s: float, idle_s: float) -> AsyncIterator[Opened]:
        """The answer in parts. Raises HttpError, also while they are read."""
        answer = await self._answered(request)
        yield Opened(answer.status, answer.headers, _given(answer), max_bytes=self._max_bytes)

    async def close(self) -> None:
        """Remembered in `closed`."""
        self.closed = True

    async def _answered(self, request: HttpRequest) -> Parts:
        self.requests.append(request)
        answer = self._answerer(request)
        if isawaitable(answer):
            answer = await answer
        if isinstance(answer, HttpError):
            raise answer
        headers = {name.lower(): value for name, value in answer.headers.items()}
        if isinstance(answer, HttpResponse):
            return Parts((answer.body,), answer.status, headers)
        return Parts(answer.chunks, answer.status, headers, answer.cut)


def json_answer(value: JsonValue, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """A whole answer that is JSON."""
    return HttpResponse(status, {"content-type": "application/json", **(headers or {})}, json.dumps(value).encode())


def json_of(request: HttpRequest) -> JsonValue:
    """What a request's body says. Raises ValueError where that is no JSON."""
    value: JsonValue = json.loads(request.body or b"")
    return value


async def _given(answer: Parts) -> AsyncIterator[bytes]:
    for chunk in answer.chunks:
        if chunk:
            yield chunk
    if answer.cut is not None:
        raise answer.cut


def _in_turn(script: Iterable[Scripted]) -> Answerer:
    answers = iter(script)

    def answer(request: HttpRequest) -> Scripted:
        try:
            return next(answers)
        except StopIteration:
            raise AssertionError(f"no answer is written for another {request.method} {request.url}") from None

    return answer
