"""What a plan is: the items to be answered, in the order in which they are asked, each with its reason. Values only.

Names, defaults and enums are those of the execution engine's interface (`ExecutionPlan`, `ExecutionItem`,
`SchedulerConfig`, …); `reason`, `risk`, `locations`, `known`, `unasked` and `estimate` are added to them. Plain
dataclasses and not validated models, because a plan holds tens of thousands of items.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

StrategyName = Literal["exhaustive", "sampled", "incremental", "adaptive"]
PlanStatus = Literal["planning", "executing", "paused", "completed", "failed"]
ItemStatus = Literal["pending", "running", "completed", "skipped", "failed"]
Trend = Literal["improving", "stable", "diverging", "unknown"]

SkipReason = Literal[
    "no_reviewer",  # no location can judge this code from this angle, or be asked about this term
    "deleted",  # the change removed the function: there is nothing left to judge
    "filtered",  # the rules of its path leave this angle out
    "sampled",  # not in the sample
    "answered_before",  # every location's answer to exactly this question is known
    "early_exit",  # earlier passes agreed, so this one was not made
    "budget",  # left out to stay under a budget
]


@dataclass(frozen=True, slots=True)
class FunctionRef:
    """Where the code of an item stands. Lines are 1-based and both included."""

    file: str
    name: str
    start_line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class ExecutionItem:
    """One question: this function, about this term (None: in general), from this angle, for the n-th time.

    `locations` are the ids of those who are asked, `known` of those whose answer is kept from an earlier review and
    counts as if they were asked. `unasked` are those who could answer but are left out to stay under a budget.
    `risk` (0..1) is known only where the strategy weighs it. `result` is what the angle's output schema describes.
    """

    id: str
    function_ref: FunctionRef
    term: str | None
    angle_id: str
    pass_number: int
    status: ItemStatus = "pending"
    result: Mapping[str, object] | None = None
    skip_reason: SkipReason | None = None
    reason: str = ""
    risk: float | None = None
    locations: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()

    @property
    def heard(self) -> tuple[str, ...]:
        """Whose answers count: of those who are asked now, and of those whose answer is known."""
        return (*self.locations, *self.known)

    @property
    def wanted(self) -> bool:
        """Whether the review owes an answer: asked for now, known from before, or given up for a budget."""
        return self.status != "skipped" or self.skip_reason in ("answered_before", "budget")


@dataclass(frozen=True, slots=True)
class LocationEstimate:
    """The most that one location would cost: every pass is made and every answer is as long as it may be.

    `items` it is asked about, `calls` that are metered (0 for an analyser on this machine), US dollars.
    """

    location: str
    items: int = 0
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a plan would cost at most, location by location and together."""

    locations: tuple[LocationEstimate, ...] = ()

    @property
    def calls(self) -> int:
        """Metered calls of all locations."""
        return sum(each.calls for each in self.locations)

    @property
    def tokens(self) -> int:
        """Tokens read and written by all locations."""
        return sum(each.tokens_in + each.tokens_out for each in self.locations)

    @property
    def usd(self) -> float:
        """US dollars for all locations."""
        return sum(each.usd for each in self.locations)


@dataclass(frozen=True, slots=True)
class ExecutionPlan:
    """All items of a review in order. `created_at` is in seconds since 1970.

    `estimated_operations` counts the items that are to be answered; `actual_operations` is None until a run ends.
    `notes` say what a limit kept from becoming an item at all.
    """

    id: str
    created_at: float
    items: tuple[ExecutionItem, ...]
    strategy: StrategyName
    estimated_operations: int
    actual_operations: int | None = None
    status: PlanStatus = "planning"
    estimate: Estimate = Estimate()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EarlyExitConfig:
    """Stop asking again once `stable_passes` passes in a row agree to at least `consensus_threshold`."""

    enabled: bool = True
    consensus_threshold: float = 0.9
    stable_passes: int = 2


@dataclass(frozen=True, slots=True)
class SamplingConfig:
    """Take a share of the (function, term) pairs. `rate` lies in 0.1..1.0; without a `seed` the plan's own is used."""

    enabled: bool = False
    rate: float = 0.5
    seed: int | None = None

    def __post_init__(self) -> None:
        if not 0.1 <= self.rate <= 1.0:
            raise ValueError(f"sampling rate {self.rate} is not in 0.1..1.0")


@dataclass(frozen=True, slots=True)
class SchedulerConfig:
    """How much is asked, how long, and how much at a time. Times in milliseconds."""

    max_passes: int = 8
    max_concurrent: int = 4
    early_exit: EarlyExitConfig = EarlyExitConfig()
    sampling: SamplingConfig = SamplingConfig()
    timeout_per_item_ms: int = 30_000
    total_timeout_ms: int = 3_600_000

    def __post_init__(self) -> None:
        if self.max_passes < 1:
            raise ValueError(f"{self.max_passes} passes are less than one")


@dataclass(frozen=True, slots=True)
class SchedulerMetrics:
    """What a run has done so far."""

    total_items: int = 0
    completed_items: int = 0
    skipped_items: int = 0
    failed_items: int = 0
    total_tokens_used: int = 0
    total_duration_ms: float = 0.0
    early_exits: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class ProgressReport:
    """How far a run is. `percent_complete` lies in 0..100."""

    percent_complete: float = 0.0
    current_item: ExecutionItem | None = None
    estimated_remaining_ms: float | None = None
    issues_found_so_far: int = 0
    convergence_trend: Trend = "unknown"
