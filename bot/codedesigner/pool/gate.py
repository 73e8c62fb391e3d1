"""May this call go now, and where: the question that every single model call asks, and the one place that answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from codedesigner.call.model import RateState, Usage

Rank = Callable[[Sequence[str]], Sequence[str]]
"""Which of the locations that are free comes first: a balancing strategy."""


PERSON = 9.0
"""From this priority on, a person waits for the answer; calls of reviews have 5 to 8."""
CHECK = 100.0
"""That of a check of a location, which nobody waits for."""


@dataclass(frozen=True, slots=True)
class Demand:
    """A call that wants to go to one of `candidates` (location ids).

    A higher `priority` is more urgent. `tokens` is the most that it may use. `wait_s`: it gives up where it would
    have to wait longer for a limit or a quota (not for a place in the queue); None: it waits as long as it takes.
    `holder` names the task that it is for, where there is one.
    """

    id: str
    candidates: tuple[str, ...]
    tokens: int = 0
    priority: float = 5.0
    deep: bool = False
    wait_s: float | None = 120.0
    holder: str = ""

    @property
    def person(self) -> bool:
        """Whether a person waits for it."""
        return PERSON <= self.priority < CHECK


@dataclass(frozen=True, slots=True)
class Denied:
    """Why none of the candidates may be asked. `until` is Unix time, infinity where waiting does not help."""

    outcome: Literal["rate_limited", "over_quota", "over_budget", "offline", "too_long", "cancelled"]
    detail: str
    until: float


class Grant(Protocol):
    """The right to make one call at `location`. It has to be given back, whatever happens."""

    @property
    def location(self) -> str:
        """Where the call goes."""

    def release(self, usage: Usage | None = None) -> None:
        """The call has ended; `usage` is what it really used, where that is known: nothing at all, where it has not
        reached its server. The second time does nothing.
        """


class Gate(Protocol):
    """The allocator as others see it. Nobody else decides about availability, limits or quotas."""

    async def acquire(self, demand: Demand, rank: Rank | None = None) -> Grant | Denied:
        """Wait until one of the candidates may be asked. Cancelling the wait leaves nothing behind."""

    def can_execute(self, demand: Demand) -> bool:
        """Whether `acquire` would grant it now, without waiting."""

    def limited(self, location: str, retry_after_s: float | None) -> None:
        """The server has refused a call as one too many: hold it for that long and learn from it."""

    def observed(self, location: str, rate: RateState) -> None:
        """The server has said what is left of its limits: where nothing is, hold it until its reset."""

    def available(self, location: str, why_not: str | None) -> None:
        """Whether the location may be asked at all: None for yes, else the reason."""

    def remaining(self, location: str) -> float:
        """The share (0..1) of its tightest quota that is left; 1 where it has none."""
