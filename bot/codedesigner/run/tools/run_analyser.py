"""What analysers say about a file."""

from __future__ import annotations

import asyncio
from typing import Annotated

from pydantic import Field, StringConstraints

from codedesigner.config.shape import Closed
from codedesigner.protocol.issue import Answer, Issue, Source
from codedesigner.run.reviewer import Reviewer
from codedesigner.run.tools.arguments import At, FilePath
from codedesigner.run.tools.base import Tool, ToolContext, ToolError, ToolResult
from codedesigner.run.tools.places import Text, read_text
from codedesigner.run.tools.shown import clean, clipped, counted, listed

_KEY = "tool"


class RunAnalyser(Closed):
    """Which file, and who is asked."""

    path: FilePath
    analyser: Annotated[
        str, StringConstraints(max_length=100), Field(description="Only this one; empty: all that read such files.")
    ] = ""
    at: At = "head"


async def _run(asked: RunAnalyser, context: ToolContext) -> ToolResult:
    text = await asyncio.to_thread(read_text, context, asked.path, asked.at)
    if isinstance(text, str):
        return ToolResult(text)
    chosen = _chosen(asked, text, context)
    source = Source(_KEY, text.path, text.language, text.text)
    said = await asyncio.gather(*(_asked(reviewer, source) for reviewer in chosen))
    found = [(issue, name) for name, answer in said for issue in answer.issues]
    rows = [_row(issue, name) for issue, name in sorted(found, key=lambda pair: (pair[0].line, pair[1], pair[0].rule))]
    failed = [f"{name} gave no full answer: {_why(answer)}" for name, answer in said if answer.status != "answered"]
    by = ", ".join(name for name, _ in said)
    head = f"{counted(len(rows), 'issue')} in {clean(text.path)} at {asked.at}, by {by}"
    shown, cut = listed("\n".join([head, *failed]), rows, context.most_characters, "issue")
    return ToolResult(shown, cut)


def _chosen(asked: RunAnalyser, text: Text, context: ToolContext) -> list[Reviewer]:
    known = context.reviewers
    if asked.analyser and asked.analyser not in known:
        raise ToolError(f"there is no analyser {clipped(asked.analyser)} here; there is {', '.join(sorted(known))}")
    wanted = [known[asked.analyser]] if asked.analyser else [known[name] for name in sorted(known)]
    able = [reviewer for reviewer in wanted if reviewer.can_examine(text.path, text.language)]
    if not able:
        raise ToolError(f"no analyser that was asked reads {clean(text.path)}")
    there = [reviewer for reviewer in able if reviewer.unavailable is None]
    if not there:
        reasons = "; ".join(f"{one.id}: {clipped(one.unavailable or '')}" for one in able)
        raise ToolError(f"no analyser of such files can work here: {reasons}")
    return there


async def _asked(reviewer: Reviewer, source: Source) -> tuple[str, Answer]:
    said = await reviewer.examine([source])
    return reviewer.id, said.answers.get(_KEY, Answer("failed", detail="it gave no answer about this file"))


def _why(answer: Answer) -> str:
    return f"{answer.status}, {clipped(answer.detail, 200)}" if answer.detail else answer.status


def _row(issue: Issue, name: str) -> str:
    rule = f"{name} {issue.rule}".strip()
    return f"line {issue.line}: {clipped(' '.join(issue.message.split()), 300)} [{clean(issue.kind)}; {clean(rule)}]"


RUN_ANALYSER = Tool("run_analyser", RunAnalyser, _run)
