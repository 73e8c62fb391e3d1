from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pytest

from codedesigner.change.model import FileChange, Hunk, Line, Side, Span, Unit, encode
from codedesigner.plan.inputs import PlannedAngle, PlannedLocation
from codedesigner.plan.target import Target, targets_of

ALL = ("correctness", "efficiency", "security", "style")


class MakeTargets(Protocol):
    def __call__(
        self, functions: int = 3, path: str = "src/a.py", *, side: Side = "RIGHT", body: str = "    return x"
    ) -> tuple[Target, ...]: ...


class MakeLocation(Protocol):
    def __call__(self, name: str, angles: Sequence[str] = ALL, *, max_tokens: int = 100) -> PlannedLocation: ...


def _file(path: str, functions: int, body: str, side: Side) -> FileChange:
    lines = [line for n in range(functions) for line in (f"def f{n}(x):", body)]
    data, count = encode("".join(f"{line}\n" for line in lines)), len(lines)
    if side == "RIGHT":
        shown = tuple(Line("added", None, n, text) for n, text in enumerate(lines, start=1))
        return FileChange(path, None, "added", False, count, 0, (Hunk(0, 0, 1, count, "", shown),), new=data)
    shown = tuple(Line("removed", n, None, text) for n, text in enumerate(lines, start=1))
    return FileChange(path, None, "deleted", False, 0, count, (Hunk(1, count, 0, 0, "", shown),), old=data)


@pytest.fixture
def make_targets() -> MakeTargets:
    """Functions `f0`, `f1`, … of two lines each, in a file that the change adds (deletes, for LEFT)."""

    def make(
        functions: int = 3, path: str = "src/a.py", *, side: Side = "RIGHT", body: str = "    return x"
    ) -> tuple[Target, ...]:
        units = [
            Unit(path, f"f{n}", "function", side, Span(2 * n + 1, 2 * n + 2), (2 * n + 1, 2 * n + 2), "python")
            for n in range(functions)
        ]
        return targets_of(units, [_file(path, functions, body, side)])

    return make


@pytest.fixture
def analyser() -> MakeLocation:
    """A location that costs nothing and repeats itself."""

    def make(name: str, angles: Sequence[str] = ALL, *, max_tokens: int = 0) -> PlannedLocation:
        answers = frozenset(angles)
        return PlannedLocation(name, lambda *_: answers, True, calls_per_item=0, max_tokens=max_tokens)

    return make


@pytest.fixture
def model() -> MakeLocation:
    """A location that costs a call an item and is worth asking again."""

    def make(name: str, angles: Sequence[str] = ALL, *, max_tokens: int = 100) -> PlannedLocation:
        answers = frozenset(angles)
        return PlannedLocation(
            name, lambda *_: answers, max_tokens=max_tokens, prompt_tokens=50, usd_in=1.0, usd_out=2.0
        )

    return make


@pytest.fixture
def angles() -> list[PlannedAngle]:
    return [PlannedAngle(name) for name in ALL]
