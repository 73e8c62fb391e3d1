"""What is put to a model for an item, and what its answer means."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

from pydantic import JsonValue

from codedesigner.angle.spec import AngleSpec, sources
from codedesigner.change.model import FileChange, Span
from codedesigner.plan.model import ExecutionItem
from codedesigner.protocol.issue import AnswerStatus, Issue
from codedesigner.protocol.wire import (
    ErrorPayload,
    LineRange,
    Metrics,
    RequestConstraints,
    RequestContext,
    VerifyRequest,
    WireIssue,
    WirePlace,
)
from codedesigner.run.anchor import anchor
from codedesigner.run.bus import Answered
from codedesigner.severity import SEVERITIES, Severity, worst

Verdict = Literal["yes", "no", "unsure"]
NOTHING_USED = Metrics()
LEAST_CONFIDENCE = 0.5  # of a claim that says nothing about its own


@dataclass(frozen=True, slots=True)
class Question:
    """One function, term and angle, with its items by pass, the first first."""

    items: tuple[ExecutionItem, ...]

    @property
    def first(self) -> ExecutionItem:
        """The item of its first pass."""
        return self.items[0]

    @property
    def name(self) -> str:
        """The same for all passes."""
        return _name(self.items[0])


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A claim that was made and stands nowhere, with the reason."""

    description: str
    severity: Severity
    reason: str


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """What one location said about one item. `over_budget`: it was not asked, to stay under the review's budget."""

    status: AnswerStatus
    issues: tuple[Issue, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()
    detail: str = ""
    metrics: Metrics = NOTHING_USED
    over_budget: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that goes into a request beside the item. `briefs` and `instructions` are asked by item and by path."""

    files: Mapping[str, FileChange]
    angles: Mapping[str, AngleSpec]
    mark: str = ""
    brief: Callable[[ExecutionItem], str] = lambda _item: ""
    instructions: Callable[[str], str] = lambda _path: ""
    question: Callable[[ExecutionItem], str | None] = lambda _item: None
    language: Callable[[str], str | None] = lambda _path: None
    timeout_ms: int | None = None


def questions_of(items: Sequence[ExecutionItem], locations: frozenset[str]) -> tuple[Question, ...]:
    """The items that one of the locations is asked about, those of a question together, in the order of the plan."""
    asked = [item for item in items if locations.intersection(item.locations)]
    order: dict[str, int] = {}
    for item in asked:
        order.setdefault(_name(item), len(order))
    together = sorted(asked, key=lambda item: (order[_name(item)], item.pass_number))
    return tuple(Question(tuple(group)) for _, group in groupby(together, key=_name))


def _name(item: ExecutionItem) -> str:
    return item.id.rpartition("-")[0]


def request_of(item: ExecutionItem, around: Surroundings, claim: Issue | None = None) -> VerifyRequest:
    """The request for an item; with a `claim`, whether that is right."""
    ref = item.function_ref
    file = around.files[ref.file]
    lines = file.new_lines[ref.start_line - 1 : ref.end_line]
    last = max(ref.start_line, ref.start_line + len(lines) - 1)
    context = RequestContext(
        file_path=ref.file,
        function_name=None if ref.name == "<module>" else ref.name,
        line_range=LineRange(start=ref.start_line, end=last),
        language=around.language(ref.file),
        angle_id=item.angle_id,
        term=item.term,
        question=around.question(item),
        pass_number=item.pass_number,
        previous_issues=() if claim is None else (_claimed(claim, file),),
        brief=around.brief(item),
        instructions=around.instructions(ref.file),
        changed_lines=tuple(n for n in range(ref.start_line, last + 1) if n in file.added_numbers),
        mark=around.mark,
    )
    angle = around.angles[item.angle_id]
    return VerifyRequest(
        code="\n".join(lines),
        angle_spec=angle,
        context=context,
        criteria=angle.evaluation_criteria,
        constraints=RequestConstraints(timeout_ms=around.timeout_ms),
    )


def _claimed(claim: Issue, file: FileChange) -> WireIssue:
    line = min(max(1, claim.line), max(1, len(file.new_lines)))
    return WireIssue(
        severity=claim.severity,
        location=WirePlace(file=file.path, line=line, end_line=max(line, claim.end_line)),
        description=claim.message,
        kind=claim.kind,
        angle=claim.angle,
        evidence=file.new_lines[line - 1] if file.new_lines else "",
    )


def read_answer(request: VerifyRequest, answered: Answered, lines: Sequence[str]) -> ItemAnswer:
    """What an answer to a detection or a term says about the file with these lines."""
    if isinstance(answered, ErrorPayload):
        return _failed(answered)
    result = answered.result if isinstance(answered.result, dict) else {}
    if request.context.term is not None:
        claims = [_term_claim(result)] if result.get("answer") == "yes" else []
    else:
        issues = result.get("issues")
        claims = [claim for claim in issues if isinstance(claim, dict)] if isinstance(issues, list) else []
    placed: list[Issue] = []
    unplaced: list[Unplaced] = []
    for claim in claims:
        found = _placed(claim, request, lines)
        placed.append(found) if isinstance(found, Issue) else unplaced.append(found)
    return ItemAnswer("answered", _together(placed), tuple(unplaced), metrics=answered.metrics)


def read_verdict(answered: Answered) -> tuple[Verdict | None, float, str]:
    """(verdict, confidence, analysis) of an answer to a claim; None where there is no answer, and why."""
    if isinstance(answered, ErrorPayload):
        return None, 0.0, answered.message
    result = answered.result if isinstance(answered.result, dict) else {}
    verdict = result.get("verdict")
    said: Verdict | None = "yes" if verdict == "yes" else "no" if verdict == "no" else "unsure"
    return said, _number(result.get("confidence")), str(result.get("analysis", ""))


def _failed(answered: ErrorPayload) -> ItemAnswer:
    carried = answered.details if isinstance(answered.details, dict) else {}
    status: AnswerStatus = "timeout" if answered.code == "TIMEOUT" else "failed"
    if carried.get("status") == "offline":
        status = "offline"
    return ItemAnswer(status, detail=answered.message, metrics=answered.metrics, over_budget=over_budget(answered))


def over_budget(answered: Answered) -> bool:
    """Whether there is no answer because the budget of the review did not suffice for one."""
    carried = answered.details if isinstance(answered, ErrorPayload) else None
    return isinstance(carried, dict) and carried.get("outcome") == "over_budget"


def out_of_quota(answered: Answered) -> bool:
    """Whether there is no answer because nothing of a quota was left, or came back in time."""
    carried = answered.details if isinstance(answered, ErrorPayload) else None
    return isinstance(carried, dict) and carried.get("outcome") in ("over_quota", "rate_limited")


def _term_claim(result: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {
        "evidence": result.get("evidence"),
        "location": {"line": result.get("line")},
        "description": result.get("analysis"),
        "severity": "medium",
        "confidence": result.get("confidence"),
    }


def _placed(claim: Mapping[str, JsonValue], request: VerifyRequest, lines: Sequence[str]) -> Issue | Unplaced:
    description = str(claim.get("description") or "").strip()
    named = claim.get("severity")
    severity: Severity = next((one for one in SEVERITIES if one == named), "medium")
    where = claim.get("location")
    number = where.get("line") if isinstance(where, dict) else None
    claimed = number if isinstance(number, int) and not isinstance(number, bool) else None
    shown = request.context.line_range or LineRange(start=1, end=max(1, len(lines)))
    found = anchor(str(claim.get("evidence") or ""), claimed, lines, Span(shown.start, shown.end))
    if not description:
        return Unplaced("(no description)", severity, "says nothing about what is wrong")
    if found is None:
        return Unplaced(description, severity, "quotes no line of the code that it was shown")
    angles = sources(request.angle_spec.id)
    named_angle = claim.get("angle")
    angle = next((one for one in angles if one == named_angle), angles[0])
    return Issue(
        kind=f"model/{angle}",
        rule="",
        line=found.line,
        end_line=found.end_line,
        message=description,
        severity=severity,
        confidence=_number(claim.get("confidence")),
        angle=angle,
    )


def _number(value: JsonValue) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    return LEAST_CONFIDENCE


def _together(issues: Sequence[Issue]) -> tuple[Issue, ...]:
    """What one answer says about one line and angle as one issue, which holds every word of it."""
    found: dict[tuple[str, int], Issue] = {}
    for issue in issues:
        known = found.get((issue.kind, issue.line))
        found[issue.kind, issue.line] = issue if known is None else _both(known, issue)
    return tuple(found.values())


def _both(known: Issue, issue: Issue) -> Issue:
    said = known.message.split("\n\n")
    severities = tuple(one.severity for one in (known, issue) if one.severity is not None)
    return replace(
        known,
        message=known.message if issue.message in said else f"{known.message}\n\n{issue.message}",
        end_line=max(known.end_line, issue.end_line),
        severity=worst(severities) if severities else None,
        confidence=max(known.confidence, issue.confidence),
    )


def once(issues: Sequence[Issue]) -> tuple[Issue, ...]:
    """One issue for each kind and line, in the words of whoever was surest; several passes say one thing in many."""
    best: dict[tuple[str, int], Issue] = {}
    for issue in issues:
        known = best.get((issue.kind, issue.line))
        if known is None or issue.confidence > known.confidence:
            best[issue.kind, issue.line] = issue
    return tuple(best.values())
