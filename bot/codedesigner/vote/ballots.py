"""Who votes how on a defect, given what every location said about the file it stands in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from codedesigner.protocol.issue import Answer
from codedesigner.vote.cluster import Cluster
from codedesigner.vote.finding import Ballot, Vote


@dataclass(frozen=True, slots=True)
class Examined:
    """What a location said when it was asked whether a defect is there. `reason` are its words."""

    vote: Vote
    confidence: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Voter:
    """One location before one defect.

    `abstains` says why it cannot judge it, None where it can. `silent`: what it says nothing about it has perhaps not
    considered, as a model; a static analyser's rules have. `examined` is its vote where it was asked.
    """

    location: str
    weight: float
    answer: Answer
    abstains: str | None = None
    silent: bool = False
    examined: Examined | None = None
    latency_ms: int = 0


def cast(cluster: Cluster, voters: Sequence[Voter]) -> tuple[Ballot, ...]:
    """One ballot per voter, in order of location id.

    A voter whose complete answer covers the question has been asked it: its answer is looked up, not assumed. One
    that failed, could not read the file or does not judge the kind abstains, and says which. One that was asked about
    this very defect votes as it said; one that could have been, and was not, is silent: a no, marked as such.
    """
    return tuple(
        replace(_ballot(cluster, voter), latency_ms=voter.latency_ms)
        for voter in sorted(voters, key=lambda voter: voter.location)
    )


def _ballot(cluster: Cluster, voter: Voter) -> Ballot:
    own = [proposal.issue for proposal in cluster.proposals if proposal.location == voter.location]
    if own:
        best = max(own, key=lambda issue: issue.confidence)
        return Ballot(voter.location, "yes", "proposed", best.confidence, voter.weight, best.rule)
    if voter.answer.status != "answered":
        reason = voter.answer.detail or voter.answer.status
        return Ballot(voter.location, "abstain", "cross_examined", 0.0, voter.weight, reason=reason)
    if voter.abstains is not None:
        return Ballot(voter.location, "abstain", "cross_examined", 0.0, voter.weight, reason=voter.abstains)
    said = voter.examined
    if said is not None:
        return Ballot(voter.location, said.vote, "cross_examined", said.confidence, voter.weight, reason=said.reason)
    return Ballot(voter.location, "no", "silent" if voter.silent else "cross_examined", 1.0, voter.weight)
