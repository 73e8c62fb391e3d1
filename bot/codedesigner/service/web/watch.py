"""What the dashboard knows at a moment, read from the database once however many are looking."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from codedesigner.publish.report import Report
from codedesigner.service.board import Board, Figures, Happening, WorkerSeen
from codedesigner.service.modules.research import Evaluated, from_text
from codedesigner.service.quotas import QuotaBoard, QuotaSeen
from codedesigner.service.reviews import ReviewBoard, ReviewsSeen
from codedesigner.service.task import Task, TaskType
from codedesigner.service.web.researched import RESEARCH
from codedesigner.vote.history import Record

FRESH_S = 1.0
STEADY_S = 30.0
"""So long what was learned of outcomes is good: people answer to findings by the minute at most."""
MOST_GOING = 500


class Outcomes(Protocol):
    """What is known of how often locations were right."""

    def __call__(self) -> Sequence[Record]:
        """All of it; called in a thread."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that pages about the whole service show."""

    at: float
    figures: Figures
    going: tuple[Task, ...]
    ended: tuple[Task, ...]
    workers: tuple[WorkerSeen, ...]
    quotas: tuple[QuotaSeen, ...]
    reviews: ReviewsSeen
    records: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class SeenTask:
    """One task with all that belongs to it: the report of its work, and the sources that were judged for it.

    `research` is what the researcher's tasks of that work have left, as far as it is kept.
    """

    task: Task
    together: tuple[Task, ...]
    events: tuple[Happening, ...]
    report: Report | None
    sources: Evaluated | None = None
    research: Mapping[TaskType, str] = field(default_factory=dict)


class Watch:
    """Reads for all who look; what was read is good for `FRESH_S` seconds, outcomes longer.

    `now` is the time that workers share.
    """

    def __init__(
        self,
        board: Board,
        quotas: QuotaBoard,
        reviews: ReviewBoard,
        outcomes: Outcomes,
        *,
        now: Callable[[], float],
        ticks: Callable[[], float],
    ) -> None:
        self._board = board
        self._quotas = quotas
        self._reviews = reviews
        self._outcomes = outcomes
        self.now = now
        self._ticks = ticks
        self._turn = asyncio.Lock()
        self._seen: Seen | None = None
        self._until = self._steady_until = 0.0
        self._records: tuple[Record, ...] = ()

    async def seen(self) -> Seen:
        """The service as it is.

        Raises:
            DatabaseError: the database cannot be used.
        """
        async with self._turn:
            if self._seen is None or self._ticks() >= self._until:
                self._seen = await self._read()
                self._until = self._ticks() + FRESH_S
            return self._seen

    async def task(self, name: str) -> SeenTask | None:
        """One task; None where there is none of that name."""
        task = await self._board.task(name) if name.isascii() and name.isprintable() else None
        if task is None:
            return None
        together = tuple(await self._board.together(task))
        # Its review may be another task of the same work: the newest that has left one.
        left = next((one for one in (task, *reversed(together)) if one.work == task.work and _reported(one)), None)
        report = None if left is None else await self._reviews.whole(left.id)
        judged = next((one for one in (task, *reversed(together)) if _judged(one, task)), None)
        sources = None if judged is None else from_text(Evaluated, await self._board.report(judged))
        asked = {one.task_type: one for one in together if one.task_type in RESEARCH and one.work == task.work}
        research = {kind: await self._board.report(one) for kind, one in asked.items()}
        return SeenTask(task, together, tuple(await self._board.timeline(task)), report, sources, research)

    async def _read(self) -> Seen:
        return Seen(
            self.now(),
            await self._board.figures(),
            tuple(await self._board.going(limit=MOST_GOING)),
            tuple(await self._board.finished(limit=12)),
            tuple(await self._board.workers()),
            await self._quotas.quotas(),
            await self._reviews.reviews(),
            await self._known(),
        )

    async def _known(self) -> tuple[Record, ...]:
        if self._ticks() >= self._steady_until:
            self._records = tuple(await asyncio.to_thread(self._outcomes))
            self._steady_until = self._ticks() + STEADY_S
        return self._records


def _reported(task: Task) -> bool:
    """Whether it has left a report: its stages before leave something else."""
    return task.module == "explorer" and "findings" in task.context


def _judged(one: Task, task: Task) -> bool:
    """Whether it has judged the sources of the task's work."""
    return one.task_type == "evaluate_source" and one.state == "completed" and one.work == task.work
