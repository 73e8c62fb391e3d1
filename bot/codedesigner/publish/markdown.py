"""The report as the body of a pull request's summary comment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from codedesigner.publish.difftext import suggestion_diff
from codedesigner.publish.inputs import Conclusion, RenderInput
from codedesigner.publish.limit import cap, fits
from codedesigner.publish.plain import clipped, plural
from codedesigner.publish.report import FindingReport, Report
from codedesigner.publish.sanitise import block_lines, code, html, prose
from codedesigner.publish.suggestion import diff_block, fence, verified
from codedesigner.publish.tally import also_seen, not_reviewed, posted, set_aside, tally, told, undecided, unwell
from codedesigner.text import render as fill

Sources = Mapping[str, Sequence[str]]

_SIGN: dict[Conclusion, str] = {"pass": "✅", "fail": "❌", "inconclusive": "⚠️"}
_LINE_LIMIT = 300
_REJECTED_LIMIT = 200
_REASON_LIMIT = 500
_MOST_LINES = 12


@dataclass(frozen=True, slots=True)
class Amounts:
    """How many of each list are shown; lowered, in this order from the last, until the body fits."""

    rows: int = 200
    skipped: int = 100
    details: int = 100
    rejected: int = 50
    files: int = 300


def render(given: RenderInput) -> str:
    """The summary as Markdown, under `given.limit` characters (and a twelfth more bytes), whatever it took to cut."""
    return fitted(facts_of(given), given.limit)


def fitted(facts: Mapping[str, object], limit: int) -> str:
    """The summary of these facts, its lists shortened until it has at most `limit` characters."""

    def body(amounts: Amounts) -> str:
        return fill("summary.md.j2", {**facts, "most": amounts})

    amounts = Amounts()
    steps: tuple[Callable[[Amounts, int], Amounts], ...] = (
        lambda had, most: replace(had, files=most),
        lambda had, most: replace(had, rejected=most),
        lambda had, most: replace(had, details=most),
        lambda had, most: replace(had, skipped=most),
        lambda had, most: replace(had, rows=most),
    )
    mosts = (amounts.files, amounts.rejected, amounts.details, amounts.skipped, amounts.rows)
    for step, most in zip(steps, mosts, strict=True):
        text = body(amounts)
        if fits(text, limit):
            return text
        amounts = _largest(amounts, step, most, lambda tried: fits(body(tried), limit))
    return cap(body(amounts), limit)


def _largest(
    had: Amounts, step: Callable[[Amounts, int], Amounts], most: int, good: Callable[[Amounts], bool]
) -> Amounts:
    """The amounts with the largest number in 0..`most` that is good, or with 0."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if good(step(had, middle)):
            low = middle
        else:
            high = middle - 1
    return step(had, low)


def facts_of(given: RenderInput) -> dict[str, object]:
    """What the template of the summary says of a report that stands nowhere else."""
    report = given.report
    skipped_counts, skipped = not_reviewed(report)
    findings = [finding_facts(finding, given) for finding in posted(report)]
    return {
        "sign": _SIGN[report.gate.conclusion],
        "title": prose(report.gate.title, cell=True),
        "reason": prose(report.gate.reason, cell=True),
        "findings": findings,
        "details": findings,
        "undecided": [
            {**finding_facts(finding, given), "reason": prose(clipped(finding.reason, _REASON_LIMIT), cell=True)}
            for finding in undecided(report)
        ],
        "aside": ", ".join(set_aside(report)),
        "rejected": [_rejected(finding) for finding in report.findings if finding.disposition == "rejected"],
        "unwell": [
            {"name": code(one.id), "status": one.status, "detail": prose(one.detail, cell=True)}
            for one in unwell(report)
        ],
        "skipped": [
            {
                "place": code(one.path) + (f" {code(one.function)}" if one.function else ""),
                "reason": one.reason.replace("_", " "),
            }
            for one in skipped
        ],
        "skipped_counts": skipped_counts,
        "files": [
            {
                "path": code(file.path, cell=True),
                "status": file.status.replace("_", " "),
                "lines": "binary" if file.binary else f"+{file.added:,} −{file.removed:,}",
                "functions": _names(file.functions),
            }
            for file in report.change.files
        ],
        "coverage": _coverage(report),
        "cost": _cost(report),
        "notices": [],
        "since": [],
        "since_title": "",
        "walkthrough": "",
        "footer": [],
        "base": code(report.change.base[:12]),
        "head": code(report.change.head[:12]),
    }


def _names(names: Sequence[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(code(name, cell=True) for name in names[:most]) + more


def _coverage(report: Report) -> str:
    coverage, change = report.coverage, report.change
    return (
        f"{plural(change.functions, 'function')} in {plural(len(change.files), 'file')}; "
        f"{coverage.items_answered:,} of {plural(coverage.items_planned, 'item')} answered, "
        f"{coverage.ballots_answered:,} of {plural(coverage.ballots_asked, 'ballot')}"
    )


def _cost(report: Report) -> str:
    usage = report.usage
    dollars = sum(location.cost_usd for location in report.locations)
    parts = [f"{usage.duration_ms / 1000:.1f} s", plural(usage.model_calls, "model call")]
    if usage.cached_calls:
        parts.append(f"{usage.cached_calls:,} answered from store")
    if usage.tokens_in or usage.tokens_out:
        parts.append(f"{usage.tokens_in:,} tokens in, {usage.tokens_out:,} out")
    return ", ".join([*parts, f"${dollars:.2f}"])


def finding_facts(finding: FindingReport, given: RenderInput) -> dict[str, object]:
    """What the template says of one finding."""
    votes = tally(finding)
    said = (("yes", votes.yes), ("no", votes.no), ("abstained", votes.abstained))
    removed = " (removed)" if finding.side == "LEFT" else ""
    return {
        "id": finding.id,
        "new": False,
        "unplaced": "",
        "severity": finding.severity,
        "blocks": finding.id in given.report.gate.blocking,
        "agreement": told(finding),
        "by": ", decided by the supervisor" if finding.decided == "supervisor" else "",
        "title": prose(finding.title, cell=True),
        "place": code(f"{finding.path}:{finding.line}", cell=True) + removed,
        "heading": html(f"{finding.path}:{finding.line}") + removed,
        "function": code(finding.function or ""),
        "kind": code(finding.kind),
        "angle": prose(finding.angle, cell=True),
        "votes": "; ".join(
            f"{word}: {', '.join(prose(name, cell=True) for name in names)}" for word, names in said if names
        ),
        "also": prose(also_seen(finding), cell=True),
        "body": "" if finding.body.strip() == finding.title.strip() else prose(finding.body),
        "source": _source(finding, given),
        "suggestion": _suggestion(finding, given.sources),
    }


def _rejected(finding: FindingReport) -> dict[str, str]:
    """A claim that stands nowhere, for the folded list: it is named, and nobody is asked to do anything about it."""
    by = ", ".join(code(name, cell=True) for name in tally(finding).yes)
    return {
        "place": code(finding.path) + (f" {code(finding.function)}" if finding.function else ""),
        "by": by,
        "title": prose(clipped(finding.title, _REJECTED_LIMIT), cell=True),
        "reason": prose(finding.reason, cell=True),
    }


def _source(finding: FindingReport, given: RenderInput) -> str:
    sources = given.sources if finding.side == "RIGHT" else given.old_sources
    return quoted(finding, sources.get(finding.path, ()))


def quoted(finding: FindingReport, source: Sequence[str], *, numbered: bool = True) -> str:
    """The finding's lines in a fence: those of `source`, its side of the file, or else those that it quotes itself."""
    lines = source[max(0, finding.line - 1) : finding.end_line] or finding.evidence.split("\n")
    first = max(1, finding.line)
    width = len(str(first + min(len(lines), _MOST_LINES) - 1))
    # The gutter also keeps a line from beginning with what GitLab would run as a command.
    gutters = [f"{first + index:>{width}} │ " if numbered else "│ " for index in range(len(lines))]
    quoted = [
        f"{gutter}{clipped(block_lines(line), _LINE_LIMIT)}".rstrip()
        for gutter, line in zip(gutters, lines[:_MOST_LINES], strict=False)
    ]
    if len(lines) > _MOST_LINES:
        quoted.append(f"{'':>{width}} │ … {plural(len(lines) - _MOST_LINES, 'more line')}")
    return fence("\n".join(quoted), "text")


def _suggestion(finding: FindingReport, sources: Sources) -> dict[str, object] | None:
    suggestion = finding.suggestion
    if suggestion is None:
        return None
    diff = suggestion_diff(sources.get(finding.path, ()), suggestion)
    return {"source": code(suggestion.source), "proofs": verified(suggestion), "diff": diff_block(diff)}
