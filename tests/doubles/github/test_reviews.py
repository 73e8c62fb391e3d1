"""What GitHub refuses of reviews, in its words."""

from __future__ import annotations

from typing import Any

import pytest
from github.GithubException import GithubException
from tests.doubles.github import look
from tests.doubles.github.conftest import Scene, data

GOOD = {"path": "a.py", "line": 12, "side": "RIGHT", "body": "why?"}
BLANK = "and Pull request review thread diff hunk can't be blank"
OUTSIDE = f"Pull request review thread line must be part of the diff {BLANK}"
ORDER = "Pull request review thread start line must precede the end line."
SAME = "Pull request review thread start line must be part of the same hunk as the line."
PATH = f"Pull request review thread path is invalid {BLANK}"


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({"line": 30}, OUTSIDE),
        ({"line": 13, "side": "LEFT"}, OUTSIDE),
        ({"line": 12, "start_line": 12}, ORDER),
        ({"line": 12, "start_line": 13}, ORDER),
        ({"line": 41, "start_line": 12}, SAME),
        ({"path": "README.md"}, PATH),
        ({"side": "BOTH"}, "Pull request review thread side is not included in the list"),
    ],
)
def test_one_bad_comment_rejects_the_whole_review(scene: Scene, bad: dict[str, Any], sentence: str) -> None:
    with pytest.raises(GithubException) as refused:
        scene.review(GOOD, GOOD | bad, GOOD)
    assert refused.value.status == 422
    assert (data(refused)["message"], data(refused)["errors"]) == ("Unprocessable Entity", [sentence])
    assert (scene.pull.reviews, scene.pull.comments, scene.pull.threads) == ([], [], [])


def test_the_other_shapes_of_that_refusal(own: Scene) -> None:
    own.github.refusals = "objects"
    with pytest.raises(GithubException) as refused:
        own.review(GOOD, GOOD | {"line": 41, "start_line": 12})
    assert data(refused)["errors"] == [
        {
            "resource": "PullRequestReviewComment",
            "field": "pull_request_review_thread.start_line",
            "code": "custom",
            "message": "pull_request_review_thread.start_line must be part of the same hunk as the line.",
        }
    ]
    own.github.refusals = "resolved"
    with pytest.raises(GithubException) as refused:
        own.review(GOOD | {"line": 30}, GOOD | {"path": "README.md"})
    assert data(refused)["errors"] == ["Line could not be resolved", "Path could not be resolved"]


def test_an_unknown_commit(scene: Scene) -> None:
    with pytest.raises(GithubException) as refused:
        scene.review(GOOD, commit_id="d" * 40)
    assert data(refused)["errors"] == ["Pull request review thread end commit oid is not part of the pull request"]
    comment = {"body": "b", "commit_id": "d" * 40, "path": "a.py", "line": 12}
    with pytest.raises(GithubException) as refused:
        scene.ask("POST", f"/repos/octo/shop/pulls/{scene.pull.number}/comments", comment)
    assert data(refused)["errors"][0]["field"] == "pull_request_review_thread.end_commit_oid"


def test_single_comments_are_refused_with_objects(scene: Scene) -> None:
    with pytest.raises(GithubException) as refused:
        scene.page().create_review_comment("b", scene.pull.head_sha, "a.py", line=30, side="RIGHT")
    assert refused.value.status == 422
    assert [(each["field"], each["code"]) for each in data(refused)["errors"]] == [
        ("pull_request_review_thread.line", "custom"),
        ("pull_request_review_thread.diff_hunk", "missing_field"),
    ]


@pytest.mark.parametrize("event", ["COMMENT", "REQUEST_CHANGES"])
def test_a_review_needs_words(scene: Scene, event: str) -> None:
    with pytest.raises(GithubException, match="body can't be blank"):
        scene.review(GOOD, body="", event=event)


def test_nobody_judges_an_own_pull_request(scene: Scene) -> None:
    dev = scene.github.user_token("dev")
    with pytest.raises(GithubException, match="Can not request changes on your own pull request"):
        scene.review(event="REQUEST_CHANGES", token=dev)
    with pytest.raises(GithubException, match="Can not approve your own pull request"):
        scene.review(event="APPROVE", token=dev)


def test_a_workflow_does_not_approve(own: Scene) -> None:
    with pytest.raises(GithubException, match="GitHub Actions is not permitted to approve pull requests"):
        own.review(event="APPROVE")
    own.github.actions_may_approve = True
    assert own.review(event="APPROVE")["state"] == "APPROVED"
    own.github.actions_may_approve = False


def test_one_pending_review_each(own: Scene) -> None:
    left = own.review(GOOD, event=None)
    assert left["state"] == "PENDING"
    assert "submitted_at" not in left
    ann = own.github.user_token("ann")
    assert list(own.page(ann).get_reviews()) == [], "nobody else sees it"
    assert list(own.page(ann).get_review_comments()) == []
    for event in (None, "COMMENT"):
        with pytest.raises(GithubException, match="User can only have one pending review per pull request"):
            own.review(GOOD, event=event)
    own.review(event="COMMENT", token=ann)
    assert look(own.github, own.pull).pending == ("github-actions[bot]",)
    mine, hers = own.page().get_reviews()
    with pytest.raises(GithubException) as refused:
        hers.delete()
    assert refused.value.status == 422
    mine.delete()
    assert look(own.github, own.pull).pending == ()
    assert own.pull.threads == []
    assert own.review(GOOD)["state"] == "COMMENTED"


def test_a_pending_review_is_submitted_and_a_request_for_changes_dismissed(own: Scene) -> None:
    left = own.review(GOOD, event=None)
    path = f"/repos/octo/shop/pulls/{own.pull.number}/reviews/{left['id']}"
    assert (
        own.ask("POST", f"{path}/events", {"event": "REQUEST_CHANGES", "body": "No."})["state"] == "CHANGES_REQUESTED"
    )
    (review,) = own.page().get_reviews()
    review.dismiss("fixed")
    assert look(own.github, own.pull).reviews == (("github-actions[bot]", "DISMISSED", "No."),)
    with pytest.raises(GithubException):
        review.dismiss("again")


def test_text_that_is_too_long(own: Scene) -> None:
    fits, longer = "é" * 65536, "é" * 65537
    for ask in (
        lambda text: own.review(body=text),
        lambda text: own.review(GOOD | {"body": text}),
        lambda text: own.page().create_issue_comment(text),
        lambda text: own.page().create_review_comment(text, own.pull.head_sha, "a.py", line=12),
    ):
        ask(fits)
        with pytest.raises(GithubException, match="body is too long \\(maximum is 65536 characters\\)"):
            ask(longer)
        own.github.count_bytes = True
        with pytest.raises(GithubException, match="too long"):
            ask(fits)
        own.github.count_bytes = False


def test_ranges_sides_and_whole_files_are_accepted(own: Scene) -> None:
    own.review(
        GOOD | {"start_line": 10, "start_side": "RIGHT"},
        GOOD | {"line": 14, "side": "LEFT"},
        GOOD | {"line": 13, "start_line": 12, "start_side": "LEFT"},
        {"path": "old.py", "line": 1, "side": "LEFT", "body": "gone?"},
        {"path": "a.py", "position": 4, "body": "by position"},
    )
    own.page().create_review_comment("whole", own.pull.head_sha, "new.py", subject_type="file")
    stored = [each.raw_data for each in own.page().get_review_comments()]
    assert [(each["start_line"], each["line"], each["side"], each["subject_type"]) for each in stored] == [
        (10, 12, "RIGHT", "line"),
        (None, 14, "LEFT", "line"),
        (12, 13, "RIGHT", "line"),
        (None, 1, "LEFT", "line"),
        (None, 12, "LEFT", "line"),
        (None, 1, "RIGHT", "file"),
    ]
    assert len({each["pull_request_review_id"] for each in stored}) == 2, "a single comment has a review of its own"


def test_replies_go_to_the_first_comment_only(own: Scene) -> None:
    first = own.page().create_review_comment("b", own.pull.head_sha, "a.py", line=12)
    reply = own.page().create_review_comment_reply(first.id, "answer")
    assert reply.in_reply_to_id == first.id
    for number in (reply.id, 99):
        with pytest.raises(GithubException) as refused:
            own.page().create_review_comment_reply(number, "answer")
        assert refused.value.status == 404
    (thread,) = look(own.github, own.pull).threads
    assert thread.bodies == ("b", "answer")
