"""Our own recorded reviews, with labels that somebody wrote beside them, as labelled reviews like all others."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue, ValidationError

from codedesigner.errors import UsageError
from codedesigner.evaluation.dataset import PAGE, Golden, PullRequest, Value, read_entry, read_json
from codedesigner.publish.report import FindingReport, LocationReport, Report

REPORT, LABELS = "report.json", "labels.json"
"""The files of a record that are read here: what the review said, and what was true."""

_Ids = Annotated[tuple[int, ...], Field(strict=False)]


class Labels(Value):
    """What is true of a recorded review: the defects that are there, and which of them each finding is of.

    `findings` is finding id or fingerprint -> ids of `golden`; none: the finding is wrong.
    """

    pr: str
    repo: str
    golden: Annotated[tuple[Golden, ...], Field(strict=False)]
    findings: dict[str, _Ids]


def read_record(report: str, labels: str, folder: str) -> tuple[PullRequest, int]:
    """A record as labelled reviews, and how many of its findings are left out because nobody labelled them.

    A location that voted yes is taken to have made the finding; one that is offline did not look.

    Raises:
        UsageError: one of the two is damaged, or a label is of a finding that the report has not.
    """
    truth = read_entry(Labels, read_json(labels, f"{folder}/{LABELS}"), f"{folder}/{LABELS}")
    try:
        said = Report.model_validate_json(report)
    except ValidationError as error:
        raise UsageError(f"{folder}/{REPORT}: is no report: {error.errors()[0]['msg']}", hint=PAGE) from error
    names = {name for finding in said.findings for name in (finding.id, finding.fingerprint)}
    unknown = sorted(set(truth.findings) - names)
    if unknown:
        raise UsageError(f"{folder}/{LABELS}: findings: the report has no finding {unknown[0]!r}", hint=PAGE)
    known = [(finding, golden) for finding in said.findings if (golden := _of(finding, truth)) is not None]
    looked = [one for one in said.locations if one.role == "reviewer" and one.status != "offline"]
    value: JsonValue = {
        "pr": truth.pr,
        "repo": truth.repo,
        "golden": [golden.model_dump() for golden in truth.golden],
        "reviews": {one.id: [_comment(one.id, *each) for each in known if one.id in _yes(each[0])] for one in looked},
        "usage": {one.id: _spent(one) for one in looked},
        "findings": [made for finding, _ in known if (made := _finding(finding, {one.id for one in looked}))],
    }
    return read_entry(PullRequest, value, f"{folder}/{LABELS}"), len(said.findings) - len(known)


def _of(finding: FindingReport, labels: Labels) -> tuple[int, ...] | None:
    return labels.findings.get(finding.id, labels.findings.get(finding.fingerprint))


def _yes(finding: FindingReport) -> list[str]:
    """Who stands behind it, proposers first."""
    yes = [ballot for ballot in finding.ballots if ballot.vote == "yes"]
    return [ballot.location for ballot in sorted(yes, key=lambda one: (one.how != "proposed", one.location))]


def _comment(location: str, finding: FindingReport, golden: tuple[int, ...]) -> dict[str, JsonValue]:
    return {
        "id": f"{location}#{finding.id}",
        "text": f"{finding.title}\n\n{finding.body}",
        "label": "match" if golden else "nomatch",
        "golden": list(golden),
        "file": finding.path,
        "line": finding.line or None,
    }


def _finding(finding: FindingReport, looked: set[str]) -> dict[str, JsonValue] | None:
    members: list[JsonValue] = [f"{location}#{finding.id}" for location in _yes(finding) if location in looked]
    return {"members": members, "representative": members[0]} if members else None


def _spent(location: LocationReport) -> dict[str, JsonValue]:
    return {"tokens": location.tokens_in + location.tokens_out, "usd": location.cost_usd}
