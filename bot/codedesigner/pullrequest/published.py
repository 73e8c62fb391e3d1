"""From a report to all that stands on a pull request: which findings are known, what to write, the summary last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import fsum

from codedesigner.assembly.request import Prepared
from codedesigner.config.loader import REPO_FILE
from codedesigner.errors import ForgeError
from codedesigner.pool.budget import Spent
from codedesigner.publish.discussion import PullRequest
from codedesigner.publish.forge.comment import Page
from codedesigner.publish.forge.links import Links
from codedesigner.publish.forge.outcomes import note_outcomes
from codedesigner.publish.forge.recall import Remembered, recall
from codedesigner.publish.forge.recognise import Recognised, recognise
from codedesigner.publish.forge.reconcile import Reconciled, reconcile, said_twice
from codedesigner.publish.forge.remembered import ReportMark
from codedesigner.publish.forge.state import next_state
from codedesigner.publish.forge.summary import Told, review_body, spare_body, summary_body
from codedesigner.publish.forge.walkthrough import steering_notices
from codedesigner.publish.inputs import RenderInput
from codedesigner.publish.plain import plural
from codedesigner.publish.report import Report
from codedesigner.publish.sanitise import code, prose
from codedesigner.pullrequest.desk import Desk
from codedesigner.pullrequest.keeping import report_mark
from codedesigner.pullrequest.publishing import Publishing, at_their_places
from codedesigner.pullrequest.standing import Stand


@dataclass(frozen=True, slots=True)
class Published:
    """What was published: the report with the names that findings have on the pull request. `notes` are for the log.

    `kept` is the digest of the report as the summary keeps it; empty where it does not.
    """

    report: Report
    notes: tuple[str, ...] = ()
    kept: str = ""


async def publish(
    desk: Desk, pull: PullRequest, stand: Stand, prepared: Prepared, report: Report, links: Links, *, keep: bool = True
) -> Published:
    """Write what there is to write, and `keep` the report for decisions to come.

    What the forge does not take is in the notes, and in the summary where that stands.

    Raises:
        ForgeError: the forge cannot be read any more.
    """
    policy, files = prepared.request.settings.forge, prepared.request.change.files
    recognised = recognise(report, stand.remembered, files)
    page = Page(
        forge=desk.forge.kind,
        links=links,
        signer=stand.signer,
        head=pull.head,
        blocking=frozenset(recognised.report.gate.blocking),
        threads=policy.blocking_threads,
        answers=policy.answers and prepared.supervisor is not None,
    )
    reconciled = reconcile(recognised, stand.remembered, files, page, inline=policy.inline)
    there = stand.remembered.summary
    writing = Publishing(desk, pull, stand, resolve=policy.resolve_threads)
    telling = _Telling(writing, prepared, recognised, page, keep=keep)
    kept = ""
    above = telling.words(reconciled) if there is None else review_body(page, reconciled, there.url)
    await writing.threads(reconciled, *above, lasting=there is None)
    posting = bool(reconciled.posts)
    if writing.stale:
        return Published(recognised.report, tuple(writing.notes))
    reconciled = at_their_places(reconciled, writing.refused)
    if not writing.stopped or writing.refused:
        standing = stand.remembered
        if posting:
            # A run beside this one may have posted the same in the same moment: both see it now, and keep the older.
            standing = await _standing(desk, pull, stand)
            await writing.edits(said_twice(standing, page))
        # What stands above a first review could not know the addresses of its comments, nor which were refused.
        body, key = telling.words(reconciled, standing)
        if await writing.summary(standing.summary, body, key):
            kept = telling.kept_in(body)
        await _point_to_first(writing, page, standing)
        if stand.remembered.summary is None:
            # The same with the first summary, of which there may be two now.
            await _point_to_first(writing, page, await _standing(desk, pull, stand))
    if desk.book is not None:
        ignored = {stand.me.id, pull.author.id}
        now = await _standing(desk, pull, stand)
        note_outcomes(desk.book, f"{pull.repo}#{pull.number}", now, pull.head, ignored)
    return Published(recognised.report, tuple(writing.notes), kept)


async def _standing(desk: Desk, pull: PullRequest, stand: Stand) -> Remembered:
    """What stands now: the new comments have addresses."""
    return recall(await desk.forge.discussion(pull), stand.me, stand.signer)


@dataclass(frozen=True, slots=True)
class _Telling:
    """Makes the summary of one run."""

    writing: Publishing
    prepared: Prepared
    recognised: Recognised
    page: Page
    keep: bool

    @property
    def mark(self) -> ReportMark | None:
        """What is kept of the report."""
        return report_mark(self.prepared, self.recognised.report) if self.keep else None

    def kept_in(self, body: str) -> str:
        """The digest of the report, where the summary has room for it."""
        mark, signer = self.mark, self.page.signer
        return signer.digest(mark) if mark is not None and signer.mark(mark) in body else ""

    def words(self, reconciled: Reconciled, standing: Remembered | None = None) -> tuple[str, str]:
        """The summary, and what finds it again; `standing` has the addresses of comments where these are known.

        Without it the words are sent around with the review, and what is kept comes with the first edit.
        """
        report, before = self.recognised.report, self.writing.stand.remembered.state
        spent = spent_by(report)
        state = next_state(before, self.recognised, reconciled, spent)
        configured = self.prepared.config_commit
        told = Told(
            given=_rendered(report, self.prepared),
            page=self.page,
            reconciled=reconciled,
            urls=_urls(standing or self.writing.stand.remembered),
            since=state.before,
            configuration=REPO_FILE if configured else "the defaults",
            configured=configured,
            notices=(*steering_notices(report), *_notices(self.writing)),
            total=Spent(before.calls, before.tokens, before.usd or 0.0).plus(spent),
            kept=None if standing is None else self.mark,
        )
        return summary_body(told, state), self.page.signer.mark(state)


async def _point_to_first(writing: Publishing, page: Page, standing: Remembered) -> None:
    there = standing.summary
    await writing.spare(standing.spare, spare_body(page, there.url if there is not None else ""))


def _notices(writing: Publishing) -> Iterator[str]:
    """What people decided and what became of that, where no finding says so."""
    override = writing.stand.remembered.override(writing.pull.head)
    if override is not None:
        by, reason = code(override.login), prose(override.reason, cell=True)
        yield f"**The check passes for {code(override.sha[:12])} all the same**, overridden by {by}: {reason}"
    doubted = len(writing.stand.doubted)
    if doubted:
        why = "the command is gone, was edited, or its author may not write any more"
        yield f"{plural(doubted, 'earlier decision')} did not count: {why}."


def _rendered(report: Report, prepared: Prepared) -> RenderInput:
    wanted = frozenset(finding.path for finding in report.findings)
    files = [file for file in prepared.request.change.files if file.path in wanted]
    return RenderInput(
        report,
        {file.path: file.new_lines for file in files},
        {file.path: tuple((file.old_text or "").split("\n")) for file in files if file.old_text is not None},
    )


def _urls(standing: Remembered) -> dict[str, str]:
    return {f"F{one.mark.number}": one.comment.url for one in standing.posted if one.comment.url}


def spent_by(report: Report) -> Spent:
    """What a review used, as its report says."""
    usage = report.usage
    return Spent(usage.model_calls, usage.tokens_in + usage.tokens_out, fsum(one.cost_usd for one in report.locations))


async def say_that_it_is_off(desk: Desk, pull: PullRequest, stand: Stand) -> tuple[str, ...]:
    """A summary that stands says that nobody looks any more: its verdict is an old one."""
    there, switched = stand.remembered.summary, stand.remembered.switched
    if there is None:
        return ()
    by = f" by {code(switched.login)}" if switched is not None else ""
    words = f"**Not reviewed any more: switched off{by}.** What follows is from before.\n\n"
    if there.body.startswith(words):
        return ()
    try:
        await desk.forge.edit(pull, there, words + there.body)
    except ForgeError as error:
        return (f"the summary does not say that reviewing is off: {error.message}",)
    return ()
