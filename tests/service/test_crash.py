"""Workers in processes of their own, killed in the middle: the same is published, and nothing is done twice.

`python -m bench.crash` does the same a hundred times for each sort of blow, each database and each forge.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from bench.crash import CALM, Blow, Came, House, Run, SQLite, house
from bench.crash.databases import PostgreSQL

from codedesigner.service.task import MODULES


@pytest.fixture(scope="module")
def shared() -> Iterator[House]:
    with house("gitlab", functions=2) as made:
        yield made


@pytest.fixture(scope="module")
def usual(shared: House) -> Came:
    came = Run(shared, SQLite(shared.folder), served=False).come(CALM)
    assert came.calls > 50
    assert (came.again, came.failed) == (0, ())
    assert came.modules == frozenset(MODULES)
    for merge_request in came.published:
        comments, discussions, threads, drafts, statuses, *_ = cast("tuple[Any, ...]", merge_request)
        assert len(comments) + len(discussions) == 3, "the summary, a question and its answer"
        assert [line for _, line, *_ in threads] == [2, 3]
        assert (drafts, statuses) == ((), (("codedesigner", "failed"),))
    return came


def held(came: Came, usual: Came) -> None:
    assert came.published == usual.published
    assert came.modules == usual.modules
    assert came.excess == 0, f"{came.again} asked again, {came.unkept} on their way"
    assert (came.regressed, came.orphans, came.lost, came.failed) == (0, 0, 0, ())


def test_a_killed_worker_changes_nothing(shared: House, usual: Came) -> None:
    came = Run(shared, SQLite(shared.folder), served=False).come(Blow(usual.seconds * 0.45, kill="worker"))
    held(came, usual)


def test_cut_connections_and_a_killed_worker_change_nothing(
    shared: House, usual: Came, postgres_server: object
) -> None:
    kind = PostgreSQL(postgres_server)
    held(Run(shared, kind, served=False).come(Blow(usual.seconds * 0.5, "cut", 0.3, "worker")), usual)
