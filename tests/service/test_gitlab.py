"""A merge request's hooks through inbox and worker to what GitLab shows, and a GitLab that is away for hours."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from tests.doubles.gitlab import GitLab, MergeRequest, Project, User, look, noting
from tests.doubles.server import Fault
from tests.service.bench import QUICK
from tests.service.web.conftest import ask

from codedesigner.assembly.options import ReviewOptions
from codedesigner.forge.attempts import Timing
from codedesigner.service.clones import Clones
from codedesigner.service.desks import ForgeDesks
from codedesigner.service.events import ServiceEvent
from codedesigner.service.forges import Forges
from codedesigner.service.held import Held
from codedesigner.service.host import Base, opened, worker_of
from codedesigner.service.intake import Secrets
from codedesigner.service.logs import silent
from codedesigner.service.rows import select
from codedesigner.service.settings import ServiceSettings
from codedesigner.service.shared import SharedClock
from codedesigner.service.store import Store
from codedesigner.service.task import AWAY_S, Task
from codedesigner.service.web.app import Given, build
from codedesigner.service.web.words import shown

SECRET = "the secret of the hook"
OPEN = "state IN ('pending', 'running', 'paused') OR followed = 0"
CODE = "def total(prices):\n    return summ(prices)\n"


async def at_once(_seconds: float) -> None:
    return None


async def nobody(_call: object) -> None:
    return None


@dataclass
class Lab:
    """GitLab's double, with one project."""

    gitlab: GitLab
    app: Project
    dev: User
    token: str
    count: int = 0

    def opened(self) -> MergeRequest:
        """A merge request, and nothing else to be told about."""
        self.count += 1
        self.gitlab.outbox.clear()
        self.gitlab.push(self.app, f"b{self.count}", {f"cart{self.count}.py": CODE})
        return self.gitlab.open(self.app, f"b{self.count}", self.dev)


@dataclass
class Service:
    """Receiver and worker in this process, in a time that tests move on."""

    base: Base
    app: Any
    lab: Lab
    desks: ForgeDesks
    ahead: list[float]
    heard: list[ServiceEvent] = field(default_factory=list)

    async def deliver(self) -> list[int]:
        """What GitLab's hooks send of all that has happened; each twice, as it does where an answer was late."""
        events, self.lab.gitlab.outbox[:] = list(self.lab.gitlab.outbox), []
        statuses = []
        for event in events:
            sent = event.delivery(token=SECRET)
            headers = {name.lower(): value for name, value in sent.headers.items()}
            headers["content-length"] = str(len(sent.body))
            for _ in range(2):
                reply = await ask(self.app, "POST", "/webhooks/gitlab", headers=headers, body=sent.body)
                statuses.append(reply.status)
        return statuses

    async def work(self, until: Callable[[], Awaitable[bool]]) -> None:
        """A worker, until then."""
        worker = worker_of(self.base, self.desks, nobody, config=QUICK, listen=self.heard.append)
        running = asyncio.create_task(worker.run())
        async with asyncio.timeout(30):
            while not await until() and not running.done():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        worker.stop()
        await running

    async def left(self) -> list[Task]:
        return await self.base.database.look(lambda db: select(db, OPEN))

    async def done(self) -> bool:
        return not await self.left()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    gitlab = GitLab(tmp_path_factory.mktemp("gitlab"))
    dev = gitlab.user("dev")
    app = gitlab.project("group/app", {"a.py": "x = 1\n"}, owner=dev)
    _, token = gitlab.project_token(app)
    with gitlab.running():
        yield Lab(gitlab, app, dev, token)


@asynccontextmanager
async def service(lab: Lab, folder: Path) -> AsyncIterator[Service]:
    gitlab = {
        "url": lab.gitlab.address,
        "token_env": "T",
        "webhook_secret_env": ("S",),
        "repositories": ("group/*",),
    }
    settings = ServiceSettings.model_validate(
        {"forges": {"gitlab": gitlab}, "dashboard": {"token_env": "L"}, "network": {"private": ("127.0.0.1",)}}
    )
    held = Held(webhooks=Secrets((), (SECRET,)), login="x" * 20, gitlab_token=lab.token)
    ahead = [0.0]
    async with opened(None, folder) as base:
        clock = SharedClock(base.database, lambda: time.time() + ahead[0])
        base = replace(base, clock=clock, store=Store(base.database, clock))
        given = Given(settings, held, base.database, silent, clock, time.monotonic, works=False, outcomes=tuple)
        timing = Timing(sleep=at_once, between_writes_s=0.0)
        forges = Forges(settings, held, timing=timing, clones=Clones(folder / "clones"))
        options = ReviewOptions(folder, location=("pyflakes",))
        desks = ForgeDesks(forges.open, base.models, options, {"HOME": str(folder)}, clock)
        yield Service(base, build(given).app, lab, desks, ahead)


def test_a_merge_request_is_reviewed_and_a_comment_is_answered(lab: Lab, tmp_path: Path) -> None:
    async def run() -> None:
        async with service(lab, tmp_path) as here:
            request = lab.opened()
            assert await here.deliver() == [202, 200]
            await here.work(here.done)
            seen = look(lab.gitlab, request)
            assert [(one.line, one.text) for one in seen.threads] == [(2, "    return summ(prices)")]
            assert seen.statuses == {"codedesigner": "failed"}
            assert (len(seen.comments), len(seen.discussions)) == (0, 1), "the summary came with the threads"
            assert "summ" in seen.discussions[0][1]
            asked = noting.comment(lab.gitlab, request, lab.dev, "/codedesigner help")
            lab.gitlab.emit("note", request, lab.dev, note=asked)
            assert set(await here.deliver()) == {202, 200}
            await here.work(here.done)
            after = look(lab.gitlab, request)
            said = [body for name, body in after.comments if name != "dev"]
            said += [body for _, body, _ in after.discussions]
            assert len(said) == 2, "the summary and the answer"
            assert sum("/codedesigner recheck" in body for body in said) == 1

    asyncio.run(run())


def test_a_forge_that_is_away_for_hours_fails_nothing(lab: Lab, tmp_path: Path) -> None:
    async def run() -> None:
        async with service(lab, tmp_path) as here:
            request = lab.opened()
            await here.deliver()
            waits: list[float] = []
            for status in (503, 502, 504, 503, 502, 503, 503, 503):
                lab.gitlab.fail(Fault("*", "", nth=0, status=status, body="<html>"))

                async def waiting() -> bool:
                    return sum(one.name == "task.waiting" for one in here.heard) > len(waits)

                await here.work(waiting)
                lab.gitlab.heal()
                [task] = await here.left()
                assert (task.state, task.retry_count, task.waits) == ("paused", 0, len(waits) + 1)
                now = here.base.clock()
                assert "away for" in str(shown(task, now)["why"])
                waits.append(round(task.not_before - now, -1))
                here.ahead[0] += task.not_before - now
            assert waits == [60, 120, 240, 480, 900, 900, 900, 900]
            await here.work(here.done)
            seen = look(lab.gitlab, request)
            assert (len(seen.threads), len(seen.discussions), seen.statuses) == (1, 1, {"codedesigner": "failed"})
            tasks = await here.base.database.look(lambda db: select(db, "1 = 1"))
            assert {(one.state, one.retry_count, one.waits) for one in tasks} == {("completed", 0, 0)}

    asyncio.run(run())


def test_a_limit_is_waited_for_and_after_a_day_it_is_over(lab: Lab, tmp_path: Path) -> None:
    async def run() -> None:
        async with service(lab, tmp_path) as here:
            lab.opened()
            await here.deliver()
            lab.gitlab.fail(Fault("*", "", nth=0, status=429, headers={"Retry-After": "7200"}))

            async def waiting() -> bool:
                return any(one.name == "task.waiting" for one in here.heard)

            await here.work(waiting)
            [task] = await here.left()
            assert task.not_before - here.base.clock() == pytest.approx(7200, abs=20)
            here.ahead[0] += AWAY_S

            async def failed() -> bool:
                return any(one.name == "task.failed" for one in here.heard)

            await here.work(failed)
            lab.gitlab.heal()
            [task] = await here.base.database.look(lambda db: select(db, "1 = 1"))
            assert (task.state, task.error[:14]) == ("failed", "for 24 hours: ")

    asyncio.run(run())
