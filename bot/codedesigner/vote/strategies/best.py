"""The single best answer, by criteria in their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from codedesigner.vote.strategies.base import AggregationInput, AggregationResult, Response
from codedesigner.vote.strategies.tally import Option, key_of, options

Criterion = Literal["confidence", "response_quality", "latency", "tokens", "location_weight"]


@dataclass(frozen=True, slots=True)
class BestOfN:
    """The answer that the first criterion ranks highest; the next one decides where it ranks several so."""

    ranking_criteria: tuple[Criterion, ...] = ("confidence", "response_quality", "latency")

    id: ClassVar[str] = "best_of_n"
    name: ClassVar[str] = "Best of several"
    description: ClassVar[str] = "Select the single best answer."
    applicable_to: ClassVar[tuple[str, ...]] = ("refine", "generate")

    def aggregate(self, given: AggregationInput[Any]) -> AggregationResult[Any]:
        """The best answer. The agreement is the share of the locations that gave the very same.

        Raises:
            ValueError: nobody answered.
        """
        counted = options(given)
        if not counted:
            raise ValueError("nobody answered")
        ranked = sorted(counted, key=self._rank)
        won, whole = ranked[0], sum(len(option.responses) for option in ranked)
        best = min(won.responses, key=self._of)
        named = ", ".join(self.ranking_criteria)
        return AggregationResult(
            selected=best.result,
            alternatives=tuple(option.alternative for option in ranked[1:]),
            agreement_score=len(won.responses) / whole,
            contributing_locations=won.locations,
            strategy_used=self.id,
            explanation=f"the best of {whole} by {named}: {best.location}",
        )

    def _rank(self, option: Option) -> tuple[object, ...]:
        return min(self._of(response) for response in option.responses)

    def _of(self, response: Response[Any]) -> tuple[Any, ...]:
        return (*(_cost(response, each) for each in self.ranking_criteria), response.location, key_of(response.result))


def _cost(response: Response[Any], criterion: Criterion) -> float:
    costs: dict[Criterion, float] = {
        "confidence": -response.confidence,
        "response_quality": -response.quality,
        "latency": response.latency_ms,
        "tokens": response.tokens_used,
        "location_weight": -response.weight,
    }
    return costs[criterion]
