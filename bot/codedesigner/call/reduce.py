"""From a full schema to one that every server takes, and from its answers back.

Servers agree on little: an object at the root; every object closed, with all its properties required; no bounds on
lengths at Anthropic and OpenAI; no bounds on fractions anywhere. So the schema that is sent is a reduced one, what it
cannot say stands in its descriptions as words, and the answer is held to the full schema afterwards.

How the form on the wire differs:

- A property that may be absent is there and may be null; null means absent.
- A `number` with minimum 0 and maximum 1 is a whole number from 0 to 100, in hundredths.
- What may be anything (no type, an object without properties, items without a schema) is its JSON text, a string.
- What is no object is the one property `answer` of an object, at the root.

A schema without a type has the type that its other keywords are about.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from pydantic import JsonValue

from codedesigner.angle.output import output_errors
from codedesigner.call.jsontext import MalformedJsonError, dump, parse
from codedesigner.call.model import Schema

Flavour = Literal["anthropic", "openai", "llama"]

ROOT = "answer"
MOST_REPEATED = 2000  # llama.cpp's grammars have no larger counts

_ABOUT: dict[str, tuple[str, ...]] = {
    "object": ("properties", "required", "additionalProperties"),
    "array": ("items", "minItems", "maxItems"),
    "string": ("minLength", "maxLength"),
    "number": ("minimum", "maximum"),
}
_BOUNDS: dict[str, tuple[str, str, str]] = {
    "array": ("minItems", "maxItems", " items"),
    "string": ("minLength", "maxLength", " characters"),
    "number": ("minimum", "maximum", ""),
    "integer": ("minimum", "maximum", ""),
}
_HUNDREDTHS = "A whole number from 0 to 100, in hundredths: 85 is 0.85."
_NULL: JsonValue = {"type": "null"}


def reduced(schema: Schema, flavour: Flavour) -> dict[str, JsonValue]:
    """What is sent for `schema`. It is kept for as long as the same schema object is asked for: do not change it."""
    return _reduced_once(_Same(schema), flavour)


def wire(schema: Mapping[str, JsonValue]) -> str:
    """A schema as compact JSON. Its properties stay in their order, since answers are written in it."""
    return dump(schema)


def reduced_wire(schema: Schema, flavour: Flavour) -> str:
    """What is sent for `schema`, as compact JSON."""
    return _wired_once(_Same(schema), flavour)


def widened(value: JsonValue, schema: Schema) -> JsonValue:
    """An answer to the reduced schema as an answer to the full one.

    What has the full schema's form already stays as it is: not every server holds a model to the reduced one. So
    0.85 stays, and 1.0 too, since whole numbers on the wire have no point; 1 is 0.01.
    """
    if not _is_rooted(schema) and isinstance(value, dict) and set(value) == {ROOT}:
        value = value[ROOT]
    return _widened(value, schema)


def is_fraction(schema: Schema) -> bool:
    """Whether it is a number from 0 to 1, which is sent in hundredths."""
    low, high = schema.get("minimum"), schema.get("maximum")
    is_one = low == 0 and high == 1 and not isinstance(low, bool) and not isinstance(high, bool)
    return is_one and _kind(schema) == "number"


def fraction(hundredths: float) -> float:
    """The number from 0 to 1 that is meant; what is written with a point and is at most 1 is that number itself."""
    return hundredths if isinstance(hundredths, float) and hundredths <= 1 else hundredths / 100


def members(schema: Schema) -> dict[str, Schema]:
    """The properties of an object's schema, the required ones that nothing more is said about at the end."""
    properties, required = schema.get("properties"), schema.get("required")
    named = properties if isinstance(properties, dict) else {}
    known: dict[str, Schema] = {name: child for name, child in named.items() if isinstance(child, dict)}
    for name in required if isinstance(required, list) else ():
        if isinstance(name, str):
            known.setdefault(name, {})
    return known


def required_of(schema: Schema) -> frozenset[str]:
    """The names of the properties that have to be there."""
    required = schema.get("required")
    return frozenset(name for name in required if isinstance(name, str)) if isinstance(required, list) else frozenset()


class _Same:
    """A schema as a key: itself, and not what it holds, since that takes longer to compare than to use."""

    __slots__ = ("schema",)

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.schema is self.schema


@lru_cache(maxsize=64)
def _reduced_once(same: _Same, flavour: Flavour) -> dict[str, JsonValue]:
    node = _node(same.schema, flavour)
    return node if _is_rooted(same.schema) else _closed({ROOT: node})


@lru_cache(maxsize=64)
def _wired_once(same: _Same, flavour: Flavour) -> str:
    return wire(_reduced_once(same, flavour))


def _is_rooted(schema: Schema) -> bool:
    return _kind(schema) == "object"


def _kind(schema: Schema) -> str:
    """The type on the wire's side of things: "enum" and "any" besides JSON Schema's own."""
    if isinstance(schema.get("enum"), list):
        return "enum"
    wanted = schema.get("type")
    if not isinstance(wanted, str):
        wanted = next((name for name, words in _ABOUT.items() if any(word in schema for word in words)), "any")
    if wanted == "object" and not members(schema) and schema.get("additionalProperties") is not False:
        return "any"
    return wanted


def _node(schema: Schema, flavour: Flavour) -> dict[str, JsonValue]:
    kind = _kind(schema)
    if kind == "enum":
        return _described(_choices(schema), schema, "")
    if kind == "any":
        of = "A JSON object" if schema.get("type") == "object" else "A JSON value"
        return _described({"type": "string"}, schema, f"{of}, written as JSON text.")
    if kind == "object":
        return _described(_closed(_properties(schema, flavour)), schema, "")
    if is_fraction(schema):
        node: dict[str, JsonValue] = {"type": "integer"}
        return _described(node | ({"minimum": 0, "maximum": 100} if flavour == "llama" else {}), schema, _HUNDREDTHS)
    node = {"type": kind}
    if kind == "array":
        items = schema.get("items")
        node["items"] = _node(items if isinstance(items, dict) else {}, flavour)
    kept, words = _bounds(schema, kind, flavour)
    return _described(node | kept, schema, words)


def _properties(schema: Schema, flavour: Flavour) -> dict[str, JsonValue]:
    required = required_of(schema)
    return {
        name: node if name in required or _takes_null(node) else {"anyOf": [node, _NULL]}
        for name, child in members(schema).items()
        for node in (_node(child, flavour),)
    }


def _closed(properties: dict[str, JsonValue]) -> dict[str, JsonValue]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _takes_null(node: Mapping[str, JsonValue]) -> bool:
    options = node.get("anyOf")
    return node.get("type") == "null" or (isinstance(options, list) and _NULL in options)


def _described(node: dict[str, JsonValue], schema: Schema, words: str) -> dict[str, JsonValue]:
    own = schema.get("description")
    text = " ".join(part for part in (own.strip() if isinstance(own, str) else "", words) if part)
    return node | {"description": text} if text else node


def _choices(schema: Schema) -> dict[str, JsonValue]:
    """The choices that the rest of the schema admits, by their types; a container among them makes it JSON text."""
    choices = schema.get("enum")
    listed = choices if isinstance(choices, list) else []
    admitted = [each for each in listed if not output_errors(schema, each)] or listed
    if any(isinstance(each, dict | list) for each in admitted):
        return {"type": "string", "enum": list(dict.fromkeys(dump(each) for each in admitted))}
    by_type: dict[str, list[JsonValue]] = {}
    for each in admitted:
        same_type = by_type.setdefault(_type_of(each), [])
        if each not in same_type:
            same_type.append(each)
    nodes: list[JsonValue] = [_NULL if name == "null" else {"type": name, "enum": by} for name, by in by_type.items()]
    only = nodes[0]
    return dict(only) if len(nodes) == 1 and isinstance(only, dict) else {"anyOf": nodes}


def _type_of(value: JsonValue) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return "string" if isinstance(value, str) else "number"


def _bounds(schema: Schema, kind: str, flavour: Flavour) -> tuple[dict[str, JsonValue], str]:
    """The bounds that are enforced, and the others in words."""
    if kind not in _BOUNDS:
        return {}, ""
    low_key, high_key, unit = _BOUNDS[kind]
    kept: dict[str, JsonValue] = {}
    words: list[str] = []
    for key, word, rounded in ((low_key, "At least", math.ceil), (high_key, "At most", math.floor)):
        bound = schema.get(key)
        if isinstance(bound, bool) or not isinstance(bound, int | float) or not math.isfinite(bound):
            continue
        bound = rounded(bound) if kind == "integer" else bound
        if flavour == "llama" and (kind == "integer" or (kind != "number" and bound <= MOST_REPEATED)):
            kept[key] = bound
        else:
            words.append(f"{word} {bound}{unit}.")
    return kept, " ".join(words)


def _widened(value: JsonValue, schema: Schema) -> JsonValue:
    kind = _kind(schema)
    if isinstance(value, str) and (kind == "any" or (kind == "enum" and _has_containers(schema))):
        return _from_text(value, schema)
    if kind == "number" and isinstance(value, int | float) and not isinstance(value, bool) and is_fraction(schema):
        return fraction(value)
    if isinstance(value, list):
        items = schema.get("items")
        return (
            [_widened(each, items if isinstance(items, dict) else {}) for each in value] if kind == "array" else value
        )
    if isinstance(value, dict) and kind == "object":
        known, required = members(schema), required_of(schema)
        return {
            name: _widened(each, known[name]) if name in known else each
            for name, each in value.items()
            if each is not None or name in required or name not in known
        }
    return value


def _has_containers(schema: Schema) -> bool:
    choices = schema.get("enum")
    return isinstance(choices, list) and any(isinstance(each, dict | list) for each in choices)


def _from_text(text: str, schema: Schema) -> JsonValue:
    """The value that is written there, if it is one that the schema admits; else the text itself."""
    try:
        value = parse(text)
    except MalformedJsonError:
        return text
    return text if output_errors(schema, value) else value
