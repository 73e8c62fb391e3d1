"""Who does the work: two workers, or `codedesigner serve` as people start it, with somebody who starts it again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bench.crash.house import House
from bench.crash.sides import Hook

from codedesigner.service.database import Database, DatabaseError
from codedesigner.service.inbox import Accepted, Duplicate, SqlInbox
from codedesigner.service.processes import Process, descendants, look
from codedesigner.service.rows import select

PATIENCE_S = 60.0


@dataclass
class Sent:
    """What came of webhooks: how often one had to be sent again, because no answer of success had come."""

    again: int = 0
    accepted: list[str] = field(default_factory=list)


class Crew(Protocol):
    """The processes of one run."""

    ways: Sequence[str]

    def send(self, hooks: Sequence[Hook], under_way: Callable[[], None]) -> Sent:
        """Deliver each, twice, and what got no answer of success again and again, as a forge does or a person."""

    def pids(self) -> list[int]:
        """All processes that are there."""

    def kill(self, way: str) -> frozenset[Process]:
        """SIGKILL, and another one started in its place; who was left behind."""

    def keep(self) -> int:
        """Start again what has ended by itself; how many that were."""

    def stop(self) -> None:
        """In an orderly way."""


def _living(roots: Sequence[int]) -> list[int]:
    return [*roots, *(one.pid for root in roots for one in descendants(root))]


class Workers:
    """Two workers with quick times and one place each, so that what is urgent takes another's place."""

    ways: Sequence[str] = ("worker",)

    def __init__(self, house: House, folder: Path, url: str, database: Database) -> None:
        self._house, self._folder, self._url, self._database = house, folder, url, database
        self._workers = [self._start() for _ in range(2)]

    def _start(self) -> Any:
        return self._house.start(self._folder, self._url, slots=1)

    def send(self, hooks: Sequence[Hook], under_way: Callable[[], None]) -> Sent:
        """Put them where the receiver does."""
        sent, inbox = Sent(), SqlInbox(self._database, time.time)

        async def all_of_them() -> None:
            for hook in sorted([*hooks, *hooks], key=lambda one: one.late):
                if hook.late:
                    await asyncio.to_thread(under_way)
                while not await self._accepted(inbox, hook):
                    sent.again += 1
                    await asyncio.sleep(0.1)
                sent.accepted.append(hook.id)

        asyncio.run(all_of_them())
        return sent

    async def _accepted(self, inbox: SqlInbox, hook: Hook) -> bool:
        try:
            return isinstance(await inbox.accept(hook.taken()), Accepted | Duplicate)
        except DatabaseError:
            return False

    def pids(self) -> list[int]:
        """All processes that are there."""
        return _living([each.pid for each in self._workers if each.is_alive()])

    def kill(self, way: str) -> frozenset[Process]:
        """The worker that has something to do, if one has; nobody where both have ended by themselves."""
        owners = [one.owner or "" for one in self._database.do(lambda db: select(db, "owner IS NOT NULL"), reads=True)]
        living = [each for each in self._workers if each.is_alive()]
        busy = [each for each in living if any(f"/{each.pid}/" in owner for owner in owners)]
        if not living:
            return frozenset()
        victim = (busy or living)[0]
        left = descendants(victim.pid)
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
        self._workers = [each for each in self._workers if each is not victim] + [self._start()]
        return left

    def keep(self) -> int:
        """Start again what has ended by itself."""
        ended = [each for each in self._workers if not each.is_alive()]
        self._workers = [each if each.is_alive() else self._start() for each in self._workers]
        return len(ended)

    def stop(self) -> None:
        """In an orderly way."""
        for each in self._workers:
            each.terminate()
        for each in self._workers:
            each.join(20)
            if each.exitcode not in (0, -signal.SIGTERM):  # the latter where it had not begun yet
                raise RuntimeError(f"a worker ended with {each.exitcode}")


class Served:
    """`codedesigner serve` with a worker of its own, on one port, started again at once when it is gone."""

    ways: Sequence[str] = ("service", "service", "its worker", "everything")

    def __init__(self, house: House, folder: Path, url: str) -> None:
        (folder / "state").mkdir(mode=0o700, parents=True, exist_ok=True)
        self._environ = {**os.environ, **house.environ(folder)}
        with socket.create_server(("127.0.0.1", 0)) as found:
            self._port = found.getsockname()[1]
        self._command = [sys.executable, "-m", "codedesigner", "serve", "--config", str(house.file)]
        self._command += ["--port", str(self._port), "--database-url", url]
        self._log = folder / "log"
        self._process = self._start()
        self._ready()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("a") as log:
            return subprocess.Popen(self._command, env=self._environ, stdout=subprocess.DEVNULL, stderr=log)

    def _ready(self) -> None:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self._port}/healthz", timeout=5):
                return
            time.sleep(0.02)
        raise RuntimeError(self._log.read_text())

    def send(self, hooks: Sequence[Hook], under_way: Callable[[], None]) -> Sent:
        """Over the wire, all at once."""
        sent = Sent()

        def one(hook: Hook) -> None:
            if hook.late:
                under_way()
            until = time.monotonic() + PATIENCE_S
            while not self._answered(hook):
                sent.again += 1
                if time.monotonic() > until:
                    raise RuntimeError(self._log.read_text())
                time.sleep(0.1)
            sent.accepted.append(hook.id)

        with ThreadPoolExecutor(2 * len(hooks)) as pool:
            list(pool.map(one, [*hooks, *hooks]))
        return sent

    def _answered(self, hook: Hook) -> bool:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}{hook.path}", data=hook.body, headers=dict(hook.headers)
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                return answer.status in (200, 202)
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise RuntimeError(f"a webhook was answered with {error.code}: {error.read()!r}") from error
            return False
        except OSError:
            return False

    def pids(self) -> list[int]:
        """All processes that are there."""
        return _living([self._process.pid])

    def kill(self, way: str) -> frozenset[Process]:
        """The receiver alone, its worker alone, or both with all that they started."""
        root = self._process.pid
        workers = [one for one in descendants(root) if _parent(one.pid) == root]
        if way == "its worker" and workers:
            left = descendants(workers[0].pid)
            os.kill(workers[0].pid, signal.SIGKILL)
            return left
        left = descendants(root)
        os.kill(root, signal.SIGKILL)
        if way == "everything":
            for each in left:
                with suppress(ProcessLookupError):
                    os.kill(each.pid, signal.SIGKILL)
        self._process.wait()
        self._process = self._start()
        return left

    def keep(self) -> int:
        """Start again what has ended by itself."""
        if self._process.poll() is None:
            return 0
        self._process = self._start()
        return 1

    def stop(self) -> None:
        """In an orderly way."""
        self._ready()
        self._process.terminate()
        if self._process.wait(30) not in (0, -signal.SIGTERM):
            raise RuntimeError(self._log.read_text())


def _parent(pid: int) -> int:
    with suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text()
        return int(stat[stat.rfind(")") + 2 :].split()[1])
    return 0


def gone(left: frozenset[Process], within_s: float) -> int:
    """How many of them are still there after so many seconds."""
    until = time.monotonic() + within_s
    while time.monotonic() < until and any(look(one.pid) == one for one in left):
        time.sleep(0.05)
    return sum(look(one.pid) == one for one in left)
