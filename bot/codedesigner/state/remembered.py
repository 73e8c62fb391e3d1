"""What was learned about servers, so that the next run need not find it out again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from pydantic import JsonValue

from codedesigner.state.folder import StoreError
from codedesigner.state.shelf import DAY_S, Shelf
from codedesigner.state.sqlite import Transaction, opened

FILE_NAME = "servers.sqlite"
SCHEMA_VERSION = 1
MOST_ROWS = 1_000
LARGEST = 64_000  # characters of one server's facts
OLDEST_S = 30 * DAY_S  # servers are updated: what is older may no longer be so

_BUSY_S = 1.0


class RememberedServers:
    """Facts about servers, as JSON objects by a key that names the server and all that the facts depend on.

    Never raises `StoreError`: where the file is broken or locked, nothing is known, and it is found out again. `clock`
    gives Unix time in seconds.
    """

    def __init__(
        self,
        folder: Path,
        *,
        rows: int = MOST_ROWS,
        busy_s: float = _BUSY_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = folder / FILE_NAME
        self._shelf = Shelf("server", rows=rows, most_bytes=MOST_ROWS * LARGEST)
        self._schema = self._shelf.schema(SCHEMA_VERSION)
        self._busy_s = busy_s
        self._clock = clock

    def get(self, key: str) -> Mapping[str, JsonValue] | None:
        """What was put under the key at most 30 days ago."""
        row = None
        with suppress(StoreError), opened(self.path, self._schema, busy_s=self._busy_s) as db:
            row = self._shelf.read(db, key)
        if row is None or row[1] < self._clock() - OLDEST_S:
            return None
        try:
            facts: JsonValue = json.loads(row[0])
        except (ValueError, RecursionError):
            return None
        return facts if isinstance(facts, dict) else None

    def put(self, key: str, value: Mapping[str, JsonValue]) -> None:
        """Remember facts, in the place of those that were there; of more than `LARGEST`, nothing."""
        try:
            text = json.dumps(dict(value), separators=(",", ":"))
        except (ValueError, RecursionError):
            return
        if len(text) > LARGEST:
            return
        now = self._clock()
        with suppress(StoreError), opened(self.path, self._schema, busy_s=self._busy_s) as db, Transaction(db):
            self._shelf.forget(db, now - OLDEST_S)
            self._shelf.write(db, [(key, text)], now)
            self._shelf.make_room(db)
