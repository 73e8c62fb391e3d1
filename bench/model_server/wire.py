"""HTTP/1.1 as far as model clients speak it: requests with a length, one after the other on a connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

_EMPTY: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is here in full. Header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Connection(asyncio.Protocol):
    """One client's connection. `on_close` is called when the client leaves before its answer is complete."""

    def __init__(self, handle: Callable[[Connection, Request], None]) -> None:
        """Hand every request to `handle`, the next one when the last is answered."""
        self._handle = handle
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._busy = False
        self.on_close: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The client is there."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._transport = None
        if self.on_close is not None:
            self.on_close()

    def data_received(self, data: bytes) -> None:
        """A piece of a request."""
        self._buffer += data
        if not self._busy:
            self._next()

    def send(
        self, status: int, body: bytes, kind: str = "application/json", headers: Mapping[str, str] = _EMPTY
    ) -> None:
        """The whole answer."""
        self.write(_head(status, kind, headers) + b"content-length: %d\r\n\r\n" % len(body) + body)
        self.done()

    def begin(self, kind: str) -> None:
        """The head of an answer that comes in parts."""
        self.write(_head(200, kind, _EMPTY) + b"transfer-encoding: chunked\r\n\r\n")

    def part(self, data: bytes) -> None:
        """One part of it."""
        self.write(b"%x\r\n%b\r\n" % (len(data), data))

    def end(self) -> None:
        """The end of it."""
        self.write(b"0\r\n\r\n")
        self.done()

    def write(self, data: bytes) -> None:
        """Bytes as they are."""
        if self._transport is not None:
            self._transport.write(data)

    def done(self) -> None:
        """The request is answered: on to the next."""
        self._busy = False
        self.on_close = None
        if self._buffer:
            asyncio.get_running_loop().call_soon(self._next)

    def close(self) -> None:
        """End the connection, whatever was sent of the answer."""
        self.on_close = None
        if self._transport is not None:
            self._transport.close()

    def _next(self) -> None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or self._busy:
            return
        first, *lines = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        total = end + 4 + int(headers.get("content-length", 0))
        if len(self._buffer) < total:
            return
        body = bytes(self._buffer[end + 4 : total])
        del self._buffer[:total]
        method, target, _ = first.split(" ", 2)
        self._busy = True
        self._handle(self, Request(method, target.partition("?")[0], headers, body))


def _head(status: int, kind: str, headers: Mapping[str, str]) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:  # such as Anthropic's 529
        phrase = "Unusual"
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} {phrase}\r\ncontent-type: {kind}\r\n{more}".encode("latin-1")
