"""What it costs to find out which remarks mean the same: time and memory have to grow in step with their number."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial

from bench.measure import Row, run, seconds

from codedesigner.evaluation.chance import Chance
from codedesigner.vote.grouping import grouped
from codedesigner.vote.remark import Remark

SIZES = (2_500, 5_000, 10_000)
A_FILE = 40
"""Remarks about one file."""
_REVIEWERS = 8
_VERBS = ("reads", "writes", "leaks", "locks", "parses", "drops", "retries", "caches", "copies", "escapes", "checks")
_ENDS = (
    "without holding the lock",
    "before the length is checked",
    "although the caller has closed it",
    "so the last item is lost",
    "which an attacker can choose",
    "and never tells anybody",
)


def measure() -> Sequence[Row]:
    """Grouping of ever more remarks, each beside that of half as many."""
    # First, as a process is never said to hold less than the one that started it.
    small, large = (_memory(size) for size in SIZES[1:])
    rows: list[Row] = []
    taken: dict[int, float] = {}
    for size in SIZES:
        said = remarks(size)
        taken[size] = seconds(partial(grouped, said), times=2)
        half = size // 2
        beside = f"{half:,} remarks" if half in taken else ""
        note = f"{len(grouped(said)):,} groups"
        rows.append(Row(f"group {size:,} remarks", taken[size], "s", beside, taken.get(half), note))
    rows.append(Row(f"memory for {SIZES[2]:,} remarks", large / 1e6, "MB", f"{SIZES[1]:,} remarks", small / 1e6))
    return rows


def remarks(count: int) -> list[Remark]:
    """So many remarks about a change, three in four of them about a defect that others name in other words."""
    chance = Chance(1)
    found = []
    for number in range(count):
        defect = chance.below(count // 4) if chance.below(4) else count + number
        about = Chance(defect)
        name = f"{_VERBS[about.below(len(_VERBS))]}_{about.below(997)}"
        verb, end = _VERBS[about.below(len(_VERBS))], _ENDS[about.below(len(_ENDS))]
        words = f"`{name}` {verb} the {about.below(97)}th entry {end}"
        line = 1 + about.below(2_000)
        more = _ENDS[chance.below(len(_ENDS))]
        reviewer = f"r{chance.below(_REVIEWERS)}"
        path = f"src/file_{defect % (1 + count // A_FILE)}.py"
        found.append(Remark(f"{reviewer}#{number}", reviewer, f"{words}; {more}", path, line, line))
    return found


def _memory(count: int) -> int:
    """Bytes that a process holds at most that groups so many; what Python itself takes is taken off."""
    code = "from bench.votes import grouped, remarks; grouped(remarks({}))"
    whole, empty = (run([sys.executable, "-c", code.format(size)]).rss for size in (count, 4))
    return whole - empty


if __name__ == "__main__":
    print(*measure(), sep="\n")
