"""A commit that is no longer the head, or that of no open pull request: its check says so, and nothing else is said."""

from __future__ import annotations

from codedesigner.publish.discussion import PullRequest
from codedesigner.publish.forge.verdict import closed as closed_check
from codedesigner.publish.forge.verdict import superseded as superseded_check
from codedesigner.publish.gate import EXIT_CODES
from codedesigner.pullrequest.checking import Checking
from codedesigner.pullrequest.desk import Desk, Ended


async def superseded(desk: Desk, pull: PullRequest, sha: str) -> Ended:
    """End an event about a commit that the pull request has left behind. It was not reviewed, so it is no success."""
    await Checking(desk, pull.number, sha).end(superseded_check(sha, pull.head, run=desk.run))
    return Ended(EXIT_CODES["inconclusive"], (f"{sha[:12]} is no longer the head: {pull.head[:12]} is",))


async def closed(desk: Desk, pull: PullRequest) -> Ended:
    """End the review of a pull request that was closed or merged meanwhile."""
    await Checking(desk, pull.number, pull.head).end(closed_check(pull.head, pull.state, run=desk.run))
    return Ended(EXIT_CODES["inconclusive"], (f"the pull request is {pull.state}",))
