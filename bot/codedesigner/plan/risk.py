"""How likely a changed function is to hide a defect, seen from one angle: a few signs, each cheap to read.

The signs and their shares are a judgement, not a measurement; they only decide what is asked first.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from math import log2

from codedesigner.plan.inputs import PlannedAngle
from codedesigner.plan.target import Target

_BASE = 0.10
_INDICATORS = 0.30
_SIZE = 0.15
_SENSITIVE = 0.15
_COMPLEXITY = 0.10
_REMOVED_CHECKS = 0.20

_SENSITIVE_WORDS = re.compile(
    r"auth|passw|secret|token|credential|crypt|cipher|hmac|signature|permission|privilege|admin|sudo|session|cookie"
    r"|csrf|cors|sanitiz|escape|deserial|pickle|eval\b|exec|subprocess|system\(|shell|\bsql|query|payment|billing"
    r"|upload|redirect|webhook|migration|unsafe|verify",
    re.IGNORECASE,
)
_BRANCHES = re.compile(
    r"\b(?:if|elif|elsif|unless|for|foreach|while|until|case|when|catch|except|rescue|match|select|guard)\b|&&|\|\||\?\?"
)
_CHECKS = re.compile(
    r"\b(?:if|unless|guard|assert\w*|raise|throw|panic|check\w*|validat\w*|verif\w*|require\w*|ensure\w*|sanitiz\w*"
    r"|escape\w*|lock|synchronized|try|catch|except|finally|defer|close|null|None|nil)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Signs:
    """What does not depend on the angle: a share of the risk, and the words for it."""

    share: float
    words: tuple[str, ...]
    text: str  # the changed text, in which indicators are looked for


class Assessor:
    """Risk in 0..1 with its reason, for a target and an angle. It remembers what several angles share."""

    def __init__(self, heaviest: float = 1.0) -> None:
        self._heaviest = heaviest
        self._signs: dict[str, _Signs] = {}
        self._patterns: dict[str, re.Pattern[str] | None] = {}
        self._known: dict[tuple[str, str], tuple[float, str]] = {}

    def __call__(self, target: Target, angle: PlannedAngle) -> tuple[float, str]:
        """The risk, and in words what it comes from. Passes and terms of one question share it."""
        known = (target.identity, angle.id)
        if known not in self._known:
            self._known[known] = self._assess(target, angle)
        return self._known[known]

    def _assess(self, target: Target, angle: PlannedAngle) -> tuple[float, str]:
        if target.identity not in self._signs:
            self._signs[target.identity] = _signs(target)
        signs = self._signs[target.identity]
        found = self._indicators(angle, signs.text)
        share = _BASE + signs.share + _INDICATORS * (1 - 0.5 ** len(found))
        # The lightest angle keeps half its risk: a weight orders angles, it does not silence them.
        risk = round(share * (0.5 + 0.5 * min(1.0, angle.weight / self._heaviest)), 4)
        named = (f"speaks of {', '.join(found[:3])}",) if found else ()
        return risk, f"risk {risk:.2f}: {'; '.join((*named, *signs.words))}"

    def _indicators(self, angle: PlannedAngle, text: str) -> list[str]:
        if angle.id not in self._patterns:
            self._patterns[angle.id] = _any_of(angle.indicators)
        pattern = self._patterns[angle.id]
        return [] if pattern is None else sorted({found.lower() for found in pattern.findall(text)})


def _any_of(words: tuple[str, ...]) -> re.Pattern[str] | None:
    """Any of the words, as plain text; a word that begins or ends with a letter does not match inside another."""

    def whole(word: str) -> str:
        before = r"(?<![^\W_])" if word[0].isalnum() else ""
        after = r"(?![^\W_])" if word[-1].isalnum() else ""
        return before + re.escape(word) + after

    longest_first = sorted({word.strip() for word in words} - {""}, key=lambda word: (-len(word), word))
    return re.compile("|".join(map(whole, longest_first)), re.IGNORECASE) if longest_first else None


def _signs(target: Target) -> _Signs:
    text = f"{target.added}\n{target.removed}"
    lines = len(target.unit.changed)
    removed = _removed_checks(target)
    branches = len(_BRANCHES.findall(target.text))
    sensitive = sorted({word.lower() for word in _SENSITIVE_WORDS.findall(f"{target.unit.path}\n{text}")})
    share = (
        _SIZE * min(1.0, log2(1 + lines) / 6)
        + _SENSITIVE * (1 - 0.5 ** len(sensitive))
        + _COMPLEXITY * min(1.0, branches / 20)
        + _REMOVED_CHECKS * (1 - 0.5**removed)
    )
    words = [f"{lines} changed line{'s' if lines != 1 else ''}"]
    if sensitive:
        words.append(f"sensitive words ({', '.join(sensitive[:3])})")
    if branches:
        words.append(f"{branches} branch{'es' if branches != 1 else ''}")
    if removed:
        words.append(f"{removed} check{'s' if removed != 1 else ''} removed")
    return _Signs(share, tuple(words), text)


def _removed_checks(target: Target) -> int:
    """Words of checking that the change took away and did not put back."""
    if not target.removed:
        return 0
    gone = Counter(word.lower() for word in _CHECKS.findall(target.removed))
    gone.subtract(word.lower() for word in _CHECKS.findall(target.added))
    return sum(count for count in gone.values() if count > 0)
