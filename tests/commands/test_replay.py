"""A recorded review, once more: the same report and gate, and nobody is asked."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codedesigner.cli import run
from codedesigner.protocol.transcript import read_transcript

BEFORE = {"a.py": "def f(x):\n    return x\n", "caf\udce9.py": "def k():\n    return 0\n"}
AFTER = {
    "a.py": "import os\n\n\ndef f(x):\n    eval(x)\n    return y\n\n\ndef g(a=[]):\n    return a\n",
    "caf\udce9.py": "def k():\n    return '\udcff\ufeff😀'\n",
    "new.sh": "#!/bin/sh\nrm $1\n",
}


@pytest.fixture
def change(make_repo: Callable[..., Any]) -> Path:
    repo = make_repo({name: text.encode("utf-8", "surrogateescape") for name, text in BEFORE.items()})
    repo.commit({name: text.encode("utf-8", "surrogateescape") for name, text in AFTER.items()})
    path: Path = repo.path
    return path


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEDESIGNER_STATE_DIR", str(tmp_path / "state"))


def codedesigner(*arguments: str | Path) -> int:
    return run([str(each) for each in arguments])


def reviewed(change: Path, record: Path, *more: str | Path) -> tuple[int, bytes]:
    """A review from the command line, recorded; its exit code and its report."""
    out = record.parent / f"{record.name}.json"
    said = ("--repo", change, "--base", "HEAD~1", "--head", "HEAD", "--no-cache", "--record", record)
    return codedesigner("review", *said, "--format", "json", "--output", out, *more), out.read_bytes()


def again(record: Path) -> tuple[int, bytes]:
    out = record.parent / f"{record.name}.replayed.json"
    return codedesigner("replay", record, "--format", "json", "--output", out), out.read_bytes()


RULES: list[dict[str, Any]] = [
    {
        "when": "return y",
        "times": 3,
        "answer": {
            "issues": [
                {
                    "description": "y is unknown",
                    "severity": "high",
                    "evidence": "return y",
                    "location": {"line": 6},
                    "confidence": 0.9,
                },
                {"description": "not there", "severity": "low", "evidence": "nothing", "location": {"line": 1}},
            ],
            "summary": "bad",
        },
    },
    {"when": "def g(", "times": 2, "refusal": "I would rather not."},
    {"when": "def g(", "times": 1, "trouble": "timeout"},
    {"when": "def k(", "times": 2, "text": "no JSON at all"},
    {"answer": {"issues": [], "summary": "fine", "analysis": "no", "verdict": "no", "confidence": 0.7, "choice": "A"}},
]


def locations(folder: Path) -> Path:
    """Two models with planted answers, refusals, time-outs and garbage, and a third that judges."""
    claim = {"description": "eval", "severity": "high", "evidence": "eval(x)", "confidence": 0.9}
    more: dict[str, list[dict[str, Any]]] = {"left": [{"when": "eval(x)", "times": 9, "answer": {"issues": [claim]}}]}
    models = []
    for name, tags in (("left", []), ("right", []), ("judge", ["supervisor"])):
        script = folder / f"{name}.yaml"
        script.write_text(json.dumps({"rules": [*more.get(name, []), *RULES]}))
        provider = {"type": "scripted", "model_id": str(script), "retry_config": {"max_retries": 0}}
        models.append({"id": name, "name": name, "tags": tags, "enabled": True, "provider": provider})
    file = folder / "locations.yaml"
    file.write_text(json.dumps({"locations": models}))
    return file


def test_analysers_are_replayed_to_the_byte(change: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = ("--location", "ruff", "--location", "pylint", "--location", "shellcheck")
    live = reviewed(change, tmp_path / "record", *chosen)
    capsys.readouterr()
    assert again(tmp_path / "record") == live
    assert capsys.readouterr().err == ""
    assert (tmp_path / "record" / "report.json").read_bytes() == live[1]


def test_models_are_replayed_to_the_byte(change: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ("--locations-file", locations(tmp_path), "--max-passes", "4")
    chosen = [part for name in ("left", "right", "judge", "ruff") for part in ("--location", name)]
    live = reviewed(change, tmp_path / "record", *chosen, *more)
    capsys.readouterr()
    assert again(tmp_path / "record") == live
    assert capsys.readouterr().err == ""
    said = read_transcript(tmp_path / "record" / "transcript.jsonl").envelopes
    assert {each.worker for each in said} == {"left", "right", "judge", "ruff"}
    report = json.loads(live[1])
    hows = {ballot["how"] for finding in report["findings"] for ballot in finding["ballots"]}
    assert {"proposed", "cross_examined"} <= hows
    assert report["usage"]["early_exits"] > 0
    assert {each["status"] for each in report["locations"]} >= {"degraded"}


def test_answers_that_were_kept_are_replayed_too(change: Path, tmp_path: Path) -> None:
    said = ("review", "--repo", change, "--base", "HEAD~1", "--head", "HEAD", "--strategy", "incremental")
    for name in ("first", "second"):
        record, out = tmp_path / name, tmp_path / f"{name}.json"
        files = ("--record", record, "--format", "json", "--output", out)
        live = codedesigner(*said, "--location", "ruff", *files), out.read_bytes()
        assert again(record) == live
    assert json.loads((tmp_path / "second" / "run.json").read_bytes())["known"] == {"ruff": ["new0"]}


def test_a_replay_needs_neither_repository_nor_anybody(
    change: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = reviewed(change, tmp_path / "record", "--location", "ruff")
    shutil.rmtree(change)
    monkeypatch.setenv("PATH", "")
    assert again(tmp_path / "record") == live


def test_every_format_is_the_same(change: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("text", "markdown", "sarif", "codequality")
    shown = [part for name in names for part in ("--format", name, "--output", str(tmp_path / name))]
    reviewed(change, tmp_path / "record", "--location", "ruff", *shown)
    live = {name: (tmp_path / name).read_bytes() for name in names}
    codedesigner("replay", tmp_path / "record", *shown)
    assert {name: (tmp_path / name).read_bytes() for name in names} == live


def test_a_review_that_is_switched_off_is_replayed_too(change: Path, tmp_path: Path) -> None:
    live = reviewed(change, tmp_path / "record", "--no-code-designer")
    assert again(tmp_path / "record") == live


def test_a_record_is_never_overwritten(change: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    live = reviewed(change, tmp_path / "record", "--location", "ruff")
    assert codedesigner("review", "--repo", change, "--record", tmp_path / "record") == 2
    assert "holds a record already" in capsys.readouterr().err
    assert again(tmp_path / "record") == live


def test_a_change_that_holds_a_key_is_not_recorded(
    change: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "def f(x):")
    said = ("--repo", change, "--base", "HEAD~1", "--head", "HEAD", "--record", tmp_path / "record")
    assert codedesigner("review", *said) == 2
    assert "holds the value of $GITHUB_TOKEN, in a.py" in capsys.readouterr().err
    assert not (tmp_path / "record").exists()


def test_another_version_is_said_so(change: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    live = reviewed(change, tmp_path / "record", "--location", "ruff")
    edited(tmp_path / "record" / "run.json", lambda data: data | {"code": "0123456789abcdef"})
    edited(tmp_path / "record" / "report.json", lambda data: data | {"findings": []})
    capsys.readouterr()
    assert again(tmp_path / "record") == live
    err = capsys.readouterr().err
    assert "(0123456789abcdef), replayed by codedesigner" in err
    assert "the report is not the one in" in err


def edited(path: Path, edit: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    path.write_text(json.dumps(edit(json.loads(path.read_bytes()))))


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (lambda folder: shutil.rmtree(folder), "transcript.jsonl: No such file"),
    "no transcript": (lambda folder: (folder / "transcript.jsonl").unlink(), "transcript.jsonl: No such file"),
    "no end": (lambda folder: (folder / "run.json").unlink(), "the review did not end; 4 messages of it"),
    "a broken line": (
        lambda folder: lines(folder, lambda each: [*each[:2], each[2][:-9] + b"\n", *each[3:]]),
        "transcript.jsonl:3: is no JSON",
    ),
    "a line that is missing": (lambda folder: lines(folder, lambda each: each[1:]), "transcript.jsonl:"),
    "half a request": (
        lambda folder: (folder / "run.json").write_bytes((folder / "run.json").read_bytes()[:-50]),
        "run.json:1: is no JSON",
    ),
    "another format": (lambda folder: edited(folder / "run.json", lambda data: data | {"format": 99}), "format 99"),
    "a key too few": (
        lambda folder: edited(folder / "run.json", lambda data: {k: v for k, v in data.items() if k != "terms"}),
        "run.json:1: it: terms is missing",
    ),
    "a value of another kind": (
        lambda folder: edited(folder / "run.json", lambda data: data | {"messages": "many"}),
        "run.json:1: messages: is no int",
    ),
    "a file that is no base64": (
        lambda folder: edited(folder / "run.json", spoilt),
        "run.json:1: request.change.files.0.new: is no base64",
    ),
    "a request without settings": (
        lambda folder: edited(folder / "run.json", lambda data: data | {"request": {}}),
        "run.json:1: ",
    ),
    "an answer too few": (
        lambda folder: lines(folder, lambda each: each[:-1]),
        "transcript.jsonl: holds 3 messages of 4",
    ),
}


def spoilt(data: dict[str, Any]) -> dict[str, Any]:
    data["request"]["change"]["files"][0]["new"] = "%%%"
    return data


def lines(folder: Path, edit: Callable[[list[bytes]], list[bytes]]) -> None:
    path = folder / "transcript.jsonl"
    path.write_bytes(b"".join(edit(path.read_bytes().splitlines(keepends=True))))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record that is in order, of a review of one file by one analyser."""
    folder = tmp_path_factory.mktemp("whole")
    diff = folder / "change.diff"
    diff.write_text("--- /dev/null\n+++ b/a.py\n@@ -0,0 +1,2 @@\n+import os\n+x = y\n")
    (folder / "a.py").write_text("import os\nx = y\n")
    said = ("--repo", folder, "--diff", diff, "--location", "ruff", "--no-cache", "--output", folder / "out")
    assert codedesigner("review", *said, "--format", "json", "--record", folder / "record") in (0, 1, 3)
    return folder / "record"


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_told_with_its_place(
    whole: Path, tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(whole, folder)
    DAMAGE[damage][0](folder)
    assert codedesigner("replay", folder) == 2
    err = capsys.readouterr().err
    assert DAMAGE[damage][1] in err
    assert str(folder) in err


def test_a_killed_review_leaves_a_transcript_that_can_be_read(
    change: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = {"rules": [{"delay_ms": 20, "answer": {"issues": [], "summary": ""}}]}
    (tmp_path / "slow.yaml").write_text(json.dumps(slow))
    provider = {"type": "scripted", "model_id": str(tmp_path / "slow.yaml")}
    model = {"id": "slow", "name": "slow", "enabled": True, "provider": provider}
    (tmp_path / "locations.yaml").write_text(json.dumps({"locations": [model]}))
    said = ("--base", "HEAD~1", "--head", "HEAD", "--no-cache", "--location", "slow", "--max-passes", "100")
    files = ("--repo", change, "--locations-file", tmp_path / "locations.yaml", "--record", tmp_path / "record")
    transcript = tmp_path / "record" / "transcript.jsonl"
    environ = {**os.environ, "CODEDESIGNER_EARLY_EXIT__ENABLED": "false"}
    with subprocess.Popen(
        [sys.executable, "-m", "codedesigner", "review", *said, *map(str, files)], env=environ
    ) as process:
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            if transcript.exists() and transcript.read_bytes().count(b"\n") > 20:
                break
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    read = read_transcript(transcript)
    assert len(read.envelopes) > 20
    assert codedesigner("replay", tmp_path / "record") == 2
    assert f"the review did not end; {len(read.envelopes)} messages" in capsys.readouterr().err
