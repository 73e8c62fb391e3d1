"""Suggestion blocks: the fence, and whether a replacement may stand in one.

Whoever reads a block applies it with one click. So it must come out of the forge's Markdown reader byte for byte, and
nothing may go in that a reader would not see or would not expect. What may not becomes a diff to read.
"""

from __future__ import annotations

import re

from codedesigner.publish.plain import holds_invisible, shown
from codedesigner.publish.sanitise import QUICK_ACTION, longest_backticks
from codedesigner.publish.secrets import holds_secret

_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"'`<>)]+", re.IGNORECASE)
_GUARDED = re.compile(
    r"(?:^|/)(?:\.github|\.gitlab|\.circleci|\.ci|\.buildkite)/"
    r"|(?:^|/)(?:\.gitlab-ci\.ya?ml|azure-pipelines\.ya?ml|Jenkinsfile|\.travis\.ya?ml|action\.ya?ml)$"
    r"|(?:^|/)\.codedesigner\.ya?ml$"
    r"|(?:^|/)(?:[^/]*\.lock|[^/]*-lock\.(?:json|ya?ml)|[^/]*\.lockb|go\.sum|npm-shrinkwrap\.json)$"
)


def fence(content: str, info: str = "suggestion") -> str:
    """A fenced block that no line of `content` can close.

    Empty content gives a block without lines (as a suggestion: delete), a single line feed one blank line. Content
    without a final line feed gets one, as a block cannot say otherwise.
    """
    ticks = "`" * max(3, longest_backticks(content) + 1)
    body = content if content == "" or content.endswith("\n") else content + "\n"
    return f"{ticks}{info}\n{body}{ticks}"


def obstacle(path: str, replacement: str, original: str) -> str | None:
    """Why this replacement of `original` in `path` may not be a suggestion block, or None where it may."""
    checks = (
        ("its bytes are not UTF-8", shown(replacement) != replacement),
        ("the lines end in CRLF, which forges do not keep", "\r" in replacement or "\r" in original),
        ("it holds characters that cannot be seen", holds_invisible(replacement)),
        ("a line would be read as a command", QUICK_ACTION.search(replacement) is not None),
        ("it holds what looks like a secret", holds_secret(replacement)),
        ("it holds a mark of the reviewer's own", "<!-- codedesigner" in replacement.lower()),
        ("the file steers builds or this review", _GUARDED.search(path) is not None),
        ("it brings in an address", not set(_URL.findall(replacement)) <= set(_URL.findall(original))),
    )
    return next((reason for reason, holds in checks if holds), None)
