"""A whole review by a real server: through every room, and nothing is lost on the way, however odd the answers are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import jsonschema
import pytest
from bench.llama.process import Llama

from codedesigner.cli import run
from codedesigner.config.schema import schema_of
from codedesigner.publish.report import Report

BEFORE = "def total(items):\n    return sum(items)\n"
AFTER = """def total(items):
    found = 0
    for item in items:
        found += item.price
    return found / len(items)


def first(items):
    return items[0] if items else missing
"""


class Repo(Protocol):
    @property
    def path(self) -> Path: ...

    def commit(self, files: Mapping[str, str | bytes | None], message: str = "x") -> str: ...


@pytest.fixture
def reviewed(
    llama: Llama, make_repo: Callable[..., Repo], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Reviews a change of two functions by the server and an analyser; the exit code and the report."""
    repo = make_repo()
    base = repo.commit({"shop.py": BEFORE})
    repo.commit({"shop.py": AFTER})
    locations = tmp_path / "locations.yaml"
    provider = {
        "type": "openai",
        "model_id": "noise",
        "endpoint": f"{llama.address}/v1",
        "api_key_env": "LLAMA_KEY",
        "timeout_ms": 60_000,
    }
    entry = {"id": "llama", "name": "llama", "provider": provider, "parameters": {"max_tokens": 600}}
    locations.write_text(json.dumps({"locations": [entry]}))
    monkeypatch.setenv("LLAMA_KEY", llama.key)
    monkeypatch.setenv("CODEDESIGNER_STATE_DIR", str(tmp_path / "state"))

    def review(*more: str) -> tuple[int, dict[str, Any]]:
        report = tmp_path / "report.json"
        where = ("--repo", str(repo.path), "--base", base, "--head", "HEAD", "--locations-file", str(locations))
        asked = ("--location", "llama", "--location", "ruff", "--angle", "correctness", "--angle", "style")
        code = run(["review", *where, *asked, "--max-passes", "2", "--format", "json", "--output", str(report), *more])
        return code, json.loads(report.read_text(encoding="utf-8"))

    return review


def test_every_item_and_every_claim_has_its_place_in_the_report(
    reviewed: Callable[..., tuple[int, dict[str, Any]]],
) -> None:
    code, report = reviewed()
    jsonschema.validate(report, schema_of(Report, "report", "codedesigner report"))
    coverage = report["coverage"]
    assert code == {"pass": 0, "fail": 1, "inconclusive": 3}[report["gate"]["conclusion"]]
    assert coverage["items_planned"] == 8  # two functions, two angles, two passes
    assert coverage["ballots_asked"] == 12  # of them, the analyser is asked about the first passes alone
    failed = coverage["ballots_asked"] - coverage["ballots_answered"]
    (engine,) = (each for each in report["locations"] if each["id"] == "llama")
    assert engine["requests_failed"] >= failed
    assert bool(failed) == any(each["reason"] == "location_failed" for each in coverage["not_reviewed"])
    assert engine["tokens_in"] > engine["tokens_cached"] > 0
    assert all(finding["disposition"] and finding["reason"] for finding in report["findings"])
    assert "undefined-name" in {finding["kind"] for finding in report["findings"]}


def test_what_was_answered_is_not_asked_again(reviewed: Callable[..., tuple[int, dict[str, Any]]]) -> None:
    _, first = reviewed()
    answered = first["coverage"]["ballots_answered"]
    _, second = reviewed()
    assert second["usage"]["model_calls"] < first["usage"]["model_calls"] or answered == 4
    assert second["coverage"]["ballots_answered"] >= answered
    assert second["usage"]["cached_calls"] >= answered - 4  # the analyser's four are no calls
