"""What is aggregated, what comes out, and what a strategy is: pure, and the same bytes for the same input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from codedesigner.vote.finding import Vote
from codedesigner.vote.grouping import Group

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Response(Generic[T]):
    """One location's answer. `failed` says why it has none: then it decides nothing, and is named nowhere.

    `confidence` and `quality` (0..1) are its own and what was measured of the answer; `weight` is the location's.
    `worker` names who asked the location, where several do.
    """

    location: str
    result: T
    confidence: float = 1.0
    weight: float = 1.0
    latency_ms: int = 0
    tokens_used: int = 0
    quality: float = 0.0
    failed: str = ""
    worker: str = ""


@dataclass(frozen=True, slots=True)
class AggregationInput(Generic[T]):
    """Answers to one question. `strategy` names how they are made one; empty: whatever suits `task_type`.

    `accuracy` is location -> what history knows of it (0..1), for weights that come from there.
    """

    responses: tuple[Response[T], ...]
    task_type: str = "verify"
    strategy: str = ""
    accuracy: Mapping[str, float] = field(default_factory=dict)

    @property
    def answered(self) -> tuple[Response[T], ...]:
        """The answers that count, in an order that does not depend on that of the locations."""
        there = (response for response in self.responses if not response.failed)
        return tuple(sorted(there, key=lambda one: (one.location, repr(one.result), -one.confidence)))


@dataclass(frozen=True, slots=True)
class Alternative(Generic[T]):
    """An answer that was not selected: its number or weight of supporters, and who gave it."""

    result: T
    support: float
    locations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AggregationResult(Generic[T]):
    """What the locations together say.

    `agreement_score` is the share (0..1) of what decides that stands behind `selected`, 0 where nobody decided.
    """

    selected: T
    alternatives: tuple[Alternative[T], ...]
    agreement_score: float
    contributing_locations: tuple[str, ...]
    strategy_used: str
    explanation: str


class AggregationStrategy(Protocol):
    """One way of making one answer of several. `applicable_to` are the task types it works for; `*`: all."""

    @property
    def id(self) -> str:
        """Its name in a configuration."""
        ...

    @property
    def name(self) -> str:
        """Its name for people."""
        ...

    @property
    def description(self) -> str:
        """What it does, in one sentence."""
        ...

    @property
    def applicable_to(self) -> tuple[str, ...]:
        """The task types it works for."""
        ...

    def aggregate(self, given: AggregationInput[Any]) -> AggregationResult[Any]:
        """The answers as one.

        Raises:
            ValueError: nobody answered.
            TypeError: an answer is not of the kind that it aggregates.
        """
        ...


@dataclass(frozen=True, slots=True)
class Voted:
    """A group of remarks after the vote on it: `result.selected` says whether the panel holds it for a defect."""

    group: Group
    result: AggregationResult[Vote]
    agreement: float
    probability: float | None = None

    @property
    def contributing(self) -> tuple[str, ...]:
        """Who said yes or no as the panel did."""
        return self.result.contributing_locations

    @property
    def explanation(self) -> str:
        """The vote in words."""
        return self.result.explanation
