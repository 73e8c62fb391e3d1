"""What is sent, byte for byte where it matters."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping

import pytest
from pydantic import JsonValue

from codedesigner.call.model import Attempt, Call, Completion, Mode, Prompt, Turn
from codedesigner.call.trouble import Trouble
from codedesigner.location.fake_http import FakeTransport
from codedesigner.location.http import HttpResponse
from codedesigner.location.model import ModelProvider
from codedesigner.location.openai import schema_name
from codedesigner.location.openai_address import openai_address
from codedesigner.location.spec import Dialect

KEY = "sk-planted-0123456789abcdef"
SCHEMA: dict[str, JsonValue] = {
    "type": "object",
    "required": ["why", "bad"],
    "properties": {"why": {"type": "string", "maxLength": 90}, "bad": {"type": "boolean"}},
}
REDUCED = {
    "type": "object",
    "properties": {"why": {"type": "string", "description": "At most 90 characters."}, "bad": {"type": "boolean"}},
    "required": ["why", "bad"],
    "additionalProperties": False,
}
PROMPT = Prompt("Be brief.", "def pay(): ...", "Is it bad?")
ALL: tuple[Dialect, ...] = ("openai", "ollama", "anthropic")
MakeProvider = Callable[..., ModelProvider]
Say = Callable[..., HttpResponse]


@pytest.fixture
def sent(make_provider: MakeProvider, say: Say) -> Callable[..., tuple[str, dict[str, str], dict[str, JsonValue]]]:
    """The URL, the headers and the body of one attempt."""

    def send(
        dialect: Dialect,
        call: Call | None = None,
        mode: Mode = "schema",
        turns: tuple[Turn, ...] = (),
        parameters: dict[str, JsonValue] | None = None,
        **provider: JsonValue,
    ) -> tuple[str, dict[str, str], dict[str, JsonValue]]:
        transport = FakeTransport([say(dialect, "{}")])
        attempt = Attempt(call or Call("c", PROMPT, SCHEMA, "the verdict!"), mode, turns)
        result = asyncio.run(make_provider(dialect, transport, parameters, **provider).send(attempt, timeout_s=9))
        assert isinstance(result, Completion), result
        request = transport.requests[0]
        return request.url, dict(request.headers), json.loads(request.body or b"")

    return send


Sent = Callable[..., tuple[str, Mapping[str, str], dict[str, JsonValue]]]


def test_openai_schema(sent: Sent) -> None:
    url, headers, body = sent("openai")
    assert url == "http://models.test:8080/v1/chat/completions"
    assert headers["authorization"] == f"Bearer {KEY}"
    assert body == {
        "model": "tiny-1",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "def pay(): ...\n\nIs it bad?"},
        ],
        "max_tokens": 2048,
        "temperature": 0.7,
        "top_p": 1.0,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "the_verdict_", "strict": True, "schema": REDUCED},
        },
    }


def test_openai_tool(sent: Sent) -> None:
    body = sent("openai", mode="tool")[2]
    function = {"name": "the_verdict_", "description": "Takes the answer.", "strict": True, "parameters": REDUCED}
    assert body["tools"] == [{"type": "function", "function": function}]
    assert (body["tool_choice"], body["parallel_tool_calls"]) == ("required", False)
    assert "response_format" not in body


def test_openai_json_and_text(sent: Sent) -> None:
    assert sent("openai", mode="json")[2]["response_format"] == {"type": "json_object"}
    body = sent("openai", mode="text")[2]
    assert "response_format" not in body
    assert '"additionalProperties":false' in json.dumps(body["messages"]).replace("\\", "")


def test_openai_reasoning_model_at_openai(sent: Sent) -> None:
    call = Call("c", PROMPT, group="src/pay.py", seed=4, deep=True)
    parameters: dict[str, JsonValue] = {"stop_sequences": ["END"]}
    body = sent("openai", call, parameters=parameters, model_id="gpt-5.6", endpoint="https://api.openai.com")[2]
    assert body["max_completion_tokens"] == 4 * 2048
    assert body["reasoning_effort"] == "high"
    assert body["seed"] == 4
    assert not {"max_tokens", "temperature", "top_p", "stop"} & set(body)
    key = body["prompt_cache_key"]
    assert isinstance(key, str)
    assert len(key) == 32
    assert "pay" not in key


@pytest.mark.parametrize(
    ("model", "effort", "told", "temperature"),
    [
        ("gpt-5.6", "none", "none", 0.7),
        ("gpt-5.6", "minimal", "none", 0.7),
        ("gpt-5.2", None, None, 0.7),
        ("gpt-5.2", "low", "low", None),
        ("o3-mini", "none", "low", None),
        ("gpt-6-sol", None, "medium", None),
        ("gpt-4o", "high", None, 0.7),
        ("openai/gpt-5-pro", "low", "high", None),
        ("gpt-5-chat-latest", "low", None, 0.7),
    ],
)
def test_effort_and_sampling_go_together(
    sent: Sent, model: str, effort: str | None, told: str | None, temperature: float | None
) -> None:
    parameters: dict[str, JsonValue] = {} if effort is None else {"reasoning_effort": effort}
    body = sent("openai", model_id=model, parameters=parameters)[2]
    assert (body.get("reasoning_effort"), body.get("temperature")) == (told, temperature)


def test_what_is_stated_is_stronger_than_what_is_known(sent: Sent) -> None:
    stated: JsonValue = {"sampling": True, "max_tokens_field": "max_tokens", "thinking": False}
    body = sent("openai", model_id="gpt-5", capabilities=stated)[2]
    assert (body["temperature"], body["max_tokens"]) == (0.7, 2048)


def test_thoughts_get_room_of_their_own(sent: Sent) -> None:
    assert sent("openai", model_id="gpt-oss:20b")[2]["max_tokens"] == 2048 + 4096


def test_extra_is_laid_over_what_a_host_needs(sent: Sent) -> None:
    extra: JsonValue = {"provider": {"order": ["one"]}, "temperature": 0.1}
    body = sent("openai", endpoint="https://openrouter.ai/api/v1", extra=extra)[2]
    assert body["provider"] == {"require_parameters": True, "order": ["one"]}
    assert (body["transforms"], body["temperature"]) == ([], 0.1)


def test_a_model_without_system_messages_is_told_by_the_user(sent: Sent) -> None:
    body = sent("openai", model_id="o1-mini", parameters={"system_prompt_prefix": "House rules."}, mode="text")[2]
    messages = body["messages"]
    assert isinstance(messages, list)
    assert len(messages) == 1
    assert "House rules.\\n\\nBe brief.\\n\\ndef pay" in json.dumps(messages)


def test_further_turns_follow(sent: Sent) -> None:
    turns = (Turn("assistant", "bad"), Turn("user", "again"))
    for dialect in ALL:
        messages = sent(dialect, turns=turns)[2]["messages"]
        assert isinstance(messages, list)
        assert messages[-2:] == [{"role": "assistant", "content": "bad"}, {"role": "user", "content": "again"}]


def test_ollama(sent: Sent) -> None:
    url, headers, body = sent("ollama", parameters={"stop_sequences": ["END"]})
    assert url == "http://models.test:8080/api/chat"
    assert headers["authorization"] == f"Bearer {KEY}"
    messages = body.pop("messages")
    shape = {**REDUCED, "properties": {"why": {"type": "string", "maxLength": 90}, "bad": {"type": "boolean"}}}
    assert body == {
        "model": "tiny:1b",
        "stream": True,
        "truncate": False,
        "shift": False,
        "keep_alive": "30m",
        "format": shape,
        "options": {"num_ctx": 16384, "num_predict": 2048, "temperature": 0.7, "top_p": 1.0, "stop": ["END"]},
    }
    # The schema is in the prompt, too, after all that calls share.
    assert isinstance(messages, list)
    assert "def pay(): ...\\n\\nIs it bad?\\n\\nAnswer with one JSON object" in json.dumps(messages)


def test_ollama_allocates_the_same_context_for_every_call(sent: Sent) -> None:
    calls = (Call("a", PROMPT), Call("b", PROMPT, SCHEMA, deep=True, max_tokens=9, seed=1, temperature=0.0))
    contexts = {json.dumps(sent("ollama", call, context_size=9000)[2]["options"])[:16] for call in calls}
    assert contexts == {'{"num_ctx": 9000'}


@pytest.mark.parametrize(
    ("model", "effort", "think"),
    [
        ("qwen3:4b", None, None),
        ("qwen3:4b", "none", False),
        ("qwen3:4b", "low", True),
        ("gpt-oss:20b", "none", "low"),
        ("gpt-oss:20b", "high", "high"),
    ],
)
def test_ollama_is_told_to_think_as_the_model_takes_it(
    sent: Sent, model: str, effort: str | None, think: JsonValue
) -> None:
    parameters: dict[str, JsonValue] = {} if effort is None else {"reasoning_effort": effort}
    assert sent("ollama", model_id=model, parameters=parameters)[2].get("think") == think


def test_anthropic(sent: Sent) -> None:
    url, headers, body = sent("anthropic", Call("c", PROMPT, SCHEMA, group="g"))
    assert url == "http://models.test:8080/v1/messages"
    assert (headers["x-api-key"], headers["anthropic-version"]) == (KEY, "2023-06-01")
    assert "authorization" not in headers
    shared = {"type": "text", "text": "def pay(): ...", "cache_control": {"type": "ephemeral"}}
    assert body == {
        "model": "claude-tiny",
        "max_tokens": 2048,
        "system": [{"type": "text", "text": "Be brief."}],
        "messages": [{"role": "user", "content": [shared, {"type": "text", "text": "Is it bad?"}]}],
        "output_config": {"format": {"type": "json_schema", "schema": REDUCED}},
    }


def test_anthropic_marks_nothing_that_nobody_shares(sent: Sent) -> None:
    assert "cache_control" not in json.dumps(sent("anthropic")[2])
    body = sent("anthropic", Call("c", Prompt("Be brief.", "", "Is it bad?"), group="g"))[2]
    assert body["system"] == [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]


def test_anthropic_tool_is_neither_strict_nor_forced(sent: Sent) -> None:
    body = sent("anthropic", mode="tool")[2]
    assert body["tool_choice"] == {"type": "auto"}
    tools = body["tools"]
    assert isinstance(tools, list)
    assert isinstance(tools[0], dict)
    assert tools[0]["input_schema"] == REDUCED
    assert "strict" not in tools[0]
    assert "output_config" not in body


def test_anthropic_thinks_deeply(sent: Sent) -> None:
    body = sent("anthropic", Call("c", PROMPT, deep=True), model_id="claude-opus-5-5")[2]
    assert (body["thinking"], body["output_config"]) == ({"type": "adaptive"}, {"effort": "high"})
    assert "temperature" not in body
    old = sent("anthropic", Call("c", PROMPT, deep=True), model_id="claude-sonnet-4-5")[2]
    assert old["thinking"] == {"type": "enabled", "budget_tokens": 8192}
    assert old["max_tokens"] == 9216
    assert not {"temperature", "top_p", "output_config"} & set(old)


def test_anthropic_takes_one_way_of_sampling(sent: Sent) -> None:
    body = sent("anthropic", model_id="claude-haiku-4-5", parameters={"temperature": 1.5, "top_p": 0.5})[2]
    assert body["temperature"] == 1.0
    assert "top_p" not in body


def test_a_long_answer_of_anthropic_is_streamed(make_provider: MakeProvider, say: Say) -> None:
    transport = FakeTransport([say("anthropic", "whole after all")])
    provider = make_provider("anthropic", transport, {"max_tokens": 20_000})
    result = asyncio.run(provider.send(Attempt(Call("c", PROMPT), "text"), timeout_s=9))
    assert isinstance(result, Completion)
    assert json.loads(transport.requests[0].body or b"")["stream"] is True


def test_a_stream_is_asked_for_with_its_usage(sent: Sent) -> None:
    body = sent("openai", stream=True)[2]
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})
    assert sent("ollama", stream=True)[2]["stream"] is True


def test_headers_of_the_location_are_sent(sent: Sent) -> None:
    headers = sent("openai", headers={"OpenAI-Project": "p"}, auth_header="X-Token")[1]
    assert (headers["OpenAI-Project"], headers["x-token"]) == ("p", KEY)
    assert "authorization" not in headers
    token = sent("anthropic", auth_header="Authorization")[1]
    assert token["authorization"] == f"Bearer {KEY}"
    assert "x-api-key" not in token


@pytest.mark.parametrize(
    ("endpoint", "chat"),
    [
        ("http://h:1", "http://h:1/v1/chat/completions"),
        ("http://h:1/", "http://h:1/v1/chat/completions"),
        ("http://h:1/v1", "http://h:1/v1/chat/completions"),
        ("http://h:1/v1/chat/completions", "http://h:1/v1/chat/completions"),
        ("https://openrouter.ai/api", "https://openrouter.ai/api/v1/chat/completions"),
        ("https://g.test/v1beta/openai", "https://g.test/v1beta/openai/chat/completions"),
        ("https://r.openai.azure.com", "https://r.openai.azure.com/openai/v1/chat/completions"),
        ("https://r.openai.azure.com/openai/v1/", "https://r.openai.azure.com/openai/v1/chat/completions"),
    ],
)
def test_addresses_of_openai(endpoint: str, chat: str) -> None:
    assert openai_address(endpoint, "m", None).chat == chat


def test_old_addresses_of_azure(sent: Sent) -> None:
    url, headers, _ = sent("openai", endpoint="https://r.openai.azure.com", api_version="2024-10-21", model_id="my dep")
    base = "https://r.openai.azure.com/openai/deployments/my%20dep/chat/completions"
    assert url == f"{base}?api-version=2024-10-21"
    assert headers["api-key"] == KEY
    assert "authorization" not in headers


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/v1/messages"])
def test_addresses_of_anthropic(sent: Sent, ending: str) -> None:
    assert sent("anthropic", endpoint=f"http://h:1{ending}")[0] == "http://h:1/v1/messages"


@pytest.mark.parametrize("ending", ["", "/", "/v1", "/api", "/api/chat"])
def test_addresses_of_ollama(sent: Sent, ending: str) -> None:
    assert sent("ollama", endpoint=f"http://h:1{ending}")[0] == "http://h:1/api/chat"


@pytest.mark.parametrize(
    ("name", "taken"), [("a b!", "a_b_"), ("", "answer"), ("x" * 80, "x" * 64), ("ok-1_", "ok-1_"), ("ä", "_")]
)
def test_names_of_schemas(name: str, taken: str) -> None:
    assert schema_name(name) == taken


def test_the_same_attempt_is_the_same_bytes(make_provider: MakeProvider, say: Say) -> None:
    for dialect in ALL:
        transport = FakeTransport(lambda _request, dialect=dialect: say(dialect, "{}"))  # type: ignore[misc]
        provider = make_provider(dialect, transport)
        for _ in range(2):
            asyncio.run(provider.send(Attempt(Call("c", PROMPT, SCHEMA, group="g"), "schema"), timeout_s=9))
        assert transport.requests[0].body == transport.requests[1].body


def test_a_prompt_beyond_the_configured_context_is_not_sent(make_provider: MakeProvider) -> None:
    transport = FakeTransport([])
    provider = make_provider("openai", transport, context_size=4096)
    long = Call("c", Prompt("", "x" * 12_000), max_tokens=2000)
    result = asyncio.run(provider.send(Attempt(long, "text"), timeout_s=9))
    assert isinstance(result, Trouble)
    assert (result.kind, transport.requests) == ("context_overflow", [])


def test_a_prompt_that_ollama_has_cut_is_found_out(make_provider: MakeProvider, say: Say) -> None:
    provider = make_provider("ollama", FakeTransport([say("ollama", "fine")]))
    result = asyncio.run(provider.send(Attempt(Call("c", Prompt("", "word " * 2000)), "text"), timeout_s=9))
    assert isinstance(result, Trouble)
    assert result.kind == "context_overflow"


def test_what_a_call_may_use(make_provider: MakeProvider) -> None:
    provider = make_provider("openai", FakeTransport([]), {"max_tokens": 100})
    short, long = Call("c", Prompt("", "x" * 40)), Call("c", Prompt("", "x" * 400), max_tokens=5)
    assert provider.tokens(Attempt(short, "text")) == 110
    assert provider.tokens(Attempt(long, "text")) == 105
    assert provider.tokens(Attempt(Call("c", Prompt("", "x" * 40), SCHEMA), "schema")) > 110
