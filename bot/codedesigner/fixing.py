"""Findings become problems, problems become suggestions: by what analysers propose, and what models are asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cached_property

from codedesigner.angle.spec import sources
from codedesigner.asking import Ask, Hearing, surroundings
from codedesigner.change.languages import WITH_GRAMMAR
from codedesigner.change.model import FileChange, Unit
from codedesigner.change.units import outlined
from codedesigner.plan.model import ExecutionItem
from codedesigner.planning import Planned, Request
from codedesigner.protocol.suggestion import Suggestion
from codedesigner.protocol.wire import Metrics, WireIssue, WirePlace
from codedesigner.publish.obstacles import obstacle
from codedesigner.run.examine import Looked
from codedesigner.run.loop.bench import Askable, Bench, FixLimits
from codedesigner.run.loop.convergence import ConvergenceCriteria
from codedesigner.run.loop.joint import Offer, alike, apart, as_one, heaps, made_one
from codedesigner.run.loop.loop import NOTHING_LOOKED, FixLoop
from codedesigner.run.loop.problem import Attempt, Ended, Problem, attempt_of
from codedesigner.run.loop.rechecking import folded
from codedesigner.run.loop.shape import Shape
from codedesigner.run.models import Models
from codedesigner.run.suggest import proposed, size
from codedesigner.severity import rank
from codedesigner.vote.finding import Finding
from codedesigner.vote.hearing import Matter, candidates, unit_of
from codedesigner.vote.strategies.base import AggregationInput, Response
from codedesigner.vote.strategies.best import BestOfN

OFF = "fixes are switched off (fix.enabled)"
NOBODY = "nobody proposes a fix that is safe"
MOST_HINTS = 4
MOST_LINES = 1_000
MOST_CHARACTERS = 60_000
"""Of a function that a model is asked to repair, as well as the lines."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """The findings, each with its suggestion or why it has none, and what finding that out took."""

    findings: tuple[Finding, ...]
    looked: Looked = NOTHING_LOOKED
    spent: Mapping[str, Sequence[Metrics]] = field(default_factory=dict)


async def fix(
    request: Request,
    planned: Planned,
    matter: Matter,
    heard: Hearing,
    findings: Sequence[Finding],
    ask: Ask,
    *,
    started: float,
) -> Fixed:
    """Every posted finding with a suggestion that was proved, as far as there is one.

    `started` is when the review has, by its own clock.

    What analysers propose costs nothing, so it is proved first; models are asked about what is left, the worst first.
    """
    if not request.settings.fix.enabled:
        return Fixed(tuple(_unfixed(finding, OFF) for finding in findings))
    desk = _Desk(request, planned, matter, heard)
    loop = FixLoop(desk.bench(ask, started))
    ended = list(await loop.run([proposed(candidate) for candidate in candidates(findings, matter)]))
    done = chosen(ended)
    if desk.models is not None and request.settings.fix.calls:
        left = [one for one in findings if one.disposition == "posted" and one.id not in done]
        left.sort(key=lambda finding: -rank(finding.severity))
        ended += await loop.run([attempt for finding in left for attempt in desk.attempts(finding, desk.models)])
        done = chosen(ended)
    reasons = {**desk.left_out, **_reasons(ended)}
    told = (_unfixed(finding, reasons.get(finding.id, NOBODY)) for finding in findings)
    settled = [
        replace(finding, suggestion=done[finding.id], unfixed="") if finding.id in done else finding for finding in told
    ]
    return Fixed(await _side_by_side(settled, ended, loop), loop.looked, loop.spent)


async def _side_by_side(findings: Sequence[Finding], ended: Sequence[Ended], loop: FixLoop) -> tuple[Finding, ...]:
    """The findings, with no two suggestions that replace the same line: nobody could take over both.

    Where two do, what does both is proved as a whole and offered with the first; else the first alone has one.
    """
    came = {(one.attempt.problem.finding, one.suggestion): one for one in ended}
    known = {finding.id: finding for finding in findings}
    offers = [Offer(came[one.id, one.suggestion], one.suggestion) for one in findings if one.suggestion is not None]
    wanted = [(heap, tried) for heap in heaps(offers) if (tried := made_one(heap))]
    results = iter(await loop.run([attempt for _, tried in wanted for attempt in tried]))
    for heap, tried in wanted:
        together = as_one([next(results) for _ in tried])
        if together is not None:
            first = known[heap[0].finding]
            known[first.id] = replace(first, suggestion=together)
            known |= {one.finding: _repaired_with(first, known[one.finding]) for one in heap[1:]}
    left = [replace(one, suggestion=made) for one in offers if (made := known[one.finding].suggestion) is not None]
    for offer, other in apart(left):
        rival, finding = known[other.finding], known[offer.finding]
        if alike(offer, other):
            known[finding.id] = _repaired_with(rival, finding)
        else:
            why = f"its fix changes lines that the one for `{rival.title}` on line {rival.line} changes"
            known[finding.id] = _unfixed(finding, f"{why}, and no fix of both was proved")
    return tuple(known[finding.id] for finding in findings)


def _repaired_with(first: Finding, finding: Finding) -> Finding:
    why = f"the fix for `{first.title}` on line {first.line} repairs it, too"
    return replace(_unfixed(finding, why), repaired_with=first.fingerprint)


def chosen(ended: Iterable[Ended]) -> dict[str, Suggestion]:
    """The best suggestion of each finding: they are all proved alike, so the one that replaces the least."""
    offered: dict[str, dict[str, Suggestion]] = defaultdict(dict)
    for one in ended:
        made = one.suggestion
        if made is not None:
            mine = offered[one.attempt.problem.finding]
            known = mine.get(one.attempt.maker)
            mine[one.attempt.maker] = made if known is None or size(made) < size(known) else known
    return {finding: _best(made) for finding, made in offered.items()}


def _best(made: Mapping[str, Suggestion]) -> Suggestion:
    ranked = sorted(made, key=lambda maker: size(made[maker]))
    responses = tuple(Response(maker, maker, quality=1 / (1 + at)) for at, maker in enumerate(ranked))
    best = BestOfN().aggregate(AggregationInput(responses, task_type="refine"))
    return made[best.selected]


def _unfixed(finding: Finding, why: str) -> Finding:
    return replace(finding, suggestion=None, unfixed=why if finding.disposition == "posted" else "")


def _reasons(ended: Iterable[Ended]) -> dict[str, str]:
    """Why none of what was proposed for a finding is offered, by whom it came from."""
    said: dict[str, dict[str, None]] = defaultdict(dict)
    for one in ended:
        if one.suggestion is None:
            said[one.attempt.problem.finding][f"the fix of {one.attempt.maker} is not offered: {one.refused}"] = None
    return {finding: "; ".join(reasons) for finding, reasons in said.items()}


class _Desk:
    """What of a review fixes are made from."""

    def __init__(self, request: Request, planned: Planned, matter: Matter, heard: Hearing) -> None:
        self._request = request
        self._planned = planned
        self._matter = matter
        self._heard = heard
        self._files = {file.path: file for file in planned.files}
        self.models = request.models
        self.left_out: dict[str, str] = {}

    def bench(self, ask: Ask, started: float) -> Bench:
        """The loop's own."""
        said = self._request.settings.fix
        criteria = ConvergenceCriteria(said.min_passes, said.issue_stability, said.content_stability)
        granularity = self._request.settings.granularity
        left_s = self._request.settings.total_timeout_ms / 1000 - (self._request.monotonic() - started)
        seconds = min(float(said.seconds), max(0.0, left_s))
        limits = FixLimits(criteria, said.max_passes, said.calls, seconds, granularity)
        askable = None
        if self.models is not None:
            around = surroundings(self._request, self._planned)
            askable = Askable(self.models.bus, around, self._item, self._known)
        return Bench(
            reviewers=self._request.reviewers,
            heard=self._heard.looked,
            ask=ask,
            parse=shapes,
            monotonic=self._request.monotonic,
            limits=limits,
            models=askable,
            hostile=hostile,
        )

    def attempts(self, finding: Finding, models: Models) -> list[Attempt]:
        """One for each model that is to propose a fix for it; those that claim the defect come first."""
        unit = unit_of(self._matter.units, finding)
        why = self._hopeless(finding, unit)
        if why is not None or unit is None:
            self.left_out[finding.id] = why or NOBODY
            return []
        problem = self._problem(finding, unit)
        order = sorted(models.weights, key=lambda name: (name not in problem.complained, -models.weights[name], name))
        return [
            attempt_of(problem, maker, checkers=checkers_of(maker, order, problem.complained))
            for maker in order[: self._request.settings.fix.candidates]
        ]

    def _hopeless(self, finding: Finding, unit: Unit | None) -> str | None:
        """Why no model need be asked to repair it."""
        if finding.side == "LEFT":
            return "it is about lines that the change removed"
        if unit is None or finding.path not in self._matter.versions:
            return "it stands in no code that the change touched"
        if unit.language not in WITH_GRAMMAR:
            return "nobody here can tell whether a repair of such a file parses, so no model is asked for one"
        lines = unit.span.end - unit.span.start + 1
        if lines > MOST_LINES:
            return f"its function has {lines} lines; no model is asked to repair more than {MOST_LINES}"
        size = sum(map(len, self._files[finding.path].new_lines[unit.span.start - 1 : unit.span.end]))
        if size > MOST_CHARACTERS:
            return f"its function has {size} characters; no model is asked to repair more than {MOST_CHARACTERS}"
        guarded = hostile(finding.path, "", "")
        return None if guarded is None else f"no model is asked to repair it: {guarded}"

    def _problem(self, finding: Finding, unit: Unit) -> Problem:
        file = self._files[finding.path]
        lines = file.new_lines
        at = min(max(1, finding.line), max(1, len(lines)))
        # One that stands for others is repaired once all who claim any of them are content.
        seen = (finding, *finding.also)
        claims = tuple(
            WireIssue(
                severity=one.severity,
                location=WirePlace(file=finding.path, line=at, end_line=max(at, finding.end_line)),
                description=one.body or one.title,
                kind=one.kind,
                angle=one.angle,
                evidence=lines[at - 1] if lines else "",
            )
            for one in seen
        )
        return Problem(
            finding.id,
            file,
            self._matter.versions[finding.path].after,
            finding.kind,
            finding.angle,
            frozenset(ballot.location for one in seen for ballot in one.ballots if ballot.vote == "yes"),
            claims,
            unit,
            _hints(finding),
        )

    def _item(self, problem: Problem) -> ExecutionItem | None:
        """The question that showed the function of a problem, from the angle of the problem where there was one."""
        unit = problem.unit
        models = frozenset() if self.models is None else self.models.ids
        if unit is None:
            return None
        asked = [
            item
            for item in self._by_path.get(unit.path, ())
            if not models.isdisjoint((*item.locations, *item.unasked))
            and unit.span.start <= item.function_ref.end_line
            and item.function_ref.start_line <= unit.span.end
        ]

        def rank_of(item: ExecutionItem) -> tuple[bool, bool, int, int]:
            ref = item.function_ref
            apart = abs(ref.start_line - unit.span.start) + abs(ref.end_line - unit.span.end)
            return (problem.angle not in sources(item.angle_id), item.term is not None, apart, item.pass_number)

        return min(asked, key=rank_of, default=None)

    @cached_property
    def _by_path(self) -> Mapping[str, Sequence[ExecutionItem]]:
        found: dict[str, list[ExecutionItem]] = defaultdict(list)
        for item in self._planned.plan.items:
            found[item.function_ref.file].append(item)
        return found

    @cached_property
    def _said(self) -> Mapping[tuple[str, str], AbstractSet[str]]:
        """(location, path) -> the lines of which it said something."""
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for item in self._planned.plan.items:
            path = item.function_ref.file
            for location, answer in self._heard.panel.asked.answers.get(item.id, {}).items():
                found[location, path] |= {_line(self._files[path], issue.line) for issue in answer.issues}
        return found

    def _known(self, location: str, problem: Problem) -> AbstractSet[str]:
        return self._said.get((location, problem.file.path), frozenset())


def _line(file: FileChange, number: int) -> str:
    return folded(file.new_lines[number - 1]) if 1 <= number <= len(file.new_lines) else ""


def _hints(finding: Finding) -> tuple[str, ...]:
    """What may help to repair it: what those who confirmed it saw, and what analysers would do."""
    claims = (finding, *finding.also)
    seen = [ballot.reason for one in claims for ballot in one.ballots if ballot.vote == "yes" and ballot.reason]
    seen += [made.message for _, made in finding.fixes if made.message]
    return tuple(dict.fromkeys(" ".join(each.split()) for each in seen))[:MOST_HINTS]


def checkers_of(maker: str, order: Sequence[str], complained: AbstractSet[str]) -> tuple[str, ...]:
    """The models that look at what `maker` makes: all that claim the defect, and at least one that is not the maker,
    where there is one. Nobody is alone in finding the own work good, except who is alone.
    """
    found = [name for name in order if name in complained]
    if not any(name != maker for name in found):
        found += [name for name in order if name != maker][:1]
    return tuple(found or [maker])


def shapes(texts: Sequence[tuple[str | None, str]]) -> list[Shape]:
    """Whether each text parses, and its definitions."""
    return [Shape(None) if outline is None else Shape(not outline.broken, outline.spans) for outline in outlined(texts)]


def hostile(path: str, replacement: str, original: str) -> str | None:
    """What a model's fix brings in that nobody should be offered; what a forge alone cannot carry is not meant."""

    def found(text: str, before: str) -> str | None:
        lines = [each.replace("\r\n", "\n").removesuffix("\n") + "\n" if each else "" for each in (text, before)]
        return obstacle(path, lines[0], lines[1], "gitlab")

    reason = found(replacement, original)
    guarded = found(original, original)
    if reason is not None and reason == guarded:
        return reason if found("", "") == reason else None
    return reason
