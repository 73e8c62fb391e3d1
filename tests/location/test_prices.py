from __future__ import annotations

import re

import pytest

from codedesigner.call.model import Usage
from codedesigner.config.validate import validate_value
from codedesigner.config.yamlfile import read_yaml
from codedesigner.location.prices import FREE, price_of, priced, runs_here, shipped_prices
from codedesigner.location.registry import LocationRegistry, read_locations
from codedesigner.location.spec import LocationSpec, PriceConfig
from codedesigner.pool.seat import Price


def spec(provider: str, rest: str = "") -> LocationSpec:
    document = read_yaml(f"{{id: a, name: A, provider: {{{provider}}}{rest}}}", "f")
    return validate_value(document.data, LocationSpec, name="f", line=lambda _loc, _key: None)


def test_a_well_known_model_has_the_shipped_price() -> None:
    price = price_of(spec("type: anthropic, model_id: claude-haiku-4-5"), {})

    assert price == Price(1, 5, 0.1, 1.25)
    usage = Usage(calls=1, tokens_in=1_000_000, tokens_out=200_000, tokens_cached=500_000, tokens_written=100_000)
    assert price.usd(usage) == pytest.approx(0.4 * 1 + 0.5 * 0.1 + 0.1 * 1.25 + 0.2 * 5)


@pytest.mark.parametrize("model", ["claude-haiku-4-5-20251001", "claude-haiku-4-5"])
def test_a_version_with_its_date_costs_what_the_model_costs(model: str) -> None:
    assert price_of(spec(f"type: anthropic, model_id: {model}"), {}) == Price(1, 5, 0.1, 1.25)


@pytest.mark.parametrize("model", ["claude-haiku-9", "gpt-5-minimal", "gpt-5.6-pro", "gpt-4o-audio-preview", "GPT-5"])
def test_another_model_has_no_price(model: str) -> None:
    assert price_of(spec(f"type: openai, model_id: {model}"), {}) is None


@pytest.mark.parametrize(
    "provider",
    [
        "type: ollama, model_id: gpt-5",
        "type: ollama, model_id: m, endpoint: 'http://gpu.example.org:11434'",
        "type: scripted, model_id: m",
        "type: local, model_id: ruff",
        "type: openai, model_id: gpt-5, endpoint: 'http://localhost:8080/v1'",
        "type: openai, model_id: gpt-5, endpoint: 'http://127.0.0.1:8080/v1'",
        "type: custom, model_id: m, dialect: openai, endpoint: 'http://[::1]:8080/v1'",
        "type: custom, model_id: m, dialect: ollama, endpoint: 'http://10.0.0.7:11434'",
    ],
)
def test_a_model_on_a_machine_of_ones_own_costs_nothing(provider: str) -> None:
    assert runs_here(spec(provider))
    assert price_of(spec(provider), {}) == FREE


@pytest.mark.parametrize(
    "provider",
    [
        "type: ollama, model_id: m, endpoint: 'https://ollama.com'",
        "type: ollama, model_id: 'gpt-oss:120b-cloud'",
        "type: openai, model_id: m, endpoint: 'http://10.0.0.7:8080/v1'",
        "type: openai, model_id: m, endpoint: 'http://localhost.example.org/v1'",
        "type: custom, model_id: m, class: 'acme.models:Gateway'",
    ],
)
def test_what_may_be_charged_is_not_taken_for_free(provider: str) -> None:
    assert not runs_here(spec(provider))
    assert price_of(spec(provider), {}) is None


def test_who_is_nearer_says_what_it_costs() -> None:
    own = {
        "*": PriceConfig(tokens_in=1, tokens_out=1),
        "gpt-*": PriceConfig(tokens_in=2, tokens_out=2),
        "gpt-5-*": PriceConfig(tokens_in=3, tokens_out=3),
        "gpt-5-mini": PriceConfig(tokens_in=4, tokens_out=4),
    }

    def paid(model: str, rest: str = "") -> float:
        price = price_of(spec(f"type: openai, model_id: {model}", rest), own)
        assert price is not None
        return price.tokens_in

    assert [paid(model) for model in ("other", "gpt-4o", "gpt-5-nano", "gpt-5-mini")] == [1, 2, 3, 4]
    assert paid("gpt-5-mini", ", price: {tokens_in: 9, tokens_out: 9}") == 9
    assert price_of(spec("type: ollama, model_id: m"), own) == Price(1, 1)


def test_dots_and_brackets_of_a_pattern_are_letters() -> None:
    own = {"gpt-5.1": PriceConfig(tokens_in=3, tokens_out=3)}

    assert price_of(spec("type: openai, model_id: gpt-5x1"), own) is None


def test_the_shipped_table_says_whose_prices_they_are_and_of_when() -> None:
    table = shipped_prices()

    assert re.fullmatch(r"20\d\d-\d\d-\d\d", table.read)
    assert "litellm" in table.source
    assert all(0 < price.tokens_in <= price.tokens_out for price in table.prices.values())
    assert all(price.cached is None or price.cached < price.tokens_in for price in table.prices.values())
    assert all(price.written is None or price.written > price.tokens_in for price in table.prices.values())


def test_the_shipped_examples_have_a_price() -> None:
    registry = LocationRegistry.load()

    assert all(price_of(each, registry.prices) is not None for each in registry.list(enabled=False))


def test_a_location_is_shown_with_the_price_that_is_known() -> None:
    registry = read_locations(
        read_yaml(
            "prices: {acme-*: {tokens_in: 1, tokens_out: 2}}\n"
            "locations: [{id: a, name: A, provider: {type: openai, model_id: acme-7}}]\n",
            "f",
        )
    )
    shown = priced(registry.require("a"), registry.prices)

    assert shown.price == PriceConfig(tokens_in=1, tokens_out=2)
    assert priced(registry.require("a"), {}).price is None
    assert priced(spec("type: local, model_id: ruff"), {}).price is None
