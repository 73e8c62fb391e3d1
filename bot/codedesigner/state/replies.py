"""Good replies of models by the content of their question, kept in one SQLite file that several processes share."""

from __future__ import annotations

import asyncio
import math
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential

from codedesigner.call.model import Reply
from codedesigner.state.again import Again
from codedesigner.state.folder import StoreError
from codedesigner.state.groupwriter import GroupWriter
from codedesigner.state.memory import Tell, trouble
from codedesigner.state.replyjson import decoded, encoded
from codedesigner.state.shelf import DAY_S, LARGEST, Shelf
from codedesigner.state.sqlite import Held
from codedesigner.state.waiting import Waiting

FILE_NAME = "replies.sqlite"
SCHEMA_VERSION = 1
MOST_ROWS = 100_000
MOST_BYTES = 256_000_000  # of replies; the file itself is a little larger

_BUSY_S = 2.0
_BUSY_READING_S = 0.2  # the event loop stands meanwhile; who has patience comes again
_BETWEEN_CHECKS = 100  # parts of the limits that may be put before the whole table is measured again

_Item = tuple[str, str | None]  # a key and its text; without one, the key's date of use is renewed


class ReplyStore:
    """Implements `pool.keep.Replies`. Above its limits, those that were not used for longest are forgotten.

    Each process measures its limits after every hundredth of them that it has put, so that they may be exceeded by a
    hundredth for each process that writes. The first trouble goes to `tell` as one line for a person. From then on
    nothing is kept, for `again_s` seconds at a time; what was to be kept meanwhile waits in memory, and is known here.
    What is kept is known as long as it can be read; where it cannot, whoever asks waits, `patience_s` from the
    beginning of the trouble, and then nothing is known: to ask a model once more costs more than to wait.

    `clock` gives Unix time in seconds, `busy_s` is how long to wait for another process that writes. Belongs to one
    event loop at a time.
    """

    def __init__(
        self,
        folder: Path,
        *,
        tell: Tell,
        rows: int = MOST_ROWS,
        most_bytes: int = MOST_BYTES,
        busy_s: float = _BUSY_S,
        again_s: float = math.inf,
        patience_s: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = folder / FILE_NAME
        self._tell = tell
        self._clock = clock
        self._shelf = Shelf("reply", rows=rows, most_bytes=most_bytes)
        schema = self._shelf.schema(SCHEMA_VERSION)
        self._reader = Held(self.path, schema, busy_s=min(busy_s, _BUSY_READING_S) if patience_s else busy_s)
        self._writer: GroupWriter[_Item] = GroupWriter(Held(self.path, schema, busy_s=busy_s), self._write)
        self._again_s = again_s
        self._patience_s = patience_s
        self._away_until = self._told_until = 0.0
        self._unread_since = math.inf
        self._waiting = Waiting()
        self._again = Again(self._saved, again_s)
        self._measured = False
        self._rows_since = 0
        self._bytes_since = 0

    async def get(self, key: str) -> Reply | None:
        """The reply that is kept under the key, marked `from_store`; one that cannot be read is not there.

        Everything in it is as it was when it was kept: the call's id, the usage, the cost.
        """
        waiting = self._waiting.get(key)
        if waiting is not None:
            return decoded(waiting)
        if self._unread_since < math.inf == self._again_s:
            return None
        try:
            row = await self._found(key)
        except StoreError:
            return None
        reply = None if row is None else decoded(row[0])
        if row is not None and reply is not None and row[1] < self._clock() - DAY_S:
            self._writer.put_later((key, None))
        return reply

    async def _found(self, key: str) -> tuple[str, float] | None:
        trying = AsyncRetrying(
            retry=retry_if_exception_type(StoreError),
            wait=wait_exponential(multiplier=0.1, max=2.0),
            stop=lambda _state: self._clock() >= self._unread_since + self._patience_s,
            reraise=True,
        )
        row: tuple[str, float] | None = await trying(self._read, key)
        return row

    async def _read(self, key: str) -> tuple[str, float] | None:
        """Right here: that is quicker than asking another thread for it."""
        try:
            with self._reader as db:
                row = self._shelf.read(db, key)
        except StoreError as error:
            self._unread_since = min(self._unread_since, self._clock())
            self._say(error)
            raise
        self._unread_since = math.inf
        return row

    async def put(self, key: str, reply: Reply) -> None:
        """Keep a good reply of at most `LARGEST` characters. When this returns, it survives the end of the process."""
        if not reply.good or reply.from_store or self._away_until == math.inf:
            return
        text = encoded(reply)
        if text is None or len(text) > LARGEST:
            return
        if self._clock() < self._away_until:
            self._wait(key, text)
        else:
            await self._save(key, text)

    async def close(self) -> None:
        """Write what is still to be written, and close the file. The next use opens it again."""
        await self._again.close()
        await self._save_waiting()
        await self._again.close()
        await self._writer.close()
        self._reader.close()

    async def _save(self, key: str, text: str) -> None:
        try:
            await self._writer.put((key, text))
        except StoreError as error:
            self._give_up(error)
            self._wait(key, text)
        except asyncio.CancelledError:  # the writer writes it, if it can
            self._wait(key, text)
            raise
        else:
            await self._save_waiting()

    def _wait(self, key: str, text: str) -> None:
        if self._again_s < math.inf:
            self._waiting.add(key, text)
            self._again.soon()

    async def _saved(self) -> bool:
        """Write what waits; whether something still does."""
        await self._save_waiting()
        return bool(self._waiting)

    async def _save_waiting(self) -> None:
        texts, safe = self._waiting.take(), False
        try:
            await asyncio.gather(*(self._writer.put(item) for item in texts.items()))
            safe, self._away_until = True, 0.0
        except StoreError as error:
            self._give_up(error)
        finally:  # also where whoever put the last is cancelled meanwhile
            (self._waiting.written if safe else self._waiting.put_back)(texts)
            if self._waiting:
                self._again.soon()

    def _write(self, db: sqlite3.Connection, items: Sequence[_Item]) -> None:
        now = self._clock()
        texts = [(key, text) for key, text in items if text is not None]
        self._shelf.touch(db, [key for key, text in items if text is None], now)
        self._shelf.write(db, texts, now)
        self._rows_since += len(texts)
        self._bytes_since += sum(len(text) for _, text in texts)
        if self._is_time_to_measure():
            self._shelf.make_room(db)
            self._measured = True
            self._rows_since = self._bytes_since = 0

    def _is_time_to_measure(self) -> bool:
        rows, most_bytes = self._shelf.rows // _BETWEEN_CHECKS, self._shelf.most_bytes // _BETWEEN_CHECKS
        return not self._measured or self._rows_since > rows or self._bytes_since > most_bytes

    def _give_up(self, error: StoreError) -> None:
        self._away_until = max(self._away_until, self._clock() + self._again_s)
        self._say(error)

    def _say(self, error: StoreError) -> None:
        if self._clock() >= self._told_until:
            self._told_until = self._clock() + self._again_s
            self._tell(trouble(error))
