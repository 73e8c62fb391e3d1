"""Texts as vectors: each term weighed by how often the text has it and how few others do, all of length one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log, sqrt

_FEWEST = 20
"""Among fewer texts than this, that two share a word does not yet make the word common."""


class Vectors:
    """`units[i]` maps the terms of text `i`, as numbers, to their weights."""

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        counted = [Counter(document) for document in documents]
        frequency: Counter[str] = Counter()
        for counts in counted:
            frequency.update(counts.keys())
        many = max(len(documents), _FEWEST) + 1
        # Terms become numbers because sets of numbers have the same order in every process.
        number = {term: place for place, term in enumerate(frequency)}
        rarity = {term: log(many / (times + 0.5)) for term, times in frequency.items()}
        self.units = [
            _unit({number[term]: (1.0 + log(times)) * rarity[term] for term, times in counts.items()})
            for counts in counted
        ]
        self._frequency = list(frequency.values())

    def rarest_first(self, text: int) -> list[tuple[int, float]]:
        """The terms of a text and their weights, those that the fewest texts have first."""
        frequency = self._frequency
        unit = self.units[text]
        return [(term, unit[term]) for _, term in sorted([(frequency[term], term) for term in unit])]


def _unit(weights: Mapping[int, float]) -> dict[int, float]:
    length = sqrt(sum([weight * weight for weight in weights.values()]))
    return {term: weight / length for term, weight in weights.items() if weight > 0} if length else {}


def dot(one: Mapping[int, float], other: Mapping[int, float]) -> float:
    """The sum of products of what both have; the cosine where both have length one."""
    return sum([one[term] * other[term] for term in one.keys() & other.keys()])
