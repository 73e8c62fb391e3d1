"""Several things at once, as far as time allows."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


async def within(left_s: float | None, coroutines: Iterable[Coroutine[Any, Any, T]]) -> Sequence[asyncio.Task[T]]:
    """Run them all for so long (None: as long as they take); what is not done by then is cancelled.

    The first failure ends all of them. Nothing is left running, however this is left.
    """
    tasks = [asyncio.create_task(each) for each in coroutines]
    try:
        if tasks:
            await asyncio.wait(tasks, timeout=left_s, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return tasks
