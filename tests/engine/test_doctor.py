"""The doctor at a real server: what it sees, and what it advises."""

from __future__ import annotations

import asyncio

import pytest
from bench.llama.process import Llama

from codedesigner.commands.examined import Examined, examine

WRONG_KEY = "sk-wrongkey99"


@pytest.fixture(scope="module")
def examined(llama: Llama, tmp_path_factory: pytest.TempPathFactory) -> Examined:
    folder = tmp_path_factory.mktemp("doctor")
    at = f"endpoint: '{llama.address}/v1', type: custom, dialect: openai"
    file = folder / "locations.yml"
    file.write_text(
        "shipped: false\n"
        "locations:\n"
        f"  - {{id: well, name: W, provider: {{{at}, model_id: noise, api_key_env: GOOD_KEY}},"
        " parameters: {max_tokens: 64}}\n"
        f"  - {{id: wrong-key, name: W, provider: {{{at}, model_id: noise, api_key_env: WRONG_KEY}}}}\n"
        f"  - {{id: other-name, name: W, provider: {{{at}, model_id: gpt-4o, api_key_env: GOOD_KEY}}}}\n"
        f"  - {{id: long, name: W, provider: {{{at}, model_id: noise, api_key_env: GOOD_KEY}},"
        " parameters: {max_tokens: 500000}}\n"
        "  - {id: gone, name: W, provider: {type: ollama, model_id: noise, endpoint: 'http://127.0.0.1:9'}}\n"
        f"  - {{id: other-dialect, name: W, provider: {{endpoint: '{llama.address}', type: custom,"
        " dialect: anthropic, model_id: noise, api_key_env: GOOD_KEY}}\n"
    )
    (folder / "repo").mkdir()
    environ = {"GOOD_KEY": llama.key, "WRONG_KEY": WRONG_KEY, "CODEDESIGNER_STATE_DIR": str(folder / "state")}
    return asyncio.run(examine(environ, file, (), folder / "repo", 60))


def states(examined: Examined, location: str) -> dict[str, str]:
    found = next(each for each in examined.locations if each.location == location)
    return {check.what: check.state for check in found.checks}


def found(examined: Examined, location: str, what: str) -> str:
    checks = next(each.checks for each in examined.locations if each.location == location)
    return next(f"{check.found} -> {check.remedy}" for check in checks if check.what == what)


def test_a_location_that_is_well(examined: Examined) -> None:
    assert set(states(examined, "well").values()) == {"ok"}
    assert "honoured, in mode schema" in found(examined, "well", "schema")


def test_a_wrong_key(examined: Examined) -> None:
    assert (states(examined, "wrong-key")["reachable"], states(examined, "wrong-key")["key"]) == ("ok", "fail")
    assert WRONG_KEY not in f"{examined}"


def test_a_server_that_answers_to_any_name(examined: Examined) -> None:
    assert states(examined, "other-name")["model"] == "warn"
    assert "gpt-4o" in found(examined, "other-name", "model")


def test_an_answer_that_cannot_fit(examined: Examined) -> None:
    assert states(examined, "long")["context"] == "fail"


def test_a_server_that_is_gone(examined: Examined) -> None:
    assert states(examined, "gone")["reachable"] == "fail"
    assert "start the server" in found(examined, "gone", "reachable")


def test_a_dialect_in_which_the_server_ignores_schemas(examined: Examined) -> None:
    assert states(examined, "other-dialect")["schema"] == "warn"
