"""Many files in one call, without letting one bad file take the others' answers with it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from codedesigner.change.model import display
from codedesigner.location.local.analyser import Analyser, GarbageError, HaltedError
from codedesigner.location.local.prepare import Prepared
from codedesigner.location.local.process import ProcessLimits, ProcessResult, run_program
from codedesigner.location.local.workspace import NEUTRAL_NAME, Workspace, workspace
from codedesigner.protocol.issue import Answer, Fix, Source

_LEAST_SECONDS = 10.0
_MOST_FAILED_CALLS = 40


@dataclass
class Batch:
    """One analyser at work on one request. `slots` bounds the processes that run at once.

    A call that crashes, hangs or prints garbage is cut in two and tried again, until the file at fault is alone.
    After a time-out halves get half the time, and all of it together gets three times the time of one call and a
    bounded number of failed calls, so a hostile change costs a bounded while; what is not reached by then is named so.
    """

    analyser: Analyser
    program: Path
    limits: ProcessLimits
    slots: asyncio.Semaphore
    latencies_ms: list[float] = field(default_factory=list)
    _deadline: float = 0.0
    _failed_calls: int = 0

    async def run(self, sources: Sequence[Source]) -> dict[str, Answer]:
        """Key -> answer, for every source."""
        self._deadline = time.monotonic() + 3 * self.limits.seconds
        parts = _cut(sources, self.analyser.batch_files, self.analyser.batch_bytes)
        answers = await asyncio.gather(*(self._examine(part, self.limits.seconds) for part in parts))
        return {key: answer for part in answers for key, answer in part.items()}

    async def _examine(self, sources: Sequence[Source], seconds: float) -> dict[str, Answer]:
        async with self.slots:
            left = self._deadline - time.monotonic()
            refusal = self._refusal(left)
            if refusal is not None:
                return {source.key: refusal for source in sources}
            answers, trouble = await self._call(sources, min(seconds, left))
            self._failed_calls += trouble is not None
        rest = [source for source in sources if source.key not in answers]
        if trouble is None or not rest:
            return answers
        if len(rest) == 1 and len(sources) == 1:
            return {rest[0].key: trouble}
        halves = [rest] if answers else [rest[: len(rest) // 2], rest[len(rest) // 2 :]]
        if trouble.status == "timeout":
            seconds = max(seconds / 2, min(_LEAST_SECONDS, self.limits.seconds))
        parts = await asyncio.gather(*(self._examine(part, seconds) for part in halves))
        return answers | {key: answer for part in parts for key, answer in part.items()}

    def _refusal(self, seconds_left: float) -> Answer | None:
        name = self.analyser.id
        if seconds_left <= 0:
            return Answer("timeout", detail=f"given up: {name} used up {3 * self.limits.seconds:g} s on other files")
        if self._failed_calls >= _MOST_FAILED_CALLS:
            return Answer("failed", detail=f"given up: {name} failed {self._failed_calls} times on other files")
        return None

    async def _call(self, sources: Sequence[Source], seconds: float) -> tuple[dict[str, Answer], Answer | None]:
        """The answers of one process and what was wrong with it; with trouble, they are those of some files only."""
        limits = ProcessLimits(seconds, self.limits.output_bytes)
        with workspace(sources, self.analyser.layout, self.analyser.support) as space:
            command = self.analyser.command(self.program, list(space.sources))
            result = await run_program(command, work=space.folder, home=space.home, limits=limits)
        self.latencies_ms.append(result.duration_ms)
        answers: dict[str, Answer] = {}
        trouble = self._trouble(result, limits)
        if trouble is None:
            try:
                return _by_key(self.analyser.parse(result, space.sources), space, space.sources), None
            except HaltedError as error:
                answers = _by_key(error.answers, space, error.answers)
                trouble = Answer("failed", detail=f"{self.analyser.id}: {error.message}")
            except GarbageError as error:
                trouble = Answer("failed", detail=f"{self.analyser.id}: {error.message}")
        return answers, replace(trouble, detail=_timeless(trouble.detail, space))

    def _trouble(self, result: ProcessResult, limits: ProcessLimits) -> Answer | None:
        name = self.analyser.id
        if result.ended == "timeout":
            return Answer("timeout", detail=f"{name} did not finish within {limits.seconds:g} s")
        if result.ended == "output_limit":
            return Answer("failed", detail=f"{name} printed more than {limits.output_bytes} bytes and was stopped")
        if result.ended != "exited" or result.returncode not in self.analyser.ok_codes:
            how = {"not_started": "could not be started", "killed": "was killed"}.get(
                result.ended, f"ended with code {result.returncode}"
            )
            return Answer("failed", detail=f"{name} {how}: {result.last_words or 'it printed no reason'}")
        return None


def _cut(sources: Sequence[Source], most_files: int, most_bytes: int) -> list[list[Source]]:
    parts: list[list[Source]] = []
    size = 0
    for source in sources:
        if not parts or len(parts[-1]) == most_files or size + len(source.text) > most_bytes:
            parts.append([])
            size = 0
        parts[-1].append(source)
        size += len(source.text)
    return parts


def _by_key(by_name: Mapping[str, Answer], space: Workspace, names: Iterable[str]) -> dict[str, Answer]:
    return {
        space.sources[name].key: _honest(by_name.get(name, Answer("answered")), space, space.prepared[name])
        for name in names
    }


def _honest(answer: Answer, space: Workspace, prepared: Prepared) -> Answer:
    """`answer` without what our own changes to the text and to the names may have caused."""
    issues = tuple(
        replace(
            issue,
            message=_timeless(issue.message, space),
            fix=None if _doubtful(issue.fix, prepared.altered) else issue.fix,
        )
        for issue in answer.issues
        if not (prepared.lone_cr and issue.kind == "syntax-error")
    )
    return Answer(answer.status, issues, _timeless(answer.detail, space))


def _timeless(text: str, space: Workspace) -> str:
    """`text` without the names that files have only for this call."""
    return display(NEUTRAL_NAME.sub("", text.replace(f"{space.folder}/", "")))


def _doubtful(fix: Fix | None, altered: frozenset[int]) -> bool:
    """Whether a replacement may repeat what stands on an altered line: that is our text, not the author's."""
    edits = fix.edits if fix is not None else ()
    return any(edit.text and not altered.isdisjoint(range(edit.line, edit.end_line + 1)) for edit in edits)
