"""How likely two remarks mean one defect, told from what they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from rapidfuzz import fuzz

from codedesigner.vote.remark import Remark

Alike = Callable[[int, int], float]
"""Indices of two remarks -> the probability (0..1) that they mean the same; the order does not matter."""


class Likeness(Protocol):
    """A way to compare remarks: by their words, or by vectors that some endpoint made of them."""

    def among(self, remarks: Sequence[Remark]) -> Alike:
        """The comparison of these remarks with each other."""
        ...


class WordLikeness:
    """Compares the words of two remarks, in any order."""

    def among(self, remarks: Sequence[Remark]) -> Alike:
        """The comparison of these remarks with each other."""
        texts = [remark.text.casefold() for remark in remarks]
        return lambda one, other: fuzz.token_set_ratio(texts[one], texts[other]) / 100


SHIPPED: Likeness = WordLikeness()
"""What is used where nothing else is given."""
