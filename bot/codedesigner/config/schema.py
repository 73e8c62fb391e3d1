"""JSON Schemas of what people write, for their editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from pydantic import BaseModel, JsonValue, TypeAdapter

from codedesigner.config.settings import Settings

Schema: TypeAlias = dict[str, JsonValue]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(model: type[BaseModel], name: str, title: str) -> Schema:
    """The schema of `model`, under an id that names it and its version."""
    body: Schema = TypeAdapter(Schema).validate_python(model.model_json_schema(by_alias=True))
    return {"$schema": DIALECT, "$id": f"urn:codedesigner:schema:{name}:1", **_tidied(body), "title": title}


def config_schema(angle: Mapping[str, JsonValue] | None = None) -> Schema:
    """The schema of `.codedesigner.yml`; `angle` is the schema of one entry of `angle_definitions`."""
    schema = schema_of(Settings, "config", "codedesigner configuration")
    if angle is None:
        return schema
    definitions = _mapping(schema.get("$defs")) | _mapping(angle.get("$defs"))
    entry = {key: value for key, value in angle.items() if key not in ("$schema", "$id", "$defs")}
    properties = _mapping(schema["properties"])
    definition = _mapping(properties["angle_definitions"])
    return {
        **schema,
        "$defs": {**definitions, "AngleDefinition": entry},
        "properties": {
            **properties,
            "angle_definitions": {**definition, "items": {"$ref": "#/$defs/AngleDefinition"}},
        },
    }


def partial(schema: Mapping[str, JsonValue]) -> Schema:
    """The same schema with nothing required, in no definition: for entries that something else completes."""
    relaxed = {key: value for key, value in schema.items() if key != "required"}
    definitions = _mapping(schema.get("$defs"))
    if definitions:
        relaxed["$defs"] = {name: partial(_mapping(body)) for name, body in definitions.items()}
    return relaxed


def _mapping(value: JsonValue) -> Schema:
    return dict(value) if isinstance(value, dict) else {}


def _tidied(schema: Schema) -> Schema:
    """Without the titles that are only a key's name in other letters: editors show them before the description."""
    tidy: Schema = {}
    for key, value in schema.items():
        if key == "properties" and isinstance(value, dict):
            tidy[key] = {name: _without_title(_mapping(body)) for name, body in value.items()}
        elif key == "$defs" and isinstance(value, dict):
            tidy[key] = {name: _tidied(_mapping(body)) for name, body in value.items()}
        else:
            tidy[key] = value
    return tidy


def _without_title(body: Schema) -> Schema:
    return {key: value for key, value in body.items() if key != "title"}
