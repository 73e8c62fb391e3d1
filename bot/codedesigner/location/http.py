"""The one way to a model server: requests, answers, what goes wrong, and aiohttp behind them.

aiohttp is imported at the first request: who reads a configuration does not pay for it.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Literal, Protocol
from urllib.parse import urlsplit

from codedesigner import __version__
from codedesigner.call.trouble import TroubleKind
from codedesigner.location.proxies import Proxies
from codedesigner.location.reach import Reach
from codedesigner.location.secret import scrubbed

if TYPE_CHECKING:
    import aiohttp

MOST_BYTES = 32 * 2**20
"""Of an answer that is kept whole, after decompression."""
MOST_STREAMED = 8 * MOST_BYTES
"""Of an answer that comes in parts: each word has a frame of some hundred bytes."""
BARRED = "its address is not public, and no network of those in CODEDESIGNER_PRIVATE_NETWORKS"
CONNECT_S = 5.0
STALE_S = 2.0
"""A kept connection that breaks within so many seconds without a whole head of an answer counts as closed before the
request was read. Later, the server may well have worked on it, and asking again would be paid twice."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request. Its headers hold the key and its body the code, so neither is in its repr."""

    method: Literal["GET", "POST"]
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A whole answer, of any status. Names of headers are in lower case; the body is decompressed."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


class HttpError(Exception):
    """There is no whole answer. `message` is one line, without secrets and without the URL's path and query.

    `kind` is `unreachable`, `disconnected`, `timeout`, `garbled` or `too_large`.
    """

    def __init__(self, kind: TroubleKind, message: str) -> None:
        super().__init__(kind, message)
        self.kind: TroubleKind = kind
        self.message = message

    def __str__(self) -> str:
        return self.message


class Opened:
    """An answer that comes in parts. It is read once, by `chunks` or by `read`."""

    def __init__(
        self, status: int, headers: Mapping[str, str], parts: AsyncIterator[bytes], *, max_bytes: int = MOST_BYTES
    ) -> None:
        self.status = status
        self.headers = headers
        self._parts = parts
        self._max_bytes = max_bytes

    def chunks(self) -> AsyncIterator[bytes]:
        """The parts as they come; they are cut anywhere. Raises HttpError."""
        return self._parts

    async def read(self) -> bytes:
        """All that is left, for an answer that turns out to be an error. Raises HttpError."""
        body = bytearray()
        async for part in self._parts:
            body += part
            if len(body) > self._max_bytes:
                raise too_large(self._max_bytes)
        return bytes(body)


class Transport(Protocol):
    """Who carries requests. It neither waits for a limit nor tries again."""

    async def send(self, request: HttpRequest, *, timeout_s: float) -> HttpResponse:
        """The whole answer within `timeout_s` seconds. Raises HttpError."""

    def open(self, request: HttpRequest, *, timeout_s: float, idle_s: float) -> AbstractAsyncContextManager[Opened]:
        """The answer in parts: the first may take `timeout_s` seconds, so may all; between two lie at most `idle_s`.

        Raises HttpError, also while the parts are read. Leaving closes the connection if something is still to come.
        """

    async def close(self) -> None:
        """Close all connections."""


def too_large(max_bytes: int) -> HttpError:
    """The error for an answer beyond the limit."""
    return HttpError("too_large", f"the answer is larger than {max_bytes:,} bytes")


class HttpTransport:
    """Requests over the network, with connections that are kept, for all locations together.

    It follows no redirect, because the key would go along; connects to no address outside of `reach`; keeps no cookie;
    reads no ~/.netrc; has no limit on connections, which are the pool's business. Certificates are checked against the
    system's, or against SSL_CERT_FILE where that is set. It belongs to the event loop in which its first request is
    made.
    """

    def __init__(
        self,
        *,
        max_bytes: int = MOST_BYTES,
        max_streamed: int = MOST_STREAMED,
        connect_s: float = CONNECT_S,
        stale_s: float = STALE_S,
        proxies: Proxies | None = None,
        reach: Reach | None = None,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        self._max_bytes = max_bytes
        self._max_streamed = max_streamed
        self._connect_s = connect_s
        self._stale_s = stale_s
        self._proxies = proxies
        self._reach = reach or Reach()
        self._make_tls = tls
        self._tls: ssl.SSLContext | None = None
        self._made: aiohttp.ClientSession | None = None

    async def send(self, request: HttpRequest, *, timeout_s: float) -> HttpResponse:
        """The whole answer within `timeout_s` seconds. Raises HttpError."""
        response = await self._answered(request, timeout_s)
        try:
            body = await self._whole(response)
        except HttpError:
            response.close()
            raise
        except _failures() as failure:
            response.close()
            raise _error(failure, request, timeout_s, self._connect_s) from None
        except BaseException:  # the task is cancelled: the server can stop
            response.close()
            raise
        return HttpResponse(response.status, _headers(response), body)

    @asynccontextmanager
    async def open(self, request: HttpRequest, *, timeout_s: float, idle_s: float) -> AsyncIterator[Opened]:
        """The answer in parts. Raises HttpError, also while they are read."""
        response = await self._answered(request, timeout_s)
        parts = self._parts(response, request, timeout_s, idle_s)
        try:
            yield Opened(response.status, _headers(response), parts, max_bytes=self._max_bytes)
        finally:
            await parts.aclose()
            response.close()

    async def close(self) -> None:
        """Close all connections. A request after that opens new ones."""
        session, self._made = self._made, None
        if session is not None:
            await session.close()
            await asyncio.sleep(0)  # the sockets are closed in the loop's next round

    async def _answered(self, request: HttpRequest, timeout_s: float) -> aiohttp.ClientResponse:
        """The head of the answer. A kept connection that the server had closed before is no failure: once, anew."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        for may_be_stale in (True, False):
            use = SimpleNamespace(reused=False)
            left = max(timeout_s - (loop.time() - started), 0.001)
            try:
                return await self._requested(request, left, use)
            except _failures() as failure:
                told = _error(failure, request, timeout_s, self._connect_s)
            stale = told.kind == "disconnected" and use.reused and loop.time() - started < self._stale_s
            if not (may_be_stale and stale):
                break
        raise told

    async def _requested(self, request: HttpRequest, timeout_s: float, use: SimpleNamespace) -> aiohttp.ClientResponse:
        import aiohttp

        if self._proxies is None:
            self._proxies = Proxies.of_environment()
        if self._made is None:
            self._made = _session(self._reach, self._proxies.hosts())
        if not self._reach.permits(urlsplit(request.url).hostname or ""):
            raise HttpError("unreachable", f"{origin(request.url)}: {BARRED}")
        return await self._made.request(
            request.method,
            request.url,
            headers=request.headers,
            data=request.body,
            timeout=aiohttp.ClientTimeout(total=timeout_s, connect=self._connect_s),
            proxy=self._proxies.for_url(request.url),
            ssl=self._context() if request.url.startswith("https:") else True,
            allow_redirects=False,
            trace_request_ctx=use,
        )

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = self._make_tls()
        return self._tls

    async def _whole(self, response: aiohttp.ClientResponse) -> bytes:
        if (response.content_length or 0) > self._max_bytes:
            raise too_large(self._max_bytes)
        content = response.content
        first = await content.readany()
        if content.at_eof() and len(first) <= self._max_bytes:
            return first
        body = bytearray(first)
        while part := await content.readany():
            body += part
            if len(body) > self._max_bytes:
                break
        if len(body) > self._max_bytes:
            raise too_large(self._max_bytes)
        return bytes(body)

    async def _parts(
        self, response: aiohttp.ClientResponse, request: HttpRequest, timeout_s: float, idle_s: float
    ) -> AsyncGenerator[bytes, None]:
        size = 0
        while True:
            idle = asyncio.timeout(idle_s)
            try:
                async with idle:
                    part = await response.content.readany()
            except _failures() as failure:
                response.close()
                if idle.expired():
                    raise HttpError(
                        "timeout", f"{origin(request.url)}: silent for {idle_s:g} s in its answer"
                    ) from None
                raise _error(failure, request, timeout_s, self._connect_s) from None
            if not part:
                return
            size += len(part)
            if size > self._max_streamed:
                response.close()
                raise too_large(self._max_streamed)
            yield part


def origin(url: str) -> str:
    """Scheme, host and port: what of a URL may be told."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the endpoint"
    return f"{parts.scheme}://{parts.hostname or ''}{port}"


def _session(reach: Reach, proxies: frozenset[str]) -> aiohttp.ClientSession:
    import aiohttp

    from codedesigner.location.resolving import GuardedResolver

    async def reused(_session: object, context: SimpleNamespace, _params: object) -> None:
        context.trace_request_ctx.reused = True

    watch = aiohttp.TraceConfig()
    watch.on_connection_reuseconn.append(reused)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=60, resolver=GuardedResolver(reach, proxies)),
        headers={"User-Agent": f"codedesigner/{__version__}", "Accept-Encoding": "identity"},
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        trace_configs=[watch],
    )


def _headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _failures() -> tuple[type[Exception], ...]:
    import aiohttp

    # ValueError: an address or a header that cannot be sent.
    return (aiohttp.ClientError, OSError, ValueError)


def _error(failure: Exception, request: HttpRequest, timeout_s: float, connect_s: float) -> HttpError:
    # Only facts are taken over: the exceptions' own texts hold addresses and headers.
    kind, fact = next((kind, fact) for type_, kind, fact in _told() if isinstance(failure, type_))
    if isinstance(getattr(failure, "os_error", None), _barred()):
        fact = BARRED
    if isinstance(failure, _payload_error()) and str(failure).startswith("Response payload is not completed"):
        kind, fact = "disconnected", "the connection was closed in the middle of the answer"
    said = fact.format(timeout_s=timeout_s, connect_s=connect_s, why=_why(failure))
    return HttpError(kind, f"{origin(request.url)}: {said}")


def _payload_error() -> type[Exception]:
    import aiohttp

    return aiohttp.ClientPayloadError


def _barred() -> type[Exception]:
    from codedesigner.location.resolving import BarredError

    return BarredError


@cache
def _told() -> tuple[tuple[type[Exception], TroubleKind, str], ...]:
    import aiohttp

    return (
        (aiohttp.ConnectionTimeoutError, "unreachable", "no connection within {connect_s:g} s"),
        (TimeoutError, "timeout", "no whole answer within {timeout_s:g} s"),
        (aiohttp.ClientSSLError, "unreachable", "no TLS connection: {why}"),
        (aiohttp.ClientConnectorDNSError, "unreachable", "the host's name is not known"),
        (aiohttp.ClientHttpProxyError, "unreachable", "the proxy does not let it through: {why}"),
        (aiohttp.ClientProxyConnectionError, "unreachable", "the proxy is not reached: {why}"),
        (aiohttp.ClientConnectorError, "unreachable", "no connection: {why}"),
        (aiohttp.ServerDisconnectedError, "disconnected", "the connection was closed before there was an answer"),
        (aiohttp.ClientPayloadError, "garbled", "the answer's body is not encoded as its head says"),
        (aiohttp.ClientResponseError, "garbled", "the answer is not HTTP"),
        # An address, a proxy or a header that cannot be sent; aiohttp's own error for it is a ValueError, too.
        (ValueError, "unreachable", "the address, the proxy or a header is malformed"),
        (aiohttp.ClientConnectionError, "disconnected", "the connection broke: {why}"),
        (OSError, "disconnected", "the connection broke: {why}"),
        (Exception, "unreachable", "the request cannot be sent: {why}"),
    )


def _why(failure: Exception) -> str:
    cause = getattr(failure, "certificate_error", None) or getattr(failure, "os_error", None) or failure
    if isinstance(cause, ssl.SSLCertVerificationError):
        return scrubbed(f"{cause.verify_message}; SSL_CERT_FILE names a file with further authorities")
    if isinstance(cause, ssl.SSLError) and cause.reason:
        return scrubbed(cause.reason.lower().replace("_", " "))
    if isinstance(cause, OSError) and cause.errno and cause.errno > 0:
        return os.strerror(cause.errno)
    status = getattr(failure, "status", None)
    return f"status {status}" if isinstance(status, int) else type(failure).__name__
