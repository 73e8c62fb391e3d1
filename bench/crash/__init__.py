"""A service that is killed at random moments: what is published in the end, what was asked twice, what was left behind.

`python -m bench.crash [--runs N] [--what worker|serve|database|all] [--database sqlite|postgresql|both]
[--forge github|gitlab|both] [--seed N]`; `python -m bench crash` runs a few. Each run has two pull requests of its own
with a comment on each, all at once; GitHub and GitLab are their doubles, the model servers count.

- `worker`: of two workers the one that is at work is killed (SIGKILL), and another takes its place.
- `serve`: `codedesigner serve`, as people start it, is killed, or its worker, or all of it at once; then it is started
  again. Webhooks come over the wire meanwhile, and are sent again only where no answer of success came.
- `database`: on PostgreSQL every connection is cut again and again, or the server is shut down at once and restarted;
  on SQLite the files are locked for longer than anybody waits, or nothing can be written. In two fifths of these a
  worker is killed meanwhile, too.

Before a kill all processes stand still, so that it can be counted exactly which answers the model servers have given
and nobody has written down: they are on their way, and only these may be asked for again.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from itertools import product
from random import Random

from bench.crash.databases import Kind, SQLite, postgres_server, postgresql
from bench.crash.house import LEASE_S, House, house
from bench.crash.runs import CALM, Blow, Came, Run, blow
from bench.measure import Row

from codedesigner.service.task import MODULES

__all__ = [
    "CALM",
    "LEASE_S",
    "Blow",
    "Came",
    "House",
    "Run",
    "SQLite",
    "house",
    "main",
    "measure",
    "postgresql",
    "runs",
]
WHATS = ("worker", "serve", "database")


def runs(shared: House, kind: Kind, what: str, count: int, seed: int) -> list[Came]:
    """One run undisturbed, and `count` that are disturbed at a random moment of it."""
    rng = Random(seed)  # noqa: S311 - chooses moments, keeps no secret
    served = what == "serve"
    usual = Run(shared, kind, served=served).come(CALM)
    if usual.modules != frozenset(MODULES) or not usual.calls or usual.again or usual.failed:
        raise RuntimeError(f"the undisturbed run did not do its work: {usual}")
    came = [usual]
    for n in range(count):
        chosen = blow(rng, kind, what, usual.seconds)
        one = Run(shared, kind, served=served).come(chosen)
        came.append(one)
        fine = "" if _fine(one, usual) else f" NOT AS IT SHOULD BE: {_differs(one, usual)}"
        fine += f" ({'; '.join(one.retried)})" if one.retried else ""
        said = f"  {n + 1}/{count}: {one.how} at {chosen.after_s:.2f} s, {one.seconds:.1f} s{fine}"
        print(said, file=sys.stderr, flush=True)
    return came


def shard(forge: str, database: str, what: str, count: int, seed: int) -> list[Came]:
    """Some runs with everything of their own."""
    with ExitStack() as stack:
        shared = stack.enter_context(house(forge))
        kind: Kind = SQLite(shared.folder)
        if database == "postgresql":
            kind = stack.enter_context(postgres_server())
        return runs(shared, kind, what, count, seed)


def _fine(one: Came, usual: Came) -> bool:
    wrong = (one.excess, one.regressed, one.orphans, one.lost, len(one.failed))
    return one.published == usual.published and not any(wrong)


def _differs(one: Came, usual: Came) -> str:
    said = f"excess {one.excess}, regressed {one.regressed}, orphans {one.orphans}, lost {one.lost}, {one.failed}"
    if one.published != usual.published:
        parts = [
            (here, there)
            for mine, theirs in zip(one.published, usual.published, strict=True)
            for here, there in zip(mine, theirs, strict=True)  # type: ignore[call-overload]
            if here != there
        ]
        said += f"; published {parts[0][0]!r} instead of {parts[0][1]!r}"
    return said


def rows(name: str, came: Sequence[Came]) -> Iterator[Row]:
    """The figures of some runs."""
    usual, disturbed = came[0], came[1:]
    ways = Counter(one.how for one in disturbed)
    note = ", ".join(f"{count} x {way}" for way, count in sorted(ways.items()))
    yield Row(f"{name}: runs that were disturbed", len(disturbed), "", note=note)
    yield Row(
        f"{name}: published as undisturbed, every word", sum(one.published == usual.published for one in disturbed)
    )
    calls = sum(one.calls for one in disturbed)
    note = f"{sum(one.again for one in disturbed)} asked again of {sum(one.unkept for one in disturbed)} on their way"
    excess = sum(one.excess for one in disturbed)
    yield Row(f"{name}: answered and kept, and asked again", excess, "", "calls", calls, note)
    yield Row(f"{name}: changes of state that may not be", sum(one.regressed for one in disturbed))
    yield Row(f"{name}: processes left behind", sum(one.orphans for one in disturbed))
    note = f"{sum(one.resent for one in disturbed)} sent again"
    yield Row(f"{name}: accepted webhooks that were lost", sum(one.lost for one in disturbed), note=note)
    ended = sum(one.ended for one in disturbed)
    yield Row(f"{name}: tasks that failed", sum(len(one.failed) for one in disturbed), note=f"{ended} processes ended")
    happened = sum((one.happened for one in disturbed), Counter())
    note = ", ".join(
        f"{happened[f'task.{one}']} {one}" for one in ("preempted", "handed_back", "recovered", "retried", "waiting")
    )
    yield Row(f"{name}: beginnings of tasks", happened["task.started"], note=note)
    slowest = max((one.seconds for one in disturbed), default=0.0)
    yield Row(f"{name}: longest run", slowest, "s", "undisturbed", usual.seconds)


def measure(
    count: int = 2,
    databases: Sequence[str] = ("sqlite", "postgresql"),
    seed: int = 1,
    forges: Sequence[str] = ("github",),
    whats: Sequence[str] = WHATS,
    jobs: int = 1,
) -> list[Row]:
    """Some runs of each sort, so many at a time."""
    found: list[Row] = []
    shares = [count // jobs + (n < count % jobs) for n in range(min(jobs, count))]
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        for forge, database, what in product(forges, databases, whats):
            print(f"{what}, {database}, {forge}", file=sys.stderr, flush=True)
            going = [pool.submit(shard, forge, database, what, n, seed + 1_000 * at) for at, n in enumerate(shares)]
            usual, *disturbed = going[0].result()
            for other in going[1:]:
                disturbed += other.result()[1:]
            found += rows(f"{what}, {database}, {forge}", [usual, *disturbed])
    return found


def main() -> None:
    """The long version."""
    from bench.__main__ import table

    parser = argparse.ArgumentParser(prog="python -m bench.crash", description=__doc__)
    parser.add_argument("--runs", type=int, default=100, help="of each sort")
    parser.add_argument("--what", choices=(*WHATS, "all"), default="all")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--forge", choices=("github", "gitlab", "both"), default="github")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time, each with forge and models of its own")
    given = parser.parse_args()
    databases = ("sqlite", "postgresql") if given.database == "both" else (given.database,)
    forges = ("github", "gitlab") if given.forge == "both" else (given.forge,)
    whats = WHATS if given.what == "all" else (given.what,)
    print(table(measure(given.runs, databases, given.seed, forges, whats, given.jobs)))
