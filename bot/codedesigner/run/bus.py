"""The one way between supervisor and workers: envelopes go out, envelopes come back, every one is recorded.

A request's id is made from what it says and whom it goes to, so that the same question has the same id in every run:
that is how a recorded run is replayed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Protocol
from uuid import UUID, uuid5

from codedesigner.protocol.wire import (
    AnalyzeRequest,
    Envelope,
    ErrorPayload,
    HeartbeatPayload,
    MessageType,
    RefineRequest,
    ResponsePayload,
    ToolRequest,
    VerifyRequest,
)
from codedesigner.run.within import Idle, never_idle

Request = ToolRequest | VerifyRequest | RefineRequest | AnalyzeRequest
Answered = ResponsePayload | ErrorPayload
Record = Callable[[Envelope], None]
Beat = Callable[[str, float], None]
"""Called by a worker with a request's message id and the share (0..1) of the work that is done."""

_NAMESPACE = UUID("6b1f6d53-6f0b-5c0e-9b1e-0f6a3f1f9f11")
_TYPES: dict[type[Request], MessageType] = {
    ToolRequest: "tool_request",
    VerifyRequest: "verify_request",
    RefineRequest: "refine_request",
    AnalyzeRequest: "analyze_request",
}


class Worker(Protocol):
    """A location as the supervisor sees it, model or analyser."""

    @property
    def id(self) -> str:
        """The location's id."""

    async def handle(self, requests: Sequence[Envelope], beat: Beat) -> Sequence[Answered]:
        """An answer for each request, in order. Failures are `ErrorPayload`s; nothing else is raised."""


def unrecorded(_envelope: Envelope) -> None:
    """Keeps nothing."""


def request_id(worker: str, request: Request) -> str:
    """The message id of a request: a name for what is asked of whom."""
    # Not pydantic's own JSON: code may hold bytes that are no UTF-8, as lone surrogates, and it refuses those.
    said = json.dumps([worker, _TYPES[type(request)], request.model_dump(mode="json")])
    return str(uuid5(_NAMESPACE, sha256(said.encode()).hexdigest()))


class Bus:
    """Carries requests to the workers by their id. `now` gives Unix time in seconds.

    `idle` gives the seconds so far in which nobody could be asked, which count for no limit on a review's time.
    """

    def __init__(
        self,
        workers: Mapping[str, Worker],
        *,
        now: Callable[[], float],
        record: Record = unrecorded,
        idle: Idle = never_idle,
    ) -> None:
        self.idle = idle
        self._workers = dict(workers)
        self._now = now
        self._record = record

    async def ask(self, worker: str, requests: Sequence[Request]) -> tuple[Answered, ...]:
        """The worker's answers, in the order of the requests.

        Raises:
            KeyError: there is no such worker.
        """
        there = self._workers[worker]
        sent = [self._sent(worker, request) for request in requests]
        for envelope in sent:
            self._record(envelope)
        answers = await there.handle(sent, self._beat(worker))
        for envelope, answer in zip(sent, answers, strict=True):
            self._record(self._answer(worker, envelope, answer))
        return tuple(answers)

    def _sent(self, worker: str, request: Request) -> Envelope:
        return Envelope(
            message_id=request_id(worker, request),
            timestamp=self._time(),
            sender="supervisor",
            worker=worker,
            message_type=_TYPES[type(request)],
            payload=request,
        )

    def _answer(self, worker: str, asked: Envelope, answer: Answered) -> Envelope:
        return self._reply(
            worker, asked.message_id, "error" if isinstance(answer, ErrorPayload) else "response", answer
        )

    def _beat(self, worker: str) -> Beat:
        def beat(request: str, progress: float) -> None:
            payload = HeartbeatPayload(progress=min(1.0, max(0.0, progress)))
            self._record(self._reply(worker, request, "heartbeat", payload))

        return beat

    def _reply(
        self, worker: str, request: str, message_type: MessageType, payload: Answered | HeartbeatPayload
    ) -> Envelope:
        at = self._time()
        return Envelope(
            message_id=str(uuid5(_NAMESPACE, f"{message_type} {request} {at:.3f}")),
            correlation_id=request,
            timestamp=at,
            sender="worker",
            worker=worker,
            message_type=message_type,
            payload=payload,
        )

    def _time(self) -> float:
        return round(self._now(), 3)


class Recorded:
    """A worker that says what it said in a recorded run."""

    def __init__(self, worker: str, answers: Mapping[str, Answered]) -> None:
        self.id = worker
        self._answers = answers

    async def handle(self, requests: Sequence[Envelope], beat: Beat) -> tuple[Answered, ...]:
        """The recorded answer to each request; one that was never asked has none, and that is an error."""
        return tuple(self._answers.get(each.message_id) or _not_recorded(each) for each in requests)


def _not_recorded(request: Envelope) -> ErrorPayload:
    about = getattr(getattr(request.payload, "context", None), "file_path", request.message_type)
    return ErrorPayload(
        code="INVALID_REQUEST",
        message=f"the recorded run did not ask this ({about})",
        recoverable=False,
        suggested_action="abort",
    )
