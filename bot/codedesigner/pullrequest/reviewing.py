"""A pull request reviewed: read, reviewed, published, decided; its check ends in every case."""

from __future__ import annotations

from dataclasses import dataclass, replace

from codedesigner.assembly.request import Prepared
from codedesigner.publish.discussion import PullRequest
from codedesigner.publish.forge.links import links_of
from codedesigner.publish.forge.remembered import DecisionMark, ReportMark
from codedesigner.publish.forge.verdict import Circumstances, draft, verdict
from codedesigner.publish.gate import EXIT_CODES
from codedesigner.publish.report import Report
from codedesigner.publish.scrub import scrubbed
from codedesigner.pullrequest.checking import Checking
from codedesigner.pullrequest.desk import Desk, Ended, Order
from codedesigner.pullrequest.keeping import Reuse, as_of_now, kept_report
from codedesigner.pullrequest.published import publish, say_that_it_is_off
from codedesigner.pullrequest.standing import Stand, standing_of


async def review_pull(desk: Desk, pull: PullRequest, *, full: bool = False, reuse: Reuse = "no") -> Ended:
    """Review the head of a pull request, and say on the forge what came of it.

    `reuse`: where the summary keeps the report of that head, nobody is asked, and what is told is that report under
    the decisions of now.

    Raises:
        CodedesignerError: the review could not be made; the check of the head says so.
    """
    checking = Checking(desk, pull.number, pull.head)
    try:
        stand = await standing_of(desk, pull)
        kept = await kept_report(desk, pull, stand)  # which the check proves that is about to be begun
        await checking.begin(stand.remembered.state.head)
        return await _reviewed(desk, pull, stand, checking, Kept(kept, reuse), full=full)
    except BaseException as error:
        await checking.broke(error)
        raise


async def _reviewed(
    desk: Desk, pull: PullRequest, stand: Stand, checking: Checking, kept: Kept, *, full: bool
) -> Ended:
    prepared = await desk.reviewing.prepare(Order(pull, pull.base, pull.head, stand.standing, full))
    policy = prepared.request.settings.forge
    if pull.draft and policy.drafts == "skip" and prepared.request.mode.enabled:
        await checking.end(draft(pull.head, run=desk.run))
        return Ended(EXIT_CODES["inconclusive"], ("drafts are not reviewed",))
    found = kept.report(prepared)
    report, leaked = scrubbed(found or await desk.reviewing.review(prepared), desk.secrets)
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
        # Whoever switches it on again decides about the same report.
        await checking.end(replace(verdict(report, links, given), kept=kept.digest(stand)))
        return Ended(exit_code(report, given), notes, report, prepared)
    published = await publish(desk, now, await standing_of(desk, now), prepared, report, links, keep=not leaked)
    await checking.end(replace(verdict(published.report, links, given), kept=published.kept))
    return Ended(exit_code(report, given), published.notes, published.report, prepared)


@dataclass(frozen=True, slots=True)
class Kept:
    """What was reported of the head before, and whether that does."""

    mark: ReportMark | None
    reuse: Reuse

    def report(self, prepared: Prepared) -> Report | None:
        """The report as of now; None where it has to be made."""
        return None if self.mark is None else as_of_now(self.mark, prepared, self.reuse)

    def digest(self, stand: Stand) -> str:
        """What proves it to those who come later."""
        return "" if self.mark is None else stand.signer.digest(self.mark)


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
