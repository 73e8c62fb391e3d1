"""How likely two remarks mean one defect, told from what they say and from what else is said beside them.

Words alone mislead: all remarks about one change share its names. So a pair is also held against its surroundings:
how much more alike the two are than each is to its nearest others, and whether they resemble the same others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, sqrt
from typing import Protocol

from codedesigner.vote.fitted import BIAS, COEFFICIENTS, FEW_BIAS, FEW_COEFFICIENTS
from codedesigner.vote.neighbours import Neighbours
from codedesigner.vote.remark import Remark
from codedesigner.vote.vectors import Vectors, dot
from codedesigner.vote.wording import runs, terms

Comparable = Callable[[int, int], bool]
"""Indices of two remarks -> whether they may mean the same at all."""

Pairs = Mapping[tuple[int, int], float]
"""(lower index, higher index) -> the probability (0..1) that the two mean the same; a pair that is absent does not."""


class Likeness(Protocol):
    """A way to compare remarks: by their words, or by vectors that some endpoint made of them, too."""

    def pairs(self, remarks: Sequence[Remark], comparable: Comparable) -> Pairs:
        """The pairs that may mean the same. `comparable` rules others out; not every pair need be looked at."""
        ...


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic model of some measures of a pair."""

    bias: float
    coefficients: tuple[float, ...]

    def probability(self, measures: Sequence[float]) -> float:
        """How likely a pair with these measures means one defect."""
        score = self.bias + sum(factor * value for factor, value in zip(self.coefficients, measures, strict=True))
        return 1.0 / (1.0 + exp(-max(-60.0, min(60.0, score))))


@dataclass(frozen=True, slots=True)
class WordLikeness:
    """Compares remarks by stems and identifiers, and by runs of letters, each weighed by how rare it is here.

    By the measures of `Surroundings.features`, which are larger where a pair has less beside it: so there are two
    models, for places with many remarks and for those with few. What names no place is like one with many.
    """

    many: Logistic = Logistic(BIAS, COEFFICIENTS)
    few: Logistic = Logistic(FEW_BIAS, FEW_COEFFICIENTS)

    def pairs(self, remarks: Sequence[Remark], comparable: Comparable) -> Pairs:
        """The likely pairs among those that share words; time and memory grow with the number of remarks alone."""
        found = Surroundings(remarks, comparable)
        return {pair: self.probability(found, *pair) for pair in found.pairs}

    def probability(self, found: Surroundings, one: int, other: int) -> float:
        """How likely a candidate pair means one defect."""
        model = self.few if found.few(one, other) else self.many
        return model.probability(found.features(one, other))


SHIPPED: Likeness = WordLikeness()
"""What is used where nothing else is given."""

FEW = 8
"""More remarks than this at one place tell much about each other; from fewer, a pair seems more alike than it is."""
_NEAREST = 10
_PROFILE = 30
_UNRELATED = 0.1
"""The cosine of two remarks that have nothing in common but the change."""


class Surroundings:
    """What is measured of every candidate pair of some remarks; `pairs` are the candidates."""

    def __init__(self, remarks: Sequence[Remark], comparable: Comparable) -> None:
        texts = [remark.text for remark in remarks]
        words = Vectors([terms(text) for text in texts])
        letters = Vectors([runs(text) for text in texts])
        near = Neighbours(remarks, words, comparable)
        self.pairs: Sequence[tuple[int, int]] = near.pairs
        self._words, self._letters = _View(words, near.pairs), _View(letters, near.pairs)
        self._paths = [remark.path for remark in remarks]
        self._there = Counter(self._paths)

    def few(self, one: int, other: int, most: int = FEW) -> bool:
        """Whether both stand at a place, each with at most so many remarks."""
        paths = self._paths[one], self._paths[other]
        return None not in paths and all(self._there[path] <= most for path in paths)

    def features(self, one: int, other: int) -> tuple[float, ...]:
        """Of a candidate pair: shared surroundings by the words, the same by the letters, and lift by the letters."""
        return (
            self._words.shared(one, other),
            self._letters.shared(one, other),
            self._letters.lift(one, other),
        )


class _View:
    """How alike the candidates are in one kind of term."""

    def __init__(self, vectors: Vectors, pairs: Sequence[tuple[int, int]]) -> None:
        self._near: list[dict[int, float]] = [{} for _ in vectors.units]
        for one, other in pairs:
            self._near[one][other] = self._near[other][one] = dot(vectors.units[one], vectors.units[other])
        self._level = [_level(near) for near in self._near]
        self._profile = [_profile(index, near) for index, near in enumerate(self._near)]

    def lift(self, one: int, other: int) -> float:
        """By how much the two are more alike than each is to its nearest others on average; a cosine, may be < 0."""
        return self._near[one][other] - (self._level[one] + self._level[other]) / 2

    def shared(self, one: int, other: int) -> float:
        """How far the two, each counted among its own nearest, resemble the same remarks (0..1)."""
        return dot(self._profile[one], self._profile[other])


def _level(near: Mapping[int, float]) -> float:
    """How alike the nearest others are; one that has few has unrelated ones in their stead."""
    nearest = sorted(near.values(), reverse=True)[:_NEAREST]
    return (sum(nearest) + (_NEAREST - len(nearest)) * _UNRELATED) / _NEAREST


def _profile(index: int, near: Mapping[int, float]) -> dict[int, float]:
    others = sorted(((-cosine, other) for other, cosine in near.items() if cosine > _UNRELATED))[:_PROFILE]
    length = sqrt(1.0 + sum(cosine * cosine for cosine, _ in others))
    return {index: 1.0 / length} | {other: -cosine / length for cosine, other in others}
