"""The dashboard: nobody sees it unasked, everybody sees the same, and what people press happens."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import html5lib  # type: ignore[import-untyped]
import pytest
from sqlalchemy import text
from tests.service.web.conftest import LOGIN, SETTINGS, House, Reply, ask, form
from tests.service.web.scene import RECORDS, Scene

from codedesigner.service.database import Database, DatabaseError, open_database
from codedesigner.service.settings import LimitSettings
from codedesigner.service.task import Task
from codedesigner.service.web.pages import PAGES

Tasks = dict[str, Task]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Tasks]]:
    """A database with a day in it, for tests that only look."""
    made = open_database(None, tmp_path_factory.mktemp("day"))
    yield made, asyncio.run(Scene(made).day())
    made.close()


@pytest.fixture
def seen(full: tuple[Database, Tasks]) -> House:
    return house_of(full[0])


def house_of(database: Database, **more: Any) -> House:
    import time

    house = House(database, outcomes=lambda: RECORDS, **more)
    house.clock.now = time.time()
    return house


async def signed_in(app: Any) -> dict[str, str]:
    reply = await ask(app, "POST", "/sign-in", **form(token=LOGIN, next="/"))
    assert reply.status == 303
    return {"cookie": reply.headers["set-cookie"].partition(";")[0], "accept": "text/html"}


def looked(house: House, path: str) -> Reply:
    async def scene(app: Any) -> Reply:
        return await ask(app, "GET", path, headers=await signed_in(app))

    return house.play(scene)


def token_in(page: str) -> str:
    found = re.search(r'name="form" value="([0-9a-f]{64})"', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("path", [*PAGES, "/tasks/x", "/live"])
def test_without_access_nothing_is_shown(seen: House, path: str) -> None:
    reply = seen.ask("GET", path)
    assert (reply.status, reply.text) == (401, "sign in first")
    reply = seen.ask("GET", path, headers={"accept": "text/html", "cookie": "codedesigner=x.9999999999.y"})
    if path != "/live":
        assert reply.status == 303
        assert reply.headers["location"].startswith("/sign-in?next=%2F")
    assert b"octo" not in reply.body


def test_without_access_nothing_can_be_done(full: tuple[Database, Tasks], seen: House) -> None:
    name = full[1]["running"].id
    assert seen.ask("POST", f"/tasks/{name}", **form(act="cancel")).status == 401
    assert full[0].do(lambda db: db.execute(text("SELECT count(*) FROM tasks WHERE cancelled <> ''")).scalar()) == 0


@pytest.mark.parametrize("path", PAGES)
def test_each_page_is_whole_and_lets_nothing_in(seen: House, path: str) -> None:
    reply = looked(seen, path)
    assert reply.status == 200
    html5lib.HTMLParser(strict=False).parse(reply.text)
    nonce = re.search(r'<script nonce="([^"]+)">', reply.text)
    assert nonce is not None
    policy = reply.headers["content-security-policy"]
    assert f"script-src 'nonce-{nonce[1]}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert reply.headers["cache-control"] == "no-store"
    assert "http://" not in reply.text
    assert "https://" not in reply.text
    assert not re.search(r"\son\w+=|\sstyle=", reply.text)
    assert "<script>alert" not in reply.text
    assert "\u202e" not in reply.text
    assert LOGIN not in reply.text
    assert '<meta http-equiv="refresh"' in reply.text


def test_no_two_pages_have_the_same_nonce(seen: House) -> None:
    one, two = looked(seen, "/"), looked(seen, "/")
    assert one.headers["content-security-policy"] != two.headers["content-security-policy"]


def test_the_overview_shows_queue_workers_and_what_broke(full: tuple[Database, Tasks], seen: House) -> None:
    page = looked(seen, "/").text
    for words in (
        "octo/shop#15",
        "address comment",
        "octo/engine#16",
        "researcher",
        "explorer",
        "documenter",
        "host-1",
        "1 running",
        "octo/site#32",
        "&lt;script&gt;",
    ):
        assert words in page


def test_a_review_shows_items_ballots_convergence_and_what_happened(full: tuple[Database, Tasks], seen: House) -> None:
    running = looked(seen, f"/tasks/{full[1]['running'].id}").text
    for words in ("70 %", "converging", "<polyline", "task.started", "exploration", "Findings so far: 9 after 80"):
        assert words in running
    done = looked(seen, f"/tasks/{full[1]['octo/shop'].id}").text
    for words in ("Verdict", "Ballots", "Items answered", "task.completed", "cross examined", "vote yes", "Agreement"):
        assert words in done


def test_findings_and_locations_are_shown_with_their_figures(seen: House) -> None:
    assert "Findings by agreement" in looked(seen, "/findings").text
    page = looked(seen, "/locations").text
    for words in ("41 of 48", "waits 95 s: 429 for 95 s", "qwen-coder", "73%", "shell-injection"):
        assert words in page.replace("94 s:", "95 s:").replace("2 min:", "95 s:")
    assert "octo/engine#7" in looked(seen, "/reviews").text


def test_what_is_not_there_is_said(seen: House) -> None:
    reply = looked(seen, "/tasks/none")
    assert (reply.status, "There is no such task" in reply.text) == (404, True)


@pytest.mark.parametrize("path", ["/tasks/%00", "/tasks/\0", "/tasks/é", "/tasks/" + "x" * 5_000])
def test_a_name_that_no_task_has_is_not_looked_for(seen: House, path: str) -> None:
    assert looked(seen, path).status == 404


@pytest.mark.parametrize("path", ["/reviews/", "/webhooks/github/", "/sign-in/", "//evil.example/", "/tasks/x/"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_no_address_leads_to_the_host_that_a_request_names(seen: House, path: str, method: str) -> None:
    reply = seen.ask(method, path, headers={"host": "evil.example"})
    assert reply.status in {404, 405}
    assert "location" not in reply.headers


def test_a_wrong_token_lets_nobody_in_and_guessing_is_slow(house: House) -> None:
    async def scene(app: Any) -> list[Reply]:
        tries = [await ask(app, "POST", "/sign-in", **form(token=f"guess {n}")) for n in range(6)]
        tries.append(await ask(app, "POST", "/sign-in", **form(token=LOGIN)))
        tries.append(await ask(app, "POST", "/sign-in", peer="8.8.8.8", **form(token=LOGIN)))
        house.ticks.now += 60
        tries.append(await ask(app, "POST", "/sign-in", **form(token=LOGIN)))
        return tries

    tries = house.play(scene)
    assert [one.status for one in tries] == [401] * 5 + [429, 429, 303, 303]
    assert "set-cookie" not in tries[0].headers
    assert LOGIN not in house.written.getvalue()
    assert "guess" not in house.written.getvalue()


@pytest.mark.parametrize("url", ["http://x.example", "https://x.example"])
def test_the_cookie_is_for_us_alone(small: Database, url: str) -> None:
    house = House(small, SETTINGS.model_copy(update={"public_url": url}))
    cookie = house.ask("POST", "/sign-in", **form(token=LOGIN)).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert ("Secure" in cookie) == url.startswith("https")
    assert cookie.startswith("__Host-codedesigner=") == url.startswith("https")


def test_a_session_ends(house: House) -> None:
    async def scene(app: Any) -> list[int]:
        headers = await signed_in(app)
        before = await ask(app, "GET", "/", headers=headers)
        house.clock.now += 12 * 3600
        return [before.status, (await ask(app, "GET", "/", headers=headers)).status]

    assert house.play(scene) == [200, 303]


def test_who_has_signed_out_is_nobody_any_more_whoever_has_the_cookie(house: House) -> None:
    async def scene(app: Any) -> list[int]:
        one, two = await signed_in(app), await signed_in(app)
        token = token_in((await ask(app, "GET", "/", headers=one)).text)
        given = {"content-type": "application/x-www-form-urlencoded", **one}
        stream = asyncio.create_task(ask(app, "GET", "/live?of=%2F", headers=one))
        await asyncio.sleep(0.05)
        wrong = await ask(app, "POST", "/sign-out", headers=given, body=urlencode({"form": "0" * 64}).encode())
        assert (await ask(app, "GET", "/", headers=one)).status == 200
        out = await ask(app, "POST", "/sign-out", headers=given, body=urlencode({"form": token}).encode())
        assert b"event: over" in (await stream).body
        other = house.web().app
        after = [await ask(each, "GET", "/", headers=one) for each in (app, other)]
        still = [await ask(each, "GET", "/", headers=two) for each in (app, other)]
        return [one.status for one in (wrong, out, *after, *still)]

    assert house.play(scene) == [403, 303, 303, 303, 200, 200]
    kept = house.database.do(lambda db: [row.name for row in db.execute(text("SELECT name FROM kept")).all()])
    assert [len(name) for name in kept] == [64]


@pytest.mark.parametrize(
    "onward", ["//evil.example/x", "https://evil.example", "/\\evil.example", "javascript:1", "/a\r\nX: y", "é"]
)
def test_signing_in_leads_nowhere_else(house: House, onward: str) -> None:
    reply = house.ask("POST", "/sign-in", **form(token=LOGIN, next=onward))
    assert (reply.status, reply.headers["location"]) == (303, "/")
    page = house.ask("GET", "/sign-in?" + urlencode({"next": onward})).text
    assert 'name="next" value="/"' in page


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"fields": {"form": "0" * 64}}, 403),
        ({"fields": {"form": ""}}, 403),
        ({"fields": {"act": "explode"}}, 400),
        ({"headers": {"sec-fetch-site": "cross-site"}}, 403),
        ({"headers": {"sec-fetch-site": "same-site"}}, 403),
        ({"headers": {"origin": "https://evil.example"}}, 403),
        ({"headers": {"origin": "null"}}, 403),
        ({"headers": {"origin": "http://[::1"}}, 403),
        ({"headers": {"content-type": "text/plain"}}, 415),
        ({"body": b"x" * 20_000}, 413),
        ({"headers": {"sec-fetch-site": "same-origin", "origin": "http://dash.example"}}, 303),
    ],
)
def test_a_form_of_another_page_does_nothing(house: House, change: dict[str, Any], status: int) -> None:
    async def scene(app: Any) -> tuple[int, str]:
        task = await Scene(house.database).asked("octo/shop", 3)
        headers = await signed_in(app)
        page = await ask(app, "GET", f"/tasks/{task.id}", headers=headers)
        fields = {"form": token_in(page.text), "act": "pause", **change.get("fields", {})}
        given = {
            "content-type": "application/x-www-form-urlencoded",
            "host": "dash.example",
            **headers,
            **change.get("headers", {}),
        }
        body = change.get("body", urlencode(fields).encode())
        reply = await ask(app, "POST", f"/tasks/{task.id}", headers=given, body=body)
        after = await Scene(house.database).store.get(task.id)
        assert after is not None
        assert after.held == (status == 303)
        return reply.status, reply.text

    assert house.play(scene)[0] == status


def pressed(house: House, act: str, *, started: bool = False) -> tuple[Task, str]:
    async def scene(app: Any) -> tuple[Task, str]:
        scene = Scene(house.database, house.clock)
        task = await scene.asked("octo/shop", 3)
        if started:
            task = await scene.begun(task)
        headers = await signed_in(app)
        page = await ask(app, "GET", f"/tasks/{task.id}", headers=headers)
        given = {"content-type": "application/x-www-form-urlencoded", **headers}
        body = urlencode({"form": token_in(page.text), "act": act}).encode()
        reply = await ask(app, "POST", f"/tasks/{task.id}", headers=given, body=body)
        assert reply.status == 303
        after = await scene.store.get(task.id)
        assert after is not None
        return after, (await ask(app, "GET", reply.headers["location"], headers=headers)).text

    return house.play(scene)


def test_pause_cancel_and_recheck_are_kept_for_the_workers(house: House, tmp_path: Path) -> None:
    task, page = pressed(house, "pause")
    assert task.held
    assert "Resume" in page
    assert "paused by a person" in page
    assert json.loads(house.written.getvalue().splitlines()[-1])["event"] == "web.acted"
    (tmp_path / "other").mkdir()
    other = open_database(None, tmp_path / "other")
    try:
        task, page = pressed(House(other), "cancel", started=True)
        assert task.cancelled == "cancelled on the dashboard"
        assert 'value="cancel" disabled' in page
    finally:
        other.close()


def test_recheck_asks_for_another_review_of_what_runs_already(house: House) -> None:
    task, _ = pressed(house, "recheck", started=True)
    rows = house.database.do(lambda db: list(db.execute(text("SELECT id, kind, again FROM tasks")).all()))
    assert {row.kind for row in rows} == {"review", "review:full"}
    assert task.id in {row.id for row in rows}


def messages(body: bytes) -> list[dict[str, str]]:
    return [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: ")]


def test_a_live_page_gets_what_has_changed_and_nothing_else(house: House) -> None:
    async def scene(app: Any) -> list[dict[str, str]]:
        headers = await signed_in(app)
        given = Scene(house.database, house.clock)

        async def later() -> None:
            await asyncio.sleep(0.05)
            await given.asked("octo/late", 9)
            house.ticks.now += 5

        def enough(body: bytes) -> bool:
            return b"octo/late" in body

        reply, _ = await asyncio.gather(ask(app, "GET", "/live?of=%2F", headers=headers, enough=enough), later())
        assert reply.headers["content-type"].startswith("text/event-stream")
        return messages(reply.body)

    first, *rest = house.play(scene)
    assert set(first) == {"figures", "queue", "day", "types", "workers", "ended"}
    assert "octo/late#9" in rest[-1]["queue"]
    assert set(rest[-1]) == {"figures", "queue", "day", "types"}


def test_a_stream_ends_with_its_session_and_with_the_service(house: House) -> None:
    async def over(app: Any) -> bytes:
        headers = await signed_in(app)

        async def later() -> None:
            await asyncio.sleep(0.03)
            house.clock.now += 13 * 3600

        reply, _ = await asyncio.gather(ask(app, "GET", "/live?of=%2F", headers=headers), later())
        return reply.body

    assert b"event: over" in house.play(over)

    async def stopped() -> int:
        web = house.web()
        headers = await signed_in(web.app)

        async def later() -> None:
            await asyncio.sleep(0.03)
            web.streams.stop()

        await asyncio.gather(ask(web.app, "GET", "/live?of=%2F", headers=headers), later())
        return (await ask(web.app, "GET", "/live?of=%2F", headers=headers)).status

    assert asyncio.run(stopped()) == 503


def test_readiness_and_figures_say_how_it_stands(full: tuple[Database, Tasks], seen: House) -> None:
    assert json.loads(seen.ask("GET", "/readyz").body) == {"status": "ok", "database": "ok", "workers": 2}
    figures = seen.ask("GET", "/metrics").text
    for line in (
        'codedesigner_queue_depth{module="documenter",state="running"} 1.0',
        'codedesigner_tasks_failed_24h{task_type="generate_questions"} 1.0',
        'codedesigner_quota_learned_hour_limit{location="qwen-coder"} 48.0',
        'codedesigner_location_limited{location="claude"} 1.0',
        "codedesigner_workers_alive 2.0",
        "codedesigner_database_up 1.0",
        "codedesigner_finding_agreement_24h_gcount",
    ):
        assert line in figures


def test_figures_may_need_a_token(small: Database) -> None:
    from dataclasses import replace

    house = House(small)
    house.given = replace(house.given, held=replace(house.held, scrape_token="scrape it"))
    assert house.ask("GET", "/metrics").status == 401
    assert house.ask("GET", "/metrics", headers={"authorization": "Bearer wrong"}).status == 401
    assert house.ask("GET", "/metrics", headers={"authorization": "Bearer scrape it"}).status == 200


def test_without_a_database_it_lives_and_is_not_ready(small: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    house = House(small, SETTINGS.model_copy(update={"limits": LimitSettings()}))

    async def broken(_self: object, _work: object) -> object:
        raise DatabaseError("it is gone")

    monkeypatch.setattr(Database, "look", broken)
    assert house.ask("GET", "/healthz").status == 200
    ready = house.ask("GET", "/readyz")
    assert (ready.status, json.loads(ready.body)["database"]) == (503, "does not answer")
    assert "codedesigner_database_up 0.0" in house.ask("GET", "/metrics").text
    assert looked(house, "/").status == 503


def test_who_has_workers_of_its_own_is_ready_with_them(small: Database) -> None:
    assert House(small, works=True).ask("GET", "/readyz").status == 503
    assert House(small, works=False).ask("GET", "/readyz").status == 200
