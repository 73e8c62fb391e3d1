"""The supervisor's advice: asked when it is due, bounded, and harmless where it is none."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.call.model import Call, Reply, Usage
from codedesigner.pool.events import PoolEvent
from codedesigner.service.board import Board, Figures
from codedesigner.service.consultation import (
    Consultant,
    ConsultationConfig,
    Spending,
    advice_of,
    call_of,
    is_due,
)
from codedesigner.service.database import open_database
from codedesigner.service.events import ServiceEvent
from codedesigner.service.scheduler import DEFAULT_WEIGHTS
from codedesigner.service.store import Store
from codedesigner.service.task import MODULES

CONFIG = ConsultationConfig()
GOOD = {"explorer_weight": 20, "documenter_weight": 70, "researcher_weight": 10, "reasoning": "a backlog"}
IDLE = Figures({module: {"pending": 0, "running": 0, "paused": 0} for module in MODULES}, 0, {}, {}, {}, 0, 0, 0)


def reply(value: Any, *, ms: float = 1_000.0) -> Reply:
    return Reply("c", "judge", "answered", value=value, usage=Usage(calls=1), latency_ms=ms)


@pytest.mark.parametrize(
    ("since", "completed", "due"),
    [(3_600, 0, True), (3_599, 9, False), (3_599, 10, True), (299, 50, False), (300, 10, True)],
)
def test_it_is_due_by_the_hour_or_after_significant_change(since: float, completed: int, *, due: bool) -> None:
    assert is_due(CONFIG, Spending(all_ms=1e9), since_s=since, completed=completed) is due
    off = ConsultationConfig(enabled=False)
    assert not is_due(off, Spending(all_ms=1e9), since_s=since, completed=completed)


@given(st.lists(st.tuples(st.floats(0, 60_000), st.booleans()), max_size=60))
def test_its_share_of_the_models_time_stays_below_a_tenth(hours: list[tuple[float, bool]]) -> None:
    spending, config = Spending(), ConsultationConfig(expected_ms=1_000)
    for worked_ms, _ in hours:
        spending(PoolEvent("llm.answered", "a", {"ms": worked_ms}))
        if is_due(config, spending, since_s=3_600, completed=0):
            spending(PoolEvent("llm.answered", "judge", {"ms": 1_000}))
            spending.own(1_000)
        assert spending.share <= 0.1 + 1e-9


def test_it_is_told_numbers_and_nothing_of_changes_or_people() -> None:
    call = call_of(IDLE, DEFAULT_WEIGHTS, "c1")
    assert "explorer: 0 waiting, 0 running, 0 paused" in call.prompt.question
    assert "explorer 40, documenter 40, researcher 20." in call.prompt.question
    assert call.priority < 5, "reviews go first"


@pytest.mark.parametrize(
    "value",
    [
        None,
        "explorer 100",
        {},
        {**GOOD, "explorer_weight": "20"},
        {**GOOD, "explorer_weight": True},
        {**GOOD, "explorer_weight": 101},
        {**GOOD, "explorer_weight": -1},
        {**GOOD, "explorer_weight": 0, "documenter_weight": 0, "researcher_weight": 0},
    ],
)
def test_an_answer_that_is_none_is_no_advice(value: Any) -> None:
    assert advice_of(reply(value)) is None
    assert advice_of(None) is None


def test_weights_change_by_good_advice_are_kept_for_all_and_a_bad_answer_changes_nothing(tmp_path: Path) -> None:
    database = open_database(None, tmp_path)
    now, heard, asked = [10_000.0], list[ServiceEvent](), list[Call]()
    answers: list[Reply | None] = [reply(GOOD), reply("nonsense"), None]
    store = Store(database, lambda: now[0])

    async def ask(call: Call) -> Reply | None:
        asked.append(call)
        return answers[len(asked) - 1]

    async def run() -> None:
        spending = Spending(all_ms=1e6)
        first = Consultant(store, Board(database, store.clock), ask, spending, heard.append)
        weights = await first.maybe(DEFAULT_WEIGHTS, 0)
        assert weights == {"explorer": 20, "documenter": 70, "researcher": 10}
        assert [one.name for one in heard] == ["scheduler.priority_consultation"]
        assert await first.maybe(DEFAULT_WEIGHTS, 0) == weights, "it is not asked twice"
        other = Consultant(store, Board(database, store.clock), ask, Spending(all_ms=1e6), heard.append)
        assert await other.maybe(DEFAULT_WEIGHTS, 0) == weights, "another worker finds what was advised"
        for _ in range(2):
            now[0] += 4_000
            assert await first.maybe(weights, 0) == weights
        assert len(asked) == 3
        assert (await store.kept("scheduler"))["reasoning"] == "a backlog"

    asyncio.run(run())
    database.close()
