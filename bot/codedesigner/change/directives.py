"""What comments ask analysers for: to say nothing of a line, or of a file. Pure.

A change under review may hold such requests, and so may a fix that somebody proposes for it.
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
class DirectiveForm:
    """How one tool is asked to say nothing."""

    tool: str
    scope: Scope
    pattern: re.Pattern[str]


def _form(tool: str, scope: Scope, pattern: str) -> DirectiveForm:
    return DirectiveForm(tool, scope, re.compile(pattern, re.IGNORECASE))


# Each pattern's group 1 is what is blanked; order matters, the first form that matches a place names it.
_FORMS: tuple[DirectiveForm, ...] = (
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
MAY_DIRECT = re.compile(
    r"noqa|nosec|nosem|disable|enable|ignore|skip-file|mypy\s*:|pyright\s*:|@ts-|shellcheck|hadolint|allowlist"
    r"|whitelist|gitleaks|lizard|generated\s+code|sqlfluff|ruff\s*:",
    re.IGNORECASE,
)


def suppressions(text: str) -> tuple[Directive, ...]:
    """Every request in `text` to an analyser to say nothing, in the order of lines."""
    return tuple(
        Directive(number, form.scope, form.tool, line[match.start(1) :].strip()[:200])
        for number, line in enumerate(text.split("\n"), 1)
        for form, match in directives_in(line)
    )


def directives_in(line: str) -> list[tuple[DirectiveForm, re.Match[str]]]:
    """The requests of one line, in order; group 1 of each match is what has to be blanked for it to mean nothing."""
    if not MAY_DIRECT.search(line):
        return []
    found: list[tuple[DirectiveForm, re.Match[str]]] = []
    for form in _FORMS:
        for match in form.pattern.finditer(line):
            if not any(match.start(1) < other.end(1) and other.start(1) < match.end(1) for _, other in found):
                found.append((form, match))
    return sorted(found, key=lambda pair: pair[1].start(1))
