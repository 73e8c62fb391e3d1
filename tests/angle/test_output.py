from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from codedesigner.angle.output import ANGLE_OUTPUT_SCHEMA, output_errors, schema_errors, unreadable

ISSUE = {"evidence": "x = 1", "description": "x", "severity": "high", "location": {"file": "a.py", "line": 3}}


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ([], "the answer has to be of type object"),
        ({"summary": ""}, "the answer lacks issues"),
        ({"issues": {}, "summary": ""}, "issues has to be of type array"),
        ({"issues": [{**ISSUE, "severity": "bad"}], "summary": ""}, "issues[0].severity has to be one of low,"),
        ({"issues": [ISSUE, {**ISSUE, "confidence": 1.1}], "summary": ""}, "issues[1].confidence has to be at most 1"),
        ({"issues": [{**ISSUE, "location": {"line": "3"}}], "summary": ""}, "issues[0].location.line"),
        (
            {"issues": [{"evidence": "x", "description": "x", "severity": "low"}], "summary": ""},
            "issues[0] lacks location",
        ),
        ({"issues": [], "summary": "", "notes": [1]}, "notes[0] has to be of type string"),
    ],
)
def test_an_answer_that_breaks_the_shape_is_told_where(output: object, words: str) -> None:
    errors = output_errors(ANGLE_OUTPUT_SCHEMA, output)

    assert len(errors) == 1
    assert words in errors[0]


def test_an_answer_of_the_right_shape() -> None:
    assert output_errors(ANGLE_OUTPUT_SCHEMA, {"issues": [ISSUE], "summary": "One.", "confidence": 0.5}) == ()


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "$ref": "http://example.com/schema"},
        {"properties": {"a": {"pattern": "(a+)+$"}}},
        {"items": {"type": "strnig"}},
        {"enum": []},
        {"minimum": "0"},
        {"maxLength": -1},
        {"required": "a"},
        {"additionalProperties": {"type": "string"}},
        {"properties": {"a": 3}},
        3,
    ],
)
def test_a_schema_with_what_is_not_supported_is_refused(schema: object) -> None:
    assert schema_errors(schema) != ()


def test_a_schema_without_end_is_refused() -> None:
    schema: dict[str, object] = {"type": "string"}
    for _ in range(30):
        schema = {"items": schema}

    assert "nested too deeply" in schema_errors(schema)[0]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array"},
        {"type": "object", "required": ["issues"]},
        {"type": "object", "required": ["issues", "summary"], "properties": {"issues": {"type": "string"}}},
        {
            "type": "object",
            "required": ["issues", "summary"],
            "properties": {"issues": {"type": "array", "items": {"type": "object", "required": ["description"]}}},
        },
    ],
)
def test_answers_have_to_be_readable_as_findings(schema: dict[str, Any]) -> None:
    assert unreadable(schema) is not None


def test_the_shared_schema_is_one_that_everybody_understands() -> None:
    Draft202012Validator.check_schema(ANGLE_OUTPUT_SCHEMA)
    assert schema_errors(ANGLE_OUTPUT_SCHEMA) == ()
    assert unreadable(ANGLE_OUTPUT_SCHEMA) is None


names = st.sampled_from(["a", "b", "c"])
leaves = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, 1.0, -2.0]) | st.text("xy", max_size=3)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3))
bounds = st.integers(0, 3)


def with_children(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["object", "array", "string", "number", "integer", "boolean", "null"]),
            "enum": st.lists(leaves, min_size=1, max_size=3),
            "required": st.lists(names, max_size=2, unique=True),
            "properties": st.dictionaries(names, inner, max_size=2),
            "additionalProperties": st.booleans(),
            "items": inner,
            "minimum": bounds,
            "maximum": bounds,
            "minLength": bounds,
            "maxLength": bounds,
            "minItems": bounds,
            "maxItems": bounds,
        },
    )


EMPTY: dict[str, Any] = {}
schemas = st.recursive(st.just(EMPTY), with_children, max_leaves=4)


@settings(deadline=None)
@given(schemas, values)
def test_the_same_verdict_as_a_full_validator(schema: dict[str, Any], value: object) -> None:
    assert schema_errors(schema) == ()
    assert (output_errors(schema, value) == ()) == Draft202012Validator(schema).is_valid(value)
