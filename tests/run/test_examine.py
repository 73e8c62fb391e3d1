"""Asking locations: the late, the missing and the well all leave an answer behind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from codedesigner.change.model import FileChange
from codedesigner.location.scripted import ScriptedReviewer
from codedesigner.protocol.issue import Answer, Examination, Issue, Source
from codedesigner.run.examine import Looked, examine, versions

SOURCE = Source("s", "a.py", "python", "x\n")


@dataclass(frozen=True)
class SlowReviewer(ScriptedReviewer):
    """Waits before it answers, and counts how many like it wait at once."""

    seconds: float = 60.0
    waiting: list[int] = field(default_factory=lambda: [0, 0])

    async def examine(self, sources: Sequence[Source]) -> Examination:
        self.waiting[0] += 1
        self.waiting[1] = max(self.waiting)
        await asyncio.sleep(self.seconds)
        self.waiting[0] -= 1
        return await super().examine(sources)


def ask(*reviewers: ScriptedReviewer, timeout_s: float = 5.0, max_concurrent: int = 4) -> Looked:
    asked = {reviewer.id: [SOURCE] for reviewer in reviewers}
    return asyncio.run(examine(reviewers, asked, max_concurrent=max_concurrent, timeout_s=timeout_s))


def test_answers_come_back_under_location_and_source() -> None:
    issue = Issue("undefined-name", "F821", 1, 1, "x")

    assert ask(ScriptedReviewer("a", {"a.py": [issue]})).of("a", "s") == Answer("answered", (issue,))


def test_a_late_location_times_out_and_the_others_stand() -> None:
    looked = ask(SlowReviewer("late"), ScriptedReviewer("quick"), timeout_s=0.05)

    late = looked.of("late", "s")
    assert late is not None
    assert late.status == "timeout"
    assert "0.05 s" in late.detail
    assert looked.of("quick", "s") == Answer("answered")


def test_a_location_that_is_not_there_is_offline_with_its_reason() -> None:
    assert ask(ScriptedReviewer("gone", unavailable="not installed")).of("gone", "s") == Answer(
        "offline", detail="not installed"
    )


def test_no_more_locations_work_at_once_than_allowed() -> None:
    waiting = [0, 0]

    ask(*(SlowReviewer(name, seconds=0.01, waiting=waiting) for name in "abcdef"), max_concurrent=2)

    assert waiting == [0, 2]


def test_a_location_that_is_asked_nothing_is_not_called() -> None:
    reviewer = ScriptedReviewer("a")

    looked = asyncio.run(examine([reviewer], {}, max_concurrent=1, timeout_s=1))

    assert looked.of("a", "s") is None
    assert reviewer.asked == []


def changed(path: str, **sides: bytes | None) -> FileChange:
    return FileChange(path, None, "modified", binary=False, added=1, removed=1, hunks=(), **sides)  # type: ignore[arg-type]


def test_both_sides_of_a_file_are_sources_with_their_own_language() -> None:
    renamed = FileChange(
        "b.ts", "b.js", "renamed", binary=False, added=0, removed=0, hunks=(), old=b"let x\n", new=b"let y\n"
    )

    pair = versions([renamed])["b.ts"]

    assert (pair.after.path, pair.after.language, pair.after.text) == ("b.ts", "typescript", "let y\n")
    assert pair.before is not None
    assert (pair.before.path, pair.before.language) == ("b.js", "javascript")


def test_what_cannot_be_read_is_no_source() -> None:
    unread = FileChange("big.py", None, "modified", binary=False, added=1, removed=0, hunks=(), unread="too_large")

    assert versions([unread, changed("gone.py", old=b"x\n", new=None)]) == {}


def test_a_copy_is_not_compared_with_what_it_was_copied_from() -> None:
    copied = FileChange("b.py", "a.py", "copied", binary=False, added=0, removed=0, hunks=(), old=b"x\n", new=b"x\n")

    assert versions([copied])["b.py"].before is None
