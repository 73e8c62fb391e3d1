"""The models of a review: asked in passes, and asked again about what others claim."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from codedesigner.plan.model import EarlyExitConfig, ExecutionItem, ExecutionPlan, ProgressReport
from codedesigner.protocol.issue import Issue
from codedesigner.protocol.wire import Metrics
from codedesigner.run.bus import Bus
from codedesigner.run.passes import Asked, PassConfig, PassLoop
from codedesigner.run.questions import ItemAnswer, Surroundings, Verdict, questions_of, read_verdict, request_of

Told = Callable[[ProgressReport], None]


@dataclass(frozen=True, slots=True)
class Claim:
    """A defect that somebody proposed, put to `location`, which looked at the same code and said nothing of it."""

    item: ExecutionItem
    issue: Issue
    location: str


@dataclass(frozen=True, slots=True)
class Examined:
    """What the location said about a claim; `verdict` None where it gave no answer, and `reason` says why."""

    claim: Claim
    verdict: Verdict | None
    confidence: float
    reason: str
    metrics: Metrics


@dataclass(frozen=True)
class Models:
    """The models by id with the weight of their ballots, the bus that leads to them, and how they are asked.

    `at_once` is how many calls can be under way; times in seconds.
    """

    weights: Mapping[str, float]
    bus: Bus
    early_exit: EarlyExitConfig
    at_once: int
    total_timeout_s: float
    monotonic: Callable[[], float]
    told: Told = field(default=lambda _report: None)

    @property
    def ids(self) -> frozenset[str]:
        """Their ids."""
        return frozenset(self.weights)

    async def ask(self, plan: ExecutionPlan, around: Surroundings) -> Asked:
        """All that the plan asks of them."""
        # More questions than calls: within a question, locations and passes wait for each other.
        config = PassConfig(self.early_exit, max(1, 4 * self.at_once), self.total_timeout_s)
        loop = PassLoop(self.bus, around, self.ids, config=config, monotonic=self.monotonic, told=self.told)
        pending = [item for item in plan.items if item.status == "pending"]
        shown = [item for item in pending if around.files[item.function_ref.file].new_lines]
        asked = await loop.run(questions_of(shown, self.ids))
        unread = {item.id: self._unread(item) for item in pending if not around.files[item.function_ref.file].new_lines}
        return replace(asked, answers={**asked.answers, **unread}) if unread else asked

    def _unread(self, item: ExecutionItem) -> dict[str, ItemAnswer]:
        answer = ItemAnswer("failed", detail="there is no text of this file to show")
        return {location: answer for location in item.locations if location in self.weights}

    async def examine(self, claims: Sequence[Claim], around: Surroundings) -> tuple[Examined, ...]:
        """Each claim put to its location: is it right? All at once; who may go when is decided further down."""
        return tuple(await asyncio.gather(*(self._examine(claim, around) for claim in claims)))

    async def _examine(self, claim: Claim, around: Surroundings) -> Examined:
        request = request_of(claim.item, around, claim.issue)
        (answered,) = await self.bus.ask(claim.location, [request])
        verdict, confidence, reason = read_verdict(answered)
        return Examined(claim, verdict, confidence, reason, answered.metrics)
