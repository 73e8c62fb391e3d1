"""What happens in the service, for whoever keeps a log or counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from codedesigner.service.task import Json, Module, Task

EventName = Literal[
    "orchestrator.fresh_start",
    "orchestrator.recovering",
    "orchestrator.stopping",
    "orchestrator.stopped",
    "orchestrator.trouble",
    "recovery.corrections_persisted",
    "recovery.fresh_start",
    "recovery.starting",
    "recovery.task_paused",
    "recovery.module_restored",
    "recovery.module_restore_failed",
    "recovery.complete",
    "task.scheduled",
    "task.started",
    "task.completed",
    "task.preempted",
    "task.resumed",
    "task.failed",
    "task.retried",
    "task.waiting",
    "task.recovered",
    "task.lost",
    "task.handed_back",
    "executor.task_failed",
    "executor.cleanup_failed",
    "explorer.task_failed",
    "documenter.task_failed",
    "researcher.task_failed",
    "gateway.orphan_killed",
    "gateway.orphan_permission_denied",
    "gateway.orphan_cleanup_failed",
    "gateway.pid_write_failed",
    "scheduler.task_submitted",
    "scheduler.duplicate_skipped",
    "scheduler.recomputing_priorities",
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


FAILED: Mapping[Module, EventName] = {
    "explorer": "explorer.task_failed",
    "documenter": "documenter.task_failed",
    "researcher": "researcher.task_failed",
}
"""What each module says of a task of its own that broke."""


def submitted(task: Task, *, new: bool) -> ServiceEvent:
    """A task was submitted; or was not, because one with its key has not ended."""
    if not new:
        return ServiceEvent("scheduler.duplicate_skipped", {"task_key": task.task_key, "task_type": task.task_type})
    return ServiceEvent(
        "scheduler.task_submitted",
        {"task_id": task.id, "task_key": task.task_key, "task_type": task.task_type, "priority": task.priority},
    )
