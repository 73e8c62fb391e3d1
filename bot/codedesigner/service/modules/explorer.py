"""Explorer: the review itself, stage by stage, and that of a merge queue's commit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from codedesigner.assembly.request import Prepared
from codedesigner.assembly.staged import Held, Noted, OtherError, UnderWay, gone_on_with, read, written
from codedesigner.errors import UnavailableError, UsageError
from codedesigner.event.model import QueueEntered
from codedesigner.publish.discussion import PullRequest
from codedesigner.publish.report import Report, to_json
from codedesigner.publish.scrub import scrubbed
from codedesigner.pullrequest.desk import Desk, Order
from codedesigner.pullrequest.handling import handle
from codedesigner.pullrequest.linking import with_issues
from codedesigner.pullrequest.standing import standing_of
from codedesigner.pullrequest.superseding import closed
from codedesigner.run.passes import Asked as Answers
from codedesigner.service.modules.base import Bench, PullModule, TaskResult, review_of
from codedesigner.service.modules.researcher import BRIEFS, briefed
from codedesigner.service.room import asking
from codedesigner.service.task import CLOSED, Json, Task, TaskType
from codedesigner.service.work import Asked
from codedesigner.stages import STAGES, SoFar, Stage

MOST_KEPT = 8_000_000
"""Characters of what a stage leaves for the next. Of what is more, the next stages are made by the same task."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A pull request's review at a stage: prepared, and as far as it has come."""

    prepared: Prepared
    noted: Noted | None
    held: Held | None
    so_far: SoFar

    def under_way(self, so_far: SoFar) -> UnderWay:
        """What is left for the next stage."""
        held = self.noted.held if self.noted is not None else self.held
        assert held is not None  # noqa: S101 -- one of the two is there
        return UnderWay(held, so_far)


class Explorer(PullModule):
    """A review by stages. `exploration`: files and items are looked at from every angle; `critique`: what one found is
    put to the others; `synthesis`: the supervisor judges what is unclear; `review`: fixes are proved, the gate decides,
    and the report is kept. A stage that nobody is there for is left out.

    What a stage has left is enough to go on; where that cannot be used, the next one begins at the beginning. The
    `review` of a merge queue's commit is whole, from its beginning to its check.
    """

    name = "explorer"

    def __init__(self, bench: Bench, *, most_kept: int = MOST_KEPT) -> None:
        super().__init__(bench)
        self._most_kept = most_kept

    async def _perform(self, task: Task, desk: Desk, event: Asked) -> TaskResult:
        if isinstance(event, QueueEntered):
            ended = await handle(event, desk)
            return TaskResult(context={"exit_code": ended.exit_code})
        asked = review_of(event)
        if task.work.number is None:
            raise UsageError("the task names no pull request")
        pull = await desk.forge.pull(task.work.number)
        if pull.head != task.work.head:
            return TaskResult("moved", {"next": "incorporate_insight"})
        if pull.state != "open":
            await closed(desk, pull)
            return TaskResult(CLOSED)
        case = await self._case(task, desk, pull, full=asked.full)
        request = case.prepared.request
        if pull.draft and request.settings.forge.drafts == "skip" and request.mode.enabled:
            return TaskResult("draft", {"next": "draft_section"})
        return await self._carried(task, desk, case)

    async def _case(self, task: Task, desk: Desk, pull: PullRequest, *, full: bool) -> _Case:
        """Prepared as the first stage was, where that has left something; else anew."""
        known = await self._left(task)
        if known is None:
            standing, start = (await standing_of(desk, pull)).standing, str(task.context.get("start", ""))
        else:
            standing, start = known.held.standing, known.held.start
        prepared = await desk.reviewing.prepare(Order(pull, pull.base, pull.head, standing, full, start))
        prepared = briefed(prepared, await self.bench.result(str(task.context.get(BRIEFS, ""))))
        if known is None:
            noted = Noted(await with_issues(prepared, desk.forge), standing)
            return _Case(noted.prepared, noted, None, SoFar())
        return _Case(gone_on_with(prepared, known.held), None, known.held, known.so_far)

    async def _left(self, task: Task) -> UnderWay | None:
        """What the stage before has left; None where it left nothing that this version knows."""
        if task.task_type == "exploration":
            return None
        text = await self.bench.result(str(task.context.get("after", "")))
        try:
            return await asyncio.to_thread(read, text) if text else None
        except OtherError:
            return None

    async def _carried(self, task: Task, desk: Desk, case: _Case) -> TaskResult:
        supervisor = case.prepared.supervisor
        never = supervisor is not None and supervisor.limits.deep_daily == 0
        until, deep = cast("Stage", task.task_type), not never and self.bench.deep(task)
        facts = asking(case.prepared)
        if case.prepared.git is None:
            until = "review"  # the change came from the forge's API, which is not to be asked for it by every stage
        came = await desk.reviewing.advance(case.prepared, case.so_far, until, deep=deep)
        if isinstance(came, SoFar):
            if until == "exploration" and came.explored is not None and away(came.explored.asked):
                raise UnavailableError("none of the models can be reached")
            text = await asyncio.to_thread(written, case.under_way(came))
            # What holds a secret is not kept: whoever goes on has to see that it does.
            if len(text) <= self._most_kept and not await asyncio.to_thread(desk.secrets.are_in, text):
                found: dict[str, Json] = {"next": _next(until, facts), "start": case.prepared.request.change.base}
                return TaskResult(context={**facts, **found}, result=text)
            came = await desk.reviewing.advance(case.prepared, came, "review", deep=deep)
        assert isinstance(came, Report)  # noqa: S101 -- that is what the last stage comes to
        return self._reported(task, desk, came)

    def _reported(self, task: Task, desk: Desk, whole: Report) -> TaskResult:
        report, leaked = scrubbed(whole, desk.secrets)
        kind = _publishing(report, again=task.context.get("reviewed_before") is True)
        found = {"next": kind, "findings": len(report.findings), "functions": report.change.functions}
        # A report that held a secret is not kept: whoever publishes it has to see that it did.
        return TaskResult(context=found, result="" if leaked else to_json(report))

    def _after(self, task: Task) -> list[Task]:
        if task.task_type == "synthesize_findings" and task.outcome == "done":
            return [self.follower(task, "exploration", task.context)]
        following = task.context.get("next")
        if task.module != "explorer" or following not in STAGES:
            return []
        return [self.follower(task, cast("TaskType", following), task.context)]


def _next(stage: Stage, facts: Mapping[str, Json]) -> Stage:
    """The next stage in which somebody is asked, or the last."""
    asked = {"critique": bool(facts["models"]), "synthesis": facts["supervisor"] is not None, "review": True}
    return next(each for each in STAGES[STAGES.index(stage) + 1 :] if asked[each])


def away(asked: Answers) -> bool:
    """Whether there were models to ask, and nothing leads to any of them: later there may."""
    said = [answer.status for answers in asked.answers.values() for answer in answers.values()]
    return bool(said) and all(status == "offline" for status in said)


def _publishing(report: Report, *, again: bool) -> TaskType:
    """What publishing is mostly about: threads that stand already, new findings, or the summary alone."""
    if again:
        return "review_section"
    posted = any(finding.disposition == "posted" for finding in report.findings)
    return "incorporate_insight" if posted else "draft_section"
