from __future__ import annotations

import pytest

from codedesigner.config.problems import flat
from codedesigner.config.yamlfile import read_yaml
from codedesigner.errors import ConfigError
from codedesigner.location.fake_http import FakeTransport
from codedesigner.location.registry import LocationRegistry, read_locations
from codedesigner.location.seats import seats
from codedesigner.pool.seat import LocationLimits, Price, RetryPolicy, Seat

KEY = "sk-verysecret123"
FILE = """
locations:
  - id: near
    name: Near
    provider: {type: ollama, model_id: m, timeout_ms: 4500, retry_config: {max_retries: 4, backoff_base_ms: 250}}
    limits: {concurrent: 1, requests_per_minute: 2, tokens_per_minute: 3, hourly: 4, deep_daily: 5}
    weight: 2
    tags: [model, fast]
  - {id: ruff, name: Ruff, provider: {type: local, model_id: ruff}}
  - id: far
    name: Far
    provider: {type: openai, model_id: gpt-5-mini, api_key_env: FAR_KEY}
  - id: dear
    name: Dear
    provider: {type: anthropic, model_id: claude-haiku-4-5}
    price: {tokens_in: 7, tokens_out: 8}
pool: {backoff_type: fixed, max_delay_ms: 5000}
prices: {gpt-*: {tokens_in: 1, tokens_out: 2}}
"""


def registry(text: str = FILE) -> LocationRegistry:
    return read_locations(read_yaml(text, "f"))


def built(text: str = FILE) -> dict[str, Seat]:
    found = registry(text)
    rows = seats(
        found.list(),
        environ={"FAR_KEY": KEY},
        transport=FakeTransport([]),
        prices=found.prices,
        settings=found.pool,
    )
    return {seat.id: seat for seat in rows}


def test_each_model_has_a_seat_and_analysers_have_none() -> None:
    assert list(built()) == ["near", "far", "dear"]


def test_a_seat_is_as_the_file_says() -> None:
    near = built()["near"]

    assert near.limits == LocationLimits(1, 2, 3, 4, 5)
    assert near.retry == RetryPolicy(max_attempts=5, backoff="fixed", base_delay_s=0.25, max_delay_s=5.0)
    assert (near.timeout_s, near.weight, near.tags) == (4.5, 2, ("model", "fast"))
    assert near.endpoint == "http://localhost:11434"


def test_what_the_file_leaves_out_has_its_default() -> None:
    far = built()["far"]

    assert far.limits == LocationLimits()
    assert (far.retry.max_attempts, far.retry.base_delay_s, far.timeout_s, far.weight) == (3, 1.0, 30.0, 1.0)
    assert far.endpoint == "https://api.openai.com"


def test_each_seat_knows_its_price() -> None:
    assert {name: seat.price for name, seat in built().items()} == {
        "near": Price(),
        "far": Price(1, 2),
        "dear": Price(7, 8),
    }


def test_a_model_without_a_known_price_has_none() -> None:
    row = built("locations: [{id: a, name: A, provider: {type: openai, model_id: acme-7}}]")

    assert row["a"].price is None


def test_no_key_shows_in_a_seat() -> None:
    assert KEY not in repr(built())


def test_all_that_cannot_be_reached_is_told_at_once() -> None:
    text = (
        "locations:\n"
        "  - {id: a, name: A, provider: {type: custom, model_id: m, class: 'acme_is_not_here:Gateway'}}\n"
        "  - {id: b, name: B, provider: {type: scripted, model_id: /nowhere/answers.yaml}}\n"
    )
    with pytest.raises(ConfigError) as caught:
        built(text)

    assert len(flat([caught.value])) == 2
