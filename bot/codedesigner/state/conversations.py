"""Conversations in one SQLite file, kept as they grow: what was written once is never written again."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import get_args

from codedesigner.run.conversation import HEAD, Conversation, Message, Role
from codedesigner.state.folder import StoreError
from codedesigner.state.sqlite import Schema, Transaction, opened

FILE_NAME = "conversations.sqlite"
MOST_CONVERSATIONS = 1_000
MOST_BYTES = 64_000_000  # of messages, in all conversations
LARGEST = 4_000_000  # bytes of one conversation

_BUSY_S = 2.0
_ROOM = 0.9  # of the limits, after making room
_ROLES: tuple[Role, ...] = get_args(Role)
_CREATE = (
    """
    CREATE TABLE conversation (
        id TEXT PRIMARY KEY, used REAL NOT NULL, location TEXT, count INTEGER NOT NULL, size INTEGER NOT NULL,
        summary TEXT NOT NULL, summarised INTEGER NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE message (
        id TEXT NOT NULL, nth INTEGER NOT NULL, role TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (id, nth)
    ) WITHOUT ROWID
    """,
)
_SCHEMA = Schema(1, _CREATE)
_KNOWN = "SELECT count, size FROM conversation WHERE id = ?"
_LAST = "SELECT role, text FROM message WHERE id = ? AND nth = ?"
_ADD = "INSERT INTO message (id, nth, role, text) VALUES (?, ?, ?, ?)"
_PUT = """
INSERT INTO conversation (id, used, location, count, size, summary, summarised) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET used = excluded.used, location = excluded.location, count = excluded.count,
    size = excluded.size, summary = excluded.summary, summarised = excluded.summarised
"""
_READ = "SELECT location, summary, summarised FROM conversation WHERE id = ?"
_MESSAGES = "SELECT role, text FROM message WHERE id = ? ORDER BY nth"
_TOTAL = "SELECT count(*), coalesce(sum(size), 0) FROM conversation"
_OLDEST = "SELECT id, size FROM conversation WHERE id <> ? ORDER BY used, id"
_FORGET = ("DELETE FROM message WHERE id = ?", "DELETE FROM conversation WHERE id = ?")


class ConversationStore:
    """The conversations in one folder. Above its limits, those that were not gone on with for longest are forgotten.

    Every method raises `StoreError` where the file is broken, locked for too long, or open to others. `clock` gives
    Unix time in seconds, `busy_s` is how long to wait for another process.
    """

    def __init__(
        self,
        folder: Path,
        *,
        most: int = MOST_CONVERSATIONS,
        most_bytes: int = MOST_BYTES,
        largest: int = LARGEST,
        busy_s: float = _BUSY_S,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = folder / FILE_NAME
        self._most = most
        self._most_bytes = most_bytes
        self._largest = min(largest, most_bytes)
        self._busy_s = busy_s
        self._clock = clock

    def keep(self, name: str, conversation: Conversation) -> int:
        """Write the messages that are new since it was last kept under this name, and its summary; how many they are.

        Raises:
            StoreError: it would be too large, or another conversation is kept under the name.
        """
        with opened(self.path, _SCHEMA, busy_s=self._busy_s) as db, Transaction(db):
            count, size = db.execute(_KNOWN, (name,)).fetchone() or (0, 0)
            _check_same(db, name, count, conversation)
            new = conversation.messages[count:]
            size += sum(len(message.text.encode("utf-8", "replace")) for message in new)
            if size > self._largest:
                raise StoreError(f"the conversation {name} is not kept: it has more than {self._largest} bytes")
            db.executemany(
                _ADD,
                ((name, nth, message.role, _text(message.text)) for nth, message in enumerate(new, start=count)),
            )
            db.execute(
                _PUT,
                (
                    name,
                    self._clock(),
                    conversation.location,
                    len(conversation.messages),
                    size,
                    _text(conversation.summary),
                    conversation.summarised,
                ),
            )
            self._make_room(db, name)
        return len(new)

    def find(self, name: str) -> Conversation | None:
        """The conversation, whole; None where there is none, or none that can be read."""
        with opened(self.path, _SCHEMA, busy_s=self._busy_s) as db, Transaction(db):
            row = db.execute(_READ, (name,)).fetchone()
            said = db.execute(_MESSAGES, (name,)).fetchall()
        if row is None:
            return None
        messages = tuple(Message(role, str(text)) for named, text in said for role in _ROLES if role == named)
        if len(messages) != len(said) or len(messages) < HEAD:
            return None
        location, summary, summarised = row
        try:
            return Conversation(messages, str(summary), int(summarised), location)
        except (TypeError, ValueError):
            return None

    def forget(self, name: str) -> None:
        """Take it away, if it is there."""
        with opened(self.path, _SCHEMA, busy_s=self._busy_s) as db, Transaction(db):
            _forget(db, name)

    def _make_room(self, db: sqlite3.Connection, keeping: str) -> None:
        count, size = db.execute(_TOTAL).fetchone()
        if count <= self._most and size <= self._most_bytes:
            return
        for name, bytes_ in db.execute(_OLDEST, (keeping,)).fetchall():
            if count <= self._most * _ROOM and size <= self._most_bytes * _ROOM:
                break
            _forget(db, name)
            count, size = count - 1, size - bytes_


def _check_same(db: sqlite3.Connection, name: str, count: int, conversation: Conversation) -> None:
    """The last message that is kept stands for all before it: comparing all would read the whole history each turn."""
    if count == 0:
        return
    row = db.execute(_LAST, (name, count - 1)).fetchone()
    known = conversation.messages[count - 1] if count <= len(conversation.messages) else None
    if row is None or known is None or row != (known.role, _text(known.text)):
        raise StoreError(f"another conversation is kept under the name {name}")


def _forget(db: sqlite3.Connection, name: str) -> None:
    for statement in _FORGET:
        db.execute(statement, (name,))


def _text(text: str) -> str:
    """As SQLite can hold it: halves of surrogate pairs become question marks."""
    return text.encode("utf-8", "replace").decode()
