"""Draft notes: seen by their author only, published one by one or all at once."""

from __future__ import annotations

from tests.doubles.gitlab import noting, positions, views
from tests.doubles.gitlab.contract import PAGING, POSITION, Operations, truth
from tests.doubles.gitlab.model import Draft, Json, MergeRequest
from tests.doubles.gitlab.wire import Call, RefusalError, not_found
from tests.doubles.server import Reply

OPERATIONS = Operations()
_on = OPERATIONS.on
_DRAFTS = "/projects/{id}/merge_requests/{iid}/draft_notes"


@_on("GET", _DRAFTS, PAGING)
def _list(call: Call) -> Reply:
    # GitLab gives all of them, whatever page is asked for.
    request = call.merge_request
    return Reply(200, [views.draft(request, each) for each in _mine(call, request)])


@_on(
    "POST",
    _DRAFTS,
    {
        "note!": "string",
        "commit_id": "string",
        "in_reply_to_discussion_id": "string",
        "resolve_discussion": "boolean",
        "position": POSITION,
    },
)
def _create(call: Call) -> Reply:
    request = call.merge_request
    body = str(call.params["note"])
    if not body.strip():
        raise _invalid("note", "can't be blank")
    if len(body) > call.world.longest_note:
        raise _invalid("note", f"is too long (maximum is {call.world.longest_note} characters)")
    draft = Draft(call.world.ids.next(), call.user, body)
    draft.resolve = truth(call.params.get("resolve_discussion"))
    if answered := call.params.get("in_reply_to_discussion_id"):
        _answers(call, request, draft, str(answered))
    _place(call, request, draft, call.params.get("position"))
    request.drafts.append(draft)
    return Reply(201, views.draft(request, draft))


@_on("GET", f"{_DRAFTS}/{{draft}}")
def _get(call: Call) -> Reply:
    request = call.merge_request
    return Reply(200, views.draft(request, _find(call, request)))


@_on("PUT", f"{_DRAFTS}/{{draft}}", {"note": "string", "position": POSITION})
def _edit(call: Call) -> Reply:
    if not call.params.get("note"):
        raise RefusalError(400, "400 Bad request - Missing params to modify")
    request = call.merge_request
    draft = _find(call, request)
    draft.body = str(call.params["note"])
    _place(call, request, draft, call.params.get("position"))
    return Reply(200, views.draft(request, draft))


@_on("DELETE", f"{_DRAFTS}/{{draft}}")
def _delete(call: Call) -> Reply:
    request = call.merge_request
    request.drafts.remove(_find(call, request))
    return Reply(204)


@_on("PUT", f"{_DRAFTS}/{{draft}}/publish")
def _publish(call: Call) -> Reply:
    request = call.merge_request
    _out(call, request, [_find(call, request)])
    return Reply(204)


@_on("POST", f"{_DRAFTS}/bulk_publish")
def _publish_all(call: Call) -> Reply:
    request = call.merge_request
    _out(call, request, _mine(call, request))
    return Reply(204)


def _answers(call: Call, request: MergeRequest, draft: Draft, answered: str) -> None:
    """Make a draft an answer: at most one of a person to a thread, and resolving is for those who may."""
    thread = next((each for each in request.discussions if each.id == answered), None)
    if thread is None:
        raise _invalid("base", "Thread to reply to cannot be found")
    if thread.notes[0].system:
        raise _invalid("base", "Replies to system notes are not allowed")
    if draft.resolve and not noting.may_resolve(request, call.user, thread):
        raise _invalid("base", "User is not allowed to resolve thread")
    if any(each.discussion == answered for each in _mine(call, request)):
        raise _invalid("author_id", "has already been taken")
    draft.discussion = answered


def _invalid(what: str, why: str) -> RefusalError:
    return RefusalError(400, {"message": {what: [why]}})


def _out(call: Call, request: MergeRequest, drafts: list[Draft]) -> None:
    """Publish drafts: all of them, and one notification. What cannot become a note is gone without a word."""
    told = len(call.world.notifications)
    for draft in drafts:
        request.drafts.remove(draft)
        try:
            _publish_one(call, request, draft)
        except RefusalError as refused:
            call.world.lost.append(draft)
            call.world.violations.append(f"draft {draft.id} was lost when it was published: {refused}")
    if drafts:
        call.world.notifications[told:] = [(call.user.username, len(drafts))]
        if any(draft.resolve for draft in drafts):
            noting.all_resolved(call.world, request, call.user)


def _publish_one(call: Call, request: MergeRequest, draft: Draft) -> None:
    thread = next((each for each in request.discussions if each.id == draft.discussion), None)
    if thread is None:
        noting.start(call.world, request, call.user, draft.body, draft.position)
        return
    resolved = thread.resolved
    noting.reply(call.world, request, call.user, thread, draft.body)
    if draft.resolve or resolved:
        # an answer that does not resolve a resolved thread opens it again
        noting.set_resolved(call.world, call.user, thread, draft.resolve)


def _mine(call: Call, request: MergeRequest) -> list[Draft]:
    return [each for each in request.drafts if each.author is call.user]


def _find(call: Call, request: MergeRequest) -> Draft:
    for each in _mine(call, request):
        if str(each.id) == call.args["draft"]:
            return each
    raise not_found("Draft Note")


def _place(call: Call, request: MergeRequest, draft: Draft, position: Json | None) -> None:
    """A position that is not whole makes a thread beside the diff; one that no line has leaves `line_code` empty.

    Neither is refused: a client has to read the answer.
    """
    if position is None:
        return
    try:
        draft.line_code = positions.place(request, position).line_code
    except positions.IncompleteError:
        return
    except positions.NoSuchLineError:
        draft.line_code = None
    draft.position = position
