"""What the analysers of everything but Python share: where a rule means nothing, and how an issue is made."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from codedesigner.change.model import encode
from codedesigner.location.local.analyser import Rule, clamp_line, is_test, line_of, sure_kinds
from codedesigner.protocol.issue import Edit, Fix, Issue, Source

# Tests force, compare and end things on purpose, and what they hash or listen to is nobody's.
QUIET_IN_TESTS: Final = frozenset({
    "forced-unwrap", "self-comparison", "self-assignment", "unhandled-error", "swallowed-exception", "weak-hash",
    "weak-random", "weak-cipher", "hardcoded-secret", "no-timeout", "plain-http", "no-effect", "exit-in-library",
    "insecure-temp-file", "unsafe-block", "await-in-loop", "tls-verification-off", "unused-variable",
    "quadratic-concat", "work-in-loop", "blocking-in-async", "loose-equality", "unsafe-deserialization",
    "code-injection",
})  # fmt: skip
_TEST_FILE: Final = re.compile(
    r"(^|/)(tests?|testing|specs?|__tests__|__mocks__|fixtures|e2e|[\w.-]*[a-z.](Test|Tests|[Tt]est-?[Ss]upport))/"
    r"|(_test|_spec|[.-](test|spec|cy|e2e))\.\w+$|[a-z](Tests?|Spec|IT)\.(java|kt|scala|cs|swift|php)$|\.bats$",
)


def in_test(path: str) -> bool:
    """Whether a path is a test's, in the habits of any language."""
    return is_test(path) or _TEST_FILE.search(path) is not None


def applies(kind: str, path: str) -> bool:
    """Whether a kind means anything in such a file; the same for all analysers, so that none is outvoted."""
    return not (kind in QUIET_IN_TESTS and in_test(path))


def judged(rules: Mapping[str, Rule]) -> Callable[[str, str | None], frozenset[str]]:
    """The `kinds` of an analyser with such rules."""
    sure = sure_kinds(rules)

    def kinds(path: str, _language: str | None) -> frozenset[str]:
        return frozenset(kind for kind in sure if applies(kind, path))

    return kinds


def keep(issues: Iterable[Issue], source: Source) -> tuple[Issue, ...]:
    """The issues that mean something at their place, in order."""
    return tuple(issue for issue in issues if applies(issue.kind, source.path))


def suffix(path: str) -> str:
    """The suffix of a path in lower case, with its dot, or nothing."""
    return PurePosixPath(path).suffix.lower()


def make_issue(
    rule_id: str,
    rule: Rule,
    source: Source,
    message: str,
    *,
    line: int,
    column: int = 0,
    end_line: int | None = None,
    confidence: float = 1.0,
    fix: Fix | None = None,
    url: str | None = None,
) -> Issue:
    """An issue with its lines brought into the file and its column into the line."""
    first = clamp_line(source, line)
    return Issue(
        kind=rule.kind,
        rule=rule_id,
        line=first,
        end_line=max(first, clamp_line(source, end_line or line)),
        column=max(0, min(column, len(line_of(source, first)) + 1)),
        message=message,
        severity=rule.severity,
        confidence=confidence,
        angle=rule.angle,
        fix=fix,
        url=url,
    )


def json_array(printed: bytes) -> list[Any]:
    """The array that a program printed.

    Raises:
        ValueError: it printed no JSON.
        TypeError: it printed something else than an array.
    """
    found = json.loads(printed.decode("utf-8", "replace"))
    if not isinstance(found, list):
        raise TypeError(f"not an array but {type(found).__name__}")
    return found


def byte_edit(source: Source, start: int, end: int, text: str) -> Edit:
    """Replace the bytes `start`..`end` (0-based, end exclusive) of a source.

    Raises:
        ValueError: the range is not one of the file.
    """
    data = encode(source.text)
    if not 0 <= start <= end <= len(data):
        raise ValueError(f"{start}..{end} is no range of {len(data)} bytes")
    (line, column), (end_line, end_column) = _place(data, start), _place(data, end)
    return Edit(line, column, end_line, end_column, text)


def _place(data: bytes, offset: int) -> tuple[int, int]:
    begin = data.rfind(b"\n", 0, offset) + 1
    return data.count(b"\n", 0, offset) + 1, len(data[begin:offset].decode("utf-8", "surrogateescape")) + 1
