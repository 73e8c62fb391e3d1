"""The mutations of GraphQL that the double knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from tests.doubles.github import render
from tests.doubles.github.anchors import Anchor, anchor
from tests.doubles.github.comments import Where, add, visible
from tests.doubles.github.graphnodes import (
    RESOLVING,
    Asking,
    Node,
    RefusedFieldError,
    issue_comment_node,
    line_comment_node,
    pull_node,
    review_node,
    thread_node,
)
from tests.doubles.github.model import IssueComment, Project, Pull, Review, ReviewComment, Thread

Act = Callable[[Asking], Callable[..., Node]]


def _pulls(asking: Asking) -> Iterator[Pull]:
    for project in asking.github.projects.values():
        if asking.github.sees(asking.token, project):
            yield from project.pulls.values()


def _unknown(node: str) -> RefusedFieldError:
    return RefusedFieldError("NOT_FOUND", f"Could not resolve to a node with the global id of '{node}'")


def _thread(asking: Asking, node: str) -> tuple[Pull, Thread]:
    for pull in _pulls(asking):
        for thread in pull.threads:
            if thread.node == node:
                return pull, thread
    raise _unknown(node)


def _resolving(asking: Asking, *, resolved: bool) -> Callable[..., Node]:
    def act(_info: object, **given: Any) -> Node:
        pull, thread = _thread(asking, given["input"]["threadId"])
        asking.permit(pull.project, *RESOLVING)
        thread.resolved_by = asking.token.user if resolved else None
        return {"thread": thread_node(asking, pull, thread), "clientMutationId": given["input"].get("clientMutationId")}

    return act


def _resolve(asking: Asking) -> Callable[..., Node]:
    return _resolving(asking, resolved=True)


def _unresolve(asking: Asking) -> Callable[..., Node]:
    return _resolving(asking, resolved=False)


Said = tuple[Project, IssueComment | ReviewComment | Review, Callable[[], Node]]


def _subject(asking: Asking, node: str) -> Said:
    """A comment or review by its id."""
    for project in asking.github.projects.values():
        for comment in project.comments:
            if render.node("IC", comment.id) == node:
                return project, comment, partial(issue_comment_node, asking, project, comment)
    for pull in _pulls(asking):
        for line in visible(pull):
            if render.node("PRRC", line.id) == node:
                return pull.project, line, partial(line_comment_node, asking, pull, line)
        for review in pull.reviews:
            if render.node("PRR", review.id) == node:
                return pull.project, review, partial(review_node, asking, pull, review)
    raise _unknown(node)


def _minimize(asking: Asking) -> Callable[..., Node]:
    def act(_info: object, **given: Any) -> Node:
        project, subject, shown = _subject(asking, given["input"]["subjectId"])
        asking.permit(project, "pull_requests:write")
        subject.minimized = given["input"]["classifier"]
        return {"minimizedComment": shown()}

    return act


def _unminimize(asking: Asking) -> Callable[..., Node]:
    def act(_info: object, **given: Any) -> Node:
        project, subject, shown = _subject(asking, given["input"]["subjectId"])
        asking.permit(project, "pull_requests:write")
        subject.minimized = ""
        return {"unminimizedComment": shown()}

    return act


def _add_comment(asking: Asking) -> Callable[..., Node]:
    def act(_info: object, **given: Any) -> Node:
        node = given["input"]["subjectId"]
        pull = next((each for each in _pulls(asking) if render.node("PR", each.id) == node), None)
        if pull is None:
            raise _unknown(node)
        asking.permit(pull.project, "pull_requests:write")
        made = asking.github.comment(pull, asking.token.user.login, given["input"]["body"])
        asking.github.notify(asking.token.user, "comment")
        shown = issue_comment_node(asking, pull.project, made)
        return {"commentEdge": {"cursor": str(made.id), "node": shown}, "subject": pull_node(asking, pull)}

    return act


def _update_comment(asking: Asking) -> Callable[..., Node]:
    def act(_info: object, **given: Any) -> Node:
        project, subject, shown = _subject(asking, given["input"]["id"])
        asking.permit(project, "pull_requests:write")
        if not isinstance(subject, IssueComment):
            raise _unknown(given["input"]["id"])
        if subject.user is not asking.token.user:
            asking.permit(project, "others:write")
        asking.github.edit(subject, asking.token.user.login, given["input"]["body"])
        return {"issueComment": shown()}

    return act


def _add_thread(asking: Asking) -> Callable[..., Node]:
    """A place outside the diff is accepted like any other; nobody ever sees the conversation there."""

    def act(_info: object, **given: Any) -> Node:
        asked = given["input"]
        pull = _for_thread(asking, asked)
        asking.permit(pull.project, "pull_requests:write")
        files = pull.project.diffs.files(pull.merge_base(), pull.head_sha)
        found = anchor(files, _as_rest(asked))
        off = isinstance(found, list)
        if isinstance(found, list):
            line = asked.get("line") or 1
            found = Anchor(asked["path"], asked.get("side") or "RIGHT", line, 1, "", None, asked.get("startLine"))
        review = _pending(asking, pull, asked.get("pullRequestReviewId"))
        subject = str(asked.get("subjectType") or "LINE").lower()
        made = add(
            asking.github, pull, asking.token.user, asked["body"], Where(found, pull.head_sha, review.id, subject, off)
        )
        thread = next(each for each in pull.threads if each.node == made.thread)
        return {"thread": _new_thread(asking, pull, thread, made)}

    return act


def _new_thread(asking: Asking, pull: Pull, thread: Thread, made: ReviewComment) -> Node:
    if made in visible(pull):
        return thread_node(asking, pull, thread)
    line = None if made.off_diff else made.line
    return {"id": thread.node, "isResolved": False, "path": made.path, "line": line, "isOutdated": made.off_diff}


def _for_thread(asking: Asking, asked: Mapping[str, Any]) -> Pull:
    for pull in _pulls(asking):
        if render.node("PR", pull.id) == asked.get("pullRequestId"):
            return pull
        if any(render.node("PRR", each.id) == asked.get("pullRequestReviewId") for each in pull.reviews):
            return pull
    raise _unknown(str(asked.get("pullRequestId") or asked.get("pullRequestReviewId")))


def _as_rest(asked: Mapping[str, Any]) -> dict[str, Any]:
    names = {"path": "path", "line": "line", "side": "side", "startLine": "start_line", "startSide": "start_side"}
    return {rest: asked[graph] for graph, rest in names.items() if asked.get(graph) is not None}


def _pending(asking: Asking, pull: Pull, node: str | None) -> Review:
    """The review that a new conversation goes into: the one named, the own pending one, or a new pending one."""
    for each in pull.reviews:
        own = each.user is asking.token.user and each.state == "PENDING"
        if render.node("PRR", each.id) == node or (node is None and own):
            return each
    made = Review(asking.github.next_id(), asking.token.user, "", "PENDING", pull.head_sha, None)
    pull.reviews.append(made)
    return made


def _reply(asking: Asking) -> Callable[..., Node]:
    def act(_info: object, **given: Any) -> Node:
        asked = given["input"]
        pull, thread = _thread(asking, asked["pullRequestReviewThreadId"])
        asking.permit(pull.project, "pull_requests:write")
        root = next(each for each in pull.comments if each.thread == thread.node)
        made = asking.github.reply(pull, root, asking.token.user.login, asked["body"])
        asking.github.notify(asking.token.user, "answer")
        pull.reviews.append(Review(made.review, asking.token.user, "", "COMMENTED", pull.head_sha, made.created_at))
        return {"comment": line_comment_node(asking, pull, made)}

    return act


MUTATIONS: Mapping[str, Act] = {
    "resolveReviewThread": _resolve,
    "unresolveReviewThread": _unresolve,
    "minimizeComment": _minimize,
    "unminimizeComment": _unminimize,
    "addComment": _add_comment,
    "updateIssueComment": _update_comment,
    "addPullRequestReviewThread": _add_thread,
    "addPullRequestReviewThreadReply": _reply,
}
