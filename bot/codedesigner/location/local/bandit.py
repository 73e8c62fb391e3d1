"""bandit: security of Python, by patterns in the syntax tree."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from codedesigner.location.local.analyser import Analyser, GarbageError, Rule
from codedesigner.location.local.process import ProcessResult
from codedesigner.location.local.python import byte_issue, judged_python, keep_worthy, reads_python
from codedesigner.protocol.issue import Answer, AnswerStatus, Issue, Source

RULES: dict[str, Rule] = {
    "B101": Rule("assert-as-check"),
    "B102": Rule("code-injection", severity="medium"),
    "B103": Rule("permissive-mode"),
    "B104": Rule("bind-all-interfaces"),
    "B105": Rule("hardcoded-secret", severity="medium"),
    "B106": Rule("hardcoded-secret", severity="medium"),
    "B107": Rule("hardcoded-secret", severity="medium"),
    "B110": Rule("swallowed-exception"),
    "B112": Rule("swallowed-exception"),
    "B113": Rule("no-timeout"),
    "B201": Rule("debug-mode"),
    "B202": Rule("archive-extraction"),
    "B301": Rule("unsafe-deserialization"),
    "B302": Rule("unsafe-deserialization"),
    "B303": Rule("weak-hash"),
    "B304": Rule("weak-cipher"),
    "B305": Rule("weak-cipher"),
    "B306": Rule("insecure-temp-file"),
    "B307": Rule("code-injection"),
    "B311": Rule("weak-random"),
    "B313": Rule("xml-external-entity"),
    "B314": Rule("xml-external-entity"),
    "B315": Rule("xml-external-entity"),
    "B316": Rule("xml-external-entity"),
    "B317": Rule("xml-external-entity"),
    "B318": Rule("xml-external-entity"),
    "B319": Rule("xml-external-entity"),
    "B323": Rule("tls-verification-off"),
    "B324": Rule("weak-hash"),
    "B501": Rule("tls-verification-off"),
    "B502": Rule("weak-tls"),
    "B503": Rule("weak-tls"),
    "B505": Rule("weak-cipher", sure=False),
    "B506": Rule("unsafe-yaml-load"),
    "B507": Rule("host-key-unchecked"),
    "B508": Rule("bandit/snmp-insecure-version", "security"),
    "B602": Rule("shell-injection"),
    "B604": Rule("shell-injection", severity="medium"),
    "B605": Rule("shell-injection"),
    "B608": Rule("sql-injection", severity="medium"),
    "B609": Rule("command-injection", sure=False),
    "B612": Rule("code-injection", sure=False),
    "B614": Rule("unsafe-deserialization"),
    "B701": Rule("autoescape-off"),
    "B702": Rule("cross-site-scripting", sure=False),
    "B703": Rule("cross-site-scripting", severity="medium", sure=False),
    "B704": Rule("cross-site-scripting", severity="medium", sure=False),
}
_CONFIDENCE = {"LOW": 0.4, "MEDIUM": 0.7, "HIGH": 1.0}

_NO_SECRET = re.compile(r"password: '(None|True|False|)'")


class _Finding(TypedDict):
    filename: str
    test_id: str
    issue_text: str
    issue_confidence: str
    line_number: int
    line_range: list[int]
    col_offset: int
    more_info: str


class _Trouble(TypedDict):
    filename: str
    reason: str


class _Report(TypedDict):
    errors: list[_Trouble]
    results: list[_Finding]


def _command(program: Path, files: Sequence[str]) -> list[str]:
    return [
        str(program), "--ini", "/dev/null", "--ignore-nosec", "--quiet", "--exclude", "/nowhere",
        "--format", "json", "--", *files,
    ]  # fmt: skip


def _parse(result: ProcessResult, files: Mapping[str, Source]) -> Mapping[str, Answer]:
    try:
        report: _Report = json.loads(result.stdout)
        by_name: dict[str, list[Issue]] = {}
        for finding in report["results"]:
            if finding["test_id"] in RULES and not _NO_SECRET.search(finding["issue_text"]):
                name = finding["filename"].removeprefix("./")
                by_name.setdefault(name, []).append(_issue(finding, files[name]))
        answers = {name: Answer("answered", keep_worthy(found, files[name])) for name, found in by_name.items()}
        for trouble in report["errors"]:
            status: AnswerStatus = "unparsed" if "syntax error" in trouble["reason"] else "failed"
            answers[trouble["filename"].removeprefix("./")] = Answer(status, detail=f"bandit: {trouble['reason']}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GarbageError(f"it printed something else than its JSON ({error!r}): {result.last_words}") from error
    return answers


def _issue(finding: _Finding, source: Source) -> Issue:
    return byte_issue(
        finding["test_id"],
        RULES[finding["test_id"]],
        source,
        finding["issue_text"],
        line=finding["line_number"],
        end_line=max(finding["line_range"], default=finding["line_number"]),
        offset=finding["col_offset"] if finding["col_offset"] >= 0 else None,
        confidence=_CONFIDENCE.get(finding["issue_confidence"], 0.5),
        url=finding["more_info"],
    )


BANDIT = Analyser(
    id="bandit",
    program="bandit",
    distribution="bandit",
    reads=reads_python,
    kinds=judged_python(RULES),
    command=_command,
    parse=_parse,
    own_angles={"bandit/snmp-insecure-version": "security"},
    layout="flat",
)
