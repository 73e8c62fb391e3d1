"""Live pages: server-sent events with those parts of a page that have become others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from hashlib import sha256

from codedesigner.service.web.regions import Region

EVERY_S = 1.5
BEAT_S = 15.0
"""Something is sent at least so often: else proxies close what is silent, and nobody notices that a reader has gone."""
MOST_STREAMS = 200

Parts = Callable[[], Awaitable[tuple[Region, ...] | None]]


class Streams:
    """All readers at once; `stop` ends every one, so that the server can end."""

    def __init__(self, most: int = MOST_STREAMS, *, every_s: float = EVERY_S) -> None:
        self._left = most
        self._every_s = every_s
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End them all."""
        self._stopping.set()

    @property
    def stopping(self) -> bool:
        """Whether they end."""
        return self._stopping.is_set()

    @property
    def full(self) -> bool:
        """Whether nobody more may read."""
        return self._left <= 0 or self._stopping.is_set()

    async def changes(self, parts: Parts, until: Callable[[], bool]) -> AsyncIterator[bytes]:
        """Parts that differ from what was sent before, as long as `until` does not say that it is over.

        The first round sends everything: between the page and the stream something may have changed.
        """
        self._left -= 1
        sent: dict[str, bytes] = {}
        silent_s = 0.0
        yield b"retry: 3000\n\n"
        try:
            while not self._stopping.is_set():
                found = None if until() else await parts()
                if found is None:
                    yield b"event: over\ndata: {}\n\n"
                    return
                changed = {}
                for region in found:
                    digest = sha256(region.html.encode()).digest()
                    if sent.get(region.id) != digest:
                        sent[region.id] = digest
                        changed[region.id] = region.html
                if changed:
                    yield f"data: {json.dumps(changed)}\n\n".encode()
                elif silent_s >= BEAT_S:
                    yield b": still here\n\n"
                silent_s = 0.0 if changed or silent_s >= BEAT_S else silent_s + self._every_s
                await self._pause()
        finally:
            self._left += 1

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(self._every_s):
                await self._stopping.wait()
        except TimeoutError:
            return
