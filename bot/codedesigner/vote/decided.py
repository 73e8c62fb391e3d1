"""What becomes of the findings that the vote left unclear.

The supervisor chooses among what was proposed: it can neither make a finding nor touch one that is clear. What it does
not decide is left to a person, and never settles itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from codedesigner.change.model import FileChange
from codedesigner.protocol.issue import Issue
from codedesigner.run.judgement import Opinion
from codedesigner.severity import rank
from codedesigner.vote.finding import Finding
from codedesigner.vote.judge import EVIDENCE_LINES, Verdict
from codedesigner.vote.unclear import Bar, Unclear, chosen, less_or_elsewhere, unjudged

_LONGEST_REASON = 300


def settled(one: Unclear, opinion: Opinion, lines: Sequence[str]) -> Finding:
    """The finding as the supervisor decided it; where it did not, one for a person."""
    finding, said = one.finding, _told(opinion)
    if opinion.choice is None:
        return _for_a_person(one, f"the supervisor gave no answer: {said}")
    if opinion.choice == "unsure":
        return _for_a_person(one, f"the supervisor is unsure: {said}")
    selected = chosen(finding, opinion.choice).selected
    if selected is None:
        return _for_a_person(one, "the supervisor chose a view that nobody holds")
    if selected == "no_defect":
        reason = f"the supervisor decided: no defect: {said}; the vote: {finding.reason}"
        return replace(finding, disposition="rejected", decided="supervisor", reason=reason)
    other = less_or_elsewhere(finding) if selected == "other" else None
    moved = finding if other is None else _moved(finding, other, lines)
    named = opinion.severity or moved.severity
    severity = named if rank(named) < rank(moved.severity) else moved.severity
    how = "a defect" if severity == finding.severity else f"a defect, {severity} where {finding.severity} was claimed"
    reason = f"the supervisor decided: {how}: {said}; the vote: {finding.reason}"
    return replace(moved, disposition="posted", decided="supervisor", severity=severity, reason=reason)


def _moved(finding: Finding, other: Issue, lines: Sequence[str]) -> Finding:
    end_line = min(max(other.line, other.end_line), max(1, len(lines)))
    return replace(
        finding,
        line=other.line,
        end_line=end_line,
        column=other.column,
        end_column=0,
        severity=other.severity or finding.severity,
        body=other.message,
        evidence="\n".join(lines[other.line - 1 : min(end_line, other.line + EVIDENCE_LINES - 1)]),
    )


def _for_a_person(one: Unclear, why: str) -> Finding:
    reason = f"needs a person: {one.why}, and {why}"
    return replace(one.finding, disposition="undecided", decided="nobody", reason=reason)


def _told(opinion: Opinion) -> str:
    said = " ".join(opinion.reason.split())
    said = said if len(said) <= _LONGEST_REASON else f"{said[:_LONGEST_REASON]}…"
    return f"{said} ({opinion.note})" if opinion.note else said


def left_to_a_person(verdicts: Sequence[Verdict], bar: Callable[[Finding], Bar]) -> tuple[Verdict, ...]:
    """The verdicts where nobody judges what the vote leaves open: what too few have judged is for a person."""

    def left(finding: Finding) -> Finding:
        why = unjudged(finding, bar(finding))
        if why is None:
            return finding
        reason = f"needs a person: {why}; the vote: {finding.reason}"
        return replace(finding, disposition="undecided", decided="nobody", reason=reason)

    return tuple(Verdict(tuple(map(left, verdict.findings)), verdict.preexisting) for verdict in verdicts)


def with_decisions(
    verdicts: Sequence[Verdict],
    decided: Sequence[tuple[Unclear, Opinion]],
    files: Mapping[str, FileChange],
) -> tuple[Verdict, ...]:
    """The verdicts with the unclear findings as they were decided; all others are the very same."""
    new = {id(one.finding): settled(one, opinion, files[one.finding.path].new_lines) for one, opinion in decided}
    return tuple(
        Verdict(tuple(new.get(id(finding), finding) for finding in verdict.findings), verdict.preexisting)
        for verdict in verdicts
    )
