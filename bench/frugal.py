"""What it takes to show every function of a large change to a model once, with `frugal: true`.

The change is two releases of a package, or, where there is no package index, a generated one.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Row
from bench.plan import generate
from bench.releases import make
from bench.reviewing import Asked, asking

RELEASES = ("click", "7.1.2", "8.1.7")
TOKENS, FUNCTIONS = 300_000, 966  # the most that so many functions may take
GENERATED = 1_000

_SHOWN = re.compile(r"^ *\d+\+[0-9a-f]*\| ?(.*)$", re.MULTILINE)


def measure() -> Iterator[Row]:
    """Tokens of all prompts, calls, and the functions whose new lines were all shown; twice."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        repository = folder / "repository"
        what = _change(repository)
        wanted = changed(repository)
        with asking(folder, repository, at_once=8, latency=0.05) as review:
            first = review(("--location", "model"), CODEDESIGNER_FRUGAL="true")
            again = review(("--location", "model"), CODEDESIGNER_FRUGAL="true")
        seen = whole(first, wanted)
        note = f"{first.calls} calls; {seen} of {len(wanted)} functions shown; again: {again.calls} calls"
        most = TOKENS * len(wanted) / FUNCTIONS
        yield Row(f"frugal, {what}", first.prompt_tokens, "tokens", f"{TOKENS} for {FUNCTIONS} functions", most, note)
        yield Row(f"frugal, {what}: a function", first.prompt_tokens / len(wanted), "tokens")
        assert seen == len(wanted), note


def _change(repository: Path) -> str:
    package, old, new = RELEASES
    try:
        make(package, old, new, repository)
    except subprocess.CalledProcessError:
        shutil.rmtree(repository)
        repository.mkdir()
        generate(repository, GENERATED)
        return "generated"
    return f"{package} {old} to {new}"


def changed(repository: Path) -> list[frozenset[str]]:
    """For each function that the newest commit has changed, the new lines in it."""
    from codedesigner.change.source import ReadLimits, read_range
    from codedesigner.change.units import find_units
    from codedesigner.change.visible import line_shown

    change = read_range(repository, "HEAD~1", "HEAD", ReadLimits(1_000_000, 1_000_000))
    lines = defaultdict(dict)  # type: defaultdict[str, dict[int, str]]
    for file in change.files:
        lines[file.path] = {number: line_shown(file.new_lines[number - 1]).strip() for number in file.added_numbers}
    units = find_units([file for file in change.files if file.unread is None])
    return [
        frozenset(
            text for number, text in lines[unit.path].items() if unit.span.start <= number <= unit.span.end and text
        )
        for unit in units
        if unit.side == "RIGHT"
    ]


def whole(took: Asked, wanted: list[frozenset[str]]) -> int:
    """How many functions had all of their new lines shown as new ones."""
    shown = {line.strip() for text in took.shown for line in _SHOWN.findall(text)}
    return sum(lines <= shown for lines in wanted)
