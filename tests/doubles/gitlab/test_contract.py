"""The declared operations, held against what python-gitlab declares of the same endpoints."""

from __future__ import annotations

import re
from typing import Any

import pytest
from gitlab.v4 import objects
from tests.doubles.gitlab.contract import Operation
from tests.doubles.gitlab.server import OPERATIONS

MANAGERS = [
    objects.ProjectMergeRequestDiscussionManager,
    objects.ProjectMergeRequestDiscussionNoteManager,
    objects.ProjectMergeRequestNoteManager,
    objects.ProjectMergeRequestDraftNoteManager,
    objects.ProjectMergeRequestNoteAwardEmojiManager,
    objects.ProjectMergeRequestAwardEmojiManager,
    objects.ProjectCommitStatusManager,
    objects.ProjectMergeRequestManager,
]
# python-gitlab says nothing of these, or what GitLab has since dropped.
UNKNOWN_TO_THE_LIBRARY = {
    ("POST", "notes"): {"confidential", "internal", "created_at", "merge_request_diff_head_sha"},
    ("POST", "statuses"): {"pipeline_id"},
    ("PUT", "notes"): {"confidential"},
    ("PUT", "draft_notes"): {"note"},
}
ONLY_IN_THE_LIBRARY = {("POST", "notes"): {"position"}}


def shape(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


def found(method: str, path: str) -> Operation | None:
    return next((each for each in OPERATIONS if (each.method, shape(each.path)) == (method, shape(path))), None)


def names(spec: Any, *, required: bool) -> set[str]:
    return {name.removesuffix("!") for name in spec if not required or name.endswith("!")}


@pytest.mark.parametrize("manager", MANAGERS, ids=lambda each: each.__name__)
def test_creating_takes_what_the_library_sends(manager: Any) -> None:
    operation = found("POST", _create_path(manager))
    if operation is None:
        assert manager is objects.ProjectMergeRequestManager  # nobody here opens merge requests
        return
    key = ("POST", operation.path.rpartition("/")[2] if "statuses" not in operation.path else "statuses")
    declared, more = manager._create_attrs, UNKNOWN_TO_THE_LIBRARY.get(key, set())
    assert names(operation.spec, required=True) == set(declared.required)
    theirs = {*declared.required, *declared.optional}
    ours = names(operation.spec, required=False)
    assert ours - more <= theirs
    assert theirs - ours <= ONLY_IN_THE_LIBRARY.get(key, set())


def _create_path(manager: Any) -> str:
    return str(manager._path).replace("/repository/commits/{commit_id}/statuses", "/statuses/{commit_id}")


@pytest.mark.parametrize("manager", MANAGERS, ids=lambda each: each.__name__)
def test_changing_takes_what_the_library_sends(manager: Any) -> None:
    operation = found("PUT", f"{manager._path}/{{}}")
    if operation is None:
        assert not hasattr(manager, "update")
        return
    declared = manager._update_attrs
    theirs = {*declared.required, *declared.optional, *declared.exclusive}
    ours = names(operation.spec, required=False)
    if manager is objects.ProjectMergeRequestManager:
        assert ours <= theirs  # a part of what it takes
        return
    more = (
        UNKNOWN_TO_THE_LIBRARY.get(("PUT", manager._path.rpartition("/")[2]), set())
        if not declared.exclusive
        else set()
    )
    assert ours - more == theirs


@pytest.mark.parametrize(
    "manager",
    [
        *MANAGERS,
        objects.ProjectMergeRequestDiffManager,
        objects.ProjectMergeRequestPipelineManager,
        objects.ProjectMergeRequestStatusCheckManager,
        objects.ProjectExternalStatusCheckManager,
        objects.ProjectMemberManager,
        objects.ProjectMemberAllManager,
        objects.ProjectPipelineManager,
        objects.ProjectCommitStatusManager,
    ],
    ids=lambda each: each.__name__,
)
def test_all_that_is_listed_is_there(manager: Any) -> None:
    assert found("GET", manager._path) is not None


def test_the_status_check_response_takes_what_the_library_declares() -> None:
    operation = found("POST", "/projects/{}/merge_requests/{}/status_check_responses")
    assert operation is not None
    attributes = objects.ProjectMergeRequestStatusCheckManager._update_attrs
    assert names(operation.spec, required=False) == {*attributes.required, *attributes.optional}


def test_paths_are_told_apart() -> None:
    paths = [(each.method, shape(each.path)) for each in OPERATIONS]
    assert len(paths) == len(set(paths))
