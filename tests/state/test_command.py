"""The strategy from the command line: who keeps what, where, and what happens when that cannot be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from codedesigner.assembly.memory import version_of
from codedesigner.assembly.request import build_request
from codedesigner.location.local import ANALYSERS
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.location.scripted import ScriptedReviewer
from codedesigner.planning import plan_change
from codedesigner.state.answers import FILE_NAME

from .house import OPTIONS, MakeRepo, Repo, report_on, skipped, verdict


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    made = make_repo({"m.py": "def f(a):\n    return a\n"})
    made.commit({"m.py": "def f(a):\n    return undefined_thing\n"})
    return made


def test_the_second_time_nothing_is_left_to_ask(repo: Repo, tmp_path: Path) -> None:
    state = tmp_path / "state"
    environ = {"CODEDESIGNER_STATE_DIR": str(state)}
    options = replace(OPTIONS, repo=repo.path, strategy="incremental")
    expected = verdict(report_on(build_request(replace(options, strategy="exhaustive"), environ)))
    assert verdict(report_on(build_request(replace(options, no_cache=True), environ))) == expected
    assert not state.exists()

    assert verdict(report_on(build_request(options, environ))) == expected
    assert (state / FILE_NAME).exists()
    again = build_request(options, environ)
    plan = plan_change(again).plan
    assert skipped(plan) > 0
    assert plan.estimated_operations == 0
    assert verdict(report_on(again)) == expected
    assert plan_change(build_request(replace(options, no_cache=True), environ)).plan.estimated_operations > 0


def test_a_broken_store_costs_one_line_and_no_verdict(repo: Repo, tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    (state / FILE_NAME).write_bytes(b"broken" * 1000)
    arguments = ["--repo", str(repo.path), "--base", "HEAD~1", "--head", "HEAD", "--location", "ruff"]

    said = subprocess.run(
        [sys.executable, "-m", "codedesigner", "review", *arguments, "--strategy", "incremental", "--format", "json"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CODEDESIGNER_STATE_DIR": str(state)},
        capture_output=True,
        check=False,
        text=True,
    )

    assert said.returncode == 1
    assert said.stderr.startswith(f"warning: going on without the answers of earlier reviews: {state / FILE_NAME} ")
    assert said.stderr.count("\n") == 1
    assert [finding["kind"] for finding in json.loads(said.stdout)["findings"]] == ["undefined-name"]


def test_an_analyser_is_known_by_its_version_and_its_rules() -> None:
    ruff = LocalReviewer(ANALYSERS["ruff"])
    version = version_of(ruff)
    assert version is not None
    assert ruff.version in version
    assert sys.version.split()[0] in version


def test_whose_version_is_not_known_is_not_remembered() -> None:
    foreign = LocalReviewer(replace(ANALYSERS["ruff"], distribution="no-such-distribution"))
    assert version_of(foreign) is None
    assert version_of(ScriptedReviewer("sarif-of-today")) is None
