"""Identical answers counted together: what every vote does before it decides."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import fsum, isclose
from typing import Any, Literal

from codedesigner.vote.strategies.base import AggregationInput, AggregationResult, Alternative, Response

TieBreaker = Literal["highest_confidence", "fastest_response", "random"]


@dataclass(frozen=True, slots=True)
class Option:
    """One answer with all that gave it, and what they weigh together."""

    key: str
    result: Any
    responses: tuple[Response[Any], ...]
    support: float

    @property
    def locations(self) -> tuple[str, ...]:
        """Who gave it."""
        return tuple(response.location for response in self.responses)

    @property
    def alternative(self) -> Alternative[Any]:
        """It as one that was not selected."""
        return Alternative(self.result, round(self.support, 6), self.locations)


def key_of(result: object) -> str:
    """The same text for answers that are the same: the order of keys in a mapping means nothing."""
    try:
        return json.dumps(result, sort_keys=True)
    except (TypeError, ValueError):
        return repr(result)


def _one(_response: Response[Any]) -> float:
    return 1.0


def options(given: AggregationInput[Any], weight: Callable[[Response[Any]], float] = _one) -> tuple[Option, ...]:
    """The different answers, in order of their text. A location has one vote: its most confident answer."""
    votes: dict[str, Response[Any]] = {}
    for response in given.answered:
        known = votes.get(response.location)
        if known is None or response.confidence > known.confidence:
            votes[response.location] = response
    found: dict[str, list[Response[Any]]] = defaultdict(list)
    for response in votes.values():
        found[key_of(response.result)].append(response)
    return tuple(
        Option(key, members[0].result, tuple(members), fsum(weight(member) for member in members))
        for key, members in sorted(found.items())
    )


def leaders(ranked: Sequence[Option]) -> tuple[Option, ...]:
    """Those with most support: more than one is a tie."""
    most = max((option.support for option in ranked), default=0.0)
    return tuple(option for option in ranked if isclose(option.support, most, rel_tol=1e-9, abs_tol=1e-12))


def broken(tied: Sequence[Option], how: TieBreaker, seed: int) -> Option:
    """The one that a tie goes to; where the breaker knows none, either, the first by its text."""
    if how == "fastest_response":
        return min(tied, key=lambda option: (min(each.latency_ms for each in option.responses), option.key))
    if how == "random":
        return min(tied, key=lambda option: (sha256(f"{seed} {option.key}".encode()).digest(), option.key))
    return min(tied, key=lambda option: (-max(each.confidence for each in option.responses), option.key))


def decided(
    counted: Sequence[Option], how: TieBreaker, seed: int, strategy: str, explain: Callable[[Option, float], str]
) -> AggregationResult[Any]:
    """The answer with most support, ties broken. `explain` gets the winner and the sum of all support.

    Raises:
        ValueError: nobody answered.
    """
    if not counted:
        raise ValueError("nobody answered")
    whole, tied = fsum(option.support for option in counted), leaders(counted)
    won = tied[0] if len(tied) == 1 else broken(tied, how, seed)
    rest = sorted((option for option in counted if option is not won), key=lambda each: (-each.support, each.key))
    said = explain(won, whole)
    return AggregationResult(
        selected=won.result,
        alternatives=tuple(option.alternative for option in rest),
        agreement_score=won.support / whole if whole else 0.0,
        contributing_locations=won.locations,
        strategy_used=strategy,
        explanation=said if len(tied) == 1 else f"{said}, a tie of {len(tied)} that {how} broke",
    )
