"""How a task ends that a worker had: well, broken, or handed back."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import replace

from codedesigner.errors import (
    CodedesignerError,
    ConfigError,
    ForbiddenError,
    LimitedError,
    MissingError,
    UnavailableError,
    UsageError,
)
from codedesigner.service.database import DatabaseError
from codedesigner.service.events import FAILED, EventName, Listen, ServiceEvent
from codedesigner.service.holding import Entry, settled
from codedesigner.service.modules.base import ModuleInterface, TaskResult
from codedesigner.service.store import Store
from codedesigner.service.task import RETRY_DELAY_S, Json, Task

_FOR_GOOD = (UsageError, ConfigError, ForbiddenError, MissingError)
"""Trying again changes nothing about these."""
_SOON_S = 5.0  # the service's own database is back within seconds, or everything stands

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN})
"""What a machine says that is short of disk, files, memory or processes, which passes."""


class Ends:
    """Writes down how tasks end, and tells their modules."""

    def __init__(self, store: Store, listen: Listen) -> None:
        self._store = store
        self._listen = listen

    async def hand_back(self, entry: Entry) -> None:
        """Whoever comes takes it from where it is."""
        task, now = entry.task, self._store.clock()
        after = replace(task.released(now), llm_requests=task.llm_requests + entry.turn.calls)
        await self._store.change(task, after, "task.handed_back")
        self._tell("task.handed_back", task_id=task.id)

    async def complete(self, entry: Entry, module: ModuleInterface, result: TaskResult) -> None:
        """It has ended well: its state, and what the module knows of it."""
        task, calls = entry.task, entry.task.llm_requests + entry.turn.calls
        context = {**task.context, **result.context}
        after = replace(task.completed(self._store.clock(), result.outcome), context=context, llm_requests=calls)
        detail: dict[str, Json] = {"outcome": result.outcome, "llm_requests": calls}
        if not await self._store.change(task, after, "task.completed", detail, result=result.result):
            self._tell("task.lost", task_id=task.id)
            return
        self._tell("task.completed", task_id=task.id, duration_ms=round(after.ran_s * 1000), **detail)
        before = module.get_state()
        module.handle_task_result(after, result)
        await self._keep(module, before)

    async def fail(self, entry: Entry, module: ModuleInterface, error: BaseException) -> None:
        """It broke: it is tried again later, or not; the module hears of it in both cases."""
        task, calls = entry.task, entry.task.llm_requests + entry.turn.calls
        words = _words(error)
        after = replace(_broken(task, error, words, self._store.clock()), llm_requests=calls)
        name: EventName = "task.failed" if after.state == "failed" else "task.retried"
        detail: dict[str, Json] = {"error": words[:300], "retry_count": after.retry_count}
        waits = after.state == "paused" and after.waits > 0
        if waits:
            since: dict[str, Json] = {"waits": after.waits, "away_since": after.away_since}
            name, detail = "task.waiting", {"error": words[:300], **since, "again_at": after.not_before}
        if not await self._store.change(task, after, name, detail):
            self._tell("task.lost", task_id=task.id)
            return
        if not waits:
            self._tell("executor.task_failed", task_id=task.id, error=words[:300], exception=type(error).__name__)
        self._tell(name, task_id=task.id, **detail)
        if not waits:
            self._tell(FAILED[module.name], task_id=task.id, task_type=task.task_type, error=words[:300])
        before = module.get_state()
        trouble = await settled(module.handle_failure(after, error))
        if trouble is not None:
            self._tell("executor.cleanup_failed", task_id=task.id, error=type(trouble).__name__)
        await self._keep(module, before)

    async def _keep(self, module: ModuleInterface, before: Mapping[str, Json]) -> None:
        changed = {name: value for name, value in module.get_state().items() if before.get(name) != value}
        if changed:
            await self._store.keep(module.name, changed)

    def _tell(self, name: EventName, **fields: Json) -> None:
        self._listen(ServiceEvent(name, fields))


def _is_no_room(error: BaseException) -> bool:
    return isinstance(error, OSError) and error.errno in _NO_ROOM


def _words(error: BaseException) -> str:
    if isinstance(error, CodedesignerError):
        return error.message
    if isinstance(error, OSError) and _is_no_room(error):
        return f"the worker's machine has no room: {error.strerror}"
    return f"a bug ({type(error).__name__})"


def _broken(task: Task, error: BaseException, words: str, now: float) -> Task:
    """What becomes of a task: it waits for what is away, or is tried again a few times, or has failed."""
    if isinstance(error, LimitedError) and error.retry_after_s is not None:
        return task.without(now, words, told_s=error.retry_after_s)
    if isinstance(error, UnavailableError | DatabaseError) or _is_no_room(error):
        return task.without(now, words, first_s=_SOON_S if isinstance(error, DatabaseError) else RETRY_DELAY_S)
    return task.failed(now, words, again=not isinstance(error, _FOR_GOOD))
