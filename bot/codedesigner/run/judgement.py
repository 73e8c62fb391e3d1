"""What is put to the supervisor about an unclear claim, and what its answer means.

It is asked like any worker, by a `verify_request`; what it may choose from stands in the request. Its words decide
nothing else: whatever is not one of the views it was offered is no decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from codedesigner.angle.output import Schema
from codedesigner.angle.spec import AngleSpec
from codedesigner.change.visible import line_shown, visible
from codedesigner.plan.model import ExecutionItem
from codedesigner.protocol.wire import Depth, ErrorPayload, VerifyRequest, View, WireAlternative
from codedesigner.run.bus import Answered
from codedesigner.run.questions import Surroundings, request_of
from codedesigner.severity import SEVERITIES, Severity
from codedesigner.text import render

Choice = Literal["defect", "other", "no_defect", "unsure"]

LEAST_SURE = 0.5
"""A choice of which the supervisor is less sure than this counts as unsure."""
MOST_REASONS = 4
LONGEST_SAID = 800  # characters of a claim or a reason


@dataclass(frozen=True, slots=True)
class Dispute:
    """A claim that is unclear: the item that shows its code, and the views of it, at most one of each kind."""

    item: ExecutionItem
    alternatives: tuple[WireAlternative, ...]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the supervisor makes of a dispute; `choice` None where it gave no answer, and `reason` says why.

    `note` says what it knew, or could not get to know, beside the code.
    """

    choice: Choice | None
    reason: str
    severity: Severity | None = None
    confidence: float = 0.0
    note: str = ""


def judge_request(dispute: Dispute, around: Surroundings, *, deep: bool = True) -> VerifyRequest:
    """The request for a dispute: the item's code as everybody was shown it, and the views."""
    request = request_of(dispute.item, around)
    # Terms and passes belong to the search for defects; the dispute is about what was found.
    context = request.context.model_copy(update={"term": None, "question": None, "pass_number": 1})
    depth: Depth = "deep" if deep else "normal"
    return request.model_copy(
        update={"context": context, "criteria": (), "alternatives": dispute.alternatives, "depth": depth}
    )


def judge_schema(request: VerifyRequest) -> Schema:
    """The shape of the answer: one of the views offered, or unsure. Why comes before what."""
    return {
        "type": "object",
        "required": ["analysis", "choice", "severity", "confidence"],
        "properties": {
            "analysis": {"type": "string", "maxLength": 2000},
            "choice": {"enum": [*_offered(request), "unsure"]},
            "severity": {"enum": list(SEVERITIES)},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        },
    }


def judge_question(request: VerifyRequest) -> str:
    """The views, and what was looked up about them."""
    return render("prompts/judge.txt.j2", {**views_shown(request), "looked_up": request.looked_up}).strip()


def views_shown(request: VerifyRequest) -> dict[str, object]:
    """The views, each with how many hold it and why; never who: a name would have a weight of its own."""
    return {"views": [_shown(each) for each in request.alternatives], "angle": _angle(request.angle_spec)}


def read_opinion(request: VerifyRequest, answered: Answered) -> Opinion:
    """What an answer decides; what is none of the views offered is unsure."""
    if isinstance(answered, ErrorPayload):
        return Opinion(None, answered.message)
    result: Mapping[str, JsonValue] = answered.result if isinstance(answered.result, dict) else {}
    said, sure, named = result.get("choice"), _share(result.get("confidence")), result.get("severity")
    analysis = result.get("analysis")
    reason = analysis if isinstance(analysis, str) and analysis.strip() else "it gave no reason"
    choice: Choice = next((view for view in _offered(request) if view == said), "unsure")
    if sure < LEAST_SURE:
        choice = "unsure"
    return Opinion(choice, reason, next((one for one in SEVERITIES if one == named), None), sure)


def _offered(request: VerifyRequest) -> list[View]:
    return [each.view for each in request.alternatives]


def _share(value: JsonValue) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
    return float(value) if number and isinstance(value, int | float) else 0.0


def _shown(alternative: WireAlternative) -> dict[str, object]:
    claim = alternative.claim
    return {
        "view": alternative.view,
        "severity": None if claim is None else claim.severity,
        "evidence": None if claim is None else line_shown(claim.evidence or "").strip(),
        "claim": None if claim is None else _bounded(claim.description),
        "supporters": alternative.supporters,
        "silent": alternative.silent,
        "reasons": [_bounded(reason) for reason in alternative.reasons[:MOST_REASONS]],
        "more": max(0, len(alternative.reasons) - MOST_REASONS),
    }


def _bounded(text: str) -> str:
    """On one line, so that nothing in it can pass for a part of the question."""
    said = " ".join(visible(text, keep="\t\n").split())
    return said if len(said) <= LONGEST_SAID else f"{said[:LONGEST_SAID]}… (cut)"


def _angle(angle: AngleSpec) -> str:
    return f"{angle.name}. {' '.join(angle.description.split())}".rstrip(".")
