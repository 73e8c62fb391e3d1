"""A pull request over a real repository, a forge in memory, and everything that people do with it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from codedesigner.assembly.options import ReviewOptions
from codedesigner.assembly.request import Prepared
from codedesigner.event.command import typed
from codedesigner.event.model import CommandIssued, Event, QuestionAsked, QueueEntered, ReviewRequested
from codedesigner.forge.memory import MemoryForge
from codedesigner.publish.discussion import Account, Check, Comment, Discussion, PullRequest, Thread
from codedesigner.publish.forge.recall import Remembered, recall
from codedesigner.publish.report import Report
from codedesigner.pullrequest.checkout import Checkout
from codedesigner.pullrequest.desk import Desk, Ended
from codedesigner.pullrequest.handling import handle

ANN = Account("7", "ann")  # may write
BOB = Account("8", "bob")  # may read
REPO = "octo/shop"
NUMBER = 3

Files = Mapping[str, str | bytes | None]


class Repo(Protocol):
    """The fixture's repository (`conftest.Repo`)."""

    @property
    def path(self) -> Path: ...

    def git(self, *arguments: str) -> str: ...

    def commit(self, files: Files, message: str = "x") -> str: ...


@dataclass
class Clock:
    """Unix time that tests move."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


@dataclass(frozen=True)
class Counting(Checkout):
    """Reviews, and what was reviewed: a decision about what was told before asks nobody, not even an analyser."""

    reviews: list[Prepared] = field(default_factory=list)

    async def review(self, prepared: Prepared) -> Report:
        """The report."""
        self.reviews.append(prepared)
        return await super().review(prepared)


@dataclass
class Stage:
    """One pull request. `reviews` are those that somebody was asked for.

    `locations` are who looks: two quick analysers, unless a file of locations says otherwise.
    """

    repo: Repo
    key: bytes | None = None
    locations: tuple[str, ...] = ("ruff", "pyflakes")
    locations_file: Path | None = None
    environ: dict[str, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    lines: list[str] = field(default_factory=list)
    reviews: list[Prepared] = field(default_factory=list)
    forge: MemoryForge = field(init=False)

    def __post_init__(self) -> None:
        self.forge = MemoryForge(REPO, self.clock, permissions={ANN.id: "write", BOB.id: "read"})

    def open(self, files: Files, **more: object) -> PullRequest:
        """A branch with a commit, and a pull request for it."""
        base = self.repo.git("rev-parse", "main")
        self.repo.git("checkout", "-q", "-B", "topic", base)
        head = self.repo.commit(files)
        pull = PullRequest(
            number=NUMBER,
            title="A change",
            description="",
            author=BOB,
            state="open",
            draft=False,
            base=base,
            base_ref="main",
            head=head,
            head_ref="topic",
            repo=REPO,
            head_repo=REPO,
            url=f"https://github.test/{REPO}/pull/{NUMBER}",
        )
        self.forge.arrivals[head] = self.clock()
        return self.forge.opened(replace(pull, **more))  # type: ignore[arg-type]

    @property
    def pull(self) -> PullRequest:
        """The pull request as it is now."""
        return self.forge.pulls[NUMBER]

    def push(self, files: Files, *, force: bool = False) -> PullRequest:
        """Another commit; with `force`, in the place of all that were there."""
        if force:
            self.repo.git("checkout", "-q", "-B", "topic", self.pull.base)
        head = self.repo.commit(files)
        self.forge.arrivals[head] = self.clock()
        return self.forge.opened(replace(self.pull, head=head))

    @property
    def desk(self) -> Desk:
        """A new job's desk."""
        options = ReviewOptions(self.repo.path, location=self.locations, locations_file=self.locations_file)

        async def fetch(_commits: object) -> Path | None:
            return None

        reviewing = Counting(self.forge, options, self.environ, fetch, self.lines.append, reviews=self.reviews)
        return Desk(self.forge, reviewing, self.clock, "run-1", self.key, self.lines.append)

    def handle(self, event: Event) -> Ended:
        """What comes of an event."""
        return asyncio.run(handle(event, self.desk))

    def review(self, **more: bool) -> Ended:
        """What a push starts."""
        return self.handle(ReviewRequested(self.pull.base, self.pull.head, NUMBER, **more))

    def queue(self, head: str, number: int | None = NUMBER) -> Ended:
        """What a merge queue starts."""
        return self.handle(QueueEntered(self.pull.base, head, number, "" if number else "an odd branch"))

    def say(self, body: str, author: Account = ANN, *, thread: Thread | None = None) -> Ended:
        """A comment, and what its event starts."""
        return self.answer(self.forge.said(NUMBER, author, body, thread=None if thread is None else thread.id), thread)

    def answer(self, comment: Comment, thread: Thread | None = None) -> Ended:
        """What the event of a comment that stands there starts."""
        found = typed(comment.body)
        place = (comment.id, comment.author.id, comment.author.login, comment.created, thread.id if thread else None)
        if found is not None:
            return self.handle(CommandIssued(NUMBER, found.command, found.argument, *place))
        return self.handle(QuestionAsked(NUMBER, *place))

    @property
    def discussion(self) -> Discussion:
        """All that was said."""
        return self.forge.discussions[NUMBER]

    @property
    def remembered(self) -> Remembered:
        """What the reviewer's marks say."""
        return recall(self.discussion, self.forge.account, self.desk.signer(self.pull))

    @property
    def summary(self) -> str:
        """The sticky comment."""
        comment = self.remembered.summary
        return "" if comment is None else comment.body

    @property
    def replies(self) -> list[str]:
        """What the reviewer wrote outside of threads beside its summary."""
        own = [one for one in self.discussion.comments if one.author.id == self.forge.account.id]
        summary = self.remembered.summary
        return [one.body for one in own if summary is None or one.id != summary.id]

    def check(self, sha: str = "") -> Check:
        """The check of a commit: the head's, unless another is named."""
        return self.forge.checks[sha or self.pull.head, "codedesigner"]
