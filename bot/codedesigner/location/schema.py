"""The JSON Schema of a locations file."""

from __future__ import annotations

from pydantic import JsonValue

from codedesigner.config.schema import Schema, partial, schema_of
from codedesigner.location.registry import LocationsFile
from codedesigner.location.spec import LocationSpec


def locations_schema() -> Schema:
    """Like the models, but an entry needs only its id: a template, or the shipped location, completes it."""
    schema = schema_of(LocationsFile, "locations", "codedesigner locations")
    spec = partial(schema_of(LocationSpec, "location", "location"))
    properties, definitions, inner = spec.get("properties"), schema.get("$defs"), spec.pop("$defs", {})
    file_properties = schema.get("properties")
    if not (isinstance(properties, dict) and isinstance(definitions, dict) and isinstance(inner, dict)):
        raise TypeError("a model's schema without properties")
    if not isinstance(file_properties, dict):
        raise TypeError("a model's schema without properties")
    entry: Schema = {
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
    base_properties: Schema = {name: body for name, body in properties.items() if name != "id"}
    base: Schema = {"type": "object", "additionalProperties": False, "properties": base_properties}
    template = definitions["LocationTemplate"]
    if isinstance(template, dict) and isinstance(template.get("properties"), dict):
        definitions = {**definitions, "LocationTemplate": _with_base(template, base)}
    items: JsonValue = {"$ref": "#/$defs/LocationEntry"}
    locations = file_properties["locations"]
    if not isinstance(locations, dict):
        raise TypeError("a model's schema without properties")
    return {
        **schema,
        "$defs": {**definitions, **inner, "LocationEntry": entry},
        "properties": {**file_properties, "locations": {**locations, "items": items}},
    }


def _with_base(template: Schema, base: Schema) -> Schema:
    properties = template.get("properties")
    known = properties if isinstance(properties, dict) else {}
    description: JsonValue = "Any part of a location; texts may hold ${variable}."
    return {**template, "properties": {**known, "base": {**base, "description": description}}}
