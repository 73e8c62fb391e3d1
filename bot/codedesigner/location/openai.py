"""OpenAI's dialect: OpenAI, Azure, OpenRouter, vLLM, llama.cpp's server, LM Studio and whoever else speaks it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256

from pydantic import JsonValue

from codedesigner.call.model import Completion
from codedesigner.call.reduce import reduced
from codedesigner.call.trouble import Trouble
from codedesigner.location.ask import Ask
from codedesigner.location.dialect import Found, JsonObject, Wire, count, items, laid_over, part, text, without
from codedesigner.location.openai_address import openai_address
from codedesigner.location.openai_answer import OpenAiReader, read_openai
from codedesigner.location.spec import ENDPOINTS, Dialect, LocationSpec
from codedesigner.location.spoken import spoken

MOST_STOPS = 4
_OPTIONAL = frozenset(
    {
        "temperature",
        "top_p",
        "seed",
        "stop",
        "reasoning_effort",
        "parallel_tool_calls",
        "prompt_cache_key",
        "stream",
        "stream_options",
        "max_tokens",
        "max_completion_tokens",
    }
)


class OpenAi:
    """Speaks to one location."""

    name: Dialect = "openai"
    droppable = _OPTIONAL
    mode_parameters = frozenset({"response_format", "json_schema", "tools", "tool_choice", "strict"})

    def __init__(self, spec: LocationSpec) -> None:
        provider = spec.provider
        self._model = provider.model_id
        self._address = openai_address(provider.url or ENDPOINTS["openai"], self._model, provider.api_version)
        self._extra = provider.extra

    @property
    def key_header(self) -> str:
        """`api-key` at Azure."""
        return "api-key" if self._address.azure else "authorization"

    @property
    def headers(self) -> Mapping[str, str]:
        """None besides."""
        return {}

    def streams(self, ask: Ask) -> bool:
        """Never: answers of any length may come whole."""
        return False

    def request(self, ask: Ask) -> Wire:
        """A chat completion. Keys keep their order: a schema's properties are written in the order they are sent."""
        can = ask.can
        body: dict[str, JsonValue] = {
            "model": self._model,
            "messages": _messages(ask),
            can.max_tokens_field: ask.max_tokens,
            "temperature": ask.temperature,
            "top_p": ask.top_p,
            "seed": ask.seed,
            "stop": list(ask.stop[:MOST_STOPS]) or None,
            "reasoning_effort": ask.effort,
            "prompt_cache_key": _cache_key(ask.attempt.call.group) if can.cache_key else None,
            "stream": True if ask.stream else None,
            "stream_options": {"include_usage": True} if ask.stream else None,
            **_constraint(ask),
        }
        # Only what is optional can be left out; of the two names of the limit, the capability has chosen one.
        refused = (can.refused & _OPTIONAL) - {can.max_tokens_field}
        body = laid_over(without(body, refused), can.extra, self._extra)
        return Wire("POST", self._address.chat, body, frozenset(body) - frozenset(self._extra))

    def read(self, body: JsonObject, ask: Ask) -> Completion | Trouble:
        """What a whole answer means."""
        return read_openai(body, tool=ask.constrained and ask.attempt.mode == "tool")

    def reader(self, ask: Ask) -> OpenAiReader:
        """For an answer that comes in parts."""
        return OpenAiReader(tool=ask.constrained and ask.attempt.mode == "tool")

    def check(self) -> Wire:
        """The list of models."""
        return Wire("GET", self._address.models)

    def read_check(self, body: JsonObject) -> Trouble | Wire | None:
        """Whether the model is in it. llama.cpp's server answers for any name, but may still be loading."""
        if text(body, "status") is not None:  # /health, which is only asked of llama.cpp's server
            return None
        models = [model for model in items(body, "data") if isinstance(model, dict)]
        if any(model.get("owned_by") == "llamacpp" for model in models):
            return Wire("GET", f"{self._address.root}/health")
        names = {name for model in models if (name := text(model, "id"))}
        # Azure lists models, not deployments; a server without a list says nothing about the model.
        if self._address.azure or not names or self._model in names or self._model.rpartition(":")[0] in names:
            return None
        return Trouble("no_such_model", f"the server does not list the model {self._model}", 200)

    def questions(self) -> tuple[Wire, ...]:
        """The list of models, and the pages of llama.cpp's server and LM Studio."""
        return (
            Wire("GET", self._address.models),
            Wire("GET", f"{self._address.root}/props"),
            Wire("GET", f"{self._address.root}/api/v0/models"),
        )

    def found(self, body: JsonObject) -> Found:
        """What one of these pages says."""
        if "default_generation_settings" in body:
            settings = part(body, "default_generation_settings")
            return Found(
                n_ctx=count(settings, "n_ctx"), parallel=count(body, "total_slots"), server=text(body, "build_info")
            )
        models = [model for model in items(body, "data") if isinstance(model, dict)]
        own = next((model for model in models if model.get("id") == self._model), {})
        # A length of 0 is none; what is loaded counts for more than what could be.
        n_ctx = count(own, "loaded_context_length", "max_model_len", "context_length", "max_context_length") or None
        return Found(models=tuple(name for model in models if (name := text(model, "id"))) or None, n_ctx=n_ctx)


def _messages(ask: Ask) -> list[JsonValue]:
    # One leading system message: some servers take no second one.
    system, turns = spoken(ask)
    messages: list[JsonValue] = [{"role": turn.role, "content": turn.text} for turn in turns]
    if system and ask.can.system:
        return [{"role": "system", "content": system}, *messages]
    if system and turns:
        messages[0] = {"role": turns[0].role, "content": f"{system}\n\n{turns[0].text}"}
    return messages


def _constraint(ask: Ask) -> dict[str, JsonValue]:
    schema = ask.attempt.call.schema
    if schema is None or ask.attempt.mode == "text":
        return {}
    if ask.attempt.mode == "json":
        return {"response_format": {"type": "json_object"}}
    name = schema_name(ask.attempt.call.schema_name)
    shape = reduced(schema, "llama" if ask.can.bounds else "openai")
    if ask.attempt.mode == "tool":
        function: JsonValue = {
            "name": name,
            "description": "Takes the answer.",
            "strict": True,
            "parameters": shape,
        }
        return {
            "tools": [{"type": "function", "function": function}],
            "tool_choice": "required",
            "parallel_tool_calls": False,
        }
    # Only here: servers take a schema elsewhere in the format, too, and enforce nothing.
    json_schema: JsonValue = {"name": name, "strict": True, "schema": shape}
    return {"response_format": {"type": "json_schema", "json_schema": json_schema}}


def schema_name(name: str) -> str:
    """A name as servers take it: at most 64 letters, digits, `_` and `-`."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:64] or "answer"


def _cache_key(group: str | None) -> str | None:
    # Hashed, because a group may name a file, and the key may have 64 characters at most.
    return None if group is None else sha256(group.encode("utf-8", "surrogatepass")).hexdigest()[:32]
