"""What GitHub's events ask for."""

from __future__ import annotations

from typing import Any

import pytest

from codedesigner.event.github import read
from codedesigner.event.model import CommandIssued, Ignored, QuestionAsked, QueueEntered, Refused, ReviewRequested

BASE, HEAD = "a" * 40, "b" * 40
ANN = {"id": 7, "login": "ann", "type": "User"}
CREATED = "2026-01-02T03:04:05Z"


def pull(action: str, **more: object) -> dict[str, object]:
    return {"action": action, "pull_request": {"number": 3, "base": {"sha": BASE}, "head": {"sha": HEAD}}, **more}


def comment(body: str, **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"id": 99, "user": ANN, "body": body, "created_at": CREATED}
    return {
        "action": "created",
        "issue": {"number": 3, "pull_request": {"url": "x"}},
        "comment": {**said, **more.pop("comment", {})},
        "sender": ANN,
        **more,
    }


@pytest.mark.parametrize("action", ["opened", "synchronize", "reopened", "ready_for_review"])
def test_what_brings_code_is_reviewed(action: str) -> None:
    assert read("pull_request", pull(action)) == ReviewRequested(BASE, HEAD, 3)


def test_T_GH_47_another_base_is_another_change() -> None:
    moved = pull("edited", changes={"base": {"ref": {"from": "old"}, "sha": {"from": "c" * 40}}})

    assert read("pull_request", moved) == ReviewRequested(BASE, HEAD, 3)
    assert isinstance(read("pull_request", pull("edited", changes={"title": {"from": "x"}})), Ignored)


@pytest.mark.parametrize("action", ["closed", "labeled", "converted_to_draft", "assigned"])
def test_what_brings_no_code_is_ignored(action: str) -> None:
    said = read("pull_request", pull(action))
    assert isinstance(said, Ignored)
    assert said.ended == (3 if action == "closed" else None)


@pytest.mark.parametrize(
    ("ref", "number"),
    [
        (f"refs/heads/gh-readonly-queue/main/pr-42-{BASE}", 42),
        (f"refs/heads/gh-readonly-queue/release/1.x/pr-42-{BASE}", 42),
        (f"gh-readonly-queue/main/pr-1-pr-2-{BASE}", None),
        (f"refs/heads/gh-readonly-queue/pr-3-{'d' * 40}/pr-5-{BASE}", 5),
        ("refs/heads/main", None),
        (f"refs/heads/gh-readonly-queue/main/pr-0-{BASE}", None),
        (f"refs/heads/gh-readonly-queue/main/pr-42-{BASE}; rm", None),
        ("", None),
    ],
)
def test_a_merge_group_tells_its_pull_request_by_its_branch_or_not_at_all(ref: str, number: int | None) -> None:
    payload = {"action": "checks_requested", "merge_group": {"base_sha": BASE, "head_sha": HEAD, "head_ref": ref}}

    event = read("merge_group", payload)

    assert isinstance(event, QueueEntered)
    assert (event.base, event.head, event.number) == (BASE, HEAD, number)
    assert (number is None) == bool(event.reason)


def test_a_destroyed_merge_group_is_ignored() -> None:
    assert isinstance(read("merge_group", {"action": "destroyed", "merge_group": {}}), Ignored)


def test_a_command_carries_who_typed_it_and_when() -> None:
    event = read("issue_comment", comment("/codedesigner dismiss F3 ours"))

    assert event == CommandIssued(3, "dismiss", "F3 ours", "99", "7", "ann", 1767323045.0, None)


def test_a_command_in_a_thread_knows_its_thread() -> None:
    said = comment("/codedesigner help", comment={"in_reply_to_id": 55}, pull_request={"number": 3})

    event = read("pull_request_review_comment", said)

    assert isinstance(event, CommandIssued)
    assert event.thread == "55"


def test_an_answer_in_a_thread_may_be_a_question() -> None:
    said = comment("why?", comment={"in_reply_to_id": 55}, pull_request={"number": 3})

    assert read("pull_request_review_comment", said) == QuestionAsked(3, "99", "7", "ann", 1767323045.0, "55")


@pytest.mark.parametrize(
    "payload",
    [
        comment("/codedesigner recheck", issue={"number": 3}),
        comment("/codedesigner recheck", action="edited"),
        comment("/codedesigner recheck", action="deleted"),
        comment("/codedesigner recheck", sender={"id": 8, "login": "bob", "type": "User"}),
        comment("/codedesigner recheck", comment={"user": {**ANN, "type": "Bot"}}),
        comment("looks good"),
        comment("> /codedesigner recheck"),
    ],
)
def test_T_GH_43_T_SEC_34_comments_that_ask_nothing_of_us_are_ignored(payload: dict[str, Any]) -> None:
    assert isinstance(read("issue_comment", payload), Ignored)


def test_a_new_thread_of_somebody_else_is_no_question() -> None:
    assert isinstance(read("pull_request_review_comment", comment("hm", pull_request={"number": 3})), Ignored)


def test_a_check_that_is_asked_for_anew_finds_its_pull_request_by_its_external_id() -> None:
    check = {"name": "codedesigner", "head_sha": HEAD, "external_id": "codedesigner/3/run-1", "pull_requests": []}

    assert read("check_run", {"action": "rerequested", "check_run": check}) == ReviewRequested(None, HEAD, 3)
    assert isinstance(read("check_run", {"action": "completed", "check_run": check}), Ignored)
    assert isinstance(read("check_run", {"action": "rerequested", "check_run": {**check, "name": "x"}}), Ignored)


@pytest.mark.parametrize("said", ["", "1; rm -rf", "0", "-1", "1e3", "٣", "1" * 30, 5, None])
def test_T_SEC_68_a_number_is_digits_or_no_number(said: object) -> None:
    assert isinstance(read("workflow_dispatch", {"inputs": {"pull_request": said}}), Refused)


def test_a_workflow_may_be_started_by_hand() -> None:
    event = read("workflow_dispatch", {"inputs": {"pull_request": "3", "full": "true"}})

    assert event == ReviewRequested(None, None, 3, full=True)


def test_the_second_of_two_workflows_knows_the_head_alone() -> None:
    run = {"event": "pull_request", "head_sha": HEAD, "pull_requests": [{"number": 9}]}

    assert read("workflow_run", {"workflow_run": run}) == ReviewRequested(None, HEAD, None)
    assert isinstance(read("workflow_run", {"workflow_run": {**run, "event": "push"}}), Ignored)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("push", {}),
        ("pull_request", []),
        ("pull_request", {"action": "opened", "pull_request": {"base": {"sha": "--upload-pack=x"}}}),
        ("pull_request", {"pull_request": {"base": {"sha": BASE}, "head": {"sha": HEAD}}}),
        ("merge_group", {"action": "checks_requested"}),
        ("issue_comment", comment("/codedesigner on", comment={"id": None})),
        ("issue_comment", comment("/codedesigner on", comment={"created_at": "yesterday"})),
        ("check_run", {"action": "rerequested", "check_run": {"name": "codedesigner", "head_sha": "main"}}),
        ("workflow_run", {"workflow_run": {"event": "pull_request", "head_sha": "x"}}),
    ],
)
def test_T_SEC_59_a_payload_of_another_shape_is_refused(name: str, payload: object) -> None:
    assert isinstance(read(name, payload), Refused)
