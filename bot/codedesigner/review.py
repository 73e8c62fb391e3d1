"""A review, whole: a change becomes a plan, the plan is answered, the answers are put to the vote, the verdict is told.

This is the only place where the rooms meet; it decides nothing itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from codedesigner.asking import Hearing, all_findings, asker, model_stats, usage
from codedesigner.change.model import Unit
from codedesigner.config.paths import PathSettings
from codedesigner.docket import Docket
from codedesigner.fixing import fix
from codedesigner.planning import Request, plan_change
from codedesigner.publish.build import build_report
from codedesigner.publish.coverage import count, stats
from codedesigner.publish.duplicates import one_each
from codedesigner.publish.fingerprint import fingerprinted, number_findings
from codedesigner.publish.forge.recognise import dismissed_ones
from codedesigner.publish.gate import GateDecision, Threshold, decide, switched_off
from codedesigner.publish.inputs import Coverage
from codedesigner.publish.report import Report
from codedesigner.publish.suppress import accepted, capped, silenced
from codedesigner.run.examine import Looked, Progress, silent
from codedesigner.stages import SoFar, Stage, StaleError, name_of
from codedesigner.vote.finding import Finding
from codedesigner.vote.hearing import Matter
from codedesigner.vote.likeness import Likeness
from codedesigner.vote.meaning import likeness_of


async def review(request: Request, progress: Progress = silent) -> Report:
    """The report on a change. Raises nothing for what reviewers or files do: that is in the report."""
    report = await carried_on(request, SoFar(), "review", progress)
    assert isinstance(report, Report)  # noqa: S101 -- that is what the last stage comes to
    return report


async def carried_on(
    request: Request, so_far: SoFar, until: Stage, progress: Progress = silent, *, deep: bool = True
) -> SoFar | Report:
    """A review from where it is to the end of a stage; after the last one, and where reviewing is off, its report.

    What was said about another change, or would be asked of others by now, does not count: that begins anew. Without
    `deep`, the supervisor is not asked to think deeply.
    """
    started = request.monotonic() - so_far.seconds
    if not request.mode.enabled:
        return _conclude(request, Outcome((), (), (), Coverage(0, 0, 0, 0)), switched_off(request.mode.source), started)
    planned, ask = plan_change(request), asker(request, progress)
    about = name_of(request, planned) if so_far.about or until != "review" else ""
    if so_far.about and so_far.about != about:
        return await carried_on(request, SoFar(), until, progress, deep=deep)
    docket = Docket(request, planned, so_far, ask)
    try:
        await docket.advance(until, deep=deep)
        if until != "review":
            return docket.so_far.at(request.monotonic() - started, about)
        heard = docket.hearing
    except StaleError:
        if so_far.explored is None:
            raise
        return await carried_on(request, SoFar(), until, progress, deep=deep)
    return await _blessed(request, docket, heard, started)


async def _blessed(request: Request, docket: Docket, heard: Hearing, started: float) -> Report:
    planned, matter = docket.planned, docket.matter
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
    return _conclude(request, outcome, decision, started)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a review came to, before the verdict."""

    units: Sequence[Unit]
    findings: Sequence[Finding]
    rounds: Sequence[Looked]
    coverage: Coverage
    heard: Hearing | None = None


def _settle(request: Request, matter: Matter, findings: Sequence[Finding], likeness: Likeness) -> tuple[Finding, ...]:
    settings = request.settings
    today = dt.datetime.fromtimestamp(request.now, dt.UTC).date()
    files = {file.path: file for file in matter.files}
    kept = silenced(fingerprinted(findings), files, settings.inline_suppressions)
    kept = dismissed_ones(accepted(kept, settings.suppress, today=today), request.dismissed, request.change)
    return capped(number_findings(one_each(kept, likeness)), settings.limits.findings)


def _conclude(request: Request, outcome: Outcome, decision: GateDecision, started: float) -> Report:
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
