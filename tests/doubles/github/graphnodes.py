"""Stored values as nodes of GraphQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.doubles.github import render
from tests.doubles.github.anchors import place
from tests.doubles.github.comments import visible
from tests.doubles.github.model import Issue, IssueComment, Project, Pull, Review, ReviewComment, Thread, Token, User
from tests.doubles.github.routes import RefusedError

if TYPE_CHECKING:
    from tests.doubles.github.double import GitHub

Node = dict[str, Any]
_MOST = 100


class RefusedFieldError(Exception):
    """A field is refused; `type` is GitHub's word for why."""

    def __init__(self, type_: str, message: str) -> None:
        super().__init__(message)
        self.type = type_


# What resolving a thread takes.
RESOLVING = ("pull_requests:write", "contents:write")


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks."""

    github: GitHub
    token: Token

    def may(self, project: Project, *needs: str) -> bool:
        """Whether the token has all of the permissions."""
        try:
            self.permit(project, *needs)
        except RefusedFieldError:
            return False
        return True

    def permit(self, project: Project, *needs: str) -> None:
        """Refuse a field unless the token has all of the permissions."""
        if not self.github.sees(self.token, project):
            raise RefusedFieldError(
                "NOT_FOUND", f"Could not resolve to a Repository with the name '{project.full_name}'."
            )
        for need in needs:
            try:
                self.github.permit(self.token, project, need)
            except RefusedError as refused:
                raise RefusedFieldError("FORBIDDEN", refused.message) from refused


def roots(asking: Asking) -> Node:
    """The fields of Query."""

    def repository(_info: object, owner: str, name: str, **_: object) -> Node:
        found = asking.github.projects.get(f"{owner}/{name}")
        if found is None or not asking.github.sees(asking.token, found):
            message = f"Could not resolve to a Repository with the name '{owner}/{name}'."
            raise RefusedFieldError("NOT_FOUND", message)
        return repository_node(asking, found)

    def node(_info: object, **given: str) -> Node:
        return found_node(asking, given["id"])

    def nodes(_info: object, ids: list[str]) -> list[Node]:
        return [found_node(asking, each) for each in ids]

    limits = asking.github.limits
    rate = {
        "limit": limits.limit,
        "remaining": limits.remaining,
        "used": limits.limit - limits.remaining,
        "cost": 1,
        "nodeCount": 1,
        "resetAt": asking.github.clock.text(),
    }
    viewer = user_node(asking.token.user)
    return {"repository": repository, "node": node, "nodes": nodes, "rateLimit": rate, "viewer": viewer}


def found_node(asking: Asking, given: str) -> Node:
    """Whatever has this id."""
    for project in asking.github.projects.values():
        if not asking.github.sees(asking.token, project):
            continue
        for found, made in _every(asking, project):
            if found == given:
                return made()
    raise RefusedFieldError("NOT_FOUND", f"Could not resolve to a node with the global id of '{given}'")


def _every(asking: Asking, project: Project) -> list[tuple[str, Callable[[], Node]]]:
    found: list[tuple[str, Callable[[], Node]]] = [
        (render.node("R", project.id), partial(repository_node, asking, project)),
        *(
            (render.node("IC", each.id), partial(issue_comment_node, asking, project, each))
            for each in project.comments
        ),
    ]
    for pull in project.pulls.values():
        found.append((render.node("PR", pull.id), partial(pull_node, asking, pull)))
        found += [(each.node, partial(thread_node, asking, pull, each)) for each in pull.threads]
        found += [
            (render.node("PRRC", each.id), partial(line_comment_node, asking, pull, each)) for each in visible(pull)
        ]
        found += [(render.node("PRR", each.id), partial(review_node, asking, pull, each)) for each in pull.reviews]
    return found


def connection(items: Sequence[Any], make: Callable[[Any], Node], name: str) -> Callable[..., Node]:
    """A connection; without `first` or `last`, or with more than a hundred, it is refused."""

    def resolve(_info: object, first: int | None = None, last: int | None = None, **given: Any) -> Node:
        size = first if first is not None else last
        if size is None:
            message = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
            raise RefusedFieldError("MISSING_PAGINATION_BOUNDARIES", message)
        if size > _MOST:
            message = (
                f"Requesting {size} records on the `{name}` connection exceeds the `first` limit of {_MOST} records."
            )
            raise RefusedFieldError("EXCESSIVE_PAGINATION", message)
        start = int(given["after"]) if given.get("after") else 0
        end = int(given["before"]) - 1 if given.get("before") else len(items)
        low, high = (start, min(start + size, end)) if first is not None else (max(start, end - size), end)
        made = [make(each) for each in items[low:high]]
        page = {
            "hasNextPage": high < len(items),
            "hasPreviousPage": low > 0,
            "startCursor": str(low + 1) if made else None,
            "endCursor": str(high) if made else None,
        }
        edges = [{"cursor": str(low + 1 + n), "node": each} for n, each in enumerate(made)]
        return {"nodes": made, "edges": edges, "totalCount": len(items), "pageInfo": page}

    return resolve


def user_node(user: User) -> Node | None:
    """An actor. GraphQL leaves `[bot]` out of the names of bots."""
    if user.deleted:
        return None
    kind = user.type
    return {
        "__typename": kind,
        "id": render.node("U" if kind == "User" else "BOT", user.id),
        "databaseId": user.id,
        "login": user.login.removesuffix("[bot]"),
        "url": f"/{user.login}",
        "resourcePath": f"/{user.login}",
    }


def repository_node(asking: Asking, project: Project) -> Node:
    """A repository."""

    def pull(_info: object, number: int) -> Node:
        asking.permit(project, "pull_requests:read")
        if number not in project.pulls:
            message = f"Could not resolve to a PullRequest with the number of {number}."
            raise RefusedFieldError("NOT_FOUND", message)
        return pull_node(asking, project.pulls[number])

    def issue(_info: object, number: int) -> Node:
        asking.permit(project, "issues:read")
        if number not in project.issues or number in project.pulls:
            message = f"Could not resolve to an Issue with the number of {number}."
            raise RefusedFieldError("NOT_FOUND", message)
        return issue_node(asking, project, project.issues[number])

    return {
        "__typename": "Repository",
        "id": render.node("R", project.id),
        "databaseId": project.id,
        "name": project.name,
        "nameWithOwner": project.full_name,
        "isPrivate": project.private,
        "isFork": project.parent is not None,
        "url": f"{asking.github.address}/{project.full_name}",
        "pullRequest": pull,
        "issue": issue,
    }


def issue_node(asking: Asking, project: Project, given: Issue) -> Node:
    """An issue that is no pull request."""
    editors = [user_node(asking.github.user(login)) for login, _ in given.edits]

    def edit(editor: Node | None) -> Node:
        return {"__typename": "UserContentEdit", "editor": editor, "createdAt": given.created_at}

    return {
        "__typename": "Issue",
        "id": render.node("I", given.number),
        "number": given.number,
        "title": given.title,
        "body": given.body or "",
        "author": user_node(given.user),
        "editor": editors[-1] if editors else None,
        "lastEditedAt": given.created_at if editors else None,
        "createdAt": given.created_at,
        "url": f"{asking.github.address}/{project.full_name}/issues/{given.number}",
        "userContentEdits": connection(list(reversed(editors)), edit, "userContentEdits"),
    }


def pull_node(asking: Asking, pull: Pull) -> Node:
    """A pull request."""
    comments = [each for each in pull.project.comments if each.number == pull.number]
    reviews = [each for each in pull.reviews if each.state != "PENDING" or each.user is asking.token.user]
    shown = {each.thread for each in visible(pull)}
    threads = [each for each in pull.threads if each.node in shown]

    def review(each: Review) -> Node:
        return review_node(asking, pull, each)

    return {
        "__typename": "PullRequest",
        "id": render.node("PR", pull.id),
        "databaseId": pull.id,
        "fullDatabaseId": str(pull.id),
        "number": pull.number,
        "title": pull.issue.title,
        "body": pull.issue.body or "",
        "state": "MERGED" if pull.merged else pull.state.upper(),
        "isDraft": pull.draft,
        "merged": pull.merged,
        "mergeable": "UNKNOWN" if pull.mergeable_unknown > 0 else "MERGEABLE" if pull.merge_sha else "CONFLICTING",
        "isCrossRepository": pull.head_project is not pull.project,
        "headRefOid": pull.head_sha,
        "headRefName": pull.head,
        "baseRefOid": pull.base_sha,
        "baseRefName": pull.base,
        "createdAt": pull.issue.created_at,
        "updatedAt": pull.updated_at,
        "url": f"{asking.github.address}/{pull.project.full_name}/pull/{pull.number}",
        "author": user_node(pull.author),
        "repository": lambda _info: repository_node(asking, pull.project),
        "reviewThreads": connection(threads, lambda each: thread_node(asking, pull, each), "reviewThreads"),
        "comments": connection(comments, lambda each: issue_comment_node(asking, pull.project, each), "comments"),
        "reviews": connection(reviews, review, "reviews"),
    }


def thread_node(asking: Asking, pull: Pull, thread: Thread) -> Node:
    """A conversation on lines."""
    comments = [each for each in visible(pull) if each.thread == thread.node]
    root = comments[0]
    now = place(pull, root)
    return {
        "__typename": "PullRequestReviewThread",
        "id": thread.node,
        "isResolved": thread.resolved_by is not None,
        "isOutdated": now is None,
        "isCollapsed": thread.resolved_by is not None,
        "path": root.path,
        "line": now.line if now else None,
        "startLine": now.start_line if now else None,
        "originalLine": root.line,
        "originalStartLine": root.start_line,
        "diffSide": root.side,
        "startDiffSide": root.start_side,
        "subjectType": root.subject.upper(),
        "resolvedBy": user_node(thread.resolved_by) if thread.resolved_by else None,
        "viewerCanReply": True,
        "viewerCanResolve": thread.resolved_by is None and asking.may(pull.project, *RESOLVING),
        "viewerCanUnresolve": thread.resolved_by is not None and asking.may(pull.project, *RESOLVING),
        "pullRequest": lambda _info: pull_node(asking, pull),
        "repository": lambda _info: repository_node(asking, pull.project),
        "comments": connection(comments, lambda each: line_comment_node(asking, pull, each), "comments"),
    }


def _comment(asking: Asking, given: IssueComment | ReviewComment) -> Node:
    editor = asking.github.user(given.edits[-1][0]) if given.edits else None
    return {
        "databaseId": given.id,
        "fullDatabaseId": str(given.id),
        "author": user_node(given.user),
        "body": given.body,
        "createdAt": given.created_at,
        "updatedAt": given.updated_at,
        "lastEditedAt": given.updated_at if given.edits else None,
        "editor": user_node(editor) if editor else None,
        "includesCreatedEdit": bool(given.edits),
        "isMinimized": bool(given.minimized),
        "minimizedReason": given.minimized.lower() or None,
        "viewerCanMinimize": True,
    }


def issue_comment_node(asking: Asking, project: Project, given: IssueComment) -> Node:
    """A comment in the conversation."""
    found = _comment(asking, given) | {"__typename": "IssueComment", "id": render.node("IC", given.id)}
    found["viewerDidAuthor"] = given.user is asking.token.user
    found["url"] = f"{asking.github.address}/{project.full_name}/pull/{given.number}#issuecomment-{given.id}"
    return found


def line_comment_node(asking: Asking, pull: Pull, given: ReviewComment) -> Node:
    """A comment on lines."""
    now = place(pull, given)
    review = next((each for each in pull.reviews if each.id == given.review), None)
    root = next((each for each in pull.comments if each.id == given.reply_to), None)
    return _comment(asking, given) | {
        "__typename": "PullRequestReviewComment",
        "id": render.node("PRRC", given.id),
        "path": given.path,
        "line": now.line if now else None,
        "startLine": now.start_line if now else None,
        "originalLine": given.line,
        "originalStartLine": given.start_line,
        "diffHunk": given.hunk,
        "outdated": now is None,
        "state": "PENDING" if review and review.state == "PENDING" else "SUBMITTED",
        "subjectType": given.subject.upper(),
        "viewerDidAuthor": given.user is asking.token.user,
        "url": f"{asking.github.address}/{pull.project.full_name}/pull/{pull.number}#discussion_r{given.id}",
        "commit": {"__typename": "Commit", "oid": pull.head_sha if now else given.commit},
        "originalCommit": {"__typename": "Commit", "oid": given.commit},
        "replyTo": (lambda _info: line_comment_node(asking, pull, root)) if root else None,
        "pullRequestReview": (lambda _info: review_node(asking, pull, review)) if review else None,
        "pullRequest": lambda _info: pull_node(asking, pull),
    }


def review_node(asking: Asking, pull: Pull, given: Review) -> Node:
    """A review."""
    own = [each for each in pull.comments if each.review == given.id]
    editor = asking.github.user(given.edits[-1][0]) if given.edits else None
    return {
        "__typename": "PullRequestReview",
        "id": render.node("PRR", given.id),
        "databaseId": given.id,
        "fullDatabaseId": str(given.id),
        "author": user_node(given.user),
        "body": given.body,
        "state": given.state,
        "submittedAt": given.submitted_at,
        "createdAt": given.submitted_at or asking.github.clock.text(),
        "lastEditedAt": given.updated_at if given.edits else None,
        "editor": user_node(editor) if editor else None,
        "commit": {"__typename": "Commit", "oid": given.commit},
        "isMinimized": bool(given.minimized),
        "minimizedReason": given.minimized.lower() or None,
        "viewerDidAuthor": given.user is asking.token.user,
        "url": f"{asking.github.address}/{pull.project.full_name}/pull/{pull.number}#pullrequestreview-{given.id}",
        "comments": connection(own, lambda each: line_comment_node(asking, pull, each), "comments"),
    }
