from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from codedesigner.protocol.issue import Answer, Edit, Fix, Issue
from codedesigner.severity import SEVERITIES
from codedesigner.state.encoding import decoded, encoded

TEXT = st.text(st.characters(exclude_categories=()), max_size=8)  # half surrogate pairs included
NUMBER = st.integers(0, 10**9)
FIX = st.builds(Fix, st.lists(st.builds(Edit, *[NUMBER] * 4, TEXT), max_size=3).map(tuple), st.booleans(), TEXT)
ISSUE = st.builds(
    Issue,
    kind=TEXT,
    rule=TEXT,
    line=NUMBER,
    end_line=NUMBER,
    message=TEXT,
    column=NUMBER,
    severity=st.none() | st.sampled_from(SEVERITIES),
    confidence=st.floats(0, 1),
    angle=st.none() | TEXT,
    fix=st.none() | FIX,
    url=st.none() | TEXT,
)
ANSWER = st.builds(Answer, st.sampled_from(["answered", "unparsed"]), st.lists(ISSUE, max_size=3).map(tuple), TEXT)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(ANSWER)
def test_an_answer_survives(answer: Answer) -> None:
    text = encoded(answer)
    assert decoded(text) == answer
    assert text.isascii()


def test_a_whole_number_is_a_confidence() -> None:
    answer = Answer("answered", (Issue("k", "r", 1, 1, "m", confidence=1),))
    assert decoded(encoded(answer)) == answer


@given(ANSWER, st.data())
def test_what_was_tampered_with_is_no_answer_or_reads_as_it_is_written(answer: Answer, data: st.DataObject) -> None:
    whole = json.loads(encoded(answer))
    target = data.draw(st.sampled_from([whole, *whole["issues"]]))
    name = data.draw(st.sampled_from(sorted(target)))
    target[name] = data.draw(JSON)
    read = decoded(json.dumps(whole))
    assert read is None or json.loads(encoded(read)) == whole


@given(TEXT | JSON.map(json.dumps))
def test_anything_else_is_no_answer(text: str) -> None:
    assert decoded(text) is None


def test_a_number_that_is_no_confidence_is_no_answer() -> None:
    text = encoded(Answer("answered", (Issue("k", "r", 1, 1, "m"),)))
    assert decoded(text.replace("1.0", "9" * 400)) is None


def test_a_deep_or_cut_text_is_no_answer() -> None:
    assert decoded("[" * 100_000) is None
    assert decoded(encoded(Answer("answered", (Issue("k", "r", 1, 1, "m"),)))[:-1]) is None
    assert decoded('{"status":"perfect","issues":[],"detail":""}') is None
    assert decoded('{"status":"answered","issues":[],"detail":true}') is None
