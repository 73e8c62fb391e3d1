"""Many calls from one source: read as replies are taken, over at a set time, each call with one reply."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass

from codedesigner.call.model import Call, Outcome, Reply, Usage
from codedesigner.pool.running import Running

Asked = tuple[Call, Sequence[str]]
"""A call and the ids of the locations that may be asked."""

Ask = Callable[[Running, Sequence[str]], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class ParallelResult:
    """What many calls came to. `usd` is None where a call that was made has no price."""

    replies: tuple[Reply, ...]
    outcomes: Mapping[Outcome, int]
    usage: Usage
    usd: float | None

    @property
    def answered(self) -> tuple[Reply, ...]:
        """The replies that hold an answer."""
        return tuple(reply for reply in self.replies if reply.good)


def gathered(replies: Sequence[Reply]) -> ParallelResult:
    """The replies with their sums."""
    usage, usd = Usage(), 0.0
    for reply in replies:
        usage = usage.plus(reply.usage)
        usd += reply.usd or 0.0
    priced = all(reply.usd is not None for reply in replies)
    return ParallelResult(
        tuple(replies), dict(Counter(reply.outcome for reply in replies)), usage, usd if priced else None
    )


class Batch:
    """The calls of one source on their way, at most `window` of them between the source and the taker."""

    def __init__(
        self, ask: Ask, calls: Iterable[Asked] | AsyncIterable[Asked], *, window: int, total_timeout_s: float
    ) -> None:
        self._ask = ask
        self._source = _Source(calls)
        self._window = window
        self._total_timeout_s = total_timeout_s
        self._room = asyncio.Semaphore(window)
        self._running: set[Running] = set()
        self._done: deque[Reply] = deque()
        self._news = asyncio.Event()
        self._over = False
        self._working = 0
        self._failed: list[asyncio.Task[None]] = []

    async def replies(self) -> AsyncGenerator[Reply, None]:
        """The replies in the order in which they are ready."""
        alarm = asyncio.get_running_loop().call_later(self._total_timeout_s, self._expire)
        workers = [asyncio.create_task(self._work()) for _ in range(self._window)]
        self._working = len(workers)
        for worker in workers:
            worker.add_done_callback(self._worked)
        try:
            while self._working or self._done or self._failed:
                for failed in self._failed:
                    failed.result()
                while self._done:
                    reply = self._done.popleft()
                    self._room.release()
                    yield reply
                if self._working and not self._done and not self._failed:
                    self._news.clear()
                    await self._news.wait()
        finally:
            alarm.cancel()
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    def _worked(self, worker: asyncio.Task[None]) -> None:
        self._working -= 1
        if worker.cancelled() or worker.exception() is not None:
            self._failed.append(worker)
        self._news.set()

    async def _work(self) -> None:
        while True:
            await self._room.acquire()
            asked = await self._source.next()
            if asked is None:
                self._room.release()
                return
            self._done.append(await self._one(*asked))
            self._news.set()

    async def _one(self, call: Call, candidates: Sequence[str]) -> Reply:
        running = Running(call)
        if self._over:
            self._stop(running)
        self._running.add(running)
        try:
            return await self._ask(running, candidates)
        finally:
            self._running.discard(running)

    def _expire(self) -> None:
        self._over = True
        self._source.stop()
        for running in list(self._running):
            self._stop(running)

    def _stop(self, running: Running) -> None:
        begun = running.attempts > 0
        after = f"the {self._total_timeout_s:g} s for all calls were over"
        running.stop("timeout" if begun else "cancelled", after if begun else f"{after} before it was asked")


class _Source:
    """Calls one by one from either kind of iterable."""

    def __init__(self, calls: Iterable[Asked] | AsyncIterable[Asked]) -> None:
        self._plain: Iterator[Asked] | None = None
        self._stream: AsyncIterator[Asked] | None = None
        if isinstance(calls, AsyncIterable):
            self._stream = aiter(calls)
        else:
            self._plain = iter(calls)
        self._turn = asyncio.Lock()
        self._reading: asyncio.Task[Asked | None] | None = None
        self._stopped = False

    async def next(self) -> Asked | None:
        """The next call; None: there is none."""
        if self._plain is not None:
            return next(self._plain, None)
        async with self._turn:
            if self._stopped or self._stream is None:
                return None
            self._reading = reading = asyncio.create_task(self._read(self._stream))
            try:
                return await reading
            except asyncio.CancelledError:
                if reading.cancelled() and self._over():
                    return None
                reading.cancel()
                raise

    def _over(self) -> bool:
        return self._stopped

    def stop(self) -> None:
        """Read no more of an asynchronous source."""
        if self._stream is not None:
            self._stopped = True
            if self._reading is not None:
                self._reading.cancel()

    async def _read(self, stream: AsyncIterator[Asked]) -> Asked | None:
        return await anext(stream, None)
