from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from codedesigner.angle.output import output_errors
from codedesigner.call.repair import MOST_TOLD, coerced

FRACTION = {"type": "number", "minimum": 0, "maximum": 1}


@pytest.mark.parametrize(
    ("schema", "said", "meant"),
    [
        ({"enum": ["low", "high"]}, " High\n", "high"),
        ({"enum": [1, 2]}, "2", 2),
        ({"enum": [True, "x"]}, "TRUE", True),
        ({"type": "integer"}, "3", 3),
        ({"type": "integer"}, " -12 ", -12),
        ({"type": "integer"}, 3.0, 3),
        ({"type": "integer"}, "3.0", 3),
        ({"type": "number"}, "2.5", 2.5),
        ({"type": "number"}, "7", 7),
        (FRACTION, "85", 0.85),
        (FRACTION, "0.85", 0.85),
        ({"type": "boolean"}, "true", True),
        ({"type": "boolean"}, " False", False),
        ({"type": "array", "items": {"type": "string"}}, None, []),
    ],
)
def test_what_is_plainly_meant_is_put_right(schema: dict[str, JsonValue], said: JsonValue, meant: JsonValue) -> None:
    value, done = coerced({"a": [said]}, {"properties": {"a": {"items": schema}}})

    assert value == {"a": [meant]}
    assert type(value["a"][0]) is type(meant)  # type: ignore[index]
    assert len(done) == 1
    assert done[0].startswith("a[0]: ")


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"enum": ["low", "high"]}, "highest"),
        ({"enum": ["A", "a"]}, " a"),
        ({"enum": ["low"]}, None),
        ({"type": "integer"}, "three"),
        ({"type": "integer"}, "3.5"),
        ({"type": "integer"}, 3.5),
        ({"type": "integer"}, "٣"),
        ({"type": "integer"}, "9" * 5000),
        ({"type": "integer"}, 1e300),
        ({"type": "integer"}, True),
        ({"type": "number"}, "NaN"),
        ({"type": "number"}, "1e999"),
        ({"type": "number"}, 85),
        (FRACTION, 85),
        ({"type": "boolean"}, "yes"),
        ({"type": "boolean"}, 1),
        ({"type": "string"}, None),
        ({"type": "string"}, 3),
        ({"type": "array"}, "x"),
        ({"type": "array"}, {}),
        ({"type": "object"}, None),
        ({}, "3"),
    ],
)
def test_nothing_is_made_up(schema: dict[str, Any], said: JsonValue) -> None:
    assert coerced(said, schema) == (said, ())


def test_only_so_many_repairs_are_told() -> None:
    value, done = coerced(["1"] * 100, {"type": "array", "items": {"type": "integer"}})

    assert value == [1] * 100
    assert len(done) == MOST_TOLD + 1
    assert done[-1] == "80 more"


SCHEMAS: list[dict[str, Any]] = [
    {"type": "integer", "minimum": 0},
    {"type": "number"},
    FRACTION,
    {"type": "boolean"},
    {"type": "array", "items": {"type": "integer"}},
    {"enum": ["low", "High", 3, None]},
    {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}, "b": {"enum": ["x"]}}},
]
said_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.sampled_from(["3", " HIGH", "true", "0.5", "1e3", "-0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(schema=st.sampled_from(SCHEMAS), value=said_values)
def test_a_repair_never_makes_it_worse_and_is_done_once(schema: dict[str, Any], value: JsonValue) -> None:
    once, done = coerced(value, schema)

    assert coerced(once, schema) == (once, ())
    assert len(output_errors(schema, once)) <= len(output_errors(schema, value))
    if not done:
        assert once == value
