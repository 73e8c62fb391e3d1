"""One run, undisturbed or disturbed at a random moment, and what came of it."""

from __future__ import annotations

import json
import os
import secrets
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from bench.crash.crews import Crew, Sent, Served, Workers, gone
from bench.crash.databases import Kind
from bench.crash.house import LATENCY_S, STOP_S, House
from sqlalchemy import text

from codedesigner.service.database import Database, DatabaseError, open_database
from codedesigner.service.processes import Process
from codedesigner.service.rows import select
from codedesigner.service.task import NEXT, TaskState

LONGEST_S = 300.0
OPEN = "state IN ('pending', 'running', 'paused') OR followed = 0"
_BECOMES: Mapping[str, TaskState] = {
    "task.started": "running",
    "task.preempted": "paused",
    "task.recovered": "paused",
    "task.handed_back": "paused",
    "task.retried": "paused",
    "task.waiting": "paused",
    "task.completed": "completed",
    "task.failed": "failed",
}


@dataclass(frozen=True, slots=True)
class Blow:
    """What happens: after how many seconds, which fault of the database for how long, who is killed."""

    after_s: float
    fault: str = ""
    seconds: float = 0.0
    kill: str = ""

    @property
    def how(self) -> str:
        """In words."""
        return " and ".join(filter(None, (self.fault, self.kill))) or "undisturbed"


CALM = Blow(0.0)


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one run. `published` is the same for all, whatever happened.

    `again` are questions that were asked after they had been answered; `unkept` are answers that the servers had given
    at the blow and nobody had written down yet: what was on its way then. `regressed` are changes that no task may
    make, `lost` webhooks that were accepted and are not there. `ended` are processes that ended by themselves,
    `retried` what broke or was away, and was tried again.
    """

    how: str
    seconds: float
    published: tuple[object, ...]
    calls: int
    again: int = 0
    unkept: int = 0
    regressed: int = 0
    orphans: int = 0
    lost: int = 0
    resent: int = 0
    ended: int = 0
    failed: tuple[str, ...] = ()
    retried: tuple[str, ...] = ()
    happened: Counter[str] = field(default_factory=Counter)
    modules: frozenset[str] = frozenset()

    @property
    def excess(self) -> int:
        """Answered questions that were asked again without need."""
        return max(0, self.again - self.unkept)


class Run:
    """One run. `served`: by `codedesigner serve`; else by two workers."""

    def __init__(self, house: House, kind: Kind, *, served: bool) -> None:
        house.count += 1
        self._house, self._kind = house, kind
        self._name = f"r{house.count:03d}{secrets.token_hex(2)}"
        self._folder = house.folder / self._name
        self._folder.mkdir()
        self._url = kind.make()
        self._database = open_database(self._url, self._folder)
        self._before = house.stats()
        self._crew: Crew
        if served:
            self._crew = Served(house, self._folder, self._url)
        else:
            self._crew = Workers(house, self._folder, self._url, self._database)
        self._unkept = self._ended = 0

    def come(self, blow: Blow) -> Came:
        """From the webhooks to the last word."""
        try:
            return self._come(blow)
        except BaseException:
            for pid in self._crew.pids():  # some may stand still
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            raise

    def _come(self, blow: Blow) -> Came:
        pulls, hooks = self._house.side.story(self._name)
        left: frozenset[Process] = frozenset()
        began = time.perf_counter()
        with ThreadPoolExecutor(2) as pool:
            sending: Future[Sent] = pool.submit(self._crew.send, hooks, self._under_way)
            if blow is not CALM:
                time.sleep(blow.after_s)
                left = self._strike(blow, pool)
            self._settle(sending)
        seconds = time.perf_counter() - began
        self._crew.stop()
        orphans = gone(left, STOP_S + 5.0)
        stats = self._house.stats()
        done = self._database.do(lambda db: select(db, "state IN ('completed', 'failed')"))
        regressed, happened = _journal(self._database)
        came = Came(
            blow.how,
            seconds,
            self._house.side.published(pulls, self._name),
            stats["calls"] - self._before["calls"],
            stats["again"] - self._before["again"],
            self._unkept,
            regressed,
            orphans,
            self._lost(sending.result().accepted),
            sending.result().again,
            self._ended,
            tuple(f"{one.task_type}: {one.error}" for one in done if one.state == "failed"),
            _retried(self._database),
            happened,
            frozenset(one.module for one in done if one.state == "completed"),
        )
        self._database.close()
        return came

    def _under_way(self) -> None:
        """Return once all that reviews is at work, or that takes too long."""
        until = time.monotonic() + 5.0
        reviewing = "module = 'explorer' AND state = 'running'"
        while time.monotonic() < until:
            with suppress(DatabaseError):
                if len(self._database.do(lambda db: select(db, reviewing), reads=True)) >= 2:
                    return
            time.sleep(0.05)

    def _strike(self, blow: Blow, pool: ThreadPoolExecutor) -> frozenset[Process]:
        going: Future[None] | None = None
        if blow.fault:
            going = pool.submit(
                self._kind.disturb, blow.fault, self._url, self._folder, self._crew.pids(), blow.seconds
            )
        left: frozenset[Process] = frozenset()
        if blow.kill:
            if going is not None:
                time.sleep(blow.seconds / 2)
            left = self._killed(blow.kill, going)
        if going is not None:
            going.result()
            if not blow.kill:
                self._still()
                self._go_on(self._crew.pids())
        return left

    def _killed(self, way: str, going: Future[None] | None) -> frozenset[Process]:
        """Everything stands still while it is counted what is written down; then the kill."""
        if going is not None and self._kind.name == "postgresql":
            going.result()  # while the server is away nothing can be counted
        pids = self._still()
        left = self._crew.kill(way)
        self._go_on(pids)
        return left

    def _still(self) -> list[int]:
        """Stop all, wait until the servers have answered, and count the answers that nobody has written down."""
        while True:
            pids = self._crew.pids()
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
            until = time.monotonic() + 400 * LATENCY_S
            while self._house.stats()["in_flight"] and time.monotonic() < until:
                time.sleep(0.01)
            answered = self._house.stats()["distinct_answered"] - self._before["distinct_answered"]
            try:
                self._unkept += answered - self._kind.kept(self._database, self._folder)
            except sqlite3.OperationalError:  # who stands still has the file to itself, which it does for an instant
                self._go_on(pids)
                time.sleep(0.05)
            else:
                return pids

    @staticmethod
    def _go_on(pids: list[int]) -> None:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _settle(self, sending: Future[Sent]) -> None:
        until = time.monotonic() + LONGEST_S
        while True:
            self._ended += self._crew.keep()
            with suppress(DatabaseError):
                left = self._database.do(lambda db: select(db, OPEN), reads=True)
                if sending.done() and not left:
                    sending.result()
                    return
                if time.monotonic() > until:
                    stuck = [(one.task_type, one.state, one.owner, one.error) for one in left]
                    raise TimeoutError(f"it does not end: {stuck}")
            time.sleep(0.05)

    def _lost(self, accepted: list[str]) -> int:
        rows = self._database.do(lambda db: db.execute(text("SELECT id FROM deliveries")).all())
        there = {row.id.partition(":")[2] for row in rows}
        return sum(one not in there for one in set(accepted))


def _journal(database: Database) -> tuple[int, Counter[str]]:
    """Changes that are no transitions, and tasks of one key that were completed twice; how often what happened."""
    rows = database.do(lambda db: db.execute(text("SELECT task_id, name FROM journal ORDER BY id")).all())
    states: dict[str, TaskState] = {}
    wrong = 0
    for row in rows:
        after = _BECOMES.get(row.name)
        if after is not None:
            before = states.get(row.task_id, "pending")
            # What was parked is paused already when its worker is gone, or hands it back.
            wrong += after not in NEXT[before] and not (before == after == "paused")
            states[row.task_id] = after
    return wrong, Counter(row.name for row in rows)


def _retried(database: Database) -> tuple[str, ...]:
    asked = text("SELECT name, detail FROM journal WHERE name IN ('task.retried', 'task.waiting') ORDER BY id")
    found = database.do(lambda db: db.execute(asked).all(), reads=True)
    return tuple(f"{row.name} {json.loads(row.detail)['error']}" for row in found)


def blow(rng: Random, kind: Kind, what: str, usual_s: float) -> Blow:
    """A random one. `what` is `worker`, `serve` or `database`."""
    after = rng.uniform(0.0, usual_s)
    if what == "worker":
        return Blow(after, kill="worker")
    if what == "serve":
        # A third of them while webhooks are being accepted.
        early = rng.uniform(0.0, 0.12) if rng.random() < 0.34 else after
        return Blow(early, kill=rng.choice(Served.ways))
    fault = rng.choice(kind.faults)
    longest = {"locked": 6.0, "full": 3.0, "cut": 1.0, "restarted": 1.0}[fault]
    return Blow(after, fault, rng.uniform(0.1, longest), "worker" if rng.random() < 0.4 else "")
