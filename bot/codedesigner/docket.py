"""A review under way. Everybody is asked: analysers about files, models about items and about what others claim.

What comes back are votes that can be counted; nothing is decided here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import cache, cached_property
from typing import TypeVar

from codedesigner.asking import Ask, Hearing, surroundings
from codedesigner.config.paths import PathSettings
from codedesigner.plan.model import ExecutionItem, ExecutionPlan, FunctionRef
from codedesigner.planning import Planned, Request
from codedesigner.publish.gate import Threshold, severe
from codedesigner.run.embedder import Embedded, embed
from codedesigner.run.examine import Looked, versions
from codedesigner.run.models import Examined, Models
from codedesigner.run.passes import Asked
from codedesigner.run.questions import Surroundings
from codedesigner.run.supervisor import Judged, judge_disputes
from codedesigner.run.words import choose_words
from codedesigner.stages import (
    NOTHING_EMBEDDED,
    Critiqued,
    Explored,
    SoFar,
    Stage,
    StaleError,
    Synthesised,
)
from codedesigner.vote import ballots
from codedesigner.vote.decided import left_to_a_person, with_decisions
from codedesigner.vote.finding import Finding, Vote
from codedesigner.vote.hearing import Examinations, Matter, Names, cases, older_requests, requests
from codedesigner.vote.judge import Verdict, judge
from codedesigner.vote.likeness import SHIPPED, Likeness
from codedesigner.vote.meaning import likeness_of, to_compare
from codedesigner.vote.panel import Panel
from codedesigner.vote.probable import Probable
from codedesigner.vote.strategies.ballots import Counting, Rule
from codedesigner.vote.unclear import MARGIN, Bar, Unclear, unclear_ones
from codedesigner.vote.worded import offers, with_words

T = TypeVar("T")
_NOTHING_ASKED = Asked()


class Docket:
    """What was said about a change so far, and what follows from that. `advance` asks, everything else does not."""

    def __init__(self, request: Request, planned: Planned, so_far: SoFar, ask: Ask) -> None:
        self.request = request
        self.planned = planned
        self.matter = Matter(planned.files, planned.units, planned.plan, versions(planned.files), request.reviewers)
        self.so_far = so_far
        self.ask = ask
        self._started = request.monotonic() - so_far.seconds

    async def advance(self, until: Stage, *, deep: bool = True) -> None:
        """Ask whoever is asked up to the end of a stage, but what was asked already.

        Raises:
            StaleError: what was said so far is not about this review.
        """
        if self.so_far.explored is None:
            self.so_far = replace(self.so_far, explored=await self._explore())
        if self.so_far.critiqued is None and until != "exploration":
            self.so_far = replace(self.so_far, critiqued=await self._critique())
        if self.so_far.synthesised is None and until in ("synthesis", "review"):
            self.so_far = replace(self.so_far, synthesised=await self._synthesise(deep=deep))

    @cached_property
    def around(self) -> Surroundings:
        """What models are told beside the code of an item."""
        return surroundings(self.request, self.planned)

    @cached_property
    def hearing(self) -> Hearing:
        """All that was said, and the verdicts on it, once everybody was asked.

        Raises:
            StaleError: what was said so far is not about this review.
        """
        critiqued, synthesised = self._critiqued, self._synthesised
        heard = Hearing(self.matter, self._explored.looked, self._panel, self._counted)
        models = self.request.models
        if models is None:
            return heard
        heard = replace(heard, examined=critiqued.examined, embedder=models.embedder, embedded=critiqued.embedded)
        if models.supervisor is None:
            return replace(heard, verdicts=left_to_a_person(self._counted, _bars(self.request)))
        verdicts = self._decided(synthesised.judged)
        if self.request.settings.vote.wording == "supervisor":
            put = offers(verdicts, self.planned.plan)
            _same(put, synthesised.worded)
            said = [(finding, one) for (finding, _), one in zip(put, synthesised.worded, strict=True)]
            verdicts = with_words(verdicts, said)
        return replace(
            heard,
            verdicts=verdicts,
            supervisor=models.supervisor,
            judged=synthesised.judged,
            worded=synthesised.worded,
        )

    async def _explore(self) -> Explored:
        """Files are put to analysers, and items to models, at the same time."""
        async with asyncio.TaskGroup() as group:
            files = group.create_task(_files(self.request, self.matter, self.ask))
            items = group.create_task(_items(self.request, self.planned, self.around))
        return Explored(files.result(), items.result())

    async def _critique(self) -> Critiqued:
        """What one found is put to those who looked at the same and did not."""
        models = self.request.models
        if models is None:
            return Critiqued()
        embedded = await self._embed(models, self._left_s(models))
        proposed = _verdicts(
            self.request, self.matter, self._explored.looked, self._panel, {}, likeness_of(embedded.vectors)
        )
        claims = self._panel.claims(finding for verdict in proposed for finding in verdict.findings)
        return Critiqued(embedded, await models.examine(claims, self.around, left_s=self._left_s(models)))

    async def _synthesise(self, *, deep: bool) -> Synthesised:
        """What is unclear is put to the supervisor, and what was said in several words."""
        models = self.request.models
        if models is None or models.supervisor is None:
            return Synthesised()
        left_s = self._left_s(models)
        judged = await judge_disputes(
            models.bus,
            models.supervisor,
            [one.dispute for one in self._unclear],
            self.around,
            left_s=left_s,
            lookups=models.lookups,
            deep=deep,
            else_plain=models.else_plain,
        )
        left_s = self._left_s(models)
        if self.request.settings.vote.wording != "supervisor":
            return Synthesised(judged)
        put = [one for _, one in offers(self._decided(judged), self.planned.plan)]
        return Synthesised(judged, await choose_words(models.bus, models.supervisor, put, self.around, left_s=left_s))

    async def _embed(self, models: Models, left_s: float) -> Embedded:
        """The vectors of what models claim, where there is somebody to make them and something to compare."""
        if models.embedder is None:
            return NOTHING_EMBEDDED
        panel = self._panel
        said = (
            [issue for heard in panel.heard(file.path) for issue in heard.after.issues] for file in self.matter.files
        )
        return await embed(models.bus, models.embedder, to_compare(list(said)), left_s=left_s)

    def _left_s(self, models: Models) -> float:
        return max(0.0, models.total_timeout_s - (self.request.monotonic() - self._started))

    @property
    def _explored(self) -> Explored:
        return _there(self.so_far.explored)

    @property
    def _critiqued(self) -> Critiqued:
        return _there(self.so_far.critiqued)

    @property
    def _synthesised(self) -> Synthesised:
        return _there(self.so_far.synthesised)

    @cached_property
    def _panel(self) -> Panel:
        return _panel(self.request.models, self.planned.plan, self._explored.asked)

    @cached_property
    def _counted(self) -> tuple[Verdict, ...]:
        """The votes, counted once everybody had one."""
        likeness = likeness_of(self._critiqued.embedded.vectors)
        votes = _votes(self._critiqued.examined)
        return _verdicts(self.request, self.matter, self._explored.looked, self._panel, votes, likeness)

    @cached_property
    def _unclear(self) -> tuple[Unclear, ...]:
        """What the vote of the models leaves unclear."""
        request, files = self.request, self.around.files
        margin = 1.0 if request.settings.vote.strategy == "supervisor_selection" else MARGIN
        models = frozenset() if request.models is None else request.models.ids
        return unclear_ones(self._counted, self.planned.plan, files, bar=_bars(request), models=models, margin=margin)

    def _decided(self, judged: Sequence[Judged]) -> tuple[Verdict, ...]:
        _same(self._unclear, judged)
        opinions = [one.opinion for one in judged]
        return with_decisions(self._counted, list(zip(self._unclear, opinions, strict=True)), self.around.files)


def _there(stage: T | None) -> T:
    if stage is None:
        raise StaleError("the review has not come so far")
    return stage


def _same(put: Sequence[object], answers: Sequence[object]) -> None:
    if len(put) != len(answers):
        raise StaleError(f"{len(answers)} answers are there to {len(put)} questions")


def _panel(models: Models | None, plan: ExecutionPlan, asked: Asked) -> Panel:
    return Panel({}, plan, asked) if models is None else Panel(models.weights, plan, asked, models.families)


def _bars(request: Request) -> Callable[[Finding], Bar]:
    of, voters = cache(PathSettings(request.settings).of), request.settings.gate.min_voters

    def bar(finding: Finding) -> Bar:
        path = of(finding.path)
        return Bar(path.min_agreement, severe(finding, Threshold(path.fail_on, path.min_agreement)), voters)

    return bar


async def _files(request: Request, matter: Matter, ask: Ask) -> Looked:
    looked = await ask(request.reviewers, requests(matter))
    return looked.and_then(await ask(request.reviewers, older_requests(matter, looked)))


async def _items(request: Request, planned: Planned, around: Surroundings) -> Asked:
    if request.models is None:
        return _NOTHING_ASKED
    await asyncio.to_thread(_brief, planned.plan, around, request.models.ids)
    return await request.models.ask(planned.plan, around)


def _brief(plan: ExecutionPlan, around: Surroundings, models: AbstractSet[str]) -> None:
    """Have the briefs made while others are at work: for a large change this takes seconds, and nobody may wait."""
    first: dict[FunctionRef, ExecutionItem] = {}
    for item in plan.items:
        if item.status == "pending" and not models.isdisjoint(item.locations):
            first.setdefault(item.function_ref, item)
    for item in first.values():
        around.brief(item)


def _verdicts(
    request: Request,
    matter: Matter,
    looked: Looked,
    panel: Panel,
    examined: Examinations,
    likeness: Likeness = SHIPPED,
) -> tuple[Verdict, ...]:
    of = cache(PathSettings(request.settings).of)
    names = Names(matter)
    put = cases(
        matter,
        looked,
        function_at=names.at,
        min_agreement=lambda path: of(path).min_agreement,
        panel=panel,
        examined=examined,
        rule=_rule(request),
        probable=_probable(request),
        likeness=likeness,
    )
    return tuple(judge(case) for case in put)


def _probable(request: Request) -> Probable | None:
    if request.calibration is None or request.models is None:
        return None
    return Probable(request.calibration, request.models.ids, request.history, request.settings.gate.min_probability)


def _rule(request: Request) -> Rule:
    said = request.settings.vote
    counting: Counting = "majority_vote" if said.strategy == "majority_vote" else "weighted_vote"
    return Rule(counting, said.weight_source, said.tie_breaker, request.settings.seed, request.history)


def _votes(examined: Iterable[Examined]) -> Examinations:
    """Who could not be asked for the budget stays silent, and the ballot says so."""
    meaning: dict[str, Vote] = {"yes": "yes", "no": "no", "unsure": "abstain"}
    return {
        (one.claim.item.function_ref.file, one.claim.about, one.claim.location): ballots.Examined(
            meaning.get(one.verdict or "", "abstain"), one.confidence, one.reason
        )
        for one in examined
        if not one.over_budget
    }
