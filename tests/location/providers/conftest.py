"""Locations and the answers of their servers, in every dialect."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from pydantic import JsonValue

from codedesigner.location.capabilities import Remembered
from codedesigner.location.fake_http import json_answer
from codedesigner.location.http import HttpResponse, Transport
from codedesigner.location.model import ModelProvider
from codedesigner.location.providers import DIALECTS
from codedesigner.location.secret import Secret
from codedesigner.location.spec import Dialect, LocationSpec

KEY = "sk-planted-0123456789abcdef"
MODELS: dict[str, str] = {"openai": "tiny-1", "ollama": "tiny:1b", "anthropic": "claude-tiny"}


class FixedClock:
    """The same moment, always: Fri, 20 Nov 2026 12:00:00 GMT."""

    def now(self) -> float:
        return 1_795_176_000.0

    def monotonic(self) -> float:
        return 5.0

    async def sleep(self, seconds: float) -> None:
        return None


@pytest.fixture
def make_spec() -> Callable[..., LocationSpec]:
    """A location of a dialect, with further fields of its provider and parameters."""

    def make(
        dialect: Dialect, /, parameters: dict[str, JsonValue] | None = None, **provider: JsonValue
    ) -> LocationSpec:
        fields = {"type": dialect, "model_id": MODELS[dialect], "endpoint": "http://models.test:8080", **provider}
        values = {"id": "loc", "name": "Loc", "provider": fields, "parameters": parameters or {}}
        return LocationSpec.model_validate_json(json.dumps(values))

    return make


@pytest.fixture
def make_provider(make_spec: Callable[..., LocationSpec]) -> Callable[..., ModelProvider]:
    """The provider of such a location, with a planted key."""

    def make(
        dialect: Dialect,
        transport: Transport,
        /,
        parameters: dict[str, JsonValue] | None = None,
        remembered: Remembered | None = None,
        **provider: JsonValue,
    ) -> ModelProvider:
        spec = make_spec(dialect, parameters, **provider)
        speaker = DIALECTS[dialect](spec)
        return ModelProvider(spec, speaker, transport, key=Secret(KEY), remembered=remembered, clock=FixedClock())

    return make


@pytest.fixture
def say() -> Callable[..., HttpResponse]:
    """A whole good answer that says a text."""

    def answer(dialect: Dialect, text: str, finish: str | None = None) -> HttpResponse:
        if dialect == "openai":
            choice: JsonValue = {"message": {"role": "assistant", "content": text}, "finish_reason": finish or "stop"}
            usage: JsonValue = {"prompt_tokens": 11, "completion_tokens": 7}
            return json_answer({"model": "tiny-1", "choices": [choice], "usage": usage})
        if dialect == "ollama":
            message: JsonValue = {"role": "assistant", "content": text}
            counts: dict[str, JsonValue] = {"prompt_eval_count": 11, "eval_count": 7}
            return json_answer({"model": "tiny:1b", "message": message, "done": True, "done_reason": "stop", **counts})
        block: JsonValue = {"type": "text", "text": text}
        counted: JsonValue = {"input_tokens": 11, "output_tokens": 7}
        return json_answer(
            {"model": "claude-tiny", "content": [block], "stop_reason": finish or "end_turn", "usage": counted}
        )

    return answer
