"""Researcher: what has to be known before a change is looked at. Sources are the repository and the forge alone.

No model is asked: who calls what and which document names it is found by name, exactly and for nothing. Each task
leaves a result that the next one goes on from; where that is gone, or another version wrote it, it is made again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from codedesigner.assembly.options import Standing
from codedesigner.assembly.request import Prepared
from codedesigner.publish.discussion import PullRequest
from codedesigner.pullrequest.checking import Checking
from codedesigner.pullrequest.desk import Desk, Order
from codedesigner.pullrequest.linking import NO_ISSUES, linked_issues, references, wants_issues
from codedesigner.pullrequest.requested import pull_of
from codedesigner.pullrequest.standing import standing_of
from codedesigner.pullrequest.superseding import superseded
from codedesigner.run.brief import KeptBriefs, LazyBriefs
from codedesigner.run.sources import Sources
from codedesigner.service.modules.base import SUPERSEDED, PullModule, TaskResult, review_of
from codedesigner.service.modules.research import (
    Evaluated,
    Extract,
    Findings,
    Left,
    Questions,
    extract_of,
    findings_of,
    from_text,
    questions_of,
    sources_of,
    to_text,
)
from codedesigner.service.room import asking
from codedesigner.service.task import CLOSED, Json, Task, TaskType
from codedesigner.service.work import Asked

_NEXT: Mapping[TaskType, TaskType] = {
    "generate_questions": "evaluate_source",
    "evaluate_source": "extract_content",
    "extract_content": "synthesize_findings",
}
QUESTIONS, SOURCES, EXTRACT, BRIEFS = "questions", "sources", "extract", "briefs"
"""In a task's context: the id of the task that has left it."""


class Researcher(PullModule):
    """`generate_questions`: the pull request found, its check begun, its commits fetched, the change planned.

    `evaluate_source`: which files, documents and issues may say something about it, and why others may not.
    `extract_content`: what they say. `synthesize_findings`: the briefs, as long as they may be.
    """

    name = "researcher"

    async def _perform(self, task: Task, desk: Desk, event: Asked) -> TaskResult:
        asked = review_of(event)
        pull = await pull_of(asked, desk) if task.work.number is None else await desk.forge.pull(task.work.number)
        head = task.work.head or asked.head
        if head and pull.head != head:
            await superseded(desk, pull, head)
            return TaskResult(SUPERSEDED)
        match task.task_type:
            case "generate_questions":
                return await self._questions(task, desk, pull, full=asked.full)
            case "evaluate_source":
                return await self._sources(task, desk, pull)
            case "extract_content":
                return await self._extract(task, desk, pull)
            case _:
                extract = await self._left(Extract, task, EXTRACT)
                return _result(desk, task, BRIEFS, findings_of(extract) if extract else None, {})

    async def _questions(self, task: Task, desk: Desk, pull: PullRequest, *, full: bool) -> TaskResult:
        if pull.state != "open":
            return TaskResult(CLOSED)
        stand = await standing_of(desk, pull)
        before = stand.remembered.state.head
        await Checking(desk, pull.number, pull.head).begin(before)
        prepared = await desk.reviewing.prepare(Order(pull, pull.base, pull.head, stand.standing, full))
        change = prepared.request.change
        found: dict[str, Json] = {
            "number": pull.number,
            "head": pull.head,
            "start": change.base,
            "reviewed_before": bool(before),
            "files": len(change.files),
            **asking(prepared),
        }
        return _result(desk, task, QUESTIONS, await _asked(desk, prepared, pull), found)

    async def _sources(self, task: Task, desk: Desk, pull: PullRequest) -> TaskResult:
        questions = await self._left(Questions, task, QUESTIONS)
        if questions is not None and not questions.functions:
            return _result(desk, task, SOURCES, Evaluated(Sources(notes=questions.notes)), {})
        if questions is not None and questions.here is not None:
            issues = await linked_issues(desk.forge, pull) if questions.links else NO_ISSUES
            return _result(desk, task, SOURCES, Evaluated(questions.here, issues), {})
        prepared = await _prepared(desk, pull, task)
        judged = await _evaluated(desk, pull, prepared)
        read = len(judged.files.changed) + len(judged.files.code) + len(judged.files.documents)
        counts: dict[str, Json] = {"read": read, "refused": sum(each.count for each in judged.files.refused)}
        return _result(desk, task, SOURCES, judged, counts)

    async def _extract(self, task: Task, desk: Desk, pull: PullRequest) -> TaskResult:
        questions = await self._left(Questions, task, QUESTIONS)
        if questions is not None and not questions.functions:
            return _result(desk, task, EXTRACT, Extract(notes=questions.notes), {})
        prepared = await _prepared(desk, pull, task)
        questions = questions or await _asked(desk, prepared, pull)
        sources = await self._left(Evaluated, task, SOURCES)
        if sources is None:
            sources = await _evaluated(desk, pull, prepared)
        extract = await asyncio.to_thread(extract_of, prepared, questions, sources)
        return _result(desk, task, EXTRACT, extract, {})

    async def _left(self, kind: type[Left], task: Task, name: str) -> Left | None:
        return from_text(kind, await self.bench.result(str(task.context.get(name, ""))))

    def _after(self, task: Task) -> list[Task]:
        kind = _NEXT.get(task.task_type)
        return [self.follower(task, kind, task.context)] if kind is not None and task.outcome == "done" else []


def briefed(prepared: Prepared, left: str) -> Prepared:
    """The same with the briefs that `synthesize_findings` has left; what it left out is read about when it is asked."""
    findings = from_text(Findings, left)
    if findings is None:
        return prepared
    request, brief = prepared.request, prepared.request.brief
    others = replace(brief, beside=findings.beside) if isinstance(brief, LazyBriefs) else brief
    return replace(prepared, request=replace(request, brief=KeptBriefs(findings.texts, others)))


async def _prepared(desk: Desk, pull: PullRequest, task: Task) -> Prepared:
    """The change again: from the clone where there is one, and the forge need not be asked where it starts."""
    start = task.context.get("start")
    order = Order(pull, pull.base, pull.head, Standing(), start=start if isinstance(start, str) else "")
    return await desk.reviewing.prepare(order)


async def _asked(desk: Desk, prepared: Prepared, pull: PullRequest) -> Questions:
    settings = prepared.request.settings
    nobody = ("drafts are not reviewed",) if pull.draft and settings.forge.drafts == "skip" else ()
    links = list(references(pull, desk.forge.kind)) if wants_issues(settings) else []
    return await asyncio.to_thread(partial(questions_of, prepared, nobody, links=links))


async def _evaluated(desk: Desk, pull: PullRequest, prepared: Prepared) -> Evaluated:
    files = await asyncio.to_thread(sources_of, prepared)
    wanted = wants_issues(prepared.request.settings)
    return Evaluated(files, await linked_issues(desk.forge, pull) if wanted else NO_ISSUES)


def _result(
    desk: Desk,
    task: Task,
    name: str,
    left: Questions | Evaluated | Extract | Findings | None,
    found: Mapping[str, Json],
) -> TaskResult:
    """What a task has left, and under which name followers find it. What holds a secret is not kept."""
    text = "" if left is None else to_text(left)
    kept = "" if desk.secrets.are_in(text) else text
    return TaskResult(context={**found, name: task.id}, result=kept)
