"""Anthropic's messages."""

from __future__ import annotations

import json
from typing import Any

from bench.model_server.question import Json, Question, Said, forced_tool, joined

_REASONS = {"stop": "end_turn", "length": "max_tokens", "refusal": "refusal"}
_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class Anthropic:
    """Messages, whole and as server-sent events."""

    stream_type = "text/event-stream"

    def read(self, body: Json) -> Question:
        """The question in a request."""
        tool = forced_tool(body)
        described = (body.get("output_config") or {}).get("format") or {}
        return Question(
            model=str(body.get("model")),
            text=joined(body.get("messages") or (), body.get("system")),
            schema=tool[1] if tool else described.get("schema"),
            tool=tool[0] if tool else None,
            stream=bool(body.get("stream")),
            max_tokens=body.get("max_tokens"),
        )

    def whole(self, question: Question, said: Said) -> Json:
        """The answer as one document."""
        block: dict[str, Any] = {"type": "text", "text": said.text}
        if question.tool and said.finish != "refusal":
            try:
                given = json.loads(said.text)
            except ValueError:  # an answer that was made unreadable on purpose
                given = {}
            block = {"type": "tool_use", "id": "toolu_1", "name": question.tool, "input": given}
        usage = {"input_tokens": said.tokens_in, "output_tokens": said.tokens_out}
        return {**_head(question), "content": [block], "stop_reason": _reason(question, said), "usage": usage}

    def streamed(self, question: Question, said: Said) -> list[bytes]:
        """The answer in parts."""
        usage = {"input_tokens": said.tokens_in, "output_tokens": 1}
        message = {**_head(question), "content": [], "stop_reason": None, "usage": usage}
        called = question.tool and said.finish != "refusal"
        block: Json = {"type": "text", "text": ""}
        kind, field = "text_delta", "text"
        if called:
            block = {"type": "tool_use", "id": "toolu_1", "name": question.tool, "input": {}}
            kind, field = "input_json_delta", "partial_json"
        parts = [_event("content_block_delta", index=0, delta={"type": kind, field: part}) for part in said.parts]
        end = {"stop_reason": _reason(question, said), "stop_sequence": None}
        return [
            _event("message_start", message=message),
            _event("content_block_start", index=0, content_block=block),
            *parts,
            _event("content_block_stop", index=0),
            _event("message_delta", delta=end, usage={"output_tokens": said.tokens_out}),
            _event("message_stop"),
        ]

    def error(self, status: int, message: str) -> Json:
        """The body of a refusal."""
        return {"type": "error", "error": {"type": _KINDS.get(status, "api_error"), "message": message}}


def _head(question: Question) -> dict[str, Any]:
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": question.model, "stop_sequence": None}


def _reason(question: Question, said: Said) -> str:
    return "tool_use" if question.tool and said.finish == "stop" else _REASONS[said.finish]


def _event(name: str, **fields: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps({'type': name, **fields})}\n\n".encode()
