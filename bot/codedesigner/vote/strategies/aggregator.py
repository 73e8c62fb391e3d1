"""Which strategy makes one answer of several: by name, or by what is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codedesigner.vote.strategies.base import AggregationInput, AggregationResult, AggregationStrategy
from codedesigner.vote.strategies.best import BestOfN
from codedesigner.vote.strategies.configured import configured
from codedesigner.vote.strategies.supervisor import SupervisorSelection
from codedesigner.vote.strategies.union import UnionMerge
from codedesigner.vote.strategies.votes import MajorityVote, WeightedVote

SHIPPED: tuple[AggregationStrategy, ...] = (
    MajorityVote(),
    WeightedVote(),
    UnionMerge(),
    BestOfN(),
    SupervisorSelection(),
)


@dataclass(frozen=True, slots=True)
class Context:
    """What decides beside the task. `weights_differ`: some locations are known to be better than others."""

    supervisor: bool = False
    high_stakes: bool = False
    weights_differ: bool = False


class Aggregator:
    """Strategies by name. One that is registered under a name that is taken replaces what was there."""

    def __init__(
        self, strategies: Sequence[AggregationStrategy] = SHIPPED, default_strategy: str = MajorityVote.id
    ) -> None:
        self._strategies = {strategy.id: strategy for strategy in strategies}
        self.default_strategy = default_strategy

    @property
    def strategies(self) -> Mapping[str, AggregationStrategy]:
        """All that are registered."""
        return dict(self._strategies)

    def register_strategy(self, strategy: AggregationStrategy) -> None:
        """Know this strategy from now on."""
        self._strategies[strategy.id] = strategy

    def configure(self, strategy: str, options: Mapping[str, Any]) -> None:
        """Use a shipped strategy with these options from now on.

        Raises:
            ValueError: there is no such strategy or option, or an option cannot have that value.
        """
        self.register_strategy(configured(strategy, options))

    def select_strategy(self, task_type: str, context: Context | None = None) -> str:
        """The name of the strategy that suits: the supervisor's where the stakes are high and there is one, else the
        first that was made for the task, by weight where weights are known to differ, else the default."""
        known = context or Context()
        if known.supervisor and known.high_stakes and SupervisorSelection.id in self._strategies:
            return SupervisorSelection.id
        suited = [each.id for each in self._strategies.values() if task_type in each.applicable_to]
        if known.weights_differ and WeightedVote.id in suited:
            return WeightedVote.id
        if suited:
            return suited[0]
        return SupervisorSelection.id if known.supervisor else self.default_strategy

    def aggregate(self, given: AggregationInput[Any]) -> AggregationResult[Any]:
        """The answers as one, by the strategy that the input names, or by the one that suits its task.

        Raises:
            ValueError: the strategy is not registered, or nobody answered.
            TypeError: an answer is not of the kind that the strategy aggregates.
        """
        name = given.strategy or self.select_strategy(given.task_type)
        strategy = self._strategies.get(name)
        if strategy is None:
            raise ValueError(f"there is no strategy {name}; there are {', '.join(sorted(self._strategies))}")
        return strategy.aggregate(given)
