"""The smallest value that satisfies a JSON Schema, of the part of it that model servers take."""

from __future__ import annotations

from typing import Any

from bench.model_server.question import Json


def instance(schema: Json, name: str = "answer", *, least: int = 0) -> Any:
    """A value that satisfies the schema: the first choice, the least number, the shortest list and text.

    Numbers are `least` where that is more, and allowed.
    """
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("anyOf"):
        return instance(
            next((each for each in schema["anyOf"] if each.get("type") != "null"), {"type": "null"}), name, least=least
        )
    match schema.get("type", "object" if "properties" in schema else None):
        case "object":
            return {key: instance(part, key, least=least) for key, part in schema.get("properties", {}).items()}
        case "array":
            return [instance(schema.get("items", {}), name, least=least) for _ in range(schema.get("minItems", 0))]
        case "integer" | "number":
            smallest = schema.get("minimum", min(1, schema.get("maximum", 1)))
            return min(max(smallest, least), schema.get("maximum", max(smallest, least))) if least else smallest
        case "boolean":
            return False
        case "null":
            return None
    return name.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength")]
