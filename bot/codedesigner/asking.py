"""All that was said in a review, and what it cost: what is asked for, beside the code, and what came back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from hashlib import sha256
from math import fsum

from codedesigner.config.paths import PathSettings
from codedesigner.plan.executed import Answered, executed
from codedesigner.plan.model import ExecutionItem, ExecutionPlan
from codedesigner.planning import Planned, Request
from codedesigner.protocol.issue import Source
from codedesigner.protocol.wire import Metrics
from codedesigner.publish.coverage import by_file
from codedesigner.publish.inputs import LocationRole, LocationStats, Usage
from codedesigner.run.embedder import Embedded
from codedesigner.run.examine import Looked, Progress, examine
from codedesigner.run.models import Examined
from codedesigner.run.questions import Surroundings
from codedesigner.run.reviewer import Reviewer
from codedesigner.run.supervisor import Judged
from codedesigner.run.words import Worded
from codedesigner.stages import (
    NOTHING_EMBEDDED,
)
from codedesigner.vote.finding import Finding
from codedesigner.vote.hearing import Matter
from codedesigner.vote.judge import Verdict
from codedesigner.vote.panel import Panel

Ask = Callable[[Sequence[Reviewer], Mapping[str, Sequence[Source]]], Awaitable[Looked]]


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
