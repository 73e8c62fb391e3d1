"""What is put to a model that is to repair a function, and what its answer makes of the function.

The answer holds text for the lines that were shown, and nothing else: there is no way in it to name another file, or
another place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pydantic import JsonValue

from codedesigner.angle.output import Schema
from codedesigner.change.identifiers import masked
from codedesigner.change.model import Span, split_lines
from codedesigner.change.signatures import declaration
from codedesigner.change.visible import line_shown, name_shown, visible
from codedesigner.plan.model import ExecutionItem
from codedesigner.protocol.wire import (
    Granularity,
    LineRange,
    RefineConstraints,
    RefineRequest,
    RequestContext,
    ResponsePayload,
    WireIssue,
)
from codedesigner.run.anchor import anchor
from codedesigner.run.fix import lines_with_ends
from codedesigner.run.loop.fitting import fitted
from codedesigner.run.loop.lines import opcodes
from codedesigner.run.loop.problem import Attempt
from codedesigner.run.questions import Surroundings
from codedesigner.text import render

LONGEST_WHOLE = 120
"""Lines of a function that is written anew as a whole; of a longer one, single statements are."""
LONGEST_ANSWER = 60_000  # characters
LONGEST_SAID = 1_500
MOST_SAID = 6
MOST_CHANGES = 20

MUST_NOT_INTRODUCE: tuple[str, ...] = (
    "anything that only hides the defect, such as an error that is swallowed or a value that is made up",
    "a check or test that is switched off, or a request to a linter or type checker to say nothing",
    "anything outside these lines, new addresses, secrets, and calls that run other programs or text as code",
    "another defect",
)


@dataclass(frozen=True, slots=True)
class Refined:
    """The function as it is to be, and why."""

    text: str
    reason: str


def refine_request(
    attempt: Attempt, around: Surroundings, item: ExecutionItem, granularity: Granularity
) -> RefineRequest:
    """The request for the next text of an attempt."""
    problem, state = attempt.problem, attempt.state
    whole = granularity == "function" and attempt.count <= LONGEST_WHOLE
    hints = [*problem.hints, *(f"The last answer was refused: {one.reason}" for one in attempt.said)]
    return RefineRequest(
        code=shown_code(state.text),
        issues=problem.claims,
        constraints=RefineConstraints(
            must_preserve=_must_preserve(attempt), must_not_introduce=MUST_NOT_INTRODUCE, style_guide=None
        ),
        guidance="\n".join(hints[-MOST_SAID:]),
        granularity="function" if whole else "statement",
        context=context_of(attempt, around, item, brief=around.brief(item)),
    )


def context_of(attempt: Attempt, around: Surroundings, item: ExecutionItem, *, brief: str = "") -> RequestContext:
    """Where the function of an attempt stands, as it is now."""
    problem, span = attempt.problem, attempt.span
    unit = problem.unit
    return RequestContext(
        file_path=problem.file.path,
        function_name=None if unit is None or unit.name == "<module>" else unit.name,
        line_range=LineRange(start=span.start, end=span.end),
        language=problem.source.language,
        angle_id=item.angle_id,
        pass_number=attempt.state.current_pass,
        brief=brief,
        instructions=around.instructions(problem.file.path),
        changed_lines=_changed(attempt),
        mark=around.mark,
    )


def shown_code(text: str) -> str:
    """A function as a request holds it: lines that LF separates, the last without."""
    return "\n".join(split_lines(text))


def _changed(attempt: Attempt) -> tuple[int, ...]:
    """Which lines are new: those of the change under review, and those of the fix."""
    first, added = attempt.region.start, attempt.problem.file.added_numbers
    before, after = lines_with_ends(attempt.state.original), lines_with_ends(attempt.state.text)
    old = {
        new_start + offset: first + old_start + offset
        for tag, old_start, old_end, new_start, _ in opcodes(before, after)
        for offset in range(old_end - old_start if tag == "equal" else 0)
    }
    return tuple(first + at for at in range(len(after)) if at not in old or old[at] in added)


def _must_preserve(attempt: Attempt) -> tuple[str, ...]:
    unit, language = attempt.problem.unit, attempt.problem.source.language
    kept = ["what the code does wherever the defect plays no part"]
    if unit is not None and unit.kind in ("function", "method"):
        lines = split_lines(masked(attempt.problem.source.text, language))
        kept.insert(
            0, f"name, parameters and results: {name_shown(declaration(lines, unit.span, unit.name, language))}"
        )
    return tuple(kept)


def refine_schema(request: RefineRequest) -> Schema:
    """The shape of the answer. Why comes before what."""
    text: JsonValue = {"type": "string", "maxLength": LONGEST_ANSWER}
    said: JsonValue = {"type": "string", "maxLength": LONGEST_SAID}
    if request.granularity == "function":
        return {
            "type": "object",
            "required": ["analysis", "code"],
            "properties": {"analysis": said, "code": text},
        }
    change: JsonValue = {
        "type": "object",
        "required": ["line", "before", "after"],
        "properties": {"line": {"type": "integer"}, "before": text, "after": text},
    }
    return {
        "type": "object",
        "required": ["analysis", "changes"],
        "properties": {"analysis": said, "changes": {"type": "array", "items": change, "maxItems": MOST_CHANGES}},
    }


def refine_question(request: RefineRequest) -> str:
    """What has to be repaired, and how the answer is to be written."""
    place = request.context.line_range or LineRange(start=1, end=1)
    data = {
        "issues": [claim_shown(issue) for issue in request.issues],
        "guidance": quoted(request.guidance) if request.guidance.strip() else [],
        "keep": [_one_line(each) for each in request.constraints.must_preserve],
        "avoid": [_one_line(each) for each in request.constraints.must_not_introduce],
        "whole": request.granularity == "function",
        "start": place.start,
        "end": place.end,
    }
    return render("prompts/refine.txt.j2", data)


def claim_shown(issue: WireIssue) -> dict[str, object]:
    """A claim as a prompt shows it: the line, and what is said of it, each behind a mark."""
    return {
        "line": issue.location.line,
        "severity": issue.severity,
        "evidence": line_shown(issue.evidence or "").strip(),
        "claim": quoted(issue.description),
    }


def quoted(text: str, most: int = LONGEST_SAID) -> list[str]:
    """What somebody has said, line by line, bounded: it may repeat what the code told it to say."""
    said = visible(text.strip(), keep="\t\n")
    said = said if len(said) <= most else f"{said[:most]}…"
    return [line for line in said.split("\n") if line.strip()] or ["(nothing)"]


def _one_line(text: str) -> str:
    return " ".join(visible(text, keep="\t\n").split())


def read_refined(request: RefineRequest, answered: ResponsePayload, attempt: Attempt) -> Refined | str:
    """The new text of the function, or why the answer holds none."""
    result: Mapping[str, JsonValue] = answered.result if isinstance(answered.result, dict) else {}
    analysis = result.get("analysis")
    reason = analysis.strip() if isinstance(analysis, str) and analysis.strip() else "it gave no reason"
    old = attempt.state.text
    if request.granularity == "statement":
        text = _statement_by_statement(result.get("changes"), attempt)
    else:
        code = result.get("code")
        text = _fit(code, old) if isinstance(code, str) else "does not apply: it holds no code"
    return text if isinstance(text, str) else Refined(text.text, reason[:LONGEST_SAID])


@dataclass(frozen=True, slots=True)
class _Text:
    text: str


def _fit(code: str, old: str) -> _Text | str:
    if len(code) > LONGEST_ANSWER:
        return f"it is longer than {LONGEST_ANSWER} characters"
    text = fitted(code, old)
    return "does not apply: it holds characters that end or break lines" if text is None else _Text(text)


def _statement_by_statement(changes: JsonValue, attempt: Attempt) -> _Text | str:
    if not isinstance(changes, list) or not all(isinstance(change, dict) for change in changes):
        return "does not apply: it holds no list of changes"
    lines, first = lines_with_ends(attempt.state.text), attempt.region.start
    replaced: list[tuple[int, int, str]] = []
    for change in changes[:MOST_CHANGES]:
        made = _one_change(change, lines, first, attempt) if isinstance(change, dict) else "it is no change"
        if isinstance(made, str):
            return f"does not apply: {made}"
        replaced.append(made)
    replaced.sort()
    if any(one[1] >= other[0] for one, other in pairwise(replaced)):
        return "does not apply: two of its changes are of the same lines"
    for start, end, text in reversed(replaced):
        lines[start - first : end - first + 1] = [text]
    return _Text("".join(lines))


def _one_change(
    change: Mapping[str, JsonValue], lines: Sequence[str], first: int, attempt: Attempt
) -> tuple[int, int, str] | str:
    before, after, number = change.get("before"), change.get("after"), change.get("line")
    if not isinstance(before, str) or not isinstance(after, str) or not before.strip():
        return "a change names no statement"
    claimed = number - first + 1 if isinstance(number, int) and not isinstance(number, bool) else None
    plain = [line.removesuffix("\n") for line in lines]
    found = anchor(before, claimed, plain, Span(1, len(plain)))
    wanted = sum(1 for line in before.strip().split("\n") if line.strip())
    if found is None or found.how == "part" or _filled(plain[found.line - 1 : found.end_line]) != wanted:
        return "a change quotes lines that do not stand there"
    start, end = first + found.line - 1, first + found.end_line - 1
    if _owner(attempt, start) != _owner(attempt, end):
        return "a change is of more than one statement"
    text = _fit(after, "".join(lines[found.line - 1 : found.end_line]))
    return text if isinstance(text, str) else (start, end, text.text)


def _filled(lines: Sequence[str]) -> int:
    return sum(1 for line in lines if line.strip())


def _owner(attempt: Attempt, number: int) -> int:
    """The index of the statement that holds a line of the file."""
    at = attempt.region.start
    for index, line in enumerate(attempt.state.lines):
        at += len(lines_with_ends(line.current_content))
        if number < at:
            return index
    return len(attempt.state.lines)
