"""Several suggestions taken over at once: the new texts of their files, and which of them cannot go together. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from codedesigner.change.model import FileChange, Span
from codedesigner.publish.plain import shown
from codedesigner.publish.report import FindingReport, Report, SuggestionReport
from codedesigner.run.fix import lines_with_ends

Parses = Callable[[FileChange, str], bool | None]
"""Whether this text of the file has no syntax errors; None where nobody can say."""


@dataclass(frozen=True, slots=True)
class NewText:
    """A file, and its text with the suggestions of `findings` taken over."""

    file: FileChange
    text: str
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Together:
    """What can be taken over together; finding -> why its suggestion is left out."""

    files: tuple[NewText, ...]
    left_out: Mapping[str, str]


def appliable(report: Report) -> list[FindingReport]:
    """The posted findings whose suggestion is proved, in the order of their ids."""
    return [
        finding
        for finding in report.findings
        if finding.disposition == "posted" and finding.suggestion is not None and finding.suggestion.is_proved
    ]


def together(findings: Iterable[FindingReport], files: Sequence[FileChange], parses: Parses) -> Together:
    """The suggestions of `findings` on the texts that were reviewed.

    Each was proved by itself. Of two that touch the same lines, or with which a file would not parse any more, the
    earlier finding's is taken.
    """
    by_path: dict[str, list[FindingReport]] = {}
    for finding in findings:
        by_path.setdefault(finding.path, []).append(finding)
    named = {shown(file.path): file for file in files}
    made: list[NewText] = []
    left_out: dict[str, str] = {}
    for path, some in by_path.items():
        text = named[path].new_text
        if text is None:
            left_out |= {finding.id: f"the text of {path} is not at hand" for finding in some}
            continue
        one, without = _file(named[path], text, some, parses)
        made.append(one)
        left_out |= without
    return Together(tuple(made), left_out)


def _file(
    file: FileChange, text: str, findings: Sequence[FindingReport], parses: Parses
) -> tuple[NewText, dict[str, str]]:
    taken: dict[str, SuggestionReport] = {}
    joined: list[str] = []
    left_out: dict[str, str] = {}
    for finding in findings:
        suggestion = finding.suggestion
        assert suggestion is not None  # noqa: S101 -- `appliable` has seen to it
        rivals = [name for name, one in taken.items() if _lines(one).overlaps(_lines(suggestion))]
        if any(_same(taken[name], suggestion) for name in rivals):
            joined.append(finding.id)
        elif rivals:
            left_out[finding.id] = f"it changes the same lines as {', '.join(rivals)}"
        elif taken and parses(file, with_suggestions(text, [*taken.values(), suggestion])) is False:
            left_out[finding.id] = f"together with {', '.join(taken)} the file would not parse"
        else:
            taken[finding.id] = suggestion
            joined.append(finding.id)
    return NewText(file, with_suggestions(text, taken.values()), tuple(joined)), left_out


def with_suggestions(text: str, suggestions: Iterable[SuggestionReport]) -> str:
    """`text` with suggestions taken over that do not overlap."""
    lines = lines_with_ends(text)
    for one in sorted(suggestions, key=lambda one: one.start_line, reverse=True):
        lines[one.start_line - 1 : one.end_line] = [one.replacement]
    return "".join(lines)


def _lines(suggestion: SuggestionReport) -> Span:
    return Span(suggestion.start_line, suggestion.end_line)


def _same(one: SuggestionReport, other: SuggestionReport) -> bool:
    return _lines(one) == _lines(other) and one.replacement == other.replacement
