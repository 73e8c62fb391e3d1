"""An event loop in which time passes only when nobody has anything to do: days within minutes."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

EPOCH = 1_800_000_000.0


class _Selector(selectors.DefaultSelector):
    """Does not wait for time; for threads that are at work it does."""

    busy = 0
    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.busy:
            return super().select(None if timeout is None or timeout > 0 else 0)
        found = super().select(0)
        if not found and timeout is None:
            raise RuntimeError("nobody has anything to do any more, and nothing is going to happen")
        if not found and timeout is not None and timeout > 0:
            self.passed += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its time stands still while anything runs, threads included, and jumps to whatever is due next."""

    def __init__(self) -> None:
        self._hurried = _Selector()
        super().__init__(self._hurried)

    def time(self) -> float:
        """Seconds since the loop began."""
        return self._hurried.passed

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """The same, and time waits for it."""
        self._hurried.busy += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._ended)
        return future

    def _ended(self, _future: asyncio.Future[T]) -> None:
        self._hurried.busy -= 1


class VirtualClock:
    """Implements `pool.clock.Clock` in a loop's time."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now(self) -> float:
        """Unix time in seconds."""
        return EPOCH + self._loop.time()

    def monotonic(self) -> float:
        """Seconds since the loop began."""
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        """Wait, without taking any time."""
        await asyncio.sleep(seconds)
