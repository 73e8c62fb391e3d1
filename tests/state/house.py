"""Reviewers, requests and verdicts for the tests of this room."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from codedesigner.assembly.options import ReviewOptions
from codedesigner.assembly.request import build_request
from codedesigner.location.build import planned
from codedesigner.location.scripted import ScriptedReviewer
from codedesigner.plan.model import ExecutionPlan
from codedesigner.planning import Request
from codedesigner.protocol.issue import Answer, Edit, Fix, Issue, Source
from codedesigner.publish.report import Report
from codedesigner.review import review
from codedesigner.run.reviewer import Reviewer
from codedesigner.state.answers import AnswerStore
from codedesigner.state.memory import Memory
from codedesigner.state.remembering import RememberingReviewer


class Repo(Protocol):
    """The fixture's repository (`conftest.Repo`)."""

    @property
    def path(self) -> Path: ...

    def commit(self, files: Mapping[str, str | bytes | None], message: str = "x") -> str: ...


MakeRepo = Callable[..., Repo]
ANGLES = frozenset({"correctness", "efficiency", "security", "style"})
OPTIONS = ReviewOptions(
    repo=Path(),
    base="HEAD~1",
    head="HEAD",
    location=("ruff",),
)


def spots(word: str, kind: str, *, fix: str | None = None) -> Callable[[Source], Sequence[Issue]]:
    """A script that finds a kind of defect wherever a word stands, and may know better."""

    def look(source: Source) -> Sequence[Issue]:
        places = [(n, text.index(word) + 1) for n, text in enumerate(source.text.split("\n"), 1) if word in text]
        return [
            Issue(
                kind,
                "X1",
                line,
                line,
                f"`{word}`",
                column,
                fix=None if fix is None else Fix((Edit(line, column, line, column + len(word), fix),), safe=True),
            )
            for line, column in places
        ]

    return look


def the_house() -> list[ScriptedReviewer]:
    return [
        ScriptedReviewer("one", spots("missing", "undefined-name", fix="present")),
        ScriptedReviewer("two", spots("missing", "undefined-name"), weight=2.0),
        ScriptedReviewer("three", spots("secret", "hardcoded-secret"), languages=frozenset({"python", "yaml"})),
        ScriptedReviewer("four", lambda source: Answer("failed", detail="x") if "boom" in source.text else ()),
        ScriptedReviewer("five", lambda source: Answer("unparsed", detail="x") if "odd" in source.text else ()),
        ScriptedReviewer("gone", unavailable="not installed"),
    ]


def asked_of(house: Sequence[ScriptedReviewer]) -> int:
    return sum(len(reviewer.asked) for reviewer in house)


def with_house(request: Request, house: Sequence[Reviewer]) -> Request:
    return replace(request, reviewers=house, locations=planned(house, ANGLES), known=None)


def exhaustive(request: Request) -> Request:
    return with_house(
        replace(request, settings=request.settings.model_copy(update={"strategy": "exhaustive"})), the_house()
    )


def incremental(request: Request, folder: Path, house: Sequence[Reviewer]) -> Request:
    memory = Memory(AnswerStore(folder), pytest.fail)
    wrapped = {reviewer.id: RememberingReviewer(reviewer, memory, "1") for reviewer in house}
    chosen = replace(request, settings=request.settings.model_copy(update={"strategy": "incremental"}))
    return replace(
        with_house(chosen, list(wrapped.values())),
        known=lambda location, sources: wrapped[location].known(sources),
    )


def report_on(request: Request) -> Report:
    return asyncio.run(review(request))


def verdict(report: Report) -> object:
    """All of a report but its clock readings."""
    data = json.loads(report.model_dump_json())
    data["usage"]["duration_ms"] = data["mode"]["activated_at"] = 0
    for location in data["locations"]:
        location["average_latency_ms"] = location["p99_latency_ms"] = 0
    return data


def skipped(plan: ExecutionPlan) -> int:
    return sum(item.skip_reason == "answered_before" for item in plan.items)


def known(plan: ExecutionPlan) -> int:
    return sum(len(item.known) for item in plan.items)


def a_request(repo: Repo, **more: object) -> Request:
    return build_request(replace(OPTIONS, repo=repo.path, **more), {})  # type: ignore[arg-type]
