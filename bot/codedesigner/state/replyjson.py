"""Replies of models as JSON and back. What does not read back as exactly what was written is no reply."""

from __future__ import annotations

import json
from typing import get_args

from codedesigner.call.model import MODES, Outcome, Reply, Tried, Usage
from codedesigner.state.fields import UNREADABLE, Fields

VERSION = 1

_OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)


def encoded(reply: Reply) -> str | None:
    """The reply as one line of ASCII; None where it cannot be written, such as for a number of 5,000 digits.

    `from_store` is not part of it, nor `trouble`, which no good reply has.
    """
    usage = reply.usage
    data = {
        "version": VERSION,
        "call_id": reply.call_id,
        "location": reply.location,
        "outcome": reply.outcome,
        "value": reply.value,
        "text": reply.text,
        "detail": reply.detail,
        "usage": {
            "calls": usage.calls,
            "tokens_in": usage.tokens_in,
            "tokens_out": usage.tokens_out,
            "tokens_cached": usage.tokens_cached,
            "tokens_written": usage.tokens_written,
        },
        "usd": reply.usd,
        "tried": [
            {"mode": each.mode, "result": each.result, "detail": each.detail, "latency_ms": each.latency_ms}
            for each in reply.tried
        ],
        "latency_ms": reply.latency_ms,
        "model": reply.model,
        "origin": reply.origin,
    }
    try:
        return json.dumps(data, separators=(",", ":"))
    except (ValueError, TypeError, RecursionError):
        return None


def decoded(text: str) -> Reply | None:
    """The reply that `text` stands for, marked `from_store`; None where it stands for none."""
    try:
        return _reply(Fields(json.loads(text)))
    except UNREADABLE:
        return None


def _reply(fields: Fields) -> Reply:
    if fields.get("version", int) != VERSION:
        raise ValueError("version")
    usage = fields.part("usage")
    return Reply(
        call_id=fields.get("call_id", str),
        location=fields.get("location", str),
        outcome=fields.one_of("outcome", _OUTCOMES),
        value=fields.value("value"),
        text=fields.get("text", str),
        detail=fields.get("detail", str),
        usage=Usage(
            calls=usage.get("calls", int),
            tokens_in=usage.get("tokens_in", int),
            tokens_out=usage.get("tokens_out", int),
            tokens_cached=usage.get("tokens_cached", int),
            tokens_written=usage.get("tokens_written", int),
        ),
        usd=None if fields.absent("usd") else fields.number("usd"),
        tried=tuple(map(_tried, fields.parts("tried"))),
        latency_ms=fields.number("latency_ms"),
        model=fields.optional("model"),
        from_store=True,
        origin=fields.get("origin", int),
    )


def _tried(fields: Fields) -> Tried:
    return Tried(
        mode=fields.one_of("mode", MODES),
        result=fields.get("result", str),
        detail=fields.get("detail", str),
        latency_ms=fields.number("latency_ms"),
    )
