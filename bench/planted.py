"""How many planted defects the embedded analysers find, and how many near misses they leave alone.

A case is a defect and a near miss of it in one file: what is wrong in the first is right in the second. The defect's
line ends in `«`. A defect is found when at least one analyser names its kind on its line; a near miss is left alone
when nobody names the kind, nor anything of medium severity or worse.

    python -m bench.planted [NAME …]    all cases, or those of tests/planted/NAME.yml
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from codedesigner.angle.kinds import kind_of
from codedesigner.change.languages import language_of
from codedesigner.location.local import ANALYSERS
from codedesigner.location.local.analyser import Analyser
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.protocol.issue import Examination, Issue, Source
from codedesigner.severity import rank

FOLDER: Final = Path(__file__).parents[1] / "tests" / "planted"
ANGLES: Final = ("correctness", "efficiency", "security", "style")
_MARK: Final = "«"
# Put together here, so that nothing that looks like a secret stands in the repository.
_PARTS: Final = {
    "%AWS_KEY%": ("AKI", "AQ3EGZ7T", "UPKXW5MNB"),
    "%GITHUB_TOKEN%": ("gh", "p_", "x8Kd02LmQe7RvTz5Wn", "4JcYbH6uAs1PfG9iOo"),
    "%PEM_HEADER%": ("-----BEGIN", " RSA PRIV", "ATE KEY-----"),
    "%PEM_BODY%": ("MIIEpAIBAAKCAQEA3Qm7Zt4Xc9Vb2", "Nk5Lp8Rd1Wf3Gh6Js0Ty4Ue8Io2Pa"),
    "%SLACK_TOKEN%": ("xo", "xb-", "217394865201-", "584920173648-", "Qm7Zt4Xc9Vb2Nk5Lp8Rd1Wf3"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One planted defect. `line` is 1-based, in `defect`."""

    id: str
    language: str | None
    path: str
    angle: str
    kind: str
    line: int
    defect: str
    near_miss: str

    def sources(self) -> tuple[Source, Source]:
        """The defect and the near miss, as analysers get them."""
        return (
            Source(f"{self.id}/defect", self.path, self.language, self.defect),
            Source(f"{self.id}/near", self.path, self.language, self.near_miss),
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a case: who found the defect, and what was said about the near miss."""

    case: Case
    found_by: tuple[str, ...]
    false_alarms: tuple[tuple[str, Issue], ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """All outcomes, and for every analyser how many files it read in how many milliseconds."""

    outcomes: tuple[Outcome, ...]
    costs: Mapping[str, tuple[int, float]]
    examinations: tuple[Examination, ...]


def load(folder: Path = FOLDER, names: Sequence[str] = ()) -> tuple[Case, ...]:
    """The cases of `folder`/*.yml, or of those named.

    Raises:
        ValueError: a case has no marked line, or more than one.
    """
    files = [folder / f"{name}.yml" for name in names] or sorted(folder.glob("*.yml"))
    return tuple(case for file in files for case in _cases(file))


def _cases(file: Path) -> Iterator[Case]:
    for number, entry in enumerate(yaml.safe_load(file.read_text("utf-8"))):
        name = f"{file.stem}-{number:02d}-{entry['kind'].replace('/', '-')}"
        marked = [line for line, text in enumerate(entry["defect"].split("\n"), 1) if text.endswith(_MARK)]
        if len(marked) != 1:
            raise ValueError(f"{name}: one line must end in {_MARK}, not {len(marked)}")
        defect = re.sub(rf" *{_MARK}$", "", entry["defect"], flags=re.MULTILINE)
        yield Case(
            id=name,
            language=entry.get("language") or language_of(entry["file"]),
            path=entry["file"],
            angle=entry["angle"],
            kind=entry["kind"],
            line=marked[0],
            defect=_assemble(defect),
            near_miss=_assemble(entry["near_miss"]),
        )


def _assemble(text: str) -> str:
    for name, parts in _PARTS.items():
        text = text.replace(name, "".join(parts))
    return text


async def measure(cases: Sequence[Case], *, at_once: int = 1) -> Measured:
    """Every embedded analyser over all cases that it reads; what one costs is told best one after the other."""
    sources = [source for case in cases for source in case.sources()]
    slots = asyncio.Semaphore(at_once)

    async def examine(analyser: Analyser) -> tuple[Examination, int, float]:
        reviewer = LocalReviewer(analyser)
        mine = [source for source in sources if reviewer.can_examine(source.path, source.language)]
        async with slots:
            began = time.monotonic()
            return await reviewer.examine(mine), len(mine), (time.monotonic() - began) * 1000

    examined = await asyncio.gather(*(examine(analyser) for analyser in ANALYSERS.values()))
    costs = {examination.location: (files, spent) for examination, files, spent in examined}
    examinations = tuple(examination for examination, _, _ in examined)
    return Measured(tuple(_outcome(case, examinations) for case in cases), costs, examinations)


def _outcome(case: Case, examinations: Sequence[Examination]) -> Outcome:
    defect, near = case.sources()
    found_by = tuple(
        each.location
        for each in examinations
        if any(issue.kind == case.kind and issue.line == case.line for issue in _issues(each, defect.key))
    )
    alarms = tuple(
        (each.location, issue)
        for each in examinations
        for issue in _issues(each, near.key)
        if issue.kind == case.kind or rank(issue.severity or kind_of(issue.kind).severity) >= rank("medium")
    )
    return Outcome(case, found_by, alarms)


def _issues(examination: Examination, key: str) -> tuple[Issue, ...]:
    answer = examination.answers.get(key)
    return () if answer is None else answer.issues


def recall(outcomes: Sequence[Outcome]) -> float:
    """The share of defects that somebody found."""
    return sum(bool(outcome.found_by) for outcome in outcomes) / len(outcomes)


def precision(outcomes: Sequence[Outcome]) -> float:
    """The share of near misses that everybody left alone."""
    return sum(not outcome.false_alarms for outcome in outcomes) / len(outcomes)


def table(measured: Measured) -> str:
    """Recall and precision by angle and by file of cases, and what every analyser costs."""
    rows = [("", "cases", "recall", "precision", "found by two or more")]
    groups = [(angle, [each for each in measured.outcomes if each.case.angle == angle]) for angle in ANGLES]
    names = sorted({each.case.id.split("-")[0] for each in measured.outcomes})
    groups += [(name, [each for each in measured.outcomes if each.case.id.split("-")[0] == name]) for name in names]
    for name, outcomes in [*groups, ("all", list(measured.outcomes))]:
        if outcomes:
            many = sum(len(outcome.found_by) > 1 for outcome in outcomes)
            rows.append((name, str(len(outcomes)), f"{recall(outcomes):.3f}", f"{precision(outcomes):.3f}", str(many)))
    lines = ["  ".join(f"{cell:>{width}}" for cell, width in zip(row, (15, 6, 7, 10, 21), strict=True)) for row in rows]
    lines += ["", f"{'analyser':>15}  {'files':>6}  {'ms':>7}  {'ms a file':>10}"]
    for name, (files, spent) in measured.costs.items():
        lines.append(f"{name:>15}  {files:>6}  {spent:>7.0f}  {spent / max(files, 1):>10.1f}")
    return "\n".join(lines)


def troubles(measured: Measured) -> Iterator[str]:
    """One line for every defect that nobody found and every near miss that was not left alone."""
    for outcome in measured.outcomes:
        case = outcome.case
        if not outcome.found_by:
            yield f"missed {case.id} ({case.path}:{case.line})"
        for location, issue in outcome.false_alarms:
            yield f"false alarm {case.id}: {location} says {issue.kind} ({issue.rule}) at line {issue.line}"


def main(names: Sequence[str]) -> None:
    """Print the table."""
    measured = asyncio.run(measure(load(names=names)))
    print(table(measured))
    for line in troubles(measured):
        print(line)


if __name__ == "__main__":
    main(sys.argv[1:])
