"""Who is next: the factors one by one, and the laws under any sequence of arrivals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.service.scheduler import (
    AT_LAST,
    DEFAULT_WEIGHTS,
    HOUR_S,
    MAX_WAIT_S,
    Scheduler,
    SystemState,
    asked_at,
    compute_priority,
    for_person,
    weights_or_default,
)
from codedesigner.service.task import BASE_PRIORITIES, MODULES, Json, Module, Task, TaskType, Work

NOW = 1_000_000.0


def task(kind: TaskType = "exploration", *, at: float = NOW, repo: str = "o/a", n: int = 1, **more: object) -> Task:
    made = Task.create(kind, Work("github", repo, n, "a" * 40, "review"), {}, name=f"{repo}-{n}-{kind}-{at}", now=at)
    return replace(made, **more)  # type: ignore[arg-type]


def yes(_task: Task) -> bool:
    return True


@pytest.mark.parametrize(
    ("one", "state", "after_h", "score"),
    [
        (task("exploration"), SystemState(), 0, 50),
        (task("incorporate_insight"), SystemState(backlog=10), 0, 55),
        (task("incorporate_insight"), SystemState(backlog=11), 0, 70),
        (task("incorporate_insight"), SystemState(backlog=20), 0, 70),
        (task("incorporate_insight"), SystemState(backlog=21), 0, 85),
        (task("exploration"), SystemState(backlog=21), 0, 50),
        (task("exploration"), SystemState(), 3, 56),
        (task("exploration"), SystemState(), 100, 70),
        (task("exploration", context={"seed_priority": 2}), SystemState(), 0, 70),
        (task("review", context={"seed_priority": 2}), SystemState(), 0, 55),
        (task("review", context={"after": "t"}), SystemState(), 0, 65),
        (task("critique", context={"after": "t"}), SystemState(), 0, 55),
        (task("exploration", context={"after": "t"}), SystemState(), 0, 50),
        (task("address_comment"), SystemState(), 0, 95),
        (task("synthesis"), SystemState(), 0, 60),
        (task("synthesis"), SystemState(deferred=("o/a-1-synthesis-1000000.0",)), 0, -40),
        (task("synthesis", requires_deep_mode=False), SystemState(deferred=("o/a-1-synthesis-1000000.0",)), 0, 60),
        (task("synthesis", n=2), SystemState(deferred=("o/a-1-synthesis-1000000.0",)), 0, 60),
        (task("exploration"), SystemState(weights={"explorer": 100, "documenter": 0, "researcher": 0}), 0, 68),
    ],
)
def test_each_factor(one: Task, state: SystemState, after_h: float, score: float) -> None:
    assert compute_priority(one, state, NOW + after_h * HOUR_S) == pytest.approx(score)


def test_a_review_that_has_begun_is_ended_before_another_begins() -> None:
    begun, waiting = task("critique", context={"after": "t"}), task("exploration", at=NOW - HOUR_S, n=2)
    pick = Scheduler().peek_next([waiting, begun], SystemState(), NOW, yes)
    assert pick is not None
    assert pick.task == begun


def test_a_comment_is_next_and_takes_the_place_of_a_long_review() -> None:
    scheduler, review, comment = Scheduler(), task("exploration", state="running"), task("address_comment")
    pick = scheduler.peek_next([task("review", n=2), comment], SystemState(), NOW, yes)
    assert pick is not None
    assert pick.task is comment
    assert scheduler.victim([review], pick, SystemState(), NOW) is review
    assert scheduler.victim([replace(review, task_type="address_comment")], pick, SystemState(), NOW) is None


def test_a_little_ahead_is_not_worth_the_change_and_an_overdue_task_makes_room_for_what_is_short_alone() -> None:
    scheduler = Scheduler()
    pick = scheduler.peek_next([task("review", n=2)], SystemState(), NOW, yes)
    assert pick is not None
    assert scheduler.victim([task("exploration", state="running")], pick, SystemState(), NOW) is None
    old = task("exploration", at=NOW - MAX_WAIT_S, state="running")
    assert scheduler.victim([old], pick, SystemState(), NOW) is None
    for kind in ("address_comment", "incorporate_insight"):
        brief = scheduler.peek_next([task(kind)], SystemState(), NOW, yes)
        assert brief is not None
        assert scheduler.victim([old], brief, SystemState(), NOW) == old
    publishing = task("draft_section", state="running")
    another = scheduler.peek_next([task("incorporate_insight")], SystemState(backlog=50), NOW, yes)
    assert another is not None
    assert scheduler.victim([publishing], another, SystemState(), NOW) is None
    comment = scheduler.next_short([task("incorporate_insight"), task("address_comment")], SystemState(), NOW, yes)
    assert comment is not None
    assert comment.task.task_type == "address_comment"
    assert scheduler.victim([publishing], comment, SystemState(), NOW) == publishing


def test_held_tasks_wait_and_those_that_are_to_end_go_first() -> None:
    scheduler = Scheduler()
    tasks = [task(held=True), task(n=2, not_before=NOW + 1), task(n=3)]
    pick = scheduler.peek_next(tasks, SystemState(), NOW, yes)
    assert pick is not None
    assert pick.task.work.number == 3
    tasks.append(task("generate_questions", n=4, held=True, cancelled="superseded by x"))
    pick = scheduler.peek_next(tasks, SystemState(), NOW, yes)
    assert pick is not None
    assert pick.task.work.number == 4


def test_the_gate_has_the_last_word() -> None:
    scheduler, tasks = Scheduler(), [task("address_comment"), task("generate_questions", n=2)]
    pick = scheduler.peek_next(tasks, SystemState(), NOW, lambda one: one.module == "researcher")
    assert pick is not None
    assert pick.task.module == "researcher"
    assert scheduler.peek_next(tasks, SystemState(), NOW, lambda _one: False) is None


def test_scores_are_computed_anew_after_a_minute_or_when_the_count_has_changed() -> None:
    scheduler, tasks = Scheduler(), [task(n=n) for n in range(10)]
    for now, count, times in ((NOW, 10, 1), (NOW + 60, 10, 1), (NOW + 60, 9, 1), (NOW + 60.1, 9, 2), (NOW + 61, 7, 3)):
        scheduler.peek_next(tasks[:count], SystemState(), now, yes)
        assert scheduler.recomputed == times


def test_a_repository_with_one_task_does_not_wait_for_one_with_a_hundred() -> None:
    waiting = [task(repo="big/one", n=n, at=NOW - 1) for n in range(100)] + [task(repo="small/one")]
    order: list[str] = []
    scheduler = Scheduler()
    for _ in range(4):
        served = {repo: order.count(repo) for repo in set(order)}
        pick = scheduler.peek_next(waiting, SystemState(served=served), NOW, yes)
        assert pick is not None
        waiting.remove(pick.task)
        order.append(pick.task.work.repo)
    assert order.index("small/one") <= 1


@given(
    kind=st.sampled_from(sorted(BASE_PRIORITIES)),
    backlog=st.integers(0, 50),
    times=st.lists(st.floats(0, 40 * HOUR_S), min_size=2, max_size=10),
)
def test_waiting_never_makes_less_urgent(kind: TaskType, backlog: int, times: list[float]) -> None:
    state = SystemState(backlog=backlog)
    scores = [compute_priority(task(kind), state, NOW + after) for after in sorted(times)]
    assert scores == sorted(scores)


_ARRIVAL = st.tuples(st.sampled_from(sorted(BASE_PRIORITIES)), st.integers(0, 3))


@given(
    kind=st.sampled_from(sorted(BASE_PRIORITIES)),
    arrivals=st.lists(st.lists(_ARRIVAL, max_size=3), min_size=1, max_size=40),
    seed=st.integers(0, 9),
    tick_s=st.floats(600, 2 * HOUR_S),
)
def test_nothing_starves_whatever_arrives(
    kind: TaskType, arrivals: list[list[tuple[TaskType, int]]], seed: int, tick_s: float
) -> None:
    """One place; each tick some arrive and one is done. Nobody waits longer than the limit and those before him."""
    scheduler, waiting, now = Scheduler(), [], NOW
    last = task(kind, repo="x/starved", n=999, at=NOW)
    waiting.append(last)
    served: dict[str, int] = {}
    started: list[str] = []
    for tick in range(400):
        for n, (arriving, repo) in enumerate(arrivals[tick % len(arrivals)]):
            urgent: dict[str, Json] = {"seed_priority": seed}
            waiting.append(task(arriving, repo=f"r/{repo}", n=tick * 10 + n, at=now, context=urgent))
        older = sum(one.created_at <= last.created_at for one in waiting)
        pick = scheduler.peek_next(waiting, SystemState(served=dict(served)), now, yes)
        assert pick is not None or not waiting
        if pick is not None:
            waiting.remove(pick.task)
            started.append(pick.task.id)
            served[pick.task.work.repo] = served.get(pick.task.work.repo, 0) + 1
            if pick.task is last:
                return
        assert now - last.created_at <= AT_LAST * MAX_WAIT_S + (older + 1) * tick_s
        now += tick_s
    raise AssertionError("it was never begun")


@given(order=st.permutations(list(range(8))))
def test_the_order_in_which_tasks_are_listed_means_nothing(order: list[int]) -> None:
    kinds = sorted(BASE_PRIORITIES)
    tasks = [task(kinds[n % len(kinds)], n=n, repo=f"r/{n % 3}", at=NOW - n % 2) for n in range(8)]
    usual = Scheduler().peek_next(tasks, SystemState(), NOW, yes)
    assert Scheduler().peek_next([tasks[n] for n in order], SystemState(), NOW, yes) == usual


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"explorer": 1},
        {"explorer": 0, "documenter": 0, "researcher": 0},
        {"explorer": 101, "documenter": 1, "researcher": 1},
        {"explorer": "40", "documenter": 40, "researcher": 20},
    ],
)
def test_weights_that_are_none_are_the_usual_ones(value: object) -> None:
    assert weights_or_default(value) == DEFAULT_WEIGHTS


def test_weights_that_are_some_are_taken() -> None:
    weights: Mapping[Module, float] = dict(zip(MODULES, (10, 80, 10), strict=True))
    assert weights_or_default(weights) == weights


def test_people_and_what_is_done_wait_behind_no_backlog_that_is_overdue() -> None:
    late = [task("exploration", at=NOW - MAX_WAIT_S - n) for n in range(3)]
    for kind in ("address_comment", "incorporate_insight"):
        short = task(kind)
        pick = Scheduler().peek_next([*late, short], SystemState(), NOW, yes)
        assert pick is not None
        assert pick.task == short
    pick = Scheduler().peek_next(late, SystemState(), NOW, yes)
    assert pick is not None
    assert pick.task == late[-1]
    older = task("incorporate_insight", at=NOW - MAX_WAIT_S - 9)
    pick = Scheduler().peek_next([task("incorporate_insight", n=2), *late, older], SystemState(), NOW, yes)
    assert pick is not None
    assert pick.task == older


def test_the_classes_come_one_after_the_other() -> None:
    day = AT_LAST * MAX_WAIT_S
    in_order = [
        task("generate_questions", n=1, cancelled="superseded by b"),
        task("exploration", n=2, at=NOW - day - 1),
        task("generate_questions", n=3, at=NOW - day),
        task("address_comment", n=4, at=NOW - MAX_WAIT_S - 1, repo="busy/one"),
        task("address_comment", n=5),
        task("draft_section", n=6),
        task("exploration", n=7, at=NOW - MAX_WAIT_S - 1),
        task("generate_questions", n=8, at=NOW - MAX_WAIT_S),
        task("synthesis", n=9, at=NOW - 1),
        task("generate_questions", n=10, at=NOW - 1),
    ]
    waiting, order = list(reversed(in_order)), []
    scheduler = Scheduler()
    while waiting:
        pick = scheduler.peek_next(waiting, SystemState(backlog=50), NOW, yes)
        assert pick is not None
        waiting.remove(pick.task)
        order.append(pick.task.work.number)
    assert order == list(range(1, 11))


def test_the_wait_is_the_works_and_not_the_tasks() -> None:
    context: dict[str, Json] = {"asked_at": NOW - MAX_WAIT_S, "first": "x"}
    follower = Task.create("critique", Work("github", "o/a", 1, "a" * 40, "review"), context, name="f", now=NOW)
    pick = Scheduler().peek_next([task("synthesis", n=2), follower], SystemState(), NOW, yes)
    assert pick is not None
    assert (pick.task, pick.overdue) == (follower, True)
    for nonsense in (None, "now", NOW + 9):
        assert asked_at(replace(follower, context={"asked_at": nonsense})) == NOW


def test_a_review_that_somebody_asks_for_anew_is_urgent_and_keeps_nobody_waiting_for_an_answer() -> None:
    event: dict[str, Json] = {"kind": "CommandIssued", "command": "recheck"}
    work = Work("github", "o/a", 1, "", "comment:1")
    recheck = Task.create("address_comment", work, {"event": event}, name="r", now=NOW)
    answer = task("address_comment", n=2)
    assert not for_person(recheck)
    assert for_person(answer)
    pick = Scheduler().peek_next([recheck, answer], SystemState(), NOW, yes)
    assert pick is not None
    assert pick.task == answer
    running = replace(recheck, state="running")
    assert Scheduler().victim([running], pick, SystemState(), NOW) == running


@pytest.mark.parametrize(("seed", "points"), [(0, 0), (2, 20), (5, 50), (99, 50), (-3, 0), (True, 0), ("2", 0)])
def test_what_is_urgent_is_so_from_its_first_task_on(seed: Json, points: int) -> None:
    for kind in BASE_PRIORITIES:
        made = Task.create(kind, Work("github", "o/a", 1, "", "review"), {"seed_priority": seed}, name="x", now=NOW)
        usual = Task.create(kind, Work("github", "o/a", 1, "", "review"), {}, name="x", now=NOW)
        more = compute_priority(made, SystemState(), NOW) - compute_priority(usual, SystemState(), NOW)
        assert more == points, kind


def test_an_answer_to_a_person_displaces_whatever_is_ahead_of_it_by_its_score() -> None:
    urgent = task("exploration", state="running", context={"seed_priority": 5}, at=NOW - HOUR_S)
    pick = Scheduler().peek_next([task("address_comment", n=2)], SystemState(), NOW, yes)
    assert pick is not None
    assert compute_priority(urgent, SystemState(), NOW) > pick.score
    assert Scheduler().victim([urgent], pick, SystemState(), NOW) == urgent
