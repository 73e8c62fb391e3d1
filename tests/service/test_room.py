"""Which tasks may begin: the gate is asked about those whom a task of its type asks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from codedesigner.assembly.shared import SharedModels
from codedesigner.pool.executor import LONGEST_DEEP_S
from codedesigner.pool.fake_clock import FakeClock
from codedesigner.pool.gate import Demand, Denied
from codedesigner.pool.memory import MemoryLedger
from codedesigner.pool.seat import LocationLimits
from codedesigner.service.room import Room, asked_by
from codedesigner.service.task import Context, Task, TaskType, Work

WORK = Work("github", "o/a", 7, "a" * 40, "review")
FACTS: Context = {"models": ["one", "two"], "supervisor": "judge", "deep": True, "fixes": True}


@dataclass(frozen=True)
class Chair:
    """A location as the gate knows it."""

    id: str
    limits: LocationLimits = field(default_factory=LocationLimits)
    tags: tuple[str, ...] = ()

    @property
    def endpoint(self) -> str:
        return self.id


class Models(SharedModels):
    """One call at each place, twenty in an hour, and as many deep ones in a day as `deep` says."""

    def __init__(self, deep: int | None) -> None:
        self.time = FakeClock()
        super().__init__(MemoryLedger(), None, max_concurrent=9, per_endpoint=1, clock=self.time, transport=None)
        for name in ("one", "two"):
            self.seat([Chair(name, LocationLimits(hourly=20))])  # type: ignore[list-item]
        self.seat([Chair("judge", LocationLimits(deep_daily=deep))])  # type: ignore[list-item]

    def take(self, name: str, *, deep: bool = False) -> object:
        """A call that is under way."""
        granted = asyncio.run(self.gate.acquire(Demand("x", (name,), deep=deep)))
        assert not isinstance(granted, Denied)
        return granted


def task(kind: TaskType, context: Context = FACTS, at: float = 0.0) -> Task:
    return Task.create(kind, WORK, context, name=kind, now=at)


def test_who_is_asked_is_known_by_the_type() -> None:
    assert asked_by(task("synthesis")) == ("judge",)
    assert asked_by(task("exploration")) == asked_by(task("critique")) == asked_by(task("review")) == ("one", "two")
    assert asked_by(task("review", {**FACTS, "fixes": False})) == ()
    assert asked_by(task("exploration", {})) is None
    assert asked_by(task("exploration", {**FACTS, "models": []})) == ()


def test_a_task_waits_for_those_whom_it_asks_and_for_nobody_else() -> None:
    models = Models(None)
    room = Room(models, lambda: 0.0)
    plain = {**FACTS, "deep": False}
    models.take("judge")
    assert room.can_execute(task("exploration", plain))
    assert not room.can_execute(task("synthesis", plain))
    assert room.can_execute(replace(task("synthesis", plain), cancelled="superseded")), "what is to end need not wait"
    models.take("one")
    assert room.can_execute(task("critique", plain)), "one of them is enough"
    models.take("two")
    assert not room.can_execute(task("critique", plain))
    assert not room.can_execute(task("exploration", {})), "whoever it asks"
    assert room.can_execute(task("review", {**plain, "fixes": False}))
    assert not room.can_execute(task("review", plain))
    assert room.can_execute(task("exploration", {**plain, "models": []})), "analysers have no gate"
    assert room.can_execute(task("address_comment", {}))
    assert room.can_execute(task("extract_content", {}))
    assert room.can_execute(task("exploration", {**plain, "models": ["new"]})), "nobody knows who was never asked"


def test_a_synthesis_waits_for_quota_to_think_deeply_and_then_goes_without() -> None:
    models, now = Models(2), 1_000.0
    room = Room(models, lambda: now)
    deep = task("synthesis", at=now)
    assert deep.requires_deep_mode
    assert not task("synthesis", {**FACTS, "deep": False}).requires_deep_mode
    assert (room.can_execute(deep), room.has_deep(deep), room.deferred(deep)) == (True, True, False)
    for _ in range(2):
        models.take("judge", deep=True).release()  # type: ignore[attr-defined]
    assert (room.can_execute(deep), room.has_deep(deep), room.deferred(deep)) == (False, False, True)
    shallow = task("synthesis", {**FACTS, "deep": False}, at=now)
    assert (room.can_execute(shallow), room.has_deep(shallow), room.deferred(shallow)) == (True, True, False)
    now += LONGEST_DEEP_S
    assert (room.can_execute(deep), room.has_deep(deep), room.deferred(deep)) == (True, False, False)


def test_a_busy_supervisor_is_waited_for_and_keeps_its_depth() -> None:
    models = Models(2)
    room = Room(models, lambda: LONGEST_DEEP_S)
    held = models.take("judge")
    deep = task("synthesis")
    assert (room.can_execute(deep), room.has_deep(deep), room.deferred(deep)) == (False, True, False)
    held.release()  # type: ignore[attr-defined]
    assert room.can_execute(deep)


@pytest.mark.parametrize("kind", ["exploration", "critique", "review"])
def test_other_tasks_are_never_deferred(kind: TaskType) -> None:
    models = Models(1)
    models.take("judge", deep=True).release()  # type: ignore[attr-defined]
    room = Room(models, lambda: 0.0)
    assert not room.deferred(task(kind))
    assert not room.has_deep(task(kind)), "where one task makes all stages, it judges without"
