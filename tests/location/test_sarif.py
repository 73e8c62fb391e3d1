"""Results of other programs: whatever a log says, it is about files of the repository or it is counted as left out."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codedesigner.errors import ConfigError
from codedesigner.location.local import ANALYSERS
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.location.sarif import SarifReviewer, plain_name
from codedesigner.protocol.issue import Answer, Edit, Issue, Source
from codedesigner.run.reviewer import Reviewer

CODE = "import os\n\n\ndef f(db, name):\n    return db.execute('select ' + name)\n"
Log = dict[str, Any]


def result(**changes: Any) -> Log:
    given: Log = {
        "ruleId": "R1",
        "message": {"text": "SQL from strings"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "src/a.py"},
                    "region": {"startLine": 5, "startColumn": 12},
                }
            }
        ],
    }
    return {**given, **changes}


def at(uri: str, **location: Any) -> Log:
    place = {"artifactLocation": {"uri": uri, **location}, "region": {"startLine": 5}}
    return result(locations=[{"physicalLocation": place}])


def region(**members: Any) -> Log:
    place = {"artifactLocation": {"uri": "src/a.py"}, "region": members}
    return result(locations=[{"physicalLocation": place}])


def log(*results: Log, rules: list[Log] | None = None, name: str = "Some Tool", **run: Any) -> Log:
    driver: Log = {"name": name, "rules": [{"id": "R1"}] if rules is None else rules}
    return {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": list(results), **run}]}


def read(tmp_path: Path, document: object, taken: frozenset[str] = frozenset()) -> tuple[SarifReviewer, ...]:
    file = tmp_path / "results.sarif"
    file.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    return SarifReviewer.read(file, tmp_path / "repo", taken=taken)


def one(tmp_path: Path, document: object) -> SarifReviewer:
    (found,) = read(tmp_path, document)
    return found


def ask(reviewer: SarifReviewer, text: str = CODE, path: str = "src/a.py", key: str = "new0") -> Answer:
    return asyncio.run(reviewer.examine([Source(key, path, "python", text)])).answers[key]


def issues(tmp_path: Path, *results: Log, text: str = CODE, **more: Any) -> tuple[Issue, ...]:
    return ask(one(tmp_path, log(*results, **more)), text).issues


def test_a_result_becomes_an_issue(tmp_path: Path) -> None:
    reviewer: Reviewer = one(tmp_path, log(result(level="error")))
    assert reviewer.id == "some-tool"
    assert reviewer.deterministic
    assert reviewer.unavailable is None
    answer = asyncio.run(reviewer.examine([Source("new0", "src/a.py", "python", CODE)])).answers["new0"]
    assert answer == Answer(
        "answered",
        (
            Issue(
                kind="some-tool/R1",
                rule="R1",
                line=5,
                end_line=5,
                column=12,
                message="SQL from strings",
                severity="high",
                angle="correctness",
            ),
        ),
    )


@pytest.mark.parametrize(
    ("rule", "name", "kind"),
    [
        ({"id": "R1", "properties": {"tags": ["external/cwe/cwe-089"]}}, "Any", "sql-injection"),
        ({"id": "R1", "properties": {"tags": ["CWE-79: Improper Neutralization"]}}, "Any", "cross-site-scripting"),
        ({"id": "R1", "properties": {"cwe": "CWE-502"}}, "Any", "unsafe-deserialization"),
        ({"id": "R1", "properties": {"tags": ["CWE-22"]}}, "Any", "path-traversal"),
        ({"id": "R1", "properties": {"tags": ["cwe:94"]}}, "Any", "code-injection"),
        ({"id": "R1", "properties": {"tags": ["CWE-798", "CWE-9"]}}, "Any", "hardcoded-secret"),
        ({"id": "R1", "properties": {"tags": ["CWE-295"]}}, "Any", "tls-verification-off"),
        ({"id": "R1", "name": "weakHash", "properties": {"tags": ["CWE-327"]}}, "Any", "weak-hash"),
        ({"id": "R1", "properties": {"tags": ["CWE-327"]}}, "Any", "weak-cipher"),
        (
            {"id": "R1", "relationships": [{"target": {"id": "78", "toolComponent": {"name": "CWE"}}}]},
            "Any",
            "shell-injection",
        ),
        ({"id": "py/sql-injection"}, "CodeQL", "sql-injection"),
        ({"id": "js/xss"}, "CodeQL", "cross-site-scripting"),
        ({"id": "python.lang.security.audit.eval-detected.eval-detected"}, "Semgrep OSS", "code-injection"),
        ({"id": "F401"}, "ruff", "unused-import"),
        ({"id": "B602"}, "Bandit", "shell-injection"),
        ({"id": "@typescript-eslint/no-unused-vars"}, "ESLint", "unused-variable"),
        ({"id": "SC2164"}, "ShellCheck", "unchecked-cd"),
        ({"id": "DL3006"}, "Hadolint", "unpinned-image"),
        ({"id": "Odd rule: näme"}, "3rd Party!", "sarif-3rd-party/Odd-rule-n-me"),
    ],
)
def test_rules_that_mean_the_same_get_the_same_kind(tmp_path: Path, rule: Log, name: str, kind: str) -> None:
    found = issues(tmp_path, result(ruleId=rule["id"]), rules=[rule], name=name)
    assert [issue.kind for issue in found] == [kind]


@pytest.mark.parametrize(
    ("level", "rule", "severity"),
    [
        ("error", {}, "high"),
        ("warning", {}, "medium"),
        ("note", {}, "low"),
        (None, {}, "medium"),
        (None, {"defaultConfiguration": {"level": "note"}}, "low"),
        ("note", {"properties": {"security-severity": "9.1"}}, "critical"),
        ("error", {"properties": {"security-severity": 5}}, "medium"),
        ("error", {"properties": {"security-severity": "high"}}, "high"),
    ],
)
def test_severity_comes_from_the_score_and_else_from_the_level(
    tmp_path: Path, level: str | None, rule: Log, severity: str
) -> None:
    found = issues(tmp_path, result(level=level), rules=[{"id": "R1", **rule}])
    assert [issue.severity for issue in found] == [severity]


@pytest.mark.parametrize(
    ("tags", "angle"),
    [
        (["security", "x"], "security"),
        (["performance"], "efficiency"),
        (["maintainability"], "style"),
        ([], "correctness"),
    ],
)
def test_unknown_rules_take_the_angle_that_their_tags_speak_of(tmp_path: Path, tags: list[str], angle: str) -> None:
    reviewer = one(tmp_path, log(result(), rules=[{"id": "R1", "properties": {"tags": tags}}]))
    assert [issue.angle for issue in ask(reviewer).issues] == [angle]
    assert reviewer.angles("src/a.py", "python") == {angle}


def test_paths_are_those_of_the_repository(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    inside = [
        at("src/a.py"),
        at("./src/x/../a.py"),
        at("src%2Fa.py"),
        at("src\\a.py"),
        at((repo / "src" / "a.py").as_uri()),
        at(f"file://localhost{repo}/src/a.py"),
        at(str(repo / "src" / "a.py")),
        at("src/a.py", uriBaseId="%SRCROOT%"),
        at("a.py", uriBaseId="SOURCES"),
        at("file:///home/runner/work/shop/src/a.py"),
        at("a.py", uriBaseId="NESTED"),
    ]
    outside = [
        at("../src/a.py"),
        at("/etc/passwd"),
        at("file:///etc/passwd"),
        at("https://example.com/src/a.py"),
        at("a.py", uriBaseId="NOBODY"),
        at("src/../../repo2/a.py"),
        at(".git/config"),
        at("%00src/a.py"),
        at("C:\\src\\a.py"),
        at(str(tmp_path / "repo-of-another" / "a.py")),
    ]
    bases = {
        "%SRCROOT%": {"uri": "file:///home/runner/work/shop/"},
        "SOURCES": {"uri": (repo / "src").as_uri() + "/"},
        "NESTED": {"uri": "src/", "uriBaseId": "%SRCROOT%"},
    }
    reviewer = one(tmp_path, log(*inside, *outside, originalUriBaseIds=bases))
    assert len(ask(reviewer).issues) == len(inside)
    assert reviewer.dropped == {"no file of this repository": len(outside)}


def test_a_location_may_name_an_artifact_by_its_place(tmp_path: Path) -> None:
    place = {"artifactLocation": {"index": 1}, "region": {"startLine": 5}}
    artifacts = [{"location": {"uri": "b.py"}}, {"location": {"uri": "src/a.py"}}]
    assert len(issues(tmp_path, result(locations=[{"physicalLocation": place}]), artifacts=artifacts)) == 1
    with pytest.raises(
        ConfigError, match=r"/runs/0/results/0/locations/0/physicalLocation/artifactLocation.*no artifact"
    ):
        issues(tmp_path, result(locations=[{"physicalLocation": place}]), artifacts=artifacts[:1])


def test_rules_are_found_by_index_in_extensions_and_by_the_beginning_of_their_id(tmp_path: Path) -> None:
    sql = {"id": "X", "properties": {"tags": ["CWE-89"]}}
    tool = {"driver": {"name": "t", "rules": [{"id": "R1"}]}, "extensions": [{"name": "pack", "rules": [sql]}]}
    document = log(
        result(rule={"index": 0, "toolComponent": {"index": 0}}, ruleId="X"),
        result(ruleId="X/part"),
        result(ruleIndex=0),
    )
    document["runs"][0]["tool"] = tool
    assert [issue.kind for issue in ask(one(tmp_path, document)).issues] == ["t/R1", "sql-injection", "sql-injection"]


def test_results_that_are_no_defects_are_counted(tmp_path: Path) -> None:
    reviewer = one(
        tmp_path,
        log(
            result(suppressions=[{"kind": "inSource"}]),
            result(suppressions=[{"kind": "external", "status": "accepted"}]),
            result(suppressions=[{"kind": "external", "status": "rejected"}]),
            result(kind="pass"),
            result(baselineState="absent"),
            result(locations=[]),
        ),
    )
    assert len(ask(reviewer).issues) == 1
    assert reviewer.dropped == {"absent": 1, "no file of this repository": 1, "not a defect": 1, "suppressed": 2}


def test_messages_may_be_templates(tmp_path: Path) -> None:
    rules = [{"id": "R1", "messageStrings": {"default": {"text": "{0} of {1}, {9}"}}}]
    found = issues(tmp_path, result(message={"id": "default", "arguments": ["one", "two"]}), rules=rules)
    assert [issue.message for issue in found] == ["one of two, {9}"]
    assert [issue.message for issue in issues(tmp_path, result(message={"id": "gone"}))] == ["R1"]


def test_columns_count_code_points(tmp_path: Path) -> None:
    text = "x = '\U0001f600\U0001f600' + y\n"
    assert [each.column for each in issues(tmp_path, region(startLine=1, startColumn=13), text=text)] == [11]
    same = issues(tmp_path, region(startLine=1, startColumn=11), text=text, columnKind="unicodeCodePoints")
    assert [each.column for each in same] == [11]
    assert [each.column for each in issues(tmp_path, region(startLine=1, startColumn=99), text=text)] == [13]


def test_a_snippet_is_followed_and_what_is_gone_is_counted(tmp_path: Path) -> None:
    snippet = {"text": "    return db.execute('select ' + name)"}
    reviewer = one(
        tmp_path,
        log(
            region(startLine=2, endLine=2, snippet=snippet),
            region(startLine=1, snippet={"text": "import sys"}),
            region(startLine=99),
        ),
    )
    assert [(issue.line, issue.end_line) for issue in ask(reviewer).issues] == [(5, 5)]
    assert reviewer.dropped == {"not in the file as it is": 2}


def test_fixes_become_edits(tmp_path: Path) -> None:
    replacement = {
        "deletedRegion": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 10},
        "insertedContent": {"text": "import sys"},
    }
    change = {"artifactLocation": {"uri": "src/a.py"}, "replacements": [replacement]}
    (issue,) = issues(tmp_path, result(fixes=[{"artifactChanges": [change]}]))
    assert issue.fix is not None
    assert issue.fix.edits == (Edit(1, 1, 1, 10, "import sys"),)
    elsewhere = {**change, "artifactLocation": {"uri": "src/b.py"}}
    assert [each.fix for each in issues(tmp_path, result(fixes=[{"artifactChanges": [elsewhere]}]))] == [None]


def test_results_are_about_one_version_of_a_file(tmp_path: Path) -> None:
    reviewer = one(tmp_path, log(result()))
    assert ask(reviewer).status == "answered"
    assert ask(reviewer, "import os\n", key="old0") == Answer(
        "unparsed", detail="some-tool was run on another version of this file"
    )
    assert ask(reviewer, path="src/renamed.py", key="old1").status == "unparsed"
    assert len(ask(reviewer).issues) == 1


def test_it_judges_only_what_its_rules_declare(tmp_path: Path) -> None:
    rules = [{"id": "py/sql-injection"}, {"id": "mine"}]
    reviewer = one(tmp_path, log(result(ruleId="undeclared", properties={"tags": ["CWE-79"]}), rules=rules, name="t"))
    assert reviewer.judges("sql-injection", "src/b.py", "python")
    assert reviewer.judges("t/mine", "src/b.py", "python")
    assert not reviewer.judges("cross-site-scripting", "src/b.py", "python")
    assert not reviewer.judges("sql-injection", "src/b.js", "javascript")
    assert [issue.kind for issue in ask(reviewer).issues] == ["cross-site-scripting"]
    assert not reviewer.can_examine("README.md", "markdown")
    assert reviewer.angles("README.md", "markdown") == frozenset()


def test_every_run_is_a_location_with_a_name_of_its_own(tmp_path: Path) -> None:
    document = log(result(), name="Ruff")
    document["runs"] = document["runs"] * 3
    found = read(tmp_path, document, frozenset({"ruff"}))
    assert [each.id for each in found] == ["ruff-sarif", "ruff-sarif-2", "ruff-sarif-3"]


@pytest.mark.parametrize(
    ("tool", "name"),
    [("CodeQL", "codeql"), ("Semgrep OSS", "semgrep-oss"), ("3D", "sarif-3d"), ("???", "sarif"), ("a--b_c", "a-b-c")],
)
def test_names_fit_the_pattern_of_locations(tool: str, name: str) -> None:
    assert plain_name(tool) == name


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"{", r"results\.sarif:1: is not JSON"),
        (b"\xff", r"is not UTF-8 at byte 0"),
        (b"[" * 100_000, r"nested too deeply|is not JSON"),
        (b"[]", r"must be an object, is an array"),
        (b"{}", r"`version` is missing"),
        ({"version": "1.0.0"}, r"/version: only SARIF 2\.1\.0 is read"),
        ({"version": "2.1.0", "runs": {}}, r"/runs: must be an array, is an object"),
        ({"version": "2.1.0", "runs": [{}]}, r"/runs/0: `tool` is missing"),
        ({"version": "2.1.0", "runs": [{"tool": {"driver": {}}}]}, r"/runs/0/tool/driver: `name` is missing"),
        (log(rules=[{}]), r"/runs/0/tool/driver/rules/0: `id` is missing"),
        (log(result(message="text")), r"/runs/0/results/0/message: must be an object, is a string"),
        (log(region(startLine=0)), r"/region/startLine: must be at least 1, is 0"),
        (log(region(startLine="5")), r"/region/startLine: must be a whole number, is a string"),
        (log(result(locations=["a"])), r"/runs/0/results/0/locations/0: must be an object, is a string"),
    ],
)
def test_a_log_that_is_none_is_refused_with_the_place(tmp_path: Path, document: object, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(tmp_path, document)


def test_a_file_that_is_not_there_is_a_mistake_in_the_call(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        SarifReviewer.read(tmp_path / "none.sarif", tmp_path)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 9)
    | st.floats(allow_nan=False)
    | st.sampled_from(["src/a.py", "R1", "..", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["uri", "index", "text", "id", "region", "startLine", "rules", "tags", "rule", "toolComponent"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(
    member=st.sampled_from(
        ["locations", "message", "rule", "ruleIndex", "fixes", "suppressions", "level", "properties"]
    ),
    value=_JSON,
    rules=_JSON,
    bases=_JSON,
)
def test_whatever_stands_there_it_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, member: str, value: object, rules: object, bases: object
) -> None:
    folder = tmp_path_factory.getbasetemp()
    document = log(result(**{member: value}), originalUriBaseIds=bases)
    document["runs"][0]["tool"]["driver"]["rules"] = rules
    try:
        reviewer = one(folder, document)
    except ConfigError:
        return
    answer = ask(reviewer)
    lines = CODE.count("\n")
    assert all(1 <= issue.line <= issue.end_line <= lines and issue.column >= 0 for issue in answer.issues)
    assert len(answer.issues) + sum(reviewer.dropped.values()) == 1 or not reviewer.can_examine("src/a.py", "python")


def test_a_real_log_says_what_the_program_itself_says(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    (repo / "src").mkdir(parents=True)
    text = "import os\nimport subprocess\n\n\ndef f(x=[]):\n    subprocess.run(x, shell=True)\n    return x == None\n"
    (repo / "src" / "a.py").write_text(text)
    ruff = Path(sys.executable).with_name("ruff")
    command = [str(ruff), "check", "--isolated", "--no-cache", "--select=F,B,S,E7", "--output-format=sarif", "src"]
    done = subprocess.run(command, cwd=repo, capture_output=True, check=False)
    reviewer = one(tmp_path, done.stdout)
    source = Source("new0", "src/a.py", "python", text)
    theirs = asyncio.run(reviewer.examine([source])).answers["new0"].issues
    ours = asyncio.run(LocalReviewer(ANALYSERS["ruff"]).examine([source])).answers["new0"].issues
    named = {(issue.kind, issue.line, issue.column) for issue in theirs}
    assert {("unused-import", 1, 8), ("mutable-default", 5, 9), ("none-comparison", 7, 17)} <= named
    assert {(issue.kind, issue.line, issue.column) for issue in ours} <= named
