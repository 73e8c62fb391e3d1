"""Workers over hours, in time that does not pass: quotas are used up, the dead are succeeded, nothing is asked twice.

`python -m bench soak` and `python -m bench scale` do the same for days, and for many workers.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

from bench.scale import run
from bench.service_rig import CONFIG, REVIEW_CALLS, Firm, Models, hurried
from bench.virtual import VirtualClock

from codedesigner.event.model import ReviewRequested

RESEARCH = ("generate_questions", "evaluate_source", "extract_content", "synthesize_findings")
TASKS = (*RESEARCH, "exploration", "critique", "synthesis", "review", "incorporate_insight")
"""Of each review."""


def test_one_worker_uses_what_the_quotas_allow() -> None:
    grown = run(1, 60)
    assert 0.8 <= grown.used <= 1.0
    assert grown.reviews >= 0.8 * grown.used * 3 * 60 / REVIEW_CALLS


def test_the_dead_are_succeeded_within_a_lease_and_nothing_is_asked_twice(tmp_path: Path) -> None:
    reviews = 6
    with hurried() as loop:
        clock = VirtualClock(loop)
        models = Models(clock, {"l0": 1_000}, (15.0, 25.0), Random(1))  # noqa: S311
        firm = Firm(tmp_path, clock, models, consults=False)

        async def work() -> float:
            firm.hire()
            firm.hire()
            for n in range(reviews):
                await firm.deliver(ReviewRequested(None, f"{n:040x}", n + 1), "octo/shop", f"d{n}")
            await clock.sleep(50.0)
            first = firm.hired[0]
            had = {entry.task.id for entry in first.worker.entries}
            assert had
            await firm.kill(first)
            killed = clock.monotonic()
            while any(one.id in had and one.state == "running" for one in await firm.open() if one.owner == "w1"):
                await clock.sleep(1.0)
            taken_over = clock.monotonic() - killed
            while await firm.open():
                await clock.sleep(10.0)
            tasks = await firm.tasks()
            await firm.stop()
            assert [one.state for one in tasks] == ["completed"] * (reviews * len(TASKS))
            assert Counter(one.task_type for one in tasks) == dict.fromkeys(TASKS, reviews)
            return taken_over

        try:
            taken_over = loop.run_until_complete(work())
        finally:
            firm.database.close()
    assert taken_over <= CONFIG.lease_s + CONFIG.lease_s / 3 + 2 * CONFIG.tick_s
    assert models.again == 0
    assert sum(map(len, models.answered.values())) == reviews * REVIEW_CALLS
