"""zizmor: GitHub workflows and actions as an attacker reads them.

It prints no edits, so there are no fixes. What it is itself hardly sure of is left out, and so are references by tag
to GitHub's own actions: who owns those owns the runner.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypedDict

from codedesigner.angle.kinds import KINDS
from codedesigner.location.local.analyser import (
    Analyser,
    GarbageError,
    Rule,
    clamp_line,
    column_of_byte,
    line_of,
    listed,
    own_angles,
    sure_kinds,
)
from codedesigner.location.local.process import ProcessResult
from codedesigner.protocol.issue import Answer, Issue, Source
from codedesigner.severity import Severity, rank

RULES: Final[dict[str, Rule]] = {
    "template-injection": Rule("template-injection"),
    "dangerous-triggers": Rule("dangerous-trigger"),
    "excessive-permissions": Rule("excessive-permissions", sure=False),
    "github-app": Rule("excessive-permissions", sure=False),
    "unpinned-uses": Rule("unpinned-action"),
    "unpinned-images": Rule("unpinned-image"),
    "unpinned-tools": Rule("unpinned-package", sure=False),
    "adhoc-packages": Rule("unpinned-package", sure=False),
    "artipacked": Rule("credential-persistence", severity="low"),
    "secrets-inherit": Rule("secrets-exposed", severity="medium", sure=False),
    "overprovisioned-secrets": Rule("secrets-exposed"),
    "unredacted-secrets": Rule("secrets-exposed"),
    "hardcoded-container-credentials": Rule("hardcoded-secret", sure=False),
    "insecure-url-scheme": Rule("plain-http", sure=False),
    "unsound-condition": Rule("constant-condition", sure=False),
    "unsound-contains": Rule("zizmor/unsound-contains", "security", "high"),
    "unsound-ternary": Rule("zizmor/unsound-ternary", "correctness", "medium"),
    "github-env": Rule("zizmor/github-env", "security", "high"),
    "insecure-commands": Rule("zizmor/insecure-commands", "security", "high"),
    "bot-conditions": Rule("zizmor/bot-conditions", "security", "high"),
    "cache-poisoning": Rule("zizmor/cache-poisoning", "security", "medium"),
    "typosquat-uses": Rule("zizmor/typosquat-uses", "security", "high"),
    "archived-uses": Rule("zizmor/archived-uses", "security", "low"),
}

_SEVERITIES: Final[Mapping[str, Severity]] = {
    "Informational": "low", "Low": "low", "Medium": "medium", "High": "high",
}  # fmt: skip
_CONFIDENCES: Final[Mapping[str, float]] = {"High": 1.0, "Medium": 0.8}
_FIRST_PARTY = re.compile(r"[\"']?(actions|github)/")
_VERSION = re.compile(r"@v?\d|==|--version\b|\s-v[ =]|@\$")
# These it tells of nearly every file, unless it is sure of more.
_GUESSES = frozenset({"cache-poisoning", "template-injection"})
# It names one place for a whole job or workflow; only its beginning is what the finding is about.
_WHOLE_BLOCK = frozenset({"excessive-permissions", "dangerous-triggers"})
_COMPLETED = re.compile(r"completed (\S+)\s*$", re.MULTILINE)
_NOTHING_LEFT = 3


class _Point(TypedDict):
    row: int
    column: int


class _Span(TypedDict):
    start_point: _Point
    end_point: _Point


class _Concrete(TypedDict):
    location: _Span
    feature: str


class _Local(TypedDict):
    verbatim_path: str


class _Key(TypedDict):
    Local: _Local


class _Symbolic(TypedDict):
    key: _Key
    annotation: str
    kind: str


class _Location(TypedDict):
    symbolic: _Symbolic
    concrete: _Concrete


class _Determinations(TypedDict):
    confidence: str
    severity: str


class _Finding(TypedDict):
    ident: str
    desc: str
    url: str
    determinations: _Determinations
    locations: list[_Location]


def _reads(_path: str, language: str | None) -> bool:
    return language == "github-workflow"


_KINDS = sure_kinds(RULES)
_NOT_IN_ACTIONS = frozenset({"dangerous-trigger", "excessive-permissions", "unpinned-image", "secrets-exposed"})


def _kinds(path: str, _language: str | None) -> frozenset[str]:
    return _KINDS if ".github/workflows/" in path else _KINDS - _NOT_IN_ACTIONS


def _command(program: Path, files: Sequence[str]) -> list[str]:
    return [
        str(program), "--offline", "--no-config", "--no-ignores", "--no-progress", "--color=never", "--format=json-v1",
        "--min-severity=low", "--", *files,
    ]  # fmt: skip


def _parse(result: ProcessResult, files: Mapping[str, Source]) -> Mapping[str, Answer]:
    log = result.stderr.decode("utf-8", "replace")
    if result.returncode == _NOTHING_LEFT and "no inputs collected" not in log:
        raise GarbageError(f"zizmor gave up: {result.last_words}")
    try:
        findings: list[_Finding] = [] if result.returncode == _NOTHING_LEFT else json.loads(result.stdout)
        by_name: dict[str, list[Issue]] = {name: [] for name in files}
        for finding in listed(findings):
            place = _primary(finding)
            name = place["symbolic"]["key"]["Local"]["verbatim_path"]
            if _wanted(finding, place, files[name]):
                by_name[name].append(_issue(finding, place, files[name]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GarbageError(f"zizmor printed something else than its JSON ({error!r}): {result.last_words}") from error
    # A file that it cannot read is left out with a warning that seldom names it; it says which ones it did read.
    done = set(_COMPLETED.findall(log))
    return {
        name: Answer("answered", tuple(issues)) if name in done else Answer("unparsed", detail=_why(log, files))
        for name, issues in by_name.items()
    }


def _why(log: str, files: Mapping[str, Source]) -> str:
    warning = re.search(r"failed to (?:parse|validate)[^\n]*", log)
    if warning is None or len(files) > 1:
        return "zizmor: not YAML, or not a workflow or action"
    return f"zizmor: {re.sub(r'file://[^ ]* ', '', warning[0])}"


def _primary(finding: _Finding) -> _Location:
    places = finding["locations"]
    return next((place for place in places if place["symbolic"]["kind"] == "Primary"), places[0])


def _wanted(finding: _Finding, place: _Location, source: Source) -> bool:
    if finding["ident"] in _GUESSES and finding["determinations"]["confidence"] == "Low":
        return False
    if finding["ident"] == "unpinned-uses" and _FIRST_PARTY.match(place["concrete"]["feature"]):
        return False
    if finding["ident"] == "adhoc-packages":
        return _VERSION.search(line_of(source, place["concrete"]["location"]["start_point"]["row"] + 1)) is None
    return finding["ident"] in RULES


def _issue(finding: _Finding, place: _Location, source: Source) -> Issue:
    rule = RULES[finding["ident"]]
    span = place["concrete"]["location"]
    start, end = span["start_point"], span["end_point"]
    line = clamp_line(source, start["row"] + 1)
    # An end in column 0 is the end of the row before; both count from 0.
    last = end["row"] if end["column"] == 0 else end["row"] + 1
    return Issue(
        kind=rule.kind,
        rule=finding["ident"],
        line=line,
        end_line=line if finding["ident"] in _WHOLE_BLOCK else max(line, clamp_line(source, last)),
        column=column_of_byte(line_of(source, line), start["column"]),
        message=f"{finding['desc']}: {place['symbolic']['annotation']}",
        severity=_severity(rule, finding["determinations"]["severity"]),
        confidence=_CONFIDENCES.get(finding["determinations"]["confidence"], 0.5),
        angle=rule.angle,
        url=finding["url"],
    )


def _severity(rule: Rule, said: str) -> Severity | None:
    """The rule's or kind's own, or zizmor's where that is milder: it looks at who can reach the place."""
    own = rule.severity or KINDS[rule.kind].severity
    theirs = _SEVERITIES.get(said, own)
    return theirs if rank(theirs) < rank(own) else rule.severity


ZIZMOR = Analyser(
    id="zizmor",
    program="zizmor",
    distribution="zizmor",
    reads=_reads,
    kinds=_kinds,
    command=_command,
    parse=_parse,
    own_angles=own_angles(RULES),
    ok_codes=frozenset({0, _NOTHING_LEFT, 10, 11, 12, 13, 14}),
    batch_files=50,
)
