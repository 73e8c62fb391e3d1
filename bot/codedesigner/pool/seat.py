"""What the pool knows of one location: its provider, and what it may be asked for. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codedesigner.call.model import Usage
from codedesigner.pool.provider import Provider

Backoff = Literal["fixed", "exponential", "exponential_with_jitter"]


@dataclass(frozen=True, slots=True)
class LocationLimits:
    """What a location may be asked for at most; None is no limit. Windows slide.

    `hourly` and `deep_daily` are quotas: of the hourly one, a tenth is held back.
    """

    concurrent: int | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    hourly: int | None = None
    deep_daily: int | None = None


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """What happens after a failed attempt. `max_attempts` counts the first one."""

    max_attempts: int = 3
    backoff: Backoff = "exponential_with_jitter"
    base_delay_s: float = 1.0
    max_delay_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens. What is None costs as much as an ordinary token of the prompt."""

    tokens_in: float = 0.0
    tokens_out: float = 0.0
    cached: float | None = None
    written: float | None = None

    def usd(self, usage: Usage) -> float:
        """What the usage costs."""
        cached = self.tokens_in if self.cached is None else self.cached
        written = self.tokens_in if self.written is None else self.written
        plain = usage.tokens_in - usage.tokens_cached - usage.tokens_written
        parts = (
            plain * self.tokens_in,
            usage.tokens_cached * cached,
            usage.tokens_written * written,
            usage.tokens_out * self.tokens_out,
        )
        return sum(parts) / 1_000_000


@dataclass(frozen=True, slots=True)
class Seat:
    """One location in the pool. `tags` and `weight` as in `locations.yaml`; `timeout_s` is one attempt's."""

    provider: Provider
    limits: LocationLimits = LocationLimits()
    retry: RetryPolicy = RetryPolicy()
    timeout_s: float = 30.0
    weight: float = 1.0
    tags: tuple[str, ...] = ()
    price: Price | None = None

    @property
    def id(self) -> str:
        """The location's id."""
        return self.provider.id

    @property
    def endpoint(self) -> str:
        """Whose limit on concurrency it shares."""
        return self.provider.endpoint
