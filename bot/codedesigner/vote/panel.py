"""The models of a review before the vote: what each said about a file, what it was not asked, and where it failed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from codedesigner.angle.spec import sources
from codedesigner.change.model import FileChange
from codedesigner.plan.model import ExecutionItem, ExecutionPlan, FunctionRef
from codedesigner.protocol.issue import Answer, Issue
from codedesigner.run.models import Claim
from codedesigner.run.passes import Asked
from codedesigner.run.questions import ItemAnswer, Unplaced, once
from codedesigner.severity import rank
from codedesigner.vote.finding import Ballot, Finding
from codedesigner.vote.headline import headline
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

    @property
    def question(self) -> tuple[FunctionRef, str, str | None]:
        """The same for all passes."""
        return self.item.function_ref, self.item.angle_id, self.item.term


class _Record:
    """All that one location said about one file, found by line and angle."""

    def __init__(self, places: Mapping[int, Sequence[_Place]]) -> None:
        self.said: list[_Said] = []
        self._places = places
        self._found: dict[tuple[_Place, str], list[_Said]] = defaultdict(list)

    def add(self, one: _Said) -> None:
        self.said.append(one)
        for angle in sources(one.item.angle_id):
            self._found[_place(one.ref), angle].append(one)

    def about(self, line: int, angle: str | None) -> list[_Said]:
        """The items that ask about the line from the angle, those about the smallest piece of code first."""
        places = self._places.get(line, ())
        return [one for place in places for one in self._found.get((place, angle or ""), ())]


_Place = tuple[int, int]


def _place(ref: FunctionRef) -> _Place:
    return ref.start_line, ref.end_line


@dataclass(frozen=True)
class Panel:
    """The models by id, each with the weight of its ballots and its family, and all that they said."""

    weights: Mapping[str, float]
    plan: ExecutionPlan
    asked: Asked
    families: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _places(self) -> Mapping[str, Mapping[int, Sequence[_Place]]]:
        """Path -> line -> the pieces of code around it that were asked about, the smallest first."""
        found: dict[str, dict[_Place, None]] = defaultdict(dict)
        for item in self.plan.items:
            if item.id in self.asked.answers:
                found[item.function_ref.file][_place(item.function_ref)] = None
        lines: dict[str, dict[int, list[_Place]]] = {}
        for path, places in found.items():
            around = lines[path] = defaultdict(list)
            for start, end in sorted(places, key=lambda place: (place[1] - place[0], place)):
                for line in range(start, end + 1):
                    around[line].append((start, end))
        return lines

    @cached_property
    def _records(self) -> Mapping[tuple[str, str], _Record]:
        found: dict[tuple[str, str], _Record] = {}
        for item in self.plan.items:
            path = item.function_ref.file
            for location, answer in self.asked.answers.get(item.id, {}).items():
                if (path, location) not in found:
                    found[path, location] = _Record(self._places[path])
                found[path, location].add(_Said(item, answer))
        return found

    def heard(self, path: str) -> list[Heard]:
        """Every model that was asked about the file, in order of id."""
        return [
            self._heard(location, record)
            for location in sorted(self.weights)
            if (record := self._records.get((path, location)))
        ]

    def _heard(self, location: str, record: _Record) -> Heard:
        issues = once([issue for one in record.said for issue in one.answer.issues])
        answer = Answer("answered", tuple(_supported(issue, record) for issue in issues))
        took = [one.answer.metrics.duration_ms for one in record.said if one.answer.status == "answered"]
        latency_ms = round(sum(took) / len(took)) if took else 0
        return Heard(location, self.weights[location], answer, None, partial(_abstains, record), True, latency_ms)

    def claims(self, findings: Iterable[Finding]) -> list[Claim]:
        """Every finding that is open to the vote, put to each model that looked at its code and said nothing of it.

        The worst come first, because they are worth most where a budget ends; of equals, each is put to one before any
        is put to a second. Who was taught otherwise than those who claim it is asked before who was taught alike.
        """
        turns: list[tuple[int, int, int, Claim]] = []
        for number, finding in enumerate(findings):
            if finding.disposition in ("posted", "below_agreement"):
                claims = self._claims(finding)
                turns += [(-rank(finding.severity), turn, number, claim) for turn, claim in enumerate(claims)]
        return [claim for *_, claim in sorted(turns, key=lambda one: one[:3])]

    def _claims(self, finding: Finding) -> list[Claim]:
        holding = {self._family(ballot.location) for ballot in finding.ballots if ballot.vote == "yes"}
        silent = [ballot.location for ballot in finding.ballots if ballot.vote == "no" and ballot.how == "silent"]
        return [
            Claim(item, _issue(finding), location)
            for location in sorted(silent, key=lambda location: self._family(location) in holding)
            if (item := self._item(finding, location)) is not None
        ]

    def _family(self, location: str) -> str:
        return self.families.get(location, location)

    def _item(self, finding: Finding, location: str) -> ExecutionItem | None:
        record = self._records.get((finding.path, location))
        about = [] if record is None else record.about(finding.line, finding.angle)
        answered = [one.item for one in about if one.answer.status == "answered"]
        # A question about a term shows the same code, and is about something else.
        return min(answered, key=lambda item: item.term is not None, default=None)

    def rejected(self, files: Mapping[str, FileChange]) -> list[Finding]:
        """Every claim that stands nowhere, once however many passes made it: it is not posted, and not lost either."""
        found: dict[tuple[str, str, str, str], Finding] = {}
        for (path, location), record in sorted(self._records.items(), key=lambda pair: pair[0]):
            for one in record.said:
                for claim in one.answer.unplaced:
                    key = (path, one.ref.name, one.item.angle_id, claim.description)
                    known = found.get(key)
                    ballot = Ballot(location, "yes", "proposed", 0.0, self.weights[location])
                    if known is None:
                        found[key] = _rejection(one, claim, ballot, files[path])
                    elif location not in {each.location for each in known.ballots}:
                        found[key] = replace(known, ballots=(*known.ballots, ballot))
        return list(found.values())


def _issue(finding: Finding) -> Issue:
    return Issue(
        kind=finding.kind,
        rule="",
        line=finding.line,
        end_line=finding.end_line,
        column=finding.column,
        message=finding.body,
        severity=finding.severity,
        angle=finding.angle,
    )


def _supported(issue: Issue, record: _Record) -> Issue:
    """The issue, as sure as its maker is and as often as it was found: once in four passes is a quarter as sure.

    Only the question that found it counts: who looks for one thing alone does not report another.
    """
    answered = [one for one in record.about(issue.line, issue.angle) if one.answer.status == "answered"]
    found = {one.question for one in answered if any(_same(each, issue) for each in one.answer.issues)}
    asked = [one for one in answered if one.question in found]
    times = sum(any(_same(each, issue) for each in one.answer.issues) for one in asked)
    share = times / len(asked) if asked else 1.0
    return replace(issue, confidence=round(issue.confidence * share, 4))


def _same(one: Issue, other: Issue) -> bool:
    return (one.kind, one.line) == (other.kind, other.line)


def _abstains(record: _Record, _kind: str, line: int, angle: str) -> str | None:
    about = record.about(line, angle)
    if any(one.answer.status == "answered" for one in about):
        return None
    if not about:
        return "was not asked about this code from this angle"
    return about[0].answer.detail or about[0].answer.status


def _rejection(one: _Said, claim: Unplaced, ballot: Ballot, file: FileChange) -> Finding:
    line, angle = one.ref.start_line, sources(one.item.angle_id)[0]
    return Finding(
        path=one.ref.file,
        function=None if one.ref.name == "<module>" else one.ref.name,
        line=line,
        end_line=line,
        side="RIGHT",
        angle=angle,
        kind=f"model/{angle}",
        severity=claim.severity,
        title=headline(claim.description),
        body=claim.description,
        evidence=file.new_lines[line - 1] if line <= len(file.new_lines) else "",
        ballots=(ballot,),
        agreement=0.0,
        confidence=0.0,
        disposition="rejected",
        reason=claim.reason,
    )
