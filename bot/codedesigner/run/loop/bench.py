"""What the fix loop works with: who looks, who is asked, and how much of it there may be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from codedesigner.plan.model import ExecutionItem
from codedesigner.protocol.issue import Source
from codedesigner.protocol.wire import Granularity, Metrics
from codedesigner.run.bus import Answered, Bus, Request, request_id
from codedesigner.run.examine import Looked
from codedesigner.run.loop.convergence import USUAL, ConvergenceCriteria
from codedesigner.run.loop.problem import Problem
from codedesigner.run.loop.shape import Parse
from codedesigner.run.questions import Surroundings
from codedesigner.run.reviewer import Reviewer
from codedesigner.run.within import within

Ask = Callable[[Sequence[Reviewer], Mapping[str, Sequence[Source]]], Awaitable[Looked]]
"""`run.examine.examine` with its limits filled in."""
Hostile = Callable[[str, str, str], str | None]
"""(path, new lines, the lines that they replace) -> why nobody should be offered that."""


def harmless(_path: str, _replacement: str, _original: str) -> str | None:
    """Has nothing against anything."""
    return None


@dataclass(frozen=True, slots=True)
class FixLimits:
    """How long fixes are worked on. `calls` and `seconds` are for all of them together."""

    criteria: ConvergenceCriteria = USUAL
    max_passes: int = 6
    calls: int = 100
    seconds: float = 600.0
    granularity: Granularity = "function"


@dataclass(frozen=True)
class Askable:
    """The models, and what goes into a question beside the code.

    `item` is the question that showed a problem's code, None where there was none; `known` are the lines (folded) of
    its file of which a location said something.
    """

    bus: Bus
    around: Surroundings
    item: Callable[[Problem], ExecutionItem | None]
    known: Callable[[str, Problem], AbstractSet[str]]


@dataclass(frozen=True)
class Bench:
    """`reviewers` look at whole files, and `heard` is what they said before; without `models`, no model is asked."""

    reviewers: Sequence[Reviewer]
    heard: Looked
    ask: Ask
    parse: Parse
    monotonic: Callable[[], float]
    limits: FixLimits = field(default_factory=FixLimits)
    models: Askable | None = None
    hostile: Hostile = harmless


@dataclass(frozen=True, slots=True)
class Late:
    """Why a question has no answer: it was not asked, or not answered in time."""

    reason: str


@dataclass
class Calls:
    """Questions to models under a count and a clock. `spent` is what the answers of each cost."""

    left: int
    spent: dict[str, list[Metrics]] = field(default_factory=dict)

    async def ask(
        self, bus: Bus, questions: Sequence[tuple[str, Request]], left_s: float
    ) -> tuple[Answered | Late, ...]:
        """An answer for each question, in order; the same question is put once, whoever wants to know.

        All at once; who may go when is decided further down.
        """
        names = [request_id(location, request) for location, request in questions]
        distinct = dict(zip(names, questions, strict=True))
        asked = dict(list(distinct.items())[: self.left])
        self.left -= len(asked)
        put = (bus.ask(location, [request]) for location, request in asked.values())
        tasks = dict(zip(asked, await within(max(0.0, left_s), put, bus.idle), strict=True))
        over = Late("the time for fixes (fix.seconds, total_timeout_ms) is over")
        answers: dict[str, Answered | Late] = {
            name: over if task.cancelled() else task.result()[0] for name, task in tasks.items()
        }
        for name, answer in answers.items():
            if not isinstance(answer, Late):
                self.spent.setdefault(asked[name][0], []).append(answer.metrics)
        unasked = Late("the questions that may be asked about fixes (fix.calls) are used up")
        return tuple(answers.get(name, unasked) for name in names)
