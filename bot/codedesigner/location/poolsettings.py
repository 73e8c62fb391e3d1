"""How all locations together are asked: the `pool` section of a locations file."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from codedesigner.config.shape import Closed

Balancing = Literal["round_robin", "least_loaded", "random", "location_affinity"]
BackoffType = Literal["fixed", "exponential", "exponential_with_jitter"]


class PoolSettings(Closed):
    """How all locations together are asked."""

    max_concurrent: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="Calls at the same time, of all locations together; without it, as max_concurrent of the "
        "configuration.",
    )
    per_endpoint_limit: int = Field(
        default=2, ge=1, le=10_000, description="Calls at the same time to one server, whatever locations it has."
    )
    min_workers: int = Field(default=1, ge=1, le=1000, description="Models that have to take part.")
    max_workers: int = Field(
        default=8, ge=1, le=1000, description="Models that take part at most, the first of the file; others stand by."
    )
    health_check_interval_ms: int = Field(
        default=30_000, ge=100, le=86_400_000, description="Milliseconds between two checks of a model that is offline."
    )
    worker_timeout_ms: int = Field(
        default=60_000,
        ge=1,
        le=86_400_000,
        description="Milliseconds of silence in the middle of an answer, after which a model is asked last.",
    )
    load_balancing_strategy: Balancing = Field(
        default="least_loaded", description="Which of several locations that could answer is asked."
    )
    degradation_threshold: float = Field(
        default=0.5, ge=0, le=1, description="Share of calls that end well, below which a model is asked last."
    )
    total_batch_ms: int = Field(
        default=300_000, ge=1, le=86_400_000, description="Milliseconds a batch of questions may take."
    )
    max_delay_ms: int = Field(
        default=30_000, ge=0, le=86_400_000, description="Milliseconds of the longest pause before another try."
    )
    backoff_type: BackoffType = Field(
        default="exponential_with_jitter", description="How the pauses grow from try to try."
    )

    @model_validator(mode="after")
    def _workers_fit(self) -> PoolSettings:
        if self.min_workers > self.max_workers:
            least, most = self.min_workers, self.max_workers
            raise ValueError(f"min_workers {least} is above max_workers {most}; lower the one or raise the other")
        return self
