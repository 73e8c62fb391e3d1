"""Two thousand webhooks in a minute, to a service whose worker reviews meanwhile: how long each waits, if one is lost.

The service runs as people start it: `codedesigner serve` with a worker of its own, on SQLite. GitHub is its double;
the pull requests are real ones there, and are reviewed by the embedded analysers while deliveries arrive. Whoever sends
them is a process of its own, and sends at random moments, whether or not earlier ones were answered.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.measure import Row
from tests.doubles.github import GitHub, event

WEBHOOKS, SECONDS = 2_000, 60.0
PULLS = 40
PADDED = 12_000
"""Bytes of a delivery: what GitHub sends of a pull request."""
MOST_MS = 250.0
DRAIN_S = 240.0
SECRET, LOGIN = "a secret of the bench's webhooks", "a token of the bench's dashboard"


@dataclass(frozen=True, slots=True)
class Sent:
    """How it went: answers by status, how many milliseconds each took, and others that touch nothing."""

    statuses: dict[str, int]
    took_ms: list[float]
    seconds: float
    idle_ms: list[float]


def measure(webhooks: int = WEBHOOKS, seconds: float = SECONDS) -> Iterator[Row]:
    """About three minutes: a minute of deliveries, and until what they asked for is done."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        github = GitHub(folder / "github")
        shop = github.project("octo/shop", {"base.py": "x = 1\n"})
        shop.collaborator("ann", "write")
        pulls = [github.pull(shop, {f"a{n}.py": source(n)}, author="ann", branch=f"b{n}") for n in range(PULLS)]
        payloads = folder / "payloads.json"
        token = github.token(shop, contents="read")
        with github.running(), served(folder, github, token) as (address, process):
            payloads.write_text(json.dumps([event(github, "pull_request", "opened", pull).payload for pull in pulls]))
            with watched(process.pid) as held:
                sent = deliver(address, payloads, webhooks, seconds)
                done, active, drained_s = drained(folder)
        yield from rows(sent, kept(folder), webhooks, seconds)
        yield Row("pull requests whose review was published, meanwhile and after", done, "", "opened", PULLS)
        yield Row("until nothing waits, after the last delivery", drained_s, "s", note=f"{active} tasks left")
        begin, middle, end = (held[int(share * (len(held) - 1))] / 1e6 for share in (0.05, 0.5, 1.0))
        note = f"{middle:.1f} MB in the middle, {len(held)} looks"
        yield Row("memory of the process that answers, in the end", end, "MB", "after a twentieth", begin, note)


def rows(sent: Sent, stored: int, webhooks: int, seconds: float) -> Iterator[Row]:
    """What the deliveries came to."""
    took, fine = sorted(sent.took_ms), sum(sent.statuses.get(code, 0) for code in ("200", "202"))
    said = ", ".join(f"{count} x {status}" for status, count in sorted(sent.statuses.items()))
    yield Row(f"webhooks accepted in {sent.seconds:.1f} s", fine, "", f"sent in {seconds:g} s", webhooks, said)
    yield Row("deliveries in the database", stored, "", "accepted", fine)
    idle = sorted(sent.idle_ms)
    for share in (0.5, 0.9, 0.99, 1.0):
        at, noise = (times[min(len(times) - 1, int(share * len(times)))] for times in (took, idle))
        yield Row(f"a webhook's answer, {share:.0%} within", at, "ms", "the same of /healthz", noise)
        if share == 0.99:
            yield Row("the same", at, "ms", "the most it may", MOST_MS)


def source(n: int) -> str:
    """A file with something to find."""
    lines = [f"def work_{n}_{k}(values):\n    return [value + {k} for value in missing_{n}]\n" for k in range(6)]
    return "import os\n\n\n" + "\n\n".join(lines)


@contextmanager
def served(
    folder: Path,
    github: GitHub,
    token: str,
    more: Mapping[str, object] | None = None,
    variables: Mapping[str, str] | None = None,
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The service with one worker; its address, and its process. `more` is added to its file, `variables` are set."""
    file = folder / "service.yml"
    forge = {
        "api_url": github.api,
        "token_env": "FORGE_TOKEN",
        "webhook_secret_env": ["HOOK_SECRET"],
        "repositories": ["octo/*"],
    }
    said = {"forges": {"github": forge}, "dashboard": {"token_env": "LOGIN"}, **(more or {})}
    file.write_text(json.dumps({**said, "network": {"private": ["127.0.0.0/8"]}}))
    state = folder / "state"
    environ = {**os.environ, "XDG_STATE_HOME": str(state), "CODEDESIGNER_STATE_DIR": str(state)}
    environ |= {"FORGE_TOKEN": token, "HOOK_SECRET": SECRET, "LOGIN": LOGIN} | dict(variables or {})
    command = [sys.executable, "-m", "codedesigner", "serve", "--config", str(file), "--port", "0"]
    log = (folder / "log").open("w")
    with log, subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=log, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1:]
        if not address:
            raise RuntimeError((folder / "log").read_text())
        try:
            yield address[0], process
        finally:
            process.terminate()
            process.wait(60)


def deliver(address: str, payloads: Path, webhooks: int, seconds: float) -> Sent:
    """Send them from a process of its own."""
    command = [sys.executable, "-m", "bench.webhooks", address, str(payloads), str(webhooks), str(seconds)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Sent(**json.loads(done.stdout))


async def sending(address: str, bodies: list[dict[str, object]], webhooks: int, seconds: float) -> Sent:
    """`webhooks` deliveries at random moments of `seconds` seconds."""
    import aiohttp

    chance = random.Random(1)  # noqa: S311
    moments = sorted(chance.uniform(0, seconds) for _ in range(webhooks))
    statuses: Counter[str] = Counter()
    took: list[float] = []
    idle: list[float] = []
    began = time.perf_counter()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def one(number: int, moment: float) -> None:
            body, headers = made(number, bodies[number % len(bodies)])
            await asyncio.sleep(max(0.0, began + moment - time.perf_counter()))
            start = time.perf_counter()
            try:
                async with session.post(f"{address}/webhooks/github", data=body, headers=headers) as answer:
                    await answer.read()
                    statuses[str(answer.status)] += 1
            except aiohttp.ClientError as error:
                statuses[type(error).__name__] += 1
            took.append((time.perf_counter() - start) * 1000)

        async def nothing(moment: float) -> None:
            await asyncio.sleep(max(0.0, began + moment - time.perf_counter()))
            start = time.perf_counter()
            async with session.get(f"{address}/healthz") as answer:
                await answer.read()
            idle.append((time.perf_counter() - start) * 1000)

        asking = [nothing(chance.uniform(0, seconds)) for _ in range(webhooks // 5)]
        await asyncio.gather(*asking, *(one(number, moment) for number, moment in enumerate(moments)))
    return Sent(dict(statuses), took, time.perf_counter() - began, idle)


def made(number: int, payload: dict[str, object]) -> tuple[bytes, dict[str, str]]:
    """A delivery of its own: no two have the same id or the same body."""
    whole = {**payload, "action": "opened" if number < PULLS else "reopened", "bench": f"{number:06d}"}
    body = json.dumps(whole).encode()
    body = json.dumps({**whole, "padding": "x" * max(0, PADDED - len(body) - 16)}).encode()
    mark = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return body, {
        "Content-Type": "application/json",
        "X-GitHub-Event": "pull_request",
        "X-GitHub-Delivery": f"bench-{number}",
        "X-Hub-Signature-256": f"sha256={mark}",
    }


def database(folder: Path) -> Path:
    """The service's file."""
    return next((folder / "state").rglob("service.sqlite"))


def kept(folder: Path) -> int:
    """Deliveries in the database."""
    with sqlite3.connect(f"file:{database(folder)}?mode=ro", uri=True) as db:
        return int(db.execute("SELECT count(*) FROM deliveries").fetchone()[0])


def drained(folder: Path) -> tuple[int, int, float]:
    """Wait until no task waits or runs: pull requests that were published, tasks that are left, seconds."""
    began = time.perf_counter()
    ended, active = "module = 'documenter' AND state = 'completed'", "state IN ('pending', 'running', 'paused')"
    while True:
        with sqlite3.connect(f"file:{database(folder)}?mode=ro", uri=True) as db:
            left = int(db.execute(f"SELECT count(*) FROM tasks WHERE {active}").fetchone()[0])  # noqa: S608
            done = int(db.execute(f"SELECT count(DISTINCT number) FROM tasks WHERE {ended}").fetchone()[0])  # noqa: S608
        waited = time.perf_counter() - began
        if not left or waited > DRAIN_S:
            return done, left, waited
        time.sleep(1)


@contextmanager
def watched(pid: int) -> Iterator[list[int]]:
    """Bytes that a process holds, looked at twice a second meanwhile."""
    held, over = [resident(pid)], threading.Event()

    def look() -> None:
        while not over.wait(0.5):
            held.append(resident(pid))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield held
    finally:
        over.set()
        thread.join()


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    target, file, count, span = sys.argv[1:]
    given = json.loads(Path(file).read_text())
    print(json.dumps(asdict(asyncio.run(sending(target, given, int(count), float(span))))))
