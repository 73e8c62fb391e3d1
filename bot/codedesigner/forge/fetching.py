"""Fetching commits as objects: no checkout, no history, no hooks, no submodules; the credential in no file or argument.

Only full ids are asked for, of the base repository, which has the commits of forks as well. What names a revision could
name an option: https://git-scm.com/docs/git-fetch documents `--upload-pack`, which runs a program.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
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
_OUTPUT_BYTES = 1_000_000
_OPTIONS = ("--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-gc")
_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY")
_SILENT_S = 60  # without a byte, until git gives up
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_STATUS = re.compile(r"returned error: (\d{3})|RPC failed; HTTP (\d{3})")
_BROKEN = re.compile(r"unable to access|RPC failed|hung up unexpectedly|early EOF|unexpected disconnect")
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
    forge: Clonable, folder: Path, *, ca_file: str = "", seconds: float = SECONDS
) -> Callable[[Sequence[str]], Awaitable[Path]]:
    """Fetches commits into a repository of its own in `folder`, made with the first of them."""
    turn = asyncio.Lock()

    async def fetch(commits: Sequence[str]) -> Path:
        async with turn:
            token = await forge.token()
            return await asyncio.to_thread(
                fetch_commits, forge.clone_url, commits, folder, user=forge.git_user, token=token, ca_file=ca_file,
                seconds=seconds,
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
) -> Path:
    """The repository in `folder`, with each of `commits` (full ids) and all that they hold, and nothing before them.

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
        config |= {"http.lowSpeedLimit": "1", "http.lowSpeedTime": str(_SILENT_S)}
        if token:
            packed = base64.b64encode(f"{user}:{token}".encode()).decode("ascii")
            config["http.extraHeader"] = f"Authorization: Basic {packed}"
        if ca_file:
            config["http.sslCAInfo"] = ca_file
        _git(folder, ["fetch", *_OPTIONS, "--", url, *missing], config, seconds, allow=scheme)
    return folder


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
    folder: Path, arguments: Sequence[str], config: dict[str, str], seconds: float, *, allow: str = "none"
) -> Completed:
    settings = {**CONFIG, "safe.directory": str(folder.resolve()), **config}
    done = run_limited(
        ["git", "--no-pager", *arguments],
        folder=folder,
        environment={**environment(settings), **_proxies(), "GIT_ALLOW_PROTOCOL": allow},
        given=b"",
        seconds=seconds,
        output_bytes=_OUTPUT_BYTES,
    )
    if done.returncode:
        raise _failed(arguments[0], display(decode(done.stderr)).strip() or str(done.returncode))
    return done


def _failed(verb: str, words: str) -> CodedesignerError:
    """What git's words mean: the server is away, or this cannot be fetched."""
    said = f"git {verb} failed: {words.split(chr(10))[-1].removeprefix('fatal: ')}"
    status = next((code for found in _STATUS.findall(words) for code in found if code), "")
    if status in _AWAY or (not status and _BROKEN.search(words)):
        return UnavailableError(said, status=int(status or 0))
    return RepositoryError(said)
