"""All that anyone listed, each item once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from codedesigner.vote.grouping import grouped
from codedesigner.vote.strategies.base import AggregationInput, AggregationResult, Response
from codedesigner.vote.strategies.comparator import SemanticComparator
from codedesigner.vote.strategies.tally import key_of

Deduplication = Literal["exact", "key_field", "semantic_similarity", "semantic"]
"""`semantic` is short for `semantic_similarity`."""

Said = tuple[str, Any]
"""(location, item)"""


@dataclass(frozen=True, slots=True)
class UnionMerge:
    """Lists of items as one list.

    Items are the same where they are equal (`exact`), where they agree in `key_fields`, or where they mean the same:
    then `threshold` is the likeness (0..1) that takes, None what the grouping of findings takes. `text_field` holds
    the words of an item that is a mapping. What stands for items that are the same is the most confident location's.
    """

    deduplication: Deduplication = "semantic_similarity"
    key_fields: tuple[str, ...] = ("id",)
    text_field: str = "description"
    threshold: float | None = None

    id: ClassVar[str] = "union_merge"
    name: ClassVar[str] = "Union"
    description: ClassVar[str] = "Combine all that any location listed, each item once."
    applicable_to: ClassVar[tuple[str, ...]] = ("analyze", "list_issues")

    def aggregate(self, given: AggregationInput[Any]) -> AggregationResult[Any]:
        """A tuple of items. The agreement is the share of them that more than one location listed.

        Raises:
            TypeError: an answer is no list.
        """
        said = [(response.location, item) for response in given.answered for item in _items(response)]
        trust = {response.location: response.confidence for response in given.answered}
        merged = self._semantic(said) if self.deduplication.startswith("semantic") else self._keyed(said)
        shared = sum(1 for group in merged if len({location for location, _ in group}) > 1)
        return AggregationResult(
            selected=tuple(_best(group, trust) for group in merged),
            alternatives=(),
            agreement_score=shared / len(merged) if merged else 0.0,
            contributing_locations=tuple(sorted({location for location, _ in said})),
            strategy_used=self.id,
            explanation=f"{len(said)} items are {len(merged)}, {shared} of them listed by more than one",
        )

    def _keyed(self, said: Sequence[Said]) -> list[list[Said]]:
        groups: dict[str, list[Said]] = defaultdict(list)
        for location, item in said:
            groups[key_of(self._key(item) if self.deduplication == "key_field" else item)].append((location, item))
        return [groups[key] for key in sorted(groups)]

    def _key(self, item: Any) -> object:
        if isinstance(item, Mapping) and any(name in item for name in self.key_fields):
            return [item.get(name) for name in self.key_fields]
        return item

    def _semantic(self, said: Sequence[Said]) -> list[list[Said]]:
        ordered = sorted(said, key=lambda one: (one[0], key_of(one[1])))
        compare = SemanticComparator(self.text_field)
        remarks = [compare.remark(number, *one) for number, one in enumerate(ordered)]
        groups = grouped(remarks, threshold=self.threshold)
        found = [[ordered[int(member.id)] for member in group.members] for group in groups]
        return sorted(found, key=lambda group: min(key_of(item) for _, item in group))


def _items(response: Response[Any]) -> Sequence[Any]:
    if not isinstance(response.result, list | tuple):
        raise TypeError(f"the answer of {response.location} is no list")
    return response.result


def _best(group: Sequence[Said], trust: Mapping[str, float]) -> Any:
    return min(group, key=lambda one: (-trust[one[0]], one[0], key_of(one[1])))[1]
