"""What a request asks and what is answered, in no dialect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Json = Mapping[str, Any]
Finish = Literal["stop", "length", "refusal"]

PART = 64  # characters of one part of a streamed answer


@dataclass(frozen=True, slots=True)
class Question:
    """One request. `text` is all that the model is told; `tool` is the one it has to call."""

    model: str
    text: str
    schema: Json | None
    tool: str | None
    stream: bool
    max_tokens: int | None


@dataclass(frozen=True, slots=True)
class Said:
    """One answer. `text` is also the input of the tool, where one is called."""

    text: str
    finish: Finish
    tokens_in: int
    tokens_out: int

    @property
    def parts(self) -> list[str]:
        """The text in the pieces in which it is streamed."""
        return [self.text[at : at + PART] for at in range(0, len(self.text), PART)] or [""]


class Dialect(Protocol):
    """How a kind of server is asked, and how it answers."""

    stream_type: str

    def read(self, body: Json) -> Question:
        """The question in a request."""

    def whole(self, question: Question, said: Said) -> Json:
        """The answer as one document."""

    def streamed(self, question: Question, said: Said) -> list[bytes]:
        """The answer in parts."""

    def error(self, status: int, message: str) -> Json:
        """The body of a refusal."""


def words(content: object) -> str:
    """The text in a message's content, be it a text or blocks."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(words(block) for block in content)
    if isinstance(content, Mapping):
        return words(content.get("text") or content.get("content") or "")
    return ""


def joined(messages: Iterable[Json], system: object = None) -> str:
    """Everything that the messages tell."""
    told = [words(message.get("content")) for message in messages]
    return "\n".join([words(system), *told] if system else told)


def forced_tool(body: Json) -> tuple[str, Json] | None:
    """Name and input schema of the tool that has to be called, in either spelling."""
    choice = body.get("tool_choice")
    kind = choice.get("type") if isinstance(choice, Mapping) else choice
    if kind not in ("function", "tool", "required", "any"):
        return None
    wanted = (choice.get("name") or (choice.get("function") or {}).get("name")) if isinstance(choice, Mapping) else None
    for tool in body.get("tools") or ():
        described = tool.get("function") or tool
        if wanted in (None, described["name"]):
            return described["name"], described.get("parameters") or described.get("input_schema") or {}
    return None
