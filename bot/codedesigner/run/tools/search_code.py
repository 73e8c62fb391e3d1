"""Lines that hold a text."""

from __future__ import annotations

import asyncio
from typing import Annotated

from pydantic import Field, model_validator

from codedesigner.config.shape import Closed
from codedesigner.run.tools.arguments import At, Pattern, Place
from codedesigner.run.tools.base import Tool, ToolContext, ToolResult
from codedesigner.run.tools.places import find_place
from codedesigner.run.tools.searching import binary_note, joined, search, unsafe_regex
from codedesigner.run.tools.shown import clean, clipped, counted, listed


class SearchCode(Closed):
    """What to look for, and where."""

    pattern: Pattern
    path: Place = ""
    regex: Annotated[bool, Field(description="Whether `pattern` is a POSIX extended regular expression.")] = False
    ignore_case: Annotated[bool, Field(description="Whether `a` also finds `A`.")] = False
    at: At = "head"

    @model_validator(mode="after")
    def _bounded(self) -> SearchCode:
        reason = unsafe_regex(self.pattern) if self.regex else None
        if reason is not None:
            raise ValueError(f"pattern {reason}")
        return self


def _look(asked: SearchCode, context: ToolContext) -> ToolResult:
    paths = find_place(context, asked.path, asked.at)
    hits = search(context, asked.pattern, asked.at, paths=paths, regex=asked.regex, ignore_case=asked.ignore_case)
    note = binary_note(hits)
    if not hits.lines:
        return ToolResult("\n".join(filter(None, [f"nothing found at {asked.at}", note])), hits.cut)
    head = f"{counted(len(hits.lines), 'line')} in {counted(len(hits.by_path), 'file')} at {asked.at}"
    rows = [f"{clean(hit.path)}:{hit.line}: {clipped(hit.text.strip())}" for hit in hits.lines]
    text, cut = listed("\n".join(filter(None, [head, note])), rows, context.most_characters, "line")
    return ToolResult(text, joined(cut, hits.cut))


async def _run(asked: SearchCode, context: ToolContext) -> ToolResult:
    return await asyncio.to_thread(_look, asked, context)


SEARCH_CODE = Tool("search_code", SearchCode, _run)
