"""A model as a worker: a request becomes a call, and what came of the call becomes the answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeGuard

from pydantic import JsonValue

from codedesigner.call.model import Call, Outcome, Prompt, Reply
from codedesigner.plan.keys import digest, reply_key
from codedesigner.protocol.issue import AnswerStatus
from codedesigner.protocol.wire import (
    AnalyzeRequest,
    Envelope,
    ErrorCode,
    ErrorPayload,
    Metrics,
    Payload,
    RefineRequest,
    RequestConstraints,
    ResponsePayload,
    SuggestedAction,
    VerifyRequest,
)
from codedesigner.run.bus import Answered, Beat
from codedesigner.run.prompting import Asked, asked

Question = VerifyRequest | AnalyzeRequest | RefineRequest
_AS_CONFIGURED = RequestConstraints()
Ask = Callable[[Call, str], Awaitable[Reply]]
"""(call, location) -> exactly one reply. It waits its turn, keeps the limits and tries again; it never raises."""

_FAILED: ErrorCode = "INTERNAL_ERROR"
# outcome -> (code, may another try help?, what to do)
_ERRORS: dict[Outcome, tuple[ErrorCode, bool, SuggestedAction]] = {
    "unparseable": (_FAILED, False, "escalate"),
    "refused": (_FAILED, False, "escalate"),
    "filtered": (_FAILED, False, "escalate"),
    "truncated": (_FAILED, False, "escalate"),
    "too_long": ("INVALID_REQUEST", False, "abort"),
    "rejected": ("INVALID_REQUEST", False, "abort"),
    "rate_limited": ("RATE_LIMITED", True, "retry_with_backoff"),
    "over_quota": ("RATE_LIMITED", True, "retry_with_backoff"),
    "over_budget": ("RATE_LIMITED", False, "abort"),
    "offline": (_FAILED, True, "retry_with_backoff"),
    "timeout": ("TIMEOUT", True, "retry"),
    "failed": (_FAILED, True, "retry"),
    "cancelled": (_FAILED, True, "abort"),
}
_STATUS: dict[Outcome, AnswerStatus] = {"offline": "offline", "timeout": "timeout"}


@dataclass(frozen=True, slots=True)
class ModelWorker:
    """Implements `run.bus.Worker` for one model location.

    `prefix` stands before every system prompt. `seed` is the review's; each question and pass has its own from it.
    `fingerprint` is a `plan.keys.location_key`; without it, no reply is kept.
    """

    id: str
    ask: Ask
    prefix: str | None = None
    seed: int = 0
    priority: float = 5.0
    fingerprint: str | None = None

    async def handle(self, requests: Sequence[Envelope], beat: Beat) -> tuple[Answered, ...]:
        """One call a request, all at once: who may go when is not decided here."""
        return tuple(await asyncio.gather(*(self._one(request) for request in requests)))

    async def _one(self, envelope: Envelope) -> Answered:
        request = envelope.payload
        if not _is_for_models(request):
            message = f"a model does not take a {envelope.message_type}"
            return ErrorPayload(code="INVALID_REQUEST", message=message, recoverable=False, suggested_action="abort")
        call = self._call(envelope.message_id, request, asked(request, self.prefix))
        return answer_of(await self.ask(call, self.id), call.origin)

    def _call(self, message_id: str, request: Question, shown: Asked) -> Call:
        number = request.context.pass_number
        limits = _AS_CONFIGURED if isinstance(request, RefineRequest) else request.constraints
        return Call(
            id=message_id,
            prompt=shown.prompt,
            schema=shown.schema,
            schema_name=shown.asking,
            max_tokens=limits.max_tokens,
            temperature=_temperature(request) if shown.asking == "detect" else 0.0,
            seed=_seed(self.seed, shown.prompt, number),
            deep=not isinstance(request, RefineRequest) and request.depth == "deep",
            priority=self.priority,
            timeout_s=None if limits.timeout_ms is None else limits.timeout_ms / 1000,
            key=None if self.fingerprint is None else key_of(request, shown, self.fingerprint, self.seed),
            group=group_of(shown.prompt),
            origin=first_line(request),
        )


def _is_for_models(request: Payload) -> TypeGuard[Question]:
    """A question about a whole file, without the shape of an answer, is one for analysers."""
    if isinstance(request, AnalyzeRequest):
        return request.output_schema is not None
    return isinstance(request, VerifyRequest | RefineRequest)


def _temperature(request: Question) -> float | None:
    return request.angle_spec.temperature if isinstance(request, VerifyRequest) else None


def key_of(request: Question, shown: Asked, fingerprint: str, seed: int = 0) -> str:
    """The name of the question to a location: all that the answer depends on, and nothing that merely moves.

    Where the function stands, and the mark before its lines, change with every commit above it; what is said about it
    is placed by its words, so neither is part of the name.
    """
    context, first = request.context, first_line(request)
    beside = [
        seed,
        _temperature(request),
        context.file_path,
        context.function_name,
        context.language,
        context.brief,
        context.instructions,
        [line - first for line in context.changed_lines],
    ]
    return reply_key(
        text=request.code,
        context=json.dumps(beside),
        template=digest(shown.prompt.system, shown.prompt.question),
        angle=request.angle_spec.id if isinstance(request, VerifyRequest) else context.angle_id or "",
        angle_version=request.angle_spec.version if isinstance(request, VerifyRequest) else "",
        term=context.term,
        location=fingerprint,
        pass_number=context.pass_number,
        schema=shown.schema,
    )


def first_line(request: Question) -> int:
    """The number of the first line that is shown."""
    return 1 if request.context.line_range is None else request.context.line_range.start


def group_of(prompt: Prompt) -> str:
    """A name for what the calls of a group share."""
    return sha256(f"{prompt.system}\0{prompt.shared}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _seed(seed: int, prompt: Prompt, number: int) -> int:
    """The same for the same question in the same pass of a review with the same seed; 31 bits, as servers take them."""
    named = f"{seed}\0{number}\0{prompt.question}".encode("utf-8", "surrogatepass")
    return int.from_bytes(sha256(named).digest()[:4], "big") >> 1


def _moved(value: JsonValue, by: int) -> JsonValue:
    """An answer that was given when the code stood elsewhere, with its line numbers as they are now."""
    if not by or not isinstance(value, dict):
        return value
    issues = value.get("issues")
    moved = {**value, "line": _line(value["line"], by)} if "line" in value else dict(value)
    if isinstance(issues, list):
        moved["issues"] = [_issue(issue, by) for issue in issues]
    return moved


def _issue(issue: JsonValue, by: int) -> JsonValue:
    place = issue.get("location") if isinstance(issue, dict) else None
    if not isinstance(issue, dict) or not isinstance(place, dict) or "line" not in place:
        return issue
    return {**issue, "location": {**place, "line": _line(place["line"], by)}}


def _line(number: JsonValue, by: int) -> JsonValue:
    return number + by if isinstance(number, int) and not isinstance(number, bool) else number


def answer_of(reply: Reply, origin: int) -> Answered:
    """What came of a call as the answer to its request; `origin` is where the numbers of that begin."""
    metrics = Metrics(
        tokens_in=reply.usage.tokens_in,
        tokens_out=reply.usage.tokens_out,
        tokens_cached=reply.usage.tokens_cached,
        calls=reply.usage.calls,
        cached_calls=1 if reply.from_store else 0,
        retries=max(0, reply.usage.calls - 1),
        duration_ms=round(max(0.0, reply.latency_ms), 1),
        usd=reply.usd,
        model_used=reply.model or "",
    )
    if reply.good:
        warnings = () if reply.outcome == "answered" else (reply.outcome,)
        value = _moved(reply.value, origin - reply.origin)
        return ResponsePayload(status="success", result=value, metrics=metrics, warnings=warnings)
    code, recoverable, action = _ERRORS[reply.outcome]
    details: JsonValue = {"outcome": reply.outcome, "status": _STATUS.get(reply.outcome, "failed")}
    message = f"{reply.outcome}: {reply.detail}" if reply.detail else reply.outcome
    return ErrorPayload(
        code=code,
        message=message,
        details=details,
        recoverable=recoverable,
        suggested_action=action,
        metrics=metrics,
    )
