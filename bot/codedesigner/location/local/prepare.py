"""The text that an analyser gets instead of the original.

It has the same number of code points and bytes on every line, so that positions stay true, but every program counts
its lines as we do (by LF alone), and nothing in it can tell an analyser to look away: a directive such as `noqa` is
blanked, and its place is told to the caller, who decides what it is worth.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Scope = Literal["line", "next", "file"]


@dataclass(frozen=True, slots=True)
class Directive:
    """A request to an analyser to say nothing. `line` is 1-based; `text` is what was written, at most 200 characters.

    `scope` is what it asks for: its own line, the next line, or the file (including "from here on").
    """

    line: int
    scope: Scope
    tool: str
    text: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """Harmless text. `altered` are the 1-based lines that differ from the original.

    `lone_cr`: some CR that Python or a shell would take as the end of a line was replaced, so a complaint about the
    syntax may be our own doing.
    """

    text: str
    altered: frozenset[int]
    lone_cr: bool


@dataclass(frozen=True, slots=True)
class _Form:
    tool: str
    scope: Scope
    pattern: re.Pattern[str]


def _form(tool: str, scope: Scope, pattern: str) -> _Form:
    return _Form(tool, scope, re.compile(pattern, re.IGNORECASE))


# Each pattern's group 1 is what is blanked; order matters, the first form that matches a place names it.
_FORMS: tuple[_Form, ...] = (
    _form("ruff", "file", r"#\s*((?:ruff|flake8)\s*:\s*noqa)\b"),
    _form("ruff", "file", r"#\s*(ruff\s*:\s*(?:disable|enable|ignore|file-ignore|isort))\b"),
    _form("noqa", "line", r"#[^\n]*?\b(noqa)\b"),
    _form("bandit", "line", r"#[^\n]*?\b(nosec(?:ure)?)\b"),
    _form("pylint", "next", r"#[^\n]*?\b(pylint\s*:\s*disable-next)\b"),
    _form("pylint", "file", r"#[^\n]*?\b(pylint\s*:\s*skip-file)\b"),
    _form("pylint", "line", r"#[^\n]*?\b(pylint\s*:\s*(?:disable-msg|disable-line|disable|enable-msg|enable))\b"),
    _form("mypy", "line", r"#[^\n]*?\b(type\s*:\s*ignore)\b"),
    _form("mypy", "file", r"#\s*(mypy\s*:)"),
    _form("ty", "line", r"#[^\n]*?\b(ty\s*:\s*ignore)\b"),
    _form("pyright", "line", r"#[^\n]*?\b(pyright\s*:\s*ignore)\b"),
    _form("pyright", "file", r"#\s*(pyright\s*:)"),
    _form("oxlint", "next", r"((?:eslint|oxlint)-disable-next-line)\b"),
    _form("oxlint", "line", r"((?:eslint|oxlint)-disable-line)\b"),
    _form("oxlint", "file", r"((?:eslint|oxlint)-(?:disable|enable))\b"),
    _form("biome", "next", r"(?://|/\*)[^\n]*?\b(biome-ignore(?:-all|-start|-end)?)\b"),
    _form("tslint", "file", r"(?://|/\*)[^\n]*?\b(tslint\s*:\s*disable)\b"),
    _form("typescript", "next", r"(@ts-(?:ignore|expect-error))\b"),
    _form("typescript", "file", r"(@ts-nocheck)\b"),
    _form("shellcheck", "next", r"#[^\n]*?\b(shellcheck\s+[a-z-]+=)"),
    _form("zizmor", "line", r"#[^\n]*?\b(zizmor\s*:\s*ignore)\b"),
    _form("yamllint", "line", r"#\s*(yamllint\s+disable-line)\b"),
    _form("yamllint", "file", r"#\s*(yamllint\s+(?:disable-file|disable|enable))\b"),
    _form("hadolint", "file", r"#\s*(hadolint\s+global\s+[a-z]+)"),
    _form("hadolint", "next", r"#\s*(hadolint\s+(?:ignore|shell))\b"),
    _form("detect-secrets", "next", r"(pragma\s*:\s*(?:allow|white)list\s+nextline\s+secret)\b"),
    _form("detect-secrets", "line", r"(pragma\s*:\s*(?:allow|white)list\s+secret)\b"),
    _form("detect-secrets", "line", r"\b(gitleaks\s*:\s*allow)\b"),
    _form("ast-grep", "next", r"\b(ast-grep-ignore)\b"),
    _form("lizard", "file", r"#\s*(lizard\s+forgive(?:s|\s+global)?)\b"),
    _form("lizard", "file", r"\b(GENERATED\s+CODE)\b"),
    _form("typos", "line", r"\b((?:typos|spell-?checker|codespell|cspell)\s*:\s*(?:ignore|disable)[a-z-]*)\b"),
    _form("sqlfluff", "line", r"--[^\n]*?\b(noqa)\b"),
    _form("sqlfluff", "file", r"--\s*(sqlfluff\s*:)"),
    _form("semgrep", "line", r"\b(nosemgrep|nosem)\b"),
)
# One cheap look decides whether any form needs to be tried on a line.
_ANY = re.compile(
    r"noqa|nosec|nosem|disable|enable|ignore|skip-file|mypy\s*:|pyright\s*:|@ts-|shellcheck|hadolint|allowlist"
    r"|whitelist|gitleaks|lizard|generated\s+code|sqlfluff|ruff\s*:",
    re.IGNORECASE,
)

_WORD = re.compile(r"[^\s]")
_LONE_CR = re.compile(r"\r(?!\n|\Z)")
# Same length in UTF-8; the replacements mean nothing in any language, so none can hide code.
_LINE_BREAKERS = str.maketrans(
    {"\v": " ", "\x1c": " ", "\x1d": " ", "\x1e": " ", "\x85": "\xb6", "\u2028": "\u2026", "\u2029": "\u2026"}
)
# Python allows a form feed before an indentation, where a space would change its depth.
_INNER_FORM_FEED = re.compile(r"(?<=[^\n\f])\f")
_BREAKERS = re.compile("[\v\f\x1c-\x1e\x85\u2028\u2029]")


def suppressions(text: str) -> tuple[Directive, ...]:
    """Every request in `text` to an analyser to say nothing, in the order of lines."""
    return tuple(
        Directive(number, form.scope, form.tool, line[match.start(1) :].strip()[:200])
        for number, line in enumerate(text.split("\n"), 1)
        for form, match in _matches(line)
    )


def prepare(text: str) -> Prepared:
    """`text` as analysers may see it."""
    lone_cr = _LONE_CR.search(text) is not None
    plain = _LONE_CR.sub(" ", text) if lone_cr else text
    if _BREAKERS.search(plain):
        plain = _INNER_FORM_FEED.sub(" ", plain).translate(_LINE_BREAKERS)
    if not _ANY.search(plain) and plain is text:
        return Prepared(text, frozenset(), lone_cr=False)
    before = text.split("\n")
    after = [_blank(line) for line in plain.split("\n")]
    altered = frozenset(number for number, pair in enumerate(zip(before, after, strict=True), 1) if pair[0] != pair[1])
    return Prepared("\n".join(after), altered, lone_cr)


def _blank(line: str) -> str:
    for _, match in _matches(line):
        start, end = match.span(1)
        line = line[:start] + _WORD.sub("_", line[start:end]) + line[end:]
    return line


def _matches(line: str) -> list[tuple[_Form, re.Match[str]]]:
    if not _ANY.search(line):
        return []
    found: list[tuple[_Form, re.Match[str]]] = []
    for form in _FORMS:
        for match in form.pattern.finditer(line):
            if not any(match.start(1) < other.end(1) and other.start(1) < match.end(1) for _, other in found):
                found.append((form, match))
    return sorted(found, key=lambda pair: pair[1].start(1))
