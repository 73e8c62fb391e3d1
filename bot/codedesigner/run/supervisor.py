"""The supervisor: a model that does not look for defects, and decides what those who do leave unclear."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from codedesigner.protocol.wire import Metrics
from codedesigner.run.bus import Bus
from codedesigner.run.judgement import Dispute, Opinion, judge_request, read_opinion
from codedesigner.run.questions import NOTHING_USED, Surroundings, over_budget

PRIORITY = 8.0
"""Of its calls, where those of workers have 5: a review that judges has all else behind it, and its end is near."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the supervisor made of one dispute, and what that cost. `over_budget`: the review's did not suffice."""

    opinion: Opinion
    metrics: Metrics = NOTHING_USED
    over_budget: bool = False


_LATE = Judged(Opinion(None, "the review's time was over"))


async def judge_disputes(
    bus: Bus, supervisor: str, disputes: Sequence[Dispute | None], around: Surroundings, *, left_s: float | None = None
) -> tuple[Judged, ...]:
    """An opinion on each dispute, in order. One that cannot be put (None), or not within `left_s`, has no answer."""

    async def one(dispute: Dispute | None) -> Judged:
        if dispute is None:
            return Judged(Opinion(None, "its code was part of no question"))
        request = judge_request(dispute, around)
        (answered,) = await bus.ask(supervisor, [request])
        return Judged(read_opinion(request, answered), answered.metrics, over_budget(answered))

    tasks = [asyncio.create_task(one(dispute)) for dispute in disputes]
    try:
        if tasks:
            await asyncio.wait(tasks, timeout=left_s, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return tuple(_LATE if task.cancelled() else task.result() for task in tasks)
