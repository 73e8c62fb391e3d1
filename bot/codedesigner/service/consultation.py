"""The supervisor's advice on who is to have the models' time: when it is asked, what it is told, what counts as advice.

A bad answer changes nothing. It is asked for less than a tenth of the time that models spend altogether.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from codedesigner.call.model import Call, Prompt, Reply, Schema
from codedesigner.pool.events import PoolEvent
from codedesigner.service.board import Board, Figures
from codedesigner.service.events import Listen, ServiceEvent
from codedesigner.service.scheduler import weights_or_default
from codedesigner.service.store import Store
from codedesigner.service.task import MODULES, Json, Module
from codedesigner.text import render

PRIORITY = 4.0
"""Reviews and people go before."""
MOST_TOKENS = 500
_SCHEMA: Schema = {
    "type": "object",
    "properties": {
        **{f"{module}_weight": {"type": "integer", "minimum": 0, "maximum": 100} for module in MODULES},
        "reasoning": {"type": "string", "maxLength": 1_000},
    },
    "required": [*(f"{module}_weight" for module in MODULES), "reasoning"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True)
class ConsultationConfig:
    """When advice is asked for: every `interval_s`, or once `significant` tasks were completed, though not sooner than
    `shortest_s` after the last time. `most_share` is its part of the models' time.
    """

    enabled: bool = True
    interval_s: float = 3_600.0
    significant: int = 10
    shortest_s: float = 300.0
    most_share: float = 0.1
    expected_ms: float = 5_000.0


CONSULTATION = ConsultationConfig()


@dataclass(slots=True)
class Spending:
    """The models' time in milliseconds: all of it, and that of consultations. Listens to the pool."""

    all_ms: float = 0.0
    own_ms: float = 0.0
    last_ms: float | None = None

    def __call__(self, event: PoolEvent) -> None:
        took = event.fields.get("ms", 0)
        if event.name == "llm.answered" and isinstance(took, int | float):
            self.all_ms += took

    def own(self, took_ms: float) -> None:
        """A consultation took so long."""
        self.own_ms += took_ms
        self.last_ms = took_ms

    @property
    def share(self) -> float:
        """What consultations took of all."""
        return self.own_ms / self.all_ms if self.all_ms else 0.0


@dataclass(frozen=True, slots=True)
class Advice:
    """Weights, and why."""

    weights: Mapping[Module, float]
    reasoning: str


def is_due(config: ConsultationConfig, spending: Spending, *, since_s: float, completed: int) -> bool:
    """Whether to ask now: `since_s` after the last time, with `completed` tasks since then.

    One more of the usual length has to fit into the share, so that the share is never exceeded but by a longer one.
    """
    if not config.enabled or since_s < config.shortest_s:
        return False
    if since_s < config.interval_s and completed < config.significant:
        return False
    more = config.expected_ms if spending.last_ms is None else spending.last_ms
    return spending.own_ms + more <= config.most_share * (spending.all_ms + more)


def call_of(figures: Figures, weights: Mapping[Module, float], name: str) -> Call:
    """The question: numbers alone, so that nothing in it comes from a change or from people."""
    kinds = sorted({*figures.completed, *figures.failed})
    told = {
        "modules": [{"name": each, **figures.depth[each], "weight": round(weights[each])} for each in MODULES],
        "oldest_minutes": round(figures.oldest_s / 60),
        "ended": [
            {"name": kind, "completed": figures.completed.get(kind, 0), "failed": figures.failed.get(kind, 0)}
            for kind in kinds
        ],
        "preemptions": figures.preemptions,
    }
    system = render("prompts/consultation_system.txt.j2", {}).strip()
    prompt = Prompt(system, "", render("prompts/consultation.txt.j2", told).strip())
    return Call(
        name, prompt, schema=_SCHEMA, max_tokens=MOST_TOKENS, temperature=0.0, priority=PRIORITY, key=f"consult:{name}"
    )


def advice_of(reply: Reply | None) -> Advice | None:
    """What the supervisor advises; None where that is nothing to go by."""
    if reply is None or not reply.good or not isinstance(reply.value, dict):
        return None
    said = {module: reply.value.get(f"{module}_weight") for module in MODULES}
    weights = weights_or_default(said)
    if any(isinstance(said[module], bool) or said[module] != weights[module] for module in MODULES):
        return None
    reasoning = reply.value.get("reasoning")
    return Advice(weights, reasoning[:1_000] if isinstance(reasoning, str) else "")


Ask = Callable[[Call], Awaitable[Reply | None]]
"""Asks the supervisor; None where there is none."""


@dataclass
class Consultant:
    """Asks when it is due, and keeps what was advised where all workers find it."""

    store: Store
    board: Board
    ask: Ask
    spending: Spending
    listen: Listen
    config: ConsultationConfig = field(default_factory=ConsultationConfig)
    _completed_before: int = 0

    async def maybe(self, weights: Mapping[Module, float], completed: int) -> Mapping[Module, float]:
        """The weights from now on. Workers of one database do not ask twice: the time of the last is shared."""
        kept, now = await self.store.kept("scheduler"), self.store.clock()
        at = kept.get("asked_at")
        since = now - at if isinstance(at, int | float) else float("inf")
        known = weights_or_default(kept.get("weights")) if "weights" in kept else weights
        if not is_due(self.config, self.spending, since_s=since, completed=completed - self._completed_before):
            return known
        self._completed_before = completed
        await self.store.keep("scheduler", {"asked_at": now})
        figures = await self.board.figures()
        reply = await self.ask(call_of(figures, known, f"consultation-{now:.3f}"))
        if reply is not None:
            self.spending.own(reply.latency_ms)
        advice = advice_of(reply)
        if advice is None:
            return known
        said: dict[str, Json] = {module: advice.weights[module] for module in MODULES}
        await self.store.keep("scheduler", {"weights": said, "reasoning": advice.reasoning})
        self.listen(
            ServiceEvent("scheduler.priority_consultation", {f"{name}_weight": weight for name, weight in said.items()})
        )
        return advice.weights
