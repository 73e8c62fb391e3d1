"""GitLab's Code Quality report: a JSON array of posted findings.

The fields are those that GitLab documents under ci/testing/code_quality: description, check_name, fingerprint,
severity, location.path, location.lines.begin. The file has no byte order mark. Entries with equal fingerprints become
one in the widget, so they are kept apart here.
"""

from __future__ import annotations

import hashlib
import json
from typing import Literal, TypedDict

from codedesigner.publish.inputs import RenderInput
from codedesigner.publish.plain import clipped, folded, visible
from codedesigner.publish.report import FindingReport
from codedesigner.publish.secrets import redact
from codedesigner.publish.tally import told_briefly
from codedesigner.severity import Severity

Level = Literal["info", "minor", "major", "critical", "blocker"]
LEVELS: dict[Severity, Level] = {"low": "minor", "medium": "major", "high": "critical", "critical": "blocker"}

_DESCRIPTION_LIMIT = 500


class _Lines(TypedDict):
    begin: int
    end: int


class _Location(TypedDict):
    path: str
    lines: _Lines


class _Entry(TypedDict):
    description: str
    check_name: str
    fingerprint: str
    severity: Level
    location: _Location


def render(given: RenderInput) -> str:
    """The report as a Code Quality artifact."""
    findings = [finding for finding in given.report.findings if finding.disposition == "posted"]
    used: set[str] = set()
    entries = [_entry(finding, used) for finding in findings]
    return json.dumps(entries, indent=2, ensure_ascii=False) + "\n"


def _entry(finding: FindingReport, used: set[str]) -> _Entry:
    begin = max(1, finding.line)
    return {
        "description": _description(finding),
        "check_name": finding.kind,
        "fingerprint": _unique(finding.fingerprint, used),
        "severity": LEVELS[finding.severity],
        "location": {"path": finding.path, "lines": {"begin": begin, "end": max(begin, finding.end_line)}},
    }


def _description(finding: FindingReport) -> str:
    body = folded(visible(redact(finding.body)))
    title = folded(visible(redact(finding.title)))
    repeats = body.startswith(title.removesuffix("…"))
    text = body if repeats else f"{title}: {body}" if body else title
    return f"{clipped(text, _DESCRIPTION_LIMIT)} (agreement {told_briefly(finding)})"


def _unique(fingerprint: str, used: set[str]) -> str:
    candidate = fingerprint
    while candidate in used or not candidate:
        candidate = hashlib.sha256(f"{fingerprint} {len(used)} {candidate}".encode()).hexdigest()[:32]
    used.add(candidate)
    return candidate
