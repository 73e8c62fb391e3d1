"""From a report to the check of a commit. It fails closed: what is not known to be good is never green, nor neutral.

A required check passes where it is neutral or skipped, so neutral is kept for reviewing that somebody switched off.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from codedesigner.publish.discussion import Annotation, Check, CheckConclusion
from codedesigner.publish.forge.comment import place_link
from codedesigner.publish.forge.links import Links
from codedesigner.publish.forge.remembered import DecisionMark
from codedesigner.publish.gate import coverage_ratio
from codedesigner.publish.limit import cap
from codedesigner.publish.plain import clipped, folded, plural, visible
from codedesigner.publish.report import FindingReport, Report
from codedesigner.publish.sanitise import code, prose
from codedesigner.publish.secrets import redact
from codedesigner.publish.tally import not_reviewed, posted, told, told_briefly, undecided, unwell
from codedesigner.severity import Severity, rank

NAME = "codedesigner"
TITLE_LIMIT = 255
DESCRIPTION_LIMIT = 140
"""Characters of a commit status's description; GitHub refuses more."""
_TEXT_LIMIT = 60_000  # GitHub takes 65,535 characters and counts bytes in some places
_MESSAGE_LIMIT = 4_000
_ROWS = 200
_TOLERANCE = 1e-9
_REASON_LIMIT = 120

_SOURCES = {
    "cli": "the command line",
    "env": "the environment",
    "runtime": "a command on the pull request",
    "config_file": "the configuration",
}
_LEVELS: dict[Severity, Literal["notice", "warning", "failure"]] = {
    "low": "notice",
    "medium": "warning",
    "high": "failure",
    "critical": "failure",
}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides about a check beside the report.

    `on_inconclusive` and `coverage`, the share demanded, are the gate's settings. `override` counts for its own commit
    alone. `leaked`: something that looks like one of our secrets was about to be
    published. `run` names the run, so that a later one finds what it left.
    """

    on_inconclusive: Literal["fail", "pass"] = "fail"
    coverage: float = 1.0
    override: DecisionMark | None = None
    leaked: bool = False
    queue: bool = False
    run: str = ""


def verdict(report: Report, links: Links, circumstances: Circumstances, *, sha: str = "") -> Check:
    """The check of a review. `sha`: the commit that it is put on, where that is not the head reviewed."""
    commit = sha or report.change.head
    conclusion, title, why = _conclude(report, circumstances, commit)
    lines = [why, prose(report.gate.reason) + ".", *_facts(report)]
    return Check(
        sha=commit,
        name=NAME,
        conclusion=conclusion,
        title=_title(f"Merge queue: {title}" if circumstances.queue else title),
        summary=cap("\n\n".join(filter(None, lines)), _TEXT_LIMIT),
        text=cap(_text(report, links), _TEXT_LIMIT),
        annotations=annotated(report),
        run=circumstances.run,
    )


def _conclude(report: Report, given: Circumstances, commit: str) -> tuple[CheckConclusion, str, str]:
    """Conclusion, title, and a sentence on whose turn it is."""
    gate = report.gate
    if not report.mode.enabled:
        return "neutral", f"Not reviewed: switched off by {_SOURCES[report.mode.source]}", "Nothing was looked at."
    if given.leaked:
        return "failure", "Possible secret in output", "It was removed; whoever runs the reviewer has to look into it."
    if given.override is not None and given.override.sha == commit:
        by = given.override.login
        reason = clipped(folded(given.override.reason), _REASON_LIMIT)
        why = f"Overridden by {code(by)} for {code(commit[:12])}: {prose(given.override.reason, cell=True)}"
        return "success", f"Overridden by {by}: {reason}", f"{why}\n\nWithout that: {prose(gate.title)}."
    if gate.conclusion == "fail":
        return "failure", f"Change blocked: {gate.title}", "The change is at fault, not the reviewer."
    if gate.conclusion == "pass":
        return "success", gate.title, ""
    if given.on_inconclusive == "pass":
        return "success", f"Let through without a verdict: {gate.title}", "`gate.on_inconclusive` is `pass`."
    if undecided(report) and coverage_ratio(report.coverage) >= given.coverage - _TOLERANCE:
        return "action_required", gate.title, "A person has to decide: correct the code, or dismiss the finding."
    return "failure", gate.title, "The reviewer is at fault, not the change: `/codedesigner recheck` tries again."


def _facts(report: Report) -> list[str]:
    coverage = report.coverage
    share = int(coverage_ratio(coverage) * 1000) / 10
    counts = Counter(finding.severity for finding in posted(report))
    severities = ", ".join(f"{counts[name]:,} {name}" for name in sorted(counts, key=rank, reverse=True))
    skipped, _ = not_reviewed(report)
    ballots = f"{coverage.ballots_answered:,} of {plural(coverage.ballots_asked, 'ballot')}"
    facts = [
        f"Coverage {share:g} %: {coverage.items_answered:,} of {plural(coverage.items_planned, 'item')}, {ballots}.",
        f"{plural(sum(counts.values()), 'finding')}{': ' + severities if severities else ''}.",
        f"Not reviewed: {skipped}." if skipped else "",
        "\n".join(
            f"- {code(one.id)} is {one.status}{': ' + prose(one.detail, cell=True) if one.detail else ''}"
            for one in unwell(report)
        ),
    ]
    return [fact for fact in facts if fact]


def _text(report: Report, links: Links) -> str:
    found = [*posted(report), *undecided(report)]
    if not found:
        return ""
    rows = [_row(one, report, links) for one in found[:_ROWS]]
    more = [f"\n_and {len(found) - _ROWS:,} more, in the report_"] if len(found) > _ROWS else []
    return "\n".join(
        ["| | Severity | Agreement | Finding | Where |", "| --- | --- | --- | --- | --- |", *rows, *more, ""]
    )


def _row(finding: FindingReport, report: Report, links: Links) -> str:
    blocks = " **blocks**" if finding.id in report.gate.blocking else ""
    needs = " **needs a person**" if finding.disposition == "undecided" else ""
    where = place_link(finding, links, cell=True)
    title = prose(finding.title, cell=True)
    return f"| {finding.id} | {finding.severity}{blocks}{needs} | {told(finding)} | {title} | {where} |"


def annotated(report: Report) -> tuple[Annotation, ...]:
    """Posted findings on lines of the new side; what was removed has none there and is in the check's text."""
    return tuple(
        Annotation(
            path=finding.path,
            start_line=max(1, min(finding.line, finding.end_line or finding.line)),
            end_line=max(1, finding.line, finding.end_line),
            level=_LEVELS[finding.severity],
            title=clipped(f"{finding.id} {_plain(finding.title)} ({told_briefly(finding)})", TITLE_LIMIT),
            message=clipped(_plain(finding.body) or _plain(finding.title), _MESSAGE_LIMIT),
        )
        for finding in posted(report)
        if finding.side == "RIGHT"
    )


def running(sha: str, *, run: str = "") -> Check:
    """The check while the review runs."""
    return Check(sha, NAME, None, "Reviewing", "The review is running.", run=run)


def broken(sha: str, what: str, *, detail: str = "", run: str = "") -> Check:
    """The check where there is no report, as the reviewer broke. `what` in a few words, `detail` for its operator."""
    summary = "\n\n".join(filter(None, ["The reviewer is at fault, not the change.", prose(detail)]))
    title = _title(f"The reviewer broke: {_plain(what)}; this is no verdict on the change")
    return Check(sha, NAME, "failure", title, cap(summary, _TEXT_LIMIT), run=run)


def superseded(sha: str, head: str, *, run: str = "") -> Check:
    """The check of a commit that is the head no longer. It is no verdict, and nothing can be merged by it."""
    summary = f"The pull request's head is {code(head[:12])} now, and has a check of its own."
    return Check(sha, NAME, "cancelled", f"Superseded by {head[:7]}", summary, run=run)


def closed(sha: str, state: str, *, run: str = "") -> Check:
    """The check of a pull request that was closed or merged, which is its `state`, before its review had ended."""
    title = _title(f"Not reviewed: the pull request was {_plain(state)}")
    return Check(sha, NAME, "cancelled", title, "Its review was not gone on with. Reopened, it is reviewed.", run=run)


def waiting(sha: str, title: str, why: str, *, run: str = "") -> Check:
    """The check where nobody reviewed because a person has to do something first: a draft, a review not asked for."""
    return Check(sha, NAME, "action_required", _title(_plain(title)), cap(prose(why), _TEXT_LIMIT), run=run)


def draft(sha: str, *, run: str = "") -> Check:
    """The check of a draft, where drafts are not reviewed."""
    return waiting(sha, "Draft: not reviewed yet", "It is reviewed once it is marked as ready.", run=run)


def switched_off(sha: str, source: str, *, run: str = "") -> Check:
    """The check where reviewing is off; `source` says who switched it off. The only one that is neutral."""
    title = _title(f"Not reviewed: switched off by {_plain(source)}")
    return Check(sha, NAME, "neutral", title, "Nothing was looked at.", run=run)


def description(check: Check) -> str:
    """The check in a line for a commit status."""
    return clipped(check.title, DESCRIPTION_LIMIT)


def _title(text: str) -> str:
    return clipped(_plain(text), TITLE_LIMIT)


def _plain(text: str) -> str:
    return folded(visible(redact(text)))
