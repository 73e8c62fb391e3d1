"""What an angle's answer has to look like: a small, closed part of JSON Schema.

A repository may bring its own `output_schema`, so the part is chosen for what it cannot do: no regular expression
that never ends, no reference that fetches something, no recursion. What is not in `KEYWORDS` is refused when the
angle is read, never ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from pydantic import JsonValue

from codedesigner.config.problems import Loc, did_you_mean, dotted
from codedesigner.severity import SEVERITIES

Schema = Mapping[str, JsonValue]

MAX_DEPTH = 12

_SEVERITY: JsonValue = {"enum": list(SEVERITIES)}
_CONFIDENCE: JsonValue = {"type": "number", "minimum": 0, "maximum": 1}
_LOCATION: JsonValue = {
    "type": "object",
    "required": ["line"],
    "properties": {"file": {"type": "string"}, "line": {"type": "integer"}, "column": {"type": "integer"}},
}
# Models write keys in this order: what they point at and why comes before what they make of it.
_ISSUE: JsonValue = {
    "type": "object",
    "required": ["evidence", "description", "severity", "location"],
    "properties": {
        "evidence": {
            "type": "string",
            "description": "The line of code that is wrong, word for word as shown, without its number.",
        },
        "location": _LOCATION,
        "description": {
            "type": "string",
            "description": "What is wrong, for which input or state, and what happens then.",
        },
        "severity": _SEVERITY,
        "suggested_fix": {"type": "string"},
        "confidence": _CONFIDENCE,
    },
}
# The shared answer: what every angle asks for unless it says otherwise, and the least that any angle asks for.
ANGLE_OUTPUT_SCHEMA: dict[str, JsonValue] = {
    "type": "object",
    "required": ["issues", "summary"],
    "properties": {
        "issues": {"type": "array", "items": _ISSUE},
        "summary": {"type": "string"},
        "confidence": _CONFIDENCE,
        "notes": {"type": "array", "items": {"type": "string"}},
    },
}


_NEEDED = frozenset({"evidence", "description", "severity", "location"})


def output_errors(schema: Schema, output: object, at: Loc = ()) -> tuple[str, ...]:
    """Everything in which `output` (parsed JSON) departs from a checked `schema`, as sentences that name the place."""
    return tuple(_output_errors(schema, output, at))


def schema_errors(schema: object, at: Loc = ()) -> tuple[str, ...]:
    """Everything that makes `schema` unusable here, as sentences that name the place; empty for a good one."""
    return tuple(_schema_errors(schema, at))


def unreadable(schema: Schema) -> str | None:
    """Why answers of this shape could not be read as findings; None where they can.

    They need `issues`, a list of objects with at least evidence (the line itself: a claim is placed by what it quotes),
    description, severity and location, and a `summary`.
    """
    if schema.get("type") != "object" or not {"issues", "summary"} <= _strings(schema.get("required")):
        return 'has to be of type "object" and require issues and summary'
    issues = _child(schema, "issues")
    items = issues.get("items")
    if issues.get("type") != "array" or not isinstance(items, dict):
        return 'issues has to be of type "array" with items'
    if items.get("type") != "object" or not _strings(items.get("required")) >= _NEEDED:
        return f'an item of issues has to be of type "object" and require {", ".join(sorted(_NEEDED))}'
    return None


def _child(schema: Schema, name: str) -> Schema:
    properties = schema.get("properties")
    child = properties.get(name) if isinstance(properties, dict) else None
    return child if isinstance(child, dict) else {}


def _strings(value: object) -> frozenset[str]:
    return frozenset(item for item in value if isinstance(item, str)) if isinstance(value, list) else frozenset()


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: object) -> bool:
    return _is_number(value) and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))


_TYPES: dict[str, Callable[[object], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "number": _is_number,
    "integer": _is_integer,
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


# keyword -> what its value has to be, in words and as a test
KEYWORDS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "type": (f"one of {', '.join(_TYPES)}", lambda value: isinstance(value, str) and value in _TYPES),
    "enum": ("a list of values", lambda value: isinstance(value, list) and bool(value)),
    "required": ("a list of names", _is_names),
    "properties": ("a mapping of names to schemas", lambda value: isinstance(value, dict)),
    "additionalProperties": ("true or false", lambda value: isinstance(value, bool)),
    "items": ("a schema", lambda value: isinstance(value, dict)),
    "minimum": ("a number", _is_number),
    "maximum": ("a number", _is_number),
    "minLength": ("a whole number from 0", _is_count),
    "maxLength": ("a whole number from 0", _is_count),
    "minItems": ("a whole number from 0", _is_count),
    "maxItems": ("a whole number from 0", _is_count),
    "title": ("text", _is_text),
    "description": ("text", _is_text),
}


def _schema_errors(schema: object, at: Loc) -> Iterator[str]:
    place = dotted(at) or "the schema"
    if not isinstance(schema, dict):
        yield f"{place} has to be a mapping"
        return
    if len(at) > MAX_DEPTH:
        yield f"{place} is nested too deeply"
        return
    for keyword, value in schema.items():
        if keyword not in KEYWORDS:
            yield f"{place} has the keyword {keyword}, which is not supported ({did_you_mean(keyword, KEYWORDS)})"
        elif not KEYWORDS[keyword][1](value):
            yield f"{keyword} of {place} has to be {KEYWORDS[keyword][0]}"
    properties = schema.get("properties")
    if isinstance(properties, dict):
        for name, child in properties.items():
            yield from _schema_errors(child, (*at, name))
    if isinstance(schema.get("items"), dict):
        yield from _schema_errors(schema["items"], (*at, "[]"))


def _place(at: Loc) -> str:
    return dotted(at) or "the answer"


def _output_errors(schema: Schema, value: object, at: Loc) -> Iterator[str]:
    wanted = schema.get("type")
    if isinstance(wanted, str) and not _TYPES[wanted](value):
        yield f"{_place(at)} has to be of type {wanted}"
        return
    choices = schema.get("enum")
    if isinstance(choices, list) and not any(_same(value, choice) for choice in choices):
        yield f"{_place(at)} has to be one of {', '.join(map(str, choices))}"
    yield from _bound_errors(schema, value, at)
    if isinstance(value, dict):
        yield from _object_errors(schema, value, at)
    items = schema.get("items")
    if isinstance(value, list) and isinstance(items, dict):
        for index, item in enumerate(value):
            yield from _output_errors(items, item, (*at, index))


def _object_errors(schema: Schema, value: Mapping[str, object], at: Loc) -> Iterator[str]:
    properties = schema.get("properties")
    children = properties if isinstance(properties, dict) else {}
    for name in sorted(_strings(schema.get("required")) - set(value)):
        yield f"{_place(at)} lacks {name}"
    for name, item in value.items():
        child = children.get(name)
        if isinstance(child, dict):
            yield from _output_errors(child, item, (*at, name))
        elif schema.get("additionalProperties") is False:
            yield f"{_place(at)} has {name}, which it must not have"


def _bound_errors(schema: Schema, value: object, at: Loc) -> Iterator[str]:
    measures: Sequence[tuple[str, str, object, str]] = (
        ("minimum", "maximum", value if _is_number(value) else None, ""),
        ("minLength", "maxLength", len(value) if isinstance(value, str) else None, " characters"),
        ("minItems", "maxItems", len(value) if isinstance(value, list) else None, " items"),
    )
    for low_key, high_key, size, unit in measures:
        low, high = schema.get(low_key), schema.get(high_key)
        if not isinstance(size, int | float):
            continue
        if isinstance(low, int | float) and size < low:
            yield f"{_place(at)} has to be at least {low}{unit}"
        if isinstance(high, int | float) and size > high:
            yield f"{_place(at)} has to be at most {high}{unit}"


def _same(value: object, choice: object) -> bool:
    """Equality as JSON has it: 1 and 1.0 are the same, 1 and true are not."""
    if isinstance(value, bool) or isinstance(choice, bool):
        return value is choice
    return value == choice
