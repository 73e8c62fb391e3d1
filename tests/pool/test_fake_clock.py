"""Simulated time: what waits for it wakes in order, at once, and a scene that nobody can go on with ends."""

from __future__ import annotations

import asyncio

import pytest

from codedesigner.pool.fake_clock import EPOCH, FakeClock, StuckError


def test_a_day_passes_at_once_and_wakes_in_order() -> None:
    clock = FakeClock()
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.monotonic()))

    async def scene() -> None:
        await asyncio.gather(sleeper("day", 86_400), sleeper("minute", 60), sleeper("hour", 3600.5))

    clock.run(scene())
    assert woken == [("minute", 60.0), ("hour", 3600.5), ("day", 86_400.0)]
    assert clock.now() == EPOCH + 86_400


def test_timeouts_of_the_loop_are_simulated_too() -> None:
    clock = FakeClock()

    async def scene() -> str:
        try:
            async with asyncio.timeout(30):
                await asyncio.get_running_loop().create_future()
        except TimeoutError:
            return "late"
        return "early"

    assert clock.run(scene()) == "late"
    assert clock.monotonic() == pytest.approx(30)


def test_the_wall_clock_can_be_set_while_time_goes_on() -> None:
    clock = FakeClock(epoch=1000)
    clock.step(-500)
    clock.advance(10)
    assert (clock.now(), clock.monotonic()) == (510, 10)
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)


def test_settling_takes_no_time() -> None:
    clock = FakeClock()
    done: list[int] = []

    async def steps() -> None:
        for number in range(10):
            await asyncio.sleep(0)
            done.append(number)

    async def scene() -> None:
        task = asyncio.create_task(steps())
        await clock.settle()
        assert task.done()

    clock.run(scene())
    assert (len(done), clock.monotonic()) == (10, 0)


def test_threads_are_heard_while_no_timer_is_pending() -> None:
    assert FakeClock().run(asyncio.to_thread(lambda: 5)) == 5


def test_a_scene_where_everybody_waits_is_stuck() -> None:
    async def scene() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(StuckError):
        FakeClock(patience_s=0.01).run(scene())
