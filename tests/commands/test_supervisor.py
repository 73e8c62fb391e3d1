"""Reviews with a supervisor, from the command line, by models whose answers are written down."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from codedesigner.cli import run
from codedesigner.protocol.transcript import read_transcript
from codedesigner.protocol.wire import VerifyRequest

BEFORE = {"a.py": "def f(x):\n    return x\n"}
AFTER = {"a.py": "def f(x):\n    y = 1 / x\n    return y\n"}
PROPOSES = {
    "issues": [
        {
            "description": "f(0) raises ZeroDivisionError",
            "severity": "high",
            "evidence": "    y = 1 / x",
            "location": {"line": 2},
            "confidence": 0.9,
        }
    ],
    "summary": "one defect",
}
SILENT = {"issues": [], "summary": "fine"}
REFUTES = {"analysis": "every caller checks x", "verdict": "no", "confidence": 0.8}


WISH = "Before you decide"


def decides(choice: str, severity: str = "high", confidence: float = 0.9) -> dict[str, Any]:
    answer = {"analysis": "f(0) is reached", "choice": choice, "severity": severity, "confidence": confidence}
    return {"when": 'View "no_defect"', "answer": answer}


@pytest.fixture
def change(make_repo: Callable[..., Any]) -> Path:
    repo = make_repo(BEFORE)
    repo.commit(AFTER)
    path: Path = repo.path
    return path


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEDESIGNER_STATE_DIR", str(tmp_path / "state"))


def locations(folder: Path, **supervisor: Any) -> Path:
    """Two models of which one claims a defect that the other refutes; `rules` are those of a supervisor."""
    scripts = {
        "claims": [{"when": "Look for:", "answer": PROPOSES}, {"answer": SILENT}],
        "denies": [{"when": "Another reviewer claims", "answer": REFUTES}, {"answer": SILENT}],
    }
    if supervisor:
        wants_nothing = {"when": WISH, "answer": {"lookups": []}}
        scripts["judge"] = [supervisor.pop("wish", wants_nothing), *supervisor.pop("rules")]
    entries = []
    for name, rules in scripts.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({"rules": rules}))
        provider = {
            "type": "scripted",
            "model_id": str(folder / f"{name}.yaml"),
            "retry_config": {"max_retries": 0},
        }
        entries.append({"id": name, "name": name, "provider": provider})
    if "judge" in scripts:
        entries[-1] |= {"tags": ["supervisor"], **supervisor}
    file = folder / "locations.yaml"
    file.write_text(yaml.safe_dump({"shipped": False, "locations": entries}))
    return file


def reviewed(change: Path, file: Path, *more: str) -> tuple[int, dict[str, Any], Path]:
    """A review: exit code, report and transcript."""
    out, record = file.parent / "report.json", file.parent / "record"
    given = ["--repo", str(change), "--base", "HEAD~1", "--head", "HEAD", "--locations-file", str(file)]
    asked = ["--angle", "correctness", "--max-passes", "1", "--record", str(record), *more]
    code = run(["review", *given, *asked, "--format", "json", "--output", str(out)])
    return code, json.loads(out.read_text()), record


def only(report: dict[str, Any]) -> dict[str, Any]:
    (finding,) = report["findings"]
    assert isinstance(finding, dict)
    return finding


def test_without_a_supervisor_the_agreement_decides(change: Path, tmp_path: Path) -> None:
    code, report, _ = reviewed(change, locations(tmp_path))
    finding = only(report)
    assert (code, report["gate"]["conclusion"]) == (0, "pass")
    assert (finding["agreement"], finding["disposition"], finding["decided"]) == (0.5, "below_agreement", "vote")
    _, report, _ = reviewed(change, locations(fresh(tmp_path)), "--min-agreement", "0.5")
    assert (only(report)["disposition"], report["gate"]["conclusion"]) == ("posted", "fail")


def fresh(folder: Path) -> Path:
    new = folder / "again"
    new.mkdir()
    return new


def test_its_yes_blocks_and_its_reason_is_told(change: Path, tmp_path: Path) -> None:
    code, report, record = reviewed(change, locations(tmp_path, rules=[decides("defect")]))
    finding = only(report)
    assert (code, report["gate"]["conclusion"], report["gate"]["blocking"]) == (1, "fail", [finding["id"]])
    assert (finding["agreement"], finding["disposition"], finding["decided"]) == (0.5, "posted", "supervisor")
    assert finding["reason"].startswith("the supervisor decided: a defect: f(0) is reached; the vote: 1 of 2")
    assert {ballot["location"] for ballot in finding["ballots"]} == {"claims", "denies"}
    judge = next(each for each in report["locations"] if each["id"] == "judge")
    assert (judge["status"], judge["requests_total"], judge["requests_failed"]) == ("idle", 2, 0)
    assert [each["role"] for each in report["locations"]] == ["reviewer", "reviewer", "supervisor"]

    put = [each for each in read_transcript(record / "transcript.jsonl").envelopes if each.worker == "judge"]
    assert [each.message_type for each in put] == ["analyze_request", "response", "verify_request", "response"]
    asked = put[2].payload
    assert isinstance(asked, VerifyRequest)
    assert [(each.view, each.supporters, each.reasons) for each in asked.alternatives] == [
        ("defect", 1, ()),
        ("no_defect", 1, ("every caller checks x",)),
    ]
    assert asked.code == "def f(x):\n    y = 1 / x\n    return y"


def test_its_no_rejects(change: Path, tmp_path: Path) -> None:
    code, report, _ = reviewed(change, locations(tmp_path, rules=[decides("no_defect")]), "--min-agreement", "0.4")
    assert (code, report["gate"]["conclusion"]) == (0, "pass")
    assert (only(report)["disposition"], only(report)["decided"]) == ("rejected", "supervisor")


def test_a_lower_severity_is_posted_and_does_not_block(change: Path, tmp_path: Path) -> None:
    code, report, _ = reviewed(change, locations(tmp_path, rules=[decides("defect", "low")]))
    assert (code, only(report)["disposition"], only(report)["severity"]) == (0, "posted", "low")


@pytest.mark.parametrize(
    ("rule", "why", "status"),
    [
        (decides("unsure"), "the supervisor is unsure", "idle"),
        (decides("defect", confidence=0.3), "the supervisor is unsure", "idle"),
        ({"refusal": "I would rather not."}, "gave no answer: refused", "degraded"),
        ({"text": "It is fine, trust me."}, "gave no answer: unparseable", "degraded"),
        ({"answer": {"verdict": "no"}}, "gave no answer: unparseable", "degraded"),
        ({"trouble": "timeout"}, "gave no answer: timeout", "degraded"),
    ],
)
def test_where_it_does_not_decide_a_person_has_to(
    change: Path, tmp_path: Path, rule: dict[str, Any], why: str, status: str
) -> None:
    code, report, _ = reviewed(change, locations(tmp_path, rules=[rule]))
    assert (code, report["gate"]["conclusion"], report["gate"]["blocking"]) == (3, "inconclusive", [])
    assert (only(report)["disposition"], only(report)["decided"]) == ("undecided", "nobody")
    assert why in only(report)["reason"]
    assert next(each["status"] for each in report["locations"] if each["id"] == "judge") == status


def test_without_quota_for_deep_thinking_it_gives_no_answer(change: Path, tmp_path: Path) -> None:
    file = locations(tmp_path, rules=[decides("no_defect")], limits={"deep_daily": 0})
    code, report, _ = reviewed(change, file)
    assert (code, only(report)["disposition"]) == (3, "undecided")
    assert "over_quota" in only(report)["reason"]


def test_below_what_blocks_a_question_for_a_person_is_no_reason_to_wait(change: Path, tmp_path: Path) -> None:
    code, report, _ = reviewed(change, locations(tmp_path, rules=[decides("unsure")]), "--fail-on", "critical")
    assert (code, report["gate"]["conclusion"], only(report)["disposition"]) == (0, "pass", "undecided")


def test_what_needs_a_person_is_listed_for_people(
    change: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = locations(tmp_path, rules=[decides("unsure")])
    given = ["--repo", str(change), "--base", "HEAD~1", "--head", "HEAD", "--locations-file", str(file)]
    more = ["--angle", "correctness", "--max-passes", "1"]
    assert run(["review", *given, *more]) == 3
    text = capsys.readouterr().out
    assert "needs a person" in text
    assert "f(0) raises ZeroDivisionError" in text
    assert "INCONCLUSIVE  1 finding needs a person; this is no verdict yet" in text
    assert run(["review", *given, *more, "--format", "markdown"]) == 3
    summary = capsys.readouterr().out
    assert "**Needs a person**" in summary
    assert "- F1 · high · agreement 1/2 (0.50)" in summary
    assert "Not shown" not in summary


def test_a_person_decides_by_accepting_it(change: Path, tmp_path: Path, make_repo: Callable[..., Any]) -> None:
    _, report, _ = reviewed(change, locations(tmp_path, rules=[decides("unsure")]))
    accepted = {"suppress": [{"fingerprint": only(report)["fingerprint"], "reason": "x is a count"}]}
    repo = make_repo({**BEFORE, ".codedesigner.yml": yaml.safe_dump(accepted)}, "accepting")
    repo.commit(AFTER)
    code, report, _ = reviewed(repo.path, locations(fresh(tmp_path), rules=[decides("unsure")]))
    assert (code, report["gate"]["conclusion"], only(report)["disposition"]) == (0, "pass", "suppressed")


def test_a_review_with_a_supervisor_is_replayed_to_the_byte(change: Path, tmp_path: Path) -> None:
    code, _, record = reviewed(change, locations(tmp_path, rules=[decides("defect")]))
    out = tmp_path / "replayed.json"
    assert run(["replay", str(record), "--format", "json", "--output", str(out)]) == code
    assert out.read_bytes() == (tmp_path / "report.json").read_bytes()


def test_two_that_are_asked_for_by_name_are_refused(
    change: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = locations(tmp_path, rules=[decides("defect")])
    entries = yaml.safe_load(file.read_text())
    entries["locations"].append({**entries["locations"][-1], "id": "second", "enabled": False})
    file.write_text(json.dumps(entries))
    given = ["--repo", str(change), "--base", "HEAD~1", "--head", "HEAD", "--locations-file", str(file)]
    assert run(["review", *given, "--location", "judge", "--location", "second"]) == 2
    assert "judge and second both have the tag supervisor" in capsys.readouterr().err


def test_alone_it_has_nothing_to_judge_and_the_review_says_so(
    change: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = locations(tmp_path, rules=[decides("defect")])
    given = ["--repo", str(change), "--base", "HEAD~1", "--head", "HEAD", "--locations-file", str(file)]
    assert run(["review", *given, "--location", "judge", "--format", "json"]) == 0
    told = capsys.readouterr()
    assert "warning: judge is the supervisor, and no other model takes part" in told.err
    assert json.loads(told.out)["coverage"]["items_planned"] == 0
