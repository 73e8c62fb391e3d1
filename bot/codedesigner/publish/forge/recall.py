"""What the reviewer's own comments say about earlier runs: which findings stand where, and what people decided."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from codedesigner.publish.discussion import Account, Comment, Discussion, Thread
from codedesigner.publish.forge.marks import Signer
from codedesigner.publish.forge.remembered import (
    Content,
    DecisionMark,
    FindingMark,
    NoticeMark,
    ReplyMark,
    ReportMark,
    SummaryMark,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Posted:
    """The comment of a finding. `thread` None: it stands outside the diff. `answered`: people have answered it."""

    mark: FindingMark
    comment: Comment
    thread: Thread | None
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Remembered:
    """All that our marks on a pull request say.

    `summary` is a comment, or the text above the review of the first run. `posted` has one comment of a finding, the
    oldest; `twice` the others, which runs left that did not know of each other, and `spare` is the like of summaries.
    Decisions are in the order in which they were made. `report` is what stands in the summary itself, nowhere else.
    """

    summary: Comment | None = None
    state: SummaryMark = field(default_factory=SummaryMark)
    spare: tuple[Comment, ...] = ()
    posted: tuple[Posted, ...] = ()
    twice: tuple[Posted, ...] = ()
    decisions: tuple[DecisionMark, ...] = ()
    replies: tuple[ReplyMark, ...] = ()
    notices: tuple[NoticeMark, ...] = ()
    report: ReportMark | None = None

    @property
    def dismissals(self) -> tuple[DecisionMark, ...]:
        """Findings that people dismissed, each as it was when its comment was last written: it may have moved since."""
        now = {one.mark.number: one.mark.identity for one in reversed(self.posted)}
        return tuple(
            one.model_copy(update={"identity": now.get(one.number or 0, one.identity)})
            for one in self.decisions
            if one.what == "dismiss" and one.identity is not None
        )

    def override(self, sha: str) -> DecisionMark | None:
        """The decision that this commit may be merged whatever was found; None where nobody made one."""
        return next((one for one in reversed(self.decisions) if one.what == "override" and one.sha == sha), None)

    @property
    def switched(self) -> DecisionMark | None:
        """The last word on whether this pull request is reviewed; None where nobody said any."""
        return next((one for one in reversed(self.decisions) if one.what in ("on", "off")), None)

    def replied(self, comment: str) -> bool:
        """Whether a comment has its answer already."""
        return any(one.comment == comment for one in self.replies)

    def answers(self, thread: Thread) -> int:
        """How many questions were answered in a thread."""
        inside = {each.id for each in thread.comments}
        return sum(one.to == "question" and one.comment in inside for one in self.replies)


def recall(discussion: Discussion, me: Account, signer: Signer) -> Remembered:
    """What our comments in the discussion say; nobody else's count."""
    outside = [(comment, signer.read(comment, me)) for comment in (*discussion.comments, *discussion.reviews)]
    everything = [
        *(content for _, contents in outside for content in contents),
        *(content for thread in discussion.threads for one in thread.comments for content in signer.read(one, me)),
    ]
    summaries = sorted(
        ((one, content) for one, contents in outside for content in contents if isinstance(content, SummaryMark)),
        key=lambda found: _age(found[0]),
    )
    kept = next((contents for one, contents in outside if summaries and one is summaries[0][0]), ())
    posted, twice = _apart(_posted(discussion, outside, me, signer))
    return Remembered(
        summary=summaries[0][0] if summaries else None,
        # Where two runs made a summary each, the one that was written last knows most.
        state=max((content for _, content in summaries), key=lambda content: content.runs, default=SummaryMark()),
        spare=tuple(comment for comment, _ in summaries[1:]),
        posted=posted,
        twice=twice,
        decisions=tuple(sorted(_of(DecisionMark, everything), key=lambda one: (one.at, one.comment))),
        replies=tuple(_of(ReplyMark, everything)),
        notices=tuple(_of(NoticeMark, everything)),
        report=next(_of(ReportMark, kept), None),
    )


def _of(kind: type[T], contents: Iterable[Content]) -> Iterator[T]:
    return (content for content in contents if isinstance(content, kind))


def _posted(
    discussion: Discussion, outside: Iterable[tuple[Comment, tuple[Content, ...]]], me: Account, signer: Signer
) -> list[Posted]:
    found = [Posted(mark, comment, None) for comment, contents in outside for mark in _of(FindingMark, contents)]
    for thread in discussion.threads:
        if not thread.comments:
            continue
        first, *others = thread.comments
        answered = any(one.author.id != me.id and not one.system and not one.author.bot for one in others)
        found += [Posted(mark, first, thread, answered) for mark in _of(FindingMark, signer.read(first, me))]
    return found


def _apart(found: list[Posted]) -> tuple[tuple[Posted, ...], tuple[Posted, ...]]:
    """The oldest open comment of every finding and those that have ended, and the others, which say it twice.

    Of two like findings one may have ended and left its fingerprint to the other, so that open ones alone are compared.
    """
    first: dict[str, Posted] = {}
    kept: list[Posted] = []
    others: list[Posted] = []
    for one in sorted(found, key=lambda one: _age(one.comment)):
        if one.mark.status == "twice":
            continue
        again = one.mark.status == "open" and first.setdefault(one.mark.identity.fingerprint, one) is not one
        (others if again else kept).append(one)
    return tuple(kept), tuple(others)


def _age(comment: Comment) -> tuple[float, bool, int, str]:
    """Older comments first; ids of one moment are numbers that grow, those of reviews for themselves."""
    return comment.created, comment.review, len(comment.id), comment.id
