"""From what every location said about a file to the findings that stand for it, each with its ballots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from codedesigner.angle.kinds import KINDS, Kind, kind_of
from codedesigner.change.model import FileChange, Span, Unit
from codedesigner.protocol.issue import Answer, Issue
from codedesigner.run.scope import Origin, Scope, scope_of
from codedesigner.severity import Severity, worst
from codedesigner.vote.ballots import Examined, Voter, cast
from codedesigner.vote.cluster import Cluster, Proposal
from codedesigner.vote.finding import Ballot, Disposition, Finding
from codedesigner.vote.headline import headline
from codedesigner.vote.likeness import SHIPPED, Likeness
from codedesigner.vote.probable import Probable
from codedesigner.vote.strategies.ballots import Rule, share_of_yes, vote_of
from codedesigner.vote.strategies.proposals import union_merge

EVIDENCE_LINES = 5
AS_WEIGHED = Rule()
_TIE = 1e-9


Abstains = Callable[[str, int, str], str | None]
"""(kind, line, angle) -> why the location cannot judge that; None where it can."""

Examination = Callable[[Issue, str], Examined | None]
"""(defect, location) -> what the location said when it was asked about the defect; None where it was not."""


def _unasked(_issue: Issue, _location: str) -> Examined | None:
    return None


@dataclass(frozen=True, slots=True)
class Heard:
    """One location before one file: its answers about the two sides, and what it cannot judge there, and why.

    `silent`: it may not have considered what it says nothing about (a model), so it is asked before that counts.
    """

    location: str
    weight: float
    after: Answer
    before: Answer | None
    abstains: Abstains
    silent: bool = False
    latency_ms: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """One file put to the vote. `asked(line, angle)` says whether an item asked that question."""

    file: FileChange
    units: Sequence[Unit]
    heard: Sequence[Heard]
    asked: Callable[[int, str], bool]
    function_at: Callable[[int], str | None]
    min_agreement: Callable[[str], float]  # angle -> threshold
    examined: Examination = _unasked
    rule: Rule = AS_WEIGHED
    probable: Probable | None = None
    likeness: Likeness = SHIPPED


@dataclass(frozen=True, slots=True)
class Verdict:
    """The findings of one file, and how many old defects outside every touched function were left unproposed."""

    findings: tuple[Finding, ...]
    preexisting: int


def angle_of(issue: Issue) -> str:
    """The angle from which the issue is a defect."""
    row = KINDS.get(issue.kind)
    return row.angle if row is not None else issue.angle or "correctness"


def judge(case: Case) -> Verdict:
    """Merge, place in time, vote. A defect that the change neither touched nor introduced is never posted."""
    merged = union_merge(
        {heard.location: _proposals(case, heard) for heard in case.heard},
        statement_of=_statement_lookup(case.units),
        function_of=case.function_at,
        likeness=case.likeness,
    )
    scope = scope_of(case.file, _before(case.heard))
    findings: list[Finding] = []
    preexisting = 0
    inside = frozenset(line for unit in _right(case.units) for line in range(unit.span.start, unit.span.end + 1))
    for cluster in merged.selected:
        origin = _origin(case, scope, cluster)
        if origin in ("old", "unknown") and cluster.line not in inside:
            preexisting += 1
        else:
            findings.append(_finding(case, cluster, origin))
    return Verdict(tuple(findings), preexisting)


def _right(units: Sequence[Unit]) -> list[Unit]:
    return [unit for unit in units if unit.side == "RIGHT"]


def _proposals(case: Case, heard: Heard) -> list[Proposal]:
    last = max(1, len(case.file.new_lines))
    return [
        Proposal(heard.location, issue)
        for issue in heard.after.issues
        if 1 <= issue.line <= last and case.asked(issue.line, angle_of(issue))
    ]


def _statement_lookup(units: Sequence[Unit]) -> Callable[[int], Span | None]:
    by_line = {
        line: statement
        for unit in _right(units)
        for statement in unit.statements
        for line in range(statement.start, statement.end + 1)
    }
    return by_line.get


def _before(heard: Sequence[Heard]) -> tuple[Issue, ...] | None:
    judged = [one.before for one in heard if one.before is not None and one.before.status == "answered"]
    return tuple(issue for answer in judged for issue in answer.issues) if judged else None


def _origin(case: Case, scope: Scope, cluster: Cluster) -> Origin:
    ends = [proposal.issue.end_line for proposal in cluster.named if proposal.issue.line == cluster.line]
    origin = scope.origin(cluster.kind, cluster.line, min(ends, default=cluster.line))
    if origin != "introduced" or case.file.status in ("added", "copied"):
        return origin
    proposers = [heard for heard in case.heard if heard.location in cluster.locations]
    judged = any(heard.before is not None and heard.before.status == "answered" for heard in proposers)
    return origin if judged else "unknown"


def _finding(case: Case, cluster: Cluster, origin: Origin) -> Finding:
    issue = _lead(cluster, {heard.location: heard.weight for heard in case.heard}).issue
    kind = kind_of(cluster.kind, angle=angle_of(issue), title=headline(issue.message))
    ballots = cast(cluster, [_voter(case, heard, issue, kind.angle) for heard in case.heard])
    vote = vote_of(ballots, case.rule, angle=kind.angle, kind=cluster.kind)
    agreed = share_of_yes(vote)
    lost = vote.selected == "no" and agreed >= 0.5 - _TIE
    likely = None
    if case.probable is not None:
        likely = case.probable.of(ballots, agreed, angle=kind.angle, kind=cluster.kind)
    bar = _Bar(case.min_agreement(kind.angle), None if case.probable is None else case.probable.least)
    disposition, reason = _disposition(origin, agreed, likely, bar, vote.explanation, lost_tie=lost)
    end_line = min(max(issue.line, issue.end_line), max(1, len(case.file.new_lines)))
    return Finding(
        path=case.file.path,
        function=case.function_at(issue.line),
        line=issue.line,
        end_line=end_line,
        side="RIGHT",
        angle=kind.angle,
        kind=cluster.kind,
        severity=_severity(cluster, kind),
        title=kind.title,
        body=issue.message,
        evidence=_evidence(case.file, issue.line, end_line),
        ballots=ballots,
        agreement=round(agreed, 4),
        probability=likely,
        confidence=_confidence(ballots),
        disposition=disposition,
        reason=reason,
        column=issue.column,
        fixes=tuple(
            (proposal.location, proposal.issue.fix) for proposal in cluster.proposals if proposal.issue.fix is not None
        ),
        proposals=cluster.proposals,
    )


def _voter(case: Case, heard: Heard, issue: Issue, angle: str) -> Voter:
    return Voter(
        heard.location,
        heard.weight,
        heard.after,
        heard.abstains(issue.kind, issue.line, angle),
        heard.silent,
        case.examined(issue, heard.location),
        heard.latency_ms,
    )


def _lead(cluster: Cluster, weights: Mapping[str, float]) -> Proposal:
    """The member whose words and place stand for all: on the common line, best said, most precise, most trusted.

    Where analysers name the kind it is one of theirs, as they are exact about both.
    """
    here = [proposal for proposal in cluster.named if proposal.issue.line == cluster.line]
    return min(
        here,
        key=lambda proposal: (
            proposal is not cluster.best,
            proposal.issue.column == 0,
            -weights.get(proposal.location, 1.0),
            -proposal.issue.confidence,
            proposal.location,
            proposal.issue.rule,
        ),
    )


def _severity(cluster: Cluster, kind: Kind) -> Severity:
    """The worst that somebody named. How bad a kind is, models have no say in that an analyser has named."""
    named = tuple(proposal.issue.severity for proposal in cluster.named if proposal.issue.severity is not None)
    return worst(named) if named else kind.severity


def _evidence(file: FileChange, line: int, end_line: int) -> str:
    return "\n".join(file.new_lines[line - 1 : min(end_line, line + EVIDENCE_LINES - 1)])


def _confidence(ballots: Sequence[Ballot]) -> float:
    yes = [ballot for ballot in ballots if ballot.vote == "yes"]
    weight = sum(ballot.weight for ballot in yes)
    return round(sum(ballot.confidence * ballot.weight for ballot in yes) / weight, 4) if weight else 0.0


@dataclass(frozen=True, slots=True)
class _Bar:
    """What a finding needs: agreement, or a probability, where that decides and is known."""

    agreement: float
    probability: float | None


def _disposition(
    origin: Origin, agreed: float, likely: float | None, bar: _Bar, explanation: str, *, lost_tie: bool
) -> tuple[Disposition, str]:
    if origin == "old":
        return "outside_diff", "was there before, on a line that this change left alone"
    if origin == "unknown":
        return "outside_diff", "stands on a line that this change left alone, and the file before could not be judged"
    if bar.probability is not None and likely is not None:
        if likely < bar.probability:
            needed = f"a probability of {likely:.2f}, where {bar.probability:g} is needed"
            return "below_agreement", f"{explanation}; {needed}"
        return "posted", f"{origin} by this change; {explanation}"
    if agreed < bar.agreement:
        return "below_agreement", f"{explanation}; {bar.agreement:g} of the weight is needed"
    if lost_tie:
        return "below_agreement", f"{explanation}; the tie went against it"
    return "posted", f"{origin} by this change; {explanation}"
