"""A suggestion as part of a comment: a block that the forge applies with one click, or a diff to read.

A block must come out of the forge's Markdown reader byte for byte; which may be one at all is `obstacles`' business.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

from codedesigner.change.model import FileChange
from codedesigner.publish.difftext import suggestion_diff
from codedesigner.publish.obstacles import MOST_LINES, Forge, misplaced, obstacle
from codedesigner.publish.plain import clipped, plural
from codedesigner.publish.report import FindingReport, SuggestionReport
from codedesigner.publish.sanitise import block_lines, code, longest_backticks
from codedesigner.vote.finding import LookVerdict

Named = Callable[[str], str]

_VERDICTS: tuple[LookVerdict, ...] = get_args(LookVerdict)
_LINE_LIMIT = 300
_MOST_DIFF_LINES = 60


@dataclass(frozen=True, slots=True)
class SuggestionPart:
    """A suggestion for the body of a comment, and the lines of the new side that the comment has to be about.

    `markdown` starts at the beginning of a line, wants a blank line before and after it, and must not be indented,
    quoted or rewritten. `reason` says why it is no block; None where it is one. A block replaces exactly the lines of
    its comment on GitHub; on GitLab the comment stands on `end_line`, and the block says how far its lines reach.
    """

    markdown: str
    start_line: int
    end_line: int
    reason: str | None


def suggestion_part(
    finding: FindingReport, file: FileChange, forge: Forge, *, barred: str | None = None
) -> SuggestionPart | None:
    """The suggestion of a finding in `file` as `forge` can show it; None where there is nothing to show.

    That is where the finding has none, or where the lines are what the suggestion would make of them. `barred`: why it
    may be no block, whatever it is.
    """
    suggestion = finding.suggestion
    if suggestion is None:
        return None
    original = original_lines(file, suggestion)
    if original == suggestion.replacement:
        return None
    reason = barred or _reason(finding, suggestion, file, original, forge)
    heading = f"{_offered(suggestion)}:"
    if reason is None:
        block = fence(suggestion.replacement, _info(suggestion, forge))
        return SuggestionPart(f"{heading}\n\n{block}", suggestion.start_line, suggestion.end_line, None)
    diff = diff_block(suggestion_diff(file.new_lines, suggestion))
    parts = [heading, *([diff] if diff else []), f"Not to be applied with one click: {reason}."]
    return SuggestionPart("\n\n".join(parts), finding.line, finding.end_line, reason)


def original_lines(file: FileChange, suggestion: SuggestionReport) -> str | None:
    """The lines that a suggestion replaces, with their line ends; None where the file's new side has no such lines."""
    start, end = suggestion.start_line, suggestion.end_line
    text = file.new_text
    if text is None or not 1 <= start <= end <= len(file.new_lines):
        return None
    lines = "\n".join(file.new_lines[start - 1 : end])
    return lines if end == len(file.new_lines) and not text.endswith("\n") else lines + "\n"


def _reason(
    finding: FindingReport, suggestion: SuggestionReport, file: FileChange, original: str | None, forge: Forge
) -> str | None:
    if original is None:
        return "the lines that it replaces are not at hand"
    if not suggestion.is_proved:
        return "it was not looked at again after it was applied to a copy"
    if finding.side == "LEFT":
        return "the finding is about lines that the change removed"
    return misplaced(file, suggestion, forge) or obstacle(file.path, suggestion.replacement, original, forge)


def _info(suggestion: SuggestionReport, forge: Forge) -> str:
    """The word behind the fence; GitLab counts lines from the one that the comment stands on, the last one here."""
    above = suggestion.end_line - suggestion.start_line
    assert above < MOST_LINES  # noqa: S101 -- `obstacle` has seen to it; GitLab refuses more than 100
    return f"suggestion:-{above}+0" if forge == "gitlab" else "suggestion"


def _offered(suggestion: SuggestionReport) -> str:
    source = f" from {code(suggestion.source)}" if suggestion.source else ""
    return f"Suggestion{source} ({verified(suggestion)})"


def verified(suggestion: SuggestionReport) -> str:
    """`proofs` as Markdown."""
    told = proofs(suggestion, code)
    return f"verified: {told}" if suggestion.verified else told


def proofs(suggestion: SuggestionReport, named: Named = str) -> str:
    """What was proved about a suggestion and by whom, in words; `named` writes the name of a location."""
    if not suggestion.verified:
        return "not verified"
    looks = [(verdict, [one.location for one in suggestion.looked if one.verdict == verdict]) for verdict in _VERDICTS]
    by = [f"{verdict}: {', '.join(map(named, names))}" for verdict, names in looks if names]
    return "; ".join([", ".join(suggestion.verified), *by])


def fence(content: str, info: str = "suggestion") -> str:
    """A fenced block that no line of `content` can close.

    Empty content gives a block without lines (as a suggestion: delete), a single line feed one blank line. Content
    without a final line feed gets one, as a block cannot say otherwise.
    """
    ticks = "`" * max(3, longest_backticks(content) + 1)
    body = content if content == "" or content.endswith("\n") else content + "\n"
    return f"{ticks}{info}\n{body}{ticks}"


def diff_block(diff: Sequence[str]) -> str:
    """Lines of a diff in a fence, for reading: without secrets and marks, each visible and of bearable length."""
    shown = [line[0] + clipped(block_lines(line[1:]), _LINE_LIMIT) for line in diff[:_MOST_DIFF_LINES]]
    if len(diff) > _MOST_DIFF_LINES:
        shown.append(f"@@ {plural(len(diff) - _MOST_DIFF_LINES, 'more line')} @@")
    return fence("\n".join(shown), "diff") if shown else ""
