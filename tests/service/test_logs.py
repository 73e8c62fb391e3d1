"""The log: one line of JSON an event, whatever anybody has written, and no secret in it."""

from __future__ import annotations

import io
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.publish.scrub import KnownSecrets
from codedesigner.service.logs import MOST_CHARACTERS, Log, make_log, take_over
from codedesigner.service.names import NAMES

SECRET = "s3cret of the webhook"


def logged() -> tuple[Log, io.StringIO]:
    stream = io.StringIO()
    return make_log(KnownSecrets((SECRET,)), stream, lambda: "2026-01-02T03:04:05Z"), stream


def test_an_event_is_a_line_with_its_name_time_level_and_facts() -> None:
    log, stream = logged()
    log("task.scheduled", task_id="t1", module="explorer", task_type="review", priority=55.5)
    log("task.failed", level="error", task_id="t1", error="it broke")
    assert [json.loads(line) for line in stream.getvalue().splitlines()] == [
        {
            "time": "2026-01-02T03:04:05Z",
            "level": "info",
            "event": "task.scheduled",
            "task_id": "t1",
            "module": "explorer",
            "task_type": "review",
            "priority": 55.5,
        },
        {
            "time": "2026-01-02T03:04:05Z",
            "level": "error",
            "event": "task.failed",
            "task_id": "t1",
            "error": "it broke",
        },
    ]


def test_there_are_the_names_that_others_count_on() -> None:
    assert {
        "task.scheduled",
        "task.started",
        "task.completed",
        "task.preempted",
        "task.failed",
        "llm.allocated",
        "llm.rate_limited",
        "llm.recovered",
        "scheduler.priority_consultation",
    } <= NAMES
    log, _ = logged()
    with pytest.raises(ValueError, match="no event"):
        log("task.exploded")  # type: ignore[arg-type]


@given(st.text(max_size=60))
def test_whatever_a_value_holds_it_stays_one_line_of_ascii(text: str) -> None:
    log, stream = logged()
    log("webhook.refused", reason=text)
    written = stream.getvalue()
    assert written.endswith("\n")
    assert written.isascii()
    assert len(written.splitlines()) == 1
    assert json.loads(written)["event"] == "webhook.refused"


def test_a_made_up_second_line_stays_in_its_value() -> None:
    log, stream = logged()
    log("webhook.accepted", repo='x"}\n{"event": "web.signed_in"}\x1b[2J\u202e\x85')
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["event"] == "webhook.accepted"
    assert "\\u001b" not in line


def test_no_secret_and_nothing_that_looks_like_one_is_written_t_sec_65() -> None:
    log, stream = logged()
    token = "ghp_" + "a" * 36
    log("service.note", message=f"GET https://u:{SECRET}@host {SECRET} {SECRET.encode().hex()} token {token}")
    assert SECRET not in stream.getvalue()
    assert SECRET.encode().hex() not in stream.getvalue()
    assert token not in stream.getvalue()


def test_a_value_is_cut() -> None:
    log, stream = logged()
    log("service.note", message="x" * 100_000)
    assert len(stream.getvalue()) < MOST_CHARACTERS + 200


def test_what_libraries_log_is_written_without_what_exceptions_quote_t_sec_65(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RUNNER_DEBUG", "1")
    monkeypatch.setenv("CI_DEBUG_TRACE", "true")
    log, stream = logged()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        take_over(log)
        other = logging.getLogger("aiohttp.client")
        other.debug("Authorization: %s", SECRET)
        other.info("Authorization: %s", SECRET)
        try:
            int(f"https://x:{SECRET}@host\nAuthorization: Bearer {SECRET}")
        except ValueError:
            other.exception("a request\nfailed with %s", SECRET)
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    (line,) = stream.getvalue().splitlines()
    found = json.loads(line)
    assert (found["event"], found["level"], found["exception"]) == ("service.note", "error", "ValueError")
    assert found["source"] == "aiohttp.client"
    assert SECRET not in line
    assert "Authorization" not in line


def test_a_disk_that_is_full_stops_nobody_and_what_is_missing_is_told() -> None:
    class Full(io.StringIO):
        full = True

        def write(self, text: str, /) -> int:
            if self.full:
                raise OSError(28, "No space left on device")
            return super().write(text)

    stream = Full()
    log = make_log(KnownSecrets(()), stream, lambda: "now")
    log("task.started", task_id="t1")
    log("task.started", task_id="t2")
    stream.full = False
    log("task.started", task_id="t3")
    log("task.started", task_id="t4")
    told, *rest = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert (told["event"], told["message"]) == ("service.note", "up to 2 lines are missing: they could not be written")
    assert [one["task_id"] for one in rest] == ["t3", "t4"]
