"""A location that is configured and cannot be asked: it takes part, offline, and every report says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codedesigner.protocol.issue import Answer, Examination, Source


@dataclass(frozen=True, slots=True)
class UnreachableReviewer:
    """Implements `run.reviewer.Reviewer` for a location that is known but not there.

    It was to look from all of `looks_from`, so what nobody else looks at stays unanswered.
    """

    id: str
    weight: float
    unavailable: str
    looks_from: frozenset[str]
    deterministic: bool = False

    def can_examine(self, path: str, language: str | None) -> bool:
        """Every file: a model reads them all."""
        return True

    def judges(self, kind: str, path: str, language: str | None) -> bool:
        """Every kind; its answers are `offline`, so it abstains."""
        return True

    def angles(self, path: str, language: str | None) -> frozenset[str]:
        """All that it was to look from."""
        return self.looks_from

    async def examine(self, sources: Sequence[Source]) -> Examination:
        """`offline` for every source."""
        answer = Answer("offline", detail=self.unavailable)
        return Examination(self.id, {source.key: answer for source in sources})
