"""The seam between a run and those who look at code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from codedesigner.protocol.issue import Examination, Source


class Reviewer(Protocol):
    """A location made live: a static analyser, a SARIF file, later a model."""

    @property
    def id(self) -> str:
        """The location's id, as in `locations.yaml`."""

    @property
    def weight(self) -> float:
        """The weight of its ballots, above 0."""

    @property
    def deterministic(self) -> bool:
        """Whether a second pass over the same text would say the same, so that one pass is all there is to ask."""

    @property
    def unavailable(self) -> str | None:
        """Why it cannot work here at all (program not installed, …), or None."""

    def can_examine(self, path: str, language: str | None) -> bool:
        """Whether it reads such files at all."""

    def judges(self, kind: str, path: str, language: str | None) -> bool:
        """Whether its silence about `kind` in such a file means "no"; where this is False it abstains."""

    def angles(self, path: str, language: str | None) -> frozenset[str]:
        """The angles that it has something to say from, for such a file."""

    async def examine(self, sources: Sequence[Source]) -> Examination:
        """Look at every source. Never raises for what a source contains: that becomes the answer's status."""
