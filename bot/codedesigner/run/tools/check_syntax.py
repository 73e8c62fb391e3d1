"""Whether a file can be parsed."""

from __future__ import annotations

import asyncio

from codedesigner.change.languages import WITH_GRAMMAR
from codedesigner.change.model import encode
from codedesigner.change.parsing import Outline, Source, outlines
from codedesigner.config.shape import Closed
from codedesigner.run.tools.arguments import At, FilePath
from codedesigner.run.tools.base import Tool, ToolContext, ToolError, ToolResult
from codedesigner.run.tools.places import read_text
from codedesigner.run.tools.shown import clean, counted

_SECONDS = 10.0


class CheckSyntax(Closed):
    """Which file."""

    path: FilePath
    at: At = "head"


def _look(asked: CheckSyntax, context: ToolContext) -> ToolResult:
    found = read_text(context, asked.path, asked.at)
    if isinstance(found, str):
        return ToolResult(found)
    name = f"{clean(found.path)} at {asked.at}"
    if found.language is None or found.language not in WITH_GRAMMAR:
        raise ToolError(f"{name} was not checked: there is no grammar for {found.language or 'such files'}")
    source = Source(found.language, encode(found.text))
    (parsed,) = outlines([source], timeout_s=min(_SECONDS, context.seconds_left()))
    if not isinstance(parsed, Outline):
        raise ToolError(f"{name} was not checked: {parsed.reason}")
    what = "has syntax errors" if parsed.broken else "has no syntax errors"
    return ToolResult(f"{name} {what} ({found.language}, {counted(len(parsed.spans), 'definition')})")


async def _run(asked: CheckSyntax, context: ToolContext) -> ToolResult:
    return await asyncio.to_thread(_look, asked, context)


CHECK_SYNTAX = Tool("check_syntax", CheckSyntax, _run)
