from __future__ import annotations

import pytest

from codedesigner.config.problems import flat
from codedesigner.config.validate import validate
from codedesigner.config.yamlfile import read_yaml
from codedesigner.errors import ConfigError
from codedesigner.location.spec import LocationSpec

SECRET = "sk-verysecret123"


def spec(text: str) -> LocationSpec:
    return validate(read_yaml(text, "f"), LocationSpec)


def test_the_defaults_of_a_location() -> None:
    location = spec("{id: a, name: A, provider: {type: ollama, model_id: m}}")

    assert (location.enabled, location.weight, location.tags, location.description) == (True, 1.0, (), None)
    assert (location.parameters.temperature, location.parameters.top_p) == (0.7, 1.0)
    assert (location.parameters.max_tokens, location.parameters.stop_sequences) == (2048, ())
    assert location.provider.timeout_ms == 30_000
    assert (location.provider.retry_config.max_retries, location.provider.retry_config.backoff_base_ms) == (2, 1000)
    assert location.provider.url == "http://localhost:11434"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("{id: A, name: A, provider: {type: local, model_id: m}}", "id"),
        ("{id: a_b, name: A, provider: {type: local, model_id: m}}", "id"),
        ("{id: a, provider: {type: local, model_id: m}}", "name"),
        ("{id: a, name: A}", "provider"),
        ("{id: a, name: A, provider: {type: lokal, model_id: m}}", "provider.type"),
        ("{id: a, name: A, provider: {type: local}}", "provider.model_id"),
        ("{id: a, name: A, provider: {type: local, model_id: ''}}", "provider.model_id"),
        ("{id: a, name: A, provider: {type: local, model_id: 7}}", "provider.model_id"),
        ("{id: a, name: A, provider: {type: local, model_id: m, endpoint: 'http://x'}}", "provider"),
        ("{id: a, name: A, provider: {type: custom, model_id: m}}", "provider"),
        ("{id: a, name: A, provider: {type: ollama, model_id: m, endpoint: localhost}}", "provider.endpoint"),
        ("{id: a, name: A, provider: {type: ollama, model_id: m, endpoint: 'file:///x'}}", "provider.endpoint"),
        ("{id: a, name: A, provider: {type: ollama, model_id: m, endpoint: 'http://x:99999'}}", "provider.endpoint"),
        ("{id: a, name: A, provider: {type: ollama, model_id: m, endpoint: 'http://x?k=1'}}", "provider.endpoint"),
        ("{id: a, name: A, provider: {type: ollama, model_id: m, timeout_ms: 0}}", "provider.timeout_ms"),
        (
            "{id: a, name: A, provider: {type: ollama, model_id: m, retry_config: {max_retries: -1}}}",
            "provider.retry_config.max_retries",
        ),
        (
            "{id: a, name: A, provider: {type: local, model_id: m}, parameters: {temperature: 2.5}}",
            "parameters.temperature",
        ),
        ("{id: a, name: A, provider: {type: local, model_id: m}, parameters: {top_p: 2}}", "parameters.top_p"),
        (
            "{id: a, name: A, provider: {type: local, model_id: m}, parameters: {max_tokens: 0}}",
            "parameters.max_tokens",
        ),
        (
            "{id: a, name: A, provider: {type: local, model_id: m}, parameters: {temprature: 1}}",
            "parameters.temprature",
        ),
        ("{id: a, name: A, provider: {type: local, model_id: m}, weight: 0}", "weight"),
        ("{id: a, name: A, provider: {type: local, model_id: m}, enabled: no}", "enabled"),
        ("{id: a, name: A, provider: {type: local, model_id: m}, tags: [a, a]}", "tags"),
        ("{id: a, name: A, provider: {type: local, model_id: m}, tags: [Big One]}", "tags[0]"),
    ],
)
def test_a_location_that_is_wrong_is_refused_at_its_key(text: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        spec(text)

    assert [error.key for error in flat([caught.value])] == [key]


@pytest.mark.parametrize(
    "provider",
    [
        f"{{type: openai, model_id: m, api_key: {SECRET}}}",
        f"{{type: openai, model_id: m, api_key_env: {SECRET}}}",
        f"{{type: openai, model_id: m, token: {SECRET}}}",
        f"{{type: openai, model_id: m, endpoint: 'https://me:{SECRET}@example.com'}}",
        f"{{type: openai, model_id: m, endpoint: 'https://example.com/?key={SECRET}'}}",
        f"{{type: openai, model_id: m, endpoint: '{SECRET}'}}",
        f"{{type: openai, model_id: m, api_key: {{value: {SECRET}}}}}",
        f"{{type: openai, model_id: m, auth_header: {SECRET}}}",
        f"{{type: openai, model_id: m, auth_header: [{SECRET}]}}",
        f"{{type: openai, model_id: m, headers: {{X-Title: {SECRET}}}}}",
        f"{{type: openai, model_id: m, headers: {{X-Title: Bearer {SECRET}}}}}",
        f"{{type: openai, model_id: m, headers: {{X-Title: [{SECRET}]}}}}",
        f"{{type: openai, model_id: m, headers: {{helicone-auth: {SECRET}}}}}",
        f"{{type: openai, model_id: m, headers: {SECRET}}}",
        f"{{type: openai, model_id: m, extra: {{api-key: {SECRET}}}}}",
        f"{{type: openai, model_id: m, extra: {SECRET}}}",
    ],
)
def test_a_secret_is_refused_and_never_repeated(provider: str) -> None:
    with pytest.raises(ConfigError) as caught:
        spec(f"{{id: a, name: A, provider: {provider}}}")

    error = caught.value
    assert SECRET not in f"{error}{error!r}{error.hint}{error.__context__}"


def test_the_defaults_of_what_is_said_about_a_model() -> None:
    location = spec("{id: a, name: A, provider: {type: openai, model_id: m}}")

    assert (location.provider.dialect, location.provider.python_class, location.provider.stream) == (None, None, None)
    assert (location.provider.headers, location.provider.extra, location.provider.context_size) == ({}, {}, None)
    assert set(location.limits.model_dump().values()) == {None}
    assert set(location.provider.capabilities.model_dump().values()) == {None}
    assert (location.price, location.parameters.deep_reasoning_effort) == (None, "high")


@pytest.mark.parametrize(
    "provider",
    [
        "{type: openai, model_id: m, headers: {OpenAI-Organization: org-1, X-Title: Basic review}}",
        "{type: openai, model_id: m, extra: {provider: {sort: price}, max_completion_tokens: 9}}",
        "{type: openai, model_id: m, auth_header: api-key, api_version: 2024-10-21}",
        "{type: custom, model_id: m, class: 'acme.models:Gateway'}",
        "{type: custom, model_id: m, class: 'acme.models:Gateway', endpoint: 'http://localhost:1'}",
        "{type: custom, model_id: m, dialect: anthropic, endpoint: 'http://localhost:1'}",
    ],
)
def test_what_providers_may_say(provider: str) -> None:
    assert spec(f"{{id: a, name: A, provider: {provider}}}").provider.model_id == "m"


def test_a_literal_key_comes_with_advice() -> None:
    with pytest.raises(ConfigError) as caught:
        spec(f"{{id: a, name: A, provider: {{type: openai, model_id: m, api_key: {SECRET}}}}}")

    assert caught.value.hint is not None
    assert "api_key_env" in caught.value.hint
