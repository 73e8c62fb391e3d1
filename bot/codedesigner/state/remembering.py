"""A reviewer that does not ask again what it was told before."""

from __future__ import annotations

from collections.abc import Sequence

from codedesigner.protocol.issue import Examination, Source
from codedesigner.run.reviewer import Reviewer
from codedesigner.state.answers import answer_key
from codedesigner.state.memory import Memory


class RememberingReviewer:
    """Implements `run.reviewer.Reviewer` around another one whose answer about a source depends on that source alone.

    `version` has to change whenever that one could answer differently: its program, its rules, our reading of its
    output. `reused` counts the sources for which it was not asked.
    """

    def __init__(self, inner: Reviewer, memory: Memory, version: str) -> None:
        self._inner = inner
        self._memory = memory
        self._version = version
        self.reused = 0

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
        """Why it cannot work here. It then says nothing: what it would say today is not known."""
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

    def known(self, sources: Sequence[Source]) -> frozenset[str]:
        """The `key` of every source about which it has answered before."""
        if self.unavailable is not None:
            return frozenset()
        keys = self._keys(sources)
        answered = self._memory.known(keys.values())
        return frozenset(name for name, key in keys.items() if key in answered)

    async def examine(self, sources: Sequence[Source]) -> Examination:
        """Look at every source, at those alone that are new to it."""
        keys = self._keys(sources)
        found = self._memory.get(keys.values())
        new = [source for source in sources if keys[source.key] not in found]
        self.reused += len(sources) - len(new)
        said = await self._inner.examine(new) if new else Examination(self.id, {})
        self._memory.put({keys[name]: answer for name, answer in said.answers.items()})
        known = {name: found[key] for name, key in keys.items() if key in found}
        return Examination(self.id, known | said.answers, said.latencies_ms)

    def _keys(self, sources: Sequence[Source]) -> dict[str, str]:
        return {source.key: answer_key(self.id, self._version, source) for source in sources}
