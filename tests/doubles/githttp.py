"""Fetching over HTTP, as `git fetch` does it: git's own CGI program answers."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

from tests.doubles.server import Reply, Request

_REPOSITORY = re.compile(r"/([^/].*?)\.git(/.*)")


def asks_git(request: Request) -> bool:
    """Whether it is git that asks."""
    return _REPOSITORY.fullmatch(request.path) is not None


def answer(request: Request, repository: Callable[[str], Path | None]) -> Reply:
    """What `git http-backend` says; pushing is not possible. `repository` finds the folder of a path."""
    match = _REPOSITORY.fullmatch(request.path)
    folder = repository(match[1]) if match else None
    if match is None or folder is None:
        return Reply(404, "Repository not found.")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_PROJECT_ROOT": str(folder.absolute()),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        "PATH_INFO": match[2],
        "QUERY_STRING": urlencode(request.query),
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
    }  # and no HTTP_CONTENT_ENCODING: git packs what it asks when that is long, and the server has unpacked it
    # Its exit code is that of the program behind it, which refuses what it does not have; the answer says so.
    done = subprocess.run(
        ["git", "http-backend"], env=environment, input=request.body, capture_output=True, check=False
    )
    assert done.stdout, done.stderr
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    status = int(headers.pop("Status", "200").split()[0])
    return Reply(status, body, headers)
