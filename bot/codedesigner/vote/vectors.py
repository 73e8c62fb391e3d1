"""Texts as vectors: each term weighed by how often the text has it and how few others do, all of length one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from math import log, sqrt
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


class Vectors:
    """`units[i]` maps the terms of text `i` to their weights; `frequency` says in how many texts a term is."""

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        counted = [Counter(document) for document in documents]
        self.frequency: Counter[str] = Counter()
        for counts in counted:
            self.frequency.update(counts.keys())
        many = len(documents) + 1
        rarity = {term: log(many / (times + 0.5)) for term, times in self.frequency.items()}
        often = [
            0.0,
            *(1.0 + log(times) for times in range(1, 1 + max((max(c.values()) for c in counted if c), default=0))),
        ]
        self.units = [
            _unit({term: often[times] * rarity[term] for term, times in counts.items()}) for counts in counted
        ]


def _unit(weights: Mapping[str, float]) -> dict[str, float]:
    length = sqrt(sum(weight * weight for weight in weights.values()))
    return {term: weight / length for term, weight in weights.items() if weight > 0} if length else {}


def dot(one: Mapping[K, float], other: Mapping[K, float]) -> float:
    """The sum of products of what both have; the cosine where both have length one."""
    if len(one) > len(other):
        one, other = other, one
    return sum([weight * other[term] for term, weight in one.items() if term in other])
