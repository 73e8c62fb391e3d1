"""What a review takes beyond the time that its models need, from the command's start to its end.

The ideal is ⌈calls ÷ concurrency⌉ x latency. Every function of the change has to have been shown to the server.
"""

from __future__ import annotations

import math
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Row, fastest
from bench.plan import generate
from bench.reviewing import Asked, asking

LATENCY_S = 1.0
FEW, MANY = 5, 1_000
ONE_LOOK = ("--location", "model", "--angle", "correctness", "--max-passes", "1")
NO_TERMS = {"CODEDESIGNER_TERMS_FROM_CHANGE__NAMES": "0", "CODEDESIGNER_TERMS_FROM_CHANGE__POINTS": "0"}
MOST_MEMORY = 150.0  # MB, of all processes together

_NAMED = re.compile(r"\bwork_?(\d+)\(")


def measure() -> Iterator[Row]:
    """Few functions, many at two widths, and the same again when all answers are kept; about three minutes."""
    yield from _sized(FEW, (FEW,))
    yield from _sized(MANY, (32, 8))
    start = fastest(5, [sys.executable, "-m", "codedesigner", "--version"])
    yield Row("codedesigner --version", start.seconds, "s", "python -c pass", fastest(5, _NOTHING).seconds)


_NOTHING = [sys.executable, "-c", "pass"]


def _sized(functions: int, widths: tuple[int, ...]) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as name:
        repository = Path(name) / "repository"
        repository.mkdir()
        generate(repository, functions)
        for at_once in widths:
            folder = Path(name) / str(at_once)
            folder.mkdir()
            with asking(folder, repository, at_once=at_once, latency=LATENCY_S) as review:
                first, again = review(ONE_LOOK, **NO_TERMS), review(ONE_LOOK, **NO_TERMS)
            assert seen(first) == functions, f"{seen(first)} of {functions} functions were shown"
            yield from _rows(f"review, {functions} functions, {at_once} at once", first, at_once)
            note = f"{again.calls} calls, {again.cpu_s:.2f} s of processor"
            yield Row(f"the same again, {functions} functions", again.wall_s, "s", "first time", first.wall_s, note)


def _rows(what: str, took: Asked, at_once: int) -> Iterator[Row]:
    ideal = math.ceil(took.calls / at_once) * LATENCY_S
    over = f"{took.calls} calls, {took.wall_s - ideal:.2f} s over"
    yield Row(what, took.wall_s, "s", "ideal", ideal, over)
    yield Row(f"{what}: memory of all processes", took.memory / 1e6, "MB", "the most it may", MOST_MEMORY)
    yield Row(f"{what}: processor time a call", took.cpu_s / took.calls * 1000, "ms")


def seen(took: Asked) -> int:
    """How many functions of the change the server was shown."""
    return len({number for text in took.shown for number in _NAMED.findall(text)})
