"""Whether models have room for a task: the gate's word, asked about those that tasks of its type really ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from codedesigner.assembly.request import Prepared
from codedesigner.assembly.shared import SharedModels
from codedesigner.pool.executor import LONGEST_DEEP_S
from codedesigner.service.task import Json, Task


def asking(prepared: Prepared) -> dict[str, Json]:
    """What a task's context says about who is asked: `models`, `supervisor`, whether that has a quota of deep thinking,
    and whether models are asked for `fixes`.
    """
    settings, supervisor = prepared.request.settings, prepared.supervisor
    on = prepared.request.mode.enabled
    models: list[Json] = [spec.id for spec in prepared.models if on]
    return {
        "models": models,
        "supervisor": supervisor.id if supervisor is not None and models else None,
        "deep": supervisor is not None and bool(supervisor.limits.deep_daily),
        "fixes": bool(models) and settings.fix.enabled and settings.fix.calls > 0,
    }


class Room:
    """Asks the gate of `models`. `clock` gives the time that all workers share."""

    def __init__(self, models: SharedModels, clock: Callable[[], float]) -> None:
        self._models = models
        self._clock = clock

    def can_execute(self, task: Task) -> bool:
        """Whether a model has room that the task asks. A person's task goes even where all are busy: its calls are
        first in the line before the gate. So does what asks nobody, and what is to end.
        """
        asked = asked_by(task)
        if task.module != "explorer" or task.cancelled or asked == ():
            return True
        return self._models.can_execute(asked, deep=task.requires_deep_mode and not self._has_waited(task))

    def has_deep(self, task: Task) -> bool:
        """Whether there is quota for the task's deep thinking; there is where nobody limits it."""
        supervisor = task.context.get("supervisor")
        limited = task.context.get("deep") is True and isinstance(supervisor, str)
        return not limited or self._models.has_quota(str(supervisor))

    def deferred(self, task: Task) -> bool:
        """Whether the task waits for such quota: not for longer than `LONGEST_DEEP_S`."""
        return task.requires_deep_mode and not self._has_waited(task) and not self.has_deep(task)

    def _has_waited(self, task: Task) -> bool:
        return self._clock() - task.created_at >= LONGEST_DEEP_S


def asked_by(task: Task) -> Sequence[str] | None:
    """The locations that a task asks; None where that is not known."""
    context = task.context
    if task.task_type == "synthesis":
        return _names([context.get("supervisor")])
    if task.task_type == "review" and context.get("fixes") is False:
        return ()
    return _names(context["models"]) if "models" in context else None


def _names(value: Json) -> Sequence[str]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
