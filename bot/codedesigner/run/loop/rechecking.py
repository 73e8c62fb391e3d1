"""What a model is asked about a repaired function, and what its answers object to.

Twice it looks: at the new code from the angle of the defect, as if it had never seen it, and at both versions with the
claim before it: is this repaired, or only hidden?
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from pydantic import JsonValue

from codedesigner.angle.spec import sources
from codedesigner.change.model import split_lines
from codedesigner.plan.model import ExecutionItem
from codedesigner.protocol.wire import RequestConstraints, ResponsePayload, VerifyRequest
from codedesigner.run.loop.problem import Attempt, Objection
from codedesigner.run.loop.refining import claim_shown, context_of, shown_code
from codedesigner.run.questions import LEAST_CONFIDENCE, Surroundings, read_answer
from codedesigner.text import render

_YES_NO: JsonValue = ["yes", "no", "unsure"]
RECHECK_SCHEMA: dict[str, JsonValue] = {
    "type": "object",
    "required": ["analysis", "repaired", "preserved", "confidence"],
    "properties": {
        "analysis": {"type": "string", "maxLength": 1500},
        "repaired": {"enum": _YES_NO},
        "preserved": {"enum": _YES_NO},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
    },
}


def look_request(attempt: Attempt, around: Surroundings, item: ExecutionItem) -> VerifyRequest:
    """The repaired function, to be looked at from the angle of the defect like any code."""
    angle = around.angles[item.angle_id]
    return VerifyRequest(
        code=shown_code(attempt.state.text),
        angle_spec=angle,
        context=context_of(attempt, around, item, brief=around.brief(item)),
        criteria=angle.evaluation_criteria,
        constraints=RequestConstraints(timeout_ms=around.timeout_ms),
    )


def recheck_request(attempt: Attempt, around: Surroundings, item: ExecutionItem) -> VerifyRequest:
    """Both versions and the claim."""
    request = look_request(attempt, around, item)
    context = request.context.model_copy(update={"previous_issues": attempt.problem.claims, "pass_number": 1})
    return request.model_copy(update={"context": context, "criteria": (), "before": shown_code(attempt.state.original)})


def recheck_question(request: VerifyRequest, before: str, angle: str) -> str:
    """The question; `before` is the old code as it is shown."""
    claims = [claim_shown(issue) for issue in request.context.previous_issues]
    return render("prompts/recheck.txt.j2", {"before": before, "claims": claims, "angle": angle})


def read_recheck(location: str, answered: ResponsePayload, angle: str) -> Objection | None:
    """What speaks against the repair; None where it holds. What a location is not sure of does not hold."""
    result: Mapping[str, JsonValue] = answered.result if isinstance(answered.result, dict) else {}
    if result.get("repaired") != "yes":
        sure = result.get("repaired") == "no"
        return Objection(
            f"{location} still complains" if sure else f"{location} is not sure that the defect is repaired", angle
        )
    if result.get("preserved") != "yes":
        sure = result.get("preserved") == "no"
        return Objection(
            f"{location} sees that the code does something else now"
            if sure
            else f"{location} is not sure that the code still does all it did",
            angle,
        )
    return None


def read_look(
    location: str, request: VerifyRequest, answered: ResponsePayload, attempt: Attempt, known: AbstractSet[str]
) -> tuple[Objection, ...]:
    """What the location sees in the repaired function that it had not said before.

    `known` are the lines (folded) of which it said something before: what it says of them again is no objection, unless
    it is the line of the defect.
    """
    lines = split_lines(attempt.text)
    answer = read_answer(request, answered, lines)
    angle = sources(request.angle_spec.id)[0]
    faulty = {folded(issue.evidence or "") for issue in attempt.problem.claims}
    found: list[Objection] = []
    for issue in answer.issues:
        text = folded(lines[issue.line - 1])
        if issue.confidence < LEAST_CONFIDENCE or (text in known and text not in faulty):
            continue
        reason = (
            f"{location} still complains"
            if text in faulty
            else f"{location} sees a new defect in the result: {' '.join(issue.message.split())[:200]}"
        )
        found.append(Objection(reason, issue.angle or angle, issue.line))
    return tuple(found)


def folded(line: str) -> str:
    """A line without the blanks that a change of indentation moves."""
    return " ".join(line.split())
