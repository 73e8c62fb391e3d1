"""A review by models, a task for each stage: published as if made in one go, whatever comes in between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import text
from tests.pullrequest.stage import NUMBER, Stage

from codedesigner.assembly.staged import read
from codedesigner.event.model import QueueEntered, ReviewRequested
from codedesigner.publish.discussion import PullState
from codedesigner.publish.report import Report
from codedesigner.publish.scrub import KnownSecrets
from codedesigner.service.database import open_database
from codedesigner.service.reviews import ReviewBoard
from codedesigner.service.task import Task, TaskType

from .bench import QUICK, Shop

BEFORE = {"a.py": "def f(x):\n    return x\n"}
AFTER = {"a.py": "def f(x):\n    y = 1 / x\n    return y\n"}
CLAIM = {
    "description": "f(0) raises ZeroDivisionError sesame-open",
    "severity": "high",
    "evidence": "    y = 1 / x",
    "location": {"line": 2},
    "confidence": 0.9,
}
PROPOSES = {"issues": [CLAIM], "summary": "one defect"}
SILENT = {"issues": [], "summary": "fine"}
REFUTES = {"analysis": "every caller checks x", "verdict": "no", "confidence": 0.8}
JUDGES = {"analysis": "f(0) is reached", "choice": "defect", "severity": "high", "confidence": 0.9}
RESEARCH = ["generate_questions", "evaluate_source", "extract_content", "synthesize_findings"]
CHAIN = [*RESEARCH, "exploration", "critique", "synthesis", "review", "incorporate_insight"]
STAGES = ["exploration", "critique", "synthesis"]


def locations(folder: Path, *, deep_daily: int | None = None) -> Path:
    """Two models of which one claims what the other refutes, and a supervisor."""
    scripts: dict[str, Any] = {
        "claims": [{"when": "Look for:", "answer": PROPOSES}, {"answer": SILENT}],
        "denies": [{"when": "Another reviewer claims", "answer": REFUTES}, {"answer": SILENT}],
        "judge": [
            {"when": "Before you decide", "answer": {"lookups": []}},
            {"when": 'View "no_defect"', "answer": JUDGES},
        ],
    }
    entries = []
    for name, rules in scripts.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump({"rules": rules}))
        provider = {"type": "scripted", "model_id": str(folder / f"{name}.yaml"), "retry_config": {"max_retries": 0}}
        entries.append({"id": name, "name": name, "provider": provider})
    entries[-1] |= {"tags": ["supervisor"], "limits": {} if deep_daily is None else {"deep_daily": deep_daily}}
    file = folder / "locations.yaml"
    file.write_text(yaml.safe_dump({"shipped": False, "locations": entries}))
    return file


@pytest.fixture
def shop(make_repo: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Shop]:
    monkeypatch.setenv("CODEDESIGNER_STATE_DIR", str(tmp_path / "state"))
    database = open_database(f"sqlite:///{tmp_path / 'service.sqlite'}", tmp_path)
    small = {".codedesigner.yml": "angles: [correctness]\nmax_passes: 1\n"}
    stage = Stage(make_repo({**BEFORE, **small}), locations=(), locations_file=locations(tmp_path))
    stage.open(AFTER)
    stage.environ |= {"CODEDESIGNER_STATE_DIR": str(tmp_path / "state"), "CODEDESIGNER_FIX__CALLS": "0"}
    yield Shop(stage, database)
    database.close()


def review(shop: Shop) -> ReviewRequested:
    return ReviewRequested(shop.stage.pull.base, shop.stage.pull.head, NUMBER)


def left(shop: Shop) -> dict[str, str]:
    """What each task has left that holds code."""
    no_code = "('generate_questions', 'evaluate_source')"
    found = text(f"SELECT task_type, result FROM tasks WHERE result <> '' AND task_type NOT IN {no_code}")  # noqa: S608
    rows = shop.database.do(lambda db: db.execute(found).all())
    return {row.task_type: row.result for row in rows}


def facts(report: Report) -> object:
    """All of a report but times."""
    data = json.loads(report.model_dump_json())
    data["usage"]["duration_ms"] = data["mode"]["activated_at"] = 0
    for location in data["locations"]:
        location["average_latency_ms"] = location["p99_latency_ms"] = 0
    return data


def at_once(shop: Shop, folder: Path) -> object:
    """The same review in one go, with nothing that is known from before."""
    elsewhere(shop, folder / "other")
    desk = shop.stage.desk

    async def run() -> Report:
        from codedesigner.pullrequest.desk import Order
        from codedesigner.pullrequest.standing import standing_of

        pull = shop.stage.pull
        stand = await standing_of(desk, pull)
        return await desk.reviewing.review(
            await desk.reviewing.prepare(Order(pull, pull.base, pull.head, stand.standing))
        )

    found = asyncio.run(run())
    elsewhere(shop, folder / "state")
    return facts(found)


def elsewhere(shop: Shop, folder: Path) -> None:
    """Nothing is known any more that is not in the service's database."""
    shop.stage.environ["CODEDESIGNER_STATE_DIR"] = str(folder)


def types(tasks: list[Task]) -> list[str]:
    return [one.task_type for one in tasks]


async def until_ended(shop: Shop, kind: str, name: str) -> None:
    """A worker works until a task of that type has ended, and is gone then, in the next one."""
    shop.halted, shop.config = (CHAIN[CHAIN.index(kind) + 1],), replace(QUICK, grace_s=0.0)
    running = asyncio.create_task(shop.worker(name).run())

    async def begun() -> bool:
        return any(one.task_type in shop.halted and one.state == "running" for one in await shop.tasks())

    await shop.until(begun)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await shop.store.free(name)
    shop.halted = ()


def test_a_task_for_each_stage_publishes_what_one_go_does_and_leaves_the_report_alone(
    shop: Shop, tmp_path: Path
) -> None:
    whole = at_once(shop, tmp_path)

    async def run() -> list[Task]:
        await shop.deliver(review(shop))
        return await shop.settle(shop.worker())

    tasks = asyncio.run(run())
    assert types(tasks) == CHAIN
    assert {one.outcome for one in tasks} == {"done"}
    assert [one.requires_deep_mode for one in tasks] == [False] * len(CHAIN), "nobody limits deep thinking"
    assert list(left(shop)) == ["review"]
    report = Report.model_validate_json(left(shop)["review"])
    assert facts(report) == whole
    assert (report.usage.model_calls, report.usage.cached_calls) == (5, 0)
    assert {one.requests_total for one in report.locations} == {1, 2}
    assert shop.stage.check().conclusion == "failure"
    assert len(shop.stage.discussion.threads) == 1
    board = ReviewBoard(shop.database, shop.store.clock)
    seen = asyncio.run(board.reviews())
    assert [(one.task_id, one.findings) for one in seen.reviews] == [(tasks[-2].id, report.findings)]
    assert asyncio.run(board.whole(tasks[-2].id)) == report


@pytest.mark.parametrize("kind", STAGES)
def test_who_goes_on_after_a_stage_asks_nobody_again(shop: Shop, tmp_path: Path, kind: str) -> None:
    whole = at_once(shop, tmp_path)

    async def run() -> list[Task]:
        await shop.deliver(review(shop))
        await until_ended(shop, kind, "first")
        assert list(left(shop)) == [*RESEARCH[2:], kind], "what the stage before has left is forgotten"
        so_far = read(left(shop)[kind]).so_far
        assert [so_far.critiqued is not None, so_far.synthesised is not None] == [
            kind != "exploration",
            kind == "synthesis",
        ]
        elsewhere(shop, tmp_path / "elsewhere")
        return await shop.settle(shop.worker("second"))

    assert types(asyncio.run(run())) == CHAIN
    assert facts(Report.model_validate_json(left(shop)["review"])) == whole


@pytest.mark.parametrize("kind", STAGES)
def test_what_another_version_left_is_not_used_and_the_review_begins_anew(
    shop: Shop, tmp_path: Path, kind: str
) -> None:
    whole = at_once(shop, tmp_path)

    async def run() -> list[Task]:
        await shop.deliver(review(shop))
        await until_ended(shop, kind, "old")
        old = {**json.loads(left(shop)[kind]), "code": "0" * 16}
        given = {"old": json.dumps(old), "kind": kind}
        shop.database.do(lambda db: db.execute(text("UPDATE tasks SET result = :old WHERE task_type = :kind"), given))
        elsewhere(shop, tmp_path / "elsewhere")
        return await shop.settle(shop.worker("new"))

    assert types(asyncio.run(run())) == CHAIN
    assert facts(Report.model_validate_json(left(shop)["review"])) == whole


def test_other_models_between_two_stages_make_it_begin_anew(shop: Shop, tmp_path: Path) -> None:
    async def run() -> None:
        await shop.deliver(review(shop))
        await until_ended(shop, "exploration", "first")
        shop.stage.locations_file = locations(tmp_path, deep_daily=3)
        (tmp_path / "claims.yaml").write_text(yaml.safe_dump({"rules": [{"answer": SILENT}]}))
        entries = yaml.safe_load((tmp_path / "locations.yaml").read_text())
        entries["locations"][0]["id"] = "third"
        (tmp_path / "locations.yaml").write_text(yaml.safe_dump(entries))
        tasks = await shop.settle(shop.worker("second"))
        assert tasks[-1].task_type == "draft_section"

    asyncio.run(run())
    report = Report.model_validate_json(left(shop)["review"])
    assert [one.id for one in report.locations] == ["denies", "judge", "third"]
    assert report.findings == ()


def test_a_synthesis_is_deep_where_the_supervisor_has_a_quota_of_it(shop: Shop, tmp_path: Path) -> None:
    shop.stage.locations_file = locations(tmp_path, deep_daily=3)

    async def run() -> list[Task]:
        await shop.deliver(review(shop))
        return await shop.settle(shop.worker())

    deep = {one.task_type: one.requires_deep_mode for one in asyncio.run(run())}
    assert deep == {kind: kind == "synthesis" for kind in CHAIN}


def test_a_head_that_moves_between_two_stages_ends_the_review_and_what_it_left(shop: Shop) -> None:
    first = shop.stage.pull.head

    async def run() -> None:
        await shop.deliver(review(shop))
        await until_ended(shop, "critique", "first")
        shop.stage.push({"a.py": "def f(x):\n    return x + 1\n"})
        await shop.deliver(review(shop))
        tasks = await shop.settle(shop.worker("second"))
        old = [(one.task_type, one.outcome) for one in tasks if one.work.head == first]
        assert old[:6] == [(kind, "done") for kind in CHAIN[:6]]
        assert old[-1][1] == "superseded"
        assert "review" not in dict(old)

    asyncio.run(run())
    assert list(left(shop)) == ["review"], "of the newer head"
    assert shop.stage.forge.checks[first, "codedesigner"].conclusion == "cancelled"
    assert len(shop.stage.discussion.threads) == 0


@pytest.mark.parametrize("ended", CHAIN[4:7])
def test_a_review_that_is_cancelled_after_a_stage_ends_there(shop: Shop, ended: TaskType) -> None:
    async def run() -> list[Task]:
        await shop.deliver(review(shop))
        await until_ended(shop, ended, "first")
        (left_over,) = [one for one in await shop.tasks() if one.active]
        await shop.store.want(left_over.id, cancelled="by ann")
        return await shop.settle(shop.worker("second"))

    tasks = asyncio.run(run())
    assert [one.outcome for one in tasks][-2:] == ["done", "cancelled"]
    assert tasks[-1].task_type == CHAIN[CHAIN.index(ended) + 1]
    assert "cancelled" in shop.stage.check().title
    assert len(shop.stage.discussion.threads) == 0


@pytest.mark.parametrize("state", ["closed", "merged"])
def test_of_a_pull_request_that_was_closed_between_two_stages_nothing_more_is_asked_or_said(
    shop: Shop, state: PullState
) -> None:
    async def run() -> list[Task]:
        await shop.deliver(review(shop))
        await until_ended(shop, "exploration", "first")
        shop.stage.forge.opened(replace(shop.stage.pull, state=state))
        return await shop.settle(shop.worker("second"))

    tasks = asyncio.run(run())
    assert [(one.task_type, one.outcome) for one in tasks][-1] == ("critique", "closed")
    assert left(shop) == {}
    assert (shop.stage.check().conclusion, shop.stage.check().title) == (
        "cancelled",
        f"Not reviewed: the pull request was {state}",
    )
    assert len(shop.stage.discussion.threads) == 0


@pytest.mark.parametrize("state", ["closed", "merged"])
def test_what_was_found_is_told_of_a_pull_request_that_was_merged_and_of_none_that_was_closed(
    shop: Shop, state: PullState
) -> None:
    async def run() -> list[Task]:
        await shop.deliver(review(shop))
        await until_ended(shop, "review", "first")
        shop.stage.forge.opened(replace(shop.stage.pull, state=state))
        return await shop.settle(shop.worker("second"))

    last = asyncio.run(run())[-1]
    assert last.module == "documenter"
    assert (last.outcome == "closed") == (state == "closed")
    assert bool(shop.stage.discussion.threads) == (state == "merged")
    assert shop.stage.check().conclusion == ("cancelled" if state == "closed" else "failure")


def test_a_stage_that_leaves_too_much_is_followed_by_the_others_in_the_same_task(shop: Shop, tmp_path: Path) -> None:
    whole = at_once(shop, tmp_path)
    shop.most_kept = 1_000

    async def run() -> list[Task]:
        await shop.deliver(review(shop))
        return await shop.settle(shop.worker())

    assert types(asyncio.run(run())) == [*RESEARCH, "exploration", "incorporate_insight"]
    assert facts(Report.model_validate_json(left(shop)["exploration"])) == whole
    seen = asyncio.run(ReviewBoard(shop.database, shop.store.clock).reviews())
    assert len(seen.reviews) == 1


def test_a_stage_that_holds_one_of_our_secrets_is_not_kept(shop: Shop) -> None:
    shop.secrets = KnownSecrets(("sesame-open",))

    async def run() -> list[Task]:
        await shop.deliver(review(shop))
        return await shop.settle(shop.worker())

    assert types(asyncio.run(run())) == [*RESEARCH, "exploration", "incorporate_insight"]
    assert left(shop) == {}
    dump = shop.database.do(lambda db: db.execute(text("SELECT context, result, error FROM tasks")).all())
    assert "sesame" not in str(dump)
    assert shop.stage.check().conclusion == "failure"
    assert "sesame" not in shop.stage.summary


def test_the_queue_s_commit_is_one_task(shop: Shop) -> None:
    async def run() -> list[Task]:
        await shop.deliver(QueueEntered(shop.stage.pull.base, shop.stage.pull.head, NUMBER))
        return await shop.settle(shop.worker())

    assert types(asyncio.run(run())) == ["review"]
    assert shop.stage.check().conclusion == "failure"
