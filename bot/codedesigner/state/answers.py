"""Answers by content, kept in one SQLite file: who was asked the same before need not be asked again.

Every operation opens the file, does its work in one transaction and closes it. Nothing is held open between two of
them, so that any number of processes can share the file and none can leave it locked.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path

from codedesigner.plan.keys import digest
from codedesigner.protocol.issue import Answer, AnswerStatus, Source
from codedesigner.state.encoding import decoded, encoded
from codedesigner.state.shelf import DAY_S, LARGEST, Shelf
from codedesigner.state.sqlite import Transaction, opened

FILE_NAME = "answers.sqlite"
SCHEMA_VERSION = 1
MOST_ROWS = 100_000
MOST_BYTES = 256_000_000  # of answers; the file itself is a little larger
LARGEST_ANSWER = LARGEST
KEPT: frozenset[AnswerStatus] = frozenset({"answered", "unparsed"})

_BUSY_S = 2.0


def answer_key(location: str, version: str, source: Source) -> str:
    """The name of one location's answer about one source: all that it depends on, and nothing else.

    `version` names the reviewer's program and rules. The source's own `key` is not part of it.
    """
    language = "" if source.language is None else f"language {source.language}"
    return digest(str(SCHEMA_VERSION), location, version, source.path, language, source.text)


class AnswerStore:
    """The answers in one folder. Above its limits, those that were not used for longest are forgotten.

    Every method raises `StoreError` where the file is broken, locked for too long, or open to others. `clock` gives
    Unix time in seconds, `busy_s` is how long to wait for another process.
    """

    def __init__(
        self,
        folder: Path,
        *,
        rows: int = MOST_ROWS,
        most_bytes: int = MOST_BYTES,
        busy_s: float = _BUSY_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = folder / FILE_NAME
        self._shelf = Shelf("answer", rows=rows, most_bytes=most_bytes)
        self._schema = self._shelf.schema(SCHEMA_VERSION)
        self._busy_s = busy_s
        self._clock = clock

    def known(self, keys: Collection[str]) -> frozenset[str]:
        """Those keys under which there is an answer. Does not count as use."""
        with opened(self.path, self._schema, busy_s=self._busy_s) as db:
            return frozenset(key for key in keys if self._shelf.has(db, key))

    def get(self, keys: Collection[str]) -> dict[str, Answer]:
        """The answers that are there; one that cannot be read is not."""
        found: dict[str, Answer] = {}
        now = self._clock()
        stale: list[str] = []
        with opened(self.path, self._schema, busy_s=self._busy_s) as db:
            for key in keys:
                row = self._shelf.read(db, key)
                answer = None if row is None else decoded(row[0])
                if row is not None and answer is not None:
                    found[key] = answer
                    if row[1] < now - DAY_S:
                        stale.append(key)
            if stale:
                # Whoever cannot write loses a date and no answer.
                with suppress(sqlite3.OperationalError), Transaction(db):
                    self._shelf.touch(db, stale, now)
        return found

    def put(self, answers: Mapping[str, Answer]) -> None:
        """Keeps the answers whose status is in `KEPT` and whose size is at most `LARGEST_ANSWER`; the last one wins."""
        values = {key: encoded(answer) for key, answer in answers.items() if answer.status in KEPT}
        texts = [(key, value) for key, value in values.items() if len(value) <= LARGEST_ANSWER]
        if not texts:
            return
        with opened(self.path, self._schema, busy_s=self._busy_s) as db, Transaction(db):
            self._shelf.write(db, texts, self._clock())
            self._shelf.make_room(db)
