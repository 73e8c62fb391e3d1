"""Answers as JSON and back. What does not read back as exactly what was written is no answer."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TypeVar, get_args

from codedesigner.protocol.issue import Answer, AnswerStatus, Edit, Fix, Issue
from codedesigner.severity import SEVERITIES, Severity

T = TypeVar("T")

_STATUSES: tuple[AnswerStatus, ...] = get_args(AnswerStatus)


def encoded(answer: Answer) -> str:
    """The answer as one line of ASCII; bytes that were no UTF-8 survive."""
    return json.dumps(asdict(answer), separators=(",", ":"))


def decoded(text: str) -> Answer | None:
    """The answer that `text` stands for, or None where it stands for none."""
    try:
        return _answer(_Fields(json.loads(text)))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


class _Fields:
    """A JSON object whose members are read by name and type."""

    def __init__(self, data: object) -> None:
        if not isinstance(data, dict):
            raise TypeError("not an object")
        self._data: dict[str, object] = data

    def get(self, name: str, kind: type[T]) -> T:
        """Raises TypeError for any other type, and KeyError where there is no such member."""
        value = self._data[name]
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise TypeError(name)
        return value

    def number(self, name: str) -> float:
        """Any number; what was written as 1 is read as 1.0."""
        value = self._data[name]
        return value if isinstance(value, float) else float(self.get(name, int))

    def absent(self, name: str) -> bool:
        """Whether the member is there and null."""
        return self._data[name] is None

    def optional(self, name: str) -> str | None:
        """A string or null."""
        return None if self.absent(name) else self.get(name, str)

    def parts(self, name: str) -> list[_Fields]:
        """A list of objects."""
        items: list[object] = self.get(name, list)
        return [_Fields(item) for item in items]


def _answer(fields: _Fields) -> Answer:
    status = _one_of(_STATUSES, fields.get("status", str))
    return Answer(status, tuple(map(_issue, fields.parts("issues"))), fields.get("detail", str))


def _issue(fields: _Fields) -> Issue:
    return Issue(
        kind=fields.get("kind", str),
        rule=fields.get("rule", str),
        line=fields.get("line", int),
        end_line=fields.get("end_line", int),
        message=fields.get("message", str),
        column=fields.get("column", int),
        severity=None if fields.absent("severity") else _severity(fields.get("severity", str)),
        confidence=fields.number("confidence"),
        angle=fields.optional("angle"),
        fix=None if fields.absent("fix") else _fix(_Fields(fields.get("fix", dict))),
        url=fields.optional("url"),
    )


def _fix(fields: _Fields) -> Fix:
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


def _severity(text: str) -> Severity:
    return _one_of(SEVERITIES, text)


def _one_of(known: tuple[T, ...], text: str) -> T:
    """Raises ValueError for a text that is none of them."""
    for each in known:
        if each == text:
            return each
    raise ValueError(text)
