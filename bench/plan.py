"""What a plan costs, from 10 to 10,000 changed functions: it has to grow in step with the change."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.measure import Row, fastest, run, seconds, tree_memory

SIZES = (10, 100, 1_000, 10_000)
FUNCTIONS_PER_FILE = 25

_FUNCTIONS: Mapping[str, str] = {
    "py": "def work_{n}(items, limit={n}):\n    total = 0\n    for item in items:\n        if item > limit:\n"
    "            total += item * {factor}\n    return total\n",
    "js": "function work{n}(items, limit) {{\n  let total = 0;\n  for (const item of items) {{\n"
    "    if (item > limit) {{\n      total += item * {factor};\n    }}\n  }}\n  return total;\n}}\n",
    "go": "func work{n}(items []int, limit int) int {{\n\ttotal := 0\n\tfor _, item := range items {{\n"
    "\t\tif item > limit {{\n\t\t\ttotal += item * {factor}\n\t\t}}\n\t}}\n\treturn total\n}}\n",
}
_HEADS: Mapping[str, str] = {"py": "", "js": "", "go": "package work\n\n"}


def measure() -> Sequence[Row]:
    """The whole command on generated repositories, and planning alone without git and parsers."""
    return [*_commands(), *_planning_alone()]


def generate(folder: Path, functions: int) -> None:
    """A repository of two commits, the second of which changes one line in each of so many functions.

    Python, JavaScript and Go take turns, 25 functions a file.
    """
    _git(folder, "init", "--quiet", "--initial-branch=main")
    for factor, message in ((2, "before"), (3, "after")):
        for name, text in _files(functions, factor):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        _git(folder, "add", "--all")
        _git(folder, "commit", "--quiet", "--no-verify", "--message", message)


def _files(functions: int, factor: int) -> Iterator[tuple[str, str]]:
    for number, first in enumerate(range(0, functions, FUNCTIONS_PER_FILE)):
        kind = list(_FUNCTIONS)[number % len(_FUNCTIONS)]
        members = range(first, min(first + FUNCTIONS_PER_FILE, functions))
        bodies = "\n".join(_FUNCTIONS[kind].format(n=n, factor=factor) for n in members)
        yield f"src/part{number // 50}/work{number}.{kind}", _HEADS[kind] + bodies


def _git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.invalid", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def _commands() -> Iterator[Row]:
    fixed: float | None = None
    for size in SIZES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            repository = folder / "repository"
            repository.mkdir()
            generate(repository, size)
            change = ["--base", "HEAD~1", "--head", "HEAD"]
            output = ["--format", "json", "--output", str(folder / "plan.json")]
            command = [sys.executable, "-m", "codedesigner", "plan", "--repo", str(repository), *change, *output]
            ours = fastest(1 if size > 1_000 else 3, command)
            git = fastest(3, ["git", "diff", "HEAD~1", "HEAD"], cwd=repository)
            items = json.loads((folder / "plan.json").read_text())["items"]
            found = len({tuple(item["function_ref"].values()) for item in items})
            memory = tree_memory(command)
        fixed = ours.seconds if fixed is None else fixed
        grown = (ours.seconds - fixed) / (size - SIZES[0]) * 1e6 if size > SIZES[0] else 0.0
        note = f"{found} functions, {len(items)} items; {grown:.0f} µs for each function after the first {SIZES[0]}"
        yield Row(f"plan, {size} functions", ours.seconds, "s", "git diff", git.seconds, note)
        yield Row(f"plan, {size} functions, largest process", ours.rss / 1e6, "MB")
        if memory is not None:
            yield Row(f"plan, {size} functions, all processes", memory / 1e6, "MB")


_ALONE = """
import sys
from bench.plan import plan_alone
print(plan_alone(int(sys.argv[1])))
"""


def _planning_alone() -> Iterator[Row]:
    per_function: dict[int, float] = {}
    for size in SIZES:
        # In a process of its own: what it holds must not count as memory of the programs measured later.
        done = run([sys.executable, "-c", _ALONE, str(size)])
        per_function[size] = float(done.output) / size * 1e6
        name, baseline = f"make_plan + JSON, {size} functions", f"{SIZES[1]} functions"
        note = f"{done.rss / 1e6:.0f} MB"
        yield Row(name, per_function[size], "µs/function", baseline, per_function.get(SIZES[1]), note)


def plan_alone(size: int) -> float:
    """Seconds for planning and writing the JSON, four angles and three analysers, given the changed functions."""
    from codedesigner.change.model import FileChange, Span, Unit
    from codedesigner.plan.export import to_json
    from codedesigner.plan.inputs import PlannedAngle, PlannedLocation
    from codedesigner.plan.planner import make_plan
    from codedesigner.plan.target import targets_of

    names = ("correctness", "efficiency", "security", "style")
    angles = [PlannedAngle(name, indicators=("eval", "total", "for")) for name in names]
    answers = frozenset(names)
    locations = [
        PlannedLocation(name, lambda *_: answers, deterministic=True, whole_file=True, calls_per_item=0)
        for name in ("one", "two", "three")
    ]
    files, units = [], []
    for path, text in _files(size, 3):
        files.append(FileChange(path, None, "modified", False, 1, 1, (), new=text.encode()))
        lines = text.split("\n")
        starts = [n for n, line in enumerate(lines, start=1) if line.startswith(("def", "func"))]
        for start, after in zip(starts, [*starts[1:], len(lines)], strict=True):
            units.append(Unit(path, f"f{start}", "function", "RIGHT", Span(start, after - 1), (start + 4,), "x"))
    assert len(units) == size

    def work() -> object:
        return to_json(make_plan(targets_of(units, files), angles, locations, strategy="adaptive"))

    return seconds(work)
