"""How long a CI job takes from its start to its first request to the forge."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.measure import Row, fastest

_SHA = "0123456789abcdef" * 2 + "01234567"
_EVENT = {
    "action": "opened",
    "pull_request": {"number": 1, "base": {"sha": _SHA}, "head": {"sha": _SHA}},
}


def measure() -> Sequence[Row]:
    """`codedesigner ci` until something listens to it, beside an interpreter that does nothing."""
    bare = fastest(10, [sys.executable, "-c", "pass"])
    client = fastest(5, [sys.executable, "-c", "import github"])
    ours = min(_first_request() for _ in range(5)) * 1000
    return [
        Row("codedesigner ci, first request", ours, "ms", "python -c pass", bare.seconds * 1000),
        Row("codedesigner ci, first request", ours, "ms", "import github", client.seconds * 1000),
    ]


def _first_request() -> float:
    """Seconds until the job connects to a forge that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as forge, tempfile.TemporaryDirectory() as folder:
        event = Path(folder) / "event.json"
        event.write_text(json.dumps(_EVENT), encoding="utf-8")
        address = f"http://127.0.0.1:{forge.getsockname()[1]}"
        environ = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": f"{address}/api/v3",
            "GITHUB_SERVER_URL": address,
            "GITHUB_REPOSITORY": "octo/shop",
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(event),
            "INPUT_TOKEN": "ghs_of_nobody",
            "HOME": folder,
        }
        forge.settimeout(60)
        start = time.perf_counter()
        job = subprocess.Popen(
            [sys.executable, "-m", "codedesigner", "ci"], cwd=folder, env=environ, stderr=subprocess.DEVNULL
        )
        try:
            connection, _ = forge.accept()
            took = time.perf_counter() - start
            connection.close()
        finally:
            job.kill()
            job.wait()
        return took
