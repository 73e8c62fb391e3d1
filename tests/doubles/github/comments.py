"""Comments on lines, and the conversations that they start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.doubles.diffs import exists
from tests.doubles.github import render
from tests.doubles.github.anchors import Anchor, anchor, objects, place
from tests.doubles.github.model import Project, Pull, Review, ReviewComment, Thread, User
from tests.doubles.github.routes import Call, RefusedError, check_length, not_found, route
from tests.doubles.server import Reply

if TYPE_CHECKING:
    from tests.doubles.github.double import GitHub

_OF_PULL = "/repos/{owner}/{repo}/pulls/{pull_number}/comments"
_ALL = "/repos/{owner}/{repo}/pulls/comments"
_ONE = f"{_ALL}/{{comment_id}}"


@dataclass(frozen=True, slots=True)
class Where:
    """A place, the commit whose diff it is in, and the review that a comment belongs to."""

    anchor: Anchor
    commit: str
    review: int
    subject: str = "line"
    off_diff: bool = False


def add(github: GitHub, pull: Pull, user: User, body: str, where: Where) -> ReviewComment:
    """Store a comment that starts a conversation."""
    now, at = github.clock.text(), where.anchor
    thread = Thread(render.node("PRRT", github.next_id()), pull.number)
    made = ReviewComment(
        github.next_id(),
        where.review,
        user,
        body,
        at.path,
        where.commit,
        pull.merge_base(where.commit),
        at.hunk,
        now,
        now,
    )
    made.side, made.line, made.position, made.subject = at.side, at.line, at.position, where.subject
    made.start_side, made.start_line, made.off_diff, made.thread = (
        at.start_side,
        at.start_line,
        where.off_diff,
        thread.node,
    )
    pull.threads.append(thread)
    pull.comments.append(made)
    return made


def visible(pull: Pull) -> list[ReviewComment]:
    """The comments of submitted reviews."""
    pending = {each.id for each in pull.reviews if each.state == "PENDING"}
    return [each for each in pull.comments if each.review not in pending]


def comment_json(github: GitHub, pull: Pull, given: ReviewComment) -> dict[str, Any]:
    """A comment on lines. What is outdated has no `line`, `start_line` and `position`."""
    repo = f"{github.api}/repos/{pull.project.full_name}"
    url, pulls = f"{repo}/pulls/comments/{given.id}", f"{repo}/pulls/{pull.number}"
    page = f"{github.address}/{pull.project.full_name}/pull/{pull.number}#discussion_r{given.id}"
    now = place(pull, given)
    found = {
        "url": url,
        "pull_request_review_id": given.review,
        "id": given.id,
        "node_id": render.node("PRRC", given.id),
        "diff_hunk": given.hunk,
        "path": given.path,
        "commit_id": pull.head_sha if now else given.commit,
        "original_commit_id": given.commit,
        "user": render.user(github, given.user),
        "body": given.body,
        "created_at": given.created_at,
        "updated_at": given.updated_at,
        "html_url": page,
        "pull_request_url": pulls,
        "author_association": render.association(pull.project, given.user),
        "_links": {"self": {"href": url}, "html": {"href": page}, "pull_request": {"href": pulls}},
        "reactions": render.reactions(f"{url}/reactions", given.reactions),
        "start_line": now.start_line if now else None,
        "original_start_line": given.start_line,
        "start_side": given.start_side,
        "line": now.line if now else None,
        "original_line": given.line,
        "side": given.side,
        "position": now.position if now else None,
        "original_position": given.position,
        "subject_type": given.subject,
    }
    return found if given.reply_to is None else found | {"in_reply_to_id": given.reply_to}


def find(project: Project, number: int) -> tuple[Pull, ReviewComment]:
    """A comment by its id, in whatever pull request."""
    for pull in project.pulls.values():
        for comment in visible(pull):
            if comment.id == number:
                return pull, comment
    raise not_found()


def _found(call: Call) -> tuple[Pull, ReviewComment]:
    return find(call.project, call.number("comment_id"))


def _own(call: Call, comment: ReviewComment) -> None:
    if comment.user is not call.token.user:
        call.github.permit(call.token, call.project, "others:write")


@route("GET", _OF_PULL, "pull_requests:read")
def _list(call: Call) -> Reply:
    return call.page([comment_json(call.github, call.pull, each) for each in _sorted(call, visible(call.pull))])


def _sorted(call: Call, comments: list[ReviewComment]) -> list[ReviewComment]:
    query = call.request.query
    kept = [each for each in comments if each.updated_at >= query.get("since", "")]
    if query.get("sort") == "updated":
        kept.sort(key=lambda each: each.updated_at)
    return kept[::-1] if "sort" in query and query.get("direction") == "desc" else kept


@route("GET", _ALL, "pull_requests:read")
def _list_all(call: Call) -> Reply:
    pulls = call.project.pulls.values()
    return call.page([comment_json(call.github, pull, each) for pull in pulls for each in visible(pull)])


@route("POST", _OF_PULL, "pull_requests:write", creates=True)
def _create(call: Call) -> Reply:
    github, pull, body = call.github, call.pull, call.body
    if body.get("in_reply_to") is not None:
        return _answer(call, int(body["in_reply_to"]))
    check_length(body["body"], "PullRequestReviewComment", count_bytes=github.count_bytes)
    commit = body["commit_id"]
    if not exists(call.project.repo, commit):
        raise RefusedError(422, "Validation Failed", objects(["end_commit_oid"]))
    at = _anchor(call, commit)
    if isinstance(at, list):
        raise RefusedError(422, "Validation Failed", objects(at))
    now = github.clock.tick()
    review = Review(github.next_id(), call.token.user, "", "COMMENTED", commit, now)
    pull.reviews.append(review)
    where = Where(at, commit, review.id, body.get("subject_type", "line"))
    made = add(github, pull, call.token.user, body["body"], where)
    github.notify(call.token.user, "comment")
    return Reply(201, comment_json(github, pull, made), {"Location": f"{github.api}{call.request.path}/{made.id}"})


def _anchor(call: Call, commit: str) -> Anchor | list[str]:
    files = call.project.diffs.files(call.pull.merge_base(commit), commit)
    if call.body.get("subject_type") != "file":
        return anchor(files, call.body)
    file = next((each for each in files if each.path == call.body["path"]), None)
    if file is None:
        return ["path", "diff_hunk"]
    return Anchor(file.path, "RIGHT", 1, 1, file.hunks[0].header if file.hunks else "")


def _answer(call: Call, number: int) -> Reply:
    root = next((each for each in visible(call.pull) if each.id == number), None)
    if root is None or root.reply_to is not None:
        raise not_found()
    check_length(call.body["body"], "PullRequestReviewComment", count_bytes=call.github.count_bytes)
    made = call.github.reply(call.pull, root, call.token.user.login, call.body["body"])
    review = Review(made.review, call.token.user, "", "COMMENTED", call.pull.head_sha, made.created_at)
    call.pull.reviews.append(review)
    call.github.notify(call.token.user, "answer")
    return Reply(201, comment_json(call.github, call.pull, made))


@route("POST", f"{_OF_PULL}/{{comment_id}}/replies", "pull_requests:write", creates=True)
def _reply(call: Call) -> Reply:
    return _answer(call, call.number("comment_id"))


@route("GET", _ONE, "pull_requests:read")
def _get(call: Call) -> Reply:
    return Reply(200, comment_json(call.github, *_found(call)))


@route("PATCH", _ONE, "pull_requests:write")
def _update(call: Call) -> Reply:
    pull, comment = _found(call)
    _own(call, comment)
    check_length(call.body["body"], "PullRequestReviewComment", count_bytes=call.github.count_bytes)
    call.github.edit(comment, call.token.user.login, call.body["body"])
    return Reply(200, comment_json(call.github, pull, comment))


@route("DELETE", _ONE, "pull_requests:write")
def _delete(call: Call) -> Reply:
    pull, comment = _found(call)
    _own(call, comment)
    pull.comments.remove(comment)
    if not any(each.thread == comment.thread for each in pull.comments):
        pull.threads[:] = [each for each in pull.threads if each.node != comment.thread]
    return Reply(204)
