"""Explorer: the review itself, and that of a merge queue's commit."""

from __future__ import annotations

from codedesigner.errors import UsageError
from codedesigner.event.model import QueueEntered
from codedesigner.publish.discussion import PullRequest
from codedesigner.publish.report import Report, to_json
from codedesigner.publish.scrub import scrubbed
from codedesigner.pullrequest.desk import Desk, Order
from codedesigner.pullrequest.handling import handle
from codedesigner.pullrequest.standing import standing_of
from codedesigner.service.modules.base import PullModule, TaskResult, review_of
from codedesigner.service.modules.researcher import BRIEFS, briefed
from codedesigner.service.task import Task, TaskType
from codedesigner.service.work import Asked


class Explorer(PullModule):
    """`exploration`: every angle asked, cross-examined and judged; its report is kept, so it is made once.

    `review`: the commit that a merge queue would merge, from its beginning to its check.
    """

    name = "explorer"

    async def _perform(self, task: Task, desk: Desk, event: Asked) -> TaskResult:
        if isinstance(event, QueueEntered):
            ended = await handle(event, desk)
            return TaskResult(context={"exit_code": ended.exit_code})
        asked = review_of(event)
        if task.work.number is None:
            raise UsageError("the task names no pull request")
        pull = await desk.forge.pull(task.work.number)
        if pull.head != task.work.head or pull.state != "open":
            return TaskResult("moved", {"next": "incorporate_insight"})
        return await self._explored(task, desk, pull, full=asked.full)

    async def _explored(self, task: Task, desk: Desk, pull: PullRequest, *, full: bool) -> TaskResult:
        stand = await standing_of(desk, pull)
        prepared = await desk.reviewing.prepare(Order(pull, pull.base, pull.head, stand.standing, full))
        prepared = briefed(prepared, await self.bench.result(str(task.context.get(BRIEFS, ""))))
        request = prepared.request
        if pull.draft and request.settings.forge.drafts == "skip" and request.mode.enabled:
            return TaskResult("draft", {"next": "draft_section"})
        report, leaked = scrubbed(await desk.reviewing.review(prepared), desk.secrets)
        kind = _publishing(report, again=task.context.get("reviewed_before") is True)
        found = {"next": kind, "findings": len(report.findings), "functions": report.change.functions}
        # A report that held a secret is not kept: whoever publishes it has to see that it did.
        return TaskResult(context=found, result="" if leaked else to_json(report))

    def _after(self, task: Task) -> list[Task]:
        if task.task_type != "synthesize_findings" or task.outcome != "done":
            return []
        return [self.follower(task, "exploration", task.context)]


def _publishing(report: Report, *, again: bool) -> TaskType:
    """What publishing is mostly about: threads that stand already, new findings, or the summary alone."""
    if again:
        return "review_section"
    posted = any(finding.disposition == "posted" for finding in report.findings)
    return "incorporate_insight" if posted else "draft_section"
