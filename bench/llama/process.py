"""The server as a process of its own."""

from __future__ import annotations

import http.client
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from bench.llama import fetch, model

_READY_S = 60.0  # a busy machine; usually 0.7 s
_PORTS = 5
_EMBEDDINGS = ("--embeddings", "--pooling", "mean")


@dataclass(frozen=True, slots=True)
class Llama:
    """A running server. `context` is the tokens of a prompt and its answer together, `slots` how many it serves."""

    address: str
    key: str
    context: int
    slots: int

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a document, such as `/slots` or `/metrics`."""
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=10)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.key}"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


@contextmanager
def running(
    key: str = "correct", context: int = 4096, slots: int = 2, *, seed: int = 0, embeddings: bool = False
) -> Iterator[Llama]:
    """A server that is ready, until the end of the block. With `embeddings` it makes vectors, too.

    Raises:
        fetch.UnavailableError: the program cannot be had or does not start.
    """
    program = fetch.server()
    with tempfile.TemporaryDirectory(prefix="llama-") as name:
        folder = Path(name)
        model.make(folder / "noise.gguf", seed)
        with (folder / "log").open("wb+") as log:
            process, port = _started(
                program, folder / "noise.gguf", key, (context, slots), log, *(_EMBEDDINGS if embeddings else ())
            )
            try:
                yield Llama(f"http://127.0.0.1:{port}", key, context, slots)
            finally:
                process.kill()
                process.wait()


def _started(
    program: Path, weights: Path, key: str, size: tuple[int, int], log: IO[bytes], *more: str
) -> tuple[subprocess.Popen[bytes], int]:
    context, slots = size
    # One thread to compute: more of them only wait for each other where the processors are busy. Every connection that
    # is kept open holds a thread of the other kind for some seconds.
    threads = ["--threads", "1", "--threads-batch", "1", "--threads-http", "32"]
    # The whole context is divided by the slots.
    command = [str(program), "--model", str(weights), "--alias", "noise", "--ctx-size", str(context * slots)]
    command += [
        "--parallel",
        str(slots),
        *threads,
        "--api-key",
        key,
        "--metrics",
        "--slots",
        "--no-ui",
        "--no-warmup",
        *more,
    ]
    for _ in range(_PORTS):
        port = _free_port()  # which somebody else may take before the server does
        process = subprocess.Popen([*command, "--host", "127.0.0.1", "--port", str(port)], stdout=log, stderr=log)
        if _ready(process, port):
            return process, port
        process.kill()
        process.wait()
    log.seek(0)
    told = log.read().decode("utf-8", "replace").strip().splitlines()[-1:]
    raise fetch.UnavailableError(f"{program} does not start: {''.join(told)}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _ready(process: subprocess.Popen[bytes], port: int) -> bool:
    end = time.monotonic() + _READY_S
    while process.poll() is None and time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return True
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.05)
    return False
