"""The transport against a real server on this machine, and what the fake has in common with it."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from codedesigner.location.fake_http import FakeTransport, Parts, json_answer, json_of
from codedesigner.location.http import HttpError, HttpRequest, HttpResponse, HttpTransport, Opened, Transport, origin
from codedesigner.location.proxies import Proxies

T = TypeVar("T")
Handler = Callable[["Peer"], Awaitable[None]]
KEY = "sk-very-secret-0123456789"
PATIENCE_S = 20.0


class Peer:
    """One connection as the server sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        self.reader = reader
        self.writer = writer
        self.number = number

    async def request(self) -> tuple[str, bytes]:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            (int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length:")), 0
        )
        return head, await self.reader.readexactly(length)

    async def send(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()

    async def answer(self, body: bytes, status: str = "200 OK", headers: str = "") -> None:
        await self.send(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body)


@asynccontextmanager
async def served(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A server that hands every connection to the handler; gives its address."""
    numbers = iter(range(10**6))
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(Peer(reader, writer, next(numbers)))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls, backlog=512)
    scheme = "http" if tls is None else "https"
    try:
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)


def run(scene: Coroutine[Any, Any, T]) -> T:
    async def bounded() -> T:
        async with asyncio.timeout(PATIENCE_S):
            return await scene

    return asyncio.run(bounded())


def meet(handler: Handler, scene: Callable[[HttpTransport, str], Coroutine[Any, Any, T]], **options: Any) -> T:
    """The scene, played with a transport and a server."""

    async def played() -> T:
        async with served(handler) as url:
            transport = HttpTransport(**options)
            try:
                return await scene(transport, url)
            finally:
                await transport.close()

    return run(played())


def get(url: str) -> HttpRequest:
    return HttpRequest("GET", url, {"authorization": f"Bearer {KEY}"})


def post(url: str, body: bytes = b"{}") -> HttpRequest:
    return HttpRequest("POST", url, {"authorization": f"Bearer {KEY}", "content-type": "application/json"}, body)


async def failed(sent: Awaitable[object]) -> HttpError:
    with pytest.raises(HttpError) as raised:
        await sent
    assert KEY not in str(raised.value)
    assert "secret-path" not in str(raised.value)
    return raised.value


async def _into(got: bytearray, opened: Opened) -> None:
    async for part in opened.chunks():
        got.extend(part)


async def failing(transport: Transport, url: str, timeout_s: float = PATIENCE_S) -> HttpError:
    return await failed(transport.send(post(f"{url}/secret-path?key={KEY}"), timeout_s=timeout_s))


def failure(handler: Handler, **options: Any) -> HttpError:
    return meet(handler, failing, **options)


async def repeated(peer: Peer, answer: bytes = b"ok") -> None:
    while True:
        await peer.request()
        await peer.answer(answer)


# What both transports have in common.


def chunked(*parts: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + end


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Kind: Test\r\n\r\n"


def with_answer(
    written: Parts | HttpResponse, scene: Callable[[Transport, str], Coroutine[Any, Any, T]], *, real: bool
) -> T:
    """The scene with a server that gives this answer to everything: a real one, or the fake."""

    async def handler(peer: Peer) -> None:
        while True:
            await peer.request()
            head = "".join(f"{name}: {value}\r\n" for name, value in written.headers.items())
            first = f"HTTP/1.1 {written.status} Some\r\n{head}"
            if isinstance(written, HttpResponse):
                await peer.send(f"{first}Content-Length: {len(written.body)}\r\n\r\n".encode() + written.body)
                continue
            end = b"0\r\n\r\n" if written.cut is None else b""
            body = chunked(*written.chunks, end=end)
            await peer.send(f"{first}Transfer-Encoding: chunked\r\n\r\n".encode() + body)
            if written.cut is not None:
                return

    if real:
        return meet(handler, scene)

    async def played() -> T:
        return await scene(FakeTransport(lambda _: written), "http://fake")

    return run(played())


both = pytest.mark.parametrize("real", [True, False], ids=["real", "fake"])


@both
def test_a_whole_answer_has_status_headers_and_body(real: bool) -> None:
    async def scene(transport: Transport, url: str) -> HttpResponse:
        return await transport.send(post(url), timeout_s=PATIENCE_S)

    answer = with_answer(HttpResponse(429, {"Retry-After": "3"}, b'{"a":1}'), scene, real=real)
    assert (answer.status, answer.headers["retry-after"], answer.body) == (429, "3", b'{"a":1}')


@both
def test_an_answer_in_parts_can_be_taken_whole(real: bool) -> None:
    async def scene(transport: Transport, url: str) -> HttpResponse:
        return await transport.send(post(url), timeout_s=PATIENCE_S)

    assert with_answer(Parts((b"ab", b"c")), scene, real=real).body == b"abc"


@both
def test_an_answer_is_taken_in_parts(real: bool) -> None:
    async def scene(transport: Transport, url: str) -> tuple[int, str, bytes]:
        async with transport.open(post(url), timeout_s=PATIENCE_S, idle_s=PATIENCE_S) as opened:
            body = b"".join([part async for part in opened.chunks()])
            return opened.status, opened.headers["x-kind"], body

    assert with_answer(Parts((b"ab", b"c"), headers={"X-Kind": "Test"}), scene, real=real) == (200, "Test", b"abc")


@both
def test_an_error_among_the_parts_is_read_whole(real: bool) -> None:
    async def scene(transport: Transport, url: str) -> tuple[int, bytes]:
        async with transport.open(post(url), timeout_s=PATIENCE_S, idle_s=PATIENCE_S) as opened:
            return opened.status, await opened.read()

    assert with_answer(HttpResponse(400, {}, b'{"error":"no"}'), scene, real=real) == (400, b'{"error":"no"}')


@both
def test_an_answer_that_breaks_off_is_no_answer(real: bool) -> None:
    async def scene(transport: Transport, url: str) -> str:
        return (await failing(transport, url)).kind

    cut = HttpError("disconnected", "cut")
    assert with_answer(Parts((b"ab",), cut=cut), scene, real=real) == "disconnected"


@both
def test_parts_before_the_break_are_given(real: bool) -> None:
    async def scene(transport: Transport, url: str) -> tuple[bytes, str]:
        got = bytearray()
        async with transport.open(post(url), timeout_s=PATIENCE_S, idle_s=PATIENCE_S) as opened:
            told = await failed(_into(got, opened))
        return bytes(got), told.kind

    cut = HttpError("disconnected", "cut")
    assert with_answer(Parts((b"ab", b"c"), cut=cut), scene, real=real) == (b"abc", "disconnected")


@both
def test_a_redirect_is_an_answer_like_others(real: bool) -> None:
    async def scene(transport: Transport, url: str) -> HttpResponse:
        return await transport.send(post(url), timeout_s=PATIENCE_S)

    answer = with_answer(HttpResponse(307, {"location": "http://127.0.0.1:9/else"}), scene, real=real)
    assert (answer.status, answer.headers["location"]) == (307, "http://127.0.0.1:9/else")


# The fake alone.


def test_the_fake_remembers_what_it_was_asked() -> None:
    async def scene() -> FakeTransport:
        fake = FakeTransport([json_answer({"n": 1}), HttpError("timeout", "slow")])
        assert (await fake.send(post("http://fake", b'{"q":2}'), timeout_s=1)).body == b'{"n": 1}'
        assert (await failing(fake, "http://fake")).kind == "timeout"
        with pytest.raises(AssertionError, match="another POST"):
            await failing(fake, "http://fake")
        await fake.close()
        return fake

    fake = run(scene())
    assert json_of(fake.requests[0]) == {"q": 2}
    assert (len(fake.requests), fake.closed) == (3, True)


def test_the_fake_may_take_its_time() -> None:
    async def slow(request: HttpRequest) -> HttpResponse:
        await asyncio.sleep(0)
        return json_answer(json_of(request), status=201)

    async def scene() -> HttpResponse:
        return await FakeTransport(slow).send(post("http://fake", b"[1]"), timeout_s=1)

    answer = run(scene())
    assert (answer.status, answer.body) == (201, b"[1]")


# The real one alone: what is sent.


def test_what_is_sent_holds_only_what_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login someone password from-netrc\n")
    monkeypatch.setenv("NETRC", str(netrc))
    heads: list[str] = []

    async def handler(peer: Peer) -> None:
        while True:
            head, body = await peer.request()
            heads.append(head)
            await peer.answer(body, headers="Set-Cookie: a=b\r\n")

    async def scene(transport: HttpTransport, url: str) -> None:
        named = url.replace("127.0.0.1", "localhost")  # addresses in numbers are sent no cookies by anyone
        for _ in range(2):
            answer = await transport.send(HttpRequest("POST", f"{named}/x?y=1", {}, b"q"), timeout_s=PATIENCE_S)
            assert answer.body == b"q"

    meet(handler, scene)
    assert heads[0].splitlines()[0] == "POST /x?y=1 HTTP/1.1"
    assert not any("authorization" in head.lower() or "cookie" in head.lower() for head in heads)
    assert "accept-encoding: identity" in heads[0].lower()
    assert "user-agent: codedesigner/" in heads[0].lower()


def test_connections_are_kept_and_have_no_limit() -> None:
    connections: set[int] = set()
    together = 150
    arrived = asyncio.Semaphore(0)

    async def handler(peer: Peer) -> None:
        while True:
            await peer.request()
            connections.add(peer.number)
            arrived.release()
            if len(connections) == together:
                everybody.set()
            await everybody.wait()
            await peer.answer(b"ok")

    everybody = asyncio.Event()

    async def scene(transport: HttpTransport, url: str) -> None:
        sent = [transport.send(post(url), timeout_s=PATIENCE_S) for _ in range(together)]
        await asyncio.gather(*sent)
        await transport.send(post(url), timeout_s=PATIENCE_S)

    meet(handler, scene)
    assert len(connections) == together


# Connections that end.


def test_a_kept_connection_that_the_server_had_closed_is_no_failure() -> None:
    seen: list[int] = []

    async def handler(peer: Peer) -> None:
        await peer.request()
        seen.append(peer.number)
        await peer.answer(b"ok")
        if peer.number == 0:
            await peer.request()
            return  # closed without a word, as if it had been closed before
        await repeated(peer)

    async def scene(transport: HttpTransport, url: str) -> bytes:
        await transport.send(post(url), timeout_s=PATIENCE_S)
        return (await transport.send(post(url), timeout_s=PATIENCE_S)).body

    assert meet(handler, scene, stale_s=PATIENCE_S) == b"ok"
    assert seen == [0, 1]


def test_a_kept_connection_that_breaks_late_is_a_failure() -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.answer(b"ok")
        await peer.request()

    async def scene(transport: HttpTransport, url: str) -> HttpError:
        await transport.send(post(url), timeout_s=PATIENCE_S)
        return await failing(transport, url)

    # No break is early enough.
    assert meet(handler, scene, stale_s=0).kind == "disconnected"


def test_it_is_tried_anew_once_only() -> None:
    requests: list[int] = []

    async def handler(peer: Peer) -> None:
        await peer.request()
        requests.append(peer.number)
        if peer.number == 0:
            await peer.answer(b"ok")
            await peer.request()
            requests.append(peer.number)

    async def scene(transport: HttpTransport, url: str) -> HttpError:
        await transport.send(post(url), timeout_s=PATIENCE_S)
        return await failing(transport, url)

    assert meet(handler, scene, stale_s=PATIENCE_S).kind == "disconnected"
    assert requests == [0, 0, 1]


def test_of_many_closed_connections_two_are_tried() -> None:
    together = asyncio.Event()
    first: list[int] = []

    async def handler(peer: Peer) -> None:
        await peer.request()
        first.append(peer.number)
        if len(first) == 3:
            together.set()
        await together.wait()
        await peer.answer(b"ok")
        await peer.request()

    async def scene(transport: HttpTransport, url: str) -> HttpError:
        await asyncio.gather(*(transport.send(post(url), timeout_s=PATIENCE_S) for _ in range(3)))
        return await failing(transport, url)

    assert meet(handler, scene, stale_s=PATIENCE_S).kind == "disconnected"
    assert len(first) == 3  # nothing was sent over a fourth


def test_a_new_connection_that_breaks_is_a_failure() -> None:
    requests: list[int] = []

    async def handler(peer: Peer) -> None:
        await peer.request()
        requests.append(peer.number)

    assert failure(handler).kind == "disconnected"
    assert requests == [0]


def test_nobody_listens() -> None:
    async def scene() -> HttpError:
        async with served(repeated) as url:
            pass
        transport = HttpTransport()
        try:
            return await failing(transport, url)
        finally:
            await transport.close()

    told = run(scene())
    assert told.kind == "unreachable"
    assert "refused" in told.message


@pytest.mark.parametrize("url", ["nonsense", "ftp://x/y", "http://", "http://[", "http://127.0.0.1:99999/"])
def test_an_address_that_is_none(url: str) -> None:
    async def scene() -> HttpError:
        transport = HttpTransport()
        try:
            return await failed(transport.send(post(url), timeout_s=PATIENCE_S))
        finally:
            await transport.close()

    assert run(scene()).kind == "unreachable"


def test_a_header_with_a_line_break_is_not_sent() -> None:
    async def scene(transport: HttpTransport, url: str) -> HttpError:
        request = HttpRequest("POST", url, {"authorization": f"Bearer {KEY}\r\nx: y"}, b"")
        return await failed(transport.send(request, timeout_s=PATIENCE_S))

    assert meet(repeated, scene).kind == "unreachable"


# Time.


async def silent(peer: Peer) -> None:
    await peer.request()
    await peer.reader.read()


def test_no_answer_in_time() -> None:
    async def scene(transport: HttpTransport, url: str) -> HttpError:
        return await failing(transport, url, timeout_s=0.05)

    assert meet(silent, scene).kind == "timeout"


def test_half_an_answer_in_time() -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED + chunked(b"half", end=b""))
        await peer.reader.read()

    async def scene(transport: HttpTransport, url: str) -> HttpError:
        return await failing(transport, url, timeout_s=0.1)

    assert meet(handler, scene).kind == "timeout"


def test_silence_in_the_middle_of_an_answer() -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED + chunked(b"half", end=b""))
        await peer.reader.read()

    async def scene(transport: HttpTransport, url: str) -> tuple[bytes, HttpError]:
        got = bytearray()
        async with transport.open(post(url), timeout_s=PATIENCE_S, idle_s=0.05) as opened:
            told = await failed(_into(got, opened))
        return bytes(got), told

    got, told = meet(handler, scene)
    assert (got, told.kind) == (b"half", "timeout")
    assert "silent" in told.message


def test_the_first_part_may_take_longer_than_the_silence_allowed() -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        await asyncio.sleep(0.1)
        await peer.answer(b"late")

    async def scene(transport: HttpTransport, url: str) -> bytes:
        async with transport.open(post(url), timeout_s=PATIENCE_S, idle_s=0.01) as opened:
            return await opened.read()

    assert meet(handler, scene) == b"late"


@pytest.mark.parametrize("started", [False, True], ids=["before the answer", "within the answer"])
@pytest.mark.parametrize("in_parts", [False, True])
def test_cancelling_closes_the_connection_at_once(started: bool, in_parts: bool) -> None:
    async def scene() -> bytes:
        asked, ended = asyncio.Event(), asyncio.get_running_loop().create_future()

        async def handler(peer: Peer) -> None:
            await peer.request()
            if started:
                await peer.send(CHUNKED + chunked(b"half", end=b""))
            asked.set()
            ended.set_result(await peer.reader.read())

        async with served(handler) as url:
            transport = HttpTransport()
            task = asyncio.create_task(_all(transport, url, in_parts=in_parts))
            await asked.wait()
            await asyncio.sleep(0.02 if started else 0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            seen: bytes = await ended  # the server's read ends although the transport is still open
            await transport.close()
            return seen

    assert run(scene()) == b""


async def _all(transport: Transport, url: str, *, in_parts: bool) -> bytes:
    if not in_parts:
        return (await transport.send(post(url), timeout_s=PATIENCE_S)).body
    async with transport.open(post(url), timeout_s=PATIENCE_S, idle_s=PATIENCE_S) as opened:
        return await opened.read()


def test_leaving_an_answer_early_closes_the_connection() -> None:
    async def scene() -> bytes:
        ended = asyncio.get_running_loop().create_future()

        async def handler(peer: Peer) -> None:
            await peer.request()
            await peer.send(CHUNKED + chunked(b"half", end=b""))
            ended.set_result(await peer.reader.read())

        async with served(handler) as url:
            transport = HttpTransport()
            async with transport.open(post(url), timeout_s=PATIENCE_S, idle_s=PATIENCE_S) as opened:
                async for _ in opened.chunks():
                    break
            seen: bytes = await ended
            await transport.close()
            return seen

    assert run(scene()) == b""


# Answers that are too much or nothing at all.


def test_an_answer_that_says_it_is_too_large() -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n")
        await peer.reader.read()

    assert failure(handler, max_bytes=1000).kind == "too_large"


@pytest.mark.parametrize("size", [1000, 1001])
def test_an_answer_that_becomes_too_large(size: int) -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED, chunked(b"x" * 600, b"x" * (size - 600)))

    async def scene(transport: HttpTransport, url: str) -> str:
        try:
            return str(len((await transport.send(post(url), timeout_s=PATIENCE_S)).body))
        except HttpError as error:
            return error.kind

    assert meet(handler, scene, max_bytes=1000) == ("1000" if size == 1000 else "too_large")


def test_an_endless_stream_ends() -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.send(CHUNKED)
        while True:
            await peer.send(chunked(b": ping\n\n" * 100, end=b""))

    async def scene(transport: HttpTransport, url: str) -> str:
        async with transport.open(post(url), timeout_s=PATIENCE_S, idle_s=PATIENCE_S) as opened:
            return (await failed(_into(bytearray(), opened))).kind

    assert meet(handler, scene, max_streamed=50_000) == "too_large"


def test_an_endless_error_ends() -> None:
    async def parts() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 100

    async def scene() -> HttpError:
        return await failed(Opened(500, {}, parts(), max_bytes=1000).read())

    assert run(scene()).kind == "too_large"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_bomb_does_not_get_through(encoding: str) -> None:
    # 64 MB of zeros in 64 KB, and again compressed answers that are fine.
    compressor = zlib.compressobj(9, wbits=31 if encoding == "gzip" else 15)
    bomb = compressor.compress(bytes(64 * 2**20)) + compressor.flush()
    small = zlib.compressobj(9, wbits=31 if encoding == "gzip" else 15)
    fine = small.compress(b"fine") + small.flush()

    async def handler(peer: Peer) -> None:
        for body in (fine, bomb):
            await peer.request()
            await peer.answer(body, headers=f"Content-Encoding: {encoding}\r\n")
        await peer.reader.read()

    async def scene(transport: HttpTransport, url: str) -> tuple[bytes, str]:
        first = await transport.send(post(url), timeout_s=PATIENCE_S)
        return first.body, (await failing(transport, url)).kind

    tracemalloc.start()
    try:
        assert meet(handler, scene, max_bytes=2**20) == (b"fine", "too_large")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 32 * 2**20


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
        b"HTTP/1.1 banana\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: banana\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
    ids=["ssh", "status", "length", "gzip", "chunks", "header"],
)
def test_what_is_not_http_is_garbled(answer: bytes) -> None:
    async def handler(peer: Peer) -> None:
        await peer.request()
        await peer.send(answer)
        await peer.reader.read()

    assert failure(handler).kind == "garbled"


# What is shown.


def test_keys_and_code_are_not_in_a_repr() -> None:
    request = post("http://h/v1", b"the code")
    assert "http://h/v1" in repr(request)
    assert KEY not in repr(request)
    assert "the code" not in repr(request)
    assert "body" not in repr(HttpResponse(200, {"set-cookie": KEY}, b"body"))
    assert KEY not in repr(HttpResponse(200, {"set-cookie": KEY}, b"body"))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://user:pw@host.example:8443/v1?key=1", "https://host.example:8443"),
        ("http://host/v1", "http://host"),
        ("http://[", "the endpoint"),
    ],
)
def test_only_the_origin_is_told(url: str, told: str) -> None:
    assert origin(url) == told


# Certificates.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(cert)),
        ],
        check=True,
        capture_output=True,
    )
    return key, cert


def over_tls(certificate: tuple[Path, Path], host: str = "127.0.0.1") -> str:
    key, cert = certificate

    async def scene() -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        async with served(repeated, context) as url:
            transport = HttpTransport()
            try:
                answer = await transport.send(post(url.replace("127.0.0.1", host)), timeout_s=PATIENCE_S)
            except HttpError as error:
                return f"{error.kind}: {error.message}"
            else:
                return answer.body.decode()
            finally:
                await transport.close()

    return run(scene())


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: tuple[Path, Path]) -> None:
    told = over_tls(certificate)
    assert told.startswith("unreachable: ")
    assert "SSL_CERT_FILE" in told


def test_further_authorities_are_named_in_the_environment(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    assert over_tls(certificate) == "ok"
    assert over_tls(certificate, host="localhost").startswith("unreachable: ")


# Proxies.


@pytest.mark.parametrize(
    ("named", "url", "proxy"),
    [
        ({"https": "http://p:1"}, "https://api.example/v1", "http://p:1"),
        ({"https": "p:1"}, "https://api.example/v1", "http://p:1"),
        ({"https": "http://p:1"}, "http://api.example/v1", None),
        ({"all": "http://p:1"}, "http://api.example/v1", "http://p:1"),
        ({"all": "http://p:1", "no": "example"}, "http://api.example/v1", None),
        ({"all": "http://p:1", "no": "api.example:8080"}, "http://api.example:8080/v1", None),
        ({"all": "http://p:1", "no": "*"}, "http://api.example/v1", None),
        ({"all": "http://p:1"}, "http://localhost:11434/api", None),
        ({"all": "http://p:1"}, "http://127.0.0.3/api", None),
        ({"all": "http://p:1"}, "http://[::1]:80/api", None),
        ({"all": "http://p:1"}, "http://10.0.0.1/api", "http://p:1"),
        ({}, "http://api.example/v1", None),
    ],
)
def test_proxies(named: dict[str, str], url: str, proxy: str | None) -> None:
    proxies = Proxies(named)
    assert proxies.for_url(url) == proxy
    assert proxies.for_url(url) == proxy


def test_proxies_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://p:1")
    monkeypatch.setenv("no_proxy", "inside.example")
    proxies = Proxies.of_environment()
    assert proxies.for_url("https://api.example/v1") == "http://p:1"
    assert proxies.for_url("https://inside.example/v1") is None


def test_a_request_goes_through_the_proxy() -> None:
    async def scene() -> str:
        heads: list[str] = []

        async def proxy(peer: Peer) -> None:
            head, _ = await peer.request()
            heads.append(head)
            await peer.answer(b"proxied")

        async with served(proxy) as url:
            transport = HttpTransport(proxies=Proxies({"http": url}))
            answer = await transport.send(post("http://model.invalid/v1"), timeout_s=PATIENCE_S)
            await transport.close()
        assert answer.body == b"proxied"
        return heads[0].splitlines()[0]

    assert run(scene()) == "POST http://model.invalid/v1 HTTP/1.1"


@pytest.mark.parametrize("answer", ["403 Forbidden", "407 Proxy Authentication Required"])
def test_a_proxy_that_declines(answer: str) -> None:
    async def scene() -> HttpError:
        async def proxy(peer: Peer) -> None:
            await peer.request()
            await peer.answer(b"", status=answer)

        async with served(proxy) as url:
            named = {"https": url.replace("http://", f"http://user:{KEY}@")}
            transport = HttpTransport(proxies=Proxies(named))
            told = await failing(transport, "https://model.invalid/v1")
            await transport.close()
            return told

    told = run(scene())
    assert told.kind == "unreachable"
    assert answer[:3] in told.message


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "http://127.0.0.1:1", "http://["])
def test_a_proxy_that_is_none(proxy: str) -> None:
    async def scene() -> HttpError:
        transport = HttpTransport(proxies=Proxies({"https": proxy}))
        told = await failing(transport, "https://model.invalid/v1")
        await transport.close()
        return told

    assert run(scene()).kind == "unreachable"


def test_closing_is_not_the_end() -> None:
    async def scene(transport: HttpTransport, url: str) -> bytes:
        await transport.send(post(url), timeout_s=PATIENCE_S)
        await transport.close()
        await transport.close()
        return (await transport.send(get(url), timeout_s=PATIENCE_S)).body

    assert meet(repeated, scene) == b"ok"


def test_reading_a_configuration_does_not_import_aiohttp() -> None:
    code = "import sys; import codedesigner.location.fake_http; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
