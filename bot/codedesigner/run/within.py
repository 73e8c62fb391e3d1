"""Several things at once, as far as time allows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

Idle = Callable[[], float]
"""Seconds so far that do not count, as nothing could be done in them."""


def never_idle() -> float:
    """All time counts."""
    return 0.0


async def within(
    left_s: float | None, coroutines: Iterable[Coroutine[Any, Any, T]], idle: Idle = never_idle
) -> Sequence[asyncio.Task[T]]:
    """Run them all for so long (None: as long as they take); what is not done by then is cancelled.

    The first failure ends all of them. Nothing is left running, however this is left.
    """
    tasks = [asyncio.create_task(each) for each in coroutines]
    try:
        await for_so_long(tasks, left_s, idle)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return tasks


async def for_so_long(tasks: Collection[asyncio.Task[Any]], left_s: float | None, idle: Idle = never_idle) -> None:
    """Wait until all are done, one has failed, or the time is over; what `idle` gains meanwhile is added to it."""
    pending = set(tasks)
    while pending and (left_s is None or left_s > 0):
        spent, before = asyncio.get_running_loop().time(), idle()
        done, pending = await asyncio.wait(pending, timeout=left_s, return_when=asyncio.FIRST_EXCEPTION)
        if any(task.cancelled() or task.exception() is not None for task in done):
            return
        if left_s is not None:
            left_s -= asyncio.get_running_loop().time() - spent - (idle() - before)
