"""What was done to a file before the change.

The change's own commits are left out: what its author says about it must not lead a reviewer.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from pydantic import Field

from codedesigner.config.shape import Closed
from codedesigner.run.tools.arguments import Place
from codedesigner.run.tools.base import Tool, ToolContext, ToolResult
from codedesigner.run.tools.shown import clean, clipped, counted, listed

_LONGEST_SUBJECT = 200


class GitLog(Closed):
    """Whose history, and how much of it."""

    path: Place = ""
    count: Annotated[int, Field(ge=1, le=50, description="The most commits to show.")] = 10


def _look(asked: GitLog, context: ToolContext) -> ToolResult:
    git = context.git()
    # A file that the change moved or added has no past under its name, and that is an answer.
    found = git.log(context.base, paths=[asked.path] if asked.path else [], limit=asked.count + 1)
    shallow = " (the clone's history is cut off)" if git.is_shallow() else ""
    about = f" of {clean(asked.path)}" if asked.path else ""
    if not found:
        return ToolResult(f"no commit{about} before the change{shallow}")
    rows = [f"{date} {clipped(subject, _LONGEST_SUBJECT)}" for date, subject in found[: asked.count]]
    head = f"the last {counted(len(rows), 'commit')}{about} before the change{shallow}"
    text, cut = listed(head, rows, context.most_characters, "commit")
    older = f"commits before the last {asked.count}" if len(found) > asked.count else ""
    return ToolResult(text, "; ".join(filter(None, [cut, older])))


async def _run(asked: GitLog, context: ToolContext) -> ToolResult:
    return await asyncio.to_thread(_look, asked, context)


GIT_LOG = Tool("git_log", GitLog, _run)
