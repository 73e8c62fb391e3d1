"""`codedesigner eval` from outside: what it reads, where it writes, and how it ends."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from codedesigner.cli import run
from codedesigner.commands.eval import FORMAT_NAMES, HOLD_OUTS, STRATEGY_NAMES
from codedesigner.evaluation import protocol
from codedesigner.evaluation.dataset import read_dataset
from codedesigner.evaluation.records import Labels
from codedesigner.evaluation.reports import FORMATS
from codedesigner.evaluation.result import EvaluationResult
from codedesigner.evaluation.ways import WAYS
from codedesigner.state.history import OutcomeStore
from codedesigner.vote.calibration import LEAST_LABELS, read_calibration
from codedesigner.vote.history import Outcome

PAGE = Path(__file__).parents[2] / "docs" / "evaluation.md"
Said = tuple[int, str, str]
Command = Callable[..., Said]


class Repo(Protocol):
    """The fixture's repository (`conftest.Repo`)."""

    @property
    def path(self) -> Path: ...

    def commit(self, files: dict[str, str], message: str = "x") -> str: ...


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Command:
    """Runs `codedesigner eval` in this process: exit code, output, errors."""

    def call(*arguments: str | Path) -> Said:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        return (code, *capfd.readouterr())

    return call


def entry(repo: str, number: int) -> dict[str, Any]:
    text = f"`total_{number}` is read outside the lock in `count`"
    match = {"text": text, "label": "match", "golden": [0]}
    noise = {"id": "ben#1", "text": "Consider a shorter name for the import", "label": "nomatch", "golden": []}
    return {
        "pr": f"{repo}/{number}",
        "repo": repo,
        "golden": [{"id": 0, "text": text}],
        "reviews": {"ada": [{"id": "ada#0", **match}], "ben": [{"id": "ben#0", **match}, noise], "cy": []},
    }


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.json"
    path.write_text(json.dumps([entry(repo, number) for repo in ("x", "y") for number in (1, 2)]))
    return path


def test_figures_go_to_standard_output(command: Command, dataset: Path) -> None:
    code, out, err = command("eval", dataset, "--panel", "ada, ben,cy", "--bootstrap", 20, "--seed", 4)
    assert (code, err) == (0, "")
    assert "4 pull requests of 2 repositories, 4 golden issues, 12 comments; one repo held out at a time" in out
    assert "95% intervals from 20 resamples, seed 4" in out
    assert "Panel of 3: ada, ben, cy" in out


def test_reports_go_where_they_are_sent(command: Command, dataset: Path, tmp_path: Path) -> None:
    page, figures = tmp_path / "e.html", tmp_path / "e.json"
    pairs = ("--format", "html", "--output", page, "--format", "json", "--output", figures)
    code, out, _ = command(
        "eval", dataset, "--panel", "ada,ben", "--panel", "ben,cy", "--strategy", "union_merge", *pairs
    )
    assert (code, out) == (0, "")
    assert page.read_text().startswith("<!doctype html>")
    found = EvaluationResult.model_validate_json(figures.read_text())
    assert [panel.reviewers for panel in found.panels] == [("ada", "ben"), ("ben", "cy")]
    assert {one.strategy for panel in found.panels for one in panel.strategies} == {"union_merge"}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--panel", "ada,bob"], "no reviewer is called 'bob'\nhelp: there are ada, ben, cy"),
        (["--panel", ","], "names with commas between them are needed"),
        (["--strategy", "luck"], "'luck' is not one of"),
        (["--format", "text", "--format", "json"], "--format and --output come in pairs"),
    ],
)
def test_a_wrong_command_line_is_told(command: Command, dataset: Path, more: list[str], told: str) -> None:
    code, _, err = command("eval", dataset, *more)
    assert code == 2
    assert told in err


def test_a_wrong_dataset_is_told_with_its_place(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    for data, told in (
        (b"[{]", "is no JSON"),
        (b"\xff", "byte 1 is not UTF-8"),
        (b"{}", "is no list of pull requests"),
    ):
        path.write_bytes(data)
        code, _, err = command("eval", path)
        assert code == 2
        assert f"error: {path}: {told}" in err
    assert command("eval", tmp_path)[0] == 2
    assert command("eval", tmp_path / "missing")[0] == 2
    assert command("eval")[0] == 2


def test_what_outcomes_say_is_shown(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEDESIGNER_STATE_DIR", str(tmp_path))
    assert command("eval", "--history") == (0, "No outcomes are kept yet\n", "")
    OutcomeStore(tmp_path).add([Outcome("f1", "ada", "security", "model/security", "yes", "fixed")])
    code, out, _ = command("eval", "--history", "--format", "json")
    (known,) = EvaluationResult.model_validate_json(out).history
    assert (code, known.location, known.right, known.wrong) == (0, "ada", 1, 0)
    assert 0.5 < known.accuracy < 1


def test_our_own_records_are_read_with_their_labels(
    command: Command, make_repo: Callable[..., Repo], tmp_path: Path
) -> None:
    repo = make_repo({"m.py": "def f(a):\n    return a\n"})
    repo.commit({"m.py": "def f(a):\n    return undefined_thing\n"})
    folder = tmp_path / "records" / "one"
    arguments = ("--repo", repo.path, "--base", "HEAD~1", "--head", "HEAD", "--record", folder)
    command("review", *arguments, "--location", "ruff", "--location", "pyflakes")
    report = json.loads((folder / "report.json").read_text())
    ids = [finding["id"] for finding in report["findings"]]
    labels = {"pr": "x/1", "repo": "x", "golden": [{"id": 0, "text": "undefined"}], "findings": {ids[0]: [0]}}
    (folder / "labels.json").write_text(json.dumps(labels))

    for place in (folder, folder.parent):
        code, out, err = command("eval", place, "--format", "json")
        assert (code, err) == (0, "")
        found = EvaluationResult.model_validate_json(out)
        assert {one.id: one.quality.tp for one in found.locations} == {"ruff": 1, "pyflakes": 1}
        assert {one.quality.f1.value for one in found.panels[0].strategies} == {1.0}
        assert any("left out, because they have no label" in note for note in found.notes) == (len(ids) > 1)

    (folder / "labels.json").write_text(json.dumps(labels | {"findings": {"F999": []}}))
    code, _, err = command("eval", folder)
    assert code == 2
    assert f"{folder}/labels.json: findings: the report has no finding 'F999'" in err


def test_the_names_on_the_command_line_are_those_that_there_are() -> None:
    assert set(FORMAT_NAMES) == set(FORMATS)
    assert set(STRATEGY_NAMES) == set(WAYS)
    assert HOLD_OUTS == protocol.HOLD_OUTS


def test_the_examples_in_the_docs_can_be_read() -> None:
    shown = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(shown) == 4
    for text in shown[:3]:
        assert read_dataset(text, "example")
    assert Labels.model_validate(json.loads(shown[3]))


def test_a_calibration_is_fitted_on_reviews_and_outcomes_and_says_on_how_much(
    command: Command, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEDESIGNER_STATE_DIR", str(tmp_path / "state"))
    file = tmp_path / "votes.json"
    code, out, err = command("eval", dataset, "--bootstrap", 0, "--calibration", file)
    assert (code, err) == (0, "")
    few = read_calibration(file.read_text())
    assert 0 < few.labels < LEAST_LABELS
    assert f"stands on {few.labels} labels: reviews do not use it before there are 150" in " ".join(out.split())
    OutcomeStore(tmp_path / "state").add(
        Outcome(f"f{number}", "ada", "security", "k", "yes", "fixed" if number % 4 else "dismissed")
        for number in range(200)
    )
    assert command("eval", dataset, "--bootstrap", 0, "--history", "--calibration", file)[0] == 0
    assert read_calibration(file.read_text()).labels == few.labels + 200
    assert command("eval", "--history", "--calibration", file)[0] == 0
    known = read_calibration(file.read_text())
    assert (known.labels, known.enough) == (200, True)
    assert 0.6 < known.raw(1.0, 1, 0.75) < 0.9
