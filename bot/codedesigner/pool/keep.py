"""Replies that are kept: the seam between the pool and the store of answers."""

from __future__ import annotations

from typing import Protocol

from codedesigner.call.model import Reply


class Replies(Protocol):
    """Good replies by the content of their question (`Call.key`). A store that is broken knows nothing, and says so
    once; it never raises.
    """

    async def get(self, key: str) -> Reply | None:
        """The reply that is kept under the key, marked `from_store`."""

    async def put(self, key: str, reply: Reply) -> None:
        """Keep a good reply. When this returns, it is safe from the end of the process."""

    async def close(self) -> None:
        """Write what is still to be written."""
