"""Lines of a file."""

from __future__ import annotations

import asyncio
from typing import Annotated

from pydantic import Field, model_validator

from codedesigner.config.shape import Closed
from codedesigner.run.tools.arguments import At, FilePath
from codedesigner.run.tools.base import Tool, ToolContext, ToolError, ToolResult
from codedesigner.run.tools.places import read_text
from codedesigner.run.tools.shown import clean, counted, fit, numbered

_MOST_LINES = 1_000_000


class ReadFile(Closed):
    """Which lines of which file."""

    path: FilePath
    start_line: Annotated[int, Field(ge=1, le=_MOST_LINES, description="The first line to show.")] = 1
    end_line: Annotated[
        int | None, Field(ge=1, le=_MOST_LINES, description="The last line to show; none: the file's last.")
    ] = None
    at: At = "head"

    @model_validator(mode="after")
    def _ordered(self) -> ReadFile:
        if self.end_line is not None and self.end_line < self.start_line:
            raise ValueError("end_line comes before start_line")
        return self


def _look(asked: ReadFile, context: ToolContext) -> ToolResult:
    found = read_text(context, asked.path, asked.at)
    if isinstance(found, str):
        return ToolResult(found)
    lines = found.lines
    if not lines:
        return ToolResult(f"{clean(found.path)} is empty at {asked.at}")
    if asked.start_line > len(lines):
        raise ToolError(f"start_line is {asked.start_line}, and {clean(found.path)} has {counted(len(lines), 'line')}")
    wanted = lines[asked.start_line - 1 : asked.end_line]
    head = f"{clean(found.path)} at {asked.at}, {counted(len(lines), 'line')}"
    fitted = fit([head, *numbered(wanted, asked.start_line)], context.most_characters)
    if not fitted.left:
        return ToolResult(fitted.text)
    next_line = asked.start_line + max(0, len(fitted.lines) - 1)
    last = asked.start_line + len(wanted) - 1
    return ToolResult(fitted.text, f"lines {next_line}-{last}; start_line {next_line} shows more")


async def _run(asked: ReadFile, context: ToolContext) -> ToolResult:
    return await asyncio.to_thread(_look, asked, context)


READ_FILE = Tool("read_file", ReadFile, _run)
