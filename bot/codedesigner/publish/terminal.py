"""The report for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from codedesigner.publish.difftext import suggestion_diff
from codedesigner.publish.excerpt import draw, excerpt
from codedesigner.publish.inputs import Conclusion, RenderInput
from codedesigner.publish.paint import Paint, Style
from codedesigner.publish.plain import clipped, folded, plural, visible
from codedesigner.publish.report import FindingReport, Report, SuggestionReport
from codedesigner.publish.suggestion import proofs
from codedesigner.publish.tally import (
    also_seen,
    not_reviewed,
    posted,
    set_aside,
    tally,
    told,
    uncalibrated,
    undecided,
    unwell,
)
from codedesigner.publish.wrap import wrapped
from codedesigner.severity import Severity

_SEVERITY_STYLE: dict[Severity, tuple[Style, ...]] = {
    "low": ("blue",),
    "medium": ("yellow",),
    "high": ("red",),
    "critical": ("alarm",),
}
_VERDICT: dict[Conclusion, tuple[str, tuple[Style, ...]]] = {
    "pass": ("PASS", ("bold", "green")),
    "fail": ("FAIL", ("alarm",)),
    "inconclusive": ("INCONCLUSIVE", ("bold", "yellow")),
}
_NARROWEST = 40
_WIDEST = 120
_BODY_LIMIT = 1_200
_TITLE_LIMIT = 300
_MOST_NOT_REVIEWED = 10
_MOST_DIFF_LINES = 40
_DIFF_COLUMNS = 400


def render(given: RenderInput) -> str:
    """The report as text, at most `width` columns wide where words allow it; coloured only where asked."""
    page = _Page(given)
    return "\n".join(page.lines()) + "\n"


class _Page:
    def __init__(self, given: RenderInput) -> None:
        self._report: Report = given.report
        self._given = given
        self._paint = Paint(given.color)
        self._width = min(max(given.width, _NARROWEST), _WIDEST)

    def lines(self) -> Iterator[str]:
        for finding in posted(self._report):
            yield from self._finding(finding)
            yield ""
        yield from self._undecided()
        yield from self._notes()
        yield self._verdict()

    def _finding(self, finding: FindingReport) -> Iterator[str]:
        yield self._header(finding)
        votes = tally(finding)
        place = f"in {visible(finding.function)} · " if finding.function else ""
        by = " · decided by the supervisor" if finding.decided == "supervisor" else ""
        yield f"  {place}{visible(finding.angle)} · agreement {told(finding)}{by}"
        said = (("yes", votes.yes), ("no", votes.no), ("abstained", votes.abstained))
        yield from self._dim(" · ".join(f"{word}: {', '.join(names)}" for word, names in said if names))
        if finding.also:
            yield from self._dim(f"also seen from: {also_seen(finding)}")
        yield from self._excerpt(finding)
        body = clipped(visible(finding.body, keep="\n").strip(), _BODY_LIMIT)
        if body and folded(body) != folded(visible(finding.title)):
            for paragraph in body.split("\n"):
                yield from wrapped(paragraph, self._width, indent="  ")
        if finding.suggestion is not None:
            yield from self._suggestion(finding.path, finding.suggestion)

    def _header(self, finding: FindingReport) -> str:
        column = f":{finding.column}" if finding.column else ""
        removed = " (removed line)" if finding.side == "LEFT" else ""
        place = self._paint(f"{visible(finding.path)}:{finding.line}{column}", "bold") + removed
        severity = self._paint(finding.severity, *_SEVERITY_STYLE[finding.severity])
        title = clipped(folded(visible(finding.title)), _TITLE_LIMIT)
        blocking = f"  {self._paint('blocks', 'alarm')}" if finding.id in self._report.gate.blocking else ""
        if finding.disposition == "undecided":
            blocking = f"  {self._paint('needs a person', 'bold', 'yellow')}"
        kind = self._paint(f"{visible(finding.kind)}  {finding.id}", "dim")
        return f"{place}  {severity}  {title}  {kind}{blocking}"

    def _excerpt(self, finding: FindingReport) -> Iterator[str]:
        sources = self._given.sources if finding.side == "RIGHT" else self._given.old_sources
        lines = sources.get(finding.path, ())
        digits = len(str(min(len(lines), finding.end_line + 1)))
        room = self._width - digits - 7
        place = (finding.line, finding.end_line, finding.column, finding.end_column)
        rows = excerpt(lines, *place, width=room)
        if not rows and finding.evidence:
            # The file is not at hand; its line was quoted all the same.
            quoted = excerpt(finding.evidence.split("\n"), 1, 1, 0, 0, width=room, context=0)
            rows = [replace(row, number=max(1, finding.line)) for row in quoted]
            digits = len(str(finding.line))
        for row in rows:
            style = _SEVERITY_STYLE[finding.severity]
            number = " " * digits if row.kind in ("carets", "gap") else str(row.number).rjust(digits)
            mark = self._paint(">", *style) if row.kind == "marked" else " "
            gutter = self._paint(f"{number} │", "dim")
            text = self._paint(row.text, *style) if row.kind == "carets" else row.text
            yield f"  {mark} {gutter} {text}".rstrip()

    def _suggestion(self, path: str, suggestion: SuggestionReport) -> Iterator[str]:
        source = f" from {visible(suggestion.source)}" if suggestion.source else ""
        yield f"  {self._paint('fix', 'green')}{source} ({proofs(suggestion, visible)})"
        diff = suggestion_diff(self._given.sources.get(path, ()), suggestion)
        for line in diff[:_MOST_DIFF_LINES]:
            yield "    " + self._diff_line(line)
        if len(diff) > _MOST_DIFF_LINES:
            yield f"    … {plural(len(diff) - _MOST_DIFF_LINES, 'more line')}"

    def _diff_line(self, line: str) -> str:
        # Half a fix is none: its lines are left to the terminal to wrap, unless they are out of all proportion.
        text = line[0] + draw(line[1:], 1, 1, _DIFF_COLUMNS)[0]
        styles: dict[str, Style] = {"+": "green", "-": "red", "@": "cyan"}
        return self._paint(text, styles[line[0]]) if line[0] in styles else text

    def _undecided(self) -> Iterator[str]:
        for finding in undecided(self._report):
            yield from self._finding(finding)
            yield from wrapped(clipped(visible(finding.reason), _BODY_LIMIT), self._width, indent="  ")
            yield ""

    def _notes(self) -> Iterator[str]:
        before = len(self._report.findings) > 0
        notes = [*self._aside(), *filter(None, [uncalibrated(self._report)]), *self._unwell(), *self._not_reviewed()]
        yield from notes
        if notes or before:
            yield self._paint("─" * min(self._width, 60), "dim")
        yield from wrapped(self._coverage(), self._width)

    def _aside(self) -> Iterator[str]:
        phrases = set_aside(self._report)
        if phrases:
            yield from wrapped(f"Not shown: {', '.join(phrases)}. See --format json for each.", self._width)

    def _unwell(self) -> Iterator[str]:
        for location in unwell(self._report):
            why = f": {folded(visible(location.detail))}" if location.detail else ""
            yield from wrapped(f"{self._paint(location.status, 'yellow')}  {location.id}{why}", self._width)

    def _not_reviewed(self) -> Iterator[str]:
        phrase, skipped = not_reviewed(self._report)
        if not skipped:
            return
        yield f"Not reviewed: {phrase}"
        for one in skipped[:_MOST_NOT_REVIEWED]:
            function = f" {visible(one.function)}" if one.function else ""
            yield f"  {visible(one.path)}{function}  {self._paint(one.reason.replace('_', ' '), 'dim')}"
        if len(skipped) > _MOST_NOT_REVIEWED:
            yield f"  and {len(skipped) - _MOST_NOT_REVIEWED:,} more: see --format json"

    def _coverage(self) -> str:
        change, coverage = self._report.change, self._report.coverage
        asked = [location for location in self._report.locations if location.role == "reviewer"]
        took_part = sum(location.status != "offline" for location in asked)
        return (
            f"{plural(change.functions, 'function')} in {plural(len(change.files), 'file')}, "
            f"{coverage.items_answered:,} of {plural(coverage.items_planned, 'item')} answered by "
            f"{plural(took_part, 'location')}, {self._report.usage.duration_ms / 1000:.1f} s"
        )

    def _verdict(self) -> str:
        gate = self._report.gate
        word, styles = _VERDICT[gate.conclusion]
        which = f" ({_few(gate.blocking)})" if gate.blocking else ""
        return f"{self._paint(word, *styles)}  {gate.title}{which}: {gate.reason}"

    def _dim(self, text: str) -> Iterator[str]:
        for line in wrapped(text, self._width, indent="  "):
            yield self._paint(line, "dim")


def _few(ids: Sequence[str], most: int = 8) -> str:
    more = f" and {len(ids) - most} more" if len(ids) > most else ""
    return ", ".join(ids[:most]) + more
