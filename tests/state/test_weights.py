"""A review whose votes weigh by what became of earlier findings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from codedesigner.assembly.request import build_request
from codedesigner.config.environment import STATE_DIR
from codedesigner.location.scripted import ScriptedReviewer
from codedesigner.planning import Request
from codedesigner.publish.report import Report
from codedesigner.state.history import FILE_NAME, OutcomeStore
from codedesigner.vote.history import NO_HISTORY, Outcome

from .house import OPTIONS, MakeRepo, Repo, report_on, spots, verdict, with_house

BY_HISTORY = "vote:\n  weight_source: historical_accuracy\n"


def a_repo(make_repo: MakeRepo, config: str) -> Repo:
    made = make_repo({"m.py": "def f(a):\n    return a\n", ".codedesigner.yml": config})
    made.commit({"m.py": "def f(a):\n    return missing\n"})
    return made


def request(repo: Repo, state: Path) -> Request:
    made = build_request(replace(OPTIONS, repo=repo.path), {STATE_DIR: str(state)})
    house = [
        ScriptedReviewer("strong", spots("missing", "undefined-name")),
        *(ScriptedReviewer(name, lambda _source: ()) for name in ("weak", "weaker", "weakest")),
    ]
    return with_house(made, house)


def remember(state: Path) -> None:
    said = [
        ("strong", "fixed", 60),
        ("weak", "dismissed", 40),
        ("weaker", "dismissed", 40),
        ("weakest", "dismissed", 40),
    ]
    OutcomeStore(state).add(
        Outcome(
            f"{name}{number}", name, "correctness", "undefined-name", "yes", "fixed" if what == "fixed" else "dismissed"
        )
        for name, what, times in said
        for number in range(times)
    )


def dispositions(report: Report) -> list[str]:
    return [finding.disposition for finding in report.findings]


def test_a_strong_location_is_outvoted_until_history_knows_it(make_repo: MakeRepo, tmp_path: Path) -> None:
    repo, state = a_repo(make_repo, BY_HISTORY), tmp_path / "state"

    assert dispositions(report_on(request(repo, state))) == ["below_agreement"]
    remember(state)
    assert dispositions(report_on(request(repo, state))) == ["posted"]


def test_without_being_told_nobody_looks_at_history(make_repo: MakeRepo, tmp_path: Path) -> None:
    repo, state = a_repo(make_repo, "{}\n"), tmp_path / "state"
    before = verdict(report_on(request(repo, state)))
    remember(state)

    assert request(repo, state).history is NO_HISTORY
    assert verdict(report_on(request(repo, state))) == before


def test_a_broken_history_is_told_and_nothing_is_known(
    make_repo: MakeRepo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repo, state = a_repo(make_repo, BY_HISTORY), tmp_path / "state"
    remember(state)
    (state / FILE_NAME).write_bytes(b"no database" * 500)

    assert request(repo, state).history == NO_HISTORY
    assert "going on as if no location had a history" in capsys.readouterr().err


def test_a_majority_counts_heads(make_repo: MakeRepo, tmp_path: Path) -> None:
    repo = a_repo(make_repo, "vote:\n  strategy: majority_vote\ngate:\n  min_agreement: 0.5\n")
    made = request(repo, tmp_path / "state")
    heavy = [
        ScriptedReviewer("heavy", spots("missing", "undefined-name"), weight=9.0),
        ScriptedReviewer("light", lambda _source: ()),
        ScriptedReviewer("other", lambda _source: ()),
    ]

    assert dispositions(report_on(with_house(made, heavy))) == ["below_agreement"]
