"""How a worker begins after others have ended as they should not, and takes over what they had.

In the order of recovery: children that were left are ended, corrections of tasks are written first, then modules know
what they knew, then tasks go on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

from codedesigner.errors import CodedesignerError
from codedesigner.service.events import EventName, Listen, ServiceEvent
from codedesigner.service.modules.base import ModuleInterface
from codedesigner.service.processes import Children, is_gone
from codedesigner.service.store import Store
from codedesigner.service.task import Json, Module, Task


class Recovery:
    """Of one worker, called `name`. `taken_at` is when it last looked for what others have left, monotonic."""

    def __init__(
        self,
        store: Store,
        modules: Mapping[Module, ModuleInterface],
        children: Children | None,
        name: str,
        listen: Listen,
    ) -> None:
        self._store = store
        self._modules = modules
        self._children = children
        self._name = name
        self._listen = listen
        self.taken_at = float("-inf")

    async def begin(self) -> int:
        """All of it, before this worker takes a task; how many tasks were taken over."""
        known = await self._store.workers()
        if known:
            self._tell("orchestrator.recovering", workers=len(known))
            self._tell("recovery.starting", workers=len(known))
        else:
            self._tell("orchestrator.fresh_start")
            self._tell("recovery.fresh_start")
        freed = await self.take_over()
        if freed:
            self._tell("recovery.corrections_persisted", count=freed)
        for name, module in self._modules.items():
            self._restore(name, module, await self._store.kept(name))
        return freed

    def _restore(self, name: Module, module: ModuleInterface, state: Mapping[str, Json]) -> None:
        try:
            module.restore_state(state)
        except (CodedesignerError, LookupError, TypeError, ValueError) as error:  # another version left it
            self._tell("recovery.module_restore_failed", module=name, error=type(error).__name__)
        else:
            self._tell("recovery.module_restored", module=name)

    def wait(self) -> None:
        """The database was away: all leases may have run out, and whoever lives has to have time to renew its own."""
        self.taken_at = time.monotonic()

    async def take_over(self) -> int:
        """Tasks of workers that are gone: at once where their process ran here, else when their leases have run out.

        What those that ran here have left is ended first.
        """
        if self._children is not None:
            for one in await asyncio.to_thread(self._children.reap):
                self._tell("gateway.orphan_killed", pid=one.pid)
        count = 0
        for worker in await self._store.workers():
            if worker != self._name and is_gone(worker):
                count += self._freed(await self._store.free(worker))
                await self._store.leave(worker, gone=True)
        count += self._freed(await self._store.sweep())
        self.taken_at = time.monotonic()
        return count

    def _freed(self, tasks: Sequence[Task]) -> int:
        for task in tasks:
            self._tell("task.recovered", task_id=task.id, task_type=task.task_type)
            self._tell("recovery.task_paused", task_id=task.id)
        return len(tasks)

    def _tell(self, name: EventName, **fields: Json) -> None:
        self._listen(ServiceEvent(name, fields))
