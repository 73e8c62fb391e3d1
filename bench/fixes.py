"""Planted defects, and models that repair them well, badly, lazily and with malice: what of it is offered?

The cases are those of `bench.planted`: the near miss of a case says how its function has to be. Analysers are real, the
models are scripted; whoever checks a fix believes in it as soon as the faulty line is gone, so that nothing but the
loop itself stands between a bad fix and its reader.

    python -m bench.fixes
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from bench.fix_repairs import REPAIRS
from bench.fix_variants import VARIANTS, Planted, Variant
from bench.planted import Case, load
from pydantic import JsonValue

from codedesigner.angle.registry import AngleRegistry, load_angles
from codedesigner.change.model import FileChange, Hunk, Line, Unit, encode, split_lines
from codedesigner.change.units import find_units
from codedesigner.config.yamlfile import read_file
from codedesigner.fixing import hostile, shapes
from codedesigner.location.local import ANALYSERS
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.plan.model import ExecutionItem, FunctionRef
from codedesigner.protocol.issue import Source
from codedesigner.protocol.wire import (
    Envelope,
    Granularity,
    RefineRequest,
    ResponsePayload,
    VerifyRequest,
    WireIssue,
    WirePlace,
)
from codedesigner.run.bus import Answered, Beat, Bus
from codedesigner.run.examine import Looked, examine
from codedesigner.run.loop.bench import Askable, Bench, FixLimits
from codedesigner.run.loop.convergence import USUAL, ConvergenceCriteria
from codedesigner.run.loop.loop import FixLoop
from codedesigner.run.loop.problem import Attempt, Ended, Problem, attempt_of
from codedesigner.run.questions import Surroundings
from codedesigner.run.reviewer import Reviewer
from codedesigner.text import resource

LANGUAGES: Final = ("python", "javascript", "java", "csharp", "ruby", "go")
MOST_OF_A_LANGUAGE: Final = 24
LOOKING: Final = ("ast-grep", "ruff", "oxlint", "pyflakes")  # those that start at once
CHECKER: Final = "checker"


@dataclass(frozen=True, slots=True)
class Tried:
    """One way of repairing one planted defect, and what came of it."""

    planted: Planted
    variant: Variant
    ended: Ended


def whole_file(case: Case) -> FileChange:
    """The file of a case as a change that adds it."""
    lines = split_lines(case.defect)
    added = tuple(Line("added", None, number, text) for number, text in enumerate(lines, 1))
    hunk = Hunk(0, 0, 1, len(lines), "", added)
    return FileChange(
        case.path, None, "added", binary=False, added=len(lines), removed=0, hunks=(hunk,), new=encode(case.defect)
    )


def planted(known: Sequence[Case]) -> tuple[Planted, ...]:
    """The cases with their functions, and with the functions as they have to be."""
    # Parsed together, each under a path of its own: one process reads them all.
    defects = {case.id: replace(case, path=f"{case.id}/{case.path}") for case in known}
    nears = {name: replace(case, path=f"near/{case.path}", defect=case.near_miss) for name, case in defects.items()}
    units: dict[str, list[Unit]] = defaultdict(list)
    for unit in find_units([whole_file(case) for case in (*defects.values(), *nears.values())]):
        units[unit.path].append(unit)
    found = []
    for case in known:
        around = [unit for unit in units[defects[case.id].path] if case.line in unit.span]
        unit = min(around, key=lambda unit: unit.span.end - unit.span.start)
        good = _good(case, unit, units[nears[case.id].path])
        found.append(Planted(case, whole_file(case), replace(unit, path=case.path), good))
    return tuple(found)


def _good(case: Case, unit: Unit, near: Sequence[Unit]) -> str:
    text = "\n".join(split_lines(case.defect)[unit.span.start - 1 : unit.span.end])
    if case.id in REPAIRS:
        old, new = REPAIRS[case.id]
        assert text.count(old) == 1, case.id
        return text.replace(old, new)
    (same,) = [one for one in near if (one.name, one.kind) == (unit.name, unit.kind)]
    return "\n".join(split_lines(case.near_miss)[same.span.start - 1 : same.span.end])


def cases() -> tuple[Planted, ...]:
    """120 defects in six languages that the analysers here find."""
    chosen: Counter[str] = Counter()
    found: list[Case] = []
    known = load(names=LANGUAGES)
    heard = asyncio.run(_ask(reviewers(), [case.sources()[0] for case in known]))
    for case in known:
        name = case.id.partition("-")[0]
        if chosen[name] < MOST_OF_A_LANGUAGE and _found(case, heard):
            chosen[name] += 1
            found.append(case)
    return planted(found)


def reviewers() -> tuple[LocalReviewer, ...]:
    """The analysers that look."""
    return tuple(LocalReviewer(ANALYSERS[name]) for name in LOOKING)


def _found(case: Case, heard: Looked) -> frozenset[str]:
    key = case.sources()[0].key
    answers = {name: heard.of(name, key) for name in heard.answers}
    return frozenset(
        name
        for name, answer in answers.items()
        if answer is not None and any((each.kind, each.line) == (case.kind, case.line) for each in answer.issues)
    )


async def _ask(looking: Sequence[Reviewer], sources: Sequence[Source]) -> Looked:
    asked = {one.id: [each for each in sources if one.can_examine(each.path, each.language)] for one in looking}
    return await examine(looking, asked, max_concurrent=2, timeout_s=300)


class Maker:
    """Implements `run.bus.Worker`: repairs everything in one way."""

    def __init__(self, variant: Variant, known: Mapping[str, Planted]) -> None:
        self.id = variant.name
        self._variant = variant
        self._known = known

    async def handle(self, requests: Sequence[Envelope], beat: Beat) -> tuple[Answered, ...]:
        """A repair for each request."""
        return tuple(self._repair(each.payload) for each in requests)

    def _repair(self, payload: object) -> Answered:
        assert isinstance(payload, RefineRequest)
        one = self._known[payload.issues[0].rule]
        result: JsonValue = self._variant.answer(one, payload.granularity)
        return ResponsePayload(status="success", result=result)


class Checker:
    """Implements `run.bus.Worker`: sees the defect while the faulty line is there, and believes everything else."""

    id = CHECKER

    async def handle(self, requests: Sequence[Envelope], beat: Beat) -> tuple[Answered, ...]:
        """What it sees."""
        return tuple(self._look(each.payload) for each in requests)

    def _look(self, payload: object) -> Answered:
        assert isinstance(payload, VerifyRequest)
        if payload.before is None:
            return ResponsePayload(status="success", result={"issues": [], "summary": ""})
        said: JsonValue = {"analysis": "", "repaired": "yes", "preserved": "yes", "confidence": 1.0}
        return ResponsePayload(status="success", result=said)


def attempts(known: Sequence[Planted], variants: Sequence[Variant], heard: Looked) -> list[Attempt]:
    """Every case with every variant that there is for it."""
    made = []
    for one in known:
        case = one.case
        for variant in variants:
            if not variant.suits(one):
                continue
            path = variant.path or case.path
            key, language = case.sources()[0].key, case.language
            line = split_lines(case.defect)[case.line - 1]
            claim = WireIssue(
                severity="high",
                location=WirePlace(file=path, line=case.line),
                description=case.kind,
                kind=case.kind,
                rule=case.id,
                angle=case.angle,
                evidence=line,
            )
            problem = Problem(
                f"{case.id}/{variant.name}",
                replace(one.file, path=path),
                Source(key, case.path, language, case.defect),
                case.kind,
                case.angle,
                _found(case, heard),
                (claim,),
                one.unit,
            )
            made.append(attempt_of(problem, variant.name, checkers=(CHECKER,)))
    return made


def item(problem: Problem) -> ExecutionItem:
    """The question that showed a problem's code."""
    unit = problem.unit
    assert unit is not None
    ref = FunctionRef(unit.path, unit.name, unit.span.start, unit.span.end)
    return ExecutionItem(problem.finding, ref, None, problem.angle, 1, "completed")


async def run_all(known: Sequence[Planted]) -> list[Tried]:
    """What comes of every variant of every case. Who answers the same twice is refused twice, so once has to do."""
    good = [each for each in VARIANTS if each.sort == "good"]
    others = [each for each in VARIANTS if each.sort != "good"]
    return [*await run(known, good, "function"), *await run(known, others, "function", ConvergenceCriteria(1, 1, 1))]


async def run(
    known: Sequence[Planted],
    variants: Sequence[Variant],
    granularity: Granularity,
    criteria: ConvergenceCriteria = USUAL,
) -> list[Tried]:
    """What comes of these variants of every case."""
    looking = reviewers()
    heard = await _ask(looking, [one.case.sources()[0] for one in known])
    angles: AngleRegistry = load_angles(read_file(resource("angles.yaml")))
    by_id = {one.case.id: one for one in known}
    bus = Bus({**{each.name: Maker(each, by_id) for each in variants}, CHECKER: Checker()}, now=lambda: 0.0)
    around = Surroundings({one.file.path: one.file for one in known}, angles.angles, mark="1a2")
    bench = Bench(
        looking,
        heard,
        partial(examine, max_concurrent=2, timeout_s=300),
        shapes,
        lambda: 0.0,
        FixLimits(criteria, calls=1_000_000, granularity=granularity),
        Askable(bus, around, item, lambda _location, _problem: frozenset()),
        hostile,
    )
    ended = await FixLoop(bench).run(attempts(known, variants, heard))
    pairs = [(one, variant) for one in known for variant in variants if variant.suits(one)]
    return [Tried(one, variant, end) for (one, variant), end in zip(pairs, ended, strict=True)]


def table(tried: Sequence[Tried]) -> str:
    """How many of each way of repairing are offered."""
    lines = [f"{'':>9}  {'repair':<28}{'tried':>6}{'offered':>9}"]
    for variant in dict.fromkeys(one.variant for one in tried):
        mine = [one for one in tried if one.variant == variant]
        offered = sum(one.ended.suggestion is not None for one in mine)
        lines.append(f"{variant.sort:>9}  {variant.name:<28}{len(mine):>6}{offered:>9}")
    for sort in dict.fromkeys(one.variant.sort for one in tried):
        mine = [one for one in tried if one.variant.sort == sort]
        offered = sum(one.ended.suggestion is not None for one in mine)
        lines.append(f"{sort:>9}  {'all':<28}{len(mine):>6}{offered:>9}")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    began = time.monotonic()
    known = cases()
    tried = asyncio.run(run_all(known))
    print(table(tried))
    print(f"\n{len(known)} defects in {len(LANGUAGES)} languages, {time.monotonic() - began:.1f} s")
    for one in tried:
        if (one.ended.suggestion is not None) != (one.variant.sort == "good"):
            print(f"{one.planted.case.id} {one.variant.name}: {one.ended.refused or 'offered'}")


if __name__ == "__main__":
    main()
