"""Between what a reviewer says about a source and the message that carries it. Nothing is lost either way."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import JsonValue, TypeAdapter, ValidationError

from codedesigner.change.model import display
from codedesigner.protocol.issue import Answer, AnswerStatus, Edit, Fix, Issue
from codedesigner.protocol.wire import (
    ErrorCode,
    ErrorPayload,
    Metrics,
    ResponsePayload,
    WireEdit,
    WireFix,
    WireIssue,
    WirePlace,
)

_ISSUES = TypeAdapter(tuple[WireIssue, ...])
_CODES: dict[AnswerStatus, ErrorCode] = {"failed": "TOOL_FAILED", "timeout": "TIMEOUT", "offline": "TOOL_FAILED"}


def wire_issue(issue: Issue, path: str | None = None) -> WireIssue:
    """The issue as a message has it."""
    return WireIssue(
        severity=issue.severity,
        location=WirePlace(file=path, line=issue.line, column=issue.column, end_line=issue.end_line),
        description=issue.message,
        confidence=issue.confidence,
        kind=issue.kind,
        rule=issue.rule,
        angle=issue.angle,
        fix=None if issue.fix is None else _wire_fix(issue.fix),
        url=issue.url,
    )


def plain_issue(wire: WireIssue) -> Issue:
    """The issue that a message carries."""
    place = wire.location
    return Issue(
        kind=wire.kind,
        rule=wire.rule,
        line=place.line,
        end_line=place.line if place.end_line is None else place.end_line,
        message=wire.description,
        column=place.column,
        severity=wire.severity,
        confidence=wire.confidence,
        angle=wire.angle,
        fix=None if wire.fix is None else _plain_fix(wire.fix),
        url=wire.url,
    )


def _wire_fix(fix: Fix) -> WireFix:
    edits = tuple(
        WireEdit(line=edit.line, column=edit.column, end_line=edit.end_line, end_column=edit.end_column, text=edit.text)
        for edit in fix.edits
    )
    return WireFix(edits=edits, safe=fix.safe, message=fix.message)


def _plain_fix(fix: WireFix) -> Fix:
    edits = tuple(Edit(edit.line, edit.column, edit.end_line, edit.end_column, edit.text) for edit in fix.edits)
    return Fix(edits, fix.safe, fix.message)


def to_payload(answer: Answer, *, duration_ms: float = 0.0) -> ResponsePayload | ErrorPayload:
    """An answer as a message."""
    metrics = Metrics(duration_ms=max(0.0, duration_ms))
    code = _CODES.get(answer.status)
    if code is not None:
        return ErrorPayload(
            code=code,
            message=display(answer.detail) or answer.status,
            details={"status": answer.status, "detail": answer.detail, "issues": _dumped(answer.issues)},
            recoverable=answer.status == "timeout",
            suggested_action="retry" if answer.status == "timeout" else None,
            metrics=metrics,
        )
    whole = answer.status == "answered"
    return ResponsePayload(
        status="success" if whole else "partial",
        result={"issues": _dumped(answer.issues), "detail": answer.detail},
        metrics=metrics,
        warnings=() if whole or not answer.detail else (answer.detail,),
    )


def to_answer(payload: ResponsePayload | ErrorPayload) -> Answer:
    """The answer that a message carries.

    Raises:
        ValueError: it carries none, although its envelope was in order.
    """
    if isinstance(payload, ErrorPayload):
        carried = payload.details if isinstance(payload.details, dict) else {}
        status: AnswerStatus = "timeout" if payload.code == "TIMEOUT" else "failed"
        if carried.get("status") == "offline":
            status = "offline"
        return Answer(status, _loaded(carried.get("issues", [])), str(carried.get("detail", payload.message)))
    carried = payload.result if isinstance(payload.result, dict) else {}
    issues = _loaded(carried.get("issues"))
    return Answer("answered" if payload.status == "success" else "unparsed", issues, str(carried.get("detail", "")))


def _dumped(issues: Iterable[Issue]) -> list[JsonValue]:
    return [wire_issue(issue).model_dump(mode="json", exclude_defaults=True) for issue in issues]


def _loaded(value: object) -> tuple[Issue, ...]:
    try:
        return tuple(plain_issue(wire) for wire in _ISSUES.validate_python(value, strict=False))
    except ValidationError as error:
        raise ValueError("the answer holds no list of issues") from error
