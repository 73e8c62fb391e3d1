"""What a provider learns from a refusal, and that it never asks the same twice for ever."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from codedesigner.call.model import MODES, Attempt, Call, Completion, Mode, Prompt
from codedesigner.call.trouble import Trouble
from codedesigner.location.capabilities import Learned, RememberedHere, capability, nearest_effort
from codedesigner.location.fake_http import FakeTransport, json_answer, json_of
from codedesigner.location.http import HttpRequest, HttpResponse
from codedesigner.location.model import ModelProvider
from codedesigner.location.modelfacts import Facts, facts_about, shipped_facts
from codedesigner.location.spec import Capabilities, Dialect

SCHEMA: dict[str, JsonValue] = {"type": "object", "properties": {"bad": {"type": "boolean"}}, "required": ["bad"]}
CALL = Call("c", Prompt("Be brief.", "code", "Bad?"), SCHEMA, group="g")
MakeProvider = Callable[..., ModelProvider]
Say = Callable[..., HttpResponse]


def refusal(message: str, param: str | None = None, code: str | None = None, status: int = 400) -> HttpResponse:
    """An error of OpenAI's."""
    return json_answer(
        {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}, status
    )


def driven(provider: ModelProvider, call: Call = CALL, most: int = 12) -> list[Completion | Trouble]:
    """As the pool drives a call: again at once as long as something was learned, in the strictest mode left."""
    results: list[Completion | Trouble] = []
    for _ in range(most):
        mode: Mode = provider.modes[0] if call.schema else "text"
        results.append(asyncio.run(provider.send(Attempt(call, mode), timeout_s=9)))
        last = results[-1]
        if isinstance(last, Completion) or last.retry != "adapted":
            return results
    raise AssertionError("it would go on for ever")


def refusing(names: tuple[str, ...], answer: HttpResponse) -> Callable[[HttpRequest], HttpResponse]:
    """A server that refuses parameters, one at a time."""

    def respond(request: HttpRequest) -> HttpResponse:
        body = json_of(request)
        assert isinstance(body, dict)
        for name in names:
            if name in body:
                return refusal(f"Unsupported parameter: '{name}' is not supported.", name, "unsupported_parameter")
        return answer

    return respond


def test_refused_parameters_are_left_out_from_then_on(make_provider: MakeProvider, say: Say) -> None:
    transport = FakeTransport(refusing(("temperature", "top_p", "seed"), say("openai", '{"bad": true}')))
    remembered = RememberedHere()
    provider = make_provider("openai", transport, remembered=remembered)
    call = Call("c", CALL.prompt, SCHEMA, seed=3)
    assert isinstance(driven(provider, call)[-1], Completion)
    assert len(driven(provider, call)) == 1
    # Another process with the same memory begins with what is known.
    again = make_provider("openai", transport, remembered=remembered)
    assert len(driven(again, call)) == 1
    assert again.can.refused == {"temperature", "top_p", "seed"}


def test_memory_is_about_one_server_and_model(make_provider: MakeProvider, say: Say) -> None:
    remembered = RememberedHere()
    transport = FakeTransport(refusing(("temperature",), say("openai", '{"bad": true}')))
    driven(make_provider("openai", transport, remembered=remembered))
    for other in ({"endpoint": "http://other.test"}, {"model_id": "other"}):
        assert make_provider("openai", transport, remembered=remembered, **other).can.refused == frozenset()


@pytest.mark.parametrize(
    ("first", "second"), [("max_tokens", "max_completion_tokens"), ("max_completion_tokens", "max_tokens")]
)
def test_the_limit_is_called_what_the_server_calls_it(
    make_provider: MakeProvider, say: Say, first: str, second: str
) -> None:
    transport = FakeTransport(refusing((first,), say("openai", '{"bad": true}')))
    provider = make_provider("openai", transport, capabilities={"max_tokens_field": first})
    assert len(driven(provider)) == 2
    body = json_of(transport.requests[-1])
    assert isinstance(body, dict)
    assert second in body
    assert first not in body


def test_a_server_that_takes_no_limit_at_all_is_not_asked_for_ever(make_provider: MakeProvider, say: Say) -> None:
    transport = FakeTransport(refusing(("max_tokens", "max_completion_tokens"), say("openai", "{}")))
    last = driven(make_provider("openai", transport))[-1]
    assert isinstance(last, Trouble)
    assert last.kind == "bad_request"


def test_what_was_not_sent_cannot_be_left_out(make_provider: MakeProvider) -> None:
    wrong = refusal("Unsupported parameter: 'logit_bias'", "logit_bias", "unsupported_parameter")
    last = driven(make_provider("openai", FakeTransport([wrong])))[-1]
    assert isinstance(last, Trouble)
    assert (last.kind, last.retry) == ("bad_request", "never")


def test_what_the_user_has_put_there_is_not_left_out(make_provider: MakeProvider) -> None:
    wrong = refusal("Unsupported parameter: 'temperature'", "temperature", "unsupported_parameter")
    provider = make_provider("openai", FakeTransport([wrong]), extra={"temperature": 0.1})
    last = driven(provider)[-1]
    assert isinstance(last, Trouble)
    assert last.kind == "bad_request"


@pytest.mark.parametrize(
    "wrong",
    [
        refusal("Invalid schema for response_format 'answer'", "response_format", "invalid_json_schema"),
        refusal("Unknown parameter: 'response_format.json_schema'", "response_format.json_schema", "unknown_parameter"),
        refusal("not implemented", status=501),
    ],
    ids=["schema", "parameter", "501"],
)
def test_a_refused_schema_costs_the_mode(make_provider: MakeProvider, say: Say, wrong: HttpResponse) -> None:
    transport = FakeTransport([wrong, say("openai", '{"bad": true}')])
    provider = make_provider("openai", transport)
    results = driven(provider)
    first = results[0]
    assert isinstance(first, Trouble)
    assert (first.kind, first.retry) == ("schema_rejected", "adapted")
    assert provider.modes == ("tool", "json", "text")
    assert "tools" in json.loads(transport.requests[1].body or b"")


def test_a_server_that_refuses_every_mode_ends_with_text(make_provider: MakeProvider, say: Say) -> None:
    for dialect in ("openai", "ollama", "anthropic"):
        transport = FakeTransport(lambda _request: json_answer({"error": {"message": "grammar: bad schema"}}, 400))
        provider = make_provider(dialect, transport)
        last = driven(provider)[-1]
        assert isinstance(last, Trouble)
        assert (last.kind, provider.modes) == ("bad_request", ("text",))


def test_two_calls_that_were_under_way_both_learn_of_it(make_provider: MakeProvider) -> None:
    async def both() -> tuple[ModelProvider, list[Completion | Trouble]]:
        arrived = asyncio.Barrier(2)

        async def answer(_request: HttpRequest) -> HttpResponse:
            await arrived.wait()
            return refusal("Invalid schema", "response_format", "invalid_json_schema")

        provider, attempt = make_provider("openai", FakeTransport(answer)), Attempt(CALL, "schema")
        return provider, list(await asyncio.gather(*(provider.send(attempt, timeout_s=9) for _ in range(2))))

    provider, results = asyncio.run(both())
    assert [result.kind for result in results if isinstance(result, Trouble)] == ["schema_rejected"] * 2
    assert provider.modes == ("tool", "json", "text")


def test_a_mode_that_is_lost_is_refused_for_good(make_provider: MakeProvider) -> None:
    wrong = refusal("Invalid schema", "response_format", "invalid_json_schema")
    provider = make_provider("openai", FakeTransport([wrong, wrong]))
    driven_twice = [asyncio.run(provider.send(Attempt(CALL, "schema"), timeout_s=9)) for _ in range(2)]
    assert [result.kind for result in driven_twice if isinstance(result, Trouble)] == ["schema_rejected", "bad_request"]


def test_a_server_nearby_gets_bounds_until_it_refuses_them(make_provider: MakeProvider, say: Say) -> None:
    def respond(request: HttpRequest) -> HttpResponse:
        if b'"maximum"' in (request.body or b""):
            return refusal("grammar: cannot parse json_schema", "response_format", "invalid_json_schema")
        return say("openai", '{"n": 3}')

    schema: dict[str, JsonValue] = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 9}}}
    call, transport = Call("c", CALL.prompt, schema), FakeTransport(respond)
    provider = make_provider("openai", transport, endpoint="http://127.0.0.1:8080")
    results = driven(provider, call)
    assert [type(result) for result in results] == [Trouble, Completion]
    assert provider.modes == MODES
    far = FakeTransport(respond)
    assert len(driven(make_provider("openai", far), call)) == 1


def test_a_feature_that_is_off_for_a_free_question_stays_off(make_provider: MakeProvider) -> None:
    provider = make_provider("openai", FakeTransport([refusal("no chat here", status=501)]))
    result = asyncio.run(provider.send(Attempt(Call("c", Prompt("", "Hi")), "text"), timeout_s=9))
    assert isinstance(result, Trouble)
    assert result.kind == "feature_off"


@pytest.mark.parametrize(
    ("message", "lost"),
    [
        ("output_config.effort: Extra inputs are not permitted", "effort"),
        ("messages.0.content.0.text.cache_control: Extra inputs are not permitted", "cache_control"),
        ("adaptive thinking is not supported on this model", "thinking"),
    ],
)
def test_what_stands_inside_of_others_is_left_out_alone(
    make_provider: MakeProvider, say: Say, message: str, lost: str
) -> None:
    wrong = json_answer({"type": "error", "error": {"type": "invalid_request_error", "message": message}}, 400)
    provider = make_provider("anthropic", FakeTransport([wrong, say("anthropic", '{"bad": true}')]))
    call = Call("c", CALL.prompt, SCHEMA, group="g", deep=True)
    assert isinstance(driven(provider, call)[-1], Completion)
    assert provider.can.refused == {lost}
    assert provider.modes == ("schema", "tool", "text")


def test_a_model_of_ollama_that_cannot_think_is_not_told_to(make_provider: MakeProvider, say: Say) -> None:
    wrong = json_answer({"error": '"tiny:1b" does not support thinking'}, 400)
    transport = FakeTransport([wrong, say("ollama", '{"bad": true}')])
    provider = make_provider("ollama", transport, {"reasoning_effort": "high"})
    assert len(driven(provider)) == 2
    assert "think" not in json.loads(transport.requests[1].body or b"")


def test_a_stated_mode_is_the_strictest(make_provider: MakeProvider) -> None:
    provider = make_provider("openai", FakeTransport([]), capabilities={"schema_mode": "json"})
    assert provider.modes == ("json", "text")
    assert make_provider("ollama", FakeTransport([]), capabilities={"schema_mode": "tool"}).modes == ("json", "text")


@pytest.mark.parametrize("model", ["gpt-oss:120b-cloud", "qwen3:cloud"])
def test_a_cloud_model_of_ollama_has_no_schema(make_provider: MakeProvider, model: str) -> None:
    assert make_provider("ollama", FakeTransport([]), model_id=model).modes == ("json", "text")


def test_the_shipped_facts_are_sound() -> None:
    known = {"openai": 0, "ollama": 0, "anthropic": 0}
    for entry in shipped_facts().entries:
        assert entry.models or entry.hosts or entry.dialect == "ollama"
        assert entry.facts.model_fields_set
        known[entry.dialect] += 1
        assert [glob for glob in entry.models + entry.hosts if glob != glob.casefold()] == []
    assert min(known.values()) > 0


@pytest.mark.parametrize(
    ("dialect", "host", "stream"),
    [
        ("openai", "localhost", True),
        ("openai", "192.168.1.7", True),
        ("openai", "api.openai.com", None),
        ("openai", "models.test", None),
        ("ollama", "gpu.example.org", True),
        ("anthropic", "api.anthropic.com", None),
    ],
)
def test_servers_of_ones_own_answer_in_parts(dialect: Dialect, host: str, stream: bool | None) -> None:
    assert facts_about(dialect, "m", host).stream is stream


def test_later_facts_are_laid_over_earlier_ones() -> None:
    facts = facts_about("anthropic", "anthropic/Claude-Opus-4-5-20251101", "h")
    assert (facts.sampling, facts.max_temperature, facts.think_field) == ("without_thinking", 1.0, "budget")
    assert facts_about("openai", "qwen", "models.test") == Facts()


@pytest.mark.parametrize(
    ("wanted", "known", "told"),
    [
        ("minimal", ("low", "medium"), "low"),
        ("minimal", ("none", "low"), "none"),
        ("high", ("none",), "none"),
        ("low", (), None),
    ],
)
def test_the_nearest_effort(wanted: str, known: tuple[str, ...], told: str | None) -> None:
    assert nearest_effort(wanted, known) == told  # type: ignore[arg-type]


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from(["refused", "lost_modes", "n_ctx", "server"]) | st.text(max_size=5), plain))
def test_any_memory_can_be_read(value: dict[str, JsonValue]) -> None:
    learned = Learned.from_json(value)
    assert Learned.from_json(learned.as_json()) == learned
    assert "text" not in learned.lost_modes


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["openai", "ollama", "anthropic"]),
    st.frozensets(st.sampled_from(MODES)),
    st.sampled_from([None, *MODES]),
)
def test_text_is_always_left(dialect: Dialect, lost: frozenset[str], stated: Mode | None) -> None:
    can = capability(dialect, Facts(), Capabilities(schema_mode=stated), Learned(lost_modes=lost))
    assert can.modes[-1] == "text"
    assert list(can.modes) == sorted(can.modes, key=MODES.index)
