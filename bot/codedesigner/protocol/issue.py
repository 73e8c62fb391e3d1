"""What a reviewer says about code: issues with their place and, where it has one, a fix. Values only.

Lines and columns are 1-based; a column counts code points of the line as `change.model.decode` gives it; ends of an
`Edit` are exclusive, ends of line ranges are inclusive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codedesigner.severity import Severity

AnswerStatus = Literal[
    "answered",  # looked at all of it; silence means "nothing found"
    "unparsed",  # could not read this file's syntax, so it cannot judge more than that
    "failed",  # crashed, printed garbage, exceeded a limit
    "timeout",
    "offline",  # not installed, or not reachable
]


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text from (`line`, `column`) up to, not including, (`end_line`, `end_column`) by `text`."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that belong together. `safe`: its maker promises that behaviour stays the same."""

    edits: tuple[Edit, ...]
    safe: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """One defect as one reviewer reported it.

    `kind` is a name from the table of kinds; reviewers that mean the same defect use the same kind, whatever their
    own `rule` is called. `column` is 0 where the reviewer names none.
    """

    kind: str
    rule: str
    line: int
    end_line: int
    message: str
    column: int = 0
    severity: Severity | None = None  # None: the kind's own
    confidence: float = 1.0
    angle: str | None = None  # only for kinds outside the table (`<analyser>/<rule>`)
    fix: Fix | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A file as a reviewer gets it. `key` is unique within a request (the same path may come in several versions)."""

    key: str
    path: str
    language: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What one location said about one source. `detail` explains every status but `answered`."""

    status: AnswerStatus
    issues: tuple[Issue, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """What one location said about all sources of a request: key -> Answer, plus how long it took."""

    location: str
    answers: dict[str, Answer]
    latencies_ms: tuple[float, ...] = ()  # one per process or call
