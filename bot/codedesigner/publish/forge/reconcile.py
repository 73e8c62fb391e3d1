"""What to do about what stands on a pull request, so that it says what the newest report says, and nothing twice.

Nothing is ever deleted: comments of ours are posted, edited, resolved and reopened. Doing all of it and asking again
gives nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from codedesigner.change.model import FileChange
from codedesigner.publish.discussion import Comment, NewThread, PullRequest, Thread
from codedesigner.publish.forge.comment import (
    Page,
    ended_body,
    finding_body,
    mark_of,
    new_thread,
    place_link,
    same_body,
)
from codedesigner.publish.forge.placing import Placed, place_findings
from codedesigner.publish.forge.recall import Posted, Remembered
from codedesigner.publish.forge.recognise import Recognised
from codedesigner.publish.forge.remembered import DecisionMark, FindingMark, Status
from codedesigner.publish.plain import shown
from codedesigner.publish.report import FindingReport, Report
from codedesigner.publish.sanitise import code
from codedesigner.vote.finding import Disposition

What = Literal["new", "still", "back", "fixed", "withdrawn", "dismissed", "unknown"]

_MOVED = "the comment stands where the code was"
_ENDED: frozenset[Status] = frozenset({"fixed", "withdrawn", "dismissed"})
_NOT_PUT_FORWARD: frozenset[Disposition] = frozenset({"below_agreement", "rejected", "outside_diff", "duplicate"})


@dataclass(frozen=True, slots=True)
class Post:
    """A comment to be placed for a finding that has none."""

    id: str
    thread: NewThread


@dataclass(frozen=True, slots=True)
class Edit:
    """Other words for a comment of ours. `thread` None: it stands outside the diff.

    Resolve first and edit then: a run that is cut off in between does both again. Neither is owed: where the token may
    not resolve, the words alone tell.
    """

    id: str
    comment: Comment
    thread: Thread | None
    body: str
    resolve: bool = False
    reopen: bool = False


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a finding since the last review, for the summary. `reason` is plain text."""

    id: str
    what: What
    title: str
    reason: str = ""
    posted: Posted | None = None


@dataclass(frozen=True, slots=True)
class Reconciled:
    """All there is to do, and what became of each finding. `placed` holds those that are told, by id."""

    posts: tuple[Post, ...]
    edits: tuple[Edit, ...]
    fates: tuple[Fate, ...]
    placed: Mapping[str, Placed]

    @property
    def done(self) -> bool:
        """Whether there is nothing to do."""
        return not self.posts and not self.edits


def is_stale(report: Report, pull: PullRequest) -> bool:
    """Whether the report is about another commit than the pull request's head; then nothing of it is published."""
    return report.change.head != pull.head


def reconcile(
    recognised: Recognised, remembered: Remembered, files: Sequence[FileChange], page: Page, *, inline: bool = True
) -> Reconciled:
    """What to do. `inline` False: no new comments are placed, and those that stand are kept up."""
    findings = [one for one in recognised.report.findings if one.disposition in ("posted", "undecided")]
    placed = {one.finding.id: one for one in place_findings(findings, files, page.forge)}
    work = _Work(recognised, placed, page, inline=inline)
    for finding in recognised.report.findings:
        work.finding(finding)
    for posted in recognised.gone:
        work.gone(posted)
    work.edits += said_twice(remembered, page)
    return Reconciled(tuple(work.posts), tuple(work.edits), tuple(work.fates), placed)


class _Work:
    """Gathers what there is to do, finding by finding."""

    def __init__(self, recognised: Recognised, placed: Mapping[str, Placed], page: Page, *, inline: bool) -> None:
        self.posts: list[Post] = []
        self.edits: list[Edit] = []
        self.fates: list[Fate] = []
        self._recognised, self._placed, self._page, self._inline = recognised, placed, page, inline

    def finding(self, finding: FindingReport) -> None:
        """What to do about a finding of the report."""
        posted = self._recognised.posted.get(finding.id)
        if finding.disposition in ("posted", "undecided"):
            self._told(finding, posted)
        elif finding.disposition == "suppressed":
            self._suppressed(finding, posted)
        elif posted is not None and posted.mark.status != "open":
            self._ended(posted)
        elif posted is not None and finding.disposition in _NOT_PUT_FORWARD:
            self._withdraw(posted, finding.reason)
        elif posted is not None:
            self._fate(finding, "still", posted, finding.reason)

    def _told(self, finding: FindingReport, posted: Posted | None) -> None:
        what: What = "new" if finding.id in self._recognised.new else "still"
        placed = self._placed[finding.id]
        if posted is not None:
            back = posted.mark.status in _ENDED
            self._keep(placed, posted, back=back)
            if back or posted.mark.back == self._page.head:
                what = "back"
        elif self._inline and placed.place is not None and finding.disposition == "posted":
            identity = self._recognised.identities[finding.id]
            self.posts.append(Post(finding.id, new_thread(placed, self._page, identity)))
        self._fate(finding, what, posted)

    def _keep(self, placed: Placed, posted: Posted, *, back: bool) -> None:
        """A comment that stands says what the report says now."""
        identity = self._recognised.identities[placed.finding.id]
        back_in = self._page.head if back else ""
        mark = mark_of(placed.finding, self._page, posted, back=back_in, identity=identity)
        moved, inline = self._has_moved(placed.finding, posted), posted.thread is not None
        placed = placed.without_block(_MOVED) if moved else _as_it_stands(placed, posted)
        body = finding_body(placed, self._page, mark, inline=inline, moved=moved)
        resolved = posted.thread is not None and posted.thread.resolved
        if not same_body(body, posted.comment.body):
            self._edit(posted, body, reopen=back and resolved)

    def _has_moved(self, finding: FindingReport, posted: Posted) -> bool:
        """Whether the thread stands in another file than the finding, whatever that file is called now."""
        thread = posted.thread
        return thread is not None and self._recognised.moves.current(shown(thread.path)) != finding.path

    def _suppressed(self, finding: FindingReport, posted: Posted | None) -> None:
        decision = self._recognised.dismissed.get(finding.id)
        if decision is None and (posted is None or posted.mark.status != "open"):
            return
        self._fate(finding, "dismissed", posted, finding.reason)
        if posted is not None and posted.mark.status == "open":
            what = f"Dismissed by {code(decision.login)}" if decision is not None else "Accepted"
            why = decision.reason if decision is not None else finding.reason
            self._edit(posted, ended_body(posted, self._page, "dismissed", what, why), resolve=True)
        elif posted is not None and decision is not None and posted.mark.status == "dismissed":
            self._dismissed_elsewhere(finding, posted, decision)

    def _dismissed_elsewhere(self, finding: FindingReport, posted: Posted, decision: DecisionMark) -> None:
        """Where a dismissed finding has gone is told and kept: from there it is known when it goes on."""
        now, was = self._recognised.identities[finding.id], posted.mark.identity
        if self._recognised.moves.current(was.path) == now.path:
            return
        what = f"Dismissed by {code(decision.login)}, moved to {place_link(finding, self._page.links)}"
        body = ended_body(posted, self._page, "dismissed", what, decision.reason, identity=now)
        self._edit(posted, body, resolve=True)

    def gone(self, posted: Posted) -> None:
        """What to do about a comment whose finding the report no longer has."""
        if posted.mark.status != "open":
            self._ended(posted)
            return
        unknown, reason = _unseen(posted.mark, self._recognised.report)
        moves = self._recognised.moves
        path = moves.current(posted.mark.identity.path)
        if unknown:
            self.fates.append(Fate(f"F{posted.mark.number}", "unknown", posted.mark.title, reason, posted))
        elif reason:
            self._withdraw(posted, reason)
        elif posted.mark.identity.kind.startswith("model/") and moves.stands(posted.mark.identity):
            # A model that says something else today has fixed nothing.
            self._withdraw(posted, "nobody reports it any more; the lines are as they were")
        elif moves.left(posted.mark.identity):
            self._withdraw(posted, "its lines are as they were, and the change does not add them")
        else:
            why = "" if path in moves.present else _without_file(path, self._recognised.report)
            what = f"Fixed in {self._page.commit(self._page.head)}"
            self.fates.append(Fate(f"F{posted.mark.number}", "fixed", posted.mark.title, why, posted))
            self._edit(posted, ended_body(posted, self._page, "fixed", what, why), resolve=True)

    def _ended(self, posted: Posted) -> None:
        """A run that was cut off, or one on the same head, has done it already: it is told again, and not done."""
        mark = posted.mark
        if mark.ended == self._page.head and mark.status in ("fixed", "withdrawn"):
            what: What = "fixed" if mark.status == "fixed" else "withdrawn"
            self.fates.append(Fate(f"F{mark.number}", what, mark.title, mark.why, posted))

    def _withdraw(self, posted: Posted, reason: str) -> None:
        what = f"No longer reported as of {self._page.commit(self._page.head)}"
        self.fates.append(Fate(f"F{posted.mark.number}", "withdrawn", posted.mark.title, reason, posted))
        body = ended_body(posted, self._page, "withdrawn", what, reason)
        # Where people have answered, they may not be done with it.
        self._edit(posted, body, resolve=not posted.answered)

    def _edit(self, posted: Posted, body: str, *, resolve: bool = False, reopen: bool = False) -> None:
        self.edits.append(_edit(posted, body, resolve=resolve, reopen=reopen))

    def _fate(self, finding: FindingReport, what: What, posted: Posted | None, reason: str = "") -> None:
        self.fates.append(Fate(finding.id, what, finding.title, reason, posted))


def said_twice(remembered: Remembered, page: Page) -> tuple[Edit, ...]:
    """What to do about second comments on the same finding, as runs leave them that post in the same moment."""
    open_ones = [one for one in remembered.posted if one.mark.status == "open"]
    first = {one.mark.identity.fingerprint: one.comment.url for one in reversed(open_ones)}
    edits = []
    for posted in remembered.twice:
        url = first[posted.mark.identity.fingerprint]
        where = f"[another comment]({url})" if url else "another comment"
        body = ended_body(posted, page, "twice", f"Said twice: it stands in {where}")
        edits.append(_edit(posted, body, resolve=not posted.answered))
    return tuple(edits)


def _edit(posted: Posted, body: str, *, resolve: bool = False, reopen: bool = False) -> Edit:
    thread = posted.thread
    resolve = resolve and thread is not None and thread.resolvable and not thread.resolved
    return Edit(f"F{posted.mark.number}", posted.comment, thread, body, resolve, reopen)


def _without_file(path: str, report: Report) -> str:
    """Why a finding is gone whose file is not there."""
    deleted = any(file.path == path and file.status == "deleted" for file in report.change.files)
    return "its file is deleted" if deleted else "its file is no longer part of the change"


def _as_it_stands(placed: Placed, posted: Posted) -> Placed:
    """The finding with its suggestion as a block only where the comment stands on the lines that it replaces."""
    part, thread = placed.suggestion, posted.thread
    if part is None or part.reason is not None:
        return placed
    if thread is not None and (thread.side, thread.start_line or thread.line, thread.line) == (
        "RIGHT", part.start_line, part.end_line,
    ):  # fmt: skip
        return placed
    return placed.without_block("the comment no longer stands on the lines that it replaces")


def _unseen(mark: FindingMark, report: Report) -> tuple[bool, str]:
    """Whether the finding may be there still, as nobody looked, and why; a reason alone: nobody is left who could."""
    identity = mark.identity
    if identity.path not in {name for file in report.change.files for name in (file.path, file.old_path)}:
        return False, ""
    skipped = next((one for one in report.coverage.not_reviewed if _covers(one.path, one.function, mark, report)), None)
    if skipped is not None:
        return True, f"not reviewed this time: {skipped.reason.replace('_', ' ')}"
    finders = [vote.location for vote in mark.votes if vote.vote == "yes"]
    states = {location.id: location.status for location in report.locations}
    taking_part = [states[name] for name in finders if name in states]
    if finders and not taking_part:
        return False, "nobody who reported it takes part any more"
    if finders and not any(state in ("idle", "busy") for state in taking_part):
        return True, f"{', '.join(name for name in finders if name in states)} could not look this time"
    return False, ""


def _covers(path: str, function: str | None, mark: FindingMark, report: Report) -> bool:
    """Whether what was left out is where the finding was."""
    names = {file.path for file in report.change.files if mark.identity.path in (file.path, file.old_path)}
    if path not in names:
        return False
    own = mark.identity.function
    return function is None or function == own or (own is None and function.startswith(("<module>", "lines ")))


def open_now(reconciled: Reconciled) -> Iterator[Fate]:
    """The findings that stand."""
    return (fate for fate in reconciled.fates if fate.what in ("new", "still", "back"))
