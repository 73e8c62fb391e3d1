"""A clock on which days pass in milliseconds, for tests of whatever waits: ours and those of the package's users."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

EPOCH = 1_800_000_000.0
"""Where the wall clock starts; a whole minute."""


class StuckError(RuntimeError):
    """Everybody waits for somebody else: no timer is left, and nothing came from outside either."""


class FakeClock:
    """Simulated time. `run` drives a coroutine on an event loop whose own time is this clock's.

    As soon as nobody can go on, the clock jumps to the next timer, so `asyncio.sleep`, `asyncio.timeout`,
    `loop.call_later` and `clock.sleep` all take no real time and always happen in the same order:

        clock = FakeClock()

        async def scene() -> None:
            await clock.sleep(86_400)

        clock.run(scene())
        assert clock.monotonic() == 86_400

    Answers from threads and sockets are taken as they come, but time runs ahead of them while a timer is pending: leave
    them out. A clock can `run` several times, one after the other; time goes on. Where no timer is left, it
    waits `patience_s` real seconds for what comes from outside.
    """

    def __init__(self, epoch: float = EPOCH, patience_s: float = 5.0) -> None:
        self.patience_s = patience_s
        self._monotonic = 0.0
        self._epoch = epoch

    def now(self) -> float:
        """Unix time in seconds."""
        return self._epoch + self._monotonic

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self._monotonic

    async def sleep(self, seconds: float) -> None:
        """Wait, on a loop that `run` has started."""
        await asyncio.sleep(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass at once, whoever is waiting: as if the machine had been busy. They wake afterwards."""
        if seconds < 0:
            raise ValueError("time does not go back; step() sets the wall clock")
        self._monotonic += seconds

    def step(self, seconds: float) -> None:
        """Set the wall clock forward, or back where negative: no time passes."""
        self._epoch += seconds

    async def settle(self, turns: int = 50) -> None:
        """Let everybody go on who can without time passing (to the depth of `turns` turns of the loop)."""
        for _ in range(turns):
            await asyncio.sleep(0)

    def run(self, scene: Coroutine[Any, Any, T]) -> T:
        """Run the coroutine to its end in simulated time, then cancel what it has left running.

        Raises `StuckError` where everybody waits and no timer is left.
        """
        with asyncio.Runner(loop_factory=lambda: _Loop(self)) as runner:
            return runner.run(scene)


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing but what is there: the rest of the wait is skipped."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0 if timeout is not None else self._clock.patience_s)
        if ready:
            return ready
        if timeout is None:
            raise StuckError("everybody waits, and no timer is left to wake anyone")
        self._clock.advance(max(0.0, timeout))
        return []


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, clock: FakeClock) -> None:
        super().__init__(_Jumping(clock))
        self._clock = clock

    def time(self) -> float:
        return self._clock.monotonic()
