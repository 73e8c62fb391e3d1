"""Fetching commits as objects: no checkout, no history, no hooks, no submodules; the credential in no file or argument.

Only full ids are asked for, of the base repository, which has the commits of forks as well. What names a revision could
name an option: https://git-scm.com/docs/git-fetch documents `--upload-pack`, which runs a program.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import re
import shutil
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from codedesigner.change.git import Git
from codedesigner.change.gitprocess import Completed, run_limited
from codedesigner.change.gitsettings import CONFIG, environment
from codedesigner.change.model import decode, display
from codedesigner.errors import CodedesignerError, RepositoryError, UnavailableError
from codedesigner.event.model import is_sha

SECONDS = 600.0
MOST_BYTES = 4_000_000_000
"""Of one fetch. What a pull request brings along is somebody else's choice, and the disk is ours."""
_OUTPUT_BYTES = 1_000_000
_OPTIONS = ("--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-gc")
_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY")
_SILENT_S = 60  # without a byte, until git gives up
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_STATUS = re.compile(r"returned error: (\d{3})|RPC failed; HTTP (\d{3})")
_BROKEN = re.compile(r"unable to access|RPC failed|hung up unexpectedly|early EOF|unexpected disconnect")
_NO_ROOM = re.compile(
    r"No space left|File too large|Disk quota|unable to (?:write|create)|could(?: not|n't) (?:write|create)"
)
_AWAY = frozenset({"429", "502", "503", "504", *map(str, range(520, 531))})


class Clonable(Protocol):
    """A forge from which git can fetch."""

    @property
    def clone_url(self) -> str:
        """The repository's address, without a credential."""

    @property
    def git_user(self) -> str:
        """The name that goes with the token."""

    async def token(self) -> str:
        """The credential of this moment."""


def fetcher(
    forge: Clonable, folder: Path, *, ca_file: str = "", seconds: float = SECONDS, pin: Sequence[str] = ()
) -> Callable[[Sequence[str]], Awaitable[Path]]:
    """Fetches commits into a repository of its own in `folder`, made with the first of them."""
    turn = asyncio.Lock()

    async def fetch(commits: Sequence[str]) -> Path:
        async with turn:
            token = await forge.token()
            return await asyncio.to_thread(
                fetch_commits, forge.clone_url, commits, folder, user=forge.git_user, token=token, ca_file=ca_file,
                seconds=seconds, pin=pin,
            )  # fmt: skip

    return fetch


def fetch_commits(
    url: str,
    commits: Sequence[str],
    folder: Path,
    *,
    user: str = "",
    token: str = "",
    ca_file: str = "",
    seconds: float = SECONDS,
    most_bytes: int = MOST_BYTES,
    pin: Sequence[str] = (),
) -> Path:
    """The repository in `folder`, with each of `commits` (full ids) and all that they hold, and nothing before them.

    Each fetch leaves one pack. `pin` are the addresses that the URL's host is known to have; without any, its name is
    looked up.

    Raises:
        RepositoryError: the address or an id is none, or git cannot fetch. No message holds the credential.
        UnavailableError: the server is down, or nothing leads there.
    """
    scheme = _scheme(url)
    wrong = next((commit for commit in commits if not is_sha(commit)), None)
    if wrong is not None:
        raise RepositoryError(f"`{display(wrong)[:80]}` is not a full commit id")
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".git").is_dir():
        _git(folder, ["init", "--quiet", "--template="], {}, seconds)
    git = Git(folder)
    missing = [commit for commit in dict.fromkeys(commits) if git.try_resolve(commit) != commit]
    if missing:
        config = {f"protocol.{scheme}.allow": "always", "http.followRedirects": "false", "transfer.fsckObjects": "true"}
        config |= {"http.lowSpeedLimit": "1", "http.lowSpeedTime": str(_SILENT_S), "fetch.unpackLimit": "1"}
        if token:
            packed = base64.b64encode(f"{user}:{token}".encode()).decode("ascii")
            config["http.extraHeader"] = f"Authorization: Basic {packed}"
        if ca_file:
            config["http.sslCAInfo"] = ca_file
        if pin and not _proxies():  # a proxy looks names up itself
            config["http.curloptResolve"] = _pinned(url, pin)
        watch = _Growth(folder / ".git" / "objects", most_bytes)
        watch.tidy()
        _git(folder, ["fetch", *_OPTIONS, "--", url, *missing], config, seconds, allow=scheme, watch=watch)
    return folder


class _Growth:
    """How much a fetch adds to a repository. Nobody else fetches into it meanwhile."""

    def __init__(self, objects: Path, most_bytes: int) -> None:
        self._objects = objects
        self._most_bytes = most_bytes
        self._before = self._size()

    def tidy(self) -> None:
        """Take away what a fetch that was ended has left."""
        for left in (*self._objects.glob("**/tmp_*"), *self._objects.glob("incoming-*"), *self._objects.glob("tmp_*")):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)
        self._before = self._size()

    def __call__(self) -> str:
        """Why it is not to go on."""
        if self._size() - self._before <= self._most_bytes:
            return ""
        return f"the commits hold more than {self._most_bytes:,} bytes"

    def _size(self) -> int:
        total = 0
        for folder, _, files in os.walk(self._objects):
            for name in files:
                with contextlib.suppress(OSError):  # git moves files while we look
                    total += os.lstat(os.path.join(folder, name)).st_size  # noqa: PTH118 -- names of any bytes
        return total


def _pinned(url: str, addresses: Sequence[str]) -> str:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.hostname}:{port}:{','.join(f'[{one}]' if ':' in one else one for one in addresses)}"


def _scheme(url: str) -> str:
    """`https`; `http` on this machine alone, where nobody listens in between."""
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not (parts.hostname and (parts.scheme == "https" or local)) or parts.username or parts.password:
        raise RepositoryError("commits are fetched over https, from an address without a credential in it")
    return parts.scheme


def _proxies() -> dict[str, str]:
    """The way out of this machine's network, which the client of the forge takes too."""
    return {name: os.environ[name] for name in _PROXIES if name in os.environ}


def _git(
    folder: Path,
    arguments: Sequence[str],
    config: dict[str, str],
    seconds: float,
    *,
    allow: str = "none",
    watch: Callable[[], str] | None = None,
) -> Completed:
    settings = {**CONFIG, "safe.directory": str(folder.resolve()), **config}
    done = run_limited(
        ["git", "--no-pager", *arguments],
        folder=folder,
        environment={**environment(settings), **_proxies(), "GIT_ALLOW_PROTOCOL": allow},
        given=b"",
        seconds=seconds,
        output_bytes=_OUTPUT_BYTES,
        watch=watch,
    )
    if done.returncode:
        raise _failed(arguments[0], done.returncode, display(decode(done.stderr)).strip())
    return done


def _failed(verb: str, code: int, words: str) -> CodedesignerError:
    """What git's words mean: the server is away, this machine has no room for it just now, or it cannot be had."""
    said = f"git {verb} failed: {words.split(chr(10))[-1].removeprefix('fatal: ') or code}"
    if code < 0:
        return UnavailableError(f"{said} (ended by signal {-code})")
    if _NO_ROOM.search(words):
        return UnavailableError(said, hint="look for room on the disk")
    status = next((code for found in _STATUS.findall(words) for code in found if code), "")
    if status in _AWAY or (not status and _BROKEN.search(words)):
        return UnavailableError(said, status=int(status or 0))
    return RepositoryError(said)
