"""Which task is next, and whether one that runs makes room for it. A structure on given values and times: no I/O.

A task's score is its type's base priority, moved by five factors, by what has begun already, and by what the supervisor
advised. It decides among those of one class. The classes, the first of them first:

1. what is to end;
2. what has waited for a day (`AT_LAST` times `max_wait_s`), the oldest first, so that nothing starves;
3. answers to people;
4. what is short, while something is overdue: reviews that are done wait behind no backlog;
5. what is overdue, as its work was asked for `max_wait_s` ago, the oldest first;
6. everything else.

The wait is the work's, not the task's: each of the tasks that a review takes goes on as what the review is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from codedesigner.service.task import ASKED_AT, GOES_ON, MODULES, SEED_POINTS, Module, Task, seed_of

HOUR_S = 3_600.0
HEAVY_BACKLOG, BACKLOG = 20, 10
HEAVY_BACKLOG_POINTS, BACKLOG_POINTS = 30, 15
AGE_POINTS_PER_HOUR, MOST_AGE_POINTS = 2.0, 20.0
COMMENT_POINTS = 25
NO_DEEP_QUOTA_POINTS = -100
BEGUN_POINTS = 10
"""What goes on with a review gains before what begins one: many reviews that are half done are of no use to anybody."""
RECOMPUTE_S = 60.0
RECOMPUTE_SHARE = 0.2
DEFAULT_WEIGHTS: Mapping[Module, float] = {"explorer": 40.0, "documenter": 40.0, "researcher": 20.0}
ADVICE_POINTS = 30.0
"""What a module gains or loses whose share of the weights changes by one whole."""
RUNNING_POINTS, SERVED_POINTS, MOST_SERVED_POINTS = 10.0, 4.0, 20.0
MARGIN = 10.0
"""By so much a task has to be ahead of one that runs to have its place: less is not worth the change."""
MAX_WAIT_S = 4 * HOUR_S
AT_LAST = 6
"""After so many times of that, nothing goes before it, not even what is short."""


_TO_END, _AT_LAST, _PERSON, _OVERDUE, _USUAL = range(5)
_OLDEST_FIRST = (_TO_END, _AT_LAST, _OVERDUE)


@dataclass(frozen=True, slots=True)
class SystemState:
    """What scores depend on beside the task.

    `backlog` is how many reviews are done and not published; `running` and `served` are tasks by repository, now and
    within the last hour; `weights` are the modules' as they were advised. `deferred` are ids of tasks for whose deep
    thinking no quota is left.
    """

    backlog: int = 0
    deferred: Collection[str] = ()
    running: Mapping[str, int] = field(default_factory=dict)
    served: Mapping[str, int] = field(default_factory=dict)
    weights: Mapping[Module, float] = field(default_factory=lambda: DEFAULT_WEIGHTS)


@dataclass(frozen=True, slots=True)
class Pick:
    """The next task, with its score. `overdue`: it goes first because it has waited too long."""

    task: Task
    score: float
    overdue: bool


def compute_priority(task: Task, state: SystemState, now: float) -> float:
    """The task's score without fairness between repositories: the five factors, and the supervisor's advice."""
    score = float(task.priority)
    if task.module == "documenter":
        if state.backlog > HEAVY_BACKLOG:
            score += HEAVY_BACKLOG_POINTS
        elif state.backlog > BACKLOG:
            score += BACKLOG_POINTS
    waited_h = max(0.0, now - task.updated_at) / HOUR_S
    score += min(waited_h * AGE_POINTS_PER_HOUR, MOST_AGE_POINTS)
    if task.task_type == "exploration":
        score += SEED_POINTS * seed_of(task.context)
    if task.task_type in GOES_ON and "after" in task.context:
        score += BEGUN_POINTS
    if task.task_type == "address_comment":
        score += COMMENT_POINTS
    if task.requires_deep_mode and task.id in state.deferred:
        score += NO_DEEP_QUOTA_POINTS
    return score + _advice(task.module, state.weights)


def fairness(task: Task, state: SystemState) -> float:
    """What a repository pays for what it has already; nothing where nobody has anything."""
    running, served = state.running.get(task.work.repo, 0), state.served.get(task.work.repo, 0)
    return -RUNNING_POINTS * running - min(SERVED_POINTS * served, MOST_SERVED_POINTS)


def _advice(module: Module, weights: Mapping[Module, float]) -> float:
    total, usual = sum(weights.values()), sum(DEFAULT_WEIGHTS.values())
    if total <= 0:
        return 0.0
    return ADVICE_POINTS * (weights.get(module, 0.0) / total - DEFAULT_WEIGHTS[module] / usual)


class Scheduler:
    """Knows the scores of tasks, and computes them anew when a minute has passed or the queue's length has changed."""

    def __init__(self, *, max_wait_s: float = MAX_WAIT_S) -> None:
        self._max_wait_s = max_wait_s
        self._scores: dict[str, float] = {}
        self._computed_at = float("-inf")
        self._count = 0
        self.recomputed = 0

    def peek_next(
        self, tasks: Collection[Task], state: SystemState, now: float, can_execute: Callable[[Task], bool]
    ) -> Pick | None:
        """The best of those that may go now; it stays where it is. `can_execute` is the allocator's word.

        Held tasks wait for a person, and what is to be tried again for its time; what is to end need not wait at all.
        """
        self._recompute(tasks, state, now)
        best = self._best(tasks, state, now, can_execute)
        if best is None or self._class(best.task, now) < _OVERDUE or short(best.task) or not best.overdue:
            return best
        return self.next_short(tasks, state, now, can_execute) or best

    def next_short(
        self, tasks: Iterable[Task], state: SystemState, now: float, can_execute: Callable[[Task], bool]
    ) -> Pick | None:
        """The best of those that are short: a person's first."""
        return self._best([task for task in tasks if short(task)], state, now, can_execute)

    def _best(
        self, tasks: Collection[Task], state: SystemState, now: float, can_execute: Callable[[Task], bool]
    ) -> Pick | None:
        best: Pick | None = None
        best_rank: tuple[int, float, float, str] | None = None
        for task in tasks:
            if not _ready(task, now):
                continue
            score, place = self._score(task, state, now) + fairness(task, state), self._class(task, now)
            rank = (place, 0.0 if place in _OLDEST_FIRST else -score, asked_at(task), task.id)
            if (best_rank is None or rank < best_rank) and can_execute(task):
                best, best_rank = Pick(task, score, self.overdue(task, now)), rank
        return best

    def _class(self, task: Task, now: float) -> int:
        if task.cancelled:
            return _TO_END
        waited_s = now - asked_at(task)
        if waited_s >= AT_LAST * self._max_wait_s:
            return _AT_LAST
        if for_person(task):
            return _PERSON
        return _OVERDUE if waited_s >= self._max_wait_s else _USUAL

    def victim(self, running: Iterable[Task], pick: Pick, state: SystemState, now: float) -> Task | None:
        """Which of the tasks that run makes room for `pick` at its next model call; None where none has to.

        What is short has room at once, whatever the scores and whatever is overdue: reviews hold their places for hours
        while they wait for quotas, and what they make room for is done in a moment. An answer to a person makes room
        for nobody, and what else is short only for such an answer.
        """
        person, brief = for_person(pick.task), short(pick.task)
        weakest: tuple[float, float, str, Task] | None = None
        for task in running:
            if for_person(task) or task.cancelled or (self.overdue(task, now) and not brief):
                continue
            if short(task) and not person:
                continue
            entry = (compute_priority(task, state, now), -task.created_at, task.id, task)
            if weakest is None or entry[:3] < weakest[:3]:
                weakest = entry
        if weakest is None:
            return None
        own = compute_priority(pick.task, state, now)
        return weakest[3] if brief or pick.overdue or own > weakest[0] + MARGIN else None

    def overdue(self, task: Task, now: float) -> bool:
        """Whether its work was asked for so long ago that no score goes before it."""
        return now - asked_at(task) >= self._max_wait_s

    def _score(self, task: Task, state: SystemState, now: float) -> float:
        score = self._scores.get(task.id)
        if score is None:
            score = self._scores[task.id] = compute_priority(task, state, now)
        return score

    def _recompute(self, tasks: Collection[Task], state: SystemState, now: float) -> None:
        stale = now - self._computed_at > RECOMPUTE_S
        if not stale and abs(len(tasks) - self._count) <= RECOMPUTE_SHARE * len(tasks):
            return
        self._scores = {task.id: compute_priority(task, state, now) for task in tasks}
        self._computed_at, self._count = now, len(tasks)
        self.recomputed += 1


def _ready(task: Task, now: float) -> bool:
    if task.state not in ("pending", "paused"):
        return False
    return bool(task.cancelled) or (not task.held and task.not_before <= now)


def asked_at(task: Task) -> float:
    """Since when the task's work is waited for: its first task was submitted then, or this one."""
    at = task.context.get(ASKED_AT)
    return min(float(at), task.created_at) if isinstance(at, int | float) else task.created_at


def for_person(task: Task) -> bool:
    """Whether a person waits for a word of an answer. A review that somebody asks for anew takes as long as any."""
    event = task.context.get("event")
    command = event.get("command") if isinstance(event, dict) else None
    return task.task_type == "address_comment" and command != "recheck"


def short(task: Task) -> bool:
    """Whether it takes a call or none: publishing, and answers to people."""
    return task.module == "documenter" and (task.task_type != "address_comment" or for_person(task))


def by_repository(tasks: Iterable[Task]) -> Mapping[str, int]:
    """How many there are of each repository."""
    return Counter(task.work.repo for task in tasks)


def backlog_of(tasks: Iterable[Task]) -> int:
    """How many reviews are done and wait to be published."""
    return sum(task.module == "documenter" and task.task_type != "address_comment" for task in tasks)


def weights_or_default(value: object) -> Mapping[Module, float]:
    """Weights as they are kept; the usual ones where what is kept are none."""
    if not isinstance(value, dict) or set(value) != set(MODULES):
        return DEFAULT_WEIGHTS
    numbers = {name: each for name, each in value.items() if isinstance(each, int | float) and 0 <= each <= 100}
    return numbers if len(numbers) == len(MODULES) and sum(numbers.values()) > 0 else DEFAULT_WEIGHTS
