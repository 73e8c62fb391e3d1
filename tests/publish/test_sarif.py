from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import codedesigner
from codedesigner.change.model import FileChange, encode
from codedesigner.publish import FORMATS
from codedesigner.publish.inputs import Coverage, RenderInput
from codedesigner.vote.finding import Suggestion

from .golden import check_golden
from .sample import CHANGE, COVERAGE, finding, sample

SCHEMA = json.loads((Path(__file__).parent / "data" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)


def run_of(given: RenderInput) -> Any:
    """The one run of the log, which is valid."""
    log = json.loads(FORMATS["sarif"](given))
    VALIDATOR.validate(log)
    assert len(log["runs"]) == 1
    return log["runs"][0]


def test_the_log_as_it_is_written() -> None:
    run_of(sample())
    check_golden("report.sarif", FORMATS["sarif"](sample()).replace(codedesigner.__version__, "VERSION"))


def test_the_schema_can_refuse() -> None:
    log = json.loads(FORMATS["sarif"](sample()))
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    assert not VALIDATOR.is_valid(log)


def test_posted_and_suppressed_findings_are_results_and_nothing_else_is() -> None:
    results = run_of(sample())["results"]
    assert len(results) == 8
    suppressed = [result for result in results if "suppressions" in result]
    assert [result["ruleId"] for result in suppressed] == ["naming"]
    assert "the protocol's own name" in suppressed[0]["suppressions"][0]["justification"]


def test_rules_and_results_fit_together() -> None:
    run = run_of(sample())
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    by_id = {rule["id"]: rule for rule in rules}
    assert by_id["sql-injection"]["properties"] == {"tags": ["security"], "security-severity": "8.0"}
    assert "security-severity" not in by_id["undefined-name"]["properties"]


def test_fingerprints_are_those_of_the_report() -> None:
    given = sample()
    known = {one.fingerprint for one in given.report.findings}
    prints = [result["partialFingerprints"]["codedesigner/v1"] for result in run_of(given)["results"]]
    assert len(set(prints)) == len(prints)
    assert set(prints) <= known


def test_columns_are_code_points_and_unknown_ones_are_left_out() -> None:
    run = run_of(sample((finding(column=40, end_column=45), finding(line=2, end_line=3))))
    assert run["columnKind"] == "unicodeCodePoints"
    regions = [result["locations"][0]["physicalLocation"]["region"] for result in run["results"]]
    assert regions == [
        {"startLine": 2, "endLine": 3},
        {"startLine": 9, "endLine": 9, "startColumn": 40, "endColumn": 45},
    ]


def test_a_removed_line_has_no_region_in_the_new_file() -> None:
    result = run_of(sample((finding(side="LEFT", line=7),)))["results"][0]
    assert "region" not in result["locations"][0]["physicalLocation"]
    assert "removed line 7" in result["message"]["text"]


@pytest.mark.parametrize(
    ("path", "uri"), [("a b/ü#?.py", "a%20b/%C3%BC%23%3F.py"), ("a:b.py", "a%3Ab.py"), ("100%.py", "100%25.py")]
)
def test_paths_are_relative_encoded_addresses(path: str, uri: str) -> None:
    artifact = run_of(sample((finding(path=path),)))["results"][0]["locations"][0]["physicalLocation"][
        "artifactLocation"
    ]
    assert artifact == {"uri": uri, "uriBaseId": "%SRCROOT%"}


@pytest.mark.parametrize(
    ("text", "replacement", "after"),
    [
        ("a\nb\nc\n", "X\nY\n", "a\nX\nY\nc\n"),
        ("a\nb\nc\n", "", "a\nc\n"),
        ("a\nb", "X", "a\nX"),
        ("a\nb\n", "X\n", "a\nX\n"),
    ],
)
def test_a_fix_applied_gives_the_suggested_file(text: str, replacement: str, after: str) -> None:
    file = FileChange("a.py", None, "modified", False, 1, 1, (), new=encode(text))
    change = type(CHANGE)(CHANGE.repo, CHANGE.base, CHANGE.head, (file,))
    one = finding(path="a.py", line=2, end_line=2, suggestion=Suggestion(2, 2, replacement, ("applies",)))
    fix = run_of(sample((one,), change=change))["results"][0]["fixes"][0]
    (applied,) = fix["artifactChanges"][0]["replacements"]
    region = applied["deletedRegion"]
    lines = text.splitlines(keepends=True)

    def offset(line: int, column: int) -> int:
        return sum(map(len, lines[: line - 1])) + column - 1

    start = offset(region["startLine"], region["startColumn"])
    end = offset(region["endLine"], region["endColumn"])
    assert text[:start] + applied.get("insertedContent", {"text": ""})["text"] + text[end:] == after


def test_an_inconclusive_review_did_not_execute_successfully() -> None:
    (invocation,) = run_of(sample((), Coverage(10, 4, 0, 0)))["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 3
    (passed,) = run_of(sample((), Coverage(4, 4, 0, 0)))["invocations"]
    assert passed["executionSuccessful"] is True


def test_what_was_not_reviewed_and_who_was_away_is_noted() -> None:
    (invocation,) = run_of(sample())["invocations"]
    notes = [note["message"]["text"] for note in invocation["toolExecutionNotifications"]]
    assert len(notes) == 2 + len(COVERAGE.not_reviewed)
    assert "hadolint is offline: not installed: pip install 'codedesigner[analysers]'" in notes
    assert "Not reviewed: view in src/Main.elm (no_reviewer)" in notes


def test_the_address_of_the_repository_loses_its_credentials() -> None:
    text = FORMATS["sarif"](sample())
    assert "secret" not in text
    assert json.loads(text)["runs"][0]["versionControlProvenance"] == [
        {"repositoryUri": "https://forge.example/shop/cart.git", "revisionId": "2" * 40}
    ]


@pytest.mark.parametrize("repo", [".", "/srv/cart", "http://[", "git@forge:shop/cart.git"])
def test_a_folder_is_no_address(repo: str) -> None:
    change = type(CHANGE)(repo, CHANGE.base, "worktree", CHANGE.files)
    assert "versionControlProvenance" not in run_of(sample(change=change))


@pytest.mark.parametrize(
    ("title", "text"),
    [("use {0} here", "use {{0}} here"), ("f{x} stays", "f{x} stays"), ("see [a](https://x)", r"see \[a](https://x)")],
)
def test_messages_hold_no_placeholders_and_no_links(title: str, text: str) -> None:
    message = run_of(sample((finding(title=title, body=""),)))["results"][0]["message"]["text"]
    assert message.startswith(text)


def test_what_models_find_shares_a_rule_and_keeps_its_own_words() -> None:
    one = finding(kind="model/correctness", angle="correctness", title="It divides by zero", body="It divides by zero.")
    other = finding(
        kind="model/correctness", angle="correctness", title="It never…", body="It never ends, ever.", line=3
    )
    run = json.loads(FORMATS["sarif"](sample((one, other))))["runs"][0]
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["shortDescription"]["text"] == "Defect found by a model that looked for correctness"
    texts = [result["message"]["text"].partition(" (agreement")[0] for result in run["results"]]
    assert sorted(texts) == ["It divides by zero.", "It never ends, ever."]
