"""One call, from its coming to its answer or its end."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from typing import TYPE_CHECKING

from bench.model_server.failures import Failure
from bench.model_server.instance import instance
from bench.model_server.question import Dialect, Question, Said
from bench.model_server.wire import Connection

if TYPE_CHECKING:
    from bench.model_server.endpoint import Endpoint

_DECLINES = "I'm sorry, but I can't help with that."
_NO_JSON = "{]: this is *not* the\n\t\tanswer } you 'asked"
_MESSAGES = {"overflow": "This model's maximum context length is 8 tokens; the prompt is too long"}


class Exchange:
    """A call that is being answered. No task is spent on it: timers and the connection drive it."""

    __slots__ = ("_connection", "_dialect", "_digest", "_endpoint", "_serving", "_timer", "failure", "question", "said")

    def __init__(
        self, endpoint: Endpoint, connection: Connection, dialect: Dialect, question: Question, digest: bytes
    ) -> None:
        """A call that has just come."""
        self._endpoint = endpoint
        self._connection = connection
        self._dialect = dialect
        self._digest = digest
        self._timer: asyncio.TimerHandle | None = None
        self._serving = False
        self.failure: Failure | None = None
        self.question = question
        self.said = _answer(question, endpoint.behaviour.answer, endpoint.behaviour.number)

    @property
    def tokens(self) -> int:
        """Of the prompt and of the answer."""
        return self.said.tokens_in + self.said.tokens_out

    def serve(self) -> None:
        """Begin to answer, or to fail."""
        self._serving = True
        kind = self.failure.kind if self.failure else None
        if kind is not None:
            self._endpoint.counts.failures[kind] += 1
        if kind == "hang":
            return
        wait = self._endpoint.behaviour.latency
        if kind == "slow" and self.failure is not None:
            wait += 5.0 if self.failure.value is None else self.failure.value
        self._timer = asyncio.get_running_loop().call_later(wait, self._finish)

    def refuse(self, status: int, message: str, retry_after: float | None = None) -> None:
        """Answer with an error."""
        headers = {} if retry_after is None else {"retry-after": f"{retry_after:.3f}"}
        body = json.dumps(self._dialect.error(status, message)).encode()
        self._connection.send(status, body, headers=headers)

    def abandon(self) -> None:
        """The client has gone."""
        if self._timer is not None:
            self._timer.cancel()
        self._endpoint.counts.left += 1
        self._endpoint.leave(self, served=self._serving)

    def _finish(self) -> None:
        kind = self.failure.kind if self.failure else "slow"
        if kind.isdigit():
            assert self.failure is not None
            self.refuse(int(kind), "Injected failure", self.failure.value)
        elif kind == "overflow":
            self.refuse(400, _MESSAGES[kind])
        elif kind == "drop":
            self._connection.close()
        elif kind == "garbled":
            self._connection.send(200, b'{"choices": [')
        elif self.question.stream:
            self._speak(_spoilt(self.said, kind), cut=kind == "drop_mid")
            return
        else:
            self._tell(_spoilt(self.said, kind), cut=kind == "drop_mid")
            return
        self._endpoint.leave(self, served=True)

    def _tell(self, said: Said, *, cut: bool) -> None:
        body = json.dumps(self._dialect.whole(self.question, said)).encode()
        if cut:
            self._connection.write(
                b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body[: len(body) // 2]
            )
            self._connection.close()
        else:
            self._connection.send(200, body)
            self._answered()
        self._endpoint.leave(self, served=True)

    def _speak(self, said: Said, *, cut: bool) -> None:
        parts = self._dialect.streamed(self.question, said)
        self._connection.begin(self._dialect.stream_type)
        pause = self._endpoint.behaviour.speaking / len(parts)
        if cut:
            parts = parts[: len(parts) // 2]
        self._say(parts, 0, pause, cut=cut)

    def _say(self, parts: list[bytes], at: int, pause: float, *, cut: bool) -> None:
        while at < len(parts):
            self._connection.part(parts[at])
            at += 1
            if pause and at < len(parts):
                on = partial(self._say, parts, at, pause, cut=cut)
                self._timer = asyncio.get_running_loop().call_later(pause, on)
                return
        if cut:
            self._connection.close()
        else:
            self._connection.end()
            self._answered()
        self._endpoint.leave(self, served=True)

    def _answered(self) -> None:
        counts = self._endpoint.counts
        counts.answered += 1
        if self.failure is None or self.failure.kind == "slow":
            counts.answered_questions.add(self._digest)


def tokens(text: str) -> int:
    """About how many tokens a text has: one for every four characters begun."""
    return (len(text) + 3) // 4


def _answer(question: Question, otherwise: str, least: int) -> Said:
    text = otherwise if question.schema is None else json.dumps(instance(question.schema, least=least))
    if question.max_tokens is not None and tokens(text) > question.max_tokens > 0:
        text = text[: question.max_tokens * 4]
        return Said(text, "length", tokens(question.text), question.max_tokens)
    return Said(text, "stop", tokens(question.text), tokens(text))


def _spoilt(said: Said, kind: str) -> Said:
    match kind:
        case "malformed":
            return Said(_NO_JSON, "stop", said.tokens_in, tokens(_NO_JSON))
        case "fenced":
            text = f"Here it is:\n```json\n{said.text}\n```\nAnything else?"
            return Said(text, "stop", said.tokens_in, tokens(text))
        case "truncated":
            return Said(said.text[: len(said.text) // 2], "length", said.tokens_in, said.tokens_out)
        case "empty":
            return Said("", "stop", said.tokens_in, 0)
        case "refusal":
            return Said(_DECLINES, "refusal", said.tokens_in, tokens(_DECLINES))
    return said
