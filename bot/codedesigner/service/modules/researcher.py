"""Researcher: what has to be known before a change is looked at. Sources are the repository and the forge alone."""

from __future__ import annotations

from codedesigner.pullrequest.checking import Checking
from codedesigner.pullrequest.desk import Desk, Order
from codedesigner.pullrequest.requested import pull_of
from codedesigner.pullrequest.standing import standing_of
from codedesigner.pullrequest.superseding import superseded
from codedesigner.service.modules.base import SUPERSEDED, PullModule, TaskResult, review_of
from codedesigner.service.task import Json, Task
from codedesigner.service.work import Asked


class Researcher(PullModule):
    """`extract_content`: the pull request found, its check begun, its commits fetched, what surrounds the change read.

    The context of every function is read from the clone when it is asked about, and kept there; here it is seen that
    all of it can be had.
    """

    name = "researcher"

    async def _perform(self, task: Task, desk: Desk, event: Asked) -> TaskResult:
        asked = review_of(event)
        pull = await pull_of(asked, desk)
        if asked.head is not None and pull.head != asked.head:
            await superseded(desk, pull, asked.head)
            return TaskResult(SUPERSEDED)
        if pull.state != "open":
            return TaskResult("closed")
        stand = await standing_of(desk, pull)
        before = stand.remembered.state.head
        await Checking(desk, pull.number, pull.head).begin(before)
        prepared = await desk.reviewing.prepare(Order(pull, pull.base, pull.head, stand.standing, asked.full))
        found: dict[str, Json] = {
            "number": pull.number,
            "head": pull.head,
            "reviewed_before": bool(before),
            "files": len(prepared.request.change.files),
        }
        return TaskResult(context=found)
