"""Everybody is asked: analysers about files, models about items, and models again about what others claim.

What comes back are votes that can be counted; nothing is decided here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from hashlib import sha256
from math import fsum

from codedesigner.config.paths import PathSettings
from codedesigner.plan.executed import Answered, executed
from codedesigner.plan.model import ExecutionItem, ExecutionPlan, FunctionRef
from codedesigner.planning import Planned, Request
from codedesigner.protocol.issue import Source
from codedesigner.protocol.wire import Metrics
from codedesigner.publish.coverage import by_file
from codedesigner.publish.gate import Threshold, severe
from codedesigner.publish.inputs import LocationRole, LocationStats, Usage
from codedesigner.run.embedder import Embedded, embed
from codedesigner.run.examine import Looked, Progress, examine
from codedesigner.run.models import Examined, Models
from codedesigner.run.passes import Asked
from codedesigner.run.questions import Surroundings
from codedesigner.run.reviewer import Reviewer
from codedesigner.run.supervisor import Judged, judge_disputes
from codedesigner.run.words import Worded, choose_words
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
from codedesigner.vote.unclear import MARGIN, Bar, unclear_ones
from codedesigner.vote.worded import offers, with_words

Ask = Callable[[Sequence[Reviewer], Mapping[str, Sequence[Source]]], Awaitable[Looked]]
_NOTHING_ASKED = Asked()
NOTHING_EMBEDDED = Embedded()


@dataclass(frozen=True)
class Hearing:
    """All that was said about a change: by analysers about files, by models about items and about claims of others.

    `fixing` is what each model's answers about fixes cost. `embedded` is what the `embedder` has made of claims.
    """

    matter: Matter
    looked: Looked
    panel: Panel
    verdicts: Sequence[Verdict]
    examined: Sequence[Examined] = ()
    supervisor: str | None = None
    judged: Sequence[Judged] = ()
    fixing: Mapping[str, Sequence[Metrics]] = field(default_factory=dict)
    worded: Sequence[Worded] = ()
    embedder: str | None = None
    embedded: Embedded = NOTHING_EMBEDDED

    def has_answered(self, item: ExecutionItem, location: str) -> bool:
        """Whether the location has answered the item."""
        if location in self.panel.weights:
            answer = self.panel.asked.of(item.id, location)
            return answer is not None and answer.status == "answered"
        return self._of_files(item, location)

    @cached_property
    def _of_files(self) -> Answered:
        return by_file(self.looked, {path: pair.after.key for path, pair in self.matter.versions.items()})

    @cached_property
    def executed(self) -> ExecutionPlan:
        """The plan, with what became of every item."""
        left_out = self.panel.asked.left_out
        return executed(self.matter.plan, self.has_answered, left_out, frozenset(self.panel.weights), self._paid)

    def _paid(self, item: ExecutionItem, location: str) -> bool | None:
        answer = self.panel.asked.of(item.id, location)
        return None if answer is None else not answer.over_budget

    @property
    def metrics(self) -> Mapping[str, Sequence[Metrics]]:
        """What each model's answers cost, by location."""
        said: dict[str, list[Metrics]] = {name: [] for name in self.panel.weights}
        for answers in self.panel.asked.answers.values():
            for location, answer in answers.items():
                said[location].append(answer.metrics)
        for one in self.examined:
            said[one.claim.location].append(one.metrics)
        if self.supervisor is not None:
            said[self.supervisor] = [each for one in self.judged for each in one.spent]
            said[self.supervisor] += [one.metrics for one in self.worded]
        if self.embedder is not None:
            said[self.embedder] = list(self.embedded.metrics)
        for location, spent in self.fixing.items():
            said[location] = [*said[location], *spent]
        return said


def asker(request: Request, progress: Progress) -> Ask:
    """Asking analysers, under the limits of the review."""
    return partial(
        examine,
        max_concurrent=request.settings.max_concurrent,
        timeout_s=request.settings.total_timeout_ms / 1000,
        progress=progress,
    )


async def hear(request: Request, planned: Planned, matter: Matter, ask: Ask) -> Hearing:
    """Ask everybody, and put what they found to the vote."""
    around, started = surroundings(request, planned), request.monotonic()
    async with asyncio.TaskGroup() as group:
        files = group.create_task(_files(request, matter, ask))
        items = group.create_task(_items(request, planned, around))
    looked, asked = files.result(), items.result()
    panel = _panel(request.models, planned.plan, asked)
    if request.models is None:
        return Hearing(matter, looked, panel, _verdicts(request, matter, looked, panel, {}))
    left_s = max(0.0, request.models.total_timeout_s - (request.monotonic() - started))
    embedded = await _embedded(request.models, panel, matter, left_s)
    likeness = likeness_of(embedded.vectors)
    verdicts = _verdicts(request, matter, looked, panel, {}, likeness)
    claims = panel.claims(finding for verdict in verdicts for finding in verdict.findings)
    left_s = max(0.0, request.models.total_timeout_s - (request.monotonic() - started))
    examined = await request.models.examine(claims, around, left_s=left_s)
    verdicts = _verdicts(request, matter, looked, panel, _votes(examined), likeness)
    heard = Hearing(matter, looked, panel, verdicts, examined, embedder=request.models.embedder, embedded=embedded)
    if request.models.supervisor is None:
        return replace(heard, verdicts=left_to_a_person(verdicts, _bars(request)))
    left_s = max(0.0, request.models.total_timeout_s - (request.monotonic() - started))
    verdicts, judged = await _judged(request, request.models, planned, around, verdicts, left_s)
    left_s = max(0.0, request.models.total_timeout_s - (request.monotonic() - started))
    verdicts, worded = await _worded(request, request.models, planned, around, verdicts, left_s)
    return replace(heard, verdicts=verdicts, supervisor=request.models.supervisor, judged=judged, worded=worded)


async def _embedded(models: Models, panel: Panel, matter: Matter, left_s: float) -> Embedded:
    """The vectors of what models claim, where there is somebody to make them and something to compare."""
    if models.embedder is None:
        return NOTHING_EMBEDDED
    said = ([issue for heard in panel.heard(file.path) for issue in heard.after.issues] for file in matter.files)
    texts = to_compare(list(said))
    return await embed(models.bus, models.embedder, texts, left_s=left_s)


def _panel(models: Models | None, plan: ExecutionPlan, asked: Asked) -> Panel:
    return Panel({}, plan, asked) if models is None else Panel(models.weights, plan, asked, models.families)


async def _worded(
    request: Request,
    models: Models,
    planned: Planned,
    around: Surroundings,
    verdicts: Sequence[Verdict],
    left_s: float,
) -> tuple[tuple[Verdict, ...], tuple[Worded, ...]]:
    """The words of what several models put differently, chosen by the supervisor, where that is wanted."""
    if request.settings.vote.wording != "supervisor":
        return tuple(verdicts), ()
    put = offers(verdicts, planned.plan)
    chosen = await choose_words(models.bus, models.supervisor or "", [one for _, one in put], around, left_s=left_s)
    return with_words(verdicts, [(finding, one) for (finding, _), one in zip(put, chosen, strict=True)]), chosen


async def _judged(
    request: Request,
    models: Models,
    planned: Planned,
    around: Surroundings,
    verdicts: Sequence[Verdict],
    left_s: float,
) -> tuple[tuple[Verdict, ...], tuple[Judged, ...]]:
    """What the vote of the models leaves unclear, put to the supervisor."""
    margin = 1.0 if request.settings.vote.strategy == "supervisor_selection" else MARGIN
    put = unclear_ones(verdicts, planned.plan, around.files, bar=_bars(request), models=models.ids, margin=margin)
    disputes = [one.dispute for one in put]
    judged = await judge_disputes(
        models.bus, models.supervisor or "", disputes, around, left_s=left_s, lookups=models.lookups
    )
    opinions = [one.opinion for one in judged]
    return with_decisions(verdicts, list(zip(put, opinions, strict=True)), around.files), judged


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


def surroundings(request: Request, planned: Planned) -> Surroundings:
    """What models are told beside the code of an item."""
    of = cache(PathSettings(request.settings).of)
    questions = {**planned.questions, **{term.term: term.question for term in request.settings.terms}}
    languages = {unit.path: unit.language for unit in planned.units}
    change = request.change
    return Surroundings(
        files={file.path: file for file in planned.files},
        angles=request.angle_specs,
        mark=sha256(f"{change.base} {change.head}".encode()).hexdigest()[:3],
        brief=request.brief,
        instructions=lambda path: "\n".join(of(path).instructions),
        question=lambda item: questions.get(item.term or ""),
        language=languages.get,
        timeout_ms=request.settings.timeout_per_item_ms,
    )


def all_findings(hearing: Hearing, planned: Planned) -> list[Finding]:
    """The findings of all files, and the claims that stand nowhere."""
    judged = [finding for verdict in hearing.verdicts for finding in verdict.findings]
    return [*judged, *hearing.panel.rejected({file.path: file for file in planned.files})]


def model_stats(hearing: Hearing | None) -> tuple[LocationStats, ...]:
    """What each model did in the run, in order of id."""
    if hearing is None:
        return ()
    return tuple(_stats(name, hearing, metrics) for name, metrics in sorted(hearing.metrics.items()))


def _stats(name: str, hearing: Hearing, metrics: Sequence[Metrics]) -> LocationStats:
    said = [answers[name] for answers in hearing.panel.asked.answers.values() if name in answers]
    failed = [answer for answer in said if answer.status != "answered" and not answer.over_budget]
    unjudged = [one.opinion.reason for one in hearing.judged if one.opinion.choice is None and not one.over_budget]
    unjudged += [one.unlisted for one in hearing.judged if one.unlisted]
    unjudged += [f"the words of a finding stayed: {one.trouble}" for one in hearing.worded if one.trouble]
    unjudged = unjudged if name == hearing.supervisor else []
    unjudged += hearing.embedded.troubles if name == hearing.embedder else []
    off = bool(said) and all(answer.status == "offline" for answer in said)
    details = sorted({answer.detail for answer in failed if answer.detail} | set(unjudged))
    more = f" (and {len(details) - 1} more reasons)" if len(details) > 1 else ""
    return LocationStats(
        id=name,
        role=_role(name, hearing),
        status="offline" if off else "degraded" if failed or unjudged else "idle",
        requests_total=len(metrics),
        requests_failed=len(failed)
        + len(unjudged)
        + sum(one.verdict is None and not one.over_budget for one in hearing.examined if one.claim.location == name),
        latencies_ms=tuple(each.duration_ms for each in metrics if each.calls),
        tokens_in=sum(each.tokens_in for each in metrics),
        tokens_out=sum(each.tokens_out for each in metrics),
        tokens_cached=sum(each.tokens_cached for each in metrics),
        cost_usd=round(fsum(each.usd or 0.0 for each in metrics), 6),
        detail=details[0] + more if details else "",
    )


def _role(name: str, hearing: Hearing) -> LocationRole:
    if name == hearing.supervisor:
        return "supervisor"
    return "embeddings" if name == hearing.embedder else "reviewer"


def usage(hearing: Hearing | None, *, duration_ms: int) -> Usage:
    """What the run cost."""
    if hearing is None:
        return Usage(duration_ms=duration_ms)
    metrics = [each for location in hearing.metrics.values() for each in location]
    return Usage(
        model_calls=sum(each.calls for each in metrics),
        cached_calls=sum(each.cached_calls for each in metrics),
        tokens_in=sum(each.tokens_in for each in metrics),
        tokens_out=sum(each.tokens_out for each in metrics),
        duration_ms=duration_ms,
        early_exits=hearing.panel.asked.metrics.early_exits,
    )
