"""Clones that outlive a task: one folder for each repository, shared by the workers of a machine, bounded in size.

A clone that is in use is locked by all who use it, and only one that nobody uses is thrown away. Locks are the
system's: they end with their process, however that ends.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from codedesigner.forge.fetching import SECONDS, Clonable, fetch_commits
from codedesigner.pullrequest.checkout import Fetch

MOST_BYTES = 10_000_000_000
_STALE = ("shallow.lock", "config.lock", "index.lock", "packed-refs.lock", "HEAD.lock")
"""What a git that was killed leaves, and the next one stops at."""


class Clones:
    """The clones in `folder`. Above `most_bytes`, those that were not used for longest go."""

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES, seconds: float = SECONDS) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._seconds = seconds

    @asynccontextmanager
    async def of(self, forge: Clonable, *, ca_file: str = "") -> AsyncIterator[Fetch]:
        """Fetches commits of a repository into its clone, which stays while this is open."""
        name = sha256(forge.clone_url.encode()).hexdigest()[:24]
        clone = self._folder / name
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(self._folder / f"{name}.use", fcntl.LOCK_SH) as use:

            async def fetch(commits: Sequence[str]) -> Path:
                token = await forge.token()

                def work() -> Path:
                    with _locked(self._folder / f"{name}.fetch", fcntl.LOCK_EX):
                        for stale in _STALE:
                            (clone / ".git" / stale).unlink(missing_ok=True)
                        return fetch_commits(
                            forge.clone_url,
                            commits,
                            clone,
                            user=forge.git_user,
                            token=token,
                            ca_file=ca_file,
                            seconds=self._seconds,
                        )

                return await asyncio.to_thread(work)

            try:
                yield fetch
            finally:
                os.utime(use)
        await asyncio.to_thread(self.make_room)

    def make_room(self) -> list[str]:
        """Throw away what is too much; which clones that were."""
        found = [(path, _bytes_in(path)) for path in self._folder.iterdir() if path.is_dir()]
        total, gone = sum(size for _, size in found), []
        for path, size in sorted(found, key=lambda one: _used_at(one[0])):
            if total <= self._most_bytes:
                break
            if _throw_away(path):
                gone.append(path.name)
                total -= size
        return gone


@contextmanager
def _locked(path: Path, how: int) -> Iterator[int]:
    opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(opened, how)
        yield opened
    finally:
        os.close(opened)


def _throw_away(clone: Path) -> bool:
    try:
        with _locked(clone.with_suffix(".use"), fcntl.LOCK_EX | fcntl.LOCK_NB):
            shutil.rmtree(clone, ignore_errors=True)
    except BlockingIOError:
        return False
    return not clone.exists()


def _used_at(clone: Path) -> float:
    use = clone.with_suffix(".use")
    return use.stat().st_mtime if use.exists() else 0.0


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):  # git may be at it
            total += path.lstat().st_size
    return total
