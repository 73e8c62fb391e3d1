"""What is the same of a reviewer whoever stands around it."""

from __future__ import annotations

from codedesigner.run.reviewer import Reviewer


class AroundReviewer:
    """A reviewer as the one inside it in all but how it examines, which a subclass says."""

    def __init__(self, inner: Reviewer) -> None:
        self._inner = inner

    @property
    def id(self) -> str:
        """The location's id."""
        return self._inner.id

    @property
    def weight(self) -> float:
        """The weight of its ballots."""
        return self._inner.weight

    @property
    def deterministic(self) -> bool:
        """Whether a second pass would say the same."""
        return self._inner.deterministic

    @property
    def unavailable(self) -> str | None:
        """Why it cannot work here."""
        return self._inner.unavailable

    def can_examine(self, path: str, language: str | None) -> bool:
        """Whether it reads such files at all."""
        return self._inner.can_examine(path, language)

    def judges(self, kind: str, path: str, language: str | None) -> bool:
        """Whether its silence about `kind` in such a file means "no"."""
        return self._inner.judges(kind, path, language)

    def angles(self, path: str, language: str | None) -> frozenset[str]:
        """The angles that it has something to say from."""
        return self._inner.angles(path, language)
