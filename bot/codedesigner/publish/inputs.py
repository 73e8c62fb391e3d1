"""What a report is made from, beside the change and its findings. Values only; a run fills them in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from codedesigner.change.model import NotReviewed

if TYPE_CHECKING:
    from codedesigner.publish.report import Report

LocationStatus = Literal["idle", "busy", "degraded", "offline"]
LocationRole = Literal["reviewer", "supervisor", "embeddings"]
Conclusion = Literal["pass", "fail", "inconclusive"]
FailOn = Literal["low", "medium", "high", "critical", "never"]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file, or one function of it, that nobody reviewed. `function` None means the whole file."""

    path: str
    function: str | None
    reason: NotReviewed


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what had to be reviewed was reviewed.

    An item counts as answered when enough locations answered it (the configured quorum). `not_reviewed` names every
    file or function that was left out, by choice or by failure. `preexisting` counts defects that were seen in the
    changed files but are older than the change, and were therefore not proposed.
    """

    items_planned: int
    items_answered: int
    ballots_asked: int
    ballots_answered: int
    not_reviewed: tuple[Skipped, ...] = ()
    preexisting: int = 0


@dataclass(frozen=True, slots=True)
class LocationStats:
    """What one location did in this run. `detail` says why it is offline or degraded."""

    id: str
    status: LocationStatus
    requests_total: int = 0
    requests_failed: int = 0
    latencies_ms: tuple[float, ...] = ()
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    cost_usd: float = 0.0
    detail: str = ""
    role: LocationRole = "reviewer"


@dataclass(frozen=True, slots=True)
class Usage:
    """What the run cost."""

    model_calls: int = 0
    cached_calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    duration_ms: int = 0
    early_exits: int = 0


class Mode(Protocol):
    """Whether reviewing was switched on, and by whom (`config.mode.ModeConfig`)."""

    @property
    def enabled(self) -> bool:
        """Whether reviewing is on."""

    @property
    def source(self) -> Literal["cli", "env", "runtime", "config_file"]:
        """Who switched it."""

    @property
    def activated_at(self) -> float | None:
        """Unix time in seconds, None while it is off."""


@dataclass(frozen=True, slots=True)
class RenderInput:
    """What a format renders: the report, and the source it quotes.

    `sources` maps a path of the report to the lines of its new side, `old_sources` to those of its old side (for
    findings about deleted code); a path may be missing from both. `color` and `width` (terminal columns) concern the
    text format only. `limit` is the most characters that a Markdown body may have.
    """

    report: Report
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    old_sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    color: bool = False
    width: int = 100
    limit: int = 60_000
