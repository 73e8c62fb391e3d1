"""What a model is shown for a request: from what all questions share to what this one alone has.

The order is what servers need to reuse the beginning of a prompt: the rules, then the code with its brief, then the
angle, the term and the pass. Nothing that differs from angle to angle stands before the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pydantic import JsonValue

from codedesigner.angle.output import Schema
from codedesigner.angle.spec import AngleSpec, sources
from codedesigner.call.model import Prompt
from codedesigner.change.model import split_lines
from codedesigner.change.visible import line_shown, name_shown, visible
from codedesigner.protocol.wire import AnalyzeRequest, RefineRequest, VerifyRequest, WireIssue
from codedesigner.run.judgement import judge_question, judge_schema
from codedesigner.run.loop.rechecking import RECHECK_SCHEMA, recheck_question
from codedesigner.run.loop.refining import quoted, refine_question, refine_schema
from codedesigner.text import render

Asking = Literal["detect", "term", "critique", "judge", "recheck", "refine", "analyse"]
LONGEST_TERM = 300  # characters; a term may come from the change
LONGEST_CLAIM = 4_000

# Models that cannot be made to choose other words can be made to read in another order.
READINGS: tuple[str, ...] = (
    "",
    "Read from the last line to the first: for each line, ask what has to be true before it.",
    "Begin with the lines marked +: for each, ask what the code around it assumed that is no longer so.",
    "Begin with the calls: for each, ask what it returns or raises when it fails, and who notices.",
    "Begin with the conditions and loops: for each, take the value just before, at and just behind its border.",
    "Begin with what is passed in: for each value, take the empty, missing, largest and strangest one.",
    "Begin with what is left behind: for each way out, ask what is open, locked, changed or half done.",
    "Begin with the names: for each, ask whether it holds what its name says wherever it is used.",
)

_VERDICTS: JsonValue = ["yes", "no", "unsure"]
_CONFIDENCE: JsonValue = {"type": "number", "minimum": 0, "maximum": 1}
CRITIQUE_SCHEMA: dict[str, JsonValue] = {
    "type": "object",
    "required": ["analysis", "verdict", "confidence"],
    "properties": {
        "analysis": {"type": "string", "maxLength": 1500},
        "verdict": {"enum": _VERDICTS},
        "confidence": _CONFIDENCE,
    },
}
TERM_SCHEMA: dict[str, JsonValue] = {
    "type": "object",
    "required": ["evidence", "line", "analysis", "answer", "confidence"],
    "properties": {
        "evidence": {"type": "string"},
        "line": {"type": "integer"},
        "analysis": {"type": "string", "maxLength": 1500},
        "answer": {"enum": _VERDICTS},
        "confidence": _CONFIDENCE,
    },
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is sent for a request: the prompt, and the shape of the answer under a name for it."""

    asking: Asking
    prompt: Prompt
    schema: Schema


@cache
def rules() -> str:
    """What every model is told first, whatever it is asked."""
    return render("prompts/system.txt.j2", {}).strip()


def asking(request: VerifyRequest) -> Asking:
    """Which kind of question a request is."""
    if request.alternatives:
        return "judge"
    if request.before is not None:
        return "recheck"
    if request.context.previous_issues:
        return "critique"
    return "detect" if request.context.term is None else "term"


def asked(request: VerifyRequest | AnalyzeRequest | RefineRequest, prefix: str | None = None) -> Asked:
    """The prompt for a request. `prefix` is what the location puts before every system prompt."""
    system = f"{prefix.strip()}\n\n{rules()}" if prefix and prefix.strip() else rules()
    if isinstance(request, AnalyzeRequest):
        question = "\n\n".join(request.questions).strip()
        return Asked("analyse", Prompt(system, _shared(request), question), request.output_schema or {})
    if isinstance(request, RefineRequest):
        question = refine_question(request).strip()
        return Asked("refine", Prompt(system, _shared(request), question), refine_schema(request))
    kind = asking(request)
    schemas: Mapping[Asking, Schema] = {
        "detect": request.angle_spec.output_schema,
        "term": TERM_SCHEMA,
        "critique": CRITIQUE_SCHEMA,
        "recheck": RECHECK_SCHEMA,
    }
    ask = {"detect": _detect, "term": _term, "critique": _critique, "judge": judge_question, "recheck": _recheck}[kind]
    question = ask(request)
    return Asked(kind, Prompt(system, _shared(request), question.strip()), schemas.get(kind) or judge_schema(request))


def numbered(code: str, first: int, *, changed: frozenset[int] = frozenset(), mark: str = "") -> str:
    """Every line with its number in the file, a + where it is new, and the mark; none holds what could end it."""
    lines = split_lines(code)
    width = len(str(first + len(lines) - 1))
    return "\n".join(
        f"{number:>{width}}{'+' if number in changed else ' '}{mark}| {line_shown(line)}".rstrip()
        for number, line in enumerate(lines, start=first)
    )


def _shared(request: VerifyRequest | AnalyzeRequest | RefineRequest) -> str:
    context = request.context
    first = 1 if context.line_range is None else context.line_range.start
    shown = numbered(request.code, first, changed=frozenset(context.changed_lines), mark=context.mark)
    data = {
        "instructions": context.instructions.strip(),
        "brief": visible(context.brief.strip(), keep="\t\n"),
        "path": name_shown(context.file_path),
        "function": None if context.function_name is None else name_shown(context.function_name),
        "language": context.language,
        "code": shown,
    }
    return render("prompts/code.txt.j2", data).strip()


def _detect(request: VerifyRequest) -> str:
    angle, number = request.angle_spec, request.context.pass_number
    areas = list(angle.focus_areas)
    turn = (number - 1) % len(areas)
    data = {
        "instructions": angle.system_prompt.strip(),
        "criteria": request.criteria,
        "areas": areas,
        "angles": sources(angle.id),
        # Said last, because all before it is then the same in every pass, and servers keep it.
        "start": areas[turn].name if turn else None,
        "reading": READINGS[(number - 1) % len(READINGS)],
    }
    return render("prompts/detect.txt.j2", data)


def _term(request: VerifyRequest) -> str:
    context = request.context
    term = " ".join(visible(context.term or "").split())
    data = {
        "term": term if len(term) <= LONGEST_TERM else f"{term[:LONGEST_TERM]}…",
        "question": context.question,
        "angle": _view(request.angle_spec),
    }
    return render("prompts/term.txt.j2", data)


def _critique(request: VerifyRequest) -> str:
    claim: WireIssue = request.context.previous_issues[0]
    data = {
        "evidence": line_shown(claim.evidence or "").strip(),
        "claim": quoted(claim.description, LONGEST_CLAIM),
        "angle": _view(request.angle_spec),
    }
    return render("prompts/critique.txt.j2", data)


def _recheck(request: VerifyRequest) -> str:
    first = 1 if request.context.line_range is None else request.context.line_range.start
    before = numbered(request.before or "", first, mark=request.context.mark)
    return recheck_question(request, before, _view(request.angle_spec))


def _view(angle: AngleSpec) -> str:
    return f"{angle.name}. {' '.join(angle.description.split())}".rstrip(".")
