"""What happens in the pool, for whoever keeps a log or shows progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

EventName = Literal[
    "llm.allocated",
    "llm.heartbeat",
    "llm.retry",
    "llm.answered",
    "llm.rate_limited",
    "llm.still_limited",
    "llm.recovered",
    "llm.offline",
    "llm.degraded",
    "quota.limit_hit",
    "allocator.cache_refresh_failed",
]


@dataclass(frozen=True, slots=True)
class PoolEvent:
    """One event at one location, "" where it is about all of them.

    `fields` hold numbers and short texts, never a prompt, an answer or a key.
    """

    name: EventName
    location: str
    fields: Mapping[str, str | int | float] = field(default_factory=dict)


Listen = Callable[[PoolEvent], None]


def deaf(_event: PoolEvent) -> None:
    """Hears nothing."""
