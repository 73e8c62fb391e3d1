"""Anthropic's dialect: the Messages API. It never puts words into the model's mouth, which current models refuse."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from codedesigner.call.model import Completion, Turn
from codedesigner.call.reduce import reduced
from codedesigner.call.trouble import Trouble
from codedesigner.location.anthropic_answer import AnthropicReader, read_anthropic
from codedesigner.location.ask import Ask
from codedesigner.location.dialect import Found, JsonObject, Wire, count, items, laid_over, part, text, without
from codedesigner.location.openai import schema_name
from codedesigner.location.spec import ENDPOINTS, Dialect, Effort, LocationSpec
from codedesigner.location.spoken import spoken

VERSION = "2023-06-01"
LONGEST_WHOLE = 16_000
"""Tokens. A longer answer is taken in parts: a connection that is silent for so long does not live."""
LEAST_BUDGET = 1024
BUDGETS: dict[Effort, int] = {"minimal": 1024, "low": 2048, "medium": 4096, "high": 8192}
"""Tokens of thought, for models that are told a number."""

_OPTIONAL = frozenset({"temperature", "top_p", "stop_sequences", "thinking", "effort", "cache_control"})


class Anthropic:
    """Speaks to one location."""

    name: Dialect = "anthropic"
    key_header = "x-api-key"
    droppable = _OPTIONAL
    mode_parameters = frozenset({"output_config", "format", "output_format", "tools", "tool_choice"})

    def __init__(self, spec: LocationSpec) -> None:
        provider = spec.provider
        base = (provider.url or ENDPOINTS["anthropic"]).rstrip("/")
        self._base = base.removesuffix("/messages").removesuffix("/v1").rstrip("/")
        self._model = provider.model_id
        self._version = provider.api_version or VERSION
        self._extra = provider.extra

    @property
    def headers(self) -> Mapping[str, str]:
        """The version of the API."""
        return {"anthropic-version": self._version}

    def streams(self, ask: Ask) -> bool:
        """Where the answer may be long."""
        return ask.max_tokens > LONGEST_WHOLE

    def request(self, ask: Ask) -> Wire:
        """A message. Keys keep their order: a schema's properties are written in the order they are sent."""
        refused = ask.can.refused
        thinking, budget = _thinking(ask)
        config = _output_config(ask)
        body: dict[str, JsonValue] = {
            "model": self._model,
            "max_tokens": ask.max_tokens + budget,
            **_words(ask),
            "temperature": None if thinking else ask.temperature,
            "top_p": None if thinking else ask.top_p,
            "stop_sequences": list(ask.stop) or None,
            "stream": True if ask.stream else None,
            "thinking": thinking,
            "output_config": config or None,
            **_tool(ask),
        }
        body = without(body, refused & _OPTIONAL)
        sent = frozenset(body) | (config.keys() - {"format"}) | ({"cache_control"} if _shares(ask) else frozenset())
        return Wire("POST", f"{self._base}/v1/messages", laid_over(body, self._extra), sent - frozenset(self._extra))

    def read(self, body: JsonObject, ask: Ask) -> Completion | Trouble:
        """What a whole answer means."""
        return read_anthropic(body)

    def reader(self, ask: Ask) -> AnthropicReader:
        """For an answer that comes in parts."""
        return AnthropicReader()

    def check(self) -> Wire:
        """What it says of the model."""
        return Wire("GET", f"{self._base}/v1/models/{self._model}")

    def read_check(self, body: JsonObject) -> Trouble | Wire | None:
        """It has said something, so the model is there; else it had answered with 404."""
        return None

    def questions(self) -> tuple[Wire, ...]:
        """The model, and the models there are."""
        return (Wire("GET", f"{self._base}/v1/models/{self._model}"), Wire("GET", f"{self._base}/v1/models"))

    def found(self, body: JsonObject) -> Found:
        """What one of these says."""
        if "data" in body:
            names = (text(model, "id") for model in items(body, "data"))
            return Found(models=tuple(name for name in names if name) or None)
        abilities = part(body, "capabilities")
        schema = part(abilities, "structured_outputs").get("supported")
        thinking = part(abilities, "thinking").get("supported")
        return Found(
            n_ctx=count(body, "max_input_tokens"),
            schema=schema if isinstance(schema, bool) else None,
            thinking=thinking if isinstance(thinking, bool) else None,
        )


def _words(ask: Ask) -> dict[str, JsonValue]:
    """System and messages. What calls of a group share ends in a mark, up to which the server keeps it."""
    system, turns = spoken(ask)
    marked = _shares(ask)
    shared = ask.attempt.call.prompt.shared
    messages: list[JsonValue] = []
    split = False
    for turn in turns:
        if marked and not split and turn.role == "user":
            content, split = _split(turn, shared)
            messages.append({"role": turn.role, "content": content})
        else:
            messages.append({"role": turn.role, "content": turn.text})
    mark_system = marked and not split
    return {"system": [_block(system, marked=mark_system)] if system else None, "messages": messages}


def _split(turn: Turn, shared: str) -> tuple[JsonValue, bool]:
    rest = turn.text[len(shared) :]
    if not shared.strip() or not turn.text.startswith(shared):
        return turn.text, False
    if not rest.strip():
        return [_block(turn.text, marked=True)], True
    return [_block(shared, marked=True), _block(rest.lstrip("\n"))], True


def _block(said: str, *, marked: bool = False) -> dict[str, JsonValue]:
    block: dict[str, JsonValue] = {"type": "text", "text": said}
    if marked:
        block["cache_control"] = {"type": "ephemeral"}
    return block


def _shares(ask: Ask) -> bool:
    # Writing to the cache costs a quarter more, so what nobody else will read is not written.
    return ask.attempt.call.group is not None and ask.can.takes("cache_control")


def _thinking(ask: Ask) -> tuple[JsonValue, int]:
    """How it is told to think, and the tokens that this adds to its answer's."""
    if ask.effort is None or ask.effort == "none" or not ask.can.takes("thinking"):
        return None, 0
    if ask.can.think_field == "adaptive":
        return {"type": "adaptive"}, 0
    if ask.can.think_field != "budget":
        return None, 0
    budget = BUDGETS.get(ask.effort, LEAST_BUDGET)
    return {"type": "enabled", "budget_tokens": budget}, max(0, LEAST_BUDGET + budget - ask.max_tokens)


def _output_config(ask: Ask) -> dict[str, JsonValue]:
    config: dict[str, JsonValue] = {}
    if ask.effort not in (None, "none") and ask.can.think_field is not None and ask.can.takes("effort"):
        config["effort"] = ask.effort
    schema = ask.attempt.call.schema
    if schema is not None and ask.attempt.mode == "schema":
        config["format"] = {"type": "json_schema", "schema": reduced(schema, "anthropic")}
    return config


def _tool(ask: Ask) -> dict[str, JsonValue]:
    """One tool, neither strict (its schema may be too large for that) nor forced (which current models refuse)."""
    schema = ask.attempt.call.schema
    if schema is None or ask.attempt.mode != "tool":
        return {}
    tool: dict[str, JsonValue] = {
        "name": schema_name(ask.attempt.call.schema_name),
        "description": "Takes the answer. Always call it exactly once, with the whole answer.",
        "input_schema": reduced(schema, "anthropic"),
    }
    return {"tools": [tool], "tool_choice": {"type": "auto"}}
