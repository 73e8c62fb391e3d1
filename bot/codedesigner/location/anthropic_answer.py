"""What an answer in Anthropic's dialect means, whole or in parts."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from pydantic import JsonValue

from codedesigner.call.model import Completion, Finish, Usage
from codedesigner.call.trouble import Trouble
from codedesigner.location.dialect import JsonObject, Said, count, items, part, text, used

_FINISH: dict[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "stop",
    "max_tokens": "length",
    "refusal": "refusal",
    "model_context_window_exceeded": "context",
}


def read_anthropic(body: JsonObject) -> Completion | Trouble:
    """A whole answer. Its content may be empty."""
    if not isinstance(body.get("content"), list):
        return Trouble("garbled", "the answer has no content", 200)
    said = Said()
    called: str | None = None
    for block in items(body, "content"):
        said.add(said.text, text(block, "text"))
        said.add(said.reasoning, text(block, "thinking"))
        if called is None and text(block, "type") == "tool_use":
            called = json.dumps(part(block, "input"), ensure_ascii=False)
    return _completion(said, called, body.get("stop_reason"), part(body, "usage"), text(body, "model"), body)


@dataclass(slots=True)
class AnthropicReader:
    """Puts the events of an answer together. Usage comes twice, and what comes later counts for more."""

    _said: Said = field(default_factory=Said)
    _called: Said = field(default_factory=Said)
    _tool: int | None = None
    _stop: JsonValue = None
    _usage: dict[str, JsonValue] = field(default_factory=dict)
    _model: str | None = None
    _delta: JsonObject = field(default_factory=dict)

    @property
    def length(self) -> int:
        """Characters of answer and thoughts so far."""
        return self._said.length + self._called.length

    @property
    def blank(self) -> int:
        """Blank characters in a row at its end."""
        return max(self._said.blank, self._called.blank)

    def feed(self, event: str, data: JsonObject) -> Trouble | None:
        """The next event, whose kind stands in its data, too."""
        kind = text(data, "type") or event
        if kind == "message_start":
            message = part(data, "message")
            self._model = text(message, "model")
            self._usage |= part(message, "usage")
        elif kind == "content_block_start":
            self._start(data)
        elif kind == "content_block_delta":
            self._add(data)
        elif kind == "message_delta":
            self._delta = part(data, "delta")
            self._stop = self._delta.get("stop_reason") or self._stop
            self._usage |= {name: value for name, value in part(data, "usage").items() if value is not None}
        return None

    def _start(self, data: JsonObject) -> None:
        block = part(data, "content_block")
        if text(block, "type") == "tool_use" and self._tool is None:
            self._tool = count(data, "index") or 0
        self._said.add(self._said.text, text(block, "text"))
        self._said.add(self._said.reasoning, text(block, "thinking"))

    def _add(self, data: JsonObject) -> None:
        delta = part(data, "delta")
        self._said.add(self._said.text, text(delta, "text"))
        self._said.add(self._said.reasoning, text(delta, "thinking"))
        if self._tool is not None and (count(data, "index") or 0) == self._tool:
            self._called.add(self._called.text, text(delta, "partial_json"))

    def end(self, *, stopped: bool = False) -> Completion | Trouble:
        """What it was. Without a reason for its end it was cut off."""
        stop = "max_tokens" if stopped else self._stop
        if stop is None:
            return Trouble("disconnected", "the answer ended before it was finished", 200)
        called = ("".join(self._called.text) or "{}") if self._tool is not None else None
        return _completion(self._said, called, stop, self._usage, self._model, self._delta)


def _completion(
    said: Said, called: str | None, stop: JsonValue, usage: JsonObject, model: str | None, source: JsonObject
) -> Completion:
    words = "".join(said.text)
    answer = called if called is not None else words
    finish: Finish = _FINISH.get(stop, "unknown") if isinstance(stop, str) else "stop" if answer else "unknown"
    refusal = text(part(source, "stop_details"), "explanation") or words if finish == "refusal" else None
    return Completion(
        text=answer, finish=finish, reasoning="".join(said.reasoning), refusal=refusal, usage=_usage(usage), model=model
    )


def _usage(usage: JsonObject) -> Usage:
    # input_tokens are only those that were neither read from the cache nor written to it.
    cached, written = count(usage, "cache_read_input_tokens") or 0, count(usage, "cache_creation_input_tokens") or 0
    tokens_in = (count(usage, "input_tokens") or 0) + cached + written
    return used(tokens_in, count(usage, "output_tokens") or 0, cached=cached, written=written)
