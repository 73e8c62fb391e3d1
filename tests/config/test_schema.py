from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from codedesigner.angle.spec import AngleSpec
from codedesigner.config.schema import config_schema, schema_of
from codedesigner.config.yamlfile import read_yaml

SCHEMA: dict[str, Any] = config_schema(schema_of(AngleSpec, "angle", "angle"))
MODELS = [SCHEMA, *(body for body in SCHEMA["$defs"].values() if "properties" in body)]


def errors(text: str) -> list[str]:
    validator = Draft202012Validator(SCHEMA)
    return [error.message for error in validator.iter_errors(json.loads(json.dumps(read_yaml(text, "f").data)))]


def test_it_is_a_schema_that_an_editor_can_use() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["$id"] == "urn:codedesigner:schema:config:1"
    assert SCHEMA["title"] == "codedesigner configuration"
    assert SCHEMA["additionalProperties"] is False
    gate = SCHEMA["$defs"]["Gate"]
    assert gate["properties"]["fail_on"]["enum"] == ["low", "medium", "high", "critical", "never"]
    assert gate["properties"]["fail_on"]["default"] == "high"
    assert gate["properties"]["min_agreement"]["maximum"] == 1
    assert all(body["additionalProperties"] is False for body in MODELS)
    assert len(MODELS) == 18


def test_every_property_has_a_description_for_completion() -> None:
    silent = [
        name for body in MODELS for name, each in body["properties"].items() if not {"description", "$ref"} & set(each)
    ]

    assert silent == []


@pytest.mark.parametrize(
    "text",
    [
        "gate: {fail_onn: high}",
        "gate: {fail_on: hihg}",
        "max_passes: 0",
        "suppress: [{fingerprint: abcd}]",
        "angle_definitions: [{id: a}]",
        "seeds: 1",
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(text: str) -> None:
    assert errors(text) != []


def test_the_schema_takes_what_the_loader_takes() -> None:
    text = """
enabled: true
paths: {exclude: [docs/]}
angles: [style]
budget: {usd: 0.5, calls: null}
path_rules: [{paths: ["*.py"], exclude: false}]
suppress: [{fingerprint: abcd, reason: known, until: 2027-01-31}]
terms: [{term: tenant isolation, angles: [security]}]
"""
    assert errors(text) == []
