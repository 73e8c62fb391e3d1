"""The models of a review before the vote: what each said about a file, what it was not asked, and where it failed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from codedesigner.change.model import FileChange
from codedesigner.plan.model import ExecutionItem, ExecutionPlan, FunctionRef
from codedesigner.protocol.issue import Answer, Issue
from codedesigner.run.models import Claim
from codedesigner.run.passes import Asked
from codedesigner.run.questions import ItemAnswer, once
from codedesigner.vote.finding import Ballot, Finding
from codedesigner.vote.judge import Heard


@dataclass(frozen=True, slots=True)
class _Said:
    """One location's answer to one item."""

    item: ExecutionItem
    answer: ItemAnswer

    @property
    def ref(self) -> FunctionRef:
        """The place of the item."""
        return self.item.function_ref

    def about(self, line: int, angle: str | None) -> bool:
        """Whether the item asks about the line from the angle."""
        return self.item.angle_id == angle and self.ref.start_line <= line <= self.ref.end_line


@dataclass(frozen=True)
class Panel:
    """The models by id, each with the weight of its ballots, and all that they said."""

    weights: Mapping[str, float]
    plan: ExecutionPlan
    asked: Asked

    @cached_property
    def _by_place(self) -> Mapping[tuple[str, str], Sequence[_Said]]:
        found: dict[tuple[str, str], list[_Said]] = defaultdict(list)
        for item in self.plan.items:
            for location, answer in self.asked.answers.get(item.id, {}).items():
                found[item.function_ref.file, location].append(_Said(item, answer))
        return found

    def heard(self, path: str) -> list[Heard]:
        """Every model that was asked about the file, in order of id."""
        return [
            self._heard(location, said)
            for location in sorted(self.weights)
            if (said := self._by_place.get((path, location)))
        ]

    def _heard(self, location: str, said: Sequence[_Said]) -> Heard:
        issues = once([issue for one in said for issue in one.answer.issues])
        answer = Answer("answered", tuple(_supported(issue, said) for issue in issues))
        return Heard(location, self.weights[location], answer, None, partial(_abstains, said), silent=True)

    def claims(self, findings: Iterable[Finding]) -> list[Claim]:
        """Every finding that is open to the vote, put to each model that looked at its code and said nothing of it."""
        open_ones = [each for each in findings if each.disposition in ("posted", "below_agreement")]
        return [
            Claim(item, _issue(finding), ballot.location)
            for finding in open_ones
            for ballot in finding.ballots
            if ballot.vote == "no" and ballot.how == "silent"
            if (item := self._item(finding, ballot.location)) is not None
        ]

    def _item(self, finding: Finding, location: str) -> ExecutionItem | None:
        said = self._by_place.get((finding.path, location), ())
        about = (one for one in said if one.about(finding.line, finding.angle))
        return next((one.item for one in about if one.answer.status == "answered"), None)

    def rejected(self, files: Mapping[str, FileChange]) -> list[Finding]:
        """Every claim that stands nowhere, once however many passes made it: it is not posted, and not lost either."""
        found: dict[tuple[str, str, str, str], Finding] = {}
        for (path, location), said in sorted(self._by_place.items(), key=lambda pair: pair[0]):
            for one in said:
                for claim in one.answer.unplaced:
                    key = (path, one.ref.name, one.item.angle_id, claim.description)
                    known = found.get(key)
                    ballot = Ballot(location, "yes", "proposed", 0.0, self.weights[location])
                    ballots = (ballot,) if known is None else (*known.ballots, ballot)
                    if known is None or location not in {each.location for each in known.ballots}:
                        found[key] = _rejection(one, claim.description, claim.reason, ballots, files[path])
        return list(found.values())


def _issue(finding: Finding) -> Issue:
    return Issue(
        kind=finding.kind,
        rule="",
        line=finding.line,
        end_line=finding.end_line,
        message=finding.body,
        severity=finding.severity,
        angle=finding.angle,
    )


def _supported(issue: Issue, said: Sequence[_Said]) -> Issue:
    """The issue, as sure as its maker is and as often as it was found: once in four passes is a quarter as sure."""
    about = [one for one in said if one.about(issue.line, issue.angle)]
    answered = [one for one in about if one.answer.status == "answered"]
    times = sum(any((i.kind, i.line) == (issue.kind, issue.line) for i in one.answer.issues) for one in answered)
    share = times / len(answered) if answered else 1.0
    return Issue(
        kind=issue.kind,
        rule=issue.rule,
        line=issue.line,
        end_line=issue.end_line,
        message=issue.message,
        severity=issue.severity,
        confidence=round(issue.confidence * share, 4),
        angle=issue.angle,
    )


def _abstains(said: Sequence[_Said], _kind: str, line: int, angle: str) -> str | None:
    about = [one for one in said if one.about(line, angle)]
    if any(one.answer.status == "answered" for one in about):
        return None
    if not about:
        return "was not asked about this code from this angle"
    return about[0].answer.detail or about[0].answer.status


def _rejection(one: _Said, description: str, reason: str, ballots: tuple[Ballot, ...], file: FileChange) -> Finding:
    line = one.ref.start_line
    severity = next(claim.severity for claim in one.answer.unplaced if claim.description == description)
    return Finding(
        path=one.ref.file,
        function=None if one.ref.name == "<module>" else one.ref.name,
        line=line,
        end_line=line,
        side="RIGHT",
        angle=one.item.angle_id,
        kind=f"model/{one.item.angle_id}",
        severity=severity,
        title="a claim that stands nowhere",
        body=description,
        evidence=file.new_lines[line - 1] if line <= len(file.new_lines) else "",
        ballots=tuple(sorted(ballots, key=lambda ballot: ballot.location)),
        agreement=0.0,
        confidence=0.0,
        disposition="rejected",
        reason=reason,
    )
