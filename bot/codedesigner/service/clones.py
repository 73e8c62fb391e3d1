"""Clones that outlive a task: one folder for each repository, shared by the workers of a machine, bounded in size.

A clone that is in use is locked by all who use it, and only one that nobody uses is thrown away. One that should go and
is in use is marked as worn: whoever comes next begins another one beside it, so that its users become fewer, and the
last of them throws it away. Locks are the system's: they end with their process, however that ends.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from codedesigner.change.git import Git
from codedesigner.errors import RepositoryError
from codedesigner.forge.fetching import MOST_BYTES as MOST_FETCHED
from codedesigner.forge.fetching import SECONDS, Clonable, fetch_commits
from codedesigner.pullrequest.checkout import Fetch

MOST_BYTES = 10_000_000_000
_STALE = ("shallow.lock", "config.lock", "index.lock", "packed-refs.lock", "HEAD.lock")
"""What a git that was killed leaves, and the next one stops at."""
_MOST_PACKS = 500
"""Each fetch leaves one, and each look goes through all of them: a clone with more is begun anew."""


class Clones:
    """The clones in `folder`. Above `most_bytes`, those that were not used for longest go."""

    def __init__(
        self, folder: Path, *, most_bytes: int = MOST_BYTES, seconds: float = SECONDS, most_fetched: int = MOST_FETCHED
    ) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._seconds = seconds
        self._most_fetched = most_fetched

    @asynccontextmanager
    async def of(self, forge: Clonable, *, ca_file: str = "", pin: Sequence[str] = ()) -> AsyncIterator[Fetch]:
        """Fetches commits of a repository into its clone, which stays while this is open.

        `pin` are the addresses that its host is known to have; without any, its name is looked up.
        """
        name = sha256(forge.clone_url.encode()).hexdigest()[:24]
        with ExitStack() as stack:
            # In a thread: whoever throws clones away may be at it for long.
            clone, lock = await asyncio.to_thread(self._take, name)
            use = stack.enter_context(lock)

            async def fetch(commits: Sequence[str]) -> Path:
                token = await forge.token()
                order = _Order(forge.clone_url, tuple(commits), forge.git_user, token, ca_file, tuple(pin))
                return await asyncio.to_thread(self._fetch, clone, use, order)

            try:
                yield fetch
            except RepositoryError:
                await asyncio.to_thread(self._doubt, clone, use)
                raise
            finally:
                os.utime(use)
        await asyncio.to_thread(self.make_room)

    def _take(self, name: str) -> tuple[Path, _Lock]:
        """The repository's clone, or the other one while that is worn; the first where both are."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        both = self._folder / name, self._folder / f"{name}-2"
        for clone in both:
            if not _worn(clone).exists():
                lock = _Lock(clone.with_suffix(".use"), fcntl.LOCK_SH)
                if not _worn(clone).exists():  # it may have been marked meanwhile
                    return clone, lock
                lock.close()
        return both[0], _Lock(both[0].with_suffix(".use"), fcntl.LOCK_SH)

    def _fetch(self, clone: Path, use: int, order: _Order) -> Path:
        with _locked(clone.with_suffix(".fetch"), fcntl.LOCK_EX):
            for stale in _STALE:
                (clone / ".git" / stale).unlink(missing_ok=True)
            was_there = (clone / ".git").exists()
            try:
                return self._fetched(clone, order)
            except RepositoryError:
                # It may be the clone itself that is broken, by a disk or a power cut.
                if not was_there or _sound(clone) or not _alone(use):
                    raise
                shutil.rmtree(clone, ignore_errors=True)
                fcntl.flock(use, fcntl.LOCK_SH)
                return self._fetched(clone, order)

    def _doubt(self, clone: Path, use: int) -> None:
        """What was fetched cannot be read: perhaps because the clone is broken. The next one begins anew then."""
        if (clone / ".git").exists() and not _sound(clone) and _alone(use):
            shutil.rmtree(clone, ignore_errors=True)
            fcntl.flock(use, fcntl.LOCK_SH)

    def _fetched(self, clone: Path, order: _Order) -> Path:
        return fetch_commits(
            order.url,
            order.commits,
            clone,
            user=order.user,
            token=order.token,
            ca_file=order.ca_file,
            seconds=self._seconds,
            most_bytes=self._most_fetched,
            pin=order.pin,
        )

    def make_room(self) -> list[str]:
        """Throw away what is too much or worn; which clones that were. What is in use goes later, and is marked."""
        found = [(path, _bytes_in(path)) for path in self._folder.iterdir() if path.is_dir()]
        total, gone = sum(size for _, size in found), []
        for path, size in sorted(found, key=lambda one: _used_at(one[0])):
            if total <= self._most_bytes and _packs_in(path) <= _MOST_PACKS and not _worn(path).exists():
                continue
            if _throw_away(path):
                gone.append(path.name)
            else:
                _worn(path).touch(mode=0o600)
            total -= size
        return gone


@dataclass(frozen=True, slots=True)
class _Order:
    url: str
    commits: tuple[str, ...]
    user: str
    token: str = field(repr=False)
    ca_file: str
    pin: tuple[str, ...]


class _Lock:
    """A lock that is held from now on, and given back at the end of a `with`."""

    def __init__(self, path: Path, how: int) -> None:
        self._stack = ExitStack()
        self._opened = self._stack.enter_context(_locked(path, how))

    def __enter__(self) -> int:
        return self._opened

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Give it back."""
        self._stack.close()


def _alone(use: int) -> bool:
    """Whether nobody else uses the clone; nobody will then, until it is shared again."""
    try:
        fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(use, fcntl.LOCK_SH)  # what could not be had was given back
        return False
    return True


def _sound(clone: Path) -> bool:
    """Whether all that was fetched is there, and is what its ids say."""
    try:
        return Git(clone).is_sound()
    except RepositoryError:
        return False


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
            if clone.exists():
                return False
            _worn(clone).unlink(missing_ok=True)
    except BlockingIOError:
        return False
    return True


def _worn(clone: Path) -> Path:
    """Where it is marked that nobody new is to use a clone."""
    return clone.with_suffix(".worn")


def _used_at(clone: Path) -> float:
    use = clone.with_suffix(".use")
    return use.stat().st_mtime if use.exists() else 0.0


def _packs_in(clone: Path) -> int:
    return sum(1 for _ in (clone / ".git" / "objects" / "pack").glob("*.pack"))


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):  # git may be at it
            total += path.lstat().st_size
    return total
