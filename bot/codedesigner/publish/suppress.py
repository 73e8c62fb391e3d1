"""Findings that somebody accepted: in the configuration by fingerprint, or in the code by a comment."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from codedesigner.change.directives import Directive, suppressions
from codedesigner.change.model import FileChange
from codedesigner.config.settings import InlineSuppressions, Suppression
from codedesigner.publish.plain import shown
from codedesigner.vote.finding import Disposition, Finding

# A finding may span a whole function; a comment far from its first line does not speak about it.
_NEAR = 3
_CODE = re.compile(r"[A-Za-z@][A-Za-z0-9_@/.-]*")
# What a directive says before it lists rules; without a list it means all of them.
_VERB = re.compile(
    r"noqa|nosec(?:ure)?|nosem(?:grep)?|ignore|(?:disable|enable)[a-z-]*|skip-file|allow(?:list)?[a-z ]*|nocheck"
    r"|expect-error|forgive[a-z ]*|generated code"
)


# What a person may still wave through: shown as a defect, or shown as a question.
_OPEN: frozenset[Disposition] = frozenset({"posted", "undecided"})


def accepted(findings: Iterable[Finding], suppress: Sequence[Suppression], *, today: dt.date) -> tuple[Finding, ...]:
    """The findings; those named in the configuration and not past their day are suppressed, with its reason."""
    known = {entry.fingerprint: entry for entry in suppress}

    def settle(finding: Finding) -> Finding:
        entry = known.get(finding.fingerprint)
        if entry is None or finding.disposition not in _OPEN:
            return finding
        if entry.until is not None and today > entry.until:
            return replace(finding, reason=f"{finding.reason}; its suppression ended on {entry.until.isoformat()}")
        return replace(finding, disposition="suppressed", reason=f"accepted in the configuration: {entry.reason}")

    return tuple(settle(finding) for finding in findings)


def silenced(
    findings: Sequence[Finding], files: Mapping[str, FileChange], policy: InlineSuppressions
) -> tuple[Finding, ...]:
    """The findings; those that a comment in the code silences are suppressed, where the comment counts.

    A comment that was there before the change counts, unless `policy` is to ignore them all. One that the change
    brings is the word of the author under review: it counts for what `policy` says, by default for style alone.
    """
    paths = {finding.path for finding in findings if finding.disposition in _OPEN}
    directives = {path: suppressions(files[path].new_text or "") for path in paths}

    def settle(finding: Finding) -> Finding:
        if finding.disposition not in _OPEN:
            return finding
        for directive in directives[finding.path]:
            if not _speaks_about(directive, finding):
                continue
            quoted = f"`{shown(directive.text)[:80]}` on line {directive.line}"
            if _counts(directive, finding, files[finding.path], policy):
                return replace(finding, disposition="suppressed", reason=f"silenced by {quoted}")
            return replace(finding, reason=f"{finding.reason}; {quoted} does not count here")
        return finding

    return tuple(settle(finding) for finding in findings)


def capped(findings: Sequence[Finding], limit: int) -> tuple[Finding, ...]:
    """The findings in the order given; of the posted ones, those after the first `limit` are capped."""
    settled: list[Finding] = []
    posted = 0
    for finding in findings:
        posted += finding.disposition == "posted"
        cut = finding.disposition == "posted" and posted > limit
        settled.append(replace(finding, disposition="capped", reason=over(limit, finding.reason)) if cut else finding)
    return tuple(settled)


def over(limit: int, reason: str) -> str:
    """Why a finding is capped; its own `reason` stays behind it."""
    return f"more than the {limit} findings that limits.findings allows; {reason}"


def _counts(directive: Directive, finding: Finding, file: FileChange, policy: InlineSuppressions) -> bool:
    if policy == "ignore":
        return False
    if directive.line not in file.added_numbers:
        return True
    return policy == "honour" or (policy == "style" and finding.angle == "style")


def _speaks_about(directive: Directive, finding: Finding) -> bool:
    if directive.scope == "line":
        place = finding.line <= directive.line <= min(finding.end_line, finding.line + _NEAR)
    elif directive.scope == "next":
        place = directive.line == finding.line - 1
    else:
        place = directive.line <= finding.line
    return place and _names(directive, finding)


def _names(directive: Directive, finding: Finding) -> bool:
    """Whether the directive lists no rule at all, or one that stands behind the finding."""
    rest = _VERB.split(directive.text.casefold(), maxsplit=1)[-1].split("--")[0]
    listed = {word.rstrip(".-") for word in _CODE.findall(rest)}
    if not listed:
        return True
    rules = {finding.kind.casefold()}
    for ballot in finding.ballots:
        if ballot.vote == "yes":
            rules |= {part.casefold() for part in _CODE.findall(ballot.rule)} | {ballot.rule.casefold()}
    return any(rule == code or (len(code) <= 3 and rule.startswith(code)) for code in listed for rule in rules)
