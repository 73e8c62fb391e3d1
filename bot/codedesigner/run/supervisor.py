"""The supervisor: a model that does not look for defects, and decides what those who do leave unclear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from codedesigner.protocol.wire import Metrics, VerifyRequest
from codedesigner.run.bus import Answered, Bus
from codedesigner.run.judgement import Dispute, Opinion, judge_request, read_opinion
from codedesigner.run.looking import Found, LookupLimits, found_for, unlisted, wish_request
from codedesigner.run.questions import NOTHING_USED, Surroundings, out_of_quota, over_budget
from codedesigner.run.tools.registry import ToolRegistry
from codedesigner.run.within import within

PRIORITY = 8.0
"""Of its calls, where those of workers have 5: a review that judges has all else behind it, and its end is near."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the supervisor made of one dispute, and what that cost. `over_budget`: the review's did not suffice.

    `wished` is what it cost to say what to look up, None where that was not asked; `unlisted` why it did not say it.
    """

    opinion: Opinion
    metrics: Metrics = NOTHING_USED
    over_budget: bool = False
    wished: Metrics | None = None
    unlisted: str = ""

    @property
    def spent(self) -> tuple[Metrics, ...]:
        """What each of its answers cost."""
        return (self.metrics,) if self.wished is None else (self.wished, self.metrics)


NOT_DEEP = "judged without deep thinking: no quota was left for it"

_LATE = Judged(Opinion(None, "the review's time was over"))


class _Judging:
    """What was said about disputes so far."""

    def __init__(
        self,
        bus: Bus,
        name: str,
        around: Surroundings,
        lookups: LookupLimits | None = None,
        *,
        deep: bool = True,
        else_plain: bool = False,
    ) -> None:
        self._bus = bus
        self._name = name
        self._around = around
        self._lookups = lookups
        self._deep = deep
        self._else_plain = else_plain
        self._registry = ToolRegistry()
        self._so_far: dict[int, Judged] = {}

    async def judge(self, disputes: Sequence[Dispute | None], left_s: float | None = None) -> tuple[Judged, ...]:
        put = (self._one(number, dispute) for number, dispute in enumerate(disputes))
        tasks = await within(left_s, put, self._bus.idle)
        return tuple(
            self._so_far.get(number, _LATE) if task.cancelled() else task.result() for number, task in enumerate(tasks)
        )

    async def _one(self, number: int, dispute: Dispute | None) -> Judged:
        if dispute is None:
            return Judged(Opinion(None, "its code was part of no question"))
        found, before = Found(judge_request(dispute, self._around, deep=self._deep)), _LATE
        if self._lookups is not None:
            wish = wish_request(found.request, self._lookups, self._registry)
            (answered,) = await self._bus.ask(self._name, [wish])
            before = replace(
                _LATE, wished=answered.metrics, unlisted="" if over_budget(answered) else unlisted(answered)
            )
            self._so_far[number] = before
            found = await found_for(self._bus, found.request, answered, self._lookups, self._registry)
        answered, deep = await self._asked(found.request)
        note = found.note if deep else "; ".join(filter(None, (found.note, NOT_DEEP)))
        opinion = replace(read_opinion(found.request, answered), note=note)
        return replace(before, opinion=opinion, metrics=answered.metrics, over_budget=over_budget(answered))

    async def _asked(self, request: VerifyRequest) -> tuple[Answered, bool]:
        """The answer, and whether it was thought about deeply."""
        (answered,) = await self._bus.ask(self._name, [request])
        if not (self._deep and self._else_plain and out_of_quota(answered)):
            return answered, self._deep
        (answered,) = await self._bus.ask(self._name, [request.model_copy(update={"depth": "normal"})])
        return answered, False


async def judge_disputes(
    bus: Bus,
    supervisor: str,
    disputes: Sequence[Dispute | None],
    around: Surroundings,
    *,
    left_s: float | None = None,
    lookups: LookupLimits | None = None,
    deep: bool = True,
    else_plain: bool = False,
) -> tuple[Judged, ...]:
    """An opinion on each dispute, in order. One that cannot be put (None), or not within `left_s`, has no answer.

    With `lookups`, the supervisor may have things looked up before it judges, by the tools that the bus leads to.
    Without `deep`, it is asked as for any other question, and what it decides says so; `else_plain`: the same where no
    quota for deep thinking comes back.
    """
    return await _Judging(bus, supervisor, around, lookups, deep=deep, else_plain=else_plain).judge(disputes, left_s)
