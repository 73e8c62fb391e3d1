"""What kind of defect another program's rule means: by its name, where we know the program, or by its CWE numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from codedesigner.angle.kinds import KINDS
from codedesigner.location.local import bandit, hadolint, oxlint, ruff, shellcheck, zizmor
from codedesigner.severity import Severity

# CWE 4.15 (MITRE), the weaknesses that mean the same as one of our kinds.
_CWE: Final = {
    22: "path-traversal", 23: "path-traversal", 36: "path-traversal", 73: "path-traversal",
    77: "command-injection", 78: "shell-injection", 79: "cross-site-scripting", 80: "cross-site-scripting",
    88: "command-injection", 89: "sql-injection", 94: "code-injection", 95: "code-injection",
    116: "cross-site-scripting", 134: "format-string-injection", 242: "memory-unsafe-call", 252: "result-ignored",
    259: "hardcoded-secret", 295: "tls-verification-off", 297: "tls-verification-off", 319: "plain-http",
    321: "hardcoded-secret", 326: "weak-cipher", 327: "weak-cipher", 328: "weak-hash", 330: "weak-random",
    335: "weak-random", 338: "weak-random", 377: "insecure-temp-file", 390: "swallowed-exception",
    396: "broad-exception", 401: "resource-leak", 404: "resource-leak", 476: "null-dereference",
    480: "assignment-in-condition", 481: "assignment-in-condition", 489: "debug-mode", 502: "unsafe-deserialization",
    561: "unreachable-code", 563: "unused-assignment", 570: "constant-condition", 571: "constant-condition",
    597: "string-compare-by-reference", 605: "bind-all-interfaces", 611: "xml-external-entity",
    676: "memory-unsafe-call", 732: "permissive-mode", 772: "resource-leak", 775: "resource-leak",
    798: "hardcoded-secret", 916: "weak-hash", 1022: "target-blank", 1321: "prototype-pollution",
}  # fmt: skip
# A weakness of cryptography in general; the rule's name says which.
_CRYPTO: Final = frozenset({"weak-cipher", "weak-hash"})
_CWE_NUMBER: Final = re.compile(r"cwe[-_/: ]*0*(\d{1,5})", re.IGNORECASE)

# Words that queries of CodeQL and rules of Semgrep have in their ids.
_WORDS: Final = {
    "xss": "cross-site-scripting", "insecure-hash-algorithm": "weak-hash", "weak-crypto": "weak-cipher",
    "unused-local-variable": "unused-variable", "empty-except": "swallowed-exception",
    "catch-base-exception": "bare-except", "unreachable-statement": "unreachable-code",
    "comparison-of-identical-expressions": "self-comparison", "redundant-assignment": "self-assignment",
    "eval-detected": "code-injection", "exec-detected": "code-injection", "subprocess-shell-true": "shell-injection",
    "avoid-pickle": "unsafe-deserialization", "insecure-hash-algorithm-md5": "weak-hash",
    "insecure-hash-algorithm-sha1": "weak-hash", "disabled-cert-validation": "tls-verification-off",
    "command-line-injection": "shell-injection", "xxe": "xml-external-entity",
    "clear-text-storage-sensitive-data": "secrets-exposed", "modification-of-default-value": "mutable-default",
    "request-without-cert-validation": "tls-verification-off", "weak-sensitive-data-hashing": "weak-hash",
    "weak-cryptographic-algorithm": "weak-cipher", "hardcoded-credentials": "hardcoded-secret",
    "bind-socket-all-network-interfaces": "bind-all-interfaces", "use-of-exit-or-quit": "exit-in-library",
}  # fmt: skip

# Program -> rule -> kind, for those that we run ourselves, and for ESLint, whose names oxlint took over.
_TABLES: Final = {
    "ruff": {name: rule.kind for name, rule in ruff.RULES.items()},
    "bandit": {name: rule.kind for name, rule in bandit.RULES.items()},
    "eslint": {name: rule.kind for name, rule in oxlint.RULES.items()},
    "oxlint": {name: rule.kind for name, rule in oxlint.RULES.items()},
    "shellcheck": {name: rule.kind for name, rule in shellcheck.RULES.items()},
    "hadolint": {name: rule.kind for name, rule in hadolint.RULES.items()},
    "zizmor": {name: rule.kind for name, rule in zizmor.RULES.items()},
}

_LEVELS: Final[dict[str, Severity]] = {"error": "high", "note": "low", "none": "low"}
_NOT_IN_KIND: Final = re.compile(r"[^A-Za-z0-9_.-]+")
_ANGLE_WORDS: Final = (
    ("security", ("security", "cwe", "owasp", "vulnerability")),
    ("efficiency", ("performance", "efficiency", "perf")),
    ("style", ("style", "maintainability", "readability", "convention", "formatting", "naming", "useless-code")),
)


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What a run says about one of its rules. `words` are its name, tags, categories and taxa."""

    id: str
    words: tuple[str, ...]
    security_severity: float | None = None
    level: str | None = None


def kind_for(tool: str, rule: RuleFacts) -> tuple[str, str | None]:
    """The kind, and the angle where the kind is not in the shared table. `tool` is the location's plain name."""
    known = _by_table(tool, rule.id) or _by_name(rule) or _by_cwe(rule.words)
    if known is not None:
        return known, None
    last = _NOT_IN_KIND.sub("-", rule.id).strip("-.")[:100] or "unnamed"
    return f"{tool}/{last}", angle_for(rule)


def _by_table(tool: str, rule_id: str) -> str | None:
    table = _TABLES.get(tool.removesuffix("-py"), {})
    kind = table.get(rule_id) or table.get(rule_id.rpartition("/")[2])
    return kind if kind in KINDS else None


def _by_name(rule: RuleFacts) -> str | None:
    last = re.split(r"[/.:]", rule.id)[-1].lower().replace("_", "-")
    if last in _WORDS:
        return _WORDS[last]
    return last if last in KINDS else None


def _by_cwe(words: Iterable[str]) -> str | None:
    kinds = [_CWE[number] for number in sorted(set(_numbers(words))) if number in _CWE]
    if not kinds:
        return None
    if kinds[0] in _CRYPTO and any("hash" in word.lower() or "md5" in word.lower() for word in words):
        return "weak-hash"
    return kinds[0]


def _numbers(words: Iterable[str]) -> Iterator[int]:
    for word in words:
        for match in _CWE_NUMBER.finditer(word):
            yield int(match[1])


def angle_for(rule: RuleFacts) -> str:
    """The angle that a rule's tags speak of; correctness where they are silent."""
    if rule.security_severity is not None:
        return "security"
    text = " ".join([rule.id, *rule.words]).lower()
    return next((angle for angle, words in _ANGLE_WORDS if any(word in text for word in words)), "correctness")


def severity_for(level: str | None, security_severity: float | None) -> Severity:
    """From the score of CVSS where there is one (as GitHub divides it), else from the level; unknown is a warning."""
    if security_severity is not None:
        bounds: tuple[tuple[float, Severity], ...] = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"))
        return next((severity for least, severity in bounds if security_severity >= least), "low")
    return _LEVELS.get(level or "", "medium")
