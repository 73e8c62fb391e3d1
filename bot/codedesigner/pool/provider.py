"""The seam between the pool and those who reach a model server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from codedesigner.call.model import Attempt, Completion, Mode
from codedesigner.call.trouble import Trouble

Beat = Callable[[float], None]
"""Called when a part of an answer has come, with the share (0..1) of it that is there, as far as that is known."""


def no_beat(_share: float) -> None:
    """A beat that nobody hears."""


class Provider(Protocol):
    """A location made reachable: a model behind a server. It sends one attempt and says what came of it.

    It never waits for a limit, never tries again and never keeps anything: that is the pool's. What it learns about
    its server (a parameter that is refused, a mode that is not honoured) it remembers and acts upon.
    """

    @property
    def id(self) -> str:
        """The location's id, as in `locations.yaml`."""

    @property
    def endpoint(self) -> str:
        """Whose limit on concurrency it shares: scheme, host and port, or another name."""

    @property
    def modes(self) -> tuple[Mode, ...]:
        """How it can be asked for a schema, the strictest first; at least `text`. May become fewer."""

    async def send(self, attempt: Attempt, *, timeout_s: float, beat: Beat = no_beat) -> Completion | Trouble:
        """One request, one answer.

        Raises nothing but `asyncio.CancelledError`, which closes the connection so that the server can stop.
        """

    async def check(self, *, timeout_s: float) -> Trouble | None:
        """Ask for as little as possible: is the server there, is the key accepted, is the model there?"""

    def tokens(self, attempt: Attempt) -> int:
        """About how many tokens the attempt uses at most: its prompt's and those that the answer may have."""

    async def close(self) -> None:
        """Close all connections."""
