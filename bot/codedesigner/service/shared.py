"""The time that all workers share, without asking the database for it each time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from codedesigner.service.database import Database

EVERY_S = 300.0


class SharedClock:
    """The database's time: this machine's, and by how much that is off, found out now and then."""

    def __init__(self, database: Database, own: Callable[[], float] = time.time) -> None:
        self._database = database
        self._own = own
        self._off = 0.0

    def __call__(self) -> float:
        """Unix time in seconds."""
        return self._own() + self._off

    def compare(self) -> None:
        """Find out how far off this machine is.

        Raises:
            DatabaseError: the database cannot be used.
        """
        before = self._own()
        theirs = self._database.now()
        self._off = theirs - (before + self._own()) / 2

    async def keep(self) -> None:
        """Compare from time to time, until cancelled. While the database is away, what was known last holds."""
        from codedesigner.service.database import DatabaseError

        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await asyncio.to_thread(self.compare)
            except DatabaseError:
                continue
