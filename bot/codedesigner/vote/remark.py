"""A remark: one claim of one reviewer about a change, with or without a place. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from codedesigner.severity import Severity


@dataclass(frozen=True, slots=True)
class Remark:
    """One claim of one reviewer. `id` is unique among those that are compared.

    `line` and `end_line` (1-based, both included) mean nothing without `path`. `kind` and `angle` are set where they
    are known; `evidence` is code that the reviewer quoted. `confidence` (0..1) is the reviewer's own.
    """

    id: str
    reviewer: str
    text: str
    path: str | None = None
    line: int | None = None
    end_line: int | None = None
    kind: str | None = None
    angle: str | None = None
    evidence: str | None = None
    severity: Severity | None = None
    confidence: float = 1.0
