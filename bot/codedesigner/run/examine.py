"""Asking every location once about every file, before and after the change, under one limit and one clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from codedesigner.change.languages import language_of
from codedesigner.change.model import FileChange
from codedesigner.protocol.issue import Answer, Examination, Source
from codedesigner.run.reviewer import Reviewer

Progress = Callable[[str, int, int], None]
"""Called with (what, done, of how many)."""


def silent(_what: str, _done: int, _total: int) -> None:
    """A progress that says nothing."""


@dataclass(frozen=True, slots=True)
class Versions:
    """The two sides of one file as sources; `before` is None where there was no readable file."""

    after: Source
    before: Source | None

    def older(self, reviewer: Reviewer) -> Source | None:
        """The side before, where there is one that the reviewer reads."""
        before = self.before
        return before if before is not None and reviewer.can_examine(before.path, before.language) else None


def versions(files: Sequence[FileChange]) -> dict[str, Versions]:
    """Path -> sources, for every file whose new side can be read."""
    found: dict[str, Versions] = {}
    for number, file in enumerate(files):
        if file.new_text is None or file.unread is not None:
            continue
        after = Source(f"new{number}", file.path, _language(file.path, file.new_text), file.new_text)
        before = None
        if file.old_text is not None and file.status not in ("added", "copied"):
            old_path = file.old_path or file.path
            before = Source(f"old{number}", old_path, _language(old_path, file.old_text), file.old_text)
        found[file.path] = Versions(after, before)
    return found


def _language(path: str, text: str) -> str | None:
    return language_of(path, text[:200].partition("\n")[0])


@dataclass(frozen=True, slots=True)
class Looked:
    """What all locations said: location -> source key -> Answer."""

    answers: Mapping[str, Mapping[str, Answer]]
    latencies_ms: Mapping[str, tuple[float, ...]]

    def of(self, location: str, key: str) -> Answer | None:
        """The answer, or None where the location was not asked about that source."""
        return self.answers.get(location, {}).get(key)

    def and_then(self, later: Looked) -> Looked:
        """Both rounds as one."""
        answers = {name: {**self.answers.get(name, {}), **later.answers.get(name, {})} for name in _names(self, later)}
        times = {
            name: (*self.latencies_ms.get(name, ()), *later.latencies_ms.get(name, ())) for name in _names(self, later)
        }
        return Looked(answers, times)


def _names(one: Looked, other: Looked) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*one.answers, *other.answers]))


async def examine(
    reviewers: Sequence[Reviewer],
    asked: Mapping[str, Sequence[Source]],
    *,
    max_concurrent: int,
    timeout_s: float,
    progress: Progress = silent,
) -> Looked:
    """Every reviewer's answers about the sources that `asked` holds under its id.

    A reviewer that has not come back when `timeout_s` is over answers `timeout` for all of its sources; the answers
    of the others stand.
    """
    gate = asyncio.Semaphore(max_concurrent)
    busy = [reviewer for reviewer in reviewers if asked.get(reviewer.id)]
    done = 0

    async def ask(reviewer: Reviewer) -> Examination:
        nonlocal done
        if reviewer.unavailable is not None:
            result = _all(reviewer, asked[reviewer.id], Answer("offline", detail=reviewer.unavailable))
        else:
            async with gate:
                result = await reviewer.examine(asked[reviewer.id])
        done += 1
        progress(reviewer.id, done, len(busy))
        return result

    tasks = [asyncio.create_task(ask(reviewer), name=reviewer.id) for reviewer in busy]
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=timeout_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
    over = Answer("timeout", detail=f"not done when the review's {timeout_s:g} s were over")
    results = [
        _all(reviewer, asked[reviewer.id], over) if task.cancelled() else task.result()
        for reviewer, task in zip(busy, tasks, strict=True)
    ]
    return Looked(
        {result.location: result.answers for result in results},
        {result.location: result.latencies_ms for result in results},
    )


def _all(reviewer: Reviewer, sources: Sequence[Source], answer: Answer) -> Examination:
    return Examination(reviewer.id, {source.key: answer for source in sources})
