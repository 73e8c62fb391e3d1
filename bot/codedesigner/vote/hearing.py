"""From a plan to the requests that answer it, and from the answers to the cases that are put to the vote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial

from codedesigner.angle.spec import sources
from codedesigner.change.model import FileChange, Unit
from codedesigner.change.units import NamedSpan, function_spans
from codedesigner.plan.model import ExecutionPlan
from codedesigner.protocol.issue import Answer, Issue, Source
from codedesigner.run.examine import Looked, Versions
from codedesigner.run.imports import nobody_relies_on
from codedesigner.run.models import named
from codedesigner.run.reviewer import Reviewer
from codedesigner.run.scope import fresh
from codedesigner.run.suggest import Candidate
from codedesigner.vote.ballots import Examined
from codedesigner.vote.finding import Finding
from codedesigner.vote.judge import AS_WEIGHED, Case, Heard
from codedesigner.vote.likeness import SHIPPED, Likeness
from codedesigner.vote.panel import Panel
from codedesigner.vote.probable import Probable
from codedesigner.vote.strategies.ballots import Rule

Examinations = Mapping[tuple[str, tuple[str, int, int, str], str], Examined]
"""(path, `run.models.named` defect, location) -> what the location said when it was asked about the defect."""
_NONE_EXAMINED: Examinations = {}


@dataclass(frozen=True, slots=True)
class Matter:
    """All that a hearing knows before anybody is asked."""

    files: Sequence[FileChange]
    units: Sequence[Unit]
    plan: ExecutionPlan
    versions: Mapping[str, Versions]
    reviewers: Sequence[Reviewer]


def requests(matter: Matter) -> dict[str, list[Source]]:
    """Location -> the files that the plan has it look at, as they are after the change.

    What a location is known to have answered is among them: its answer is needed, wherever it comes from.
    """
    wanted: dict[str, dict[str, None]] = defaultdict(dict)
    for item in matter.plan.items:
        for location in item.heard:
            wanted[location][item.function_ref.file] = None
    asked: dict[str, list[Source]] = {}
    for reviewer in matter.reviewers:
        paths = wanted.get(reviewer.id, ())
        asked[reviewer.id] = [matter.versions[path].after for path in paths if path in matter.versions]
    return asked


def older_requests(matter: Matter, looked: Looked) -> dict[str, list[Source]]:
    """Location -> the files as they were before the change, where it matters since when a defect is there.

    It does not for a location that found nothing but on lines that the change added, and that is most of them.
    """
    asked: dict[str, list[Source]] = {reviewer.id: [] for reviewer in matter.reviewers}
    for file in matter.files:
        pair = matter.versions.get(file.path)
        if pair is None:
            continue
        for reviewer in matter.reviewers:
            answer, older = looked.of(reviewer.id, pair.after.key), pair.older(reviewer)
            if answer is not None and older is not None and any(not fresh(file, issue) for issue in answer.issues):
                asked[reviewer.id].append(older)
    return asked


def cases(
    matter: Matter,
    looked: Looked,
    *,
    function_at: Callable[[str, int], str | None],
    min_agreement: Callable[[str], float],
    panel: Panel | None = None,
    examined: Examinations = _NONE_EXAMINED,
    rule: Rule = AS_WEIGHED,
    probable: Probable | None = None,
    likeness: Likeness = SHIPPED,
) -> Iterator[Case]:
    """One case per file that was looked at. `function_at(path, line)` names code that no unit covers.

    `panel` are the models, `examined` what they said about claims of others, `rule` how votes are counted,
    `probable` how likely what they come to is right, and `likeness` which of their claims mean one defect.
    """
    by_path: dict[str, list[Unit]] = defaultdict(list)
    for unit in matter.units:
        by_path[unit.path].append(unit)
    questions = _questions(matter.plan, panel)
    for file in matter.files:
        if file.path in matter.versions and file.path in questions:
            units = by_path[file.path]
            yield Case(
                file=file,
                units=units,
                heard=[*_heard(matter, looked, file.path), *(panel.heard(file.path) if panel else ())],
                asked=questions[file.path],
                function_at=partial(_function_at, file.path, _names(units), function_at),
                min_agreement=partial(_constant, min_agreement(file.path)),
                examined=partial(_examined, examined, file.path),
                rule=rule,
                probable=probable,
                likeness=likeness,
            )


class Names:
    """The names of functions that the change did not touch, looked up when a finding stands in one."""

    def __init__(self, matter: Matter) -> None:
        self._versions = matter.versions
        self._spans: dict[str, tuple[NamedSpan, ...]] = {}

    def at(self, path: str, line: int) -> str | None:
        """The innermost function around a line, or None outside every one."""
        if path not in self._spans:
            source = self._versions[path].after
            self._spans[path] = function_spans(source.text, source.language)
        inside = [named for named in self._spans[path] if line in named.span]
        return max(inside, key=lambda named: named.span.start).name if inside else None


def _examined(examined: Examinations, path: str, issue: Issue, location: str) -> Examined | None:
    return examined.get((path, named(issue), location))


def _constant(value: float, _angle: str) -> float:
    return value


def _function_at(
    path: str, names: Mapping[int, str], elsewhere: Callable[[str, int], str | None], line: int
) -> str | None:
    name = names.get(line)
    if name is None:
        return elsewhere(path, line)
    return None if name == "<module>" else name


def _names(units: Sequence[Unit]) -> Mapping[int, str]:
    """Line -> the innermost unit around it: of two, the one that starts later."""
    right = sorted((unit for unit in units if unit.side == "RIGHT"), key=lambda unit: -unit.span.start)
    found: dict[int, str] = {}
    for unit in right:
        for line in range(unit.span.start, unit.span.end + 1):
            found.setdefault(line, unit.name)
    return found


@dataclass(frozen=True, slots=True)
class _Questions:
    """The angles asked about each line of a file; outside its units, whatever was asked anywhere in the file."""

    lines: Mapping[int, frozenset[str]]
    anywhere: frozenset[str]

    def __call__(self, line: int, angle: str) -> bool:
        return angle in self.lines.get(line, self.anywhere)


def _by_line(spans: Mapping[tuple[int, int], AbstractSet[str]]) -> _Questions:
    lines: dict[int, frozenset[str]] = {}
    for (start, end), asked in spans.items():
        angles = frozenset(asked)
        for line in range(start, end + 1):
            known = lines.get(line)
            lines[line] = angles if known is None else known | angles
    return _Questions(lines, frozenset(angle for angles in spans.values() for angle in angles))


def _questions(plan: ExecutionPlan, panel: Panel | None) -> dict[str, _Questions]:
    """Path -> its questions, for every file with at least one item that somebody answers."""
    found: dict[str, dict[tuple[int, int], set[str]]] = defaultdict(lambda: defaultdict(set))
    for item in plan.items:
        if item.skip_reason == "deleted":
            continue
        ref = item.function_ref
        angles = found[ref.file][ref.start_line, ref.end_line]
        # What the plan has left out for a budget may have been asked after all.
        if item.heard or (panel is not None and item.id in panel.asked.answers):
            angles.update(sources(item.angle_id))
    asked = {path: _by_line(spans) for path, spans in found.items()}
    return {path: questions for path, questions in asked.items() if questions.anywhere}


def _heard(matter: Matter, looked: Looked, path: str) -> list[Heard]:
    pair = matter.versions[path]
    heard: list[Heard] = []
    for reviewer in matter.reviewers:
        after = looked.of(reviewer.id, pair.after.key)
        if after is None:
            continue
        before: Answer | None = None if pair.before is None else looked.of(reviewer.id, pair.before.key)
        abstains = partial(_abstains, reviewer, path, pair.after.language)
        heard.append(Heard(reviewer.id, reviewer.weight, after, before, abstains))
    return heard


def _abstains(reviewer: Reviewer, path: str, language: str | None, kind: str, _line: int, _angle: str) -> str | None:
    return None if reviewer.judges(kind, path, language) else "does not judge this kind"


def candidates(findings: Iterable[Finding], matter: Matter) -> list[Candidate]:
    """Every safe fix that comes with a posted finding. A fix that may change behaviour is not offered.

    Reviewers see one file at a time, so an import that another file may take from this one is kept, too.
    """
    by_path = {file.path: file for file in matter.files}
    return [
        Candidate(
            finding=finding.id,
            file=by_path[finding.path],
            source=matter.versions[finding.path].after,
            kind=finding.kind,
            location=location,
            fix=fix,
            complained=frozenset(ballot.location for ballot in finding.ballots if ballot.vote == "yes"),
            unit=unit_of(matter.units, finding),
            angle=finding.angle,
        )
        for finding in findings
        if finding.disposition == "posted"
        and (finding.kind != "unused-import" or nobody_relies_on(finding.body, by_path[finding.path], matter.files))
        for location, fix in finding.fixes
        if fix.safe
    ]


def unit_of(units: Iterable[Unit], finding: Finding) -> Unit | None:
    """The smallest changed function, or piece of code, that holds all of a finding."""
    around = [
        unit
        for unit in units
        if unit.path == finding.path
        and unit.side == finding.side
        and finding.line in unit.span
        and (finding.end_line <= unit.span.end)
    ]
    return min(around, key=lambda unit: (unit.span.end - unit.span.start, -unit.span.start), default=None)
