"""A reviewer that does not ask again what it was told before."""

from __future__ import annotations

from collections.abc import Sequence

from codedesigner.protocol.issue import Examination, Source
from codedesigner.run.around import AroundReviewer
from codedesigner.run.reviewer import Reviewer
from codedesigner.state.answers import answer_key
from codedesigner.state.memory import Memory


class RememberingReviewer(AroundReviewer):
    """Implements `run.reviewer.Reviewer` around another one whose answer about a source depends on that source alone.

    `version` has to change whenever that one could answer differently: its program, its rules, our reading of its
    output. `reused` counts the sources for which it was not asked.
    """

    def __init__(self, inner: Reviewer, memory: Memory, version: str) -> None:
        super().__init__(inner)
        self._memory = memory
        self._version = version
        self.reused = 0

    def known(self, sources: Sequence[Source]) -> frozenset[str]:
        """The `key` of every source about which it has answered before.

        While it is unavailable, none: what it would say today is not known.
        """
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
