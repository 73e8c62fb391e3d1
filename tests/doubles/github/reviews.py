"""Reviews: created whole or not at all, pending ones, dismissals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tests.doubles.diffs import exists
from tests.doubles.github import render
from tests.doubles.github.anchors import Anchor, anchor, refused_review
from tests.doubles.github.comments import Where, add, comment_json
from tests.doubles.github.model import Pull, Review, User
from tests.doubles.github.routes import MOST_TEXT, Call, measure, not_found, route, unprocessable
from tests.doubles.server import Reply

if TYPE_CHECKING:
    from tests.doubles.github.double import GitHub

_ALL = "/repos/{owner}/{repo}/pulls/{pull_number}/reviews"
_ONE = f"{_ALL}/{{review_id}}"
_STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def review_json(github: GitHub, pull: Pull, review: Review) -> dict[str, Any]:
    """A review."""
    url = f"{github.api}/repos/{pull.project.full_name}/pulls/{pull.number}"
    page = f"{github.address}/{pull.project.full_name}/pull/{pull.number}#pullrequestreview-{review.id}"
    found = {
        "id": review.id,
        "node_id": render.node("PRR", review.id),
        "user": render.user(github, review.user),
        "body": review.body,
        "state": review.state,
        "html_url": page,
        "pull_request_url": url,
        "author_association": render.association(pull.project, review.user),
        "_links": {"html": {"href": page}, "pull_request": {"href": url}},
        "commit_id": review.commit,
    }
    return found if review.submitted_at is None else found | {"submitted_at": review.submitted_at}


def _seen(call: Call) -> list[Review]:
    return [each for each in call.pull.reviews if each.state != "PENDING" or each.user is call.token.user]


def _found(call: Call) -> Review:
    number = call.number("review_id")
    found = next((each for each in _seen(call) if each.id == number), None)
    if found is None:
        raise not_found()
    return found


def _permit_event(call: Call, event: str | None) -> None:
    own = call.pull.author is call.token.user
    if own and event == "APPROVE":
        raise unprocessable("Review Can not approve your own pull request")
    if own and event == "REQUEST_CHANGES":
        raise unprocessable("Review Can not request changes on your own pull request")
    if event == "APPROVE" and call.token.kind == "actions" and not call.github.actions_may_approve:
        raise unprocessable("GitHub Actions is not permitted to approve pull requests.")


def _check_length(call: Call, text: str) -> None:
    if measure(text, count_bytes=call.github.count_bytes) > MOST_TEXT:
        raise unprocessable(f"Review body is too long (maximum is {MOST_TEXT} characters)")


def _pending(pull: Pull, user: User) -> Review | None:
    return next((each for each in pull.reviews if each.user is user and each.state == "PENDING"), None)


def _anchored(call: Call, commit: str, comments: Sequence[Mapping[str, Any]]) -> list[Anchor]:
    files = call.project.diffs.files(call.pull.merge_base(commit), commit)
    found = [anchor(files, each) for each in comments]
    broken = [each for each in found if isinstance(each, list)]
    if broken:
        raise refused_review(broken, call.github.refusals)
    return [each for each in found if isinstance(each, Anchor)]


@route("GET", _ALL, "pull_requests:read")
def _list(call: Call) -> Reply:
    return call.page([review_json(call.github, call.pull, each) for each in _seen(call)])


@route("POST", _ALL, "pull_requests:write", creates=True)
def _create(call: Call) -> Reply:
    github, pull, body = call.github, call.pull, call.body
    event, text, comments = body.get("event") or None, body.get("body") or "", body.get("comments") or []
    _permit_event(call, event)
    if _pending(pull, call.token.user):
        raise unprocessable("User can only have one pending review per pull request")
    if event in ("REQUEST_CHANGES", "COMMENT") and not text.strip():
        raise unprocessable("Review body can't be blank")
    for each in (text, *(comment["body"] for comment in comments)):
        _check_length(call, each)
    if not all(comment["body"].strip() for comment in comments):
        raise unprocessable("Review comments is invalid and Pull request review comment body can't be blank")
    commit = body.get("commit_id") or pull.head_sha
    if not exists(call.project.repo, commit):
        raise refused_review([["end_commit_oid"]], github.refusals)
    anchors = _anchored(call, commit, comments)
    state = _STATES[event] if event else "PENDING"
    now = github.clock.tick()
    review = Review(github.next_id(), call.token.user, text, state, commit, now if event else None)
    pull.reviews.append(review)
    if event:
        github.notify(call.token.user, "review")
    for place, comment in zip(anchors, comments, strict=True):
        add(github, pull, call.token.user, comment["body"], Where(place, commit, review.id))
    return Reply(200, review_json(github, pull, review))


@route("GET", _ONE, "pull_requests:read")
def _get(call: Call) -> Reply:
    return Reply(200, review_json(call.github, call.pull, _found(call)))


@route("PUT", _ONE, "pull_requests:write")
def _update(call: Call) -> Reply:
    review = _found(call)
    if review.user is not call.token.user:
        raise unprocessable("Could not edit the review of somebody else")
    _check_length(call, call.body["body"])
    call.github.edit(review, call.token.user.login, call.body["body"])
    return Reply(200, review_json(call.github, call.pull, review))


@route("DELETE", _ONE, "pull_requests:write")
def _delete(call: Call) -> Reply:
    review, pull = _found(call), call.pull
    if review.state != "PENDING":
        raise unprocessable("Can not delete a non-pending pull request review")
    pull.reviews.remove(review)
    gone = {each.thread for each in pull.comments if each.review == review.id and each.reply_to is None}
    pull.comments[:] = [each for each in pull.comments if each.review != review.id]
    pull.threads[:] = [each for each in pull.threads if each.node not in gone]
    return Reply(200, review_json(call.github, pull, review))


@route("POST", f"{_ONE}/events", "pull_requests:write", creates=True)
def _submit(call: Call) -> Reply:
    review, event = _found(call), call.body["event"]
    if review.state != "PENDING":
        raise unprocessable("Can not submit a review that is not pending")
    _permit_event(call, event)
    review.body = call.body.get("body") or review.body
    if event in ("REQUEST_CHANGES", "COMMENT") and not review.body.strip():
        raise unprocessable("Review body can't be blank")
    review.state, review.submitted_at = _STATES[event], call.github.clock.tick()
    call.github.notify(call.token.user, "review")
    return Reply(200, review_json(call.github, call.pull, review))


@route("PUT", f"{_ONE}/dismissals", "pull_requests:write")
def _dismiss(call: Call) -> Reply:
    review = _found(call)
    if review.state not in ("APPROVED", "CHANGES_REQUESTED"):
        raise unprocessable(f"Can not dismiss a {review.state.lower()} pull request review")
    review.state, review.dismissal = "DISMISSED", call.body["message"]
    return Reply(200, review_json(call.github, call.pull, review))


@route("GET", f"{_ONE}/comments", "pull_requests:read")
def _comments(call: Call) -> Reply:
    review = _found(call)
    own = [each for each in call.pull.comments if each.review == review.id]
    return call.page([comment_json(call.github, call.pull, each) for each in own])
