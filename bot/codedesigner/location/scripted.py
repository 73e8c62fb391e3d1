"""A location whose answers are written down: for tests of whatever needs reviewers, ours and other people's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from codedesigner.angle.kinds import KINDS
from codedesigner.protocol.issue import Answer, Examination, Issue, Source

Script = Mapping[str, Answer | Sequence[Issue]] | Callable[[Source], Answer | Sequence[Issue]]
"""Path -> what is said about it (a path that is missing draws no issue), or a function of the source."""


@dataclass(frozen=True)
class ScriptedReviewer:
    """A reviewer that says what its script says. `asked` keeps every source that it was given, in order."""

    id: str
    script: Script = field(default_factory=dict)
    kinds: Collection[str] = frozenset(KINDS)
    weight: float = 1.0
    deterministic: bool = True
    unavailable: str | None = None
    languages: frozenset[str | None] | None = None  # None: all
    asked: list[Source] = field(default_factory=list, compare=False)

    def can_examine(self, path: str, language: str | None) -> bool:
        """Whether the script covers the language."""
        return self.languages is None or language in self.languages

    def judges(self, kind: str, path: str, language: str | None) -> bool:
        """Whether the kind is one of its own."""
        return self.can_examine(path, language) and kind in self.kinds

    def angles(self, path: str, language: str | None) -> frozenset[str]:
        """The angles of its kinds."""
        if not self.can_examine(path, language):
            return frozenset()
        return frozenset(KINDS[kind].angle for kind in self.kinds if kind in KINDS)

    async def examine(self, sources: Sequence[Source]) -> Examination:
        """What the script says about each source."""
        self.asked.extend(sources)
        return Examination(self.id, {source.key: self._say(source) for source in sources}, (0.0,))

    def _say(self, source: Source) -> Answer:
        said = self.script(source) if callable(self.script) else self.script.get(source.path, ())
        return said if isinstance(said, Answer) else Answer("answered", tuple(said))
