"""Names for findings: `fingerprint` across runs, `F1` within one."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from codedesigner.publish.plain import folded
from codedesigner.severity import rank
from codedesigner.vote.finding import Finding

if TYPE_CHECKING:
    from codedesigner.publish.report import FindingReport

_HEX_DIGITS = 32


def _subject(finding: Finding) -> tuple[str, str | None, str, str]:
    """What a finding is about, whatever its line number and its wording."""
    return finding.path, finding.function, finding.kind, folded(finding.evidence)


def _in_file_order(finding: Finding) -> tuple[bool, int, int, int, int]:
    # Duplicates come last: whether one is there must not rename the findings after it.
    duplicate = finding.disposition == "duplicate"
    return duplicate, finding.line, finding.column, finding.end_line, finding.end_column


def fingerprinted(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings, in the order given, each with its fingerprint: 32 hex digits, no two alike.

    The digest is over path, function, kind and evidence with white space folded. Findings equal in all four are told
    apart by their index in file order, so a shift of lines or another wording changes nothing.
    """
    given = tuple(findings)
    seen: Counter[tuple[str, str | None, str, str]] = Counter()
    named: dict[int, Finding] = {}
    for position in sorted(range(len(given)), key=lambda index: _in_file_order(given[index])):
        subject = _subject(given[position])
        digest = hashlib.sha256(json.dumps([*subject, seen[subject]]).encode("ascii"))
        seen[subject] += 1
        named[position] = replace(given[position], fingerprint=digest.hexdigest()[:_HEX_DIGITS])
    return tuple(named[position] for position in range(len(given)))


def number_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings with ids F1, F2, …: posted ones first, then by severity (worst first), path, line and kind."""
    ordered = sorted(findings, key=in_order_of_numbers)
    return tuple(replace(finding, id=f"F{number}") for number, finding in enumerate(ordered, 1))


def in_order_of_numbers(finding: Finding | FindingReport) -> tuple[bool, int, str, int, str, int, str]:
    """A sort key: by it findings get their numbers."""
    return (
        finding.disposition != "posted",
        -rank(finding.severity),
        finding.path,
        finding.line,
        finding.kind,
        finding.column,
        finding.fingerprint,
    )
