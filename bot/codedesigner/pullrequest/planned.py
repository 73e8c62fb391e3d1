"""What a review of a pull request would ask, without asking it."""

from __future__ import annotations

import asyncio

from codedesigner.plan.render import to_text
from codedesigner.planning import plan_change
from codedesigner.publish.discussion import PullRequest
from codedesigner.publish.sanitise import block_lines
from codedesigner.publish.suggestion import fence
from codedesigner.pullrequest.desk import Desk, Order
from codedesigner.pullrequest.standing import Stand


async def plan_of(desk: Desk, pull: PullRequest, stand: Stand) -> str:
    """The plan as Markdown.

    Raises:
        CodedesignerError: the change or its configuration cannot be read.
    """
    prepared = await desk.reviewing.prepare(Order(pull, pull.base, pull.head, stand.standing))
    planned = await asyncio.to_thread(plan_change, prepared.request)
    lines = block_lines(to_text(planned.plan)).split("\n")
    # The gutter keeps a line from beginning with what GitLab would run as a command.
    return fence("\n".join(f"│ {line}".rstrip() for line in lines), "text")
