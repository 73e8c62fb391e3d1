"""What is not exactly a message is refused, with a code and the place."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from codedesigner.protocol import codec
from codedesigner.protocol.codec import MOST_BYTES, decode, validate_envelope, validate_payload
from codedesigner.protocol.refused import Refusal
from codedesigner.protocol.wire import (
    HeartbeatPayload,
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


def angle() -> dict[str, Any]:
    area = {"id": "a", "name": "A", "indicators": ["x"], "severity_if_violated": "high"}
    return {
        "id": "correctness",
        "version": "1.0.0",
        "name": "C",
        "description": "d",
        "system_prompt": "p",
        "focus_areas": [area],
    }


def message(message_type: str, payload: object, **more: object) -> dict[str, Any]:
    sender = "supervisor" if message_type.endswith("request") else "worker"
    known = None if message_type.endswith("request") else ID
    return request() | {
        "message_id": OTHER,
        "correlation_id": known,
        "sender": sender,
        "message_type": message_type,
        "payload": payload,
        **more,
    }


def response(**more: object) -> dict[str, Any]:
    return message("response", {"status": "success", "result": {"issues": []}, **more})


def error(**more: object) -> dict[str, Any]:
    return message("error", {"code": "TIMEOUT", "message": "late", "recoverable": True, **more})


def verify(**more: object) -> dict[str, Any]:
    return message("verify_request", {"code": "x", "angle_spec": angle(), "context": {"file_path": "a.py"}} | more)


def tool(**more: object) -> dict[str, Any]:
    return message(
        "tool_request",
        {"tool_name": "read_file", "arguments": {}, "documentation_hint": "", "execution_context": ""} | more,
    )


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in request().items() if name != key}


def inside(part: str, value: object) -> dict[str, Any]:
    made = request()
    made["payload"] = made["payload"] | {part: value}
    return made


def context(**more: object) -> dict[str, Any]:
    return inside("context", {"file_path": "a.py", **more})


ISSUE = {"location": {"line": 1}, "description": "d"}
FIX = {"edits": [{"line": 1, "column": 0, "end_line": 1, "end_column": 1, "text": ""}], "safe": True}
REFINE = {"code": "", "issues": [ISSUE], "context": {"file_path": "a.py"}}
TEXT = json.dumps(request())

# name -> (what is sent, what the message names)
BROKEN: dict[str, tuple[object, str]] = {
    "empty": (b"", "is no JSON: Expecting value at character 1"),
    "no JSON": (b"hello", "is no JSON"),
    "half": (TEXT[:-20].encode(), "is no JSON"),
    "two": ((TEXT + TEXT).encode(), "is no JSON: Extra data"),
    "something after it": ((TEXT + " x").encode(), "is no JSON: Extra data"),
    "a comma too many": (TEXT.replace("}}", "},}").encode(), "is no JSON"),
    "single quotes": (TEXT.replace('"', "'").encode(), "is no JSON"),
    "a byte order mark": (b"\xef\xbb\xbf" + TEXT.encode(), "is no JSON"),
    "UTF-16": (TEXT.encode("utf-16-le"), "is no JSON"),
    "not UTF-8": (TEXT.replace("a.py", "\udcff").encode("utf-8", "surrogateescape"), "is no UTF-8"),
    "surrogates in UTF-8": (TEXT.replace("a.py", "\ud800").encode("utf-8", "surrogatepass"), "is no UTF-8"),
    "a control character": (TEXT.replace("a.py", "a\x01.py").encode(), "is no JSON"),
    "an unknown escape": (TEXT.replace("a.py", r"a\q.py").encode(), "is no JSON"),
    "NaN": (TEXT.replace("999995.0", "NaN").encode(), "NaN is no number"),
    "an infinity": (TEXT.replace("999995.0", "Infinity").encode(), "Infinity is no number"),
    "a number without end": (TEXT.replace("999995.0", "1e999").encode(), "the number 1e999 is too large"),
    "a number of many digits": (TEXT.replace("999995.0", "9" * 5000).encode(), "a number has 5000 digits"),
    "oversized": (b'"' + b"x" * MOST_BYTES + b'"', "more than 16,000,000 bytes"),
    "too deep": (inside("code", json.loads("[" * 150 + "]" * 150)), "payload.code.0: is nested more than 100 deep"),
    "far too deep": (b"[" * 100_000, "nested more than 100 deep"),
    "a list": ([request()], "is no object"),
    "a word": ("hello", "is no object"),
    "null": (None, "is no object"),
    "no version": (without("protocol_version"), "protocol_version: is missing"),
    "no id": (without("message_id"), "message_id: is missing"),
    "no time": (without("timestamp"), "timestamp: is missing"),
    "no sender": (without("sender"), "sender: is missing"),
    "no type": (without("message_type"), "message_type: is missing"),
    "no payload": (without("payload"), "payload: is missing"),
    "a later version": (request() | {"protocol_version": "2.0.0"}, "protocol_version: 2.0.0 is not supported"),
    "a version that is a number": (request() | {"protocol_version": 1}, "protocol_version: this is not supported"),
    "an unknown type": (request() | {"message_type": "greeting"}, "message_type: is none of tool_request"),
    "a type that is a list": (request() | {"message_type": ["response"]}, "message_type: is none of"),
    "a future time": (request() | {"timestamp": NOW + 3600}, "timestamp: lies 3600 s in the future"),
    "a time before all": (request() | {"timestamp": -1.0}, "timestamp: "),
    "a time as text": (request() | {"timestamp": "now"}, "timestamp: "),
    "a time that is true": (request() | {"timestamp": True}, "timestamp: "),
    "an id that is none": (request() | {"message_id": "17"}, "message_id: "),
    "an id in capitals": (request() | {"message_id": ID.upper()}, "message_id: "),
    "an id that is a number": (request() | {"message_id": 17}, "message_id: "),
    "a correlation that is none": (response() | {"correlation_id": "x"}, "correlation_id: "),
    "an answer to nothing": (response() | {"correlation_id": None}, "correlation_id"),
    "a heartbeat of nothing": (message("heartbeat", {"progress": 0.5}, correlation_id=None), "correlation_id"),
    "an unknown sender": (request() | {"sender": "nobody"}, "sender: "),
    "a request by a worker": (request() | {"sender": "worker"}, "does not come from the worker"),
    "an answer by the supervisor": (response() | {"sender": "supervisor"}, "does not come from the supervisor"),
    "one key too many": (request() | {"mood": "good"}, "mood: "),
    "a worker that is a number": (request() | {"worker": 1}, "worker: "),
    "a payload that is a list": (request() | {"payload": []}, "payload: "),
    "a payload of another type": (request() | {"message_type": "response"}, "payload."),
    "no code": (inside("code", None), "payload.code: "),
    "questions that are a text": (inside("questions", "all"), "payload.questions: "),
    "a question that is a number": (inside("questions", [1]), "payload.questions.0: "),
    "an unknown depth": (inside("depth", "abyss"), "payload.depth: "),
    "an unknown key in a payload": (inside("tone", "kind"), "payload.tone: "),
    "no path": (inside("context", {}), "payload.context.file_path: "),
    "an unknown key further in": (context(author="me"), "payload.context.author: "),
    "a line 0": (context(changed_lines=[1, 0]), "payload.context.changed_lines.1: "),
    "a line that is a fraction": (context(changed_lines=[1.0]), "payload.context.changed_lines.0: "),
    "a line that is true": (context(changed_lines=[True]), "payload.context.changed_lines.0: "),
    "lines from back to front": (context(line_range={"start": 3, "end": 1}), "payload.context.line_range: ends before"),
    "a mark that is no mark": (context(mark="| 1"), "payload.context.mark: "),
    "a pass 0": (context(pass_number=0), "payload.context.pass_number: "),
    "a limit below 0": (inside("constraints", {"max_tokens": -1}), "payload.constraints.max_tokens: "),
    "an angle without a prompt": (
        verify(angle_spec=angle() | {"system_prompt": ""}),
        "payload.angle_spec.system_prompt",
    ),
    "an angle's schema that is none": (
        verify(angle_spec=angle() | {"output_schema": {"type": "moon"}}),
        "payload.angle_spec.output_schema",
    ),
    "a tool with a path for a name": (tool(tool_name="../x"), "payload.tool_name: "),
    "a hint that is a book": (tool(documentation_hint="x" * 1001), "payload.documentation_hint: "),
    "arguments that are a list": (tool(arguments=[]), "payload.arguments: "),
    "an issue without a place": (message("refine_request", REFINE | {"issues": [{}]}), "payload.issues.0.location: "),
    "a fix in column 0": (
        message("refine_request", REFINE | {"issues": [ISSUE | {"fix": FIX}]}),
        "payload.issues.0.fix.edits.0.column: ",
    ),
    "more than sure": (
        message("refine_request", REFINE | {"issues": [ISSUE | {"confidence": 1.1}]}),
        "payload.issues.0.confidence: ",
    ),
    "an unknown status": (response(status="fine"), "payload.status: "),
    "a cost below 0": (response(metrics={"tokens_in": -1}), "payload.metrics.tokens_in: "),
    "warnings that are a text": (response(warnings="none"), "payload.warnings: "),
    "an unknown code": (error(code="OOPS"), "payload.code: "),
    "an error without words": (error(message=""), "payload.message: "),
    "an error that may be helped or not": (error(recoverable="maybe"), "payload.recoverable: "),
    "an unknown action": (error(suggested_action="panic"), "payload.suggested_action: "),
    "more than done": (message("heartbeat", {"progress": 2}), "payload.progress: "),
    "compressed and broken": (b"\x78\x9c" + b"x" * 20, "compressed, and broken"),
    "compressed and cut off": (zlib.compress(TEXT.encode())[:-6], "compressed, and cut off"),
    "compressed and more": (zlib.compress(TEXT.encode()) + b"x", "goes on for 1 bytes"),
    "a bomb": (zlib.compress(b" " * (MOST_BYTES * 3)), "more than 16,000,000 bytes"),
    "another bomb": (gzip.compress(b" " * (MOST_BYTES * 3)), "more than 16,000,000 bytes"),
}
TWICE: dict[str, tuple[str, str]] = {
    "the id": (TEXT.replace("{", '{"message_id": "x", ', 1), "message_id: stands there more than once"),
    "the same value": (TEXT.replace("{", '{"sender": "supervisor", ', 1), "sender: stands there more than once"),
    "the code": (TEXT.replace('"code"', '"code": "y", "code"'), "payload.code: "),
    "a path": (TEXT.replace('"file_path"', '"file_path": "b", "file_path"'), "payload.context.file_path: "),
    "written in another way": (TEXT.replace('"code"', '"c\\u006fde": "y", "code"'), "payload.code: "),
    "in an answer": (json.dumps(response()).replace('"issues"', '"issues": 1, "issues"'), "payload.result.issues: "),
}


def refused(data: object) -> Refusal:
    sent = data if isinstance(data, bytes) else json.dumps(data).encode()
    with pytest.raises(Refusal) as caught:
        decode(sent, now=now)
    return caught.value


def test_what_the_broken_ones_are_made_from_is_whole() -> None:
    for whole in (request(), response(), error(), verify(), tool(), message("refine_request", REFINE)):
        assert decode(json.dumps(whole), now=now).message_type == whole["message_type"]
    assert len(BROKEN) + len(TWICE) >= 60


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_message_is_refused_and_the_place_is_named(name: str) -> None:
    data, named = BROKEN[name]
    refusal = refused(data)
    assert refusal.code == "INVALID_REQUEST"
    assert named in str(refusal)
    assert len(str(refusal)) < 1000
    assert str(refusal).isprintable()


@pytest.mark.parametrize("name", TWICE)
def test_a_key_that_stands_twice_is_ambiguous(name: str) -> None:
    data, named = TWICE[name]
    refusal = refused(data.encode())
    assert refusal.code == "AMBIGUOUS_INPUT"
    assert named in str(refusal)


def test_a_clock_may_be_a_little_ahead() -> None:
    late = request() | {"timestamp": NOW + codec.SKEW_S}
    assert validate_envelope(late, now=now).timestamp == NOW + codec.SKEW_S
    with pytest.raises(Refusal, match="in the future"):
        validate_envelope(request() | {"timestamp": NOW + codec.SKEW_S + 1}, now=now)


def test_a_payload_is_checked_by_itself() -> None:
    assert validate_payload("heartbeat", {"progress": 0.25}) == HeartbeatPayload(progress=0.25)
    with pytest.raises(Refusal, match="message_type"):
        validate_payload("wave", {})
    with pytest.raises(Refusal) as caught:
        validate_payload("error", {"code": "TIMEOUT", "recoverable": True})
    assert caught.value.path == "payload.message"


def test_strange_words_of_a_sender_are_shown_in_a_plain_way() -> None:
    refusal = refused(request() | {"\x1b[31m\udcff\n" + "x" * 10_000: 1})
    assert str(refusal).isprintable()
    assert len(str(refusal)) < 400
