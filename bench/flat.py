"""An hour's traffic in some minutes: whether the service's processes, and what they store, stay as large as they are.

`python -m bench.flat [--minutes N] [--looks FILE]`. The service runs as people start it, with its limits and times as
they are shipped: `codedesigner serve` with a worker of its own, on SQLite, over GitHub's double and the models' double.
Pull requests are opened as fast as the worker gets on; a third is pushed to, some are asked something or told to be
looked at again, every delivery comes twice. Meanwhile somebody has the dashboard open, live, and figures are scraped.
"""

from __future__ import annotations

import argparse
import csv
import http.client
import json
import os
import sqlite3
import tempfile
import threading
import time
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.measure import Row
from bench.model_server.process import Server, serving
from bench.webhooks import LOGIN, SECRET, database, resident, served
from tests.doubles.github import Event, GitHub, Project, Pull, event

MINUTES = 8.0
WAITING = 6
"""Tasks that wait: the next pull request is opened when there are fewer."""
FUNCTIONS = 4
EVERY_S = 2.0
PAGES = ("/", "/reviews", "/findings", "/locations")


@dataclass
class Held:
    """Bytes at moments, by what holds them."""

    at: list[float] = field(default_factory=list)
    bytes: dict[str, list[int]] = field(default_factory=dict)

    def add(self, at: float, sizes: Mapping[str, int]) -> None:
        """One look."""
        self.at.append(at)
        for name, size in sizes.items():
            self.bytes.setdefault(name, []).append(size)

    def write(self, file: Path) -> None:
        """All looks, as CSV."""
        rows = zip((round(at, 1) for at in self.at), *self.bytes.values(), strict=True)
        with file.open("w", newline="") as out:
            csv.writer(out).writerows([("seconds", *self.bytes), *rows])

    def third(self, name: str, which: int) -> float:
        """Mean of one third in MB; the first tenth is left out: there, programs load what they need."""
        values = self.bytes[name][len(self.at) // 10 :]
        part = values[len(values) * which // 3 : len(values) * (which + 1) // 3]
        return sum(part) / len(part) / 1e6

    def slope(self, name: str) -> float:
        """MB a minute over the last two thirds, by least squares."""
        start = len(self.at) // 3
        xs, ys = [at / 60 for at in self.at[start:]], [size / 1e6 for size in self.bytes[name][start:]]
        middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
        spread = sum((x - middle_x) ** 2 for x in xs)
        return sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True)) / spread


@dataclass
class Traffic:
    """What people and programs do to the service at `address`."""

    github: GitHub
    shop: Project
    address: str
    counts: Counter[str] = field(default_factory=Counter)
    pulls: list[Pull] = field(default_factory=list)

    def deliver(self, happened: Event) -> None:
        """One delivery, and the same again."""
        made = happened.delivery(SECRET)
        for _ in range(2):
            status, _ = self.ask("POST", "/webhooks/github", made.body, made.headers)
            self.counts[f"deliveries answered {status}"] += 1

    def next(self) -> None:
        """A pull request is opened; now and then something happens to an earlier one."""
        number = len(self.pulls)
        pull = self.github.pull(self.shop, {f"a{number}.py": source(number, 0)}, author="ann", branch=f"b{number}")
        self.pulls.append(pull)
        self.counts["pull requests"] += 1
        self.deliver(event(self.github, "pull_request", "opened", pull))
        if number % 3 == 2:
            other = self.pulls[number - 2]
            other.push({f"a{number - 2}.py": source(number - 2, 1)})
            self.counts["pushes"] += 1
            self.deliver(event(self.github, "pull_request", "synchronize", other))
        if number % 10 == 9:
            other = self.pulls[number - 5]
            words = "/codedesigner recheck" if number % 20 == 9 else "/codedesigner help"
            comment = self.github.comment(other, "ann", words)
            self.counts["comments"] += 1
            self.deliver(event(self.github, "issue_comment", "created", other, comment=comment))

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.address).netloc, timeout=60)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def cookie(self) -> str:
        """Somebody signs in."""
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.address).netloc, timeout=60)
        form = urllib.parse.urlencode({"token": LOGIN, "next": "/"})
        connection.request("POST", "/sign-in", form, {"Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return (answer.getheader("set-cookie") or "").partition(";")[0]


def source(number: int, version: int) -> str:
    """A file with something to find."""
    lines = [
        f"def work_{number}_{k}(values):\n    return [value + {k + version} for value in missing_{number}]\n"
        for k in range(FUNCTIONS)
    ]
    return "import os\n\n\n" + "\n\n".join(lines)


def measure(minutes: float = MINUTES, looks: Path | None = None) -> Iterator[Row]:
    """The traffic for so many minutes; every look is written to `looks`."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="flat-")))
        github = GitHub(folder / "github")
        shop = github.project("octo/shop", {"base.py": "x = 1\n"})
        shop.collaborator("ann", "write")
        github.limits.limit = github.limits.remaining = 10_000_000
        stack.enter_context(github.running())
        servers = stack.enter_context(serving(2, latency=0.05))
        token = github.token(shop)
        file = locations(folder, servers)
        address, process = stack.enter_context(
            served(folder, github, token, {"locations_file": str(file)}, {"OPENAI_API_KEY": "none"})
        )
        traffic, held = Traffic(github, shop, address), Held()
        began = time.monotonic()
        with beside(lambda: looking(traffic, began + minutes * 60), *readers(traffic, traffic.cookie())):
            drive(traffic, held, process.pid, folder, minutes * 60)
        done = ended(folder)
        calls = sum(int(server.stats()["calls"]) for server in servers)
    if looks is not None:
        held.write(looks)
    yield from rows(traffic, held, done, calls, minutes)


def drive(traffic: Traffic, held: Held, pid: int, folder: Path, seconds: float) -> None:
    """Pull requests as fast as the worker gets on; and a look at the processes now and then."""
    began, looked = time.monotonic(), float("-inf")
    while (now := time.monotonic()) - began < seconds:
        if now - looked >= EVERY_S:
            looked = now
            held.add(now - began, sizes(pid, folder))
        if waiting(folder) < WAITING:
            traffic.next()
        else:
            time.sleep(0.2)


def sizes(pid: int, folder: Path) -> dict[str, int]:
    """What each process holds, and what is stored."""
    found = {"serve": resident(pid)}
    workers = [each for each in children(pid) if b"worker" in Path(f"/proc/{each}/cmdline").read_bytes().split(b"\0")]
    found["worker"] = sum(map(resident, workers))
    files = {"database": "service.sqlite*", "replies": "replies*", "clones": "clones/**/*"}
    for name, pattern in files.items():
        found[name] = sum(size_of(path) for path in (folder / "state").rglob(pattern))
    return found


def size_of(path: Path) -> int:
    """Bytes of a file, 0 where it has just gone."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except FileNotFoundError:
        return 0


def children(pid: int) -> list[int]:
    """Processes that it has started."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def waiting(folder: Path) -> int:
    """Tasks that have not ended."""
    return _count(folder, "state IN ('pending', 'running', 'paused')")


def ended(folder: Path) -> dict[str, int]:
    """Tasks that have ended, by state."""
    return {state: _count(folder, f"state = '{state}'") for state in ("completed", "failed")}


def _count(folder: Path, where: str) -> int:
    with sqlite3.connect(f"file:{database(folder)}?mode=ro", uri=True) as db:
        return int(db.execute(f"SELECT count(*) FROM tasks WHERE {where}").fetchone()[0])  # noqa: S608


def looking(traffic: Traffic, until: float) -> None:
    """Somebody walks through the pages, and Prometheus scrapes."""
    cookie = {"Cookie": traffic.cookie()}
    turn = 0
    while time.monotonic() < until:
        status, _ = traffic.ask("GET", "/metrics")
        traffic.counts[f"scrapes answered {status}"] += 1
        status, _ = traffic.ask("GET", PAGES[turn % len(PAGES)], headers=cookie)
        traffic.counts[f"pages answered {status}"] += 1
        turn += 1
        time.sleep(EVERY_S)


def readers(traffic: Traffic, cookie: str) -> Iterator[Callable[[], None]]:
    """Pages that stay open, live, and one that is opened anew all the time."""

    def read(path: str, lines: int) -> None:
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(traffic.address).netloc, timeout=60)
        connection.request("GET", f"/live?of={urllib.parse.quote(path, safe='')}", headers={"Cookie": cookie})
        answer = connection.getresponse()
        for _ in range(lines):
            if not answer.readline():
                break
            traffic.counts["live lines"] += 1
        connection.close()

    def once(path: str, lines: int) -> Callable[[], None]:
        return lambda: read(path, lines)

    def again() -> None:
        while True:
            read("/locations", 3)
            time.sleep(EVERY_S)

    yield once("/", 10**9)
    yield once("/findings", 10**9)
    yield again


@contextmanager
def beside(*works: Callable[[], None]) -> Iterator[None]:
    """Threads that go on meanwhile; what they meet when the service ends is no matter."""
    for each in works:
        threading.Thread(target=_until_it_ends, args=(each,), daemon=True).start()
    yield


def _until_it_ends(work: Callable[[], None]) -> None:
    try:
        work()
    except (OSError, http.client.HTTPException):
        return


def locations(folder: Path, servers: Sequence[Server], supervisor: Server | None = None) -> Path:
    """Two models and an analyser, and one who judges if there is one."""
    rows: list[dict[str, object]] = [
        {"id": name, "name": name, "provider": {"type": "openai", "model_id": name, "endpoint": f"{one.address}/v1"}}
        for name, one in zip(("one", "two"), servers, strict=True)
    ]
    if supervisor is not None:
        provider = {"type": "openai", "model_id": "judge", "endpoint": f"{supervisor.address}/v1"}
        rows.append({"id": "judge", "name": "judge", "provider": provider, "tags": ["supervisor"]})
    local = {"type": "local", "model_id": "pyflakes"}
    rows.append({"id": "pyflakes", "name": "pyflakes", "provider": local, "tags": ["local"]})
    file = folder / "locations.yaml"
    file.write_text(json.dumps({"shipped": False, "locations": rows}))
    return file


def rows(traffic: Traffic, held: Held, done: Mapping[str, int], calls: int, minutes: float) -> Iterator[Row]:
    """What it came to."""
    said = ", ".join(f"{count:,} {name}" for name, count in sorted(traffic.counts.items()))
    yield Row("pull requests opened", traffic.counts["pull requests"], "", "minutes", minutes, said)
    yield Row("tasks completed", done["completed"], "", "failed", done["failed"], f"{calls:,} model calls")
    for name in held.bytes:
        first, middle, last = (held.third(name, which) for which in range(3))
        note = f"{middle:.1f} MB in the middle third; {held.slope(name):+.3f} MB a minute in the last two"
        yield Row(f"{name}: last third", last, "MB", "first third", first, note)


def main() -> None:
    """The table, and every look in a file if one is named."""
    parser = argparse.ArgumentParser(prog="python -m bench.flat", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--looks", type=Path, help="write every look there, as CSV: seconds, and bytes of each")
    given = parser.parse_args()
    from bench.__main__ import table

    os.nice(5)
    print(table(list(measure(given.minutes, given.looks))))


if __name__ == "__main__":
    main()
