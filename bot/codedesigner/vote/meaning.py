"""Likeness by the vectors that some server makes of what is said, beside the words.

Models differ in how large their cosines are: unrelated remarks may have .1 or .7. So a cosine is held against those
that each of the two has with its nearest others in the same review, and measured by the spread of all of them. Nothing
about the model has to be known for that. It helps most where words help least: where a place has few remarks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from operator import mul

from codedesigner.call.embedding import Vector
from codedesigner.protocol.issue import Issue
from codedesigner.vote.fitted import MEANING_BIAS, MEANING_COEFFICIENTS
from codedesigner.vote.likeness import FEW, SHIPPED, Comparable, Likeness, Logistic, Pairs, Surroundings, WordLikeness
from codedesigner.vote.remark import Remark
from codedesigner.vote.standing import MODEL

FEWEST = 8
"""Fewer texts than this do not tell what is usual, and are compared by their words alone."""
_NEAREST = 10
_LEAST_SPREAD = 0.02
_QUARTER = 0.6745  # of a normal distribution, from its middle to its quarter, in standard deviations
_SCALE = 4.0
_MOST_LIFT = 4.0

WITH_VECTORS = Logistic(MEANING_BIAS, MEANING_COEFFICIENTS)
"""What tells by the measures of words and the lift of vectors."""


class Cosines:
    """How alike texts are by their vectors, of one dimension, each against all others. At least `FEWEST` texts."""

    def __init__(self, vectors: Mapping[str, Vector]) -> None:
        texts = sorted(vectors)
        self._place = {text: index for index, text in enumerate(texts)}
        units = [vectors[text] for text in texts]
        lengths = [sqrt(sum(map(mul, unit, unit))) for unit in units]
        rows: list[list[float]] = [[0.0] * len(texts) for _ in texts]
        for one, unit in enumerate(units):
            for other in range(one):
                cosine = sum(map(mul, unit, units[other])) / (lengths[one] * lengths[other])
                rows[one][other] = rows[other][one] = cosine
        self._rows = rows
        every = sorted(row[other] for one, row in enumerate(rows) for other in range(one))
        middle = every[len(every) // 2]
        self._spread = max(_LEAST_SPREAD, (middle - every[len(every) // 4]) / _QUARTER)
        self._level = [self._nearest(one, middle) for one in range(len(texts))]

    def lift(self, one: str, other: str) -> float | None:
        """By how much the two are more alike than each is to its nearest others; None where one has no vector."""
        first, second = self._place.get(one), self._place.get(other)
        if first is None or second is None:
            return None
        cosine = 1.0 if first == second else self._rows[first][second]
        above = (cosine - (self._level[first] + self._level[second]) / 2) / self._spread / _SCALE
        return max(-_MOST_LIFT, min(_MOST_LIFT, above))

    def _nearest(self, one: int, middle: float) -> float:
        """How alike its nearest others are; one that has few has usual ones in their stead."""
        others = sorted((cosine for other, cosine in enumerate(self._rows[one]) if other != one), reverse=True)
        nearest = others[:_NEAREST]
        return (sum(nearest) + (_NEAREST - len(nearest)) * middle) / _NEAREST


@dataclass(frozen=True, slots=True)
class MeaningLikeness:
    """Compares remarks by their words and their vectors, where at most `few` stand at a place and both have vectors.

    Where more stand at a place, what else is said there tells as much as vectors do, and the words alone are used.
    By the measures of `Surroundings.features` and `Cosines.lift`. Candidates are those that share words: vectors tell
    whether two of them mean the same, and never bring together what has no word in common.
    """

    cosines: Cosines
    model: Logistic = WITH_VECTORS
    few: int = FEW
    words: WordLikeness = field(default_factory=WordLikeness)

    def pairs(self, remarks: Sequence[Remark], comparable: Comparable) -> Pairs:
        """The likely pairs among those that share words."""
        found = Surroundings(remarks, comparable)
        likely: dict[tuple[int, int], float] = {}
        for one, other in found.pairs:
            few = found.few(one, other, self.few)
            lift = self.cosines.lift(remarks[one].text, remarks[other].text) if few else None
            likely[one, other] = (
                self.words.probability(found, one, other)
                if lift is None
                else self.model.probability((*found.features(one, other), lift))
            )
        return likely


def likeness_of(vectors: Mapping[str, Vector]) -> Likeness:
    """By these vectors, where there are enough of them to tell what is usual; else by words."""
    return SHIPPED if len(vectors) < FEWEST else MeaningLikeness(Cosines(vectors))


def to_compare(files: Sequence[Sequence[Issue]]) -> tuple[str, ...]:
    """What models say, each text once, those first that stand beside others of their kind in one file.

    () where nothing stands beside anything: then there is nothing to compare.
    """
    contested, alone = list(_said(files, together=True)), list(_said(files, together=False))
    return tuple(dict.fromkeys([*contested, *alone])) if contested else ()


def _said(files: Sequence[Sequence[Issue]], *, together: bool) -> Iterator[str]:
    for issues in files:
        kinds: dict[str, dict[str, None]] = {}
        for issue in issues:
            if issue.kind.startswith(MODEL):
                kinds.setdefault(issue.kind, {})[issue.message] = None
        for texts in kinds.values():
            if (len(texts) > 1) == together:
                yield from texts
