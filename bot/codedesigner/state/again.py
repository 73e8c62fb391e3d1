"""What could not be done is done once more, in the background, until it is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class Again:
    """Does `work` every `pause_s` seconds until it says that nothing is left. Belongs to one event loop at a time."""

    def __init__(self, work: Callable[[], Awaitable[bool]], pause_s: float) -> None:
        self._work = work
        self._pause_s = pause_s
        self._going: asyncio.Task[None] | None = None

    def soon(self) -> None:
        """There is something left."""
        if self._going is None or self._going.done():
            self._going = asyncio.create_task(self._go_on())

    async def close(self) -> None:
        """Do it no more."""
        going, self._going = self._going, None
        if going is not None:
            going.cancel()
            await asyncio.wait({going})
            if not going.cancelled():
                going.result()  # a bug in the work is not kept to itself

    async def _go_on(self) -> None:
        left = True
        while left:
            await asyncio.sleep(self._pause_s)
            left = await self._work()
