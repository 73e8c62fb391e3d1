"""What may stand in a suggestion block, and what is left for a person to read.

Whoever clicks on a block commits it. So it may only be what the forge puts into the file byte for byte, and nothing may
be in it that a reader would not see or would not expect.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from codedesigner.change.model import FileChange, Hunk
from codedesigner.publish.addresses import addresses
from codedesigner.publish.plain import holds_invisible, shown
from codedesigner.publish.report import SuggestionReport
from codedesigner.publish.sanitise import QUICK_ACTION, longest_backticks
from codedesigner.publish.secrets import holds_secret

Forge = Literal["github", "gitlab"]

MOST_LINES = 100  # more on either side is a rewrite, which nobody should take over unread; GitLab takes no more, either
MOST_CHARACTERS = 20_000  # of the 60,000 that a comment may have
LONGEST_FENCE = 254  # the forges' Markdown reader counts the back-ticks of a fence in one byte

_OWN_COMMAND = re.compile(r"^[\s>]*/codedesigner\b", re.MULTILINE | re.IGNORECASE)
_GUARDED = re.compile(
    r"(?:^|/)(?:\.github|\.gitlab|\.circleci|\.ci|\.buildkite|\.azure-pipelines|\.woodpecker|\.semaphore|\.teamcity"
    r"|\.tekton|\.forgejo|\.gitea)/"
    r"|(?:^|/)(?:[^/]*\.?gitlab-ci\.ya?ml|azure-pipelines[^/]*\.ya?ml|jenkinsfile[^/]*|\.?travis\.ya?ml"
    r"|action\.ya?ml|bitbucket-pipelines\.ya?ml|\.?appveyor\.ya?ml|\.drone\.ya?ml|\.cirrus\.ya?ml"
    r"|\.woodpecker\.ya?ml|cloudbuild\.ya?ml|buildspec\.ya?ml|\.pre-commit-config\.ya?ml|codeowners)$"
    r"|(?:^|/)\.codedesigner\.ya?ml$"
    r"|(?:^|/)(?:[^/]*\.lock(?:\.json|\.hcl|file)?|[^/]*-lock\.(?:json|ya?ml)|[^/]*\.lockb|go\.sum"
    r"|npm-shrinkwrap\.json|package\.resolved|pylock(?:\.[^/]+)?\.toml)$",
    re.IGNORECASE,
)


def obstacle(path: str, replacement: str, original: str, forge: Forge) -> str | None:
    """Why `replacement` of the lines `original` in `path` may not be a suggestion block, or None where it may.

    Both texts have their line ends.
    """
    lines = max(replacement.count("\n"), original.count("\n"))
    if lines > MOST_LINES:
        return f"it rewrites {lines} lines; over {MOST_LINES} are for reading"
    if max(len(replacement), len(original)) > MOST_CHARACTERS:
        return "it is too long for a comment"
    checks = (
        ("its bytes are not UTF-8", shown(replacement) != replacement),
        ("the lines end in CR LF, which a suggestion does not keep", "\r" in replacement or "\r" in original),
        ("the file's last line has no line end, which a suggestion cannot say", _unended(replacement, original)),
        ("it holds characters that cannot be seen", holds_invisible(replacement)),
        ("it holds a run of back-ticks that no block can enclose", longest_backticks(replacement) >= LONGEST_FENCE),
        ("a line would be read as a command", _is_command(replacement, forge)),
        ("it holds what looks like a secret", holds_secret(replacement)),
        ("it holds a mark of the reviewer's own", "<!-- codedesigner" in replacement.lower()),
        ("the file steers builds, dependencies or this review", steers_builds(path)),
        ("it brings in an address", not addresses(replacement) <= addresses(original)),
    )
    return next((reason for reason, holds in checks if holds), None)


def steers_builds(path: str) -> bool:
    """Whether the file steers builds, dependencies or this review, so that a person has to look at what changes it."""
    return _GUARDED.search(path) is not None


def _unended(replacement: str, original: str) -> bool:
    return any(text != "" and not text.endswith("\n") for text in (replacement, original))


def _is_command(replacement: str, forge: Forge) -> bool:
    """GitLab runs every quick action of a note with the rights of whoever posts it; GitHub has none."""
    return (QUICK_ACTION if forge == "gitlab" else _OWN_COMMAND).search(replacement) is not None


def misplaced(file: FileChange, suggestion: SuggestionReport, forge: Forge) -> str | None:
    """Why a block for these lines could not stand where it would have to, or None where it can.

    A forge takes a comment only on lines that one hunk of the diff shows. GitHub refuses to apply a suggestion whose
    range has removed lines between its first and its last line.
    """
    start, end = suggestion.start_line, suggestion.end_line
    hunk = next((one for one in file.hunks if _holds(one, start) or _holds(one, end)), None)
    if hunk is None:
        return "its lines are not part of the diff"
    if not (_holds(hunk, start) and _holds(hunk, end)):
        return "its lines are not all in one hunk of the diff"
    if forge == "github" and any(start < line <= end for line in _behind_removed(hunk)):
        return "lines that the change removed lie between those that it replaces"
    return None


def _holds(hunk: Hunk, line: int) -> bool:
    return hunk.new_start <= line < hunk.new_start + hunk.new_count


def _behind_removed(hunk: Hunk) -> Iterator[int]:
    """The new side's lines that come right after removed ones."""
    removed = False
    for line in hunk.lines:
        if line.new is not None:
            if removed:
                yield line.new
            removed = False
        else:
            removed = True
