"""Ollama's chat."""

from __future__ import annotations

import json
from typing import Any

from bench.model_server.question import Json, Question, Said, joined

_HEAD = {"created_at": "2026-01-01T00:00:00Z"}


class Ollama:
    """Chat, whole and as one document a line. Streams unless told otherwise."""

    stream_type = "application/x-ndjson"

    def read(self, body: Json) -> Question:
        """The question in a request."""
        wanted = body.get("format")
        return Question(
            model=str(body.get("model")),
            text=joined(body.get("messages") or ()),
            schema=wanted if isinstance(wanted, dict) else None,
            tool=None,
            stream=bool(body.get("stream", True)),
            max_tokens=(body.get("options") or {}).get("num_predict"),
        )

    def whole(self, question: Question, said: Said) -> Json:
        """The answer as one document."""
        return {**_message(question, said.text), **_end(said)}

    def streamed(self, question: Question, said: Said) -> list[bytes]:
        """The answer in parts."""
        documents = [{**_message(question, part), "done": False} for part in said.parts]
        documents.append({**_message(question, ""), **_end(said)})
        return [(json.dumps(document) + "\n").encode() for document in documents]

    def error(self, status: int, message: str) -> Json:
        """The body of a refusal."""
        return {"error": message}


def _message(question: Question, text: str) -> dict[str, Any]:
    return {**_HEAD, "model": question.model, "message": {"role": "assistant", "content": text}}


def _end(said: Said) -> dict[str, Any]:
    reason = "length" if said.finish == "length" else "stop"
    counts = {"prompt_eval_count": said.tokens_in, "eval_count": said.tokens_out}
    return {"done": True, "done_reason": reason, **counts, "total_duration": 1, "eval_duration": 1}
