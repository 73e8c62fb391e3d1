"""Asking a forge, whichever it is: one request at a time, limits waited for, nothing stored twice.

The clients' own retries are off, because they send a POST again after any 5xx and sleep through a limit however long
that lasts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from codedesigner.errors import UnreachableError
from codedesigner.forge.answers import AgainError, Answer

if TYPE_CHECKING:
    from tenacity import AsyncRetrying, RetryCallState

_T = TypeVar("_T")
_FAILURES = 4  # attempts of a request that gets no usable answer
LIMITS = 6
"""Attempts of a request that meets limits."""
_FIRST_BACKOFF_S = 1.0


Around = Callable[[str], AbstractContextManager[Callable[[int], None]]]
"""What is open while something is written: told what (method and path) before, and the answer's status after."""


@contextmanager
def _nothing(_what: str) -> Iterator[Callable[[int], None]]:
    yield lambda _status: None


@dataclass(frozen=True, slots=True)
class Timing:
    """How patient a run is. `patience_s` is for all pauses of a run together, those between writes aside.

    `around` is opened around every write.
    """

    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    between_writes_s: float = 1.0
    patience_s: float = 900.0
    around: Around = _nothing


class Attempts:
    """The turns and the patience of one client."""

    def __init__(self, timing: Timing) -> None:
        self.timing = timing
        self._turn = asyncio.Lock()
        self._last_write: float | None = None
        self._waited = 0.0

    async def send(self, exchange: Callable[[], Answer], *, writes: bool, what: str) -> Answer:
        """One request in a thread, when its turn has come. `what` is its method and path."""
        async with self._turn:
            if writes and self._last_write is not None:
                early = self._last_write + self.timing.between_writes_s - self.timing.now()
                if early > 0:
                    await self.timing.sleep(min(early, self.timing.between_writes_s))
            if not writes:
                return await asyncio.to_thread(exchange)
            try:
                with self.timing.around(what) as answered:
                    answer = await asyncio.to_thread(exchange)
                    answered(answer.status)
                    return answer
            finally:
                self._last_write = self.timing.now()

    async def until(self, attempt: Callable[[int], Awaitable[_T]], *, limits: int = LIMITS) -> _T:
        """`attempt`, again and again where that may help; it is told how many limits were met on the way.

        Raises:
            ForgeError: what the last attempt met.
        """
        met = [0]

        async def once() -> _T:
            return await attempt(met[0])

        try:
            return await self._retrying(met, limits)(once)
        except AgainError as again:
            raise again.error from None

    async def create(
        self,
        attempt: Callable[[int], Awaitable[_T]],
        stored: Callable[[], Awaitable[_T | None]],
        *,
        limits: int = LIMITS,
    ) -> _T:
        """What was created, or what `stored` finds of it.

        After an answer that leaves open whether it was created, `stored` is asked before anything is sent again.
        """
        ambiguous = False

        async def once(met: int) -> _T:
            nonlocal ambiguous
            if ambiguous and (found := await stored()) is not None:
                return found
            try:
                return await attempt(met)
            except AgainError as again:
                ambiguous = ambiguous or again.stored
                raise

        try:
            return await self.until(once, limits=limits)
        except UnreachableError:
            if ambiguous and (found := await stored()) is not None:
                return found
            raise

    def _retrying(self, met: list[int], limits: int) -> AsyncRetrying:
        from tenacity import AsyncRetrying, retry_if_exception_type

        failures = 0

        def pause(state: RetryCallState) -> float:
            again = _again(state)
            return _FIRST_BACKOFF_S * 2.0**failures if again.pause is None else again.pause

        def enough(state: RetryCallState) -> bool:  # asked after `pause`
            nonlocal failures
            again = _again(state)
            if again.limited:
                met[0] += 1
            else:
                failures += 1
            return (
                met[0] >= limits
                or failures >= _FAILURES
                or self._waited + state.upcoming_sleep > self.timing.patience_s
            )

        async def wait(seconds: float) -> None:
            self._waited += seconds
            await self.timing.sleep(seconds)

        return AsyncRetrying(
            retry=retry_if_exception_type(AgainError), stop=enough, wait=pause, sleep=wait, reraise=True
        )


def _again(state: RetryCallState) -> AgainError:
    error = state.outcome.exception() if state.outcome is not None else None
    if not isinstance(error, AgainError):
        raise TypeError("only such attempts are repeated")
    return error
