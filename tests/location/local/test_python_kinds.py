"""Whether the analysers of Python know what they say they know: the votes are worth as much as this table is true."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from codedesigner.angle.kinds import KINDS
from codedesigner.location.local import ANALYSERS
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.protocol.issue import Answer, Source

PYTHON = ("ruff", "pyflakes", "pylint", "bandit", "mypy", "ty")
TABLE: list[dict[str, str | list[str]]] = yaml.safe_load(
    (Path(__file__).parent / "data" / "python_kinds.yml").read_text(encoding="utf-8")
)
# Read with the grammar of the running Python, by those that do not judge syntax.
_NEWER_THAN_311 = "type Alias"


@dataclass(frozen=True)
class Case:
    kind: str
    group: str
    source: Source


def _cases() -> Iterator[Case]:
    for row in TABLE:
        for group in ("bad", "partial", "good"):
            for number, text in enumerate(row.get(group, ())):
                path, body = "pkg/module.py", text
                if text.startswith("path: "):
                    path, _, body = text.removeprefix("path: ").partition("\n")
                yield Case(str(row["kind"]), group, Source(f"{row['kind']}/{group}/{number}", path, "python", body))


CASES = tuple(_cases())
Answers = dict[str, dict[str, Answer]]


@pytest.fixture(scope="module")
def answers() -> Answers:
    """What each analyser says about every text: id -> key -> answer."""

    async def ask() -> Answers:
        slots = asyncio.Semaphore(2)
        sources = [case.source for case in CASES]
        reviewers = [LocalReviewer(ANALYSERS[name], slots=slots) for name in PYTHON]
        examined = await asyncio.gather(*(reviewer.examine(sources) for reviewer in reviewers))
        return {examination.location: examination.answers for examination in examined}

    return asyncio.run(ask())


def _seen_by(answers: Answers, case: Case) -> set[str]:
    return {name for name in PYTHON if case.kind in {issue.kind for issue in answers[name][case.source.key].issues}}


def _judges(case: Case) -> set[str]:
    return {name for name in PYTHON if case.kind in ANALYSERS[name].kinds(case.source.path, "python")}


@pytest.mark.parametrize("case", [case for case in CASES if case.group == "bad"], ids=lambda case: case.source.key)
def test_whoever_judges_a_kind_finds_it(answers: Answers, case: Case) -> None:
    seen = _seen_by(answers, case)
    assert seen >= _judges(case)
    assert seen


@pytest.mark.parametrize("case", [case for case in CASES if case.group == "partial"], ids=lambda case: case.source.key)
def test_known_blind_spots_are_not_everyones(answers: Answers, case: Case) -> None:
    seen = _seen_by(answers, case)
    assert seen
    assert not seen >= _judges(case), "nobody misses it any more: move it to `bad`"


@pytest.mark.parametrize("case", [case for case in CASES if case.group == "good"], ids=lambda case: case.source.key)
def test_near_misses_stay_silent(answers: Answers, case: Case) -> None:
    assert _seen_by(answers, case) == set()
    if _NEWER_THAN_311 not in case.source.text:
        assert {answers[name][case.source.key].status for name in PYTHON} == {"answered"}


def test_every_kind_that_two_judge_has_a_standard_example() -> None:
    claims = [kind for name in PYTHON for kind in ANALYSERS[name].kinds("pkg/module.py", "python")]
    assert {kind for kind in claims if claims.count(kind) > 1} <= {str(row["kind"]) for row in TABLE}


def test_shared_kinds_are_in_the_table_of_kinds_and_own_kinds_name_their_maker() -> None:
    for name in PYTHON:
        for kind in ANALYSERS[name].kinds("pkg/module.py", "python"):
            assert kind in KINDS or kind.startswith(f"{name}/"), kind


def test_findings_lie_inside_their_file(answers: Answers) -> None:
    for case in CASES:
        lines = case.source.text.split("\n")
        for name in PYTHON:
            for issue in answers[name][case.source.key].issues:
                assert 1 <= issue.line <= issue.end_line <= len(lines)
                assert 0 <= issue.column <= len(lines[issue.line - 1]) + 1
