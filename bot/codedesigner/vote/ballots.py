"""Who votes how on a defect, given what every location said about the file it stands in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codedesigner.protocol.issue import Answer
from codedesigner.vote.cluster import Cluster
from codedesigner.vote.finding import Ballot


@dataclass(frozen=True, slots=True)
class Voter:
    """One location before one file: its answer, and whether it can judge the kind in question there."""

    location: str
    weight: float
    answer: Answer
    judges: bool


def cast(cluster: Cluster, voters: Sequence[Voter]) -> tuple[Ballot, ...]:
    """One ballot per voter, in order of location id.

    A voter whose complete answer covers the question has been asked it: its answer is looked up, not assumed. One
    that failed, could not read the file or does not judge the kind abstains, and says which.
    """
    return tuple(_ballot(cluster, voter) for voter in sorted(voters, key=lambda voter: voter.location))


def _ballot(cluster: Cluster, voter: Voter) -> Ballot:
    own = [proposal.issue for proposal in cluster.proposals if proposal.location == voter.location]
    if own:
        best = max(own, key=lambda issue: issue.confidence)
        return Ballot(voter.location, "yes", "proposed", best.confidence, voter.weight, best.rule)
    if voter.answer.status != "answered":
        reason = voter.answer.detail or voter.answer.status
        return Ballot(voter.location, "abstain", "cross_examined", 0.0, voter.weight, reason=reason)
    if not voter.judges:
        return Ballot(voter.location, "abstain", "cross_examined", 0.0, voter.weight, reason="does not judge this kind")
    return Ballot(voter.location, "no", "cross_examined", 1.0, voter.weight)
