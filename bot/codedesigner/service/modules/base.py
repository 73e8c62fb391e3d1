"""What a module is to the workers, and what all three do alike: end what is pointless, remember what broke."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import ClassVar, Protocol

from codedesigner.assembly.request import Prepared
from codedesigner.config.settings import Settings
from codedesigner.errors import CodedesignerError
from codedesigner.event.model import ReviewRequested
from codedesigner.pool.lent import Turn
from codedesigner.publish.discussion import PullRequest
from codedesigner.publish.report import Report
from codedesigner.pullrequest.answers import Question
from codedesigner.pullrequest.checking import Checking
from codedesigner.pullrequest.desk import Desk, Order, Reviewing
from codedesigner.pullrequest.superseding import closed, superseded
from codedesigner.service.task import CLOSED, Context, Json, Module, Task, TaskType, Work
from codedesigner.service.work import Asked, from_json
from codedesigner.stages import SoFar, Stage

SUPERSEDED = "superseded"
LOST = "another worker may have it"
"""Why a turn has ended whose task is no longer this worker's: nothing of it is said to anybody from here."""
MOST_ATTENTION = 200
"""Pieces of work that broke and are remembered."""


class CancelledError(CodedesignerError):
    """The task is to end: a newer head came, or a person wants it."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What came of a task: a word for it, what its followers have to know, and what it leaves for them."""

    outcome: str = "done"
    context: Mapping[str, Json] = field(default_factory=dict)
    result: str = ""


class Desks(Protocol):
    """Where tasks are worked on: a forge, a clone, and the models, for the task's repository."""

    def open(self, task: Task, turn: Turn) -> AbstractAsyncContextManager[Desk]:
        """A desk for one task; its calls to models wait for its turn."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What modules work with. `ended` are tasks whose followers are to be named, `result` is what a task has left.

    `deep` says whether there is quota for a task to have a model think deeply.
    """

    desks: Desks
    ended: Callable[[], Sequence[Task]]
    result: Callable[[str], Awaitable[str]]
    clock: Callable[[], float]
    deep: Callable[[Task], bool] = lambda _task: True


class ModuleInterface(ABC):
    """One of the three, as the workers know it."""

    name: ClassVar[Module]

    @abstractmethod
    def get_pending_tasks(self) -> list[Task]:
        """Tasks that this module wants to run now. Asked twice in the same state, the same ones, ids included."""

    @abstractmethod
    async def execute_task(self, task: Task, llm: Turn) -> TaskResult:
        """Do it. Calls to models pass `llm`, which may let them wait.

        Raises:
            CodedesignerError: it could not be done.
        """

    @abstractmethod
    def handle_task_result(self, task: Task, result: TaskResult) -> None:
        """A task of this module has come to its end."""

    @abstractmethod
    async def handle_failure(self, task: Task, error: BaseException) -> None:
        """A task of this module broke: for now where its state is `paused`, for good where it is `failed`."""

    @abstractmethod
    async def is_over(self, task: Task, why: str) -> bool:
        """Whether a task that somebody wants to end is really to end."""

    @abstractmethod
    def get_state(self) -> dict[str, Json]:
        """What is to be remembered, by name."""

    @abstractmethod
    def restore_state(self, state: Mapping[str, Json]) -> None:
        """What was remembered."""


class PullModule(ModuleInterface):
    """A module whose tasks are about pull requests."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._attention: dict[str, Json] = {}

    def get_pending_tasks(self) -> list[Task]:
        """What follows from tasks that have ended, as far as it is this module's."""
        return [each for task in self.bench.ended() if task.state == "completed" for each in self._after(task)]

    async def execute_task(self, task: Task, llm: Turn) -> TaskResult:
        """Do it, unless it is to end and that is still so."""
        async with self.bench.desks.open(task, llm) as desk:
            guarded = replace(desk, reviewing=Guarded(desk.reviewing, llm))
            if task.cancelled and await _is_over(desk, task, task.cancelled):
                return await _end(desk, task, task.cancelled)
            try:
                return await self._perform(task, guarded, from_json(task.context["event"]))
            except CancelledError:
                return await _end(desk, task, llm.cancelled)

    def handle_task_result(self, task: Task, result: TaskResult) -> None:
        """What broke before is whole."""
        if self._attention.get(task.work.name) is not None:
            self._attention[task.work.name] = None

    async def handle_failure(self, task: Task, error: BaseException) -> None:
        """Remember that it broke. Where that is for good, the check of its commit says so."""
        words = error.message if isinstance(error, CodedesignerError) else type(error).__name__
        self._attention[task.work.name] = words[:300]
        while len(self._attention) > MOST_ATTENTION:
            self._attention.pop(next(iter(self._attention)))
        if task.state == "failed" and task.work.head and not task.work.kind.startswith("comment"):
            async with self.bench.desks.open(task, Turn(task.id)) as desk:
                await Checking(desk, task.work.number, task.work.head).broke(error)

    async def is_over(self, task: Task, why: str) -> bool:
        """Ask the forge: events arrive in any order, and the one that came later need not name the newer head."""
        async with self.bench.desks.open(task, Turn(task.id)) as desk:
            return await _is_over(desk, task, why)

    def get_state(self) -> dict[str, Json]:
        """Work that broke, and why."""
        return dict(self._attention)

    def restore_state(self, state: Mapping[str, Json]) -> None:
        """The same again."""
        self._attention = {name: value for name, value in state.items() if value is not None}

    @abstractmethod
    async def _perform(self, task: Task, desk: Desk, event: Asked) -> TaskResult:
        """The task itself."""

    def _after(self, _task: Task) -> list[Task]:
        """What of this module follows from a task that was completed."""
        return []

    def follower(self, task: Task, kind: TaskType, context: Context) -> Task:
        """A task that follows from another, with the same name whoever makes it."""
        name = sha256(f"{task.id}:{kind}".encode()).hexdigest()[:16]
        work = _narrowed(task.work, context)
        # What follows is what a task says itself, and nothing where it ended without saying so.
        following = {"first": task.id, **context, "after": task.id}
        following.pop("next", None)
        return Task.create(kind, work, following, name=name, now=task.updated_at)


@dataclass(frozen=True, slots=True)
class Guarded:
    """Implements `Reviewing`; a task that was cancelled meanwhile gets no further than this."""

    inner: Reviewing
    turn: Turn

    async def settings(self, pull: PullRequest) -> Settings:
        """As within."""
        return await self.inner.settings(pull)

    async def prepare(self, order: Order) -> Prepared:
        """As within."""
        self._go_on()
        return await self.inner.prepare(order)

    async def review(self, prepared: Prepared) -> Report:
        """As within; what was made without all of its answers is no report."""
        report = await self.inner.review(prepared)
        self._go_on()
        return report

    async def advance(self, prepared: Prepared, so_far: SoFar, until: Stage, *, deep: bool = True) -> SoFar | Report:
        """As within; what was made without all of its answers is no stage."""
        came = await self.inner.advance(prepared, so_far, until, deep=deep)
        self._go_on()
        return came

    async def answer(self, pull: PullRequest, question: Question) -> str | None:
        """As within."""
        said = await self.inner.answer(pull, question)
        self._go_on()
        return said

    def _go_on(self) -> None:
        if self.turn.cancelled == LOST:
            raise asyncio.CancelledError
        if self.turn.cancelled:
            raise CancelledError(f"it was cancelled: {self.turn.cancelled}")


def _by_the_forge(why: str) -> bool:
    """Whether the reason is what a webhook said, which the forge can be asked about."""
    return why == CLOSED or why.startswith(SUPERSEDED)


async def _is_over(desk: Desk, task: Task, why: str) -> bool:
    if not _by_the_forge(why) or task.work.number is None:
        return True
    pull = await desk.forge.pull(task.work.number)
    return pull.head != task.work.head or (why == CLOSED and pull.state != "open")


async def _end(desk: Desk, task: Task, why: str) -> TaskResult:
    """The commit's check says how it ended."""
    work = task.work
    if _by_the_forge(why) and work.number is not None:
        pull = await desk.forge.pull(work.number)
        if why == CLOSED and pull.head == work.head:
            await closed(desk, pull)
            return TaskResult(CLOSED)
        await superseded(desk, pull, work.head)
        return TaskResult(SUPERSEDED)
    if work.head:
        await Checking(desk, work.number, work.head).broke(CancelledError(f"it was cancelled ({why})"))
    return TaskResult("cancelled")


def _narrowed(work: Work, context: Context) -> Work:
    """The work with the number and the head that were found out for it."""
    number, head = context.get("number"), context.get("head")
    return replace(
        work,
        number=number if isinstance(number, int) else work.number,
        head=head if isinstance(head, str) else work.head,
    )


def review_of(event: Asked) -> ReviewRequested:
    """The event of a review.

    Raises:
        CodedesignerError: it is another's.
    """
    if not isinstance(event, ReviewRequested):
        raise CodedesignerError(f"{type(event).__name__} asks for no review")
    return event
