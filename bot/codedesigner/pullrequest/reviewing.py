"""A pull request reviewed: read, reviewed, published, decided; its check ends in every case."""

from __future__ import annotations

from codedesigner.assembly.request import Prepared
from codedesigner.publish.discussion import PullRequest
from codedesigner.publish.forge.links import links_of
from codedesigner.publish.forge.remembered import DecisionMark
from codedesigner.publish.forge.verdict import Circumstances, draft, verdict
from codedesigner.publish.gate import EXIT_CODES
from codedesigner.publish.report import Report
from codedesigner.publish.scrub import scrubbed
from codedesigner.pullrequest.checking import Checking
from codedesigner.pullrequest.desk import Desk, Ended, Order
from codedesigner.pullrequest.published import publish, say_that_it_is_off
from codedesigner.pullrequest.standing import Stand, standing_of


async def review_pull(desk: Desk, pull: PullRequest, *, full: bool = False) -> Ended:
    """Review the head of a pull request, and say on the forge what came of it.

    Raises:
        CodedesignerError: the review could not be made; the check of the head says so.
    """
    checking = Checking(desk, pull.number, pull.head)
    try:
        stand = await standing_of(desk, pull)
        await checking.begin(stand.remembered.state.head)
        return await _reviewed(desk, pull, stand, checking, full=full)
    except BaseException as error:
        await checking.broke(error)
        raise


async def _reviewed(desk: Desk, pull: PullRequest, stand: Stand, checking: Checking, *, full: bool) -> Ended:
    prepared = await desk.reviewing.prepare(Order(pull, pull.base, pull.head, stand.standing, full))
    policy = prepared.request.settings.forge
    if pull.draft and policy.drafts == "skip" and prepared.request.mode.enabled:
        await checking.end(draft(pull.head, run=desk.run))
        return Ended(EXIT_CODES["inconclusive"], ("drafts are not reviewed",))
    report, leaked = scrubbed(await desk.reviewing.review(prepared), desk.secrets)
    given = circumstances(desk, prepared, override=stand.remembered.override(pull.head), leaked=leaked)
    links = links_of(pull, desk.forge.kind, report.change)
    # People may have decided, and runs may have posted, while this one was looking.
    now = await desk.forge.pull(pull.number)
    if now.head != pull.head:
        await checking.end(verdict(report, links, given))
        return Ended(
            exit_code(report, given), (f"the head moved to {now.head[:12]}: nothing is posted",), report, prepared
        )
    if not report.mode.enabled:
        notes = await say_that_it_is_off(desk, now, stand)
        await checking.end(verdict(report, links, given))
        return Ended(exit_code(report, given), notes, report, prepared)
    published = await publish(desk, now, await standing_of(desk, now), prepared, report, links)
    await checking.end(verdict(published.report, links, given))
    return Ended(exit_code(report, given), published.notes, published.report, prepared)


def circumstances(
    desk: Desk, prepared: Prepared, *, override: DecisionMark | None = None, queue: bool = False, leaked: bool = False
) -> Circumstances:
    """What decides about the check beside the report."""
    gate = prepared.request.settings.gate
    return Circumstances(
        on_inconclusive=gate.on_inconclusive,
        coverage=gate.coverage,
        override=override,
        leaked=leaked,
        queue=queue,
        run=desk.run,
    )


def exit_code(report: Report, given: Circumstances) -> int:
    """The job's exit code: the gate's, unless somebody who may has overridden it or let it through."""
    if given.leaked:
        return EXIT_CODES["fail"]
    if given.override is not None or not report.mode.enabled:
        return 0
    if report.gate.conclusion == "inconclusive" and given.on_inconclusive == "pass":
        return 0
    return EXIT_CODES[report.gate.conclusion]
