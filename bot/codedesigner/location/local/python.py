"""What all analysers of Python share: which files, where a rule does not apply, and which findings are habit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from codedesigner.location.local.analyser import Rule, clamp_line, column_of_byte, is_test, line_of, sure_kinds
from codedesigner.protocol.issue import Issue, Source

# In tests an assertion is the point, and so are fixed passwords, odd addresses and comparisons for their own sake.
NOT_IN_TESTS = frozenset({
    "assert-as-check", "hardcoded-secret", "insecure-temp-file", "bind-all-interfaces", "weak-random", "no-timeout",
    "no-effect", "self-comparison", "broad-exception", "swallowed-exception", "resource-leak", "permissive-mode",
    "weak-hash", "wildcard-import", "lambda-assignment", "unused-variable",
})  # fmt: skip
# A stub has no bodies, and re-exports are its purpose.
_IN_STUBS = frozenset({"syntax-error", "undefined-name"})
# `from .x import y` is how a package says what it offers.
_NOT_IN_PACKAGE_FILES = frozenset({"unused-import", "wildcard-import"})

_SECRET_WORD = re.compile(
    r"token|secret|passw|passphrase|\bkey|_key|nonce|salt|\botp|session|csrf|crypt", re.IGNORECASE
)
# What type checkers make people write is no check that anyone relies on at run time.
_NARROWING = re.compile(r"\bassert\s+(?:isinstance|issubclass|callable|False\b|.*\bis not None\b)|assert_never")

_ATTRIBUTE = re.compile(r"\s*\w+(\.\w+)+\s*(#.*)?\Z")
# Nobody misses `help`, `type` or `id` in the body of a function; these are called everywhere.
_MISSED_BUILTIN = re.compile(
    r"['`](list|dict|set|tuple|str|int|float|bool|bytes|len|range|open|print|sum|min|max|sorted|map|zip|any|all"
    r"|isinstance|getattr|super|object)['`]"
)


# So many unused imports are no oversight.
HANDED_ON = 5


def reads_python(path: str, language: str | None) -> bool:
    """Whether a file is Python, stubs included."""
    return language == "python" or path.endswith(".pyi")


def judged_python(rules: Mapping[str, Rule]) -> Callable[[str, str | None], frozenset[str]]:
    """The `kinds` of an analyser of Python with such rules."""
    sure = sure_kinds(rules)

    def kinds(path: str, _language: str | None) -> frozenset[str]:
        return frozenset(kind for kind in sure if _applies(kind, path))

    return kinds


def _applies(kind: str, path: str) -> bool:
    if path.endswith(".pyi"):
        return kind in _IN_STUBS
    if path.endswith("__init__.py") and kind in _NOT_IN_PACKAGE_FILES:
        return False
    return not (kind in NOT_IN_TESTS and is_test(path))


def worth_saying(issue: Issue, source: Source) -> bool:
    """Whether a finding means anything at its place; the same answer for all analysers, so that none is outvoted."""
    if not _applies(issue.kind, source.path):
        return False
    line = line_of(source, issue.line)
    match issue.kind:
        case "weak-random":
            return _SECRET_WORD.search(line) is not None
        case "assert-as-check":
            return _NARROWING.search(line) is None
        case "xml-external-entity":
            return "import" not in line
        case "no-effect":
            # Reading a property is how some are told to do their work.
            return _ATTRIBUTE.match(line) is None
        case "self-assignment":
            # At the top of a module it says which names the module offers.
            return line[:1].isspace()
        case "shell-injection":
            # ruff and bandit say so of a command that is one constant: nothing can be injected into it.
            return "seems safe" not in issue.message.casefold()
        case "shadowed-builtin":
            return _MISSED_BUILTIN.search(issue.message) is not None
        case _:
            return True


def keep_worthy(issues: Iterable[Issue], source: Source) -> tuple[Issue, ...]:
    """The issues that are worth saying, in order.

    A module that imports many names at its top and uses none of them hands them on to others, who are not seen here.
    """
    kept = [issue for issue in issues if worth_saying(issue, source)]
    unused = [
        issue for issue in kept if issue.kind == "unused-import" and not line_of(source, issue.line)[:1].isspace()
    ]
    if len(unused) < HANDED_ON:
        return tuple(kept)
    return tuple(issue for issue in kept if issue.kind != "unused-import")


def byte_issue(
    rule_id: str,
    rule: Rule,
    source: Source,
    message: str,
    *,
    line: int,
    offset: int | None,
    end_line: int | None = None,
    confidence: float = 1.0,
    url: str | None = None,
) -> Issue:
    """An issue of a program that counts columns in bytes from 0, as Python's `ast` does."""
    first = clamp_line(source, line)
    return Issue(
        kind=rule.kind,
        rule=rule_id,
        line=first,
        end_line=max(first, clamp_line(source, end_line or line)),
        column=0 if offset is None else column_of_byte(line_of(source, first), offset),
        message=message,
        severity=rule.severity,
        confidence=confidence,
        angle=rule.angle,
        url=url,
    )
