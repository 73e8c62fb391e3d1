"""Findings that the models' vote does not decide: which they are, and the views of them to choose from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from codedesigner.change.model import FileChange
from codedesigner.plan.model import ExecutionItem, ExecutionPlan
from codedesigner.protocol.convert import wire_issue
from codedesigner.protocol.issue import Issue
from codedesigner.protocol.wire import View, WireAlternative, WireIssue
from codedesigner.run.judgement import Dispute
from codedesigner.severity import Severity, rank
from codedesigner.vote.finding import Ballot, Finding
from codedesigner.vote.judge import Verdict
from codedesigner.vote.standing import MODEL
from codedesigner.vote.strategies.ballots import agreement
from codedesigner.vote.strategies.base import AggregationInput, AggregationResult, Response
from codedesigner.vote.strategies.supervisor import SupervisorSelection

MARGIN = 0.15
"""How near to the threshold, or to one half, an agreement decides nothing."""
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Bar:
    """What a finding has to reach: the agreement that posts it; `severe`: it would block.

    `voters`: so many locations have to have judged it before the word of models alone may block.
    """

    min_agreement: float
    severe: bool
    voters: int = 2


@dataclass(frozen=True, slots=True)
class Unclear:
    """A finding that the vote does not decide, why, and what can be put to the supervisor about it."""

    finding: Finding
    why: str
    dispute: Dispute | None


def unjudged(finding: Finding, bar: Bar) -> str | None:
    """Why too few have judged a finding for it to block, or to be let go; None where enough have, or it blocks nothing.

    Who is silent was not asked: that is counted as a no, and is no judgement.
    """
    if finding.disposition not in ("posted", "below_agreement") or not bar.severe:
        return None
    judged = [ballot for ballot in finding.ballots if ballot.vote != "abstain" and ballot.how != "silent"]
    silent = sum(ballot.vote != "abstain" and ballot.how == "silent" for ballot in finding.ballots)
    if silent and finding.agreement < bar.min_agreement - _TOLERANCE <= agreement(judged) - _TOLERANCE:
        return f"{silent} that could not be asked would decide it"
    if finding.kind.startswith(MODEL) and len(judged) < bar.voters and agreement(judged) >= bar.min_agreement:
        if len(judged) == 1:
            return "only one location could judge it"
        return f"only {len(judged)} locations could judge it, where {bar.voters} have to"
    return None


def unclear(finding: Finding, bar: Bar, models: AbstractSet[str], margin: float = MARGIN) -> str | None:
    """Why the vote does not decide the finding; None where it does, or where no model has a vote on it.

    Somebody has to disagree for an agreement to be too near to the threshold: a unanimous vote is clear, unless too few
    have judged, and the finding would block.
    """
    if finding.disposition not in ("posted", "below_agreement"):
        return None
    deciding = [ballot for ballot in finding.ballots if ballot.vote != "abstain"]
    if not any(ballot.location in models for ballot in deciding):
        return None
    few = unjudged(finding, bar)
    if few is not None:
        return few
    if len({ballot.vote for ballot in deciding}) == 1:
        return None
    if margin >= 1:
        return f"somebody disputes it, with an agreement of {finding.agreement:.2f}"
    if abs(finding.agreement - bar.min_agreement) <= margin + _TOLERANCE:
        return f"its agreement of {finding.agreement:.2f} is too near to the {bar.min_agreement:g} that is needed"
    if abs(finding.agreement - 0.5) <= margin + _TOLERANCE:
        return f"the vote is split, with an agreement of {finding.agreement:.2f}"
    return None


def unclear_ones(
    verdicts: Sequence[Verdict],
    plan: ExecutionPlan,
    files: Mapping[str, FileChange],
    *,
    bar: Callable[[Finding], Bar],
    models: AbstractSet[str],
    margin: float = MARGIN,
) -> tuple[Unclear, ...]:
    """The findings that the vote does not decide, the most severe first. `models` are the ids of those that vote.

    With a `margin` of 1, that is every finding that somebody disputes.
    """
    items = items_by_file(plan)
    found: list[Unclear] = []
    for verdict in verdicts:
        for finding in verdict.findings:
            why = unclear(finding, bar(finding), models, margin)
            if why is not None:
                shows = item_of(finding, items[finding.path])
                views = alternatives(finding, files[finding.path].new_lines)
                found.append(Unclear(finding, why, None if shows is None else Dispute(shows, views)))
    return tuple(sorted(found, key=lambda one: -rank(one.finding.severity)))


def items_by_file(plan: ExecutionPlan) -> Mapping[str, Sequence[ExecutionItem]]:
    """Path -> the items that ask about it; () for any other path."""
    items: dict[str, list[ExecutionItem]] = defaultdict(list)
    for item in plan.items:
        items[item.function_ref.file].append(item)
    return items


def item_of(finding: Finding, items: Sequence[ExecutionItem]) -> ExecutionItem | None:
    """The item that shows the finding's code, best one that asked from its angle and about no term."""
    around = [item for item in items if item.function_ref.start_line <= finding.line <= item.function_ref.end_line]
    if not around:
        return None
    return min(
        around,
        key=lambda item: (
            finding.angle not in item.angle_id.split("+"),
            item.term is not None,
            item.pass_number,
            item.function_ref.end_line - item.function_ref.start_line,
            item.id,
        ),
    )


def alternatives(finding: Finding, lines: Sequence[str]) -> tuple[WireAlternative, ...]:
    """The views of a finding: as claimed, as most of those see it who put it elsewhere or lower, and as none."""
    other = less_or_elsewhere(finding)
    holding: dict[str, list[Ballot]] = defaultdict(list)
    for ballot, view in views_held(finding):
        holding[view].append(ballot)
    no = holding["no_defect"]
    asked = [ballot for ballot in no if ballot.how != "silent"]
    views = [_view("defect", finding, _claim(finding), holding["defect"], lines)]
    if other is not None:
        views.append(_view("other", finding, other, holding["other"], lines))
    views.append(
        WireAlternative(
            view="no_defect",
            supporters=len(asked),
            silent=len(no) - len(asked),
            reasons=_once([ballot.reason for ballot in asked]),
        )
    )
    return tuple(views)


def views_held(finding: Finding) -> list[tuple[Ballot, View]]:
    """Every ballot that decides, with the view that it stands for."""
    other = less_or_elsewhere(finding)
    elsewhere = frozenset() if other is None else _proposers(finding, other)
    held: list[tuple[Ballot, View]] = []
    for ballot in finding.ballots:
        if ballot.vote == "no":
            held.append((ballot, "no_defect"))
        elif ballot.vote == "yes":
            held.append((ballot, "other" if ballot.location in elsewhere else "defect"))
    return held


def chosen(finding: Finding, choice: View | None) -> AggregationResult[View | None]:
    """What a choice of the supervisor among the views comes to; selected is None where it decides nothing."""
    views: AggregationInput[View] = AggregationInput(
        tuple(
            Response(ballot.location, view, ballot.confidence, ballot.weight) for ballot, view in views_held(finding)
        ),
    )
    return SupervisorSelection(always=("defect", "no_defect")).settle(views, choice)


def _view(
    view: str, finding: Finding, claim: Issue, supporters: Sequence[Ballot], lines: Sequence[str]
) -> WireAlternative:
    names = {ballot.location for ballot in supporters}
    said = [proposal.issue.message for proposal in finding.proposals if proposal.location in names]
    reasons = _once([*said, *(ballot.reason for ballot in supporters)], but=claim.message)
    return WireAlternative(
        view="other" if view == "other" else "defect",
        claim=_wired(claim, finding.path, lines),
        supporters=len(supporters),
        reasons=reasons,
    )


def _wired(claim: Issue, path: str, lines: Sequence[str]) -> WireIssue:
    plain = replace(claim, rule="", fix=None, url=None)  # a rule would name its analyser
    evidence = lines[claim.line - 1] if 1 <= claim.line <= len(lines) else ""
    return wire_issue(plain, path).model_copy(update={"evidence": evidence})


def _once(texts: Sequence[str], but: str = "") -> tuple[str, ...]:
    return tuple(text for text in dict.fromkeys(texts) if text.strip() and text != but)


def _claim(finding: Finding) -> Issue:
    return Issue(
        kind=finding.kind,
        rule="",
        line=finding.line,
        end_line=finding.end_line,
        message=finding.body,
        column=finding.column,
        severity=finding.severity,
        angle=finding.angle,
    )


def _place(issue: Issue, finding: Finding) -> tuple[int, Severity]:
    return issue.line, issue.severity or finding.severity


def _proposers(finding: Finding, other: Issue) -> frozenset[str]:
    """Who holds the other view, and not the claim as well."""
    places: dict[str, set[tuple[int, Severity]]] = defaultdict(set)
    for proposal in finding.proposals:
        places[proposal.location].add(_place(proposal.issue, finding))
    claimed, wanted = (finding.line, finding.severity), _place(other, finding)
    return frozenset(name for name, held in places.items() if wanted in held and claimed not in held)


def less_or_elsewhere(finding: Finding) -> Issue | None:
    """The proposal of another line, or of a lower severity, with most weight behind it; None where there is none."""
    weights = {ballot.location: ballot.weight for ballot in finding.ballots}
    others = [
        proposal.issue
        for proposal in finding.proposals
        if _place(proposal.issue, finding) != (finding.line, finding.severity)
        and rank(proposal.issue.severity or finding.severity) <= rank(finding.severity)
    ]

    def weight(issue: Issue) -> float:
        return sum(weights.get(name, 0.0) for name in _proposers(finding, issue))

    held = [issue for issue in others if _proposers(finding, issue)]
    return min(
        held,
        key=lambda issue: (-weight(issue), issue.line, rank(issue.severity or finding.severity), issue.message),
        default=None,
    )
