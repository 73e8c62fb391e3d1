"""Checking a location, and finding out what its server can do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import pytest
from pydantic import JsonValue

from codedesigner.call.trouble import Trouble
from codedesigner.location.capabilities import RememberedHere
from codedesigner.location.fake_http import FakeTransport, json_answer
from codedesigner.location.http import HttpError, HttpRequest, HttpResponse
from codedesigner.location.model import ModelProvider
from codedesigner.location.probe import NONSENSE, WORDS, Probed, obeys, probe
from codedesigner.location.spec import Dialect

T = TypeVar("T")
MakeProvider = Callable[..., ModelProvider]
Say = Callable[..., HttpResponse]
OBEYING = json.dumps({"colour": WORDS[0]})
NATURAL = '{"colour": "blue"}'


class Server:
    """Pages by path; everything else is 404. `chat` answers questions."""

    def __init__(self, pages: Mapping[str, JsonValue], chat: Callable[[HttpRequest], HttpResponse]) -> None:
        self.pages = pages
        self.chat = chat

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.url.removeprefix("http://models.test:8080")
        if path in ("/v1/chat/completions", "/api/chat", "/v1/messages"):
            return self.chat(request)
        if path in self.pages:
            return json_answer(self.pages[path])
        return json_answer({"error": {"message": "no such page"}}, 404)


def probed(provider: ModelProvider) -> tuple[Probed, int]:
    """What was found, and through how many calls."""
    calls = 0

    async def through(call: Callable[[], Awaitable[T]]) -> T:
        nonlocal calls
        calls += 1
        return await call()

    return asyncio.run(probe(provider, through, timeout_s=9)), calls


@pytest.mark.parametrize("dialect", ["openai", "ollama", "anthropic"])
def test_a_schema_that_is_honoured(make_provider: MakeProvider, say: Say, dialect: Dialect) -> None:
    transport = FakeTransport(Server({}, lambda _request: say(dialect, OBEYING)))
    provider = make_provider(dialect, transport)
    before = provider.modes
    found, calls = probed(provider)
    assert (found.schema, found.modes, found.trouble) == ("honoured", before, None)
    assert calls == len(transport.requests)
    question = json.loads(transport.requests[-1].body or b"")
    # Only the server could have told the model.
    assert all(word not in json.dumps(question["messages"]) for word in WORDS)
    assert all(word in json.dumps(question) for word in WORDS)


@pytest.mark.parametrize(
    ("dialect", "left"), [("openai", ("json", "text")), ("ollama", ("json", "text")), ("anthropic", ("text",))]
)
def test_a_schema_that_is_taken_and_ignored(
    make_provider: MakeProvider, say: Say, dialect: Dialect, left: tuple[str, ...]
) -> None:
    remembered = RememberedHere()
    transport = FakeTransport(Server({}, lambda _request: say(dialect, NATURAL)))
    provider = make_provider(dialect, transport, remembered=remembered)
    found, _ = probed(provider)
    assert (found.schema, found.modes, provider.modes) == ("ignored", left, left)
    assert make_provider(dialect, transport, remembered=remembered).modes == left


def test_a_schema_that_is_refused_where_a_tool_is_not(make_provider: MakeProvider, say: Say) -> None:
    def chat(request: HttpRequest) -> HttpResponse:
        if b"response_format" in (request.body or b""):
            return json_answer({"error": {"message": "Invalid schema", "code": "invalid_json_schema"}}, 400)
        return say("openai", OBEYING)

    found, _ = probed(make_provider("openai", FakeTransport(Server({}, chat))))
    assert (found.schema, found.modes) == ("refused", ("tool", "json", "text"))


def test_a_server_that_is_not_there_says_nothing_about_the_schema(make_provider: MakeProvider) -> None:
    provider = make_provider("openai", FakeTransport(lambda _request: HttpError("unreachable", "http://x: no")))
    found, _ = probed(provider)
    assert (found.schema, found.modes) == ("unknown", provider.modes)
    assert found.trouble is not None
    assert found.trouble.kind == "unreachable"


def test_an_answer_that_is_cut_off_says_nothing_about_the_schema(make_provider: MakeProvider, say: Say) -> None:
    transport = FakeTransport(Server({}, lambda _request: say("openai", "", "length")))
    found, _ = probed(make_provider("openai", transport))
    assert (found.schema, found.modes[0]) == ("unknown", "schema")


PAGES: tuple[tuple[str, Dialect, dict[str, JsonValue], dict[str, object]], ...] = (
    (
        "llama.cpp",
        "openai",
        {
            "/v1/models": {"data": [{"id": "any", "owned_by": "llamacpp", "meta": {"n_ctx_train": 131072}}]},
            "/props": {"default_generation_settings": {"n_ctx": 8192}, "total_slots": 2, "build_info": "b1"},
        },
        {"n_ctx": 8192, "parallel": 2, "models": ("any",), "server": "b1"},
    ),
    (
        "vllm",
        "openai",
        {"/v1/models": {"data": [{"id": "tiny-1", "max_model_len": 40960}, {"id": "b", "max_model_len": 1}]}},
        {"n_ctx": 40960, "models": ("tiny-1", "b")},
    ),
    (
        "lm-studio",
        "openai",
        {
            "/v1/models": {"data": [{"id": "tiny-1"}]},
            "/api/v0/models": {"data": [{"id": "tiny-1", "max_context_length": 32768, "loaded_context_length": 4096}]},
        },
        {"n_ctx": 4096},
    ),
    (
        "ollama-loaded",
        "ollama",
        {
            "/api/tags": {"models": [{"name": "tiny:1b", "digest": "d1"}, {"name": "b:latest", "digest": "d2"}]},
            "/api/show": {"model_info": {"llama.context_length": 131072}, "capabilities": ["completion", "thinking"]},
            "/api/ps": {"models": [{"name": "tiny:1b", "digest": "d1", "context_length": 8192, "expires_at": "x"}]},
        },
        {"n_ctx": 8192, "models": ("tiny:1b", "b:latest"), "server": "d1", "thinking": True},
    ),
    (
        "ollama-not-loaded",
        "ollama",
        {"/api/show": {"model_info": {"llama.context_length": 2048}, "capabilities": []}, "/api/ps": {"models": []}},
        {"n_ctx": 2048, "thinking": False},
    ),
    (
        "anthropic",
        "anthropic",
        {
            "/v1/models/claude-tiny": {"id": "claude-tiny", "max_input_tokens": 200000},
            "/v1/models": {"data": [{"id": "claude-tiny"}]},
        },
        {"n_ctx": 200000, "models": ("claude-tiny",)},
    ),
)


@pytest.mark.parametrize(("name", "dialect", "pages", "expected"), PAGES, ids=[row[0] for row in PAGES])
def test_what_servers_say_of_themselves(
    make_provider: MakeProvider,
    say: Say,
    name: str,
    dialect: Dialect,
    pages: dict[str, JsonValue],
    expected: dict[str, object],
) -> None:
    provider = make_provider(dialect, FakeTransport(Server(pages, lambda _request: say(dialect, OBEYING))))
    found, _ = probed(provider)
    assert {key: getattr(found, key) for key in expected} == expected
    assert found.answered_by in ("tiny-1", "tiny:1b", "claude-tiny")
    assert provider.can.n_ctx == expected["n_ctx"]


def test_another_model_under_the_same_name_is_learned_anew(make_provider: MakeProvider, say: Say) -> None:
    remembered = RememberedHere()

    def serving(digest: str, text: str) -> ModelProvider:
        pages: dict[str, JsonValue] = {"/api/tags": {"models": [{"name": "tiny:1b", "digest": digest}]}}
        transport = FakeTransport(Server(pages, lambda _request: say("ollama", text)))
        return make_provider("ollama", transport, remembered=remembered)

    assert probed(serving("d1", NATURAL))[0].modes == ("json", "text")
    assert probed(serving("d1", OBEYING))[0].modes == ("json", "text")
    assert probed(serving("d2", OBEYING))[0].modes == ("schema", "json", "text")


@pytest.mark.parametrize(
    ("text", "does"),
    [
        (OBEYING, True),
        (NATURAL, False),
        ("", False),
        ("[" * 100_000, False),
        ('{"colour": ["x"]}', False),
        ("7", False),
    ],
)
def test_obeying(text: str, does: bool) -> None:
    assert obeys(text) is does


def test_the_nonsense_is_closed() -> None:
    assert NONSENSE["additionalProperties"] is False


def checked(provider: ModelProvider) -> Trouble | None:
    """What a check finds."""
    return asyncio.run(provider.check(timeout_s=9))


def never(_request: HttpRequest) -> HttpResponse:
    """The model is not asked."""
    raise AssertionError("a check asked the model")


@pytest.mark.parametrize(
    ("dialect", "pages"),
    [
        ("openai", {"/v1/models": {"data": [{"id": "tiny-1"}]}}),
        ("openai", {"/v1/models": {"data": []}}),
        ("openai", {"/v1/models": {"data": [{"id": "x", "owned_by": "llamacpp"}]}, "/health": {"status": "ok"}}),
        ("ollama", {"/api/show": {"model_info": {}}}),
        ("anthropic", {"/v1/models/claude-tiny": {"id": "claude-tiny"}}),
    ],
)
def test_a_check_does_not_ask_the_model(
    make_provider: MakeProvider, dialect: Dialect, pages: dict[str, JsonValue]
) -> None:
    assert checked(make_provider(dialect, FakeTransport(Server(pages, never)))) is None


def test_a_model_that_is_not_listed(make_provider: MakeProvider) -> None:
    pages: dict[str, JsonValue] = {"/v1/models": {"data": [{"id": "another"}]}}
    trouble = checked(make_provider("openai", FakeTransport(Server(pages, never))))
    assert trouble is not None
    assert (trouble.kind, "tiny-1" in trouble.message) == ("no_such_model", True)


def test_llama_cpp_that_is_still_loading(make_provider: MakeProvider) -> None:
    listed = json_answer({"data": [{"id": "x", "owned_by": "llamacpp"}]})
    loading = json_answer({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, 503)
    trouble = checked(make_provider("openai", FakeTransport([listed, loading])))
    assert trouble is not None
    assert trouble.kind == "loading"


def test_a_server_without_such_a_page_is_asked_for_a_word(make_provider: MakeProvider, say: Say) -> None:
    for dialect in ("openai", "ollama", "anthropic"):
        transport = FakeTransport(Server({}, lambda _request, dialect=dialect: say(dialect, "yes")))  # type: ignore[misc]
        assert checked(make_provider(dialect, transport)) is None
        assert len(transport.requests) == 2


def test_a_word_is_asked_for_as_the_server_takes_it(make_provider: MakeProvider, say: Say) -> None:
    def chat(request: HttpRequest) -> HttpResponse:
        if b"top_p" in (request.body or b""):
            return json_answer({"error": {"message": "top_p", "param": "top_p", "code": "unsupported_parameter"}}, 400)
        return say("openai", "yes")

    assert checked(make_provider("openai", FakeTransport(Server({}, chat)))) is None


@pytest.mark.parametrize("dialect", ["openai", "ollama", "anthropic"])
def test_a_key_that_is_not_taken(make_provider: MakeProvider, dialect: Dialect) -> None:
    transport = FakeTransport([json_answer({"error": {"message": "bad key"}}, 401)])
    trouble = checked(make_provider(dialect, transport))
    assert trouble is not None
    assert trouble.kind == "unauthorised"


def test_a_model_that_is_nowhere(make_provider: MakeProvider) -> None:
    missing = json_answer({"error": "model 'tiny:1b' not found"}, 404)
    trouble = checked(make_provider("ollama", FakeTransport([missing, missing])))
    assert trouble is not None
    assert trouble.kind == "no_such_model"


def test_a_check_of_a_server_that_is_gone(make_provider: MakeProvider) -> None:
    trouble = checked(make_provider("openai", FakeTransport([HttpError("unreachable", "http://x: no")])))
    assert trouble == Trouble("unreachable", "http://x: no")
