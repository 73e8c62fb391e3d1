"""Who is next: the most urgent, among equals the first, and before all whoever has waited too long."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from codedesigner.pool.queue import Ageing, TaskQueue, Waiter

HOUR = 3600.0


def anything(_group: str) -> bool:
    return True


def drained(queue: TaskQueue[str, str], now: float) -> list[str]:
    out = []
    while (waiter := queue.take(now, anything)) is not None:
        out.append(waiter.item)
    return out


def test_higher_priority_first_and_equals_in_their_order() -> None:
    queue: TaskQueue[str, str] = TaskQueue()
    for item, priority in (("a", 5), ("b", 9), ("c", 5), ("d", 9), ("e", 1)):
        queue.enqueue(item, item, priority, 0.0)
    assert drained(queue, 0.0) == ["b", "d", "a", "c", "e"]


def test_an_hour_of_waiting_is_worth_five_points() -> None:
    queue: TaskQueue[str, str] = TaskQueue()
    queue.enqueue("old", "g", 5.0, 0.0)
    queue.enqueue("newer, just as urgent by now", "g", 10.0, HOUR)
    queue.enqueue("newer, more urgent", "g", 10.1, HOUR)
    assert drained(queue, HOUR) == ["newer, more urgent", "old", "newer, just as urgent by now"]


def test_who_has_waited_too_long_goes_before_all_oldest_first() -> None:
    queue: TaskQueue[str, str] = TaskQueue(Ageing(boost_per_hour=0, max_wait_hours=4))
    queue.enqueue("second", "g", 0.0, 0.0)
    queue.enqueue("third", "h", 3.0, 60.0)
    queue.enqueue("urgent", "g", 1000.0, HOUR)
    first = queue.best(4 * HOUR - 1, anything)
    assert first is not None
    assert first.item == "urgent"
    assert drained(queue, 4 * HOUR + 60) == ["second", "third", "urgent"]


def test_only_what_fits_is_taken() -> None:
    queue: TaskQueue[str, str] = TaskQueue()
    queue.enqueue("urgent", "full", 9, 0)
    queue.enqueue("patient", "free", 1, 0)
    taken = queue.take(0, lambda group: group == "free")
    assert taken is not None
    assert taken.item == "patient"
    assert queue.take(0, lambda group: group == "free") is None
    assert queue.depth == 1


def test_who_gives_up_is_not_served_and_leaves_once() -> None:
    queue: TaskQueue[str, str] = TaskQueue()
    leaver = queue.enqueue("leaver", "g", 9, 0)
    queue.enqueue("stayer", "g", 1, 0)
    assert [queue.remove(leaver), queue.remove(leaver)] == [True, False]
    assert (queue.depth, queue.groups) == (1, ("g",))
    assert drained(queue, 0) == ["stayer"]
    assert (queue.depth, queue.groups) == (0, ())


def test_the_average_wait_is_that_of_those_who_wait() -> None:
    queue: TaskQueue[str, str] = TaskQueue()
    assert queue.average_wait_s(50) == 0
    first = queue.enqueue("a", "g", 1, 10)
    queue.enqueue("b", "h", 1, 40)
    assert queue.average_wait_s(50) == pytest.approx(25)
    queue.remove(first)
    assert queue.average_wait_s(50) == pytest.approx(10)


def test_those_who_left_are_forgotten_even_behind_one_who_stays() -> None:
    queue: TaskQueue[str, str] = TaskQueue()
    queue.enqueue("stays, and is last in one order and first in the other", "g", 0, 0)
    for number in range(5000):
        queue.remove(queue.enqueue("passes", "g", 9, number))
        queue.remove(queue.enqueue("passes", "g", -9, number))
    line = queue._lines["g"]
    assert max(len(line.heap), len(line.arrivals)) < 100


def order(waiter: Waiter[str, int], now: float, priority: float) -> tuple[float, ...]:
    """The rule as it is told to people, worked out anew for every look."""
    waited = now - waiter.since
    if waited >= 4 * HOUR:
        return (0, waiter.since, waiter.number)
    return (1, -round(priority + 5 * waited / HOUR, 6), waiter.number)


class QueueMachine(RuleBasedStateMachine):
    """Against a plain list that is sorted at every look."""

    @initialize()
    def start(self) -> None:
        self.queue: TaskQueue[str, int] = TaskQueue()
        self.model: dict[int, tuple[Waiter[str, int], float]] = {}
        self.now = 1000.0

    @rule(priority=st.integers(0, 20), group=st.sampled_from("abc"), pause=st.integers(0, 7200))
    def arrive(self, priority: int, group: str, pause: int) -> None:
        self.now += pause
        waiter = self.queue.enqueue(len(self.model), group, priority, self.now)
        self.model[waiter.number] = (waiter, priority)

    @rule(groups=st.sets(st.sampled_from("abc")), pause=st.integers(0, 7200))
    def serve(self, groups: set[str], pause: int) -> None:
        self.now += pause
        taken = self.queue.take(self.now, groups.__contains__)
        ranked = sorted(
            (waiter for waiter, _ in self.model.values() if waiter.group in groups),
            key=lambda waiter: order(waiter, self.now, self.model[waiter.number][1]),
        )
        assert taken is (ranked[0] if ranked else None)
        if taken is not None:
            del self.model[taken.number]

    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        if self.model:
            number = data.draw(st.sampled_from(sorted(self.model)))
            assert self.queue.remove(self.model.pop(number)[0])

    @invariant()
    def counts(self) -> None:
        if hasattr(self, "queue"):
            assert self.queue.depth == len(self.model)
            assert set(self.queue.groups) == {waiter.group for waiter, _ in self.model.values()}


QueueMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_queue_against_a_sorted_list = QueueMachine.TestCase


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from("ab")), max_size=50))
def test_waiters_of_a_group_are_listed_as_they_came(arrivals: list[tuple[int, str]]) -> None:
    queue: TaskQueue[str, int] = TaskQueue()
    for number, (priority, group) in enumerate(arrivals):
        queue.enqueue(number, group, priority, number)
    for group in "ab":
        expected = [number for number, (_, each) in enumerate(arrivals) if each == group]
        assert [waiter.item for waiter in queue.waiters(group)] == expected
