"""Whether the analysers of everything but Python know what they say they know."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from bench.planted import load

from codedesigner.angle.kinds import KINDS
from codedesigner.location.local import ANALYSERS
from codedesigner.location.local.ast_grep import SUFFIXES
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.protocol.issue import Answer, Source

OURS = ("ast-grep", "oxlint", "shellcheck", "hadolint", "yamllint", "zizmor")
PYTHONS = ("ruff", "pylint", "bandit", "pyflakes")
DATA = Path(__file__).parent / "data"
PATHS = {
    **{language: f"pkg/module.{suffixes.split()[0]}" for language, suffixes in SUFFIXES.items()},
    "dockerfile": "Dockerfile",
    "yaml": "pkg/data.yml",
    "github-workflow": ".github/workflows/build.yml",
}


@dataclass(frozen=True)
class Case:
    kind: str
    bad: bool
    source: Source


def _rows() -> Iterator[Case]:
    for row in yaml.safe_load((DATA / "shared_kinds.yml").read_text("utf-8")):
        for language in row["languages"]:
            for group in ("bad", "good"):
                for number, text in enumerate(row[group]):
                    key = f"{language}/{row['kind']}/{group}/{number}"
                    yield Case(row["kind"], group == "bad", Source(key, PATHS[language], language, text))


def _python_rows() -> Iterator[Case]:
    """What the analysers of Python agreed on binds the one that reads Python among others."""
    claimed = ANALYSERS["ast-grep"].kinds("pkg/module.py", "python")
    for row in yaml.safe_load((DATA / "python_kinds.yml").read_text("utf-8")):
        for group in ("bad", "good"):
            for number, text in enumerate(row.get(group, ())):
                if row["kind"] in claimed and not text.startswith("path: "):
                    key = f"python/{row['kind']}/{group}/agreed-{number}"
                    yield Case(row["kind"], group == "bad", Source(key, PATHS["python"], "python", text))


CASES = (*_rows(), *_python_rows())
Answers = dict[str, dict[str, Answer]]


@pytest.fixture(scope="module")
def answers() -> Answers:
    """What each analyser says about every text: id -> key -> answer."""

    async def ask() -> Answers:
        slots = asyncio.Semaphore(2)
        sources = [case.source for case in CASES] + [source for case in load() for source in case.sources()]
        reviewers = [LocalReviewer(ANALYSERS[name], slots=slots) for name in OURS]
        examined = await asyncio.gather(*(each.examine(_readable(each, sources)) for each in reviewers))
        return {each.location: each.answers for each in examined}

    return asyncio.run(ask())


def _readable(reviewer: LocalReviewer, sources: list[Source]) -> list[Source]:
    return [source for source in sources if reviewer.can_examine(source.path, source.language)]


def _seen_by(answers: Answers, kind: str, key: str) -> set[str]:
    return {
        name for name in OURS if key in answers[name] and kind in {issue.kind for issue in answers[name][key].issues}
    }


def _judges(kind: str, path: str, language: str | None) -> set[str]:
    return {
        name for name in OURS if ANALYSERS[name].reads(path, language) and kind in ANALYSERS[name].kinds(path, language)
    }


@pytest.mark.parametrize("case", [case for case in CASES if case.bad], ids=lambda case: case.source.key)
def test_whoever_judges_a_kind_finds_it(answers: Answers, case: Case) -> None:
    seen = _seen_by(answers, case.kind, case.source.key)
    assert seen >= _judges(case.kind, case.source.path, case.source.language)
    assert seen


@pytest.mark.parametrize("case", [case for case in CASES if not case.bad], ids=lambda case: case.source.key)
def test_nobody_sees_a_kind_where_it_is_not(answers: Answers, case: Case) -> None:
    assert not _seen_by(answers, case.kind, case.source.key)


def test_every_shared_kind_that_is_claimed_has_an_example(answers: Answers) -> None:
    shown = {(name, case.source.language, case.kind) for case in CASES for name in OURS if case.bad}
    for case in load():
        key = case.sources()[0].key
        shown |= {(name, case.language, case.kind) for name in _seen_by(answers, case.kind, key)}
    claimed = {
        (name, language, kind)
        for language, path in PATHS.items()
        for name in OURS
        if ANALYSERS[name].reads(path, language)
        for kind in ANALYSERS[name].kinds(path, language)
        if kind in KINDS
    }
    # What C++ and C share is written once.
    shown |= {(name, "cpp", kind) for name, language, kind in shown if language == "c"}
    assert sorted(claimed - shown) == []


def test_planted_defects_are_found_by_all_who_judge_them(answers: Answers) -> None:
    silent = {
        case.id: sorted(missing)
        for case in load()
        if (missing := _judges(case.kind, case.path, case.language) - _seen_by(answers, case.kind, f"{case.id}/defect"))
    }
    assert silent == {}


def test_whoever_else_judges_a_python_kind_is_bound_by_the_common_table() -> None:
    agreed = {row["kind"] for row in yaml.safe_load((DATA / "python_kinds.yml").read_text("utf-8"))}
    claimed = ANALYSERS["ast-grep"].kinds("pkg/module.py", "python")
    others = set().union(*(ANALYSERS[name].kinds("pkg/module.py", "python") for name in PYTHONS))
    assert (claimed & others) <= agreed
