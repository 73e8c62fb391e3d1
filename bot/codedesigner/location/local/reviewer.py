"""An embedded analyser as a location: it votes like any other, on the kinds of defect that it can judge."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cached_property
from importlib import metadata
from pathlib import Path

from codedesigner.location.local.analyser import Analyser
from codedesigner.location.local.batch import Batch
from codedesigner.location.local.process import Isolation, ProcessLimits, find_program, isolation
from codedesigner.protocol.issue import Answer, Examination, Source

_DEFAULT_LIMITS = ProcessLimits(seconds=120.0, output_bytes=20_000_000)


class LocalReviewer:
    """Implements `run.reviewer.Reviewer` for one analyser.

    `slots` is shared by all reviewers of a run and bounds the processes at work. `repository` is where the change
    comes from: no program inside it is ever started. `program` replaces the search for the executable.
    """

    deterministic = True

    def __init__(
        self,
        analyser: Analyser,
        *,
        location: str | None = None,
        weight: float = 1.0,
        limits: ProcessLimits = _DEFAULT_LIMITS,
        slots: asyncio.Semaphore | None = None,
        repository: Path | None = None,
        program: Path | None = None,
    ) -> None:
        self.id = location or analyser.id
        self.weight = weight
        self.analyser = analyser
        self._limits = limits
        self._slots = slots or asyncio.Semaphore(2)
        self._repository = repository
        self._given_program = program

    @cached_property
    def program(self) -> Path | None:
        """The executable, or None where it is not installed."""
        return self._given_program or find_program(self.analyser.program, forbidden=self._repository)

    @property
    def unavailable(self) -> str | None:
        """Why it cannot work here, and what to type about it."""
        if self.program is not None:
            return None
        return f"{self.analyser.program} is not installed; pip install 'codedesigner[analysers]'"

    @cached_property
    def version(self) -> str:
        """The installed version, or `unknown` where it came from elsewhere than the Python environment."""
        try:
            return metadata.version(self.analyser.distribution)
        except metadata.PackageNotFoundError:
            return "unknown"

    @property
    def isolation(self) -> Isolation:
        """What keeps its processes from the network and from other processes on this machine."""
        return isolation()

    def can_examine(self, path: str, language: str | None) -> bool:
        """Whether it reads such files at all."""
        return self.analyser.reads(path, language)

    def judges(self, kind: str, path: str, language: str | None) -> bool:
        """Whether its silence about `kind` in such a file means "no"."""
        return self.can_examine(path, language) and kind in self.analyser.kinds(path, language)

    def angles(self, path: str, language: str | None) -> frozenset[str]:
        """The angles that it has something to say from."""
        return self.analyser.angles(path, language)

    async def examine(self, sources: Sequence[Source]) -> Examination:
        """Look at every source that it reads; for any other the answer is empty, and `judges` already says so."""
        if self.program is None:
            gone = Answer("offline", detail=self.unavailable or "")
            return Examination(self.id, {source.key: gone for source in sources})
        mine = [source for source in sources if self.can_examine(source.path, source.language)]
        batch = Batch(self.analyser, self.program, self._limits, self._slots)
        answers = await batch.run(mine)
        return Examination(
            self.id,
            {source.key: answers.get(source.key, Answer("answered")) for source in sources},
            tuple(batch.latencies_ms),
        )
