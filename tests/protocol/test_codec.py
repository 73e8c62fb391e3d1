"""Messages as bytes and back. Whatever comes is taken or refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codedesigner.protocol.codec import MOST_BYTES, decode, encode
from codedesigner.protocol.refused import Refusal
from codedesigner.protocol.strictjson import MOST_DEPTH
from codedesigner.protocol.wire import (
    PAYLOADS,
    AnalyzeRequest,
    Envelope,
    ErrorPayload,
    HeartbeatPayload,
    Metrics,
    RequestContext,
    ResponsePayload,
    ToolRequest,
)

NOW = 1_000_000.0
ID, OTHER = "6b1f6d53-6f0b-5c0e-9b1e-0f6a3f1f9f11", "6b1f6d53-6f0b-5c0e-9b1e-0f6a3f1f9f12"


def now() -> float:
    return NOW


def request() -> dict[str, Any]:
    return {
        "protocol_version": "1.0.0",
        "message_id": ID,
        "correlation_id": None,
        "timestamp": NOW - 5,
        "sender": "supervisor",
        "worker": "one",
        "message_type": "analyze_request",
        "payload": {
            "code": "x = 1\n",
            "questions": ["what is wrong?"],
            "depth": "normal",
            "context": {"file_path": "a.py", "line_range": {"start": 1, "end": 3}, "changed_lines": [1, 2]},
        },
    }


def answer(result: Any) -> Envelope:
    return Envelope(
        message_id=OTHER,
        correlation_id=ID,
        timestamp=NOW,
        sender="worker",
        worker="one",
        message_type="response",
        payload=ResponsePayload(status="success", result=result),
    )


@pytest.mark.parametrize("compress", [False, True])
def test_bytes_that_are_no_text_come_through(compress: bool) -> None:
    raw = bytes(range(256)) + "é€😀\u2028".encode()
    sent = Envelope(
        message_id=ID,
        timestamp=NOW,
        sender="supervisor",
        worker="one",
        message_type="analyze_request",
        payload=AnalyzeRequest(
            code=raw.decode("utf-8", "surrogateescape"),
            questions=("?\udcfe",),
            context=RequestContext(file_path="caf\udce9.py"),
        ),
    )
    read = decode(encode(sent, compress=compress), now=now)
    assert read == sent
    assert isinstance(read.payload, AnalyzeRequest)
    assert read.payload.code.encode("utf-8", "surrogateescape") == raw


def test_a_line_is_one_line_of_ascii() -> None:
    line = encode(answer({"a\nb": "\r\n\u2028é\udcff"}))
    assert line.isascii()
    assert b"\n" not in line


@pytest.mark.parametrize(
    ("result", "named"),
    [
        ("\ud83d\ude00", "two halves"),
        ({"a": ["\ud800\udfff"]}, "two halves"),
        (json.loads("[" * 105 + "]" * 105), f"more than {MOST_DEPTH} deep"),
        (10**5000, "cannot be written"),
        ("x" * MOST_BYTES, "more than 16,000,000 bytes"),
    ],
    ids=["halves", "halves inside", "deep", "digits", "large"],
)
def test_what_nobody_could_read_is_not_written(result: object, named: str) -> None:
    with pytest.raises(Refusal, match=named):
        encode(answer(result))


text = st.text(st.characters(codec="utf-8") | st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF), max_size=30)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
counts = st.integers(0, 2**70)
metrics = st.builds(
    Metrics,
    tokens_in=counts,
    duration_ms=st.floats(0, 1e300) | counts,
    usd=st.none() | st.floats(0, 10),
    model_used=text,
)
contexts = st.builds(
    RequestContext,
    file_path=text,
    function_name=st.none() | text,
    changed_lines=st.lists(st.integers(1, 10**30), max_size=4).map(tuple),
    brief=text,
)
payloads = st.one_of(
    st.builds(AnalyzeRequest, code=text, questions=st.lists(text, max_size=3).map(tuple), context=contexts),
    st.builds(
        ResponsePayload,
        status=st.sampled_from(["success", "partial"]),
        result=values,
        observations=st.lists(text, max_size=2).map(tuple),
        metrics=metrics,
    ),
    st.builds(
        ErrorPayload,
        code=st.sampled_from(["TIMEOUT", "TOOL_FAILED"]),
        message=st.text(st.characters(codec="utf-8"), min_size=1),
        details=values,
        recoverable=st.booleans(),
        metrics=metrics,
    ),
    st.builds(HeartbeatPayload, progress=st.floats(0, 1)),
    st.builds(
        ToolRequest,
        tool_name=st.just("list_files"),
        arguments=st.dictionaries(text, values, max_size=3),
        documentation_hint=st.just(""),
        execution_context=text,
    ),
)
NAMES = {kind: name for name, kind in PAYLOADS.items()}


@st.composite
def envelopes(draw: st.DrawFn) -> Envelope:
    payload = draw(payloads)
    name = NAMES[type(payload)]
    asks = name.endswith("request")
    return Envelope(
        message_id=str(draw(st.uuids())),
        correlation_id=None if asks else str(draw(st.uuids())),
        timestamp=draw(st.floats(0, NOW)),
        sender="supervisor" if asks else "worker",
        worker=draw(st.none() | text),
        message_type=name,
        payload=payload,
    )


@given(envelopes(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_what_is_written_reads_as_it_was(sent: Envelope, compress: bool) -> None:
    data = encode(sent, compress=compress)
    read = decode(data, now=now)
    assert read == sent
    assert encode(read, compress=compress) == data


def taken_or_refused(data: bytes | str) -> None:
    refusal: Refusal | None = None
    try:
        decode(data, now=now)
    except Refusal as error:
        refusal = error
    if refusal is not None:
        assert refusal.code in ("INVALID_REQUEST", "AMBIGUOUS_INPUT")
        assert str(refusal).isprintable()


@given(st.binary(max_size=200) | st.text(max_size=200) | st.text(st.characters(categories=["Cs"]), max_size=5))
@settings(max_examples=200, deadline=None)
def test_whatever_comes_is_taken_or_refused(data: bytes | str) -> None:
    taken_or_refused(data)


@given(st.dictionaries(st.sampled_from(sorted(Envelope.model_fields)) | text, values, max_size=9))
@settings(max_examples=150, deadline=None)
def test_whatever_object_comes_is_taken_or_refused(data: dict[str, object]) -> None:
    taken_or_refused(json.dumps(request() | data))


@given(envelopes(), st.data())
@settings(max_examples=150, deadline=None)
def test_a_message_with_a_scratch_is_taken_or_refused(sent: Envelope, data: st.DataObject) -> None:
    line = bytearray(encode(sent, compress=data.draw(st.booleans())))
    at = data.draw(st.integers(0, len(line) - 1))
    line[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    taken_or_refused(bytes(line))
