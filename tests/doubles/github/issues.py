"""The conversation: comments, reactions, labels."""

from __future__ import annotations

from collections.abc import Callable

from tests.doubles.github import render
from tests.doubles.github.comments import find
from tests.doubles.github.model import IssueComment, Reaction
from tests.doubles.github.routes import Call, check_length, not_found, route
from tests.doubles.server import Reply

_ISSUE = "/repos/{owner}/{repo}/issues/{issue_number}"
_ALL = "/repos/{owner}/{repo}/issues/comments"
_ONE = f"{_ALL}/{{comment_id}}"
# GitHub counts pull requests as issues: either permission will do.
_READ = ("issues:read", "pull_requests:read")
_WRITE = ("issues:write", "pull_requests:write")


def _found(call: Call) -> IssueComment:
    number = call.number("comment_id")
    found = next((each for each in call.project.comments if each.id == number), None)
    if found is None:
        raise not_found()
    return found


def _json(call: Call, comment: IssueComment) -> dict[str, object]:
    return render.issue_comment(call.github, call.project, comment)


def _permit_change(call: Call, comment: IssueComment) -> None:
    """Apps change their own comments only; people with write permission change any."""
    if comment.user is not call.token.user:
        call.github.permit(call.token, call.project, "others:write")


@route("GET", _ISSUE, *_READ)
def _get_issue(call: Call) -> Reply:
    return Reply(200, render.issue(call.github, call.project, call.issue))


@route("GET", f"{_ISSUE}/comments", *_READ)
def _list(call: Call) -> Reply:
    since = call.request.query.get("since", "")
    own = [each for each in call.project.comments if each.number == call.issue.number and each.updated_at >= since]
    return call.page([_json(call, each) for each in own])


@route("GET", _ALL, *_READ)
def _list_all(call: Call) -> Reply:
    return call.page([_json(call, each) for each in call.project.comments])


@route("POST", f"{_ISSUE}/comments", *_WRITE, creates=True)
def _create(call: Call) -> Reply:
    check_length(call.body["body"], "IssueComment", count_bytes=call.github.count_bytes)
    now = call.github.clock.tick()
    made = IssueComment(
        call.github.next_id(), call.issue.number, call.token.user, call.body["body"], now, now, call.token.app
    )
    call.project.comments.append(made)
    call.github.notify(call.token.user, "comment")
    return Reply(
        201,
        _json(call, made),
        {"Location": f"{call.github.api}/repos/{call.project.full_name}/issues/comments/{made.id}"},
    )


@route("GET", _ONE, *_READ)
def _get(call: Call) -> Reply:
    return Reply(200, _json(call, _found(call)))


@route("PATCH", _ONE, *_WRITE)
def _update(call: Call) -> Reply:
    comment = _found(call)
    _permit_change(call, comment)
    check_length(call.body["body"], "IssueComment", count_bytes=call.github.count_bytes)
    call.github.edit(comment, call.token.user.login, call.body["body"])
    return Reply(200, _json(call, comment))


@route("DELETE", _ONE, *_WRITE)
def _delete(call: Call) -> Reply:
    comment = _found(call)
    _permit_change(call, comment)
    call.project.comments.remove(comment)
    return Reply(204)


# Reactions


def _react(call: Call, reactions: list[Reaction]) -> Reply:
    """200 where the same person had reacted so before."""
    content = call.body["content"]
    for each in reactions:
        if each.user is call.token.user and each.content == content:
            return Reply(200, render.reaction(call.github, each))
    made = Reaction(call.github.next_id(), call.token.user, content, call.github.clock.tick())
    reactions.append(made)
    return Reply(201, render.reaction(call.github, made))


def _unreact(call: Call, reactions: list[Reaction]) -> Reply:
    number = call.number("reaction_id")
    found = next((each for each in reactions if each.id == number and each.user is call.token.user), None)
    if found is None:
        raise not_found()
    reactions.remove(found)
    return Reply(204)


def _of_issue(call: Call) -> list[Reaction]:
    return call.issue.reactions


def _of_comment(call: Call) -> list[Reaction]:
    return _found(call).reactions


def _of_line_comment(call: Call) -> list[Reaction]:
    return find(call.project, call.number("comment_id"))[1].reactions


def _declare(
    template: str, reactions: Callable[[Call], list[Reaction]], read: tuple[str, ...], write: tuple[str, ...]
) -> None:
    def listed(call: Call) -> Reply:
        return call.page([render.reaction(call.github, each) for each in reactions(call)])

    def created(call: Call) -> Reply:
        return _react(call, reactions(call))

    def deleted(call: Call) -> Reply:
        return _unreact(call, reactions(call))

    route("GET", f"{template}/reactions", *read)(listed)
    route("POST", f"{template}/reactions", *write)(created)
    route("DELETE", f"{template}/reactions/{{reaction_id}}", *write)(deleted)


_declare(_ISSUE, _of_issue, _READ, _WRITE)
_declare(_ONE, _of_comment, _READ, _WRITE)
_declare(
    "/repos/{owner}/{repo}/pulls/comments/{comment_id}",
    _of_line_comment,
    ("pull_requests:read",),
    ("pull_requests:write",),
)


# Labels


def _labels(call: Call) -> list[dict[str, object]]:
    return [render.label(call.github, call.project, name) for name in call.issue.labels]


@route("GET", f"{_ISSUE}/labels", *_READ)
def _list_labels(call: Call) -> Reply:
    return call.page(_labels(call))


@route("POST", f"{_ISSUE}/labels", *_WRITE)
def _add_labels(call: Call) -> Reply:
    given = call.request.json
    names = given if isinstance(given, list) else given.get("labels", [])
    for name in names:
        for place in (call.project.labels, call.issue.labels):
            if name not in place:
                place.append(name)
    return Reply(200, _labels(call))


@route("DELETE", f"{_ISSUE}/labels/{{name}}", *_WRITE)
def _remove_label(call: Call) -> Reply:
    if call.value("name") not in call.issue.labels:
        raise not_found()
    call.issue.labels.remove(call.value("name"))
    return Reply(200, _labels(call))
