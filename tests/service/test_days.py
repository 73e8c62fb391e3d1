"""Workers over hours, in time that does not pass: quotas are used up, the dead are succeeded, nothing is asked twice.

`python -m bench soak` and `python -m bench scale` do the same for days, and for many workers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest
from bench import service_rig
from bench.criteria import answers, reviews
from bench.scale import run as grown_to
from bench.servers import Server, Servers
from bench.service_rig import CALLS, CONFIG, REVIEW_CALLS, Firm, config, hurried
from bench.soak import run
from bench.virtual import VirtualClock

from codedesigner.event.model import QuestionAsked, ReviewRequested
from codedesigner.service.task import MODULES, Task

T = TypeVar("T")
SLOWEST_S = 25.0
RESEARCH = ("generate_questions", "evaluate_source", "extract_content", "synthesize_findings")
TASKS = (*RESEARCH, "exploration", "critique", "synthesis", "review", "incorporate_insight")
"""Of each review."""


def played(folder: Path, servers: dict[str, Server], work: Callable[[Firm], Awaitable[T]], *, slots: int = 4) -> T:
    """What comes of some hours of a firm; all that it has is `l0` unless told, which is its supervisor as well."""
    with hurried() as loop:
        clock = VirtualClock(loop)
        models = Servers(clock, servers, (15.0, SLOWEST_S), Random(1))  # noqa: S311
        firm = Firm(folder, clock, models, config(slots), 2, consults=False, supervisor="l0")

        async def whole() -> T:
            done = await work(firm)
            await firm.stop()
            return done

        try:
            return loop.run_until_complete(whole())
        finally:
            firm.database.close()


async def asked(firm: Firm, name: str) -> Task:
    """A question of a person, and the task that answered it."""
    await firm.deliver(QuestionAsked(1, name, "ann", "ann", firm.clock.now()), "octo/shop", name)
    while True:
        await firm.clock.sleep(1.0)
        done = [one for one in await firm.tasks() if one.work.kind == f"comment:{name}" and not one.active]
        if done:
            return done[0]


def test_one_worker_uses_what_the_quotas_allow() -> None:
    grown = grown_to(1, 60)
    assert 0.8 <= grown.used <= 0.9
    assert grown.reviews >= 0.8 * grown.used * 3 * 60 / REVIEW_CALLS


@pytest.mark.parametrize(
    ("allows", "after_s"),
    [(100_000, 1_200.0), (60, 1_800.0), (60, 3_000.0)],
    ids=["while it runs", "when the quota is used up", "when it has been for long"],
)
def test_a_person_waits_for_one_call_while_a_review_of_a_thousand_functions_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allows: int, after_s: float
) -> None:
    monkeypatch.setattr(service_rig, "CALLS", {**CALLS, "exploration": 1_000})

    async def work(firm: Firm) -> list[Task]:
        firm.hire()
        for n in range(3):  # the one place is held, and others wait for it
            await firm.deliver(ReviewRequested(None, f"{n:040x}", n + 1), f"octo/r{n}", f"d{n}")
        await firm.clock.sleep(after_s)
        assert firm.servers.answers > 40, "it runs"
        done = [await asked(firm, f"c{n}") for n in range(2)]
        for each in list(firm.hired):
            await firm.kill(each)
        return done

    done = played(tmp_path, {"l0": Server(allows)}, work, slots=1)
    assert [one.outcome for one in done] == ["done", "done"]
    assert max(one.updated_at - one.created_at for one in done) <= 2 * SLOWEST_S


def test_the_dead_are_succeeded_within_a_lease_and_nothing_is_asked_twice(tmp_path: Path) -> None:
    count = 6

    async def work(firm: Firm) -> tuple[Firm, float]:
        firm.hire()
        firm.hire()
        for n in range(count):
            await firm.deliver(ReviewRequested(None, f"{n:040x}", n + 1), "octo/shop", f"d{n}")
        await firm.clock.sleep(50.0)
        first = firm.hired[0]
        had = {entry.task.id for entry in first.worker.entries}
        assert had
        await firm.kill(first)
        killed = firm.clock.monotonic()
        while any(one.id in had and one.owner == "w1" for one in await firm.open()):
            await firm.clock.sleep(1.0)
        taken_over = firm.clock.monotonic() - killed
        while await firm.open():
            await firm.clock.sleep(10.0)
        tasks = await firm.tasks()
        assert {one.state for one in tasks} == {"completed"}
        assert Counter(one.task_type for one in tasks) == dict.fromkeys(TASKS, count)
        return firm, taken_over

    firm, taken_over = played(tmp_path, {"l0": Server(100_000), "l1": Server(1_000)}, work)
    assert taken_over <= CONFIG.lease_s + CONFIG.lease_s / 3 + 2 * CONFIG.tick_s
    assert firm.servers.again == 0
    assert firm.heard["task.lost"] == 0
    assert firm.servers.answers >= count * REVIEW_CALLS


def test_who_is_parked_for_long_is_not_taken_for_dead(tmp_path: Path) -> None:
    async def work(firm: Firm) -> Firm:
        firm.hire()
        firm.hire()
        for n in range(12):
            await firm.deliver(ReviewRequested(None, f"{n:040x}", n + 1), "octo/shop", f"d{n}")
        for n in range(12):
            await firm.clock.sleep(60.0)
            await asked(firm, f"c{n}")
        while await firm.open():
            await firm.clock.sleep(10.0)
        return firm

    firm = played(tmp_path, {"l0": Server(100_000), "l1": Server(400)}, work, slots=1)
    assert firm.heard["task.preempted"] > 0
    assert firm.heard["task.lost"] == firm.heard["task.recovered"] == 0


def test_five_hours_meet_what_it_can_show_of_the_criteria() -> None:
    found = run(0.22)
    assert not [one for one in found.tasks if one.state == "failed"]
    assert {one.module for one in found.done} == set(MODULES)
    assert found.firm.servers.again == 0
    assert max(answers(found)[""]) <= 2 * SLOWEST_S
    assert max(took for _, took in reviews(found)) <= 3_600.0
    own, whole = (sum(getattr(one, name) for one in found.firm.spendings) for name in ("own_ms", "all_ms"))
    assert 0 < own <= 0.1 * whole
    assert found.supervisor.nonsense > 0
    assert found.firm.servers.out("l0", found.firm.clock.now()) == 0.0
    assert found.firm.heard["llm.retry"] > 0, "a server was gone"
