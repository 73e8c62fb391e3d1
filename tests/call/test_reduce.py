from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import JsonValue

from codedesigner.angle.output import ANGLE_OUTPUT_SCHEMA, output_errors, schema_errors
from codedesigner.call.reduce import Flavour, reduced, reduced_wire, widened, wire

FLAVOURS: tuple[Flavour, ...] = ("anthropic", "openai", "llama")
every_flavour = pytest.mark.parametrize("flavour", FLAVOURS)
FRACTION: dict[str, JsonValue] = {"type": "number", "minimum": 0, "maximum": 1}


def obj(required: list[str], **properties: JsonValue) -> dict[str, JsonValue]:
    return {"type": "object", "required": list(required), "properties": properties}


def sent(schema: JsonValue, flavour: Flavour = "llama") -> Any:
    """What stands on the wire for one property."""
    return reduced(obj(["x"], x=schema), flavour)["properties"]["x"]  # type: ignore[call-overload, index]


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    yield schema
    for child in [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]:
        yield from nodes(child)
    if "items" in schema:
        yield from nodes(schema["items"])


@every_flavour
def test_every_object_is_closed_and_names_all_its_properties_in_order(flavour: Flavour) -> None:
    objects = [node for node in nodes(reduced(ANGLE_OUTPUT_SCHEMA, flavour)) if node.get("type") == "object"]

    assert len(objects) == 3
    for node in objects:
        assert node["additionalProperties"] is False
        assert node["required"] == list(node["properties"])
    properties = ANGLE_OUTPUT_SCHEMA["properties"]
    assert isinstance(properties, dict)
    assert objects[0]["required"] == list(properties)


def test_an_optional_property_may_be_null() -> None:
    node = reduced(obj(["a"], a={"type": "string"}, b={"type": "string"}, c={"enum": ["x", None]}), "openai")

    assert node["properties"] == {
        "a": {"type": "string"},
        "b": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "c": {"anyOf": [{"type": "string", "enum": ["x"]}, {"type": "null"}]},
    }


@pytest.mark.parametrize(
    ("schema", "node"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 9}, {"type": "integer", "minimum": 1, "maximum": 9}),
        ({"type": "integer", "minimum": float("-inf")}, {"type": "integer"}),
        ({"type": "integer", "minimum": 0.5}, {"type": "integer", "minimum": 1}),
        ({"type": "number", "minimum": -1}, {"type": "number", "description": "At least -1."}),
        ({"type": "string", "minLength": 1, "maxLength": 2000}, {"type": "string", "minLength": 1, "maxLength": 2000}),
        ({"type": "string", "maxLength": 2001}, {"type": "string", "description": "At most 2001 characters."}),
        (
            {"type": "array", "items": {"type": "string"}, "maxItems": 5},
            {"type": "array", "items": {"type": "string"}, "maxItems": 5},
        ),
        ({"title": "T", "description": " D. ", "type": "boolean"}, {"type": "boolean", "description": "D."}),
        (
            {"enum": ["a", 1, True]},
            {"anyOf": [{"type": t, "enum": [v]} for t, v in (("string", "a"), ("number", 1), ("boolean", True))]},
        ),
        ({"enum": [1, 1.0, 2, 9], "type": "integer", "maximum": 5}, {"type": "number", "enum": [1, 2]}),
        ({}, {"type": "string", "description": "A JSON value, written as JSON text."}),
        ({"type": "object"}, {"type": "string", "description": "A JSON object, written as JSON text."}),
    ],
)
def test_what_llama_enforces_is_kept(schema: JsonValue, node: JsonValue) -> None:
    assert sent(schema) == node


@pytest.mark.parametrize("flavour", ["anthropic", "openai"])
def test_elsewhere_every_bound_is_said_in_words(flavour: Flavour) -> None:
    schema: JsonValue = {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2, "maxItems": 5}

    assert sent(schema, flavour) == {
        "type": "array",
        "items": {"type": "integer", "description": "At least 1."},
        "description": "At least 2 items. At most 5 items.",
    }


def test_a_number_from_0_to_1_is_sent_in_hundredths() -> None:
    words = "A whole number from 0 to 100, in hundredths: 85 is 0.85."

    assert sent(FRACTION) == {"type": "integer", "minimum": 0, "maximum": 100, "description": words}
    assert sent(FRACTION, "openai") == {"type": "integer", "description": words}
    assert sent({**FRACTION, "maximum": 2})["type"] == "number"


@pytest.mark.parametrize(
    ("said", "meant"), [(85, 0.85), (100, 1), (0, 0), (1, 0.01), (0.85, 0.85), (1.0, 1.0), (85.0, 0.85), (-5, -0.05)]
)
def test_hundredths_are_turned_back(said: float, meant: float) -> None:
    assert widened({"x": said}, obj([], x=FRACTION)) == {"x": meant}


def test_null_for_an_absent_key_is_taken_away_and_other_nulls_stay() -> None:
    schema = obj(["a", "e"], a={"type": "string"}, b={"type": "string"}, d=obj([], f=FRACTION), e={"type": "null"})

    said: JsonValue = {"a": None, "b": None, "c": None, "d": {"f": None}, "e": None}

    assert widened(said, schema) == {"a": None, "c": None, "d": {}, "e": None}


def test_a_root_that_is_no_object_is_put_into_one() -> None:
    schema: dict[str, JsonValue] = {"type": "array", "items": FRACTION}
    root = reduced(schema, "openai")

    assert root["required"] == ["answer"]
    assert widened({"answer": [50]}, schema) == [0.5]
    assert widened([50], schema) == [0.5]


def test_json_text_that_is_no_json_stays_text() -> None:
    assert widened({"x": "not {json"}, obj([], x={})) == {"x": "not {json"}
    assert widened({"x": "[1]"}, obj([], x={"type": "object"})) == {"x": "[1]"}


def test_a_required_name_without_a_schema_is_asked_for() -> None:
    assert reduced(obj(["x"]), "openai")["required"] == ["x"]


@every_flavour
def test_the_bytes_are_the_same_for_equal_schemas(flavour: Flavour) -> None:
    copy = json.loads(json.dumps(ANGLE_OUTPUT_SCHEMA))

    assert copy is not ANGLE_OUTPUT_SCHEMA
    assert wire(reduced(copy, flavour)) == reduced_wire(ANGLE_OUTPUT_SCHEMA, flavour)
    assert json.loads(reduced_wire(copy, flavour)) == reduced(copy, flavour)


def test_two_schemas_are_not_mistaken_for_each_other() -> None:
    kept = [reduced(obj(["x"], x={"type": "string", "maxLength": n}), "llama") for n in range(200)]

    assert [node["properties"]["x"]["maxLength"] for node in kept] == list(range(200))  # type: ignore[call-overload, index]


# --- every valid value has a form on the wire, and comes back as it was ---

names = st.sampled_from(["zeta", "alpha", "type", "answer", "m"])
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
numbers = st.integers(-20, 20) | st.floats(-20, 20)
anything = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=4,
)
BASES: tuple[dict[str, Any], ...] = (
    {"type": "string"},
    {"type": "string", "minLength": 1, "maxLength": 4, "title": "T", "description": "D"},
    {"type": "string", "maxLength": 3000},
    {"type": "integer", "minimum": -3, "maximum": 12},
    {"type": "integer"},
    {"type": "number", "minimum": -2.5, "maximum": 7},
    dict(FRACTION),
    {"minimum": 0, "maximum": 1.0},
    {"type": "boolean"},
    {"type": "null"},
    {"enum": ["low", "high"]},
    {"enum": ["a", 1, 2.5, True, None]},
    {"enum": ["1", 1, [1], {"a": None}]},
    {"type": "integer", "enum": [1, 2, 30], "maximum": 10},
    {"type": "object"},
    {"type": "object", "additionalProperties": False},
    {},
)


def arrays(items: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from([{}, {"maxItems": 2}, {"minItems": 1, "maxItems": 3}]).map(
        lambda bounds: {"type": "array", "items": items, **bounds}
    )


def objects(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(names, inner, min_size=1, max_size=3).flatmap(
        lambda properties: st.lists(st.sampled_from(list(properties)), unique=True).map(
            lambda required: {"type": "object", "properties": properties, "required": required}
        )
    )


schemas = st.recursive(st.sampled_from(BASES), lambda inner: inner.flatmap(arrays) | objects(inner), max_leaves=5)


def values(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that the full schema admits."""
    if "enum" in schema:
        return st.sampled_from([each for each in schema["enum"] if not output_errors(schema, each)])
    kind = schema.get("type", "number" if "minimum" in schema else "any")
    low, high = schema.get("minimum", -50), schema.get("maximum", 50)
    if kind == "string":
        return st.text(
            st.characters(exclude_categories=["Cs"]),
            min_size=schema.get("minLength", 0),
            max_size=min(8, schema.get("maxLength", 8)),
        )
    if kind == "integer":
        return st.integers(low, high)
    if kind == "number":
        return st.integers(0, 100).map(lambda each: each / 100) if (low, high) == (0, 1) else st.floats(low, high)
    if kind == "array":
        return st.lists(values(schema["items"]), min_size=schema.get("minItems", 0), max_size=schema.get("maxItems", 3))
    if kind == "object":
        return _object_values(schema)
    return {"boolean": st.booleans(), "null": st.none()}.get(kind, anything)


def _object_values(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    if "properties" not in schema:
        return (
            st.just({}) if schema.get("additionalProperties") is False else st.dictionaries(texts, anything, max_size=2)
        )
    required = {name: values(schema["properties"][name]) for name in schema["required"]}
    optional = {name: values(child) for name, child in schema["properties"].items() if name not in required}
    # An optional key that holds null is the same as one that is absent.
    return st.fixed_dictionaries(required, optional=optional).map(
        lambda value: {name: each for name, each in value.items() if each is not None or name in required}
    )


def on_wire(value: Any, schema: Mapping[str, Any]) -> Any:
    """The form on the wire, written down a second time from its description."""
    if "enum" in schema:
        holds = any(isinstance(each, dict | list) for each in schema["enum"])
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if holds else value
    if schema == {} or (
        schema.get("type") == "object" and "properties" not in schema and "additionalProperties" not in schema
    ):
        return json.dumps(value)
    if (schema.get("minimum"), schema.get("maximum")) == (0, 1):
        return round(value * 100)
    if isinstance(value, list):
        return [on_wire(each, schema["items"]) for each in value]
    if isinstance(value, dict):
        return {
            name: on_wire(value[name], child) if name in value else None
            for name, child in schema.get("properties", {}).items()
        }
    return value


def is_object(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "object" and ("properties" in schema or "additionalProperties" in schema)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), schema=schemas, flavour=st.sampled_from(FLAVOURS))
def test_every_valid_value_has_a_form_on_the_wire_and_comes_back(
    data: st.DataObject, schema: dict[str, Any], flavour: Flavour
) -> None:
    value = data.draw(values(schema))
    assert schema_errors(schema) == ()
    assert output_errors(schema, value) == ()
    form = on_wire(value, schema)
    form = form if is_object(schema) else {"answer": form}

    small = reduced(schema, flavour)

    Draft202012Validator.check_schema(small)
    assert [error.message for error in Draft202012Validator(small).iter_errors(form)] == []
    assert widened(form, schema) == value


ALLOWED = {"type", "properties", "required", "additionalProperties", "items", "enum", "anyOf", "description"}
COUNTS = {"minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"}


@settings(deadline=None)
@given(schema=schemas, flavour=st.sampled_from(FLAVOURS))
def test_only_what_the_server_takes_is_sent(schema: dict[str, Any], flavour: Flavour) -> None:
    small = reduced(schema, flavour)

    assert small["type"] == "object"
    for node in nodes(small):
        assert set(node) <= ALLOWED | (COUNTS if flavour == "llama" else set())
        assert ("type" in node) != ("anyOf" in node)
        assert node.get("type") != "number" or not set(node) & COUNTS
        assert "items" in node or node.get("type") != "array"
