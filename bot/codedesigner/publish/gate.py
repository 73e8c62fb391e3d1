"""The verdict, computed from findings and coverage alone. It fails closed: what was not covered never passes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from codedesigner.publish.inputs import Conclusion, Coverage, FailOn
from codedesigner.publish.plain import plural
from codedesigner.publish.report import CoverageReport
from codedesigner.severity import Severity, rank
from codedesigner.vote.finding import Finding

EXIT_CODES: dict[Conclusion, int] = {"pass": 0, "fail": 1, "inconclusive": 3}

# Sums of weights are floats: three votes of 0.1 over six are a half.
_TOLERANCE = 1e-9
# Files that could not even be turned into items.
_UNREADABLE = frozenset({"too_large", "content_unavailable"})
# Items that were to be answered and were not. All other reasons are choices, or leave nothing to review.
_LOST = frozenset({"budget", "location_failed"})


class GateSettings(Protocol):
    """The gate's part of the configuration."""

    @property
    def fail_on(self) -> FailOn:
        """The least severity that blocks."""

    @property
    def min_agreement(self) -> float:
        """The least agreement that blocks."""

    @property
    def coverage(self) -> float:
        """The share of items that must be answered, 0 to 1."""

    @property
    def on_inconclusive(self) -> Literal["fail", "pass"]:
        """Whether an inconclusive review is red on a forge."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """From where on a finding blocks."""

    fail_on: FailOn
    min_agreement: float
    min_probability: float | None = None  # decides in place of the agreement, where a finding has a probability


@dataclass(frozen=True, slots=True)
class GateDecision:
    """The verdict. `green` is what a forge's check shows; the exit code stays 3 for every inconclusive review."""

    conclusion: Conclusion
    title: str
    reason: str
    exit_code: int
    green: bool
    blocking: tuple[str, ...]  # ids
    coverage: float  # the share that was reached


def coverage_ratio(coverage: Coverage | CoverageReport) -> float:
    """The share of what had to be reviewed that was reviewed, 0 to 1; 1 where there was nothing to review.

    A file that was too large or could not be had counts as one item that nobody answered.
    """
    unread = sum(skipped.reason in _UNREADABLE for skipped in coverage.not_reviewed)
    lost = sum(skipped.reason in _LOST for skipped in coverage.not_reviewed)
    answered = max(0, min(coverage.items_answered, coverage.items_planned))
    missing = max(coverage.items_planned - answered, lost)
    total = answered + missing + unread
    return 1.0 if total == 0 else answered / total


def severe(finding: Finding, threshold: Threshold) -> bool:
    """Whether it would block, were it certain."""
    return threshold.fail_on != "never" and rank(finding.severity) >= rank(threshold.fail_on)


def blocks(finding: Finding, threshold: Threshold) -> bool:
    """Whether a finding blocks. Only posted findings can: nobody could answer one that was never shown.

    One that stands for others, seen from other angles, blocks where any of them would. Where the supervisor decided,
    the vote did not: its agreement is no reason for or against any more.
    """
    if finding.disposition != "posted":
        return False
    return any(_blocks(one, threshold) for one in (finding, *finding.also))


def _blocks(finding: Finding, threshold: Threshold) -> bool:
    # Written as "not below", so that an agreement that is not a number blocks.
    agreed = not finding.agreement < threshold.min_agreement - _TOLERANCE
    if threshold.min_probability is not None and finding.probability is not None:
        agreed = not finding.probability < threshold.min_probability - _TOLERANCE
    return (agreed or finding.decided == "supervisor") and severe(finding, threshold)


def _waits(finding: Finding, threshold: Threshold) -> bool:
    return any(severe(one, threshold) for one in (finding, *finding.also))


def decide(
    findings: Iterable[Finding],
    coverage: Coverage,
    settings: GateSettings,
    thresholds: Mapping[str, Threshold] | None = None,
) -> GateDecision:
    """The verdict over a review; `thresholds` holds the paths whose rules differ from the settings.

    A blocking finding makes it fail even where coverage is short: what was seen stays true. The reason names both. One
    that nobody could decide, and that would block, leaves it inconclusive.
    """
    default, own = Threshold(settings.fail_on, settings.min_agreement), thresholds or {}
    told = list(findings)
    posted = [finding for finding in told if finding.disposition == "posted"]
    blocking = [finding for finding in posted if blocks(finding, own.get(finding.path, default))]
    waiting = [each for each in told if each.disposition == "undecided" and _waits(each, own.get(each.path, default))]
    ratio = coverage_ratio(coverage)
    short = not ratio >= settings.coverage - _TOLERANCE
    conclusion: Conclusion = "fail" if blocking else "inconclusive" if short or waiting else "pass"
    settled = sum(finding.disposition == "suppressed" for finding in told)
    reasons = [_finding_reason(blocking, len(posted), settled, default)]
    if waiting:
        reasons.append(f"a person has to decide on {_by_severity(waiting)}")
    if short:
        reasons.append(_coverage_reason(coverage, ratio, settings.coverage))
    return GateDecision(
        conclusion=conclusion,
        title=_title(conclusion, len(blocking), len(posted), settled, 0 if short else len(waiting)),
        reason="; ".join(reasons if conclusion != "inconclusive" else reversed(reasons)),
        exit_code=EXIT_CODES[conclusion],
        green=conclusion == "pass" or (conclusion == "inconclusive" and settings.on_inconclusive == "pass"),
        blocking=tuple(finding.id for finding in blocking),
        coverage=ratio,
    )


def _title(conclusion: Conclusion, blocking: int, posted: int, settled: int, waiting: int) -> str:
    if conclusion == "inconclusive" and waiting:
        return f"{plural(waiting, 'finding')} {'needs' if waiting == 1 else 'need'} a person; this is no verdict yet"
    if conclusion == "inconclusive":
        return "The reviewer could not finish; this is no verdict on the change"
    if conclusion == "fail":
        return plural(blocking, "blocking finding")
    if posted:
        return f"{plural(posted, 'finding')}, none blocking"
    return "No open findings" if settled else "No findings"


def _finding_reason(blocking: list[Finding], posted: int, settled: int, default: Threshold) -> str:
    if blocking:
        enough = "with enough agreement"
        if any(finding.decided == "supervisor" for finding in blocking):
            enough += " or by the supervisor's decision"
        return f"{_by_severity(blocking)} {enough}"
    if default.fail_on == "never":
        return "findings never block here"
    if posted:
        return f"no finding reaches its threshold ({default.fail_on}, agreement {default.min_agreement:g})"
    if settled:
        return f"{plural(settled, 'finding')}, dismissed or accepted"
    return "nothing was found"


def _by_severity(findings: list[Finding]) -> str:
    counts: Counter[Severity] = Counter(finding.severity for finding in findings)
    return ", ".join(f"{counts[severity]} {severity}" for severity in sorted(counts, key=rank, reverse=True))


def _coverage_reason(coverage: Coverage, ratio: float, demanded: float) -> str:
    answered = min(coverage.items_answered, coverage.items_planned)
    lost = Counter(skipped.reason for skipped in coverage.not_reviewed if skipped.reason in _LOST | _UNREADABLE)
    why = ", ".join(f"{count} × {reason}" for reason, count in sorted(lost.items()))
    # Rounded down: 99.96 % must not read as the 100 % that was asked for.
    reached = int(ratio * 1000) / 10
    text = f"{answered:,} of {plural(coverage.items_planned, 'item')} answered, coverage {reached:g} %"
    return f"{text} where {demanded * 100:g} % is demanded" + (f" ({why})" if why else "")


def switched_off(source: str) -> GateDecision:
    """The verdict where reviewing is off: nothing was looked at, by somebody's decision, and the check says whose."""
    return GateDecision(
        conclusion="pass",
        title="Reviewing is switched off",
        reason=f"not reviewed: switched off by {source}",
        exit_code=EXIT_CODES["pass"],
        green=True,
        blocking=(),
        coverage=0.0,
    )
