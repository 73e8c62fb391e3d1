"""Between answers and the messages that carry them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.protocol.convert import plain_issue, to_answer, to_payload, wire_issue
from codedesigner.protocol.issue import Answer, Edit, Fix, Issue
from codedesigner.protocol.wire import ErrorPayload, ResponsePayload
from codedesigner.severity import SEVERITIES

NUMBERS = st.integers(1, 10_000)
TEXTS = st.text(max_size=30)
EDITS = st.builds(Edit, NUMBERS, NUMBERS, NUMBERS, NUMBERS, TEXTS)
FIXES = st.builds(Fix, st.lists(EDITS, max_size=3).map(tuple), st.booleans(), TEXTS)
ISSUES = st.builds(
    Issue,
    kind=TEXTS,
    rule=TEXTS,
    line=NUMBERS,
    end_line=NUMBERS,
    message=TEXTS,
    column=st.integers(0, 500),
    severity=st.none() | st.sampled_from(SEVERITIES),
    confidence=st.floats(0, 1),
    angle=st.none() | TEXTS,
    fix=st.none() | FIXES,
    url=st.none() | TEXTS,
)
ANSWERS = st.builds(
    Answer,
    st.sampled_from(["answered", "unparsed", "failed", "timeout", "offline"]),
    st.lists(ISSUES, max_size=4).map(tuple),
    TEXTS,
)


@given(ISSUES)
def test_an_issue_comes_back_as_it_was(issue: Issue) -> None:
    assert plain_issue(wire_issue(issue, "a.py")) == issue


@given(ANSWERS)
def test_an_answer_comes_back_as_it_was(answer: Answer) -> None:
    payload = to_payload(answer)
    again = type(payload).model_validate_json(payload.model_dump_json())
    assert to_answer(again) == answer


def test_failures_are_errors_with_a_code() -> None:
    late = to_payload(Answer("timeout", detail="120 s"))
    assert isinstance(late, ErrorPayload)
    assert (late.code, late.recoverable, late.suggested_action) == ("TIMEOUT", True, "retry")
    gone = to_payload(Answer("offline"))
    assert isinstance(gone, ErrorPayload)
    assert (gone.code, gone.message, gone.recoverable) == ("TOOL_FAILED", "offline", False)


def test_what_could_not_be_read_whole_is_partial_and_says_why() -> None:
    payload = to_payload(Answer("unparsed", detail="syntax error"), duration_ms=3.5)
    assert isinstance(payload, ResponsePayload)
    assert (payload.status, payload.warnings, payload.metrics.duration_ms) == ("partial", ("syntax error",), 3.5)


@pytest.mark.parametrize("result", [None, [], {}, {"issues": 1}, {"issues": [{"line": 1}]}])
def test_a_response_without_issues_is_refused(result: object) -> None:
    payload = ResponsePayload.model_validate_json(f'{{"status": "success", "result": {_json(result)}}}')
    with pytest.raises(ValueError, match="holds no list of issues"):
        to_answer(payload)


def _json(value: object) -> str:
    import json

    return json.dumps(value)


def test_an_answer_may_explain_itself_with_the_name_of_a_file_that_is_no_text() -> None:
    answer = Answer("failed", detail="cannot read caf\udce9.py")
    payload = to_payload(answer)
    assert isinstance(payload, ErrorPayload)
    assert payload.message == "cannot read caf\\xe9.py"
    assert to_answer(payload) == answer
