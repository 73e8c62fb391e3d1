"""A location whose key is not there: it is never reached, and says why."""

from __future__ import annotations

from dataclasses import dataclass

from codedesigner.call.model import Attempt, Completion, Mode
from codedesigner.call.trouble import Trouble
from codedesigner.pool.provider import Beat, no_beat


@dataclass(frozen=True, slots=True)
class Keyless:
    """Implements `pool.provider.Provider`: every attempt is `unauthorised`, naming the variable that is missing."""

    id: str
    variable: str
    endpoint: str
    modes: tuple[Mode, ...] = ("text",)

    async def send(self, attempt: Attempt, *, timeout_s: float, beat: Beat = no_beat) -> Completion | Trouble:
        """`unauthorised`."""
        return self._trouble()

    async def check(self, *, timeout_s: float) -> Trouble | None:
        """`unauthorised`."""
        return self._trouble()

    def tokens(self, attempt: Attempt) -> int:
        """None: nothing is sent."""
        return 0

    async def close(self) -> None:
        """Nothing is open."""

    def _trouble(self) -> Trouble:
        return Trouble("unauthorised", f"the environment variable {self.variable} holds no key")
