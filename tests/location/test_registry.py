from __future__ import annotations

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from codedesigner.config.problems import flat
from codedesigner.config.yamlfile import read_file, read_yaml
from codedesigner.errors import ConfigError
from codedesigner.location.registry import LocationRegistry, locations_for, read_locations, unknown_programs
from codedesigner.location.schema import locations_schema
from codedesigner.location.spec import LocationSpec
from codedesigner.text import resource

ANALYSERS = [
    *("ruff", "pylint", "pyflakes", "bandit", "mypy", "ty", "lizard", "ast-grep", "typos", "detect-secrets"),
    *("oxlint", "shellcheck", "zizmor", "hadolint", "yamllint"),
]
# The example of the document, word for word.
EXAMPLE = """locations:
  - id: precise-cold
    name: Precise (Low Temperature)
    provider:
      type: ollama
      model_id: nemotron-3-nano
      endpoint: http://localhost:11434
    parameters:
      temperature: 0.2
    tags: [precise, deterministic]

  - id: creative-hot
    name: Creative (High Temperature)
    provider:
      type: ollama
      model_id: nemotron-3-nano
      endpoint: http://localhost:11434
    parameters:
      temperature: 0.9
    tags: [creative, exploratory]

templates:
  - id: ollama-base
    base:
      provider:
        type: ollama
        endpoint: http://localhost:11434
        timeout_ms: 30000
    variables:
      model_id: {type: string, required: true}
      temperature: {type: number, default: 0.7}
"""


@pytest.fixture(scope="module")
def shipped() -> LocationRegistry:
    return LocationRegistry.load()


def read(text: str, below: LocationRegistry | None = None) -> LocationRegistry:
    return read_locations(read_yaml(text, "f"), below)


def test_the_shipped_locations(shipped: LocationRegistry) -> None:
    assert [location.id for location in shipped.list(enabled=True)] == ANALYSERS
    assert all(location.provider.type == "local" for location in shipped.list(enabled=True))
    assert {location.provider.type for location in shipped.list(enabled=False)} == {"ollama", "openai", "anthropic"}
    assert {location.weight for location in shipped.list()} == {1.0}


def test_the_documents_example() -> None:
    registry = read(EXAMPLE)

    location = registry.require("precise-cold")
    assert (location.provider.model_id, location.parameters.temperature) == ("nemotron-3-nano", 0.2)
    assert [each.id for each in registry.get_by_tag("creative")] == ["creative-hot"]
    made = registry.create_from_template(
        "ollama-base", {"id": "warm", "name": "Warm", "model_id": "m", "temperature": 0.5, "tags": ["x"], "weight": 2}
    )
    assert (made.provider.model_id, made.parameters.temperature, made.tags, made.weight) == ("m", 0.5, ("x",), 2)
    assert (
        registry.create_from_template("ollama-base", {"id": "a", "name": "A", "model_id": "m"}).parameters.temperature
        == 0.7
    )


def test_looking_for_locations(shipped: LocationRegistry) -> None:
    assert shipped.get("ruff") == shipped.require("ruff")
    assert shipped.get("ruf") is None
    with pytest.raises(ConfigError) as caught:
        shipped.require("ruf")
    assert caught.value.hint == "did you mean ruff?"
    assert [each.id for each in shipped.list(tag="shell")] == ["shellcheck"]
    assert [each.id for each in shipped.list(provider="anthropic")] == ["anthropic-example"]
    assert shipped.get_by_tag("remote") == ()


def test_an_operators_file_adds_changes_and_removes(shipped: LocationRegistry) -> None:
    registry = read(
        "locations:\n"
        "  - {id: ruff, weight: 2}\n"
        "  - {id: typos, enabled: false}\n"
        "  - {id: cold, from: ollama-base, name: Cold, with: {model_id: m, temperature: 0.1}, tags: [cold]}\n",
        shipped,
    )

    assert registry.require("ruff").weight == 2
    assert registry.require("ruff").provider == shipped.require("ruff").provider
    assert registry.require("cold").parameters.temperature == 0.1
    assert {each.id for each in registry.list(enabled=True)} == {*ANALYSERS, "cold"} - {"typos"}


def test_an_operators_file_can_stand_alone(shipped: LocationRegistry) -> None:
    assert list(read(f"shipped: false\n{EXAMPLE}", shipped).locations) == ["precise-cold", "creative-hot"]


def test_the_file_is_an_argument_or_named_by_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(EXAMPLE)

    assert locations_for(path).get("precise-cold") is not None
    assert locations_for(None, {"CODEDESIGNER_LOCATIONS_FILE": str(path)}).get("precise-cold") is not None
    assert locations_for(None, {}).get("precise-cold") is None


def test_slots_in_a_base_are_filled() -> None:
    registry = read(
        "templates:\n"
        "  - id: sized\n"
        "    base:\n"
        "      name: 'Model of ${size}'\n"
        "      provider: {type: ollama, model_id: 'llama-${size}', timeout_ms: '${patience}'}\n"
        "    variables:\n"
        "      size: {type: string, required: true, validation: 3b|7b|13b}\n"
        "      patience: {type: number, default: 5000, validation: 1000..}\n"
        "locations:\n"
        "  - {id: small, from: sized, with: {size: 3b}}\n"
    )

    location = registry.require("small")
    assert (location.name, location.provider.model_id, location.provider.timeout_ms) == (
        "Model of 3b",
        "llama-3b",
        5000,
    )


BASE = "templates:\n  - id: t\n    base: {provider: {type: ollama}, name: N}\n    variables:\n"
USE = "locations:\n  - id: a\n    from: t\n    with:\n"
GOOD = "{id: a, name: A, provider: {type: local, model_id: m}}"
BAD: list[tuple[str, str, str]] = [
    ("locatoins: []", "1:locatoins", "did you mean locations?"),
    ("locations:\n  - id: a\n", "2:locations[0].name", "is required"),
    ("locations:\n  - 3\n", "2:locations[0]", "must be a mapping"),
    (f"locations:\n  - {GOOD}\n  - {GOOD}\n", "3:locations[1].id", "already, on line 2"),
    ("locations:\n  - {id: a, from: nothing}\n", "2:locations[0].from", "there is no template nothing"),
    (
        BASE + "      model_id: {type: string}\n" + "locations:\n  - {id: a, from: tt}\n",
        "7:locations[0].from",
        "mean t?",
    ),
    ("locations:\n  - {id: a, with: {}}\n", "2:locations[0].with", "needs a template"),
    ("locations:\n  - id: a\n    name: A\n    provdier: {}\n", "2:locations[0].provider", "is required"),
    (BASE + "      model_id: {type: text}\n", "5:templates[0].variables.model_id.type", "string, number, boolean"),
    (BASE + "      model: {type: string}\n", "5:templates[0].variables.model", "neither a location's field"),
    (
        BASE + "      weight: {type: number, default: x}\n",
        "5:templates[0].variables.weight",
        "default must be a number",
    ),
    (BASE + "      weight: {type: number, validation: '^a+$'}\n", "5:templates[0].variables.weight", "not understood"),
    (BASE + "      weight: {type: number, validation: ..}\n", "5:templates[0].variables.weight", "without ends"),
    (
        BASE + "      weight: {type: number, validation: 1..2, default: 3}\n",
        "5:templates[0].variables.weight",
        "in 1..2",
    ),
    (BASE + "      enabled: {type: boolean, validation: a|b}\n", "5:templates[0].variables.enabled", "says nothing"),
    ("templates:\n  - {id: t, base: {id: x}}\n", "2:templates[0].base", "must not have an id"),
    ("templates:\n  - {id: t, base: {providr: {}}}\n", "2:templates[0].base.providr", "did you mean provider?"),
    ("templates:\n  - {id: t, base: {name: '${x}'}}\n", "2:templates[0].variables.x", "which is not a variable"),
    ("templates:\n  - {id: t, base: {}}\n  - {id: t, base: {}}\n", "3:templates[1].id", "already"),
    (BASE + "      model_id: {type: string, required: true}\n" + USE + "      modl_id: m\n", "10:x", "mean model_id?"),
    (BASE + "      weight: {type: number, validation: 0..2}\n" + USE + "      weight: 3\n", "10:x", "must be in 0..2"),
    (BASE + "      weight: {type: number}\n" + USE + "      weight: '3'\n", "10:x", "must be a number"),
    (BASE + "      model_id: {type: string, validation: a|b}\n" + USE + "      model_id: c\n", "10:x", "one of a, b"),
    (
        BASE + "      model_id: {type: string, validation: 1..3}\n" + USE + "      model_id: abcd\n",
        "10:x",
        "a length in 1..3",
    ),
    (
        BASE + "      model_id: {type: string, required: true}\n" + USE + "      {}\n",
        "10:x",
        "required by the template",
    ),
    (BASE + "      model_id: {type: string}\n" + USE + "      {}\n", "7:locations[0].provider.model_id", "is required"),
]


@pytest.mark.parametrize(("text", "place", "words"), BAD, ids=[f"{place} {words}" for _, place, words in BAD])
def test_every_mistake_has_its_place(text: str, place: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)

    first = flat([caught.value])[0]
    line, key = place.split(":")
    assert first.path == "f"
    assert f"{first.line}" == line
    assert key in ("x", first.key)
    assert words in f"{first.message}; {first.hint}"


def test_a_location_can_be_checked_by_itself(shipped: LocationRegistry) -> None:
    assert shipped.validate({"id": "a", "name": "A", "provider": {"type": "local", "model_id": "ruff"}}) == ()
    assert [error.key for error in shipped.validate({"id": "A", "name": "A"})] == ["id", "provider"]


def test_a_template_that_does_not_exist(shipped: LocationRegistry) -> None:
    with pytest.raises(ConfigError) as caught:
        shipped.create_from_template("ollama", {})
    assert caught.value.hint == "did you mean ollama-base?"
    with pytest.raises(ConfigError, match="model_id: is required by the template"):
        shipped.create_from_template("ollama-base", {"id": "a", "name": "A"})


def test_a_program_that_nobody_knows_is_named(shipped: LocationRegistry) -> None:
    odd = read("locations:\n  - {id: a, name: A, provider: {type: local, model_id: rufff}}\n").list()

    assert [error.hint for error in unknown_programs(odd, ANALYSERS)] == ["did you mean ruff?"]
    assert unknown_programs(shipped.list(), ANALYSERS) == ()


def test_the_schema_takes_the_shipped_file_and_the_documents_example() -> None:
    schema = locations_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)

    shipped_file = read_file(resource("locations.yaml")).data
    assert [error.message for error in validator.iter_errors(shipped_file)] == []
    assert [error.message for error in validator.iter_errors(read_yaml(EXAMPLE, "f").data)] == []
    assert not validator.is_valid({"locations": [{"id": "a", "provder": {}}]})
    assert not validator.is_valid({"templates": [{"id": "a", "base": {"provider": {"typ": "local"}}}]})


def test_how_all_locations_are_asked_and_what_they_cost_is_part_of_the_file() -> None:
    registry = read(
        "pool: {max_concurrent: 8, load_balancing_strategy: random}\n"
        "prices: {'acme/*': {tokens_in: 1, tokens_out: 2}}\n"
    )

    assert (registry.pool.max_concurrent, registry.pool.load_balancing_strategy) == (8, "random")
    assert (registry.pool.per_endpoint_limit, registry.pool.max_workers) == (2, 8)
    assert registry.prices["acme/*"].tokens_out == 2
    assert read("{}").pool.max_concurrent is None


def test_variables_fill_limits_prices_headers_and_more() -> None:
    registry = read(
        "templates:\n"
        "  - id: gateway\n"
        "    base:\n"
        "      name: Gateway\n"
        "      provider:\n"
        "        type: custom\n"
        "        dialect: openai\n"
        "        endpoint: https://models.example.org/v1\n"
        "        headers: {X-Team: 'team-${team}'}\n"
        "        extra: {metadata: {team: '${team}', batch: ['${size}']}}\n"
        "        capabilities: {sampling: '${samples}'}\n"
        "      limits: {tokens_per_minute: '${size}'}\n"
        "    variables:\n"
        "      model_id: {type: string, required: true}\n"
        "      team: {type: string, required: true}\n"
        "      size: {type: number, default: 9000}\n"
        "      samples: {type: boolean, default: false}\n"
        "      hourly: {type: number, default: 100, validation: 1..}\n"
        "      tokens_in: {type: number, default: 3}\n"
        "      tokens_out: {type: number, default: 4.5}\n"
        "      schema_mode: {type: string, validation: schema|json|text}\n"
        "locations:\n"
        "  - {id: a, from: gateway, with: {model_id: m, team: red, schema_mode: json}}\n"
    )

    location = registry.require("a")
    assert location.provider.headers == {"X-Team": "team-red"}
    assert location.provider.extra == {"metadata": {"team": "red", "batch": [9000]}}
    assert (location.provider.capabilities.sampling, location.provider.capabilities.schema_mode) == (False, "json")
    assert (location.limits.tokens_per_minute, location.limits.hourly) == (9000, 100)
    assert location.price is not None
    assert (location.price.tokens_in, location.price.tokens_out) == (3, 4.5)


def test_the_schema_knows_slots_prices_and_the_pool() -> None:
    validator = Draft202012Validator(locations_schema())

    assert validator.is_valid({"templates": [{"id": "t", "base": {"limits": {"hourly": "${calls}"}}}]})
    assert not validator.is_valid({"templates": [{"id": "t", "base": {"limits": {"hourly": "many"}}}]})
    assert not validator.is_valid({"locations": [{"id": "a", "limits": {"hourly": "${calls}"}}]})
    assert validator.is_valid({"locations": [{"id": "a", "price": {"tokens_in": 1}}]})
    assert not validator.is_valid({"prices": {"m": {"tokens_in": 1}}})
    assert validator.is_valid({"prices": {"m*": {"tokens_in": 1, "tokens_out": 2}}, "pool": {"max_workers": 2}})
    assert not validator.is_valid({"pool": {"max_worker": 2}})


def test_a_location_survives_being_written_and_read() -> None:
    location = read(
        "locations:\n"
        "  - id: a\n"
        "    name: A\n"
        "    provider: {type: custom, model_id: m, class: 'acme.models:Gateway', extra: {top_k: 1}}\n"
        "    limits: {hourly: 7}\n"
        "    price: {tokens_in: 1, tokens_out: 2}\n"
    ).require("a")

    assert LocationSpec.model_validate_json(location.model_dump_json(by_alias=True)) == location
