from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from codedesigner.pool.fake_clock import FakeClock
from codedesigner.pool.leader import Leaders


class Crowd:
    """Calls that go in, with what happens to them written down."""

    def __init__(self, first_wait_s: float = 10.0) -> None:
        self.clock = FakeClock()
        self.leaders = Leaders(first_wait_s)
        self.went: list[tuple[str, float]] = []

    async def one(
        self, name: str, *, begins_s: float | None, takes_s: float, fails: bool = False, key: str = "g"
    ) -> None:
        place = await self.leaders.enter(key)
        try:
            self.went.append((name, self.clock.monotonic()))
            if fails:
                await self.clock.sleep(takes_s)
                place.failed()
                await self.clock.sleep(takes_s)
                return
            if begins_s is not None:
                await self.clock.sleep(begins_s)
                place.begun()
            await self.clock.sleep(takes_s)
        finally:
            place.left()


def test_the_others_go_when_the_first_one_has_begun() -> None:
    crowd = Crowd()

    async def play() -> None:
        await asyncio.gather(*(crowd.one(name, begins_s=2.0, takes_s=3.0) for name in "abc"))
        assert len(crowd.leaders) == 0

    crowd.clock.run(play())
    assert crowd.went == [("a", 0.0), ("b", 2.0), ("c", 2.0)]


def test_who_comes_later_goes_at_once() -> None:
    crowd = Crowd()

    async def play() -> None:
        first = asyncio.create_task(crowd.one("a", begins_s=1.0, takes_s=9.0))
        await crowd.clock.sleep(5)
        await crowd.one("b", begins_s=1.0, takes_s=1.0)
        await first

    crowd.clock.run(play())
    assert crowd.went == [("a", 0.0), ("b", 5.0)]


def test_other_groups_do_not_wait() -> None:
    crowd = Crowd()

    async def play() -> None:
        await asyncio.gather(*(crowd.one(name, begins_s=2.0, takes_s=3.0, key=name) for name in "abc"))

    crowd.clock.run(play())
    assert [at for _, at in crowd.went] == [0.0, 0.0, 0.0]


def test_when_the_first_one_fails_the_next_one_leads() -> None:
    crowd = Crowd()

    async def play() -> None:
        await asyncio.gather(
            crowd.one("a", begins_s=None, takes_s=2.0, fails=True),
            crowd.one("b", begins_s=3.0, takes_s=1.0),
            crowd.one("c", begins_s=3.0, takes_s=1.0),
        )

    crowd.clock.run(play())
    assert crowd.went == [("a", 0.0), ("b", 2.0), ("c", 5.0)]


def test_a_leader_that_hangs_holds_nobody_longer_than_its_time() -> None:
    crowd = Crowd(first_wait_s=4.0)

    async def play() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(crowd.one("a", begins_s=None, takes_s=100.0))
            await crowd.clock.sleep(3)
            group.create_task(crowd.one("b", begins_s=1.0, takes_s=1.0))
            group.create_task(crowd.one("c", begins_s=1.0, takes_s=1.0))

    crowd.clock.run(play())
    assert crowd.went == [("a", 0.0), ("b", 4.0), ("c", 4.0)]


def test_a_group_is_forgotten_with_its_last_call_and_begins_anew() -> None:
    crowd = Crowd()

    async def play() -> None:
        for _ in range(3):
            await asyncio.gather(*(crowd.one(name, begins_s=1.0, takes_s=1.0) for name in "ab"))
            assert len(crowd.leaders) == 0

    crowd.clock.run(play())
    assert [at for _, at in crowd.went] == [0.0, 1.0, 3.0, 4.0, 6.0, 7.0]


def test_who_is_made_leader_while_being_cancelled_hands_on() -> None:
    crowd = Crowd()

    async def play() -> None:
        place = await crowd.leaders.enter("g")
        second = asyncio.create_task(crowd.one("b", begins_s=1.0, takes_s=1.0))
        third = asyncio.create_task(crowd.one("c", begins_s=1.0, takes_s=1.0))
        await crowd.clock.settle()
        place.failed()
        second.cancel()
        await asyncio.wait({second, third})
        place.left()
        assert len(crowd.leaders) == 0

    crowd.clock.run(play())
    assert crowd.went == [("c", 0.0)]


@given(
    st.lists(
        st.tuples(
            st.floats(0, 20), st.none() | st.floats(0, 15), st.booleans(), st.none() | st.floats(0, 20), st.booleans()
        ),
        max_size=8,
    )
)
def test_nobody_is_left_waiting_whatever_happens(
    calls: list[tuple[float, float | None, bool, float | None, bool]],
) -> None:
    crowd = Crowd(first_wait_s=10.0)
    came: dict[str, float] = {}

    async def one(name: str, comes: float, begins: float | None, fails: bool, key: bool) -> None:
        await crowd.clock.sleep(comes)
        came[name] = crowd.clock.monotonic()
        await crowd.one(name, begins_s=begins, takes_s=2.0, fails=fails, key=str(key))

    async def play() -> None:
        tasks = []
        for number, (comes, begins, fails, cancelled, key) in enumerate(calls):
            task = asyncio.create_task(one(f"{number}", comes, begins, fails, key))
            if cancelled is not None:
                asyncio.get_running_loop().call_later(cancelled, task.cancel)
            tasks.append(task)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert len(crowd.leaders) == 0

    crowd.clock.run(play())
    # Every leader before it has had its ten seconds at most.
    assert all(at - came[name] <= 10.0 * len(calls) for name, at in crowd.went)
