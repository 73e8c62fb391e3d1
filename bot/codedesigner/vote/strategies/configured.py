"""A strategy with the options that a configuration gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from codedesigner.vote.strategies.base import AggregationStrategy
from codedesigner.vote.strategies.best import BestOfN, Criterion
from codedesigner.vote.strategies.supervisor import SupervisorSelection
from codedesigner.vote.strategies.tally import TieBreaker
from codedesigner.vote.strategies.union import Deduplication, UnionMerge
from codedesigner.vote.strategies.votes import MajorityVote, WeightedVote, WeightSource

Options = Mapping[str, Any]


def configured(strategy: str, options: Options) -> AggregationStrategy:
    """The shipped strategy of that name with these options; what is left out keeps its default.

    Raises:
        ValueError: there is no such strategy or option, or an option cannot have that value; the message names it.
    """
    make = _MAKERS.get(strategy)
    if make is None:
        raise ValueError(f"there is no strategy {strategy}; there are {', '.join(sorted(_MAKERS))}")
    left = dict(options)
    made = make(left)
    if left:
        raise ValueError(f"{strategy} has no option {min(left)}")
    return made


def _majority(given: dict[str, Any]) -> AggregationStrategy:
    ties = _one_of(given, "tie_breaker", get_args(TieBreaker), "highest_confidence")
    return MajorityVote(ties, seed=_whole(given, "seed", 0, least=0))


def _weighted(given: dict[str, Any]) -> AggregationStrategy:
    source = _one_of(given, "weight_source", get_args(WeightSource), "confidence")
    ties = _one_of(given, "tie_breaker", get_args(TieBreaker), "highest_confidence")
    return WeightedVote(source, ties, seed=_whole(given, "seed", 0, least=0))


def _union(given: dict[str, Any]) -> AggregationStrategy:
    said = given.pop("deduplication", {})
    _need(isinstance(said, Mapping), "deduplication has to be a mapping of method and threshold")
    left = dict(said)
    method = _one_of(left, "method", get_args(Deduplication), "semantic_similarity")
    threshold = left.pop("threshold", None)
    if threshold is not None and not (_is_number(threshold) and 0 <= threshold <= 1):
        raise ValueError("deduplication.threshold has to be a number from 0 to 1")
    if left:
        raise ValueError(f"deduplication has no option {min(left)}")
    keys = given.pop("key_fields", ("id",))
    text = given.pop("text_field", "description")
    if not (isinstance(keys, list | tuple) and keys and all(isinstance(key, str) for key in keys)):
        raise ValueError("key_fields has to be a list of names")
    _need(isinstance(text, str), "text_field has to be a name")
    return UnionMerge(method, tuple(keys), text, None if threshold is None else float(threshold))


def _best(given: dict[str, Any]) -> AggregationStrategy:
    criteria = given.pop("ranking_criteria", BestOfN().ranking_criteria)
    known = get_args(Criterion)
    if not isinstance(criteria, list | tuple) or not criteria or any(each not in known for each in criteria):
        raise ValueError(f"ranking_criteria has to be a list of {', '.join(known)}")
    return BestOfN(tuple(criteria))


def _supervisor(given: dict[str, Any]) -> AggregationStrategy:
    fallback = _one_of(given, "fallback", ("person", "most_supported"), "person")
    return SupervisorSelection(_whole(given, "present_top_n", SupervisorSelection().present_top_n, least=1), fallback)


def _need(fits: bool, what: str) -> None:
    if not fits:
        raise ValueError(what)


def _one_of(given: dict[str, Any], name: str, allowed: tuple[Any, ...], default: Any) -> Any:
    said = given.pop(name, default)
    if said not in allowed:
        raise ValueError(f"{name} has to be one of {', '.join(allowed)}, not {said!r}")
    return said


def _whole(given: dict[str, Any], name: str, default: int, *, least: int) -> int:
    said = given.pop(name, default)
    if isinstance(said, bool) or not isinstance(said, int) or said < least:
        raise ValueError(f"{name} has to be a whole number from {least} on, not {said!r}")
    return said


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_MAKERS: Mapping[str, Callable[[dict[str, Any]], AggregationStrategy]] = {
    MajorityVote.id: _majority,
    WeightedVote.id: _weighted,
    UnionMerge.id: _union,
    BestOfN.id: _best,
    SupervisorSelection.id: _supervisor,
}
