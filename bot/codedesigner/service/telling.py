"""From what happens to lines of the log: tasks, models, and what is meant for a person."""

from __future__ import annotations

from collections.abc import Mapping

from codedesigner.pool.events import PoolEvent
from codedesigner.service.events import ServiceEvent
from codedesigner.service.logs import Level, Log
from codedesigner.service.names import Name

_LEVELS: Mapping[str, Level] = {
    "executor.task_failed": "error",
    "explorer.task_failed": "error",
    "documenter.task_failed": "error",
    "researcher.task_failed": "error",
    "task.failed": "error",
    "task.retried": "warning",
    "task.waiting": "warning",
    "task.lost": "warning",
    "llm.heartbeat": "debug",
    "llm.retry": "warning",
    "llm.rate_limited": "warning",
    "llm.still_limited": "warning",
    "llm.offline": "warning",
    "llm.degraded": "warning",
    "quota.limit_hit": "warning",
    "allocator.cache_refresh_failed": "warning",
    "executor.cleanup_failed": "warning",
    "gateway.orphan_permission_denied": "warning",
    "gateway.orphan_cleanup_failed": "warning",
    "gateway.pid_write_failed": "warning",
    "recovery.module_restore_failed": "error",
    "scheduler.duplicate_skipped": "debug",
    "scheduler.recomputing_priorities": "debug",
    "orchestrator.trouble": "error",
}


class Telling:
    """Writes events down."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def note(self, line: str) -> None:
        """A line for a person."""
        self._log("service.note", message=line)

    def pool(self, event: PoolEvent) -> None:
        """What happens with models."""
        self._write(event.name, {"llm": event.location, **event.fields})

    def service(self, event: ServiceEvent) -> None:
        """What happens with tasks."""
        self._write(
            event.name, {key: value for key, value in event.fields.items() if not isinstance(value, list | dict)}
        )

    def _write(self, name: Name, facts: Mapping[str, str | float | bool | None]) -> None:
        self._log(name, level=_LEVELS.get(name, "info"), **dict(facts))
