"""The models of a review: asked in passes, and asked again about what others claim."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from codedesigner.plan.model import EarlyExitConfig, ExecutionItem, ExecutionPlan, ProgressReport
from codedesigner.protocol.issue import Issue
from codedesigner.protocol.wire import Metrics
from codedesigner.run.bus import Bus
from codedesigner.run.looking import LookupLimits
from codedesigner.run.passes import Asked, PassConfig, PassLoop
from codedesigner.run.questions import (
    ItemAnswer,
    Question,
    Surroundings,
    Verdict,
    over_budget,
    questions_of,
    read_verdict,
    request_of,
)
from codedesigner.run.within import within

Told = Callable[[ProgressReport], None]


def named(issue: Issue) -> tuple[str, int, int, str]:
    """Which defect of its file an issue is: several of one kind can stand on one line."""
    return issue.kind, issue.line, issue.column, issue.message


@dataclass(frozen=True, slots=True)
class Claim:
    """A defect that somebody proposed, put to `location`, which looked at the same code and said nothing of it."""

    item: ExecutionItem
    issue: Issue
    location: str

    @property
    def about(self) -> tuple[str, int, int, str]:
        """Which defect of its file it is about."""
        return named(self.issue)


@dataclass(frozen=True, slots=True)
class Examined:
    """What the location said about a claim; `verdict` None where it gave no answer, and `reason` says why.

    `over_budget`: it was not asked, to stay under the review's budget.
    """

    claim: Claim
    verdict: Verdict | None
    confidence: float
    reason: str
    metrics: Metrics
    over_budget: bool = False


@dataclass(frozen=True)
class Models:
    """The models by id with the weight of their ballots, the bus that leads to them, and how they are asked.

    `at_once` is how many calls can be under way; times in seconds. `catch_up`: what the plan leaves out for a budget
    is asked last, as far as what was really spent allows; whoever carries the calls keeps the budget.
    `families` says which of them were taught alike, by id.
    `supervisor` is the id of the one that judges what their vote leaves unclear; it is none of them. `lookups`: the bus
    leads to tools as well, and it may have so much looked up. `embedder` is the id of who makes vectors of what they
    say, and none of them either.
    `else_plain`: where no quota for its deep thinking comes back, the supervisor is asked without.
    """

    weights: Mapping[str, float]
    bus: Bus
    early_exit: EarlyExitConfig
    at_once: int
    total_timeout_s: float
    monotonic: Callable[[], float]
    told: Told = field(default=lambda _report: None)
    catch_up: bool = True
    supervisor: str | None = None
    lookups: LookupLimits | None = None
    families: Mapping[str, str] = field(default_factory=dict)
    embedder: str | None = None
    else_plain: bool = False

    @property
    def ids(self) -> frozenset[str]:
        """Their ids."""
        return frozenset(self.weights)

    async def ask(self, plan: ExecutionPlan, around: Surroundings) -> Asked:
        """All that the plan asks of them."""
        # Few more questions than calls: a server that has just read a function from an angle finds it as it left it
        # when the next pass comes at once, and has replaced it when many others come between.
        config = PassConfig(self.early_exit, max(1, self.at_once + self.at_once // 8), self.total_timeout_s)
        loop = PassLoop(self.bus, around, self.ids, config=config, monotonic=self.monotonic, told=self.told)
        pending = [item for item in plan.items if item.status == "pending" and not self.ids.isdisjoint(item.locations)]
        shown = [item for item in pending if around.files[item.function_ref.file].new_lines]
        cut = [item for item in self._cut(plan) if around.files[item.function_ref.file].new_lines]
        asked = await loop.run(questions_of(shown, self.ids), *self._by_pass(cut))
        unread = {item.id: self._unread(item) for item in pending if not around.files[item.function_ref.file].new_lines}
        return replace(asked, answers={**asked.answers, **unread}) if unread else asked

    def _cut(self, plan: ExecutionPlan) -> list[ExecutionItem]:
        if not self.catch_up:
            return []
        return [replace(item, locations=item.unasked) for item in plan.items if not self.ids.isdisjoint(item.unasked)]

    def _by_pass(self, items: Sequence[ExecutionItem]) -> list[tuple[Question, ...]]:
        """One round for each pass, so that what is left of a budget goes to what was looked at least."""
        rounds: dict[int, list[ExecutionItem]] = {}
        for item in items:
            rounds.setdefault(item.pass_number, []).append(item)
        return [questions_of(rounds[number], self.ids) for number in sorted(rounds)]

    def _unread(self, item: ExecutionItem) -> dict[str, ItemAnswer]:
        answer = ItemAnswer("failed", detail="there is no text of this file to show")
        return {location: answer for location in item.locations if location in self.weights}

    async def examine(
        self, claims: Sequence[Claim], around: Surroundings, *, left_s: float | None = None
    ) -> tuple[Examined, ...]:
        """Each claim put to its location: is it right? All at once; who may go when is decided further down.

        Where the time that is left does not suffice for all, the others are not among the results.
        """
        tasks = await within(left_s, (self._examine(claim, around) for claim in claims), self.bus.idle)
        return tuple(task.result() for task in tasks if not task.cancelled())

    async def _examine(self, claim: Claim, around: Surroundings) -> Examined:
        request = request_of(claim.item, around, claim.issue)
        (answered,) = await self.bus.ask(claim.location, [request])
        verdict, confidence, reason = read_verdict(answered)
        return Examined(claim, verdict, confidence, reason, answered.metrics, over_budget(answered))
