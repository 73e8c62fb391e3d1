"""Webhooks: what is answered, and what is on the disk when it is."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import hmac
import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.doubles.gitlab import GitLab
from tests.service.web.conftest import LAB, SECRET, SETTINGS, House, Reply, ask

from codedesigner.service.database import Database, DatabaseError
from codedesigner.service.inbox import Refused, SqlInbox
from codedesigner.service.settings import LimitSettings

HEAD, BASE = "a" * 40, "b" * 40


def payload(head: str = HEAD, repo: str = "octo/shop", **more: object) -> bytes:
    return json.dumps(
        {
            "action": "opened",
            "pull_request": {"number": 7, "head": {"sha": head}, "base": {"sha": BASE}},
            "repository": {"id": 11, "full_name": repo},
            "installation": {"id": 5},
            **more,
        }
    ).encode()


def signed(body: bytes, *, delivery: str = "d-1", event: str = "pull_request", **more: str) -> dict[str, Any]:
    mark = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "x-github-event": event,
        "x-github-delivery": delivery,
        "x-hub-signature-256": f"sha256={mark}",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    return {"headers": headers, "body": body}


def tasks(database: Database) -> list[Any]:
    return database.do(lambda db: list(db.execute(text("SELECT * FROM tasks")).all()))


def deliver(house: House, **more: Any) -> Reply:
    return house.ask("POST", "/webhooks/github", **more)


def test_a_delivery_is_on_the_disk_when_it_is_answered(house: House) -> None:
    reply = deliver(house, **signed(payload()))
    assert reply.status == 202
    (task,) = tasks(house.database)
    assert json.loads(reply.body) == {"status": "accepted", "task": task.id}
    assert (task.forge, task.repo, task.number, task.head) == ("github", "octo/shop", 7, HEAD)
    context = json.loads(task.context)
    assert (context["installation"], context["repo_id"]) == (5, 11)
    assert '"event": "webhook.accepted"' in house.written.getvalue()


def test_a_replay_makes_one_task_whatever_its_id_t_sec_58(house: House) -> None:
    async def scene(app: Any) -> list[Reply]:
        return [
            await ask(app, "POST", "/webhooks/github", **signed(payload())),
            await ask(app, "POST", "/webhooks/github", **signed(payload())),
            await ask(app, "POST", "/webhooks/github", **signed(payload(), delivery="d-2")),
        ]

    replies = house.play(scene)
    assert [(one.status, json.loads(one.body)["status"]) for one in replies] == [
        (202, "accepted"),
        (200, "duplicate"),
        (200, "duplicate"),
    ]
    assert len(tasks(house.database)) == 1


def test_a_delivery_again_after_its_task_failed_is_processed_t_sec_58(house: House) -> None:
    deliver(house, **signed(payload()))
    house.database.do(lambda db: db.execute(text("UPDATE tasks SET state = 'failed'")))
    reply = deliver(house, **signed(payload()))
    assert reply.status == 202
    assert sorted(task.state for task in tasks(house.database)) == ["failed", "pending"]


def test_ten_deliveries_at_once_to_two_receivers_are_one_task(house: House) -> None:
    async def scene() -> list[Reply]:
        apps = [house.web().app, house.web().app]
        given = signed(payload())
        return await asyncio.gather(*(ask(apps[n % 2], "POST", "/webhooks/github", **given) for n in range(10)))

    replies = asyncio.run(scene())
    assert sorted(one.status for one in replies) == [200] * 9 + [202]
    assert len(tasks(house.database)) == 1


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (signed(payload(), x_hub_signature_256="sha256=" + "0" * 64), 401),
        (signed(payload(), content_type="text/plain"), 415),
        (signed(payload(), content_encoding="gzip"), 415),
        (signed(b"{]"), 400),
        (signed(b'{"a":' * 10_000 + b"1" + b"}" * 10_000), 400),
        (signed(payload(), event="issue_comment"), 400),
        (signed(payload(repository={})), 400),
        ({"headers": {"content-length": str(26_000_000)}, "body": b"x"}, 413),
        ({"headers": {"content-length": "1"}, "body": [b"x" * 1_000_000] * 26}, 413),
        ({"headers": {"content-type": "application/json"}, "body": gzip.compress(b" " * 10_000_000)}, 401),
    ],
    ids=["signature", "type", "encoding", "json", "depth", "shape", "repository", "announced", "streamed", "bomb"],
)
def test_what_is_no_delivery_is_refused_and_nothing_is_kept_t_gh_68_t_sec_56(
    house: House, given: dict[str, Any], status: int
) -> None:
    reply = deliver(house, **given)
    assert reply.status == status
    assert json.loads(reply.body)["status"] == "refused"
    assert tasks(house.database) == []
    assert house.written.getvalue().count("webhook.refused") == 1


def test_no_more_is_read_than_may_be_t_sec_56(house: House) -> None:
    given = {"headers": {"content-type": "application/json"}, "body": [b"x" * 1_000_000] * 100}
    reply = deliver(house, **given)
    assert (reply.status, reply.unread) == (413, 74)


def test_a_body_that_does_not_end_is_given_up(small: Database) -> None:
    limits = LimitSettings(body_seconds=0.05)
    house = House(small, SETTINGS.model_copy(update={"limits": limits}))
    assert deliver(house, body=[b"{"], stall=True).status == 408


def test_a_sender_who_goes_away_leaves_nothing_behind(house: House) -> None:
    assert deliver(house, body=[b"{"], leave=True).status == 400
    assert tasks(house.database) == []


def test_bodies_have_room_for_so_many_bytes_together(house: House) -> None:
    async def scene(app: Any) -> list[int]:
        slow = [
            asyncio.create_task(
                ask(app, "POST", "/webhooks/github", body=[b"x" * 24_000_000], stall=True, headers={"x": str(n)})
            )
            for n in range(4)
        ]
        await asyncio.sleep(0.1)
        full = await ask(app, "POST", "/webhooks/github", body=[b"x" * 24_000_000])
        for one in slow:
            one.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        after = await ask(app, "POST", "/webhooks/github", **signed(payload()))
        return [full.status, after.status]

    assert house.play(scene) == [503, 202]


def test_a_body_has_its_room_until_it_was_looked_at(small: Database) -> None:
    house = House(small, SETTINGS.model_copy(update={"limits": LimitSettings(bodies_bytes=25_000_000)}))

    async def scene(app: Any) -> list[int]:
        given: dict[str, Any] = {"headers": {"content-type": "application/json"}, "body": b"x" * 20_000_000}
        replies = await asyncio.gather(*(ask(app, "POST", "/webhooks/github", **given) for _ in range(3)))
        replies.append(await ask(app, "POST", "/webhooks/github", **given))
        return [one.status for one in replies]

    assert house.play(scene) == [401, 503, 503, 401]


@pytest.mark.parametrize(
    ("body", "event"),
    [
        (b'{"zen": "Speak like a human."}', "ping"),
        (payload(), "a_kind_that_is_new"),
        (payload(action="labeled"), "pull_request"),
        (payload(repo="other/shop"), "pull_request"),
        (payload(repo="octo/hidden"), "pull_request"),
    ],
    ids=["ping", "unknown", "action", "foreign", "excluded"],
)
def test_what_asks_nothing_of_us_is_taken_and_ignored(house: House, body: bytes, event: str) -> None:
    reply = deliver(house, **signed(body, event=event))
    assert (reply.status, json.loads(reply.body)["status"]) == (200, "ignored")
    assert tasks(house.database) == []


def test_one_source_may_not_ask_too_often_and_another_still_may(small: Database) -> None:
    house = House(small, SETTINGS.model_copy(update={"limits": LimitSettings(requests_per_minute=3)}))

    async def scene(app: Any) -> list[Reply]:
        given = signed(payload())
        replies = [await ask(app, "POST", "/webhooks/github", **given) for _ in range(4)]
        replies.append(await ask(app, "POST", "/webhooks/github", peer="8.8.8.8", **given))
        forwarded = {**given, "headers": {**given["headers"], "x-forwarded-for": "9.9.9.9"}}
        replies.append(await ask(app, "POST", "/webhooks/github", peer="10.1.1.1", **forwarded))
        house.ticks.now += 20
        replies.append(await ask(app, "POST", "/webhooks/github", **given))
        return replies

    replies = house.play(scene)
    assert [one.status for one in replies] == [202, 200, 200, 429, 200, 429, 200]
    assert int(replies[3].headers["retry-after"]) == 20


class Broken:
    """A database that cannot be used."""

    def __init__(self, wait_s: float = 0.0) -> None:
        self.wait_s = wait_s

    async def accept(self, delivery: object) -> object:
        await asyncio.sleep(self.wait_s)
        raise DatabaseError("the disk is full at /secret/place")


def test_what_cannot_be_stored_is_not_accepted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SqlInbox, "accept", Broken().accept)
    reply = deliver(house, **signed(payload()))
    assert (reply.status, reply.headers["retry-after"]) == (503, "30")
    assert b"/secret/place" not in reply.body


def test_nobody_waits_for_a_database_that_is_locked_and_what_came_is_written_afterwards(
    house: House, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "service.sqlite", isolation_level=None)

    async def scene(app: Any) -> tuple[Reply, float]:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        reply = await ask(app, "POST", "/webhooks/github", **signed(payload()))
        waited = time.monotonic() - began
        assert tasks_of(other) == 0
        other.execute("ROLLBACK")
        async with asyncio.timeout(5):
            while not tasks_of(other):  # noqa: ASYNC110 -- nobody tells
                await asyncio.sleep(0.02)
        again = await ask(app, "POST", "/webhooks/github", **signed(payload()))
        assert again.status == 200
        return reply, waited

    reply, waited = house.play(scene)
    other.close()
    assert (reply.status, reply.headers["retry-after"]) == (503, "30")
    assert waited < 1.0
    assert '"late": true' in house.written.getvalue()


def tasks_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM tasks").fetchone()[0])


def test_a_disk_that_is_full_takes_nothing(house: House) -> None:
    house.database.do(lambda db: db.execute(text("PRAGMA max_page_count = 1")))
    filler = [payload(head=f"{n:040x}", note="x" * 1_000) for n in range(400)]

    async def scene(app: Any) -> list[int]:
        replies = []
        for n, body in enumerate(filler):
            replies.append((await ask(app, "POST", "/webhooks/github", **signed(body, delivery=f"d-{n}"))).status)
            if replies[-1] != 202:
                return replies
        return replies

    statuses = house.play(scene)
    assert statuses[-1] == 503
    assert len(tasks(house.database)) == statuses.count(202) == len(statuses) - 1


def test_a_full_queue_asks_to_come_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(_self: object, _delivery: object) -> Refused:
        return Refused("too much is waiting", busy=True)

    monkeypatch.setattr(SqlInbox, "accept", busy)
    assert deliver(house, **signed(payload())).status == 503


def test_gitlab_is_taken_as_well(house: House, tmp_path: Path) -> None:
    gitlab = GitLab(tmp_path / "gitlab")
    dev = gitlab.user("dev")
    app = gitlab.project("group/app", {"a.py": "x = 1\n"}, owner=dev)
    gitlab.push(app, "feature", {"a.py": "x = 2\n"})
    gitlab.open(app, "feature", dev)
    opened = next(each for each in gitlab.outbox if each.kind == "merge_request")
    sent = opened.delivery(token=LAB)
    reply = house.ask("POST", "/webhooks/gitlab", headers=dict(sent.headers), body=sent.body)
    assert reply.status == 202
    wrong = opened.delivery(token="wrong")
    assert house.ask("POST", "/webhooks/gitlab", headers=dict(wrong.headers), body=wrong.body).status == 401
    (task,) = tasks(house.database)
    assert (task.forge, task.repo) == ("gitlab", "group/app")


def test_a_hostile_name_makes_no_line_and_no_secret_is_logged_t_sec_65(house: House) -> None:
    body = payload(repo=f'octo/x"}}\n{{"event": "web.signed_in {SECRET}')
    deliver(house, **signed(body))
    deliver(house, **signed(payload(), x_hub_signature_256=SECRET))
    lines = house.written.getvalue().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["webhook.refused", "webhook.refused"]
    assert SECRET not in house.written.getvalue()


@pytest.mark.parametrize(
    "given",
    [
        signed(payload(action="\ud800")),
        signed(payload(), event="\udcff"),
        signed(payload(), delivery="\udcff"),
        signed(payload(pull_request={"number": 2**70, "head": {"sha": HEAD}, "base": {"sha": BASE}})),
        signed(payload(installation={"id": 10**30})),
        signed(payload(action="x" * 1_000_000)),
    ],
)
def test_what_nothing_can_hold_has_an_answer_all_the_same(house: House, given: dict[str, Any]) -> None:
    reply = deliver(house, **given)
    assert reply.status in {200, 202, 400}
    assert len(reply.body) < 300


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_the_addresses_take_deliveries_alone(house: House, method: str) -> None:
    assert house.ask(method, "/webhooks/github").status == 405
