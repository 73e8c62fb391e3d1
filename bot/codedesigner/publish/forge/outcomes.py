"""What a pull request tells of our findings: fixed, dismissed, liked or not, or overridden; for votes to weigh by."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from codedesigner.publish.forge.recall import Posted, Remembered
from codedesigner.publish.forge.remembered import FindingMark, VoteKept
from codedesigner.vote.history import Book, Told, What, note

_REACTIONS: dict[str, What] = {"thumbs_up": "thumbs_up", "thumbs_down": "thumbs_down"}


@dataclass(frozen=True, slots=True)
class Marked:
    """Implements `vote.history.VotedOn`: a finding as the mark in its comment has it."""

    mark: FindingMark

    @property
    def fingerprint(self) -> str:
        """Its name across reports."""
        return self.mark.identity.fingerprint

    @property
    def angle(self) -> str:
        """The angle from which it was found."""
        return self.mark.angle

    @property
    def kind(self) -> str:
        """Its kind."""
        return self.mark.identity.kind

    @property
    def ballots(self) -> Sequence[VoteKept]:
        """Every vote that is kept."""
        return self.mark.votes


def told_of(posted: Posted, remembered: Remembered, head: str, ignored: AbstractSet[str]) -> tuple[Told, ...]:
    """What is told of a finding now. Reactions of the accounts in `ignored`, by id, say nothing: ours, the author's."""
    mark, told = posted.mark, list[Told]()
    if mark.status == "fixed":
        told.append(Told("fixed", mark.why))
    elif mark.status == "dismissed":
        told.append(Told("dismissed", mark.why))
    override = remembered.override(head)
    if override is not None and mark.status == "open":
        told.append(Told("override", override.reason, override.by))
    return (
        *told,
        *(
            Told(_REACTIONS[reaction], by=account)
            for account, reaction in sorted(set(posted.comment.reactions))
            if reaction in _REACTIONS and account not in ignored
        ),
    )


def note_outcomes(book: Book, place: str, remembered: Remembered, head: str, ignored: AbstractSet[str]) -> None:
    """Keep what the pull request called `place` tells of each finding; what it told before is replaced."""
    for posted in remembered.posted:
        note(book, Marked(posted.mark), place, told_of(posted, remembered, head, ignored))
