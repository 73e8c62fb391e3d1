"""One thread that writes for many tasks: what comes while a transaction runs goes into the next one together."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

from codedesigner.state.folder import StoreError
from codedesigner.state.sqlite import Held, Transaction

T = TypeVar("T")
_Done = asyncio.Future[StoreError | None]

_MOST = 1_000  # items of one transaction
# A commit costs as much for one item as for many: under load, this long a wait makes many of one.
_GATHER_S = 0.005


class GroupWriter(Generic[T]):
    """Writes items with `write`, as many in one transaction as have come meanwhile.

    The thread starts with the first item and ends with `close`; it is a daemon, so that it holds up no exit. `file` is
    used by that thread alone.
    """

    def __init__(self, file: Held, write: Callable[[sqlite3.Connection, Sequence[T]], None]) -> None:
        self._file = file
        self._write = write
        self._queue: SimpleQueue[tuple[T, _Done | None] | None] = SimpleQueue()
        self._thread: Thread | None = None

    async def put(self, item: T) -> None:
        """Write the item. When this returns, it is committed; whoever is cancelled meanwhile has it written, too.

        Raises:
            StoreError: it could not be written, nor any other of its group.
        """
        done: _Done = asyncio.get_running_loop().create_future()
        self._start().put((item, done))
        error = await done
        if error is not None:
            raise error

    def put_later(self, item: T) -> None:
        """Write the item some time, if that is possible."""
        self._start().put((item, None))

    async def close(self) -> None:
        """Write what is still to be written, then close the file and end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            await asyncio.to_thread(thread.join)

    def _start(self) -> SimpleQueue[tuple[T, _Done | None] | None]:
        if self._thread is None or not self._thread.is_alive():
            self._queue = SimpleQueue()
            self._thread = Thread(target=self._work, args=(self._queue,), name="group-writer", daemon=True)
            self._thread.start()
        return self._queue

    def _work(self, queue: SimpleQueue[tuple[T, _Done | None] | None]) -> None:
        going_on = True
        while going_on:
            found = [queue.get()]
            if found[0] is not None:
                time.sleep(_GATHER_S)
            with suppress(Empty):
                while len(found) < _MOST:
                    found.append(queue.get_nowait())
            going_on = None not in found
            group = [item for item in found if item is not None]
            if group:
                self._write_group(group)
        self._file.close()

    def _write_group(self, group: Sequence[tuple[T, _Done | None]]) -> None:
        error: StoreError | None = StoreError("the writer has stopped")
        try:
            with self._file as db, Transaction(db):
                self._write(db, [item for item, _ in group])
            error = None
        except StoreError as caught:
            error = caught
        finally:
            _answer([done for _, done in group if done is not None], error)


def _answer(waiting: Sequence[_Done], error: StoreError | None) -> None:
    for loop, its_own in groupby(waiting, lambda done: done.get_loop()):
        with suppress(RuntimeError):  # a loop that is closed waits for nothing
            loop.call_soon_threadsafe(_settle, list(its_own), error)


def _settle(waiting: Sequence[_Done], error: StoreError | None) -> None:
    for done in waiting:
        if not done.done():
            done.set_result(error)
