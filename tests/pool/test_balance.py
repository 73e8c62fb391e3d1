from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.pool.balance import STRATEGIES, Strategy, location_affinity


@dataclass(frozen=True)
class One:
    id: str
    weight: float = 1.0
    load: int = 0
    asked_number: int = 0


def rng(seed: int = 1) -> Random:
    return Random(seed)  # noqa: S311


def ids(strategy: Strategy, *workers: One, group: str | None = None, seed: int = 1) -> str:
    return "".join(worker.id for worker in STRATEGIES[strategy](workers, group, rng(seed)))


def test_there_is_a_strategy_for_every_name() -> None:
    assert set(STRATEGIES) == set(get_args(Strategy))


def test_round_robin_asks_who_was_asked_longest_ago() -> None:
    assert ids("round_robin", One("a", asked_number=7, load=0), One("b", asked_number=5, load=9), One("c")) == "cba"


def test_least_loaded_asks_who_is_at_the_fewest_calls() -> None:
    assert ids("least_loaded", One("a", load=2), One("b", load=1, asked_number=9), One("c", load=1)) == "cba"


def test_random_follows_the_weights_and_the_seed() -> None:
    workers = One("a", weight=3.0), One("b", weight=1.0)
    draw = rng()
    first = Counter(STRATEGIES["random"](workers, None, draw)[0].id for _ in range(4000))
    assert 0.70 < first["a"] / 4000 < 0.80
    assert ids("random", *workers, seed=5) == ids("random", *workers, seed=5)


def test_affinity_keeps_a_group_together_and_spreads_groups_by_weight() -> None:
    workers = [One("a", weight=2.0, load=5), One("b", load=0), One("c", load=1)]
    homes = [location_affinity(workers, f"group {n}", rng(n))[0].id for n in range(2000)]
    assert homes == [location_affinity(workers[::-1], f"group {n}", rng())[0].id for n in range(2000)]
    shares = Counter(homes)
    assert 0.45 < shares["a"] / 2000 < 0.55
    assert 0.20 < shares["b"] / 2000 < 0.30


def test_affinity_without_a_group_is_least_loaded() -> None:
    assert ids("location_affinity", One("a", load=2), One("b", load=1)) == "ba"


@pytest.mark.parametrize("strategy", list(STRATEGIES))
@given(
    st.lists(st.tuples(st.floats(0.01, 1000), st.integers(0, 50), st.integers(0, 50)), max_size=8),
    st.none() | st.text(max_size=5),
    st.integers(0, 100),
)
def test_everybody_is_in_the_order_once(
    strategy: Strategy, numbers: list[tuple[float, int, int]], group: str | None, seed: int
) -> None:
    workers = [One(f"{n}", *number) for n, number in enumerate(numbers)]
    ordered = STRATEGIES[strategy](workers, group, rng(seed))
    assert sorted(worker.id for worker in ordered) == sorted(worker.id for worker in workers)


@given(st.text(max_size=8), st.integers(0, 4))
def test_affinity_moves_only_the_groups_of_who_is_missing(group: str, gone: int) -> None:
    workers = [One(f"w{n}") for n in range(5)]
    before = [worker.id for worker in location_affinity(workers, group, rng())]
    after = [worker.id for worker in location_affinity([w for w in workers if w.id != f"w{gone}"], group, rng())]
    assert after == [each for each in before if each != f"w{gone}"]
