"""Sessions that were ended before their time: a cookie says how long it holds, the database that it holds no more.

It is kept there for all receivers, and for those that are started later.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from codedesigner.service.store import Store
from codedesigner.service.web.session import Session

FRESH_S = 2.0
SESSIONS = "sessions"
"""Under which name they are kept, each by a digest: what is kept lets nobody in."""


class SignedOut:
    """Reads them once for all requests of `FRESH_S` seconds; what was ended here is known at once."""

    def __init__(self, store: Store, ticks: Callable[[], float]) -> None:
        self._store = store
        self._ticks = ticks
        self._known: frozenset[str] = frozenset()
        self._until = float("-inf")

    async def add(self, session: Session) -> None:
        """The session is over.

        Raises:
            DatabaseError: that cannot be kept; it is not over then.
        """
        name = _name(session)
        await self._store.keep(SESSIONS, {name: session.until})
        self._known |= {name}

    async def has(self, session: Session) -> bool:
        """Whether it is over.

        Raises:
            DatabaseError: that cannot be said.
        """
        if self._ticks() >= self._until:
            self._known = frozenset(await self._store.kept(SESSIONS))
            self._until = self._ticks() + FRESH_S
        return _name(session) in self._known


def _name(session: Session) -> str:
    return sha256(session.id.encode()).hexdigest()
