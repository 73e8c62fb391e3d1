"""From an item to a request, and from an answer to issues that stand somewhere."""

from __future__ import annotations

from typing import Any

import pytest

from codedesigner.angle.compose import asked_as_one
from codedesigner.angle.spec import AngleSpec, FocusArea
from codedesigner.change.model import FileChange, Hunk, Line
from codedesigner.plan.model import ExecutionItem, FunctionRef
from codedesigner.protocol.issue import Issue
from codedesigner.protocol.wire import ErrorPayload, ResponsePayload
from codedesigner.run.questions import (
    LEAST_CONFIDENCE,
    ItemAnswer,
    Surroundings,
    once,
    questions_of,
    read_answer,
    read_verdict,
    request_of,
)

TEXT = "import os\n\ndef f(x):\n    y = 1 / x\n    return y\n\n\ndef g(y):\n    return y\n"
HUNK = Hunk(4, 0, 4, 2, "", (Line("added", None, 4, "    y = 1 / x"), Line("added", None, 9, "    return y")))
FILE = FileChange("a.py", None, "modified", False, 2, 0, (HUNK,), new=TEXT.encode())
AREA = FocusArea(id="logic", name="Logic", indicators=("x",), severity_if_violated="high")


def angle(name: str) -> AngleSpec:
    return AngleSpec(id=name, version="1.0.0", name=name, description="d", system_prompt="Look.", focus_areas=(AREA,))


ONE, TWO = angle("correctness"), angle("security")
AROUND = Surroundings(
    {"a.py": FILE},
    {"correctness": ONE, "correctness+security": asked_as_one((ONE, TWO))},
    mark="3fa",
    question=lambda item: "Is it so?" if item.term else None,
    language=lambda _path: "python",
)
F = FunctionRef("a.py", "f", 3, 5)


def item(ref: FunctionRef = F, *, name: str = "correctness", term: str | None = None) -> ExecutionItem:
    return ExecutionItem(f"{ref.name}{name}-1", ref, term, name, 1, locations=("one",))


def answer(value: Any, *, name: str = "correctness", term: str | None = None) -> ItemAnswer:
    request = request_of(item(name=name, term=term), AROUND)
    return read_answer(request, ResponsePayload(status="success", result=value), FILE.new_lines)


def claim(evidence: str = "y = 1 / x", **more: Any) -> dict[str, Any]:
    return {"evidence": evidence, "location": {"line": 4}, "description": "Wrong.", "severity": "high", **more}


def issues(*claims: Any) -> dict[str, Any]:
    return {"issues": list(claims), "summary": ""}


def test_a_request_holds_the_function_and_nothing_else_of_the_file() -> None:
    request = request_of(item(term="money"), AROUND)
    assert request.code == "def f(x):\n    y = 1 / x\n    return y"
    assert request.context.changed_lines == (4,)
    assert request.context.line_range is not None
    assert (request.context.line_range.start, request.context.line_range.end) == (3, 5)
    assert (request.context.function_name, request.context.language) == ("f", "python")
    assert (request.context.term, request.context.question, request.context.mark) == ("money", "Is it so?", "3fa")
    assert request.context.previous_issues == ()


def test_code_outside_functions_has_no_name_and_a_span_behind_the_end_is_cut() -> None:
    request = request_of(item(FunctionRef("a.py", "<module>", 8, 99)), AROUND)
    assert request.context.function_name is None
    assert request.code == "def g(y):\n    return y"
    assert request.context.line_range is not None
    assert request.context.line_range.end == 9


def test_a_claim_goes_with_its_line_as_the_file_has_it() -> None:
    issue = Issue("undefined-name", "F821", 4, 4, "`x` is not defined", severity="high")
    (told,) = request_of(item(), AROUND, issue).context.previous_issues
    assert (told.evidence, told.description, told.location.line) == ("    y = 1 / x", "`x` is not defined", 4)


def test_what_is_found_stands_where_its_words_stand() -> None:
    (issue,) = answer(issues(claim("return y", confidence=0.7))).issues
    assert (issue.line, issue.kind, issue.angle, issue.severity) == (5, "model/correctness", "correctness", "high")
    assert (issue.message, issue.confidence) == ("Wrong.", 0.7)


def test_two_defects_on_one_line_keep_all_their_words() -> None:
    first = claim(description="Divides by zero.", severity="low", confidence=0.4)
    said = answer(issues(first, claim(description="Loses precision.", severity="critical"), first))
    (issue,) = said.issues
    assert issue.message == "Divides by zero.\n\nLoses precision."
    assert (issue.severity, issue.confidence) == ("critical", LEAST_CONFIDENCE)


@pytest.mark.parametrize(
    ("given", "severity", "confidence"),
    [
        ({"severity": "awful"}, "medium", 0.5),
        ({"confidence": 7}, "high", 0.5),
        ({"confidence": True}, "high", 0.5),
        ({"confidence": "high"}, "high", 0.5),
        ({"confidence": 1}, "high", 1.0),
        ({"location": None}, "high", 0.5),
        ({"location": {"line": "four"}}, "high", 0.5),
        ({"location": {"line": -4}}, "high", 0.5),
    ],
)
def test_odd_values_are_not_believed(given: dict[str, Any], severity: str, confidence: float) -> None:
    (issue,) = answer(issues(claim(**given))).issues
    assert (issue.line, issue.severity, issue.confidence) == (4, severity, confidence)


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (claim("import os"), "quotes no line of the code that it was shown"),
        (claim(""), "quotes no line of the code that it was shown"),
        (claim(description="  "), "says nothing about what is wrong"),
        ({}, "says nothing about what is wrong"),
    ],
)
def test_what_cannot_be_placed_is_kept_with_its_reason(one: dict[str, Any], reason: str) -> None:
    said = answer(issues(one))
    assert (said.status, said.issues) == ("answered", ())
    assert [each.reason for each in said.unplaced] == [reason]


@pytest.mark.parametrize(
    ("said", "lines"), [("yes", [4]), ("no", []), ("unsure", [])]
)  # what it means, and not whether it says a line
def test_a_term_is_a_defect_only_where_the_answer_is_yes(said: str, lines: list[int]) -> None:
    value = {"evidence": "y = 1 / x", "line": 4, "analysis": "It is.", "answer": said, "confidence": 0.9}
    assert [issue.line for issue in answer(value, term="money").issues] == lines


@pytest.mark.parametrize(
    ("named", "found"), [("security", "security"), ("correctness", "correctness"), ("style", "correctness")]
)
def test_a_composed_angle_gives_a_finding_one_of_its_own(named: str, found: str) -> None:
    (issue,) = answer(issues(claim(angle=named)), name="correctness+security").issues
    assert (issue.angle, issue.kind) == (found, f"model/{found}")


def test_one_line_may_have_a_defect_from_each_angle() -> None:
    both = issues(claim(angle="security"), claim(angle="correctness"))
    assert len(answer(both, name="correctness+security").issues) == 2


@pytest.mark.parametrize(
    ("code", "details", "status", "over"),
    [
        ("TIMEOUT", None, "timeout", False),
        ("INTERNAL_ERROR", {"outcome": "refused", "status": "failed"}, "failed", False),
        ("INTERNAL_ERROR", {"outcome": "offline", "status": "offline"}, "offline", False),
        ("RATE_LIMITED", {"outcome": "over_budget", "status": "failed"}, "failed", True),
    ],
)
def test_an_error_is_no_answer(code: str, details: Any, status: str, over: bool) -> None:
    error = ErrorPayload.model_validate({"code": code, "message": "no", "details": details, "recoverable": True})
    said = read_answer(request_of(item(), AROUND), error, FILE.new_lines)
    assert (said.status, said.over_budget, said.detail) == (status, over, "no")


@pytest.mark.parametrize(
    ("value", "verdict"),
    [({"verdict": "yes"}, "yes"), ({"verdict": "no"}, "no"), ({"verdict": "perhaps"}, "unsure"), ("text", "unsure")],
)
def test_a_verdict_is_yes_no_or_unsure(value: Any, verdict: str) -> None:
    assert read_verdict(ResponsePayload(status="success", result=value))[0] == verdict


def test_who_fails_has_no_verdict() -> None:
    error = ErrorPayload(code="TIMEOUT", message="too slow", recoverable=True)
    assert read_verdict(error) == (None, 0.0, "too slow")


def test_items_of_a_question_come_together_in_the_order_of_the_plan() -> None:
    def pass_of(name: str, number: int, *locations: str) -> ExecutionItem:
        return ExecutionItem(f"{name}-{number}", F, None, "correctness", number, locations=locations)

    plan = [pass_of("b", 1, "one"), pass_of("a", 1, "one"), pass_of("a", 2, "one"), pass_of("b", 2, "two")]
    found = questions_of(plan, frozenset({"one"}))
    assert [[each.id for each in question.items] for question in found] == [["b-1"], ["a-1", "a-2"]]
    assert [question.name for question in found] == ["b", "a"]


def test_over_several_passes_the_surest_words_stay() -> None:
    one = Issue("model/correctness", "", 4, 4, "Perhaps.", confidence=0.3)
    other = Issue("model/correctness", "", 4, 4, "Surely.", confidence=0.9)
    assert once([one, other]) == (other,)
    assert len(once([one, Issue("model/security", "", 4, 4, "Else.")])) == 2
