"""Answers as JSON and back. What does not read back as exactly what was written is no answer."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import get_args

from codedesigner.protocol.issue import Answer, AnswerStatus, Edit, Fix, Issue
from codedesigner.severity import SEVERITIES
from codedesigner.state.fields import UNREADABLE, Fields

_STATUSES: tuple[AnswerStatus, ...] = get_args(AnswerStatus)


def encoded(answer: Answer) -> str:
    """The answer as one line of ASCII; bytes that were no UTF-8 survive."""
    return json.dumps(asdict(answer), separators=(",", ":"))


def decoded(text: str) -> Answer | None:
    """The answer that `text` stands for, or None where it stands for none."""
    try:
        return _answer(Fields(json.loads(text)))
    except UNREADABLE:
        return None


def _answer(fields: Fields) -> Answer:
    return Answer(
        fields.one_of("status", _STATUSES), tuple(map(_issue, fields.parts("issues"))), fields.get("detail", str)
    )


def _issue(fields: Fields) -> Issue:
    return Issue(
        kind=fields.get("kind", str),
        rule=fields.get("rule", str),
        line=fields.get("line", int),
        end_line=fields.get("end_line", int),
        message=fields.get("message", str),
        column=fields.get("column", int),
        severity=None if fields.absent("severity") else fields.one_of("severity", SEVERITIES),
        confidence=fields.number("confidence"),
        angle=fields.optional("angle"),
        fix=None if fields.absent("fix") else _fix(fields.part("fix")),
        url=fields.optional("url"),
    )


def _fix(fields: Fields) -> Fix:
    edits = (
        Edit(
            part.get("line", int),
            part.get("column", int),
            part.get("end_line", int),
            part.get("end_column", int),
            part.get("text", str),
        )
        for part in fields.parts("edits")
    )
    return Fix(tuple(edits), fields.get("safe", bool), fields.get("message", str))
