"""A commit that is no longer the head: its check says so, and nothing else is said."""

from __future__ import annotations

from codedesigner.publish.discussion import PullRequest
from codedesigner.publish.forge.verdict import superseded as superseded_check
from codedesigner.publish.gate import EXIT_CODES
from codedesigner.pullrequest.checking import Checking
from codedesigner.pullrequest.desk import Desk, Ended


async def superseded(desk: Desk, pull: PullRequest, sha: str) -> Ended:
    """End an event about a commit that the pull request has left behind. It was not reviewed, so it is no success."""
    await Checking(desk, pull.number, sha).end(superseded_check(sha, pull.head, run=desk.run))
    return Ended(EXIT_CODES["inconclusive"], (f"{sha[:12]} is no longer the head: {pull.head[:12]} is",))
