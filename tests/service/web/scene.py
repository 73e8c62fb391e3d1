"""A service in the middle of its day: reviews that wait, run and are done, workers, quotas, history."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from sqlalchemy import text
from tests.publish.sample import sample

from codedesigner.event.model import CommandIssued, Event, ReviewRequested
from codedesigner.publish.report import LocationReport, Report, to_json
from codedesigner.pullrequest.linking import Linked
from codedesigner.run.sources import Refused, Sources
from codedesigner.service.counting import Kind, count
from codedesigner.service.database import Database
from codedesigner.service.inbox import Accepted, SqlInbox
from codedesigner.service.intake import Delivery
from codedesigner.service.modules.research import Evaluated, to_text
from codedesigner.service.store import Store
from codedesigner.service.task import ORDER, Task, TaskType
from codedesigner.vote.history import Record

BASE = "b" * 40
RECORDS = (
    Record("qwen-coder", "correctness", "model/correctness", 41.0, 7.5),
    Record("qwen-coder", "security", "model/security", 4.0, 9.0),
    Record("ruff", "correctness", "undefined-name", 96.0, 1.0),
    Record("ruff", "style", "unused-import", 12.0, 3.0),
    Record("bandit", "security", "shell-injection", 6.0, 11.0),
)
RAN: dict[str, float] = {
    "generate_questions": 2.1, "evaluate_source": 0.4, "extract_content": 1.7, "synthesize_findings": 0.2,
    "exploration": 61.3, "critique": 24.8, "synthesis": 6.2, "review": 1.9, "incorporate_insight": 7.4,
}  # fmt: skip
SOURCES = Sources(
    head="h" * 40,
    base="b" * 40,
    changed=("src/cart.py",),
    code=("src/orders.py", "tests/test_cart.py"),
    documents=("docs/checkout.md",),
    refused=(
        Refused("document", "the change adds it: documents count as they were before", 1, ("docs/praise.md",)),
        Refused("code", "it is further from the change than what is read", 11, ("legacy/a.py", "legacy/b.py")),
    ),
)
HOSTILE = "</title><script>alert(1)</script> & \u202e 'x' \x1b[2J"


def with_models(report: Report) -> Report:
    """The report, as if models had been asked, too."""
    qwen = LocationReport(
        id="qwen-coder", status="idle", detail="", requests_total=38, requests_failed=1, average_latency_ms=2210.0,
        p99_latency_ms=6104.5, tokens_in=181_200, tokens_out=9_340, tokens_cached=64_000, cost_usd=0.0431,
    )  # fmt: skip
    usage = report.usage.model_copy(
        update={"model_calls": 38, "cached_calls": 6, "tokens_in": 181_200, "tokens_out": 9_340, "duration_ms": 94_100}
    )
    return report.model_copy(update={"locations": (*report.locations, qwen), "usage": usage})


@dataclass
class Scene:
    """Puts things into the database as workers would."""

    database: Database
    clock: Callable[[], float] = time.time
    count: int = 0

    def __post_init__(self) -> None:
        self.inbox, self.store = SqlInbox(self.database, self.clock), Store(self.database, self.clock)

    async def asked(self, repo: str, number: int, event: Event | None = None) -> Task:
        """A delivery; the task that it made."""
        self.count += 1
        head = sha256(str(self.count).encode()).hexdigest()[:40]
        came = await self.inbox.accept(
            Delivery("github", f"d{self.count}", head, repo, 11, 5, event or ReviewRequested(BASE, head, number))
        )
        assert isinstance(came, Accepted)
        task = await self.store.get(came.task_id)
        assert task is not None
        return task

    async def begun(self, task: Task, worker: str = "host-1") -> Task:
        """A worker has it."""
        found = await self.store.start(task, worker, 3600.0, {"priority": 61.5, "reason": "aged"})
        assert found is not None
        return found

    async def done(
        self, task: Task, report: Report | None = None, outcome: str = "done", *, left: str = "", ran_s: float = 0.0
    ) -> Task:
        """It has ended, with a report or what its followers go on from."""
        running = await self.begun(task)
        after = replace(running.completed(self.clock(), outcome), ran_s=ran_s)
        if task.task_type == "evaluate_source":
            after = replace(after, context={**after.context, "read": 4, "refused": 12})
        if report is not None:
            after = replace(after, context={**after.context, "findings": len(report.findings)})
        left = left if report is None else to_json(report)
        assert await self.store.change(running, after, "task.completed", {"outcome": outcome}, result=left)
        self.database.do(lambda db: db.execute(text("UPDATE tasks SET followed = 1 WHERE id = :id"), {"id": after.id}))
        return after

    async def failed(self, task: Task, error: str) -> Task:
        """It broke for good."""
        running = await self.begun(task)
        after = running.failed(self.clock(), error, again=False)
        assert await self.store.change(running, after, "task.failed", {"error": error})
        return after

    async def next_of(self, task: Task, kind: TaskType) -> Task:
        """The task that follows."""
        self.count += 1
        made = Task.create(kind, task.work, dict(task.context), name=f"follow{self.count:010x}", now=self.clock())
        assert await self.store.submit([made]) == [True]
        return made

    async def told(self, task: Task, name: str, **detail: object) -> None:
        """Something that happened to it."""
        given = {"id": f"{int(self.clock() * 1e6):016x}{self.count:08x}", "task": task.id, "work": task.work.name}
        self.count += 1
        more = {"at": self.clock(), "name": name, "detail": json.dumps(detail)}
        insert = text("INSERT INTO journal VALUES (:id, :task, :work, :at, :name, :detail)")
        await self.database.run(lambda db: db.execute(insert, {**given, **more}))

    async def quotas(self) -> None:
        """Calls that were made, and a limit that was hit."""
        now = int(self.clock())
        rows = [("qwen-coder", 1, now, 4, 9_000), ("qwen-coder", 60, now - now % 60, 41, 0), ("ruff", 60, now, 12, 0)]
        rows.append(("qwen-coder", 900, now - now % 900, 3, 0))

        def work(db: object) -> None:
            for row in rows:
                given = dict(zip(("l", "w", "a", "r", "t"), row, strict=True))
                db.execute(text("INSERT INTO quota_usage VALUES (:l, :w, :a, :r, :t)"), given)  # type: ignore[attr-defined]
            held = {"l": "claude", "u": now + 95.0, "r": "429 for 95 s"}
            into = "INSERT INTO quota_standing VALUES (:l, :u, :r, NULL, NULL, NULL, NULL)"
            db.execute(text(into), held)  # type: ignore[attr-defined]
            learned = "INSERT INTO quota_standing VALUES ('qwen-coder', 0, '', 8, 1, 48, 1)"
            db.execute(text(learned))  # type: ignore[attr-defined]

        await self.database.run(work)
        new: dict[tuple[Kind, str], int] = {
            ("calls", "qwen-coder"): 114,
            ("deep", "qwen-coder"): 3,
            ("limits", "claude"): 1,
        }
        await self.database.run(lambda db: count(self.database, db, new, self.clock()))

    async def through(self, first: Task, kinds: Sequence[TaskType]) -> Task:
        """One task after the other, of the kinds from the first on; the last of them."""
        task = first
        for kind in kinds:
            if kind != task.task_type:
                task = await self.next_of(task, kind)
            task = await self.done(
                task,
                left=to_text(Evaluated(SOURCES, Linked(trusted=(41,)))) if kind == "evaluate_source" else "",
                ran_s=RAN[kind],
            )
        return task

    async def reviewed(self, first: Task, report: Report) -> Task:
        """All tasks of a review; the one that has left its report."""
        judged = await self.through(first, ORDER[:7])
        reported = await self.done(await self.next_of(judged, "review"), report, ran_s=RAN["review"])
        await self.done(await self.next_of(reported, "incorporate_insight"), ran_s=RAN["incorporate_insight"])
        return reported

    async def day(self) -> dict[str, Task]:
        """All of it; the tasks that tests look at."""
        await self.store.register("host-1", "host", 4242, 4)
        await self.store.register("host-2", "other", 4243, 2)
        report = with_models(sample().report)
        found = {}
        for number, repo in ((12, "octo/shop"), (7, "octo/engine"), (31, "octo/site")):
            found[repo] = await self.reviewed(await self.asked(repo, number), report)
        briefed = await self.through(await self.asked("octo/shop", 15), ORDER[:4])
        running = await self.begun(await self.next_of(briefed, "exploration"))
        for share in range(1, 11):
            trend = "converging" if share > 7 else "discovering"
            await self.told(
                running, "task.progress", percent=share * 7, asked=share * 8, found=min(9, share), trend=trend
            )
        found["running"] = running
        said = CommandIssued(15, "recheck", "", "901", "1", "ann", self.clock())
        found["comment"] = await self.asked("octo/shop", 15, said)
        for number in (16, 17, 18):
            found["waiting"] = await self.asked("octo/engine", number)
        section = await self.next_of(found["octo/shop"], "draft_section")
        await self.begun(section, "host-2")
        await self.failed(await self.asked("octo/site", 32), f"the forge's answer was: {HOSTILE}")
        await self.quotas()
        return found
