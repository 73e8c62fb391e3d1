"""From a configured location to its provider, a user's own class, and what holds for every provider."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import JsonValue

from codedesigner.call.model import MODES, Attempt, Call, Completion, Prompt
from codedesigner.call.trouble import Trouble
from codedesigner.errors import ConfigError
from codedesigner.location.anthropic import Anthropic
from codedesigner.location.fake_http import FakeTransport, Parts
from codedesigner.location.http import HttpError, HttpRequest, HttpResponse, Opened
from codedesigner.location.keyless import Keyless
from codedesigner.location.model import ModelProvider
from codedesigner.location.ollama import Ollama
from codedesigner.location.openai import OpenAi
from codedesigner.location.providers import PROVIDERS, provider
from codedesigner.location.scripted_model import ScriptedModel
from codedesigner.location.spec import Dialect, LocationSpec
from codedesigner.pool.provider import Provider

KEY = "sk-planted-0123456789abcdef"
ATTEMPT = Attempt(Call("c", Prompt("s", "hi"), {"type": "object"}), "schema")
MakeSpec = Callable[..., LocationSpec]
MakeProvider = Callable[..., ModelProvider]
Say = Callable[..., HttpResponse]

OWN = """
from codedesigner.call.model import Completion

class Fine:
    def __init__(self, spec, key, transport):
        self.id, self.endpoint, self.modes = spec.id, "mine", ("json", "text")
        self.key = key
    async def send(self, attempt, *, timeout_s, beat=None):
        return Completion("{}", "stop")
    async def check(self, *, timeout_s):
        return None
    def tokens(self, attempt):
        return 7
    async def close(self):
        pass

class Raises(Fine):
    def __init__(self, spec, key, transport):
        raise RuntimeError("bad " + key.reveal())

class Fewer(Fine):
    def __init__(self, spec):
        pass

class NotAsync(Fine):
    def send(self, attempt, *, timeout_s, beat=None):
        return None

class NoTokens(Fine):
    tokens = None

class OtherId(Fine):
    def __init__(self, spec, key, transport):
        super().__init__(spec, key, transport)
        self.id = "other"

class NoText(Fine):
    def __init__(self, spec, key, transport):
        super().__init__(spec, key, transport)
        self.modes = ("schema",)

class NoEndpoint(Fine):
    def __init__(self, spec, key, transport):
        super().__init__(spec, key, transport)
        self.endpoint = None
"""


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], LocationSpec]:
    """A location with a class of its own."""
    (tmp_path / "own_providers_for_tests.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name: str) -> LocationSpec:
        fields = {"type": "custom", "model_id": "m", "api_key_env": "MY_KEY", "class": name}
        return LocationSpec.model_validate_json(json.dumps({"id": "loc", "name": "L", "provider": fields}))

    return make


def built(spec: LocationSpec, transport: FakeTransport | None = None, **environ: str) -> Provider:
    """The provider of a location."""
    return provider(spec, environ=environ, transport=transport or FakeTransport([]))


@pytest.mark.parametrize(
    ("dialect", "speaker"), [("openai", OpenAi), ("ollama", Ollama), ("anthropic", Anthropic)], ids=str
)
def test_each_type_speaks_its_dialect(make_spec: MakeSpec, dialect: Dialect, speaker: type) -> None:
    made = built(make_spec(dialect))
    assert isinstance(made, ModelProvider)
    assert isinstance(made.speaker, speaker)
    assert (made.id, made.endpoint) == ("loc", "http://models.test:8080")
    custom = built(make_spec(dialect, type="custom", dialect=dialect))
    assert isinstance(custom, ModelProvider)
    assert isinstance(custom.speaker, speaker)


def test_an_analyser_is_no_model() -> None:
    values = {"id": "ruff", "name": "R", "provider": {"type": "local", "model_id": "ruff"}}
    with pytest.raises(ConfigError, match="ruff is of type local"):
        built(LocationSpec.model_validate_json(json.dumps(values)))
    assert set(PROVIDERS) == {"openai", "ollama", "anthropic", "custom", "scripted"}


@pytest.mark.parametrize("environ", [{}, {"MODEL_KEY": ""}, {"MODEL_KEY": " \n"}], ids=["unset", "empty", "blank"])
def test_a_key_that_is_missing_is_told_at_every_attempt(make_spec: MakeSpec, environ: dict[str, str]) -> None:
    transport = FakeTransport([])
    made = built(make_spec("openai", api_key_env="MODEL_KEY"), transport, **environ)
    for trouble in (asyncio.run(made.send(ATTEMPT, timeout_s=1)), asyncio.run(made.check(timeout_s=1))):
        assert isinstance(trouble, Trouble)
        assert trouble.kind == "unauthorised"
        assert "MODEL_KEY" in trouble.message
    assert transport.requests == []


def test_a_key_is_read_without_the_line_end_that_a_file_adds(make_spec: MakeSpec, say: Say) -> None:
    transport = FakeTransport([say("openai", "{}")])
    made = built(make_spec("openai", api_key_env="MODEL_KEY"), transport, MODEL_KEY=f"{KEY}\n")
    asyncio.run(made.send(ATTEMPT, timeout_s=1))
    assert transport.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_no_key_is_sent_where_none_is_named(make_spec: MakeSpec, say: Say) -> None:
    transport = FakeTransport([say("ollama", "{}")])
    asyncio.run(built(make_spec("ollama"), transport).send(ATTEMPT, timeout_s=1))
    assert "authorization" not in transport.requests[0].headers


def test_a_class_of_ones_own(own: Callable[[str], LocationSpec]) -> None:
    made = built(own("own_providers_for_tests:Fine"), MY_KEY=KEY)
    assert (made.id, made.endpoint, made.modes, made.tokens(ATTEMPT)) == ("loc", "mine", ("json", "text"), 7)
    assert isinstance(asyncio.run(made.send(ATTEMPT, timeout_s=1)), Completion)
    assert isinstance(built(own("own_providers_for_tests:Fine")), Keyless)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Raises", r"RuntimeError: bad \*\*\*"),
        ("Fewer", "TypeError"),
        ("Missing", "AttributeError"),
        ("NotAsync", "async def send"),
        ("NoTokens", "tokens"),
        ("OtherId", "another id"),
        ("NoText", "modes"),
        ("NoEndpoint", "endpoint"),
    ],
)
def test_a_class_that_is_no_provider(own: Callable[[str], LocationSpec], name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        built(own(f"own_providers_for_tests:{name}"), MY_KEY=KEY)
    assert f"own_providers_for_tests:{name} of location loc" in str(caught.value)
    assert KEY not in f"{caught.value!r} {caught.value} {caught.value.__cause__!r}"


def test_a_module_that_is_not_there(own: Callable[[str], LocationSpec]) -> None:
    with pytest.raises(ConfigError, match="ModuleNotFoundError"):
        built(own("no_such_module_here:Fine"), MY_KEY=KEY)


# What holds for every provider.


@pytest.fixture(params=["openai", "ollama", "anthropic", "scripted", "keyless", "own"])
def any_provider(
    request: pytest.FixtureRequest, make_provider: MakeProvider, say: Say, own: Callable[[str], LocationSpec]
) -> Iterator[Provider]:
    """One of each kind."""
    kind: str = request.param
    if kind == "scripted":
        yield ScriptedModel("loc", lambda _attempt: {})
    elif kind == "keyless":
        yield Keyless("loc", "MODEL_KEY", "http://models.test")
    elif kind == "own":
        yield built(own("own_providers_for_tests:Fine"), MY_KEY=KEY)
    else:
        yield make_provider(kind, FakeTransport(lambda _request: say(kind, "{}")))


def test_a_provider_has_an_id_an_endpoint_and_text(any_provider: Provider) -> None:
    assert any_provider.id == "loc"
    assert any_provider.endpoint
    assert any_provider.modes[-1] == "text"
    assert list(any_provider.modes) == [mode for mode in MODES if mode in any_provider.modes]


def test_a_provider_sends_counts_and_closes(any_provider: Provider) -> None:
    async def use() -> Completion | Trouble:
        result = await any_provider.send(ATTEMPT, timeout_s=5)
        await any_provider.close()
        await any_provider.close()
        return result

    result = asyncio.run(use())
    assert isinstance(result, Completion | Trouble)
    assert isinstance(any_provider.tokens(ATTEMPT), int)
    assert any_provider.tokens(ATTEMPT) >= 0
    if isinstance(result, Completion):
        assert result.usage.calls == 1


def test_a_provider_serves_many_at_once(any_provider: Provider) -> None:
    async def use() -> list[Completion | Trouble]:
        return list(await asyncio.gather(*(any_provider.send(ATTEMPT, timeout_s=5) for _ in range(20))))

    assert len({type(result) for result in asyncio.run(use())}) == 1


class Hanging:
    """A transport whose answers never come; `left` counts those who stopped waiting."""

    def __init__(self) -> None:
        self.waiting = asyncio.Event()
        self.left = 0

    async def send(self, request: HttpRequest, *, timeout_s: float) -> HttpResponse:
        """Never."""
        await self._hang()
        raise AssertionError

    @asynccontextmanager
    async def open(self, request: HttpRequest, *, timeout_s: float, idle_s: float) -> AsyncIterator[Opened]:
        """The head, and then nothing."""

        async def parts() -> AsyncIterator[bytes]:
            await self._hang()
            yield b""

        yield Opened(200, {}, parts())

    async def close(self) -> None:
        """Nothing."""

    async def _hang(self) -> None:
        self.waiting.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.left += 1


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", ["openai", "ollama", "anthropic"])
def test_cancelling_reaches_the_transport(make_provider: MakeProvider, dialect: Dialect, stream: bool) -> None:
    async def use() -> int:
        transport = Hanging()
        task = asyncio.create_task(make_provider(dialect, transport, stream=stream).send(ATTEMPT, timeout_s=60))
        await transport.waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return transport.left

    assert asyncio.run(use()) == 1


@pytest.mark.parametrize("dialect", ["openai", "ollama", "anthropic"])
def test_closing_closes_the_transport(make_provider: MakeProvider, dialect: Dialect) -> None:
    transport = FakeTransport([])
    asyncio.run(make_provider(dialect, transport).close())
    assert transport.closed


def test_beats_grow_with_the_answer(make_provider: MakeProvider) -> None:
    def chunk(text: str, finish: JsonValue = None) -> bytes:
        choice: JsonValue = {"delta": {"content": text}, "finish_reason": finish}
        return f"data: {json.dumps({'choices': [choice]})}\n\n".encode()

    pieces = (*(chunk("x" * 40) for _ in range(5)), chunk("", "stop"))
    made = make_provider("openai", FakeTransport([Parts(pieces)]), {"max_tokens": 100}, stream=True)
    beats: list[float] = []
    result = asyncio.run(made.send(ATTEMPT, timeout_s=5, beat=beats.append))
    assert isinstance(result, Completion)
    assert beats == sorted(beats)
    assert (len(beats), beats[0], beats[-1]) == (6, 0.1, 0.5)
    assert result.first_ms is not None


def test_an_answer_of_another_kind_never_raises(make_provider: MakeProvider) -> None:
    odd: tuple[JsonValue, ...] = (
        {"choices": [None]},
        {"choices": [{"message": None, "finish_reason": 7}], "usage": [1]},
        {"choices": [{"message": {"content": {"a": 1}, "tool_calls": [None, {"function": []}]}}], "model": 3},
        {"message": [], "done": True, "prompt_eval_count": -1, "done_reason": {}},
        {"message": {"content": 5}, "done": "yes"},
        {"content": [None, 3, {"type": "tool_use", "input": "x"}], "stop_reason": [], "usage": {"input_tokens": True}},
    )
    for dialect in ("openai", "ollama", "anthropic"):
        for stream in (False, True):
            for value in odd:
                kind = {} if stream else {"content-type": "application/json"}
                data = json.dumps(value).encode()
                framed = data + b"\n" if dialect == "ollama" else b"data: " + data + b"\n\n"
                answer = HttpResponse(200, kind, framed if stream else data)
                made = make_provider(dialect, FakeTransport([answer]), stream=stream)
                assert isinstance(asyncio.run(made.send(ATTEMPT, timeout_s=5)), Completion | Trouble)


def test_http_errors_become_troubles(make_provider: MakeProvider) -> None:
    made = make_provider("openai", FakeTransport([HttpError("timeout", "http://x: late")]))
    result = asyncio.run(made.send(ATTEMPT, timeout_s=5))
    assert result == Trouble("timeout", "http://x: late")
