"""What several locations proposed about one file, each defect once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codedesigner.vote.cluster import Cluster, PlaceOf, Proposal, cluster
from codedesigner.vote.likeness import SHIPPED, Likeness
from codedesigner.vote.strategies.base import AggregationResult


def union_merge(
    answers: Mapping[str, Sequence[Proposal]],
    *,
    statement_of: PlaceOf,
    function_of: PlaceOf,
    likeness: Likeness = SHIPPED,
) -> AggregationResult[tuple[Cluster, ...]]:
    """All that anyone proposed about one file, each defect once; recall comes from the union, precision from the vote.

    Deduplication is by key: kind and place; and, of what models say, by `likeness`.
    """
    proposals = [proposal for location in sorted(answers) for proposal in answers[location]]
    clusters = cluster(proposals, statement_of=statement_of, function_of=function_of, likeness=likeness)
    shared = sum(1 for item in clusters if len(item.locations) > 1)
    return AggregationResult(
        selected=clusters,
        alternatives=(),
        agreement_score=shared / len(clusters) if clusters else 0.0,
        contributing_locations=tuple(sorted({proposal.location for proposal in proposals})),
        strategy_used="union_merge",
        explanation=f"{len(proposals)} proposals are {len(clusters)} defects, {shared} of them proposed more than once",
    )
