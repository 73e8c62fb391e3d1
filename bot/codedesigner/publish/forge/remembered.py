"""What the reviewer leaves in its own comments to find again: the closed content of its hidden marks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from codedesigner.publish.report import Report
from codedesigner.severity import Severity
from codedesigner.vote.finding import How, Vote

MOST_KNOWN = 400
"""Findings whose numbers are remembered; of older ones the number is forgotten, never given to another."""
MOST_VOTES = 40
MOST_WORDS = 64
MOST_ALSO = 12
"""Angles from which one defect is seen; a mark has room for so many."""

Short = Annotated[str, Field(max_length=200)]
Text = Annotated[str, Field(max_length=1_000)]
Path = Annotated[str, Field(max_length=4_096)]
Sha = Annotated[str, Field(pattern=r"^(|[0-9a-f]{40}|[0-9a-f]{64})$")]
Fingerprint = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Number = Annotated[int, Field(ge=1, le=1_000_000)]
Count = Annotated[int, Field(ge=0, le=10**15)]
Time = Annotated[float, Field(ge=0, le=1e12)]

Status = Literal["open", "fixed", "withdrawn", "dismissed", "twice"]
What = Literal["dismiss", "override", "on", "off"]


class _Content(BaseModel):
    # Marks of a later version may say more; what they say more is none of ours.
    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Identity(_Content):
    """What makes a finding the same one at another commit. `identity.py` says how two are compared.

    `subject` digests the evidence with its white space folded, `tokens` its tokens; `words` are the tokens themselves,
    four hex digits each, empty where there are too many. `also` are those of other findings for which it stands.
    """

    fingerprint: Fingerprint
    path: Path
    function: Text | None
    kind: Short
    line: Count
    subject: Digest
    tokens: Digest
    words: Annotated[str, Field(max_length=4 * MOST_WORDS, pattern=r"^[0-9a-f]*$")] = ""
    also: Annotated[tuple[Identity, ...], Field(max_length=MOST_ALSO)] = ()

    @property
    def all(self) -> tuple[Identity, ...]:
        """Its own, and those of the findings for which it stands."""
        return self, *self.also


class VoteKept(_Content):
    """How one location voted."""

    location: Short
    vote: Vote
    how: How


class FindingMark(_Content):
    """In the comment of a finding.

    `head` is the commit that it was first reported on, `ended` the one that ended it, with `why`, and `back` the one
    that brought it back.
    """

    number: Number
    identity: Identity
    title: Short
    angle: Short
    severity: Severity
    votes: Annotated[tuple[VoteKept, ...], Field(max_length=MOST_VOTES)] = ()
    status: Status = "open"
    head: Sha = ""
    ended: Sha = ""
    back: Sha = ""
    why: Text = ""


class Unplaced(_Content):
    """A finding that stands in the summary alone. `head` is the commit that it was first reported on."""

    number: Number
    identity: Identity
    head: Sha = ""


class SummaryMark(_Content):
    """In the summary: what one run leaves to the next.

    `head` was reviewed last, and `before` was the last head before that one. `usd` None: not known, as somebody's price
    is not.
    """

    head: Sha = ""
    before: Sha = ""
    base: Sha = ""
    runs: Count = 0
    next: Number = 1
    known: Annotated[tuple[tuple[Fingerprint, Number], ...], Field(max_length=MOST_KNOWN)] = ()
    unplaced: Annotated[tuple[Unplaced, ...], Field(max_length=MOST_KNOWN)] = ()
    calls: Count = 0
    tokens: Count = 0
    usd: Annotated[float, Field(ge=0, le=1e9)] | None = 0.0
    counters: Annotated[dict[Short, Count], Field(max_length=200)] = Field(default_factory=dict)


class DecisionMark(_Content):
    """In the answer to a command that decided something. `by` is the account's id, `comment` the command's.

    `identity` and `number` name the finding that was dismissed, `sha` the commit whose check was overridden.
    """

    what: What
    by: Short
    login: Short
    reason: Text
    at: Time
    comment: Short
    sha: Sha = ""
    number: Number | None = None
    identity: Identity | None = None


class ReplyMark(_Content):
    """In an answer: the comment that it answers, and what to, a command or `question`."""

    comment: Short
    to: Short
    by: Short = ""


class NoticeMark(_Content):
    """In a notice, and in the words above a review's threads: what it is about, so that it is said once."""

    name: Short
    head: Sha = ""


class ReportMark(_Content):
    """Beside the summary's mark: the report of the head, so that a decision about it asks nobody again.

    `basis` digests what a report follows from beside the decisions: commits, configuration, who is asked. A report of
    another `format` is none.
    """

    format: Literal[1] = 1
    basis: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    report: Report


Content = SummaryMark | FindingMark | DecisionMark | ReplyMark | NoticeMark | ReportMark
KINDS: dict[str, type[Content]] = {
    "summary": SummaryMark,
    "finding": FindingMark,
    "decision": DecisionMark,
    "reply": ReplyMark,
    "notice": NoticeMark,
    "report": ReportMark,
}
