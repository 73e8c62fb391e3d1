"""The JSON Schema of a locations file."""

from __future__ import annotations

from pydantic import JsonValue

from codedesigner.config.schema import Schema, partial, schema_of
from codedesigner.location.registry import LocationsFile
from codedesigner.location.spec import LocationSpec

_REF = "#/$defs/"
# A text with a slot in a template's base becomes whatever the variable holds.
_SLOT: Schema = {"type": "string", "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*\}"}


def locations_schema() -> Schema:
    """Like the models, but an entry needs only its id: a template, or the shipped location, completes it."""
    schema = schema_of(LocationsFile, "locations", "codedesigner locations")
    spec = partial(schema_of(LocationSpec, "location", "location"))
    definitions, properties = _mapping(schema["$defs"]), _mapping(schema["properties"])
    entry, entry_definitions = _under(spec, "Entry")
    base, base_definitions = _under(_mapping(_slotted(spec)), "Base")
    template = _mapping(definitions["LocationTemplate"])
    return {
        **schema,
        "$defs": {
            **definitions,
            **entry_definitions,
            **base_definitions,
            "LocationEntry": _entry(entry),
            "LocationTemplate": {
                **template,
                "properties": {**_mapping(template["properties"]), "base": _base(base)},
            },
        },
        "properties": {
            **properties,
            "locations": {**_mapping(properties["locations"]), "items": {"$ref": f"{_REF}LocationEntry"}},
        },
    }


def _entry(properties: Schema) -> Schema:
    return {
        "type": "object",
        "description": "One location: complete, made from a template, or laid over the shipped one with this id.",
        "required": ["id"],
        "additionalProperties": False,
        "properties": {
            **properties,
            "from": {"type": "string", "description": "The template that completes it."},
            "with": {"type": "object", "description": "Values for the template's variables."},
        },
    }


def _base(properties: Schema) -> Schema:
    return {
        "type": "object",
        "description": "Any part of a location; texts may hold ${variable}.",
        "additionalProperties": False,
        "properties": {name: body for name, body in properties.items() if name != "id"},
    }


def _under(spec: Schema, prefix: str) -> tuple[Schema, Schema]:
    """The properties and the definitions of `spec`, under names of their own."""
    moved = _mapping(_pointing(spec, prefix))
    definitions = _mapping(moved["$defs"])
    return _mapping(moved["properties"]), {f"{prefix}{name}": body for name, body in definitions.items()}


def _pointing(value: JsonValue, prefix: str) -> JsonValue:
    if isinstance(value, list):
        return [_pointing(item, prefix) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: item.replace(_REF, _REF + prefix) if key == "$ref" and isinstance(item, str) else _pointing(item, prefix)
        for key, item in value.items()
    }


def _slotted(value: JsonValue) -> JsonValue:
    """The schema with `${variable}` allowed wherever something else than a mapping or a list is expected."""
    if isinstance(value, list):
        return [_slotted(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("type") in ("string", "integer", "number", "boolean"):
        outside: Schema = {key: value[key] for key in ("default", "description") if key in value}
        return {**outside, "anyOf": [{key: item for key, item in value.items() if key not in outside}, _SLOT]}
    return {key: item if key in ("default", "examples") else _slotted(item) for key, item in value.items()}


def _mapping(value: JsonValue) -> Schema:
    if not isinstance(value, dict):
        raise TypeError("a part of a model's schema is not a mapping")
    return value
