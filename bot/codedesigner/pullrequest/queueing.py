"""The check of a merge queue's own commit: the same review, the decisions of its pull request, and nothing posted."""

from __future__ import annotations

from codedesigner.errors import UsageError
from codedesigner.event.model import QueueEntered
from codedesigner.publish.discussion import PullRequest
from codedesigner.publish.forge.links import links_of
from codedesigner.publish.forge.remembered import DecisionMark
from codedesigner.publish.forge.verdict import broken, verdict
from codedesigner.publish.gate import EXIT_CODES
from codedesigner.publish.scrub import scrubbed
from codedesigner.pullrequest.checking import Checking
from codedesigner.pullrequest.desk import Desk, Ended, Order
from codedesigner.pullrequest.reviewing import circumstances, exit_code
from codedesigner.pullrequest.standing import standing_of


async def review_queue(event: QueueEntered, desk: Desk) -> Ended:
    """Review what the queue would merge.

    Raises:
        CodedesignerError: it could not be reviewed; the check says so.
    """
    checking = Checking(desk, event.number, event.head)
    if event.number is None:
        await checking.end(
            broken(event.head, "the merge queue's branch is not understood", detail=event.reason, run=desk.run)
        )
        return Ended(EXIT_CODES["inconclusive"], (event.reason,))
    try:
        await checking.begin()
        pull = await desk.forge.pull(event.number)
        return await _reviewed(desk, event, pull, checking)
    except BaseException as error:
        await checking.broke(error)
        raise


async def _reviewed(desk: Desk, event: QueueEntered, pull: PullRequest, checking: Checking) -> Ended:
    stand = await standing_of(desk, pull)
    if pull.state != "open":
        raise UsageError(f"pull request {pull.number} is {pull.state}")
    prepared = await desk.reviewing.prepare(Order(pull, event.base, event.head, stand.standing))
    report, leaked = scrubbed(await desk.reviewing.review(prepared), desk.secrets)
    override = stand.remembered.override(pull.head)
    given = circumstances(desk, prepared, override=_moved(override, event.head), queue=True, leaked=leaked)
    links = links_of(pull, desk.forge.kind, report.change)
    await checking.end(verdict(report, links, given, sha=event.head))
    return Ended(exit_code(report, given), (), report, prepared)


def _moved(override: DecisionMark | None, sha: str) -> DecisionMark | None:
    """An override of the pull request's head is about what the queue merges, whose commit is another."""
    return None if override is None else override.model_copy(update={"sha": sha})
