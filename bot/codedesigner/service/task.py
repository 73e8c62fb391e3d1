"""A task: one piece of work for one pull request, with a stable key and five states. Values only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal, TypeAlias

from codedesigner.errors import CodedesignerError

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
Context: TypeAlias = Mapping[str, Json]

Module = Literal["explorer", "documenter", "researcher"]
TaskState = Literal["pending", "running", "paused", "completed", "failed"]
TaskType = Literal[
    "exploration",
    "synthesis",
    "review",
    "critique",
    "address_comment",
    "incorporate_insight",
    "review_section",
    "draft_section",
    "evaluate_source",
    "extract_content",
    "generate_questions",
    "synthesize_findings",
]

MODULES: tuple[Module, ...] = ("explorer", "documenter", "researcher")
MODULE_OF: Mapping[TaskType, Module] = {
    "exploration": "explorer",
    "synthesis": "explorer",
    "review": "explorer",
    "critique": "explorer",
    "address_comment": "documenter",
    "incorporate_insight": "documenter",
    "review_section": "documenter",
    "draft_section": "documenter",
    "evaluate_source": "researcher",
    "extract_content": "researcher",
    "generate_questions": "researcher",
    "synthesize_findings": "researcher",
}
ORDER: tuple[TaskType, ...] = (
    "generate_questions",
    "evaluate_source",
    "extract_content",
    "synthesize_findings",
    "exploration",
    "critique",
    "synthesis",
    "review",
    "incorporate_insight",
    "review_section",
    "draft_section",
    "address_comment",
)
"""As a pull request goes through them."""
BASE_PRIORITIES: Mapping[TaskType, int] = {
    "exploration": 50,
    "synthesis": 60,
    "review": 55,
    "critique": 45,
    "address_comment": 70,
    "incorporate_insight": 55,
    "review_section": 40,
    "draft_section": 50,
    "evaluate_source": 45,
    "extract_content": 40,
    "generate_questions": 35,
    "synthesize_findings": 50,
}
DEEP: frozenset[TaskType] = frozenset({"synthesis"})
"""Types that take a model's deep mode, unless their context says that there is none to be had (`deep`: false)."""
GOES_ON: frozenset[TaskType] = frozenset({"critique", "synthesis", "review"})
"""Types that go on with a review from what the task before them has left; once they have ended, nobody needs that."""
HOLDS_CODE = ("extract", "briefs")
"""In a context: ids of the tasks that have left what a review has to know of the code."""

ACTIVE: frozenset[TaskState] = frozenset({"pending", "running", "paused"})
FINAL: frozenset[TaskState] = frozenset({"completed", "failed"})
NEXT: Mapping[TaskState, frozenset[TaskState]] = {
    "pending": frozenset({"running"}),
    "running": frozenset({"paused", "completed", "failed"}),
    "paused": frozenset({"running"}),
    "completed": frozenset(),
    "failed": frozenset(),
}
"""What a task may become. What is to be tried again waits as `paused`; `failed` is for good."""

ASKED_AT, SEED = "asked_at", "seed_priority"
"""What followers take over from the context of a work's first task: when it was asked for, and how urgent it is."""
CLOSED = "closed"
"""Why a review is asked to end whose pull request was closed or merged, and how it ends then."""
MOST_SEED, SEED_POINTS = 5, 10
"""The highest urgency, and what one step of it is worth to a task."""

MAX_RETRIES = 3
RETRY_DELAY_S = 60.0
BACKOFF = 2.0
_STEP_S = 4e-6  # at least, between two things that happen to a task
AWAY_MOST_S = 900.0  # between two tries while what a task needs is away; the first comes after `RETRY_DELAY_S`
AWAY_S = 86_400.0
"""How long a task waits for something that is away. Tries meanwhile do not count as its failures."""


class TransitionError(CodedesignerError):
    """A task cannot become what somebody wanted to make of it: a bug of ours."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be done, the same for everybody who asks for it: of which pull request, at which head, what.

    `kind` is `review`, `queue`, or `comment:ID`. `number` is None where only a head is known.
    """

    forge: str
    repo: str
    number: int | None
    head: str
    kind: str

    @property
    def name(self) -> str:
        """One line that names it."""
        number = "" if self.number is None else str(self.number)
        return f"{self.forge}:{self.repo}#{number}@{self.head}:{self.kind}"

    @property
    def pull(self) -> str:
        """The pull request; two works of one may supersede each other."""
        return f"{self.forge}:{self.repo}#{'' if self.number is None else self.number}"


def seed_of(context: Context) -> int:
    """How urgent the work is, 0 to `MOST_SEED`, as the operator's rules and people have it."""
    seed = context.get(SEED, 0)
    return min(max(seed, 0), MOST_SEED) if isinstance(seed, int) and not isinstance(seed, bool) else 0


def priority_of(task_type: TaskType, context: Context) -> int:
    """Its type's, and what its work is worth more: an exploration has that by a factor of its own."""
    seed = 0 if task_type == "exploration" else seed_of(context)
    return BASE_PRIORITIES[task_type] + SEED_POINTS * seed


def task_key(module: Module, task_type: TaskType, work: Work) -> str:
    """The name of the work, not of the attempt: equal for equal work, whoever asks, in every process."""
    said = json.dumps([work.forge, work.repo, work.number, work.head, work.kind], ensure_ascii=True)
    return f"{module}:{task_type}:{sha256(said.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it stands. Times are Unix seconds.

    `owner` is the worker that holds it, until `lease_until` at the most; a paused task with an owner is parked in that
    worker's memory. It is not begun before `not_before`. `held`: a person paused it. `cancelled` says why it is to
    end, empty where it is not. `outcome` is a word for how a completed task ended; `error` is the last failure.
    `context` is JSON; `llm_requests` are the model calls that were made for it. `attempt` counts how often it was
    begun: whoever writes has to be of the newest attempt, so a worker that was thought dead cannot overwrite anything.
    `away_since` is when what it needs was first found away, 0 where it was not, and `waits` how often since.
    `ran_s` is how many seconds it has been running in all.
    """

    id: str
    task_key: str
    module: Module
    task_type: TaskType
    work: Work
    priority: int
    context: Context
    created_at: float
    updated_at: float
    state: TaskState = "pending"
    retry_count: int = 0
    llm_requests: int = 0
    not_before: float = 0.0
    owner: str | None = None
    lease_until: float = 0.0
    held: bool = False
    cancelled: str = ""
    outcome: str = ""
    error: str = ""
    requires_deep_mode: bool = False
    attempt: int = 0
    waits: int = 0
    away_since: float = 0.0
    ran_s: float = 0.0

    @classmethod
    def create(
        cls, task_type: TaskType, work: Work, context: Context, *, name: str, now: float, priority: int | None = None
    ) -> Task:
        """A new task; its key follows from the work alone."""
        module = MODULE_OF[task_type]
        return cls(
            id=name,
            task_key=task_key(module, task_type, work),
            module=module,
            task_type=task_type,
            work=work,
            priority=priority_of(task_type, context) if priority is None else priority,
            context=context,
            created_at=now,
            updated_at=now,
            requires_deep_mode=task_type in DEEP and context.get("deep") is not False,
        )

    @property
    def active(self) -> bool:
        """Whether it has not ended."""
        return self.state in ACTIVE

    def started(self, owner: str, now: float, lease_s: float) -> Task:
        """A worker has it."""
        return replace(self._become("running", now), owner=owner, lease_until=now + lease_s, attempt=self.attempt + 1)

    def paused(self, now: float, *, parked: bool = False) -> Task:
        """It waits: `parked` in its worker's memory, else for whoever takes it."""
        task = self._become("paused", now)
        return task if parked else replace(task, owner=None, lease_until=0.0)

    def released(self, now: float) -> Task:
        """Its worker has it no more: whoever comes takes it from where it is."""
        if self.state == "paused":
            return replace(self, owner=None, lease_until=0.0, updated_at=self._later(now))
        return self.paused(now)

    def completed(self, now: float, outcome: str = "done") -> Task:
        """It has ended well."""
        return replace(
            self._become("completed", now),
            owner=None,
            lease_until=0.0,
            outcome=outcome,
            error="",
            waits=0,
            away_since=0.0,
        )

    def failed(self, now: float, error: str, *, again: bool) -> Task:
        """It broke. Where it may be tried `again`, and was not too often, it waits for that; else this was the end."""
        count, here = self.retry_count + 1, replace(self, waits=0, away_since=0.0)
        if again and count <= MAX_RETRIES:
            later = now + RETRY_DELAY_S * BACKOFF ** (count - 1)
            return replace(here.paused(now), retry_count=count, not_before=later, error=error)
        ended = replace(here._become("failed", now), owner=None, lease_until=0.0)
        return replace(ended, retry_count=count, error=error)

    def without(self, now: float, error: str, *, told_s: float = 0.0, first_s: float = RETRY_DELAY_S) -> Task:
        """What it needs is away. It waits, for what was `told` at the least; after `AWAY_S` it has failed for good."""
        since = self.away_since or now
        if now - since >= AWAY_S:
            ended = replace(self._become("failed", now), owner=None, lease_until=0.0)
            return replace(ended, error=f"for {AWAY_S / 3600:g} hours: {error}")
        wait = max(told_s, min(first_s * BACKOFF ** min(self.waits, 20), AWAY_MOST_S))
        later = min(now + wait, since + AWAY_S)
        return replace(self.paused(now), waits=self.waits + 1, away_since=since, not_before=later, error=error)

    def _become(self, state: TaskState, now: float) -> Task:
        if state not in NEXT[self.state]:
            raise TransitionError(f"task {self.id} is {self.state} and cannot become {state}")
        ran_s = self.ran_s + (max(0.0, now - self.updated_at) if self.state == "running" else 0.0)
        return replace(self, state=state, updated_at=self._later(now), ran_s=ran_s)

    def _later(self, now: float) -> float:
        """After all that has happened to it, by the clock of whichever machine."""
        return max(now, self.updated_at + _STEP_S)


def needless(task: Task) -> tuple[str, ...]:
    """Ids of tasks whose results nobody needs any more, now that this one has ended as it has; () where it has not.

    What was read of the code is needed by every stage of a review, what a stage has left by the next one. The report is
    kept, and so is what was asked and which sources were judged how.
    """
    if task.active:
        return ()
    last = task.task_type == "review" or task.module == "documenter" or task.outcome != "done"
    names = (*(("after",) if task.task_type in GOES_ON else ()), *(HOLDS_CODE if last else ()))
    found = (task.context.get(name) for name in names)
    return tuple(dict.fromkeys(each for each in found if isinstance(each, str)))
