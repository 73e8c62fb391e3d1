"""OpenAI's chat completions."""

from __future__ import annotations

import json
from typing import Any

from bench.model_server.question import Finish, Json, Question, Said, forced_tool, joined

_KINDS = {400: "invalid_request_error", 401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}


class OpenAI:
    """Chat completions, whole and as server-sent events."""

    stream_type = "text/event-stream"

    def read(self, body: Json) -> Question:
        """The question in a request."""
        tool = forced_tool(body)
        described = (body.get("response_format") or {}).get("json_schema") or {}
        return Question(
            model=str(body.get("model")),
            text=joined(body.get("messages") or ()),
            schema=tool[1] if tool else described.get("schema"),
            tool=tool[0] if tool else None,
            stream=bool(body.get("stream")),
            max_tokens=body.get("max_completion_tokens") or body.get("max_tokens"),
        )

    def whole(self, question: Question, said: Said) -> Json:
        """The answer as one document."""
        message: dict[str, Any] = {"role": "assistant", "content": said.text}
        if said.finish == "refusal":
            message |= {"content": None, "refusal": said.text}
        elif question.tool:
            called = {"name": question.tool, "arguments": said.text}
            message |= {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": called}]}
        choice = {"index": 0, "message": message, "finish_reason": _finish(question, said.finish)}
        return {**_head(question, "chat.completion"), "choices": [choice], "usage": _usage(said)}

    def streamed(self, question: Question, said: Said) -> list[bytes]:
        """The answer in parts, with the usage in the last."""
        head = _head(question, "chat.completion.chunk")
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": None}]
        deltas += [_delta(question, said, part, first=at == 0) for at, part in enumerate(said.parts)]
        documents = [
            {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}], "usage": None}
            for delta in deltas
        ]
        last = {"index": 0, "delta": {}, "finish_reason": _finish(question, said.finish)}
        documents += [{**head, "choices": [last]}, {**head, "choices": [], "usage": _usage(said)}]
        return [*(_event(json.dumps(document)) for document in documents), _event("[DONE]")]

    def error(self, status: int, message: str) -> Json:
        """The body of a refusal."""
        kind = _KINDS.get(status, "server_error")
        return {"error": {"message": message, "type": kind, "code": kind, "param": None}}


def _head(question: Question, kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": question.model}


def _finish(question: Question, finish: Finish) -> str:
    if finish == "length":
        return "length"
    return "tool_calls" if question.tool and finish == "stop" else "stop"


def _delta(question: Question, said: Said, part: str, *, first: bool) -> dict[str, Any]:
    if said.finish == "refusal":
        return {"refusal": part}
    if not question.tool:
        return {"content": part}
    function = {"name": question.tool, "arguments": part} if first else {"arguments": part}
    return {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]}


def _usage(said: Said) -> dict[str, int]:
    total = said.tokens_in + said.tokens_out
    return {"prompt_tokens": said.tokens_in, "completion_tokens": said.tokens_out, "total_tokens": total}


def _event(data: str) -> bytes:
    return f"data: {data}\n\n".encode()
