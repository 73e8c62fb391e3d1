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
    """Does not wait for time."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if not found and timeout is None:
            raise RuntimeError("nobody has anything to do any more, and nothing is going to happen")
        if not found and timeout is not None and timeout > 0:
            self.passed += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its time stands still while anything runs, and jumps to whatever is due next. It has no threads."""

    def __init__(self) -> None:
        self._hurried = _Selector()
        super().__init__(self._hurried)

    def time(self) -> float:
        """Seconds since the loop began."""
        return self._hurried.passed

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """At once and without a thread, as nothing else would happen meanwhile: so each run is the same as the last."""
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 -- whoever awaits it gets it
            future.set_exception(error)
        return future


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
