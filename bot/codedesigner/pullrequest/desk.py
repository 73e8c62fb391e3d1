"""What handling an event on a pull request takes, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from codedesigner.assembly.options import Standing
from codedesigner.assembly.request import Prepared
from codedesigner.config.settings import Settings
from codedesigner.publish.discussion import PullRequest
from codedesigner.publish.forge.marks import Signer
from codedesigner.publish.ports import Forge
from codedesigner.publish.report import Report
from codedesigner.publish.scrub import KnownSecrets
from codedesigner.pullrequest.answers import Question
from codedesigner.stages import SoFar, Stage
from codedesigner.vote.history import Book


@dataclass(frozen=True, slots=True)
class Order:
    """Which commits to review, under what standing. `base` is the tip of the target branch, `head` what is reviewed.

    `start` is the commit that the change starts from, where that is known already.
    """

    pull: PullRequest
    base: str
    head: str
    standing: Standing
    full: bool = False
    start: str = ""


class Reviewing(Protocol):
    """Reviews for a pull request: with a clone or without one, alone or behind a queue."""

    async def settings(self, pull: PullRequest) -> Settings:
        """The configuration at the tip of the target branch, for what has to be known before a review."""

    async def prepare(self, order: Order) -> Prepared:
        """Everything that the review needs: the commits, their configuration, who is asked."""

    async def review(self, prepared: Prepared) -> Report:
        """The report."""

    async def advance(self, prepared: Prepared, so_far: SoFar, until: Stage, *, deep: bool = True) -> SoFar | Report:
        """The review from where it is to the end of a stage; after the last one, its report."""

    async def answer(self, pull: PullRequest, question: Question) -> str | None:
        """The supervisor's answer in plain text; None where there is nobody to ask, or no answer came."""


NO_SECRETS = KnownSecrets()


def _silent(_line: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that an event is handled with.

    `clock` gives Unix time in seconds. `run` names this run and is the same when it is started again. `say` takes a
    line for the log. `secrets` are values that nothing published may hold. `book` keeps what became of findings.
    `resumed`: whoever is interrupted has somebody who goes on, so that an interruption is no end.
    """

    forge: Forge
    reviewing: Reviewing
    clock: Callable[[], float]
    run: str
    key: bytes | None = field(default=None, repr=False)
    say: Callable[[str], None] = _silent
    secrets: KnownSecrets = NO_SECRETS
    book: Book | None = None
    resumed: bool = False

    def signer(self, pull: PullRequest) -> Signer:
        """Who writes and reads marks on the pull request."""
        return Signer(pull.repo, pull.number, self.key)


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of an event. `exit_code` is the job's; `report` and `prepared` are there where something was reviewed.

    `notes` are lines for the log.
    """

    exit_code: int
    notes: tuple[str, ...] = ()
    report: Report | None = None
    prepared: Prepared | None = None
