"""Several things at once: what is late is ended, and time in which nothing could be done is added."""

from __future__ import annotations

import asyncio

from codedesigner.run.within import for_so_long, within


def test_what_is_late_is_ended_and_what_was_idle_is_no_lateness() -> None:
    async def scene() -> list[bool]:
        loop = asyncio.get_running_loop()
        start = loop.time()

        def idle() -> float:
            return min(0.2, loop.time() - start)  # the first 0.2 s nobody could be asked

        tasks = await within(0.05, (asyncio.sleep(each, each) for each in (0.01, 0.22, 5.0)), idle)
        return [task.cancelled() for task in tasks]

    assert asyncio.run(scene()) == [False, False, True]


def test_all_that_ends_in_time_is_waited_for_and_the_first_failure_ends_the_wait() -> None:
    async def broken() -> None:
        raise ValueError

    async def scene() -> None:
        slow = asyncio.create_task(asyncio.sleep(60))
        await for_so_long([slow, asyncio.create_task(broken())], 30.0)
        assert not slow.done()
        slow.cancel()
        await for_so_long([asyncio.create_task(asyncio.sleep(0))], None)
        await for_so_long([asyncio.create_task(asyncio.sleep(0))], 0.0)

    asyncio.run(scene())
