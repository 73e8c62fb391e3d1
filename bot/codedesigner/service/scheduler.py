"""Which task is next, and whether one that runs makes room for it. A structure on given values and times: no I/O.

A task's score is its type's base priority, moved by five factors and by what the supervisor advised. What has waited
for `max_wait_s` since it was submitted goes before everything but what is short, the oldest first, and makes room for
nobody but a person: so nothing starves, whatever arrives.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from codedesigner.service.task import MODULES, Module, Task

HOUR_S = 3_600.0
HEAVY_BACKLOG, BACKLOG = 20, 10
HEAVY_BACKLOG_POINTS, BACKLOG_POINTS = 30, 15
AGE_POINTS_PER_HOUR, MOST_AGE_POINTS = 2.0, 20.0
SEED_POINTS = 10
COMMENT_POINTS = 25
NO_DEEP_QUOTA_POINTS = -100
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
SHORT: Module = "documenter"
"""Whose tasks take a call or none. They go before what is overdue: else a backlog of hours would keep people, and
reviews that are done, waiting behind all of it."""


@dataclass(frozen=True, slots=True)
class SystemState:
    """What scores depend on beside the task.

    `backlog` is how many reviews are done and not published; `running` and `served` are tasks by repository, now and
    within the last hour; `weights` are the modules' as they were advised.
    """

    backlog: int = 0
    deep_available: bool = True
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
        seed = task.context.get("seed_priority", 0)
        score += SEED_POINTS * seed if isinstance(seed, int) else 0
    if task.task_type == "address_comment":
        score += COMMENT_POINTS
    if task.requires_deep_mode and not state.deep_available:
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
        if best is None or not best.overdue or best.task.cancelled or best.task.module == SHORT:
            return best
        if now - best.task.created_at >= AT_LAST * self._max_wait_s:
            return best
        return self._best([task for task in tasks if task.module == SHORT], state, now, can_execute) or best

    def _best(
        self, tasks: Collection[Task], state: SystemState, now: float, can_execute: Callable[[Task], bool]
    ) -> Pick | None:
        best: Pick | None = None
        best_rank: tuple[bool, bool, float, float, str] | None = None
        for task in tasks:
            if not _ready(task, now):
                continue
            score = self._score(task, state, now) + fairness(task, state)
            overdue = self.overdue(task, now)
            rank = (not task.cancelled, not overdue, 0.0 if overdue else -score, task.created_at, task.id)
            if (best_rank is None or rank < best_rank) and can_execute(task):
                best, best_rank = Pick(task, score, overdue), rank
        return best

    def victim(self, running: Iterable[Task], pick: Pick, state: SystemState, now: float) -> Task | None:
        """Which of the tasks that run makes room for `pick` at its next model call; None where none has to.

        A person's task makes room for nobody, and one that is overdue only for a person's.
        """
        person = pick.task.task_type == "address_comment"
        weakest: tuple[float, float, str, Task] | None = None
        for task in running:
            if task.task_type == "address_comment" or task.cancelled or (self.overdue(task, now) and not person):
                continue
            entry = (compute_priority(task, state, now), -task.created_at, task.id, task)
            if weakest is None or entry[:3] < weakest[:3]:
                weakest = entry
        if weakest is None:
            return None
        own = compute_priority(pick.task, state, now)
        return weakest[3] if pick.overdue or own > weakest[0] + MARGIN else None

    def overdue(self, task: Task, now: float) -> bool:
        """Whether it was submitted so long ago that nothing goes before it but what is older."""
        return now - task.created_at >= self._max_wait_s

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
