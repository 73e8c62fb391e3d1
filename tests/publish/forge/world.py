"""A pull request in memory: what is decided is done to it, and it is read again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tests.publish.sample import Gate, Mode

from codedesigner.change.model import Change, FileChange
from codedesigner.publish.build import build_report
from codedesigner.publish.discussion import Account, Comment, Discussion, Thread
from codedesigner.publish.duplicates import one_each
from codedesigner.publish.fingerprint import fingerprinted, number_findings
from codedesigner.publish.forge.comment import Page
from codedesigner.publish.forge.links import links_of
from codedesigner.publish.forge.marks import Signer
from codedesigner.publish.forge.recall import Remembered, recall
from codedesigner.publish.forge.recognise import Recognised, dismissed_in, dismissed_ones, recognise
from codedesigner.publish.forge.reconcile import Edit, Reconciled, reconcile
from codedesigner.publish.forge.remembered import DecisionMark, SummaryMark
from codedesigner.publish.forge.state import next_state
from codedesigner.publish.gate import decide
from codedesigner.publish.inputs import Coverage, LocationStats, Usage
from codedesigner.publish.obstacles import Forge
from codedesigner.publish.report import Report
from codedesigner.vote.finding import Finding

from .pulls import PULL

ME = Account("7", "codedesigner[bot]", bot=True)
ADA = Account("4", "ada")
WHOLE = Coverage(4, 4, 12, 12)
IDLE = (LocationStats("ruff", "idle"), LocationStats("pyflakes", "idle"), LocationStats("model", "idle"))


@dataclass
class World:
    """What stands on the pull request, and how much was written to it."""

    forge: Forge = "github"
    signer: Signer = field(default_factory=lambda: Signer("shop/cart", 7, b"key"))
    head: str = "2" * 40
    base: str = "1" * 40
    discussion: Discussion = field(default_factory=Discussion)
    writes: int = 0
    resolves: bool = True
    clock: float = 0.0
    last: Reconciled | None = field(default=None, repr=False)

    def tick(self) -> float:
        """The next moment."""
        self.clock += 1
        return self.clock

    def recall(self) -> Remembered:
        """What our marks say."""
        return recall(self.discussion, ME, self.signer)

    def report(
        self,
        findings: Sequence[Finding],
        files: Sequence[FileChange],
        coverage: Coverage = WHOLE,
        locations: Sequence[LocationStats] = IDLE,
    ) -> Report:
        """The report of a review of the head, with what people dismissed left out."""
        change = Change("shop/cart", self.base, self.head, tuple(files))
        left = dismissed_ones(fingerprinted(findings), dismissed_in(self.recall()), change)
        named = number_findings(one_each(left))
        settings = Gate()
        return build_report(
            change=change,
            units=(),
            findings=named,
            decision=decide(named, coverage, settings),
            settings=settings,
            coverage=coverage,
            locations=locations,
            usage=Usage(),
            mode=Mode(),
        )

    def page(self, recognised: Recognised) -> Page:
        """What the comments have in common."""
        report = recognised.report
        links = links_of(PULL[self.forge], self.forge, report.change)
        return Page(self.forge, links, self.signer, self.head, frozenset(report.gate.blocking))

    def plan(self, report: Report, files: Sequence[FileChange]) -> tuple[Recognised, Reconciled]:
        """What is to be done."""
        remembered = self.recall()
        recognised = recognise(report, remembered, files)
        return recognised, reconcile(recognised, remembered, files, self.page(recognised))

    def run(
        self,
        findings: Sequence[Finding],
        files: Sequence[FileChange],
        coverage: Coverage = WHOLE,
        locations: Sequence[LocationStats] = IDLE,
    ) -> Reconciled:
        """One review, with everything done that was decided."""
        report = self.report(findings, files, coverage, locations)
        recognised, found = self.plan(report, files)
        self.apply(found)
        self.remember(recognised, found)
        self.last = found
        return found

    def apply(self, found: Reconciled) -> None:
        """Do it."""
        for post in found.posts:
            place = post.thread.place
            comment = Comment(
                self.name(), ME, post.thread.body, self.tick(), url=f"https://forge.example/c{self.clock}"
            )
            start = None if place.start_line == place.line else place.start_line
            thread = Thread(self.name(), place.path, place.side, place.line, start, (comment,), head=self.head)
            self.discussion = replace(self.discussion, threads=(*self.discussion.threads, thread))
            self.writes += 1
        for edit in found.edits:
            self.edit(edit)

    def name(self) -> str:
        """A name that nothing has."""
        return str(int(self.tick()))

    def edit(self, edit: Edit) -> None:
        """Other words, and what becomes of the thread."""
        self.writes += 1

        def edited(comment: Comment) -> Comment:
            return (
                replace(comment, body=edit.body, edited=True, edited_by=ME)
                if comment.id == edit.comment.id
                else comment
            )

        def changed(thread: Thread) -> Thread:
            resolved = thread.resolved
            if edit.thread is not None and edit.thread.id == thread.id and self.resolves:
                resolved = (resolved or edit.resolve) and not edit.reopen
            return replace(thread, comments=tuple(map(edited, thread.comments)), resolved=resolved)

        self.discussion = Discussion(
            tuple(map(edited, self.discussion.comments)), tuple(map(changed, self.discussion.threads))
        )

    def remember(self, recognised: Recognised, found: Reconciled) -> None:
        """Keep the state in the summary."""
        remembered = self.recall()
        state = next_state(remembered.state, recognised, found)
        body = self.signer.ended("Summary", state)
        if remembered.summary is None:
            self.say(body)
        else:
            self.edit(Edit("", remembered.summary, None, body))
            self.writes -= 1

    def say(self, body: str, author: Account = ME) -> None:
        """A comment outside the diff."""
        comment = Comment(self.name(), author, body, self.tick())
        self.discussion = replace(self.discussion, comments=(*self.discussion.comments, comment))

    def answer(self, thread: Thread, body: str, author: Account = ADA) -> None:
        """An answer in a thread."""
        comment = Comment(self.name(), author, body, self.tick())
        self.discussion = replace(
            self.discussion,
            threads=tuple(
                replace(one, comments=(*one.comments, comment)) if one.id == thread.id else one
                for one in self.discussion.threads
            ),
        )

    def dismiss(self, name: str, reason: str = "is meant so") -> None:
        """What the answer to `/codedesigner dismiss` leaves."""
        posted = next(one for one in self.recall().posted if f"F{one.mark.number}" == name)
        mark = DecisionMark(
            what="dismiss", by="4", login="ada", reason=reason, at=self.tick(), comment="c",
            number=posted.mark.number, identity=posted.mark.identity,
        )  # fmt: skip
        self.say(self.signer.ended("Dismissed.", mark))

    def push(self, digit: str) -> None:
        """Another head."""
        self.head = digit * 40


def state_of(world: World) -> SummaryMark:
    """What the summary remembers."""
    return world.recall().state
