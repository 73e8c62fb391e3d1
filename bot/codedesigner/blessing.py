"""The end of a review: what was found is settled, fixes are proved, the gate decides, and the report says it all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from codedesigner.asking import Hearing, all_findings, model_stats, usage
from codedesigner.change.model import Unit
from codedesigner.config.paths import PathSettings
from codedesigner.docket import Docket
from codedesigner.fixing import fix
from codedesigner.planning import Request
from codedesigner.publish.build import build_report
from codedesigner.publish.coverage import count, stats
from codedesigner.publish.duplicates import one_each
from codedesigner.publish.fingerprint import fingerprinted, number_findings
from codedesigner.publish.forge.recognise import dismissed_ones
from codedesigner.publish.gate import GateDecision, Threshold, decide
from codedesigner.publish.inputs import Coverage
from codedesigner.publish.report import Report
from codedesigner.publish.suppress import accepted, capped, silenced
from codedesigner.run.examine import Looked
from codedesigner.vote.finding import Finding
from codedesigner.vote.hearing import Matter
from codedesigner.vote.likeness import Likeness
from codedesigner.vote.meaning import likeness_of

NOTHING_COVERED = Coverage(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a review came to, before the verdict."""

    units: Sequence[Unit]
    findings: Sequence[Finding]
    rounds: Sequence[Looked]
    coverage: Coverage
    heard: Hearing | None = None


async def blessed(docket: Docket, started: float) -> Report:
    """The report, once everybody was heard. `started` is when the review has, by its own clock.

    Raises:
        StaleError: what was said is not about this review.
    """
    request, planned, matter, heard = docket.request, docket.planned, docket.matter, docket.hearing
    findings = _settle(request, matter, all_findings(heard, planned), likeness_of(heard.embedded.vectors))
    fixed = await fix(request, planned, matter, heard, findings, docket.ask, started=started)
    findings, heard = fixed.findings, replace(heard, fixing=fixed.spent)
    coverage = count(
        heard.executed,
        request.change.files,
        planned.filtered,
        heard.has_answered,
        quorum=request.settings.gate.quorum,
        preexisting=sum(verdict.preexisting for verdict in heard.verdicts),
    )
    of = cache(PathSettings(request.settings).of)
    likely = request.settings.gate.min_probability
    thresholds = {
        file.path: Threshold(of(file.path).fail_on, of(file.path).min_agreement, likely) for file in planned.files
    }
    decision = decide(findings, coverage, request.settings.gate, thresholds)
    outcome = Outcome(planned.units, findings, (heard.looked, fixed.looked), coverage, heard)
    return concluded(request, outcome, decision, started)


def _settle(request: Request, matter: Matter, findings: Sequence[Finding], likeness: Likeness) -> tuple[Finding, ...]:
    settings = request.settings
    today = dt.datetime.fromtimestamp(request.now, dt.UTC).date()
    files = {file.path: file for file in matter.files}
    kept = silenced(fingerprinted(findings), files, settings.inline_suppressions)
    kept = dismissed_ones(accepted(kept, settings.suppress, today=today), request.dismissed, request.change)
    return capped(number_findings(one_each(kept, likeness)), settings.limits.findings)


def concluded(request: Request, outcome: Outcome, decision: GateDecision, started: float) -> Report:
    """The report on what a review came to."""
    return build_report(
        change=request.change,
        units=outcome.units,
        findings=outcome.findings,
        decision=decision,
        settings=request.settings.gate,
        coverage=outcome.coverage,
        locations=(*stats(request.reviewers, outcome.rounds), *model_stats(outcome.heard)),
        usage=usage(outcome.heard, duration_ms=round((request.monotonic() - started) * 1000)),
        mode=request.mode,
        calibration=request.calibration,
    )
