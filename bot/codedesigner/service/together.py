"""Several small transactions as one, where only one may write at a time and each waits for the disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Connection

from codedesigner.service.database import Database

T = TypeVar("T")

MOST = 64
"""Pieces of work in one transaction."""


@dataclass(frozen=True, slots=True)
class _Piece(Generic[T]):
    work: Callable[[Connection], T]
    done: asyncio.Future[T]


class Together(Generic[T]):
    """What waits while a transaction is under way is done in the next one, all of it.

    On PostgreSQL, which writes for several at once, each has its own.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[_Piece[T]] = []
        self._going: asyncio.Task[None] | None = None

    async def run(self, work: Callable[[Connection], T]) -> T:
        """What `work` gives, once that is durable.

        Raises:
            DatabaseError: the database cannot be used; nothing of it was done then.
        """
        if self._database.dialect != "sqlite":
            return await self._database.run(work)
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Piece(work, done))
        if self._going is None or self._going.done():
            self._going = asyncio.create_task(self._go())
        return await done

    async def _go(self) -> None:
        while self._waiting:
            pieces, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            if not await self._all(pieces) and len(pieces) > 1:
                for each in pieces:  # one of them is to blame, and the others are not
                    await self._all([each])

    async def _all(self, pieces: list[_Piece[T]]) -> bool:
        """Whether it was done; a single one learns why it was not."""
        doing = asyncio.ensure_future(self._database.run(lambda db: [each.work(db) for each in pieces]))
        await asyncio.wait({doing})
        failure = doing.exception()
        if failure is not None and len(pieces) > 1:
            return False
        for at, each in enumerate(pieces):
            if each.done.done():  # whoever wanted it has gone
                continue
            if failure is not None:
                each.done.set_exception(failure)
            else:
                each.done.set_result(doing.result()[at])
        return failure is None
