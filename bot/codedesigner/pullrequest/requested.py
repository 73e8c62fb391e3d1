"""A review that an event asks for: of which pull request, and whether it still stands where the event says."""

from __future__ import annotations

from codedesigner.errors import CodedesignerError, UsageError
from codedesigner.event.model import ReviewRequested
from codedesigner.publish.discussion import PullRequest
from codedesigner.pullrequest.checking import Checking
from codedesigner.pullrequest.desk import Desk, Ended
from codedesigner.pullrequest.reviewing import review_pull
from codedesigner.pullrequest.superseding import superseded


async def review_requested(event: ReviewRequested, desk: Desk) -> Ended:
    """Review the pull request, unless its head is another by now: then that head's own event does.

    Raises:
        UsageError: no open pull request has this head, or several have.
        ForgeError: the forge could not be read or written.
    """
    try:
        pull = await pull_of(event, desk)
    except CodedesignerError as error:
        if event.head is not None:
            await Checking(desk, event.number, event.head).broke(error)
        raise
    if event.head is not None and pull.head != event.head:
        return await superseded(desk, pull, event.head)
    if pull.state != "open":
        return Ended(0, (f"the pull request is {pull.state}",))
    return await review_pull(desk, pull, full=event.full)


async def pull_of(event: ReviewRequested, desk: Desk) -> PullRequest:
    """The pull request that the event is about.

    Where only a head is known, it has to name one pull request: a number that came with it would prove nothing.

    Raises:
        UsageError: no open pull request has this head, or several have.
        ForgeError: the forge could not be read.
    """
    if event.number is not None:
        return await desk.forge.pull(event.number)
    if event.head is None:
        raise UsageError("the event names neither a pull request nor a commit")
    found = await desk.forge.pulls_of(event.head)
    if len(found) != 1:
        what = "no open pull request has" if not found else f"{len(found)} open pull requests have"
        raise UsageError(f"{what} the head {event.head[:12]}", hint="name the pull request: the input `pull_request`")
    return found[0]
