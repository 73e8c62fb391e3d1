"""The server as a process of its own, for tests and measurements."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Server:
    """One address of a running server."""

    address: str

    def stats(self) -> dict[str, Any]:
        """Its counters, as `Counts.as_json` has them, and `overall` those of all addresses together."""
        return self._ask("GET", "/__stats")

    def set(self, **settings: str | float) -> None:
        """Change its behaviour, by the names of `Behaviour`."""
        self._ask("POST", "/__set", settings)

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=30)
        try:
            connection.request(method, path, body=json.dumps(body or {}), headers={"content-type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                raise ValueError(f"{path}: {text.decode()}")
            counters: dict[str, Any] = json.loads(text)
            return counters
        finally:
            connection.close()


@contextmanager
def serving(endpoints: int = 1, **settings: str | float) -> Iterator[list[Server]]:
    """A running server with so many addresses, which ends with the block or with this process."""
    options = [f"--{name}={value}" for name, value in settings.items()]
    command = [sys.executable, "-m", "bench.model_server", "--until-eof", f"--endpoints={endpoints}", *options]
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        addresses = [process.stdout.readline().decode().strip() for _ in range(endpoints)]
        if not all(addresses):
            raise RuntimeError("the model server did not start")
        try:
            yield [Server(address) for address in addresses]
        finally:
            process.terminate()
