"""Vectors of what was said: a server makes them, each text is asked about once, and what is known is not asked again.

To the supervisor, whoever makes them is a worker like any other, and `embed` a tool that it has. The texts are what
models wrote about code that nobody trusts: they are sent as data, in a field of their own, and nothing but numbers
comes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue

from codedesigner.call.embedding import Vector, embedding_call, read, read_all, written
from codedesigner.call.model import Reply
from codedesigner.change.visible import visible
from codedesigner.plan.keys import digest
from codedesigner.protocol.wire import Envelope, ErrorPayload, Metrics, ResponsePayload, ToolRequest
from codedesigner.run.bus import Answered, Beat, Bus
from codedesigner.run.model_worker import Ask, answer_of
from codedesigner.run.within import within

EMBED = "embed"
MOST_TEXTS = 256
"""So many texts of a review are compared by their vectors; the others by their words."""
AT_ONCE = 64  # texts of one call
LONGEST = 1000  # characters of a text: what many servers take without being told to take more
PRIORITY = 8.0
_HINT = "Gives one vector for each of the texts."
_LATE = "the review's time was over"
_NO_VECTORS = "the answer does not hold one vector for each text"


class Kept(Protocol):
    """Good replies by the content of their question."""

    async def get(self, key: str) -> Reply | None:
        """The reply that is kept under the key."""

    async def put(self, key: str, reply: Reply) -> None:
        """Keep a good reply."""


@dataclass(frozen=True, slots=True)
class Embedder:
    """Implements `run.bus.Worker` for the location that makes vectors.

    `fingerprint` is its `plan.keys.location_key`. `kept` is where vectors are looked up and left, each by its text;
    None: nowhere.
    """

    id: str
    ask: Ask
    fingerprint: str
    kept: Kept | None = None

    async def handle(self, requests: Sequence[Envelope], beat: Beat) -> tuple[Answered, ...]:
        """One call a request at most: who may go when is not decided here."""
        return tuple(await asyncio.gather(*(self._one(request) for request in requests)))

    async def _one(self, envelope: Envelope) -> Answered:
        texts = _texts(envelope)
        if texts is None:
            message = f"{self.id} gives vectors for texts, and nothing else"
            return ErrorPayload(code="INVALID_REQUEST", message=message, recoverable=False, suggested_action="abort")
        known = {text: vector for text in texts if (vector := await self._known(text)) is not None}
        missing = [text for text in dict.fromkeys(texts) if text not in known]
        metrics = Metrics(cached_calls=1)
        if missing:
            reply = await self.ask(embedding_call(envelope.message_id, missing, priority=PRIORITY), self.id)
            answered = answer_of(reply, 0)
            if isinstance(answered, ErrorPayload):
                return answered
            metrics, found = answered.metrics, read_all(reply.text)
            if found is None or len(found) != len(missing):
                return _unusable(metrics)
            for text, vector in zip(missing, found, strict=True):
                known[text] = vector
                await self._keep(text, vector, reply)
        vectors: list[JsonValue] = [written(known[text]) for text in texts]
        return ResponsePayload(status="success", result={"vectors": vectors}, metrics=metrics)

    async def _known(self, text: str) -> Vector | None:
        reply = None if self.kept is None else await self.kept.get(self._key(text))
        return None if reply is None else read(reply.text)

    async def _keep(self, text: str, vector: Vector, reply: Reply) -> None:
        if self.kept is not None:
            kept = Reply(reply.call_id, self.id, "answered", text=written(vector), model=reply.model)
            await self.kept.put(self._key(text), kept)

    def _key(self, text: str) -> str:
        return digest(EMBED, self.fingerprint, text)


@dataclass(frozen=True, slots=True)
class Embedded:
    """The vectors by text, all of one dimension; none where there is `trouble`, which says why.

    `left_out` counts texts beyond `MOST_TEXTS`.
    """

    vectors: Mapping[str, Vector] = field(default_factory=dict)
    metrics: tuple[Metrics, ...] = ()
    trouble: str = ""
    left_out: int = 0

    @property
    def troubles(self) -> list[str]:
        """What was compared by words alone, and why; empty where nothing was."""
        if self.trouble:
            return [f"claims were compared by their words alone: {self.trouble}"]
        many = f"{self.left_out} claims were compared by their words alone: at most {MOST_TEXTS} get vectors"
        return [many] if self.left_out else []


async def embed(bus: Bus, embedder: str, texts: Sequence[str], *, left_s: float | None = None) -> Embedded:
    """The vectors of the texts, as far as they are asked for. What fails leaves none: half of them tell nothing."""
    wanted = list(dict.fromkeys(texts))
    sent = {text: bounded(text) for text in wanted[:MOST_TEXTS]}
    distinct = sorted(set(sent.values()) - {""})
    requests = [embed_request(distinct[start : start + AT_ONCE]) for start in range(0, len(distinct), AT_ONCE)]
    tasks = await within(left_s, (bus.ask(embedder, [request]) for request in requests), bus.idle)
    answers = [answer for task in tasks if not task.cancelled() for answer in task.result()]
    metrics = tuple(answer.metrics for answer in answers)
    left_out = len(wanted) - len(sent)
    failed = [answer.message for answer in answers if isinstance(answer, ErrorPayload)]
    if failed or len(answers) < len(requests):
        return Embedded({}, metrics, min(failed, default=_LATE), left_out)
    found = [vector for answer in answers for vector in _vectors(answer)]
    if len(found) != len(distinct) or len({len(vector) for vector in found}) > 1:
        return Embedded({}, metrics, _NO_VECTORS, left_out)
    by_text = dict(zip(distinct, found, strict=True))
    return Embedded({text: by_text[shown] for text, shown in sent.items() if shown}, metrics, "", left_out)


def embed_request(texts: Sequence[str]) -> ToolRequest:
    """The message for the vectors of some texts."""
    return ToolRequest(
        tool_name=EMBED, arguments={"texts": list(texts)}, documentation_hint=_HINT, execution_context="grouping"
    )


def bounded(text: str) -> str:
    """The text as it is sent: on one line, without what nobody sees, cut at `LONGEST` characters."""
    return " ".join(visible(text, keep="\t\n").split())[:LONGEST]


def _texts(envelope: Envelope) -> tuple[str, ...] | None:
    request = envelope.payload
    if not isinstance(request, ToolRequest) or request.tool_name != EMBED:
        return None
    texts = request.arguments.get("texts")
    if not isinstance(texts, list) or not 0 < len(texts) <= AT_ONCE:
        return None
    found = tuple(each for each in texts if isinstance(each, str))
    return found if len(found) == len(texts) else None


def _vectors(answer: Answered) -> list[Vector]:
    result = answer.result if isinstance(answer, ResponsePayload) and isinstance(answer.result, dict) else {}
    said = result.get("vectors")
    found = [read(each) for each in said] if isinstance(said, list) else []
    return [vector for vector in found if vector is not None]


def _unusable(metrics: Metrics) -> ErrorPayload:
    return ErrorPayload(
        code="INTERNAL_ERROR", message=_NO_VECTORS, recoverable=False, suggested_action="escalate", metrics=metrics
    )
