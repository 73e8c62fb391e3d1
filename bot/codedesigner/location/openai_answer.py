"""What an answer in OpenAI's dialect means, whole or in parts."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import JsonValue

from codedesigner.call.model import Completion, Finish, Usage
from codedesigner.call.trouble import Trouble
from codedesigner.location.dialect import JsonObject, Said, count, items, part, text, used

_FINISH: dict[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "stop",
    "function_call": "stop",
    "content_filter": "filter",
}
FAILED = Trouble("server_error", "the server ended the answer with an error", 200)
CUT = Trouble("disconnected", "the answer ended before it was finished", 200)


def read_openai(body: JsonObject, *, tool: bool) -> Completion | Trouble:
    """A whole answer; `tool`: it was asked for as the input of a tool."""
    choices = items(body, "choices")
    choice = choices[0] if choices else None
    if not isinstance(choice, dict):
        return Trouble("garbled", "the answer has no choices", 200)
    if choice.get("finish_reason") == "error" or isinstance(choice.get("error"), dict):
        return FAILED
    message = part(choice, "message")
    said = Said()
    _take(said, message)
    called = _called(message) if tool else None
    return _completion(said, called, choice.get("finish_reason"), _usage(body), text(body, "model"))


@dataclass(slots=True)
class OpenAiReader:
    """Puts the chunks of an answer together. The last usage counts: some servers send it with every chunk."""

    tool: bool
    _said: Said = field(default_factory=Said)
    _called: Said = field(default_factory=Said)
    _finish: JsonValue = None
    _usage: Usage | None = None
    _model: str | None = None
    _done: bool = False
    _failed: bool = False

    @property
    def length(self) -> int:
        """Characters of answer and thoughts so far."""
        return self._said.length + self._called.length

    @property
    def blank(self) -> int:
        """Blank characters in a row at its end."""
        return max(self._said.blank, self._called.blank)

    def feed(self, event: str, data: JsonObject) -> Trouble | None:
        """The next chunk; `event` is `done` for the one that says that there are no more."""
        if event == "done":
            self._done = True
            return None
        self._model = text(data, "model") or self._model
        self._usage = _usage(data) or self._usage
        for choice in items(data, "choices")[:1]:
            if isinstance(choice, dict):
                self._choice(choice)
        return FAILED if self._failed else None

    def _choice(self, choice: JsonObject) -> None:
        delta = part(choice, "delta") or part(choice, "message")
        _take(self._said, delta)
        for call in items(delta, "tool_calls"):
            # Only the first call counts: there is one tool, and it is called once.
            if not (count(call, "index") or 0):
                self._called.add(self._called.text, text(part(call, "function"), "arguments"))
        finish = choice.get("finish_reason")
        self._finish = finish if isinstance(finish, str) else self._finish
        self._failed = self._failed or finish == "error" or isinstance(choice.get("error"), dict)

    def end(self, *, stopped: bool = False) -> Completion | Trouble:
        """What it was. Without a reason for its end and without `[DONE]` it was cut off."""
        if self._finish is None and not self._done and not stopped:
            return CUT
        called = "".join(self._called.text) if self.tool and self._called.text else None
        finish = "length" if stopped else self._finish
        return _completion(self._said, called, finish, self._usage, self._model)


def _take(said: Said, message: JsonObject) -> None:
    said.add(said.text, _content(message.get("content")))
    said.add(said.reasoning, message.get("reasoning_content") or message.get("reasoning"))
    said.add(said.refusal, message.get("refusal"))


def _content(content: JsonValue) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "".join(text(each, "text") or "" for each in content)


def _called(message: JsonObject) -> str | None:
    for call in items(message, "tool_calls"):
        arguments = text(part(call, "function"), "arguments")
        if arguments:
            return arguments
    return text(part(message, "function_call"), "arguments")


def _completion(
    said: Said, called: str | None, finish: JsonValue, usage: Usage | None, model: str | None
) -> Completion:
    refusal = "".join(said.refusal)
    answer = called if called is not None else "".join(said.text)
    how: Finish = _FINISH.get(finish, "unknown") if isinstance(finish, str) else "stop" if answer else "unknown"
    return Completion(
        text=answer,
        finish="refusal" if refusal else how,
        reasoning="".join(said.reasoning),
        refusal=refusal or None,
        usage=usage or Usage(calls=1),
        model=model,
    )


def _usage(body: JsonObject) -> Usage | None:
    usage, timings = part(body, "usage"), part(body, "timings")
    details = part(usage, "prompt_tokens_details")
    cached = count(details, "cached_tokens") or count(timings, "cache_n") or 0
    if usage:
        written = count(details, "cache_write_tokens") or 0
        tokens_in, tokens_out = count(usage, "prompt_tokens") or 0, count(usage, "completion_tokens") or 0
        return used(tokens_in, tokens_out, cached=cached, written=written)
    if timings:
        return used(cached + (count(timings, "prompt_n") or 0), count(timings, "predicted_n") or 0, cached=cached)
    return None
