"""Two receivers and two workers on one PostgreSQL: one webhook sent ten times at once, and a worker that is killed.

The programs are those that people start: `codedesigner serve --no-worker`, twice at once, and one that is ended by
SIGKILL while it takes a delivery; workers are as in `bench.crash`. Where no answer came the delivery is sent again,
as a person does who presses "redeliver".
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.crash import LEASE_S, House, house, postgresql
from bench.measure import Row
from sqlalchemy import text
from tests.doubles.github import Pull, event, look

from codedesigner.service.database import Database, open_database
from codedesigner.service.rows import select

DELIVERIES = 10
LIVES = 6
ROUNDS = 5
WITHIN_S = 60.0
OPEN = "state IN ('pending', 'running', 'paused') OR followed = 0"


class Receiver:
    """`codedesigner serve --no-worker`."""

    def __init__(self, shared: House, folder: Path, url: str) -> None:
        state = folder / "state"
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        environ = {**os.environ, **shared.environ(folder)}
        command = [sys.executable, "-m", "codedesigner", "serve", "--no-worker", "--config", str(shared.file)]
        command += ["--port", "0", "--database-url", url]
        with (folder / "log").open("a") as log:
            self.process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        if not words:
            raise RuntimeError((folder / "log").read_text())
        self.address = words[-1]

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, and wait until it has."""
        self.process.send_signal(how)
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()


def signed(shared: House, pull: Pull, name: str) -> tuple[bytes, dict[str, str]]:
    """A delivery as GitHub sends it."""
    body = json.dumps(event(shared.github, "pull_request", "opened", pull).payload).encode()
    mark = hmac.new(b"x" * 32, body, hashlib.sha256).hexdigest()
    return body, {
        "Content-Type": "application/json",
        "X-GitHub-Event": "pull_request",
        "X-GitHub-Delivery": name,
        "X-Hub-Signature-256": f"sha256={mark}",
    }


async def send(addresses: Sequence[str], body: bytes, headers: dict[str, str], times: int) -> Counter[str]:
    """The same delivery so many times at once, to each address in turn; answers by status."""
    import aiohttp

    async with aiohttp.ClientSession() as session:

        async def one(n: int) -> str:
            address = f"{addresses[n % len(addresses)]}/webhooks/github"
            try:
                async with session.post(address, data=body, headers=headers) as answer:
                    return str(answer.status)
            except aiohttp.ClientError as error:
                return type(error).__name__

        return Counter(await asyncio.gather(*(one(n) for n in range(times))))


@contextmanager
def working(shared: House, url: str, count: int) -> Iterator[list[Any]]:
    """So many workers; those that are there in the end are stopped."""
    workers = []
    try:
        for n in range(count):
            folder = shared.folder / f"worker{time.monotonic_ns()}-{n}"
            workers.append(shared.start(folder, url))
        yield workers
    finally:
        for each in workers:
            each.terminate()
        for each in workers:
            each.join(20)


def settle(database: Database, longest_s: float = 120.0) -> None:
    """Until nothing is left to do."""
    until = time.monotonic() + longest_s
    while left := database.do(lambda db: select(db, OPEN)):
        if time.monotonic() > until:
            raise TimeoutError(f"it does not end: {[(one.task_type, one.state, one.owner) for one in left]}")
        time.sleep(0.05)


def reviews(database: Database) -> int:
    """How many times an exploration was begun anew or done."""
    count = "SELECT count(*) FROM tasks WHERE task_type = 'exploration'"
    return int(database.do(lambda db: db.execute(text(count)).scalar_one()))


def ten_at_once(shared: House, url: str, rounds: int) -> Iterator[Row]:
    """Ten deliveries of one webhook, to two receivers."""
    database, statuses, one = open_database(url, shared.folder), Counter[str](), 0
    receivers = [Receiver(shared, _made(shared, f"receiver{n}"), url) for n in range(2)]
    try:
        with working(shared, url, 2):
            for n in range(rounds):
                pull, before = shared.pull(f"ten{n}"), reviews(database)
                body, headers = signed(shared, pull, f"ten-{n}")
                addresses = [each.address for each in receivers]
                statuses += asyncio.run(send(addresses, body, headers, DELIVERIES))
                settle(database)
                seen = look(shared.github, pull)
                one += reviews(database) - before == 1 and not seen.comments and len(seen.reviews) == 1
    finally:
        for each in receivers:
            each.end()
        database.close()
    note = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
    yield Row(f"{DELIVERIES} deliveries at once, 2 receivers: one review", one, "", "webhooks", rounds, note)


def taken_over(shared: House, url: str, rounds: int) -> Iterator[Row]:
    """From the kill of a worker that reviews to the end of all it had, on the other one."""
    database, took, again = open_database(url, shared.folder), [], 0
    receiver = Receiver(shared, _made(shared, "receiver-over"), url)
    try:
        for n in range(rounds):
            pull, before = shared.pull(f"over{n}"), shared.stats()
            with working(shared, url, 2) as workers:
                body, headers = signed(shared, pull, f"over-{n}")
                asyncio.run(send([receiver.address], body, headers, 1))
                victim = _busy(database, workers)
                os.kill(victim.pid, signal.SIGKILL)
                killed = time.perf_counter()
                victim.join()
                settle(database)
                took.append(time.perf_counter() - killed)
            again += shared.stats()["again"] - before["again"]
            seen = look(shared.github, pull)
            if (len(seen.comments), len(seen.reviews)) != (0, 1):
                raise RuntimeError(f"it was published as {seen}")
    finally:
        receiver.end()
        database.close()
    name = "a killed worker's review ends on the other after"
    note = f"{rounds} kills, leases of {LEASE_S:g} s, mean {sum(took) / len(took):.1f}"
    yield Row(name, max(took), "s", "at most", WITHIN_S, note)
    yield Row("answered questions asked again then", again)


def receiver_killed(shared: House, url: str, lives: int) -> Iterator[Row]:
    """Deliveries while the receiver is killed again and again; each is sent again where no answer came."""
    database, folder = open_database(url, shared.folder), _made(shared, "receiver-killed")
    pulls, resent = [shared.pull(f"dead{n}") for n in range(lives)], 0
    with working(shared, url, 2):
        for n, pull in enumerate(pulls):
            receiver = Receiver(shared, folder, url)
            body, headers = signed(shared, pull, f"dead-{n}")
            answered = asyncio.run(_killed_while(receiver, body, headers, 0.03 * n))
            if "202" not in answered and "200" not in answered:
                resent += 1
                receiver = Receiver(shared, folder, url)
                asyncio.run(send([receiver.address], body, headers, 1))
                receiver.end()
        settle(database)
    seen = [look(shared.github, pull) for pull in pulls]
    fine = sum((len(one.comments), len(one.reviews)) == (0, 1) for one in seen)
    database.close()
    yield Row("webhooks whose receiver was killed: one review", fine, "", "webhooks", lives, f"{resent} sent again")


async def _killed_while(receiver: Receiver, body: bytes, headers: dict[str, str], after_s: float) -> Counter[str]:
    sending = asyncio.create_task(send([receiver.address], body, headers, 1))
    await asyncio.sleep(after_s)
    receiver.end(signal.SIGKILL)
    return await sending


def _busy(database: Database, workers: Sequence[Any]) -> Any:
    """The worker that explores, once one does."""
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        for task in database.do(lambda db: select(db, "owner IS NOT NULL AND task_type = 'exploration'")):
            for each in workers:
                if f"/{each.pid}/" in (task.owner or ""):
                    return each
        time.sleep(0.02)
    raise TimeoutError("no worker has begun")


def _made(shared: House, name: str) -> Path:
    folder = shared.folder / name
    folder.mkdir(exist_ok=True)
    return folder


def measure(rounds: int = ROUNDS) -> Iterator[Row]:
    """All three, one after the other."""
    with ExitStack() as stack:
        shared, make = stack.enter_context(house()), stack.enter_context(postgresql())
        yield from ten_at_once(shared, make(), rounds)
        yield from taken_over(shared, make(), rounds)
        yield from receiver_killed(shared, make(), LIVES)
