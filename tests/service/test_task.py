"""Tasks: what they may become, what they are called, and events as JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.event.model import CommandIssued, QuestionAsked, QueueEntered, ReviewRequested
from codedesigner.service.task import (
    AWAY_MOST_S,
    AWAY_S,
    BACKOFF,
    MAX_RETRIES,
    MODULE_OF,
    NEXT,
    RETRY_DELAY_S,
    Task,
    TaskState,
    TaskType,
    TransitionError,
    Work,
    task_key,
)
from codedesigner.service.work import Asked, EventError, from_json, supersedes, to_json, work_of

WORK = Work("github", "o/a", 3, "a" * 40, "review")
MOVES = ("started", "paused", "completed", "failed")


def move(task: Task, how: str) -> Task:
    if how == "started":
        return task.started("w", 2.0, 30.0)
    if how == "failed":
        return task.failed(2.0, "boom", again=False)
    return task.paused(2.0) if how == "paused" else task.completed(2.0)


@given(st.lists(st.sampled_from(MOVES), max_size=12))
def test_only_the_transitions_there_are_can_be_made(moves: list[str]) -> None:
    became: dict[str, TaskState] = {
        "started": "running",
        "paused": "paused",
        "completed": "completed",
        "failed": "failed",
    }
    task = Task.create("exploration", WORK, {}, name="t", now=1.0)
    for how in moves:
        if became[how] in NEXT[task.state]:
            task = move(task, how)
            assert task.state == became[how]
        else:
            with pytest.raises(TransitionError):
                move(task, how)


def test_the_transitions_are_the_five_of_the_life_cycle() -> None:
    assert {(a, b) for a, those in NEXT.items() for b in those} == {
        ("pending", "running"),
        ("running", "paused"),
        ("paused", "running"),
        ("running", "completed"),
        ("running", "failed"),
    }
    assert set(NEXT) == set(get_args(TaskState))
    assert set(MODULE_OF) == set(get_args(TaskType))


def test_a_failure_is_tried_again_later_and_later_and_then_not() -> None:
    task = Task.create("exploration", WORK, {}, name="t", now=0.0)
    for n in range(MAX_RETRIES):
        task = task.started("w", 0.0, 30.0).failed(0.0, "boom", again=True)
        assert (task.state, task.not_before, task.owner) == ("paused", RETRY_DELAY_S * BACKOFF**n, None)
    assert task.started("w", 0.0, 30.0).failed(0.0, "boom", again=True).state == "failed"


def test_what_happens_to_a_task_has_an_order_whatever_the_clocks_of_its_workers() -> None:
    task = Task.create("exploration", WORK, {}, name="t", now=100.0)
    times = [task.updated_at]
    steps: list[Callable[[Task], Task]] = [
        lambda one: one.started("ahead", 105.0, 30.0),
        lambda one: one.paused(105.1, parked=True),
        lambda one: one.released(105.2),
        lambda one: one.started("behind", 101.0, 30.0),
        lambda one: one.released(101.0),
        lambda one: one.started("behind", 101.0, 30.0),
        lambda one: one.completed(102.0),
    ]
    for how in steps:
        task = how(task)
        times.append(task.updated_at)
    assert all(later - earlier > 3e-6 for earlier, later in pairwise(times))


def test_what_is_away_is_waited_for_and_counts_as_no_failure_until_a_day_has_passed() -> None:
    task, now, waits = Task.create("exploration", WORK, {}, name="t", now=0.0), 1_000.0, []
    while task.state != "failed":
        task = task.started("w", now, 30.0).without(now, "no answer")
        assert task.retry_count == 0
        if task.state == "paused":
            assert (task.away_since, task.owner) == (1_000.0, None)
            waits.append(task.not_before - now)
            now = task.not_before
    assert waits[:6] == [60.0, 120.0, 240.0, 480.0, AWAY_MOST_S, AWAY_MOST_S]
    assert sum(waits) == AWAY_S
    assert task.error == "for 24 hours: no answer"


def test_what_was_away_and_is_there_again_begins_to_count_anew() -> None:
    away = Task.create("exploration", WORK, {}, name="t", now=0.0).started("w", 1.0, 30.0).without(1.0, "x")
    assert (away.waits, away.away_since) == (1, 1.0)
    assert away.started("w", 70.0, 30.0).without(70.0, "x", told_s=3_600.0).not_before == 3_670.0
    for after in (
        away.started("w", 70.0, 30.0).completed(71.0),
        away.started("w", 70.0, 30.0).failed(71.0, "boom", again=True),
    ):
        assert (after.waits, after.away_since) == (0, 0.0)
    short = Task.create("exploration", WORK, {}, name="t", now=0.0).started("w", 1.0, 30.0)
    assert short.without(1.0, "x", first_s=5.0).not_before == 6.0


def test_a_key_names_the_work_and_nothing_else() -> None:
    key = task_key("explorer", "exploration", WORK)
    one = Task.create("exploration", WORK, {"a": 1}, name="1", now=1.0)
    assert one.task_key == Task.create("exploration", WORK, {}, name="2", now=9.0).task_key == key
    assert key.startswith("explorer:exploration:")
    others = [
        replace(WORK, forge="gitlab"),
        replace(WORK, repo="o/b"),
        replace(WORK, number=None),
        replace(WORK, head="b" * 40),
        replace(WORK, kind="queue"),
    ]
    assert len({task_key("explorer", "exploration", work) for work in (WORK, *others)}) == 6


def test_a_parked_task_keeps_its_owner_and_a_paused_one_has_none() -> None:
    running = Task.create("exploration", WORK, {}, name="t", now=1.0).started("w", 2.0, 30.0)
    assert (running.paused(3.0, parked=True).owner, running.paused(3.0).owner) == ("w", None)
    assert running.paused(3.0).started("v", 4.0, 30.0).attempt == 2


EVENTS: list[Asked] = [
    ReviewRequested("0" * 40, "a" * 40, 3, full=True),
    ReviewRequested(None, None, 3),
    QueueEntered("0" * 40, "a" * 40, None, "odd"),
    CommandIssued(3, "dismiss", "F1 no", "9", "7", "ann", 1.5, "t1"),
    QuestionAsked(3, "9", "7", "ann", 1.5, "t1"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_events_survive_as_json(event: Asked) -> None:
    assert from_json(to_json(event)) == event


@pytest.mark.parametrize("value", [None, [], {}, {"kind": "Ignored", "reason": ""}, {"kind": "QueueEntered", "x": 1}])
def test_what_is_no_event_is_refused(value: object) -> None:
    with pytest.raises(EventError):
        from_json(value)  # type: ignore[arg-type]


def test_only_a_review_of_another_head_of_the_same_pull_request_is_superseded() -> None:
    newer = work_of(ReviewRequested("0" * 40, "b" * 40, 3), "github", "o/a")
    assert supersedes(newer, WORK)
    assert not supersedes(newer, replace(WORK, head="b" * 40))
    assert not supersedes(newer, replace(WORK, number=4))
    assert not supersedes(newer, replace(WORK, kind="comment:1"))
    assert not supersedes(replace(newer, kind="queue"), WORK)
    assert not supersedes(replace(newer, number=None), replace(WORK, number=None))
