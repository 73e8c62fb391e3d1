"""A report under other decisions: what a review of the same commit would say now, without asking anybody.

What a person dismissed is settled anew, in the order of a review: dismissed, capped, decided. Where that does not
follow from the report alone, there is none, and who wants one has to review.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codedesigner.change.model import Change
from codedesigner.publish.duplicates import why_duplicate
from codedesigner.publish.fingerprint import in_order_of_numbers
from codedesigner.publish.forge.identity import identity_of
from codedesigner.publish.forge.recognise import DISMISSED, Dismissed, decisions_about, why_dismissed
from codedesigner.publish.forge.remembered import DecisionMark
from codedesigner.publish.gate import GateDecision, GateSettings, Threshold, decide
from codedesigner.publish.inputs import Coverage, Skipped
from codedesigner.publish.plain import shown
from codedesigner.publish.report import (
    CoverageReport,
    FindingReport,
    LocationReport,
    ModeReport,
    Report,
    UsageReport,
)
from codedesigner.publish.suppress import over
from codedesigner.vote.finding import Disposition, Finding

_OPEN: frozenset[Disposition] = frozenset({"posted", "undecided", "capped"})
_ROUNDING = 1e-6  # agreements are rounded in reports; what is that near to a threshold is taken to reach it
_NO_FIX = "it was not among the findings that are posted when fixes were looked for"


@dataclass(frozen=True, slots=True)
class Deciding:
    """What decides beside the report, all of the commit that the configuration is from.

    `dismissed` are the decisions that count now, `thresholds` those of paths as the change has them, `most` how many
    findings are posted.
    """

    change: Change
    dismissed: Dismissed
    gate: GateSettings
    thresholds: Mapping[str, Threshold]
    most: int


def redecided(report: Report, given: Deciding, mode: ModeReport) -> Report | None:
    """The report under the decisions of now; None where it does not follow from it.

    It follows where everything that was dismissed still is, and where each decision is about all that a finding stands
    for, or nothing of it.
    """
    settled = _settled(report, given)
    if settled is None:
        return None
    findings = _capped(sorted(settled, key=in_order_of_numbers), given.most)
    decision = _decided(findings, report.coverage, given)
    stands = {one.id for one in findings if one.disposition == "posted"}
    stood = {one.id for one in report.findings if one.disposition == "posted"}
    if set(decision.blocking) & stood != set(report.gate.blocking) & stands:
        return None  # other thresholds than those of the report: never let through what blocked
    gate = report.gate.model_copy(
        update={
            "conclusion": decision.conclusion,
            "title": decision.title,
            "reason": decision.reason,
            "blocking": decision.blocking,
        }
    )
    return report.model_copy(
        update={
            "gate": gate,
            "findings": tuple(findings),
            "locations": tuple(map(_idle, report.locations)),
            "usage": _NOTHING_USED,
            "mode": mode,
        }
    )


_NOTHING_USED = UsageReport(model_calls=0, cached_calls=0, tokens_in=0, tokens_out=0, duration_ms=0, early_exits=0)


def is_complete(report: Report) -> bool:
    """Whether to ask the same again would bring nothing new: everybody answered all that there was to ask."""
    coverage = report.coverage
    lost = any(one.reason in ("budget", "location_failed", "content_unavailable") for one in coverage.not_reviewed)
    well = all(one.status in ("idle", "busy") for one in report.locations)
    answered = coverage.items_answered >= coverage.items_planned and coverage.ballots_answered >= coverage.ballots_asked
    return well and answered and not lost and all(one.disposition != "undecided" for one in report.findings)


def _settled(report: Report, given: Deciding) -> list[FindingReport] | None:
    """The findings, none of them capped yet."""
    by_id = {one.id: one for one in report.findings}
    if not all(each.id in by_id for one in report.findings for each in one.also):
        return None
    groups = [[one, *(by_id[each.id] for each in one.also)] for one in report.findings if _told(one)]
    told = [(leader, member) for leader, *others in groups for member in (leader, *others)]
    found = decisions_about([identity_of(one) for _, one in told], given.dismissed, given.change)
    by = {told[index][1].id: decision for index, decision in found.items()}
    changed: dict[str, FindingReport] = {}
    for leader, *others in groups:
        decisions = [by.get(one.id) for one in (leader, *others)]
        decision = decisions[0]
        if any(one is not decision for one in decisions) or (decision is None and not _is_open(leader)):
            return None
        changed[leader.id] = _uncapped(leader) if decision is None else _dismissed(leader, decision)
        if decision is not None:
            changed |= {one.id: _said_by(leader, one, decision) for one in others}
    return [changed.get(one.id, one) for one in report.findings]


def _told(finding: FindingReport) -> bool:
    return _is_open(finding) or (finding.disposition == "suppressed" and finding.reason.startswith(f"{DISMISSED} "))


def _is_open(finding: FindingReport) -> bool:
    return finding.disposition in _OPEN


def _dismissed(finding: FindingReport, decision: DecisionMark) -> FindingReport:
    return finding.model_copy(
        update={
            "disposition": "suppressed",
            "reason": shown(why_dismissed(decision)),
            "suggestion": None,
            "unfixed": "",
        }
    )


def _said_by(leader: FindingReport, finding: FindingReport, decision: DecisionMark) -> FindingReport:
    """One for which the other stands that was dismissed."""
    reason = why_duplicate(leader.id, leader.angle, why_dismissed(decision))
    return finding.model_copy(update={"reason": shown(reason)})


def _uncapped(finding: FindingReport) -> FindingReport:
    if finding.disposition != "capped":
        return finding
    return finding.model_copy(update={"disposition": "posted", "reason": finding.reason.partition("; ")[2]})


def _capped(findings: Sequence[FindingReport], most: int) -> list[FindingReport]:
    """As in a review; a finding that was capped and no longer is has no fix, as nobody looked for one."""
    settled, posted = [], 0
    for finding in findings:
        now = finding
        if finding.disposition == "posted":
            posted += 1
            if posted > most:
                now = finding.model_copy(update={"disposition": "capped", "reason": over(most, finding.reason)})
            elif finding.suggestion is None and not finding.unfixed:
                now = finding.model_copy(update={"unfixed": _NO_FIX})
        settled.append(now)
    return settled


def _decided(findings: Sequence[FindingReport], coverage: CoverageReport, given: Deciding) -> GateDecision:
    by_id = {one.id: one for one in findings}
    paths = {shown(path): path for path in given.thresholds}
    judged = [_judged(one, paths, [by_id[each.id] for each in one.also]) for one in findings]
    skipped = tuple(Skipped(one.path, one.function, one.reason) for one in coverage.not_reviewed)
    covered = Coverage(
        coverage.items_planned,
        coverage.items_answered,
        coverage.ballots_asked,
        coverage.ballots_answered,
        skipped,
        coverage.preexisting,
    )
    return decide(judged, covered, given.gate, given.thresholds)


def _judged(finding: FindingReport, paths: Mapping[str, str], also: Sequence[FindingReport] = ()) -> Finding:
    """What the gate looks at of a finding; `paths` are those of files by how they are shown."""
    return Finding(
        path=paths.get(finding.path, finding.path),
        function=finding.function,
        line=finding.line,
        end_line=finding.end_line,
        side=finding.side,
        angle=finding.angle,
        kind=finding.kind,
        severity=finding.severity,
        title=finding.title,
        body=finding.body,
        evidence=finding.evidence,
        ballots=(),
        agreement=finding.agreement + _ROUNDING,
        confidence=finding.confidence,
        disposition=finding.disposition,
        reason=finding.reason,
        id=finding.id,
        fingerprint=finding.fingerprint,
        decided=finding.decided,
        probability=finding.probability,
        also=tuple(_judged(one, paths) for one in also),
    )


def _idle(location: LocationReport) -> LocationReport:
    """How it was, and that it was asked nothing."""
    return LocationReport(
        id=location.id,
        role=location.role,
        status=location.status,
        detail=location.detail,
        requests_total=0,
        requests_failed=0,
        average_latency_ms=0,
        p99_latency_ms=0,
        tokens_in=0,
        tokens_out=0,
        tokens_cached=0,
        cost_usd=0,
    )
