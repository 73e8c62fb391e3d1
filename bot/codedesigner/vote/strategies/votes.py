"""Votes: the answer that most gave, by heads or by weight."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal

from codedesigner.vote.strategies.base import AggregationInput, AggregationResult, Response
from codedesigner.vote.strategies.tally import Option, TieBreaker, decided, options

WeightSource = Literal["confidence", "location_weight", "historical_accuracy"]

UNKNOWN_ACCURACY = 0.5
"""Of a location without history."""
_SUREST = 0.99  # an accuracy of 1 would weigh more than everybody together for ever


@dataclass(frozen=True, slots=True)
class MajorityVote:
    """Every location has one vote; a tie goes by `tie_breaker`, and `seed` decides what is random."""

    tie_breaker: TieBreaker = "highest_confidence"
    seed: int = 0

    id: ClassVar[str] = "majority_vote"
    name: ClassVar[str] = "Majority vote"
    description: ClassVar[str] = "Select the answer that most locations gave."
    applicable_to: ClassVar[tuple[str, ...]] = ("verify", "classify")

    def aggregate(self, given: AggregationInput[Any]) -> AggregationResult[Any]:
        """The answer of most.

        Raises:
            ValueError: nobody answered.
        """

        def explain(won: Option, whole: float) -> str:
            return f"{len(won.locations)} of {whole:g} gave this answer"

        return decided(options(given), self.tie_breaker, self.seed, self.id, explain)


@dataclass(frozen=True, slots=True)
class WeightedVote:
    """Every location has as many votes as `weight_source` gives it."""

    weight_source: WeightSource = "confidence"
    tie_breaker: TieBreaker = "highest_confidence"
    seed: int = 0

    id: ClassVar[str] = "weighted_vote"
    name: ClassVar[str] = "Weighted vote"
    description: ClassVar[str] = "Select the answer with most weight behind it."
    applicable_to: ClassVar[tuple[str, ...]] = ("verify", "classify")

    def aggregate(self, given: AggregationInput[Any]) -> AggregationResult[Any]:
        """The answer with most weight.

        Raises:
            ValueError: nobody answered.
        """

        def explain(won: Option, whole: float) -> str:
            share = won.support / whole if whole else 0.0
            return f"{share:.0%} of the weight ({self.weight_source}) is behind this answer"

        counted = options(given, partial(weight_of, self.weight_source, given))
        return decided(counted, self.tie_breaker, self.seed, self.id, explain)


def weight_of(source: WeightSource, given: AggregationInput[Any], response: Response[Any]) -> float:
    """What a response weighs: never less than nothing."""
    if source == "confidence":
        return response.weight * response.confidence
    if source == "location_weight":
        return response.weight
    return odds(given.accuracy.get(response.location, UNKNOWN_ACCURACY))


def odds(accuracy: float) -> float:
    """How much more often right than wrong: a location that is right in nine of ten outweighs several of chance.

    Weights that are accuracies themselves differ too little for that: three at 0.5 would outvote one at 0.9.
    """
    sure = min(max(accuracy, 1 - _SUREST), _SUREST)
    return sure / (1 - sure)
