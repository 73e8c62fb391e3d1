"""Ollama's own dialect, which unlike its OpenAI one can set the length of the context."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from codedesigner.call.model import Completion, Finish, Usage
from codedesigner.call.reduce import reduced
from codedesigner.call.trouble import Trouble
from codedesigner.location.ask import Ask
from codedesigner.location.dialect import (
    Found,
    JsonObject,
    Said,
    Wire,
    count,
    items,
    laid_over,
    part,
    text,
    used,
    without,
)
from codedesigner.location.spec import ENDPOINTS, Dialect, LocationSpec
from codedesigner.location.spoken import spoken
from codedesigner.plan.cost import tokens_of

DEFAULT_CONTEXT = 16_384
"""Tokens of context where the location names no `context_size`. Ollama's own default is 4096 on most machines."""
KEEP_ALIVE = "30m"
"""How long the model stays loaded: a review has longer pauses than Ollama's five minutes."""
FAR_BELOW = 0.4
"""A prompt of which the server has counted a smaller share of what we expect was cut before the model saw it."""
LEAST_EXPECTED = 1024  # tokens; below, an estimate may be that far off by itself

_OPTIONAL = frozenset({"think", "keep_alive"})
_FINISH: dict[str, Finish] = {"stop": "stop", "length": "length"}


class Ollama:
    """Speaks to one location."""

    name: Dialect = "ollama"
    key_header = "authorization"
    droppable = _OPTIONAL
    mode_parameters = frozenset({"format"})

    def __init__(self, spec: LocationSpec) -> None:
        provider = spec.provider
        base = (provider.url or ENDPOINTS["ollama"]).rstrip("/")
        for ending in ("/api/chat", "/api/embed", "/api", "/v1"):
            base = base.removesuffix(ending)
        self._base = base.rstrip("/")
        self._model = provider.model_id
        self._context = provider.context_size or DEFAULT_CONTEXT
        self._extra = provider.extra

    @property
    def headers(self) -> Mapping[str, str]:
        """None besides."""
        return {}

    def streams(self, ask: Ask) -> bool:
        """Never: answers of any length may come whole."""
        return False

    def request(self, ask: Ask) -> Wire:
        """A chat. With `truncate` and `shift` off, a prompt that does not fit is an error and not a shorter prompt.

        The context's size is the same in every request, because another one makes the server load the model anew.
        """
        system, turns = spoken(ask, describe=True)
        messages: list[JsonValue] = [{"role": "system", "content": system}] if system else []
        messages += [{"role": turn.role, "content": turn.text} for turn in turns]
        options: dict[str, JsonValue] = {
            "num_ctx": self._context,
            "num_predict": ask.max_tokens,
            "temperature": ask.temperature,
            "top_p": ask.top_p,
            "seed": ask.seed,
            "stop": list(ask.stop) or None,
        }
        body: dict[str, JsonValue] = {
            "model": self._model,
            "messages": messages,
            "stream": ask.stream,
            "truncate": False,
            "shift": False,
            "keep_alive": KEEP_ALIVE,
            "format": _format(ask),
            "think": _think(ask),
            "options": without(options),
        }
        body = without(body, ask.can.refused & _OPTIONAL)
        sent = frozenset(body)
        return Wire("POST", f"{self._base}/api/chat", laid_over(body, self._extra), sent - frozenset(self._extra))

    def read(self, body: JsonObject, ask: Ask) -> Completion | Trouble:
        """What a whole answer means."""
        reader = self.reader(ask)
        reader.feed("", body)
        return reader.end()

    def reader(self, ask: Ask) -> OllamaReader:
        """For an answer that comes in parts."""
        return OllamaReader(_expected(ask))

    def check(self) -> Wire:
        """What it says of the model."""
        return Wire("POST", f"{self._base}/api/show", {"model": self._model})

    def read_check(self, body: JsonObject) -> Trouble | Wire | None:
        """It has said something, so the model is there; else it had answered with 404."""
        return None

    def questions(self) -> tuple[Wire, ...]:
        """The model, the models there are, and the models that are loaded."""
        return (
            Wire("GET", f"{self._base}/api/tags"),
            Wire("POST", f"{self._base}/api/show", {"model": self._model}),
            Wire("GET", f"{self._base}/api/ps"),
        )

    def found(self, body: JsonObject) -> Found:
        """What one of these says. The length of a loaded model is the real one, the model's own only its highest."""
        if "model_info" in body or "capabilities" in body:
            info = part(body, "model_info")
            longest = next((name for name in info if name.endswith(".context_length")), "")
            skills = items(body, "capabilities")
            trained = count(info, longest)
            return Found(n_ctx=min(trained, self._context) if trained else None, thinking="thinking" in skills)
        models = [model for model in items(body, "models") if isinstance(model, dict)]
        names = tuple(name for model in models if (name := text(model, "name") or text(model, "model")))
        own = next((model for model in models if self._is_own(model)), {})
        loaded = count(own, "context_length")
        if any("context_length" in model or "expires_at" in model for model in models):
            return Found(n_ctx=loaded, server=text(own, "digest"))
        return Found(models=names or None, server=text(own, "digest"))

    def _is_own(self, model: JsonObject) -> bool:
        wanted = self._model if ":" in self._model else f"{self._model}:latest"
        return wanted in (model.get("name"), model.get("model"))


@dataclass(slots=True)
class OllamaReader:
    """Puts the lines of an answer together. `expected` are the tokens that its prompt has by our own count."""

    expected: int
    _said: Said = field(default_factory=Said)
    _last: JsonObject | None = None
    _model: str | None = None
    _understood: bool = False

    @property
    def length(self) -> int:
        """Characters of answer and thoughts so far."""
        return self._said.length

    @property
    def blank(self) -> int:
        """Blank characters in a row at its end."""
        return self._said.blank

    def feed(self, event: str, data: JsonObject) -> Trouble | None:
        """The next line."""
        message = part(data, "message")
        self._said.add(self._said.text, message.get("content"))
        self._said.add(self._said.reasoning, message.get("thinking"))
        self._model = text(data, "model") or self._model
        self._understood = self._understood or bool(message) or "done" in data
        if data.get("done") is True:
            self._last = data
        return None

    def end(self, *, stopped: bool = False) -> Completion | Trouble:
        """What it was. Without a last line it was cut off."""
        if not self._understood:
            return Trouble("garbled", "the answer has no message", 200)
        if stopped and self._last is None:
            self._last = {"done_reason": "length"}
        if self._last is None:
            return Trouble("disconnected", "the answer ended before it was finished", 200)
        evaluated = count(self._last, "prompt_eval_count")
        if evaluated is not None and self.expected >= LEAST_EXPECTED and evaluated < FAR_BELOW * self.expected:
            message = f"the server has read {evaluated} tokens of a prompt of about {self.expected}: it was cut"
            return Trouble("context_overflow", message, 200)
        tokens_out = count(self._last, "eval_count")
        known = evaluated is not None or tokens_out is not None
        return Completion(
            text="".join(self._said.text),
            finish=_FINISH.get(text(self._last, "done_reason") or "stop", "unknown"),
            reasoning="".join(self._said.reasoning),
            usage=used(evaluated or 0, tokens_out or 0) if known else Usage(calls=1),
            model=self._model,
        )


def _format(ask: Ask) -> JsonValue:
    schema = ask.attempt.call.schema
    if schema is None or not ask.constrained:
        return None
    return reduced(schema, "llama") if ask.attempt.mode == "schema" else "json"


def _think(ask: Ask) -> JsonValue:
    if ask.effort is None:
        return None
    if ask.can.think_field == "levels":
        return ask.effort
    return ask.effort != "none"


def _expected(ask: Ask) -> int:
    return tokens_of(ask.attempt.call.prompt.system) + tokens_of(ask.attempt.call.prompt.user)
