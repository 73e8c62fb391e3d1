"""A finding by its name, and all that is kept about it, laid out for whoever asks."""

from __future__ import annotations

from dataclasses import dataclass

from codedesigner.publish.forge.recall import Posted, Remembered
from codedesigner.publish.forge.remembered import FindingMark, Identity, Status, VoteKept
from codedesigner.publish.sanitise import code, prose
from codedesigner.text import render

_STATUS: dict[Status, str] = {
    "open": "it is there",
    "fixed": "it is gone",
    "withdrawn": "it is no longer reported",
    "dismissed": "it was dismissed",
    "twice": "it is reported in another thread",
}
_HOW = {"proposed": "found it", "cross_examined": "was asked about it", "silent": "looked, said nothing, was not asked"}


@dataclass(frozen=True, slots=True)
class Known:
    """A finding that was reported here; `mark` and `posted` are None where it stands in the summary alone."""

    number: int
    identity: Identity
    mark: FindingMark | None = None
    posted: Posted | None = None


def finding_named(name: str, remembered: Remembered) -> Known | None:
    """The finding called `F3` and the like; None where none is. Where two threads have it, the open one counts."""
    found = [Known(one.mark.number, one.mark.identity, one.mark, one) for one in remembered.posted]
    found += [Known(one.number, one.identity) for one in remembered.state.unplaced]
    found = [one for one in found if f"F{one.number}" == name]
    return min(found, key=lambda one: one.mark is None or one.mark.status != "open", default=None)


def explained(name: str, remembered: Remembered) -> str | None:
    """The explanation as Markdown; None where there is no such finding."""
    known = finding_named(name, remembered)
    if known is None:
        return None
    mark = known.mark
    return render(
        "explain.md.j2",
        {
            "name": name,
            "place": code(f"{known.identity.path}:{known.identity.line}"),
            "function": code(known.identity.function or ""),
            "kind": code(known.identity.kind),
            "angle": prose(mark.angle, cell=True) if mark is not None else "",
            "severity": mark.severity if mark is not None else "",
            "status": _STATUS[mark.status] if mark is not None else "it stands in the summary",
            "head": code(mark.head[:12]) if mark is not None else "",
            "votes": [_vote(vote) for vote in mark.votes] if mark is not None else [],
            "fraction": _fraction(mark.votes) if mark is not None else "",
            "thread": known.posted is not None and known.posted.thread is not None,
        },
    )


def _vote(vote: VoteKept) -> dict[str, str]:
    return {"location": code(vote.location, cell=True), "vote": vote.vote, "how": _HOW[vote.how]}


def _fraction(votes: tuple[VoteKept, ...]) -> str:
    yes = sum(vote.vote == "yes" for vote in votes)
    return f"{yes}/{yes + sum(vote.vote == 'no' for vote in votes)}"
