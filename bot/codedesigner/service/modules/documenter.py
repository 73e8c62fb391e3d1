"""Documenter: what is said on the pull request. Findings, threads, the summary, and answers to people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from pydantic import ValidationError

from codedesigner.assembly.request import Prepared
from codedesigner.config.settings import Settings
from codedesigner.errors import UsageError
from codedesigner.publish.discussion import PullRequest
from codedesigner.publish.report import Report
from codedesigner.pullrequest.answers import Question
from codedesigner.pullrequest.desk import Desk, Order, Reviewing
from codedesigner.pullrequest.handling import handle
from codedesigner.pullrequest.reviewing import review_pull
from codedesigner.pullrequest.superseding import closed, superseded
from codedesigner.service.modules.base import SUPERSEDED, PullModule, TaskResult, review_of
from codedesigner.service.task import CLOSED, Task, TaskType
from codedesigner.service.work import Asked
from codedesigner.stages import SoFar, Stage

PUBLISHING: frozenset[TaskType] = frozenset({"incorporate_insight", "review_section", "draft_section"})


class Documenter(PullModule):
    """`address_comment`: a command obeyed, a question answered. The others publish what a review came to.

    They differ by what they are mostly about: `incorporate_insight` brings findings, `review_section` threads after a
    push, `draft_section` the summary alone. Each brings all that there is up to date.
    """

    name = "documenter"

    async def _perform(self, task: Task, desk: Desk, event: Asked) -> TaskResult:
        if task.task_type not in PUBLISHING:
            ended = await handle(event, desk)
            return TaskResult(context={"exit_code": ended.exit_code, "notes": "; ".join(ended.notes)[:500]})
        asked = review_of(event)
        if task.work.number is None:
            raise UsageError("the task names no pull request")
        pull = await desk.forge.pull(task.work.number)
        if pull.head != task.work.head:
            await superseded(desk, pull, task.work.head)
            return TaskResult(SUPERSEDED)
        report = await self._report(task)
        # What a merge brought in is worth knowing; of what was closed nobody wants to hear.
        if pull.state == "closed" or (pull.state == "merged" and report is None):
            await closed(desk, pull)
            return TaskResult(CLOSED)
        if report is not None:
            desk = replace(desk, reviewing=Kept(desk.reviewing, report, str(task.context.get("start", ""))))
        ended = await review_pull(desk, pull, full=asked.full and report is None)
        return TaskResult(context={"exit_code": ended.exit_code, "notes": "; ".join(ended.notes)[:500]})

    async def _report(self, task: Task) -> Report | None:
        """What the review came to; None where it left nothing, and then it is asked anew, from what is stored."""
        kept = await self.bench.result(str(task.context.get("after", "")))
        if not kept:
            return None
        try:
            return Report.model_validate_json(kept)
        except ValidationError:
            return None  # another version made it

    def _after(self, task: Task) -> list[Task]:
        if task.module != "explorer" or task.context.get("next") not in PUBLISHING:
            return []
        return [self.follower(task, cast("TaskType", task.context["next"]), task.context)]


@dataclass(frozen=True, slots=True)
class Kept:
    """Implements `Reviewing`; the report is there already, on a change that begins at `start`."""

    inner: Reviewing
    report: Report
    start: str = ""

    async def settings(self, pull: PullRequest) -> Settings:
        """As within."""
        return await self.inner.settings(pull)

    async def prepare(self, order: Order) -> Prepared:
        """As within."""
        return await self.inner.prepare(replace(order, start=self.start))

    async def review(self, _prepared: Prepared) -> Report:
        """The one that was made."""
        return self.report

    async def advance(self, _prepared: Prepared, _so_far: SoFar, _until: Stage, *, deep: bool = True) -> SoFar | Report:
        """There is nothing left to do."""
        return self.report

    async def answer(self, pull: PullRequest, question: Question) -> str | None:
        """As within."""
        return await self.inner.answer(pull, question)
