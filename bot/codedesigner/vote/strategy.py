"""Ways of making one answer out of several, each a pure function with the same shape of result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from codedesigner.vote.cluster import Cluster, PlaceOf, Proposal, cluster
from codedesigner.vote.finding import Ballot, Vote

T = TypeVar("T")

WeightSource = Literal["confidence", "location_weight"]


@dataclass(frozen=True, slots=True)
class Alternative(Generic[T]):
    """An answer that was not selected: its weight and who gave it."""

    result: T
    support: float
    locations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AggregationResult(Generic[T]):
    """What the locations together say.

    `agreement_score` is the share (0..1) of the deciding weight that stands behind `selected`, 0 where nobody decided.
    """

    selected: T
    alternatives: tuple[Alternative[T], ...]
    agreement_score: float
    contributing_locations: tuple[str, ...]
    strategy_used: str
    explanation: str


def union_merge(
    answers: Mapping[str, Sequence[Proposal]], *, statement_of: PlaceOf, function_of: PlaceOf
) -> AggregationResult[tuple[Cluster, ...]]:
    """All that anyone proposed about one file, each defect once; recall comes from the union, precision from the vote.

    Deduplication is by key: kind and place.
    """
    proposals = [proposal for location in sorted(answers) for proposal in answers[location]]
    clusters = cluster(proposals, statement_of=statement_of, function_of=function_of)
    shared = sum(1 for item in clusters if len(item.locations) > 1)
    return AggregationResult(
        selected=clusters,
        alternatives=(),
        agreement_score=shared / len(clusters) if clusters else 0.0,
        contributing_locations=tuple(sorted({proposal.location for proposal in proposals})),
        strategy_used="union_merge",
        explanation=f"{len(proposals)} proposals are {len(clusters)} defects, {shared} of them proposed more than once",
    )


def weighted_vote(
    ballots: Iterable[Ballot], *, weight_source: WeightSource = "location_weight"
) -> AggregationResult[Vote]:
    """Yes or no by weight. Abstentions decide nothing; a tie is a yes, and its agreement of 0.5 says so.

    With `weight_source="confidence"` a ballot weighs its location's weight times its own confidence.
    """
    weights: dict[Vote, float] = defaultdict(float)
    voters: dict[Vote, list[str]] = defaultdict(list)
    for ballot in ballots:
        weights[ballot.vote] += ballot.weight * (ballot.confidence if weight_source == "confidence" else 1.0)
        voters[ballot.vote].append(ballot.location)
    decided = weights["yes"] + weights["no"]
    selected: Vote = "abstain" if decided == 0 else "yes" if weights["yes"] >= weights["no"] else "no"
    others: tuple[Vote, ...] = tuple(vote for vote in ("yes", "no") if vote != selected and voters[vote])
    return AggregationResult(
        selected=selected,
        alternatives=tuple(Alternative(vote, weights[vote], tuple(sorted(voters[vote]))) for vote in others),
        agreement_score=weights[selected] / decided if decided else 0.0,
        contributing_locations=tuple(sorted(voters[selected])) if decided else (),
        strategy_used="weighted_vote",
        explanation=_explain(len(voters["yes"]), len(voters["no"]), len(voters["abstain"])),
    )


def agreement(ballots: Sequence[Ballot]) -> float:
    """The weight of those who said yes over the weight of those who said yes or no; 0 where nobody decided."""
    yes = sum(ballot.weight for ballot in ballots if ballot.vote == "yes")
    no = sum(ballot.weight for ballot in ballots if ballot.vote == "no")
    return yes / (yes + no) if yes + no else 0.0


def _explain(yes: int, no: int, abstained: int) -> str:
    parts = [f"{yes} of {yes + no} that could judge it say yes" if yes + no else "nobody could judge it"]
    if abstained:
        parts.append(f"{abstained} abstained")
    return ", ".join(parts)
