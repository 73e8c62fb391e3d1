"""A CI job from outside: which change it reviews, where it reports, and what its exit code is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from codedesigner.cli import run
from codedesigner.commands.jobfiles import set_outputs

GOOD = "def f(a):\n    return a\n"
BAD = "def f(a):\n    return undefined_thing  # ::error::hello\n"


@pytest.fixture
def job(make_repo: Callable[..., object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Sets up the environment of a pull request's job; the folder where the runner's files are."""

    def start(**environ: str) -> Path:
        repo = make_repo({"m.py": GOOD})
        base = repo.git("rev-parse", "HEAD")  # type: ignore[attr-defined]
        head = repo.commit({"m.py": BAD})  # type: ignore[attr-defined]
        event = {"pull_request": {"number": 7, "base": {"sha": base}, "head": {"sha": head}}}
        (tmp_path / "event.json").write_text(json.dumps(event))
        for name in ("GITLAB_CI", "CI_MERGE_REQUEST_IID"):
            monkeypatch.delenv(name, raising=False)
        runner = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
            "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
            "GITHUB_OUTPUT": str(tmp_path / "output"),
            **environ,
        }
        for name, value in runner.items():
            monkeypatch.setenv(name, value)
        return tmp_path

    return start


def outputs_of(text: str) -> dict[str, str]:
    """What a runner reads: `name<<end`, lines, `end`."""
    values: dict[str, str] = {}
    lines = text.split("\n")[:-1]
    while lines:
        name, _, end = lines.pop(0).partition("<<")
        at = lines.index(end)
        values[name] = "\n".join(lines[:at])
        lines = lines[at + 1 :]
    return values


@pytest.mark.parametrize("value", ["EOF\nEOF\nx<<EOF", "\nevil<<EOF\nEOF", "codedesigner_1\n", "", "é\r\n"])
def test_T_GH_65_T_SEC_64_an_output_is_read_back_as_it_was(value: str, tmp_path: Path) -> None:
    names = iter(["1", "2", "3"])

    set_outputs({"a": value, "b": "x"}, {"GITHUB_OUTPUT": str(tmp_path / "out")}, token=lambda: next(names))

    assert outputs_of((tmp_path / "out").read_bytes().decode()) == {"a": value, "b": "x"}


def test_a_pull_request_is_reviewed_and_reported_where_the_runner_looks(
    job: Callable[..., Path], capfd: pytest.CaptureFixture[str]
) -> None:
    folder = job(INPUT_SARIF_FILE="")

    code = run(["ci", "--repo", str(folder / "repo")])

    out = capfd.readouterr().out
    assert code == 1
    assert "undefined" in (folder / "summary.md").read_text()
    outputs = outputs_of((folder / "output").read_text())
    assert (outputs["conclusion"], outputs["findings"]) == ("fail", outputs["blocking"])
    first, *_, last = out.splitlines()
    word = first.removeprefix("::stop-commands::")
    assert last == f"::{word}::"  # between the two, nothing that the change wrote is a command
    assert "::error::hello" in out


def test_the_inputs_of_the_action_reach_the_gate_and_the_files(job: Callable[..., Path]) -> None:
    folder = job(INPUT_FAIL_ON="never", INPUT_MIN_AGREEMENT="0.1")
    sarif = folder / "out.sarif"
    job_files = {"INPUT_SARIF_FILE": str(sarif)}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in job_files.items():
            patch.setenv(name, value)
        code = run(["ci", "--repo", str(folder / "repo")])

    assert code == 0
    assert json.loads(sarif.read_text())["runs"][0]["results"]


@pytest.mark.parametrize(
    "environ",
    [
        {"GITHUB_EVENT_NAME": "push"},
        {"GITHUB_EVENT_PATH": "/nowhere"},
        {"INPUT_FAIL_ON": "hihg"},
        {"INPUT_MIN_AGREEMENT": "lots"},
    ],
)
def test_a_job_that_cannot_review_is_never_green(job: Callable[..., Path], environ: dict[str, str]) -> None:
    folder = job(**environ)

    assert run(["ci", "--repo", str(folder / "repo")]) == 2
