"""What GitLab's jobs and webhooks ask for."""

from __future__ import annotations

from typing import Any

import pytest

from codedesigner.event.gitlab import from_environment, read
from codedesigner.event.model import (
    CommandIssued,
    Event,
    Ignored,
    QuestionAsked,
    QueueEntered,
    Refused,
    ReviewRequested,
)

BASE, HEAD, MERGED = "a" * 40, "b" * 40, "c" * 40
JOB = {"CI_MERGE_REQUEST_IID": "12", "CI_MERGE_REQUEST_DIFF_BASE_SHA": BASE, "CI_COMMIT_SHA": HEAD}


@pytest.mark.parametrize(
    ("environ", "event"),
    [
        ({}, ReviewRequested(BASE, HEAD, 12)),
        ({"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": ""}, ReviewRequested(BASE, HEAD, 12)),
        (
            {"CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": HEAD, "CI_COMMIT_SHA": MERGED},
            ReviewRequested(BASE, HEAD, 12),
        ),
        (
            {
                "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": HEAD,
                "CI_COMMIT_SHA": MERGED,
                "CI_MERGE_REQUEST_EVENT_TYPE": "merge_train",
            },
            QueueEntered(BASE, MERGED, 12),
        ),
    ],
)
def test_T_GL_19_T_GL_20_a_job_knows_the_head_of_its_merge_request(environ: dict[str, str], event: Event) -> None:
    assert from_environment({**JOB, **environ}) == event


def test_T_GL_22_a_branch_pipeline_reviews_its_first_merge_request_in_its_own_project() -> None:
    environ = {"CI_PROJECT_PATH": "g/p", "CI_COMMIT_SHA": HEAD, "CI_OPEN_MERGE_REQUESTS": "other/p!1,g/p!3,g/p!4"}

    assert from_environment(environ) == ReviewRequested(None, HEAD, 3)
    assert isinstance(from_environment({**environ, "CI_OPEN_MERGE_REQUESTS": "other/p!1"}), Refused)


@pytest.mark.parametrize("wrong", [{"CI_MERGE_REQUEST_IID": "x"}, {"CI_COMMIT_SHA": "main"}])
def test_a_job_that_names_no_change_is_refused(wrong: dict[str, str]) -> None:
    assert isinstance(from_environment({**JOB, **wrong}), Refused)


def merge_request(action: str, changes: dict[str, Any] | None = None, **said: Any) -> dict[str, Any]:
    attributes = {"iid": 12, "action": action, "last_commit": {"id": HEAD}, **said}
    return {"object_kind": "merge_request", "object_attributes": attributes, "changes": changes or {}}


@pytest.mark.parametrize(
    "payload",
    [
        merge_request("open"),
        merge_request("reopen"),
        merge_request("update", oldrev=BASE),
        merge_request("update", {"draft": {"previous": True, "current": False}}),
        merge_request("update", {"target_branch": {"previous": "main", "current": "release"}}),
    ],
)
def test_what_brings_code_is_reviewed(payload: dict[str, Any]) -> None:
    assert read(payload) == ReviewRequested(None, HEAD, 12)


@pytest.mark.parametrize(
    "payload",
    [
        merge_request("update"),
        merge_request("update", {"title": {"previous": "a", "current": "b"}}),
        merge_request("update", {"draft": {"previous": False, "current": True}}),
        merge_request("update", {"draft": {"previous": "true", "current": "false"}}),
        merge_request("update", oldrev="0" * 40),
        merge_request("approved"),
        merge_request("merge"),
        merge_request("close"),
        {"object_kind": "pipeline"},
    ],
)
def test_what_brings_no_code_is_ignored(payload: dict[str, Any]) -> None:
    said = read(payload)
    assert isinstance(said, Ignored)
    action = payload.get("object_attributes", {}).get("action")
    assert (said.ended is not None) == (action in ("merge", "close"))


def note(body: str, **said: Any) -> dict[str, Any]:
    attributes = {
        "id": 99,
        "note": body,
        "noteable_type": "MergeRequest",
        "action": "create",
        "system": False,
        "author_id": 7,
        "created_at": "2026-01-02 03:04:05 UTC",
        "discussion_id": "d1",
        "type": None,
        **said,
    }
    user = {"id": 7, "username": "ann"}
    return {"object_kind": "note", "user": user, "merge_request": {"iid": 12}, "object_attributes": attributes}


def test_a_command_carries_who_typed_it_and_when() -> None:
    expected = CommandIssued(12, "recheck", "full", "99", "7", "ann", 1767323045.0, None)

    assert read(note("/codedesigner recheck full")) == expected


def test_an_answer_in_a_thread_may_be_a_question() -> None:
    assert read(note("why?", type="DiffNote")) == QuestionAsked(12, "99", "7", "ann", 1767323045.0, "d1")


@pytest.mark.parametrize(
    "payload",
    [
        note("/codedesigner on", action="update"),
        note("/codedesigner on", system=True),
        note("/codedesigner on", noteable_type="Issue"),
        note("/codedesigner on", author_id=8),
        note("thanks"),
        note("> /codedesigner on"),
    ],
)
def test_T_GL_26_notes_that_ask_nothing_of_us_are_ignored(payload: dict[str, Any]) -> None:
    assert isinstance(read(payload), Ignored)


@pytest.mark.parametrize(
    "payload",
    [
        [],
        None,
        merge_request("open", iid="12"),
        merge_request("open", last_commit={}),
        note("/codedesigner on", id=None),
    ],
)
def test_a_payload_of_another_shape_is_refused(payload: object) -> None:
    assert isinstance(read(payload), Refused)
