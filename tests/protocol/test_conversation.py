"""Whether a message fits those before it."""

from __future__ import annotations

from typing import Literal

import pytest

from codedesigner.protocol.conversation import Conversation
from codedesigner.protocol.refused import Refusal
from codedesigner.protocol.wire import (
    AnalyzeRequest,
    Envelope,
    ErrorPayload,
    HeartbeatPayload,
    RequestContext,
    ResponsePayload,
)

ID, OTHER = "6b1f6d53-6f0b-5c0e-9b1e-0f6a3f1f9f11", "6b1f6d53-6f0b-5c0e-9b1e-0f6a3f1f9f12"


def request(message_id: str = ID, code: str = "x", worker: str = "one", path: str = "a.py") -> Envelope:
    return Envelope(
        message_id=message_id,
        timestamp=1,
        sender="supervisor",
        worker=worker,
        message_type="analyze_request",
        payload=AnalyzeRequest(code=code, questions=(), context=RequestContext(file_path=path)),
    )


def answer(
    to: str | None = ID, worker: str = "one", kind: Literal["response", "error", "heartbeat"] = "response"
) -> Envelope:
    payloads: dict[str, ResponsePayload | ErrorPayload | HeartbeatPayload] = {
        "response": ResponsePayload(status="success"),
        "error": ErrorPayload(code="TIMEOUT", message="late", recoverable=True),
        "heartbeat": HeartbeatPayload(),
    }
    return Envelope(
        message_id=OTHER,
        correlation_id=to,
        timestamp=1,
        sender="worker",
        worker=worker,
        message_type=kind,
        payload=payloads[kind],
    )


def heard(*envelopes: Envelope) -> None:
    conversation = Conversation()
    for envelope in envelopes:
        conversation.take(envelope)


@pytest.mark.parametrize(
    "said",
    [
        [],
        [request()],
        [request(), answer()],
        [request(), answer(kind="error")],
        [request(), answer(kind="heartbeat"), answer(kind="heartbeat"), answer()],
        [request(), request(OTHER, "y"), answer(OTHER), answer()],
        [request(), answer(kind="error"), request(), answer()],
        [request(), request(), answer(), answer()],
        [request(code="\udcff"), answer()],
        [answer(None, kind="error")],
    ],
)
def test_what_fits_is_taken(said: list[Envelope]) -> None:
    heard(*said)


@pytest.mark.parametrize(
    ("said", "code", "path"),
    [
        ([answer()], "INVALID_REQUEST", "correlation_id"),
        ([answer(kind="heartbeat")], "INVALID_REQUEST", "correlation_id"),
        ([request(), answer(OTHER)], "INVALID_REQUEST", "correlation_id"),
        ([request(), answer(worker="two")], "INVALID_REQUEST", "worker"),
        ([request(), answer(kind="heartbeat", worker="two")], "INVALID_REQUEST", "worker"),
        ([request(), answer(), answer()], "AMBIGUOUS_INPUT", "correlation_id"),
        ([request(), answer(), answer(kind="heartbeat")], "AMBIGUOUS_INPUT", "correlation_id"),
        ([request(), request(code="y")], "AMBIGUOUS_INPUT", "message_id"),
        ([request(), request(worker="two")], "AMBIGUOUS_INPUT", "message_id"),
        ([request(), request(path="b.py")], "AMBIGUOUS_INPUT", "message_id"),
        # an answer is no request
        ([request(), answer(), answer(OTHER)], "INVALID_REQUEST", "correlation_id"),
    ],
)
def test_what_does_not_fit_is_refused(said: list[Envelope], code: str, path: str) -> None:
    heard(*said[:-1])
    with pytest.raises(Refusal) as caught:
        heard(*said)
    assert (caught.value.code, caught.value.path) == (code, path)
