"""Workers in processes of their own, killed in the middle: the same is published, and nothing is done twice.

`python -m bench.crash` does the same a hundred times on each database.
"""

from __future__ import annotations

from collections.abc import Callable

from bench.crash import Came, House, house, sqlite

from codedesigner.service.host import MAX_CONCURRENT
from codedesigner.service.task import MODULES


def kill(usual_s: float) -> tuple[str, float]:
    return "worker", usual_s * 0.45


def both(usual_s: float) -> tuple[str, float]:
    return "worker and connections", usual_s * 0.5


def held(came: Came, usual: Came) -> None:
    assert came.published == usual.published
    assert came.modules == frozenset(MODULES)
    assert came.again <= MAX_CONCURRENT, "none but what was on its way"
    assert (came.regressed, came.orphans) == (0, 0)


def test_a_killed_worker_and_cut_connections_change_nothing(postgres: Callable[[], str]) -> None:
    with house() as shared:
        usual = _usual(shared)
        held(shared.run(sqlite(shared)(), kill, usual.seconds), usual)
        held(shared.run(postgres(), both, usual.seconds), usual)


def _usual(shared: House) -> Came:
    usual = shared.run(sqlite(shared)(), None, 0.0)
    assert usual.calls > 50
    assert usual.again == 0
    comments, reviews, pending, threads, checks, _ = usual.published
    assert (comments, reviews, pending) == (0, 1, 0), "the summary stands in the review"
    assert [line for _, line, _ in threads] == [2, 3]  # type: ignore[attr-defined]
    assert [conclusion for _, _, conclusion, _ in checks] == ["failure"]  # type: ignore[attr-defined]
    return usual
