"""How fast a diff becomes files, beside unidiff alone on the same text."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable

from unidiff.patch import PatchSet

from codedesigner.change.diff import parse_diff

LINES = 126_000  # about the diff of two releases of a large C library
_LINES_A_FILE = 300
_RUNS = 3


def generate(lines: int = LINES, seed: int = 0) -> bytes:
    """A diff of at least `lines` lines: many ordinary files, hunks of code with context, always the same for a seed."""
    chance = random.Random(seed)  # noqa: S311 - a benchmark, not a secret
    output: list[str] = []
    while len(output) < lines:
        path = f"src/part{len(output) % 97}/module_{len(output)}.py"
        output += [
            f"diff --git a/{path} b/{path}",
            f"index {'1' * 40}..{'2' * 40} 100644",
            f"--- a/{path}",
            f"+++ b/{path}",
        ]
        output += _file(chance)
    return ("\n".join(output) + "\n").encode()


def _file(chance: random.Random) -> list[str]:
    output: list[str] = []
    old = new = 1
    while len(output) < _LINES_A_FILE:
        marks = [" "] * 3 + chance.choices("+- ", (4, 3, 2), k=chance.randint(2, 30)) + [" "] * 3
        old_count, new_count = (sum(mark != other for mark in marks) for other in "+-")
        output.append(f"@@ -{old},{old_count} +{new},{new_count} @@ def function_{old}(self):")
        output += [
            f"{mark}        value_{chance.randrange(999)} = compute(first, {old})  # as before" for mark in marks
        ]
        old, new = old + old_count + 20, new + new_count + 20
    return output


def measure() -> dict[str, float]:
    """Lines per second of `parse_diff` and of unidiff, best of three runs each, and ours over theirs."""
    data = generate()
    lines = data.count(b"\n")
    text = data.decode()
    ours = lines / _best(lambda: len(parse_diff(data)))
    theirs = lines / _best(lambda: len(PatchSet(io.StringIO(text, newline="\n"))))
    return {"diff_lines_per_second": ours, "unidiff_lines_per_second": theirs, "diff_over_unidiff": ours / theirs}


def _best(run: Callable[[], int]) -> float:
    """Seconds of the fastest of a few runs: the others had company on the machine."""
    times = []
    for _ in range(_RUNS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)
