"""The report as one page for a browser: everything that is in it, and nothing fetched, run or linked to.

The template escapes whatever it is given. Before that, every text of the report is made visible and has its secrets
taken out, all at once, so that none can be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from codedesigner.publish.difftext import suggestion_diff
from codedesigner.publish.excerpt import excerpt
from codedesigner.publish.inputs import RenderInput
from codedesigner.publish.plain import clipped, visible
from codedesigner.publish.report import FindingReport, Report
from codedesigner.publish.secrets import redact
from codedesigner.publish.suggestion import proofs
from codedesigner.publish.tally import (
    DISPOSITION_WORDS,
    also_seen,
    beside,
    not_reviewed,
    posted,
    set_aside,
    tally,
    undecided,
)
from codedesigner.text import render as fill

_WIDTH = 160
_TEXT_LIMIT = 4_000  # what is longer ends in "…", and is whole in the JSON report
_DIFF_KINDS = {"+": "added", "-": "removed", "@": "place-line"}


def render(given: RenderInput) -> str:
    """The page as HTML."""
    report = given.report
    facts: dict[str, object] = {
        "verdict": report.gate.conclusion.upper(),
        "gate": said(report.gate.model_dump()),
        "change": said(report.change.model_dump()),
        "locations": said([one.model_dump() for one in report.locations]),
        "numbers": [*_numbers(report)],
        **_findings(given),
        **_skipped(report),
    }
    facts["sections"] = [*_sections(facts, report)]
    return fill("report.html.j2", facts)


def said(value: object) -> object:
    """`value` with every text in it as a page may show it."""
    if isinstance(value, str):
        return clipped(redact(visible(value, keep="\t\n")), _TEXT_LIMIT)
    if isinstance(value, dict):
        return {key: said(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [said(one) for one in value]
    return value


def _findings(given: RenderInput) -> dict[str, object]:
    report = given.report
    shown = {"posted": posted(report), "undecided": undecided(report)}
    seen = {finding.id for some in shown.values() for finding in some}
    shown["aside"] = [finding for finding in report.findings if finding.id not in seen]
    rendered: dict[str, object] = {name: [_finding(one, given) for one in some] for name, some in shown.items()}
    return rendered | {"aside_words": ", ".join(set_aside(report))}


def _finding(finding: FindingReport, given: RenderInput) -> object:
    votes = tally(finding)
    told = (("yes", votes.yes), ("no", votes.no), ("abstained", votes.abstained))
    column = f":{finding.column}" if finding.column else ""
    to = f" to {finding.end_line}" if finding.end_line > finding.line else ""
    facts = finding.model_dump() | {
        "blocks": finding.id in given.report.gate.blocking,
        "place": f"{finding.path}:{finding.line}{column}{to}",
        "fraction": votes.fraction,
        "beside": beside(finding),
        "also_seen": also_seen(finding),
        "said": "; ".join(f"{word}: {', '.join(names)}" for word, names in told if names),
        "disposition_words": DISPOSITION_WORDS[finding.disposition],
        "rows": [*_rows(finding, given)],
        "body": "" if finding.body.strip() == finding.title.strip() else finding.body.strip(),
    }
    suggestion = finding.suggestion
    if suggestion is not None:
        lines = given.sources.get(finding.path, ())
        diff = suggestion_diff(lines, suggestion) or _unplaced(suggestion.replacement)
        facts["suggestion"] = suggestion.model_dump() | {
            "proofs": proofs(suggestion),
            "rows": [{"kind": _DIFF_KINDS.get(line[:1], "context"), "text": line} for line in diff],
        }
    return said(facts)


def _unplaced(replacement: str) -> list[str]:
    """The new lines alone, where those that they replace are not at hand."""
    return [f"+{line}" for line in replacement.removesuffix("\n").split("\n")] if replacement else ["(deletes them)"]


def _rows(finding: FindingReport, given: RenderInput) -> Iterator[dict[str, str]]:
    sources = given.sources if finding.side == "RIGHT" else given.old_sources
    lines: Sequence[str] = sources.get(finding.path, ())
    first, place = finding.line, (finding.line, finding.end_line, finding.column, finding.end_column)
    rows = excerpt(lines, *place, width=_WIDTH, context=2)
    shift = 0
    if not rows and finding.evidence:
        quoted = finding.evidence.split("\n")
        rows, shift = excerpt(quoted, 1, len(quoted), 0, 0, width=_WIDTH, context=0), max(1, first) - 1
    digits = max((len(str(row.number + shift)) for row in rows), default=0)
    for row in rows:
        number = "" if row.kind in ("carets", "gap") else str(row.number + shift)
        yield {"kind": row.kind, "text": f"{number:>{digits}} │ {row.text}".rstrip()}


def _skipped(report: Report) -> dict[str, object]:
    words, skipped = not_reviewed(report)
    return {"skipped_words": words, "skipped": said([one.model_dump() for one in skipped])}


def _sections(facts: dict[str, object], report: Report) -> Iterator[dict[str, object]]:
    counted = {
        "findings": ("Findings", facts["posted"]),
        "undecided": ("Needs a person", facts["undecided"]),
        "aside": ("Set aside", facts["aside"]),
        "skipped": ("Not reviewed", facts["skipped"]),
        "locations": ("Locations", report.locations),
        "files": ("Changed files", report.change.files),
    }
    for name, (title, things) in counted.items():
        assert isinstance(things, Sequence)  # noqa: S101 -- as built above
        if things or name == "findings":
            yield {"id": name, "title": title, "count": len(things)}
    yield {"id": "numbers", "title": "In numbers", "count": ""}


def _numbers(report: Report) -> Iterator[tuple[str, str]]:
    gate, coverage, usage, mode = report.gate, report.coverage, report.usage, report.mode
    yield "Blocks from", "never" if gate.fail_on == "never" else f"severity {gate.fail_on}"
    yield "Blocks with agreement from", f"{gate.min_agreement:.2f}"
    yield "Functions", f"{report.change.functions:,}"
    yield "Items answered", f"{coverage.items_answered:,} of {coverage.items_planned:,}"
    yield "Ballots answered", f"{coverage.ballots_answered:,} of {coverage.ballots_asked:,}"
    yield "Older than the change", f"{coverage.preexisting:,}"
    yield "Duration", f"{usage.duration_ms / 1000:,.1f} s"
    yield "Model calls", f"{usage.model_calls:,}"
    yield "Answered from store", f"{usage.cached_calls:,}"
    yield "Tokens in", f"{usage.tokens_in:,}"
    yield "Tokens out", f"{usage.tokens_out:,}"
    yield "Cost", f"${sum(one.cost_usd for one in report.locations):,.4f}"
    yield "Early exits", f"{usage.early_exits:,}"
    switched = f", since {mode.activated_at} (Unix time)" if mode.activated_at else ""
    yield "Reviewing", f"{'on' if mode.enabled else 'off'}, by {mode.source.replace('_', ' ')}{switched}"
    yield "Report schema", report.schema_version
