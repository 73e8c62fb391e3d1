"""The report as SARIF 2.1.0 (OASIS), for code scanning on GitHub and for other viewers.

Posted findings are results; suppressed ones are results with a suppression, which viewers hide. The other
dispositions are no results, as SARIF has no word for "voted down": their numbers are in the run's properties.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from urllib.parse import quote, urlsplit, urlunsplit

import codedesigner
from codedesigner.angle.kinds import kind_of
from codedesigner.publish.inputs import RenderInput
from codedesigner.publish.plain import clipped, visible
from codedesigner.publish.report import FindingReport, Report, SuggestionReport
from codedesigner.publish.secrets import redact
from codedesigner.publish.tally import told_briefly, unwell
from codedesigner.severity import Severity

Json = dict[str, object]
Sources = Mapping[str, Sequence[str]]

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT = "%SRCROOT%"
_LEVEL: dict[Severity, str] = {"low": "note", "medium": "warning", "high": "error", "critical": "error"}
# GitHub's bands: low below 4, medium below 7, high below 9, critical from 9.
_SECURITY_SEVERITY: dict[Severity, str] = {"low": "3.0", "medium": "5.5", "high": "8.0", "critical": "9.5"}
_REVISION = re.compile(r"[0-9a-f]{40,64}")
# A message is for reading; the whole of it is in the JSON report.
_TEXT_LIMIT = 4_000
_EXIT_CODE = {"pass": 0, "fail": 1, "inconclusive": 3}


def render(given: RenderInput) -> str:
    """The report as a SARIF log with one run."""
    log: Json = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(given.report, given.sources)]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _run(report: Report, sources: Sources) -> Json:
    told = [finding for finding in report.findings if finding.disposition in ("posted", "suppressed")]
    kinds = list(dict.fromkeys(finding.kind for finding in told))
    run: Json = {
        "tool": {"driver": _driver(kinds, told)},
        "automationDetails": {"id": f"codedesigner/{report.change.head}"},
        "invocations": [_invocation(report)],
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        # Columns here count code points; without this word SARIF would count UTF-16 units.
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, kinds.index(finding.kind), sources) for finding in told],
        "properties": {
            "conclusion": report.gate.conclusion,
            "reason": report.gate.reason,
            "dispositions": dict(sorted(Counter(finding.disposition for finding in report.findings).items())),
        },
    }
    provenance = _provenance(report)
    return run | ({"versionControlProvenance": [provenance]} if provenance else {})


def _driver(kinds: Sequence[str], findings: Sequence[FindingReport]) -> Json:
    first = {finding.kind: finding for finding in reversed(findings)}
    return {
        "name": "codedesigner",
        "semanticVersion": codedesigner.__version__,
        "rules": [_rule(first[kind]) for kind in kinds],
    }


def _by_model(finding: FindingReport) -> bool:
    return finding.kind.startswith("model/")


def _rule(finding: FindingReport) -> Json:
    # A model's findings share a rule, and each has words of its own.
    title = f"Defect found by a model that looked for {finding.angle}" if _by_model(finding) else _said(finding.title)
    severity: Severity = "medium" if _by_model(finding) else finding.severity
    kind = kind_of(finding.kind, angle=finding.angle, severity=severity, title=title)
    properties: Json = {"tags": [kind.angle]}
    if kind.angle == "security":
        properties["security-severity"] = _SECURITY_SEVERITY[kind.severity]
    help_text = f"{kind.title}. Angle: {kind.angle}. Every reviewer that can judge such a defect votes on it."
    return {
        "id": kind.id,
        "name": kind.id,
        "shortDescription": {"text": kind.title},
        "fullDescription": {"text": kind.title},
        "help": {"text": help_text},
        "defaultConfiguration": {"level": _LEVEL[kind.severity]},
        "properties": properties,
    }


def _result(finding: FindingReport, index: int, sources: Sources) -> Json:
    properties: Json = {
        "agreement": finding.agreement,
        **({} if finding.probability is None else {"probability": finding.probability}),
        "confidence": finding.confidence,
        "severity": finding.severity,
        "angle": finding.angle,
        "ballots": [
            {"location": ballot.location, "vote": ballot.vote, "how": ballot.how} for ballot in finding.ballots
        ],
    }
    if finding.also:
        properties["also"] = [{"angle": one.angle, "agreement": one.agreement} for one in finding.also]
    if finding.angle == "security":
        properties["security-severity"] = _SECURITY_SEVERITY[finding.severity]
    result: Json = {
        "ruleId": finding.kind,
        "ruleIndex": index,
        "level": _LEVEL[finding.severity],
        "message": {"text": _message(finding)},
        "locations": [_location(finding)],
        "partialFingerprints": {"codedesigner/v1": finding.fingerprint},
        "properties": properties,
    }
    if finding.disposition == "suppressed":
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": _said(finding.reason)}]
    if finding.suggestion is not None:
        result["fixes"] = [_fix(finding.path, finding.suggestion, sources.get(finding.path, ()))]
    return result


def _said(text: str) -> str:
    return clipped(redact(visible(text, keep="\t\n")).strip(), _TEXT_LIMIT)


def _message(finding: FindingReport) -> str:
    title, body = _said(finding.title), _said(finding.body)
    text = body if body.startswith(title.removesuffix("…")) or not title else f"{title}. {body}" if body else title
    text = f"{text} (agreement {told_briefly(finding)})"
    if finding.side == "LEFT":
        text += f" [removed line {finding.line}]"
    return _literal(text)


def _literal(text: str) -> str:
    """`text` for a message: `{0}` would be a placeholder (3.11.5), `[a](b)` a link (3.11.6)."""
    return re.sub(r"\[(?=[^\]]*\]\()", r"\\[", re.sub(r"\{(\d+)\}", r"{{\1}}", text))


def _artifact(path: str) -> Json:
    return {"uri": quote(path, safe="/"), "uriBaseId": _ROOT}


def _location(finding: FindingReport) -> Json:
    physical: Json = {"artifactLocation": _artifact(finding.path)}
    # A removed line has no place in the file as it is now.
    if finding.line >= 1 and finding.side == "RIGHT":
        physical["region"] = _region(finding)
    location: Json = {"physicalLocation": physical}
    if finding.function:
        location["logicalLocations"] = [{"fullyQualifiedName": _said(finding.function), "kind": "function"}]
    return location


def _region(finding: FindingReport) -> Json:
    region: Json = {"startLine": finding.line, "endLine": max(finding.line, finding.end_line)}
    if finding.column:
        region["startColumn"] = finding.column
        if finding.end_column > (finding.column if finding.end_line <= finding.line else 0):
            region["endColumn"] = finding.end_column
    return region


def _fix(path: str, suggestion: SuggestionReport, lines: Sequence[str]) -> Json:
    replacement: Json = {"deletedRegion": _deleted(suggestion, lines)}
    if suggestion.replacement:
        replacement["insertedContent"] = {"text": suggestion.replacement}
    change: Json = {"artifactLocation": _artifact(path), "replacements": [replacement]}
    source = f" by {suggestion.source}" if suggestion.source else ""
    proved = ", ".join(suggestion.verified) or "nothing"
    return {"description": {"text": f"Suggested{source}; verified: {proved}"}, "artifactChanges": [change]}


def _deleted(suggestion: SuggestionReport, lines: Sequence[str]) -> Json:
    start: Json = {"startLine": suggestion.start_line, "startColumn": 1}
    whole_lines = suggestion.replacement == "" or suggestion.replacement.endswith("\n")
    if whole_lines or not suggestion.end_line <= len(lines):
        return start | {"endLine": suggestion.end_line + 1, "endColumn": 1}
    # The file ends without a line feed: there is no next line to end at.
    return start | {"endLine": suggestion.end_line, "endColumn": len(lines[suggestion.end_line - 1]) + 1}


def _invocation(report: Report) -> Json:
    notes: list[Json] = [
        _note("location", f"{location.id} is {location.status}: {_said(location.detail) or 'no reason given'}")
        for location in unwell(report)
    ]
    notes += [_skipped_note(one.path, one.function, one.reason) for one in report.coverage.not_reviewed]
    invocation: Json = {
        # Inconclusive means that the tool, and not the change, is to blame for the missing verdict.
        "executionSuccessful": report.gate.conclusion != "inconclusive",
        "exitCode": _EXIT_CODE[report.gate.conclusion],
        "exitCodeDescription": report.gate.title,
    }
    return invocation | ({"toolExecutionNotifications": notes} if notes else {})


def _note(descriptor: str, text: str) -> Json:
    return {"level": "warning", "descriptor": {"id": descriptor}, "message": {"text": _literal(text)}}


def _skipped_note(path: str, function: str | None, reason: str) -> Json:
    what = f"{_said(function)} in {_said(path)}" if function else _said(path)
    note = _note("not-reviewed", f"Not reviewed: {what} ({reason})")
    return note | {"locations": [{"physicalLocation": {"artifactLocation": _artifact(path)}}]}


def _provenance(report: Report) -> Json | None:
    """Where the code is from; None unless the repository is an address, which SARIF asks for here."""
    try:
        parts = urlsplit(report.change.repo)
    except ValueError:  # brackets that are no IPv6 address
        return None
    if not parts.scheme or not parts.hostname:
        return None
    host = parts.netloc.rpartition("@")[2]
    provenance: Json = {"repositoryUri": urlunsplit((parts.scheme, host, parts.path, "", ""))}
    if _REVISION.fullmatch(report.change.head):
        provenance["revisionId"] = report.change.head
    return provenance
