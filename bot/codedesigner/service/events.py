"""What happens in the service, for whoever keeps a log or counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from codedesigner.service.task import Json

EventName = Literal[
    "orchestrator.fresh_start",
    "orchestrator.recovering",
    "orchestrator.stopping",
    "orchestrator.stopped",
    "orchestrator.trouble",
    "recovery.corrections_persisted",
    "recovery.module_restored",
    "recovery.complete",
    "task.scheduled",
    "task.started",
    "task.completed",
    "task.preempted",
    "task.resumed",
    "task.failed",
    "task.retried",
    "task.recovered",
    "task.lost",
    "task.handed_back",
    "executor.cleanup_failed",
    "gateway.orphan_killed",
    "scheduler.priority_consultation",
]


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """One event. `fields` hold ids, numbers and short texts; none is a prompt, an answer or a secret."""

    name: EventName
    fields: Mapping[str, Json] = field(default_factory=dict)


Listen = Callable[[ServiceEvent], None]


def deaf(_event: ServiceEvent) -> None:
    """Hears nothing."""
