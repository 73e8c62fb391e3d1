"""What a CI environment asks for, and that a missing answer is never taken for a change."""

from __future__ import annotations

import json

import pytest

from codedesigner.event.environment import read_event
from codedesigner.event.model import QueueEntered, Refused, ReviewRequested, is_sha

BASE, HEAD = "a" * 40, "b" * 40
ACTIONS = {"GITHUB_ACTIONS": "true", "GITHUB_SHA": "c" * 40}


def test_a_pull_request_is_reviewed_at_its_own_head_and_not_at_the_test_merge() -> None:
    payload = {"pull_request": {"number": 7, "base": {"sha": BASE}, "head": {"sha": HEAD, "repo": None}}}

    event = read_event({**ACTIONS, "GITHUB_EVENT_NAME": "pull_request"}, json.dumps(payload))

    assert event == ReviewRequested(BASE, HEAD, 7)


def test_a_merge_group_is_reviewed_although_it_names_no_pull_request() -> None:
    payload = {"merge_group": {"base_sha": BASE, "head_sha": HEAD, "head_ref": "refs/heads/gh-readonly-queue/x"}}

    event = read_event({**ACTIONS, "GITHUB_EVENT_NAME": "merge_group"}, json.dumps(payload))

    assert isinstance(event, QueueEntered)
    assert (event.base, event.head, event.number) == (BASE, HEAD, None)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("pull_request", None),
        ("pull_request", "not json"),
        ("pull_request", "[]"),
        ("pull_request", '{"pull_request": null}'),
        ("pull_request", json.dumps({"pull_request": {"base": {"sha": "--upload-pack=x"}, "head": {"sha": HEAD}}})),
        ("pull_request", json.dumps({"pull_request": {"base": {"sha": BASE}, "head": {"sha": HEAD[:12]}}})),
        ("push", "{}"),
        ("", "{}"),
    ],
)
def test_an_event_that_names_no_change_is_refused(name: str, payload: str | None) -> None:
    event = read_event({**ACTIONS, "GITHUB_EVENT_NAME": name}, payload)

    assert isinstance(event, Refused)
    assert event.reason
    assert event.hint


def test_gitlab_merge_request_pipelines_name_the_change() -> None:
    environ = {
        "GITLAB_CI": "true",
        "CI_MERGE_REQUEST_IID": "12",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": BASE,
        "CI_COMMIT_SHA": HEAD,
        "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "",
    }

    assert read_event(environ, None) == ReviewRequested(BASE, HEAD, 12)


@pytest.mark.parametrize("missing", ["CI_MERGE_REQUEST_IID", "CI_MERGE_REQUEST_DIFF_BASE_SHA", "CI_COMMIT_SHA"])
def test_a_gitlab_pipeline_without_its_facts_is_refused(missing: str) -> None:
    environ = {
        "GITLAB_CI": "true",
        "CI_MERGE_REQUEST_IID": "12",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": BASE,
        "CI_COMMIT_SHA": HEAD,
    }
    del environ[missing]

    assert isinstance(read_event(environ, None), Refused)


def test_outside_any_ci_the_reader_is_told_what_to_type() -> None:
    event = read_event({}, None)

    assert isinstance(event, Refused)
    assert "codedesigner review" in event.hint


def test_only_full_lower_case_ids_are_commit_ids() -> None:
    assert is_sha(BASE)
    assert is_sha("0" * 64)
    assert not is_sha("A" * 40)
    assert not is_sha(BASE[:-1])
    assert not is_sha(None)
