"""From the values of a run to its report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from codedesigner.change.model import Change, FileChange, Unit
from codedesigner.publish.duplicates import why_duplicate
from codedesigner.publish.gate import GateDecision, GateSettings
from codedesigner.publish.inputs import Coverage, LocationStats, Mode, Usage
from codedesigner.publish.plain import shown
from codedesigner.publish.report import (
    AlsoReport,
    BallotReport,
    CalibrationReport,
    ChangeReport,
    CoverageReport,
    FileReport,
    FindingReport,
    GateReport,
    LocationReport,
    LookReport,
    ModeReport,
    Report,
    SkippedReport,
    SuggestionReport,
    UsageReport,
)
from codedesigner.vote.calibration import LEAST_LABELS, Calibration
from codedesigner.vote.finding import Ballot, Finding, Suggestion


def build_report(
    *,
    change: Change,
    units: Sequence[Unit],
    findings: Iterable[Finding],
    decision: GateDecision,
    settings: GateSettings,
    coverage: Coverage,
    locations: Iterable[LocationStats],
    usage: Usage,
    mode: Mode,
    calibration: Calibration | None = None,
) -> Report:
    """The report. Findings carry their ids and fingerprints already (`publish.fingerprint`)."""
    told = tuple(findings)
    by_fingerprint = {finding.fingerprint: finding for finding in told}
    return Report(
        schema_version="1",
        change=_change(change, units),
        gate=GateReport(
            conclusion=decision.conclusion,
            title=decision.title,
            reason=decision.reason,
            fail_on=settings.fail_on,
            min_agreement=settings.min_agreement,
            blocking=decision.blocking,
        ),
        coverage=_coverage(coverage),
        findings=tuple(_finding(finding, by_fingerprint) for finding in told),
        locations=tuple(_location(location) for location in locations),
        usage=UsageReport(
            model_calls=usage.model_calls,
            cached_calls=usage.cached_calls,
            tokens_in=usage.tokens_in,
            tokens_out=usage.tokens_out,
            duration_ms=usage.duration_ms,
            early_exits=usage.early_exits,
        ),
        mode=ModeReport(enabled=mode.enabled, source=mode.source, activated_at=int(mode.activated_at or 0)),
        calibration=None if calibration is None else _calibration(calibration),
    )


def _calibration(calibration: Calibration) -> CalibrationReport:
    return CalibrationReport(used=calibration.enough, labels=calibration.labels, needed=LEAST_LABELS)


def _optional(text: str | None) -> str | None:
    return None if text is None else shown(text)


def _change(change: Change, units: Sequence[Unit]) -> ChangeReport:
    names: dict[str, list[str]] = {}
    for unit in units:
        names.setdefault(unit.path, []).append(shown(unit.name))
    return ChangeReport(
        repo=shown(change.repo),
        base=change.base,
        head=change.head,
        functions=len(units),
        files=tuple(_file(file, names.get(file.path, [])) for file in change.files),
    )


def _file(file: FileChange, functions: list[str]) -> FileReport:
    return FileReport(
        path=shown(file.path),
        old_path=_optional(file.old_path),
        status=file.status,
        binary=file.binary,
        added=file.added,
        removed=file.removed,
        functions=tuple(functions),
    )


def _coverage(coverage: Coverage) -> CoverageReport:
    return CoverageReport(
        items_planned=coverage.items_planned,
        items_answered=coverage.items_answered,
        ballots_asked=coverage.ballots_asked,
        ballots_answered=coverage.ballots_answered,
        preexisting=coverage.preexisting,
        not_reviewed=tuple(
            SkippedReport(path=shown(one.path), function=_optional(one.function), reason=one.reason)
            for one in coverage.not_reviewed
        ),
    )


def _finding(finding: Finding, others: Mapping[str, Finding]) -> FindingReport:
    stands = others.get(finding.duplicate_of)
    reason = finding.reason if stands is None else why_duplicate(stands.id, stands.angle, finding.reason)
    return FindingReport(
        id=finding.id,
        fingerprint=finding.fingerprint,
        path=shown(finding.path),
        function=_optional(finding.function),
        line=finding.line,
        end_line=finding.end_line,
        column=finding.column,
        end_column=finding.end_column,
        side=finding.side,
        angle=shown(finding.angle),
        kind=shown(finding.kind),
        severity=finding.severity,
        title=shown(finding.title),
        body=shown(finding.body),
        evidence=shown(finding.evidence),
        agreement=round(finding.agreement, 6),
        probability=finding.probability,
        confidence=round(finding.confidence, 6),
        decided=finding.decided,
        disposition=finding.disposition,
        reason=shown(reason),
        ballots=tuple(_ballot(ballot) for ballot in finding.ballots),
        suggestion=None if finding.suggestion is None else _suggestion(finding.suggestion),
        unfixed=shown(finding.unfixed),
        repaired_with=others[finding.repaired_with].id if finding.repaired_with in others else None,
        also=tuple(_also(one, others) for one in finding.also),
        duplicate_of=None if stands is None else stands.id,
    )


def _also(finding: Finding, others: Mapping[str, Finding]) -> AlsoReport:
    return AlsoReport(
        id=others[finding.fingerprint].id,
        angle=shown(finding.angle),
        kind=shown(finding.kind),
        severity=finding.severity,
        title=shown(finding.title),
        agreement=round(finding.agreement, 6),
        ballots=tuple(_ballot(ballot) for ballot in finding.ballots),
    )


def _ballot(ballot: Ballot) -> BallotReport:
    return BallotReport(
        location=shown(ballot.location),
        vote=ballot.vote,
        how=ballot.how,
        confidence=round(ballot.confidence, 6),
        weight=round(ballot.weight, 6),
        rule=shown(ballot.rule),
        reason=shown(ballot.reason),
    )


def _suggestion(suggestion: Suggestion) -> SuggestionReport | None:
    # JSON cannot carry bytes that are not UTF-8, and a replacement that is not exact would corrupt the file.
    if shown(suggestion.replacement) != suggestion.replacement:
        return None
    return SuggestionReport(
        start_line=suggestion.start_line,
        end_line=suggestion.end_line,
        replacement=suggestion.replacement,
        verified=suggestion.verified,
        source=shown(suggestion.source),
        looked=tuple(LookReport(location=shown(one.location), verdict=one.verdict) for one in suggestion.looked),
    )


def _location(stats: LocationStats) -> LocationReport:
    latencies = sorted(stats.latencies_ms)
    average = sum(latencies) / len(latencies) if latencies else 0.0
    # Nearest rank: a latency that was really measured.
    p99 = latencies[math.ceil(0.99 * len(latencies)) - 1] if latencies else 0.0
    return LocationReport(
        id=stats.id,
        role=stats.role,
        status=stats.status,
        detail=shown(stats.detail),
        requests_total=stats.requests_total,
        requests_failed=stats.requests_failed,
        average_latency_ms=round(average, 1),
        p99_latency_ms=round(p99, 1),
        tokens_in=stats.tokens_in,
        tokens_out=stats.tokens_out,
        tokens_cached=stats.tokens_cached,
        cost_usd=round(stats.cost_usd, 6),
    )
