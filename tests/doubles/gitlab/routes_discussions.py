"""Discussions, notes, award emoji, suggestions."""

from __future__ import annotations

import re

from tests.doubles.gitlab import noting, views
from tests.doubles.gitlab.contract import PAGING, POSITION, Operations, truth
from tests.doubles.gitlab.model import Award, MergeRequest
from tests.doubles.gitlab.wire import Call, RefusalError, forbidden
from tests.doubles.server import Reply

OPERATIONS = Operations()
_on = OPERATIONS.on
_MR = "/projects/{id}/merge_requests/{iid}"
_EMOJI = frozenset(
    {"+1", "-1", "thumbsup", "thumbsdown", "eyes", "rocket", "tada", "confused", "heart", "hooray", "laugh", "bulb"}
    | {
        "white_check_mark",
        "heavy_check_mark",
        "x",
        "no_entry",
        "no_entry_sign",
        "warning",
        "hourglass",
        "robot",
        "lock",
    }
    | {"hourglass_flowing_sand", "stop_sign", "see_no_evil", "arrows_counterclockwise", "repeat", "recycle", "question"}
)


@_on("GET", f"{_MR}/discussions", PAGING)
def _list(call: Call) -> Reply:
    request = call.merge_request
    return call.pages([views.discussion(call.world, request, each) for each in request.discussions])


@_on("POST", f"{_MR}/discussions", {"body!": "string", "created_at": "string", "position": POSITION})
def _create(call: Call) -> Reply:
    request = call.merge_request
    thread = noting.start(call.world, request, call.user, str(call.params["body"]), call.params.get("position"))
    return Reply(201, views.discussion(call.world, request, thread))


@_on("GET", f"{_MR}/discussions/{{discussion}}")
def _get(call: Call) -> Reply:
    request = call.merge_request
    return Reply(200, views.discussion(call.world, request, noting.find_thread(request, call.args["discussion"])))


@_on("PUT", f"{_MR}/discussions/{{discussion}}", {"resolved!": "boolean"})
def _resolve(call: Call) -> Reply:
    request = call.merge_request
    thread = noting.find_thread(request, call.args["discussion"])
    noting.resolve(call.world, request, call.user, thread, truth(call.params["resolved"]))
    return Reply(200, views.discussion(call.world, request, thread))


@_on("POST", f"{_MR}/discussions/{{discussion}}/notes", {"body!": "string", "created_at": "string"})
def _reply(call: Call) -> Reply:
    request = call.merge_request
    thread = noting.find_thread(request, call.args["discussion"])
    note = noting.reply(call.world, request, call.user, thread, str(call.params["body"]))
    return Reply(201, views.note(call.world, request, note))


@_on("GET", f"{_MR}/discussions/{{discussion}}/notes")
def _thread_notes(call: Call) -> Reply:
    request = call.merge_request
    thread = noting.find_thread(request, call.args["discussion"])
    return Reply(200, [views.note(call.world, request, each) for each in thread.notes])


@_on("GET", f"{_MR}/discussions/{{discussion}}/notes/{{note}}")
def _thread_note(call: Call) -> Reply:
    request = call.merge_request
    return Reply(200, views.note(call.world, request, noting.find_note(request, call.args["note"])))


@_on("PUT", f"{_MR}/discussions/{{discussion}}/notes/{{note}}", {"body": "string", "resolved": "boolean"})
def _change(call: Call) -> Reply:
    given = [name for name in ("body", "resolved") if name in call.params]
    if len(given) != 1:
        what = "mutually exclusive" if given else "missing, exactly one parameter must be provided"
        raise RefusalError(400, {"error": f"body, resolved are {what}"})
    request = call.merge_request
    note = noting.find_note(request, call.args["note"])
    if given == ["body"]:
        noting.edit(call.world, request, call.user, note, str(call.params["body"]))
    else:
        thread = noting.find_thread(request, call.args["discussion"])
        noting.resolve(call.world, request, call.user, thread, truth(call.params["resolved"]))
    return Reply(200, views.note(call.world, request, note))


@_on("DELETE", f"{_MR}/discussions/{{discussion}}/notes/{{note}}")
@_on("DELETE", f"{_MR}/notes/{{note}}")
def _delete(call: Call) -> Reply:
    request = call.merge_request
    noting.delete(call.world, request, call.user, noting.find_note(request, call.args["note"]))
    return Reply(204)


_SORTING = {
    "sort": "asc|desc",
    "order_by": "created_at|updated_at",
    "activity_filter": "all_notes|only_comments|only_activity",
}


@_on("GET", f"{_MR}/notes", {**PAGING, **_SORTING}, job=True)
def _notes(call: Call) -> Reply:
    request = call.merge_request
    notes = [views.note(call.world, request, each) for each in request.notes]
    return call.pages(notes if call.params.get("sort") == "asc" else notes[::-1])


@_on(
    "POST",
    f"{_MR}/notes",
    {
        "body!": "string",
        "confidential": "boolean",
        "internal": "boolean",
        "created_at": "string",
        "merge_request_diff_head_sha": "string",
    },
)
def _comment(call: Call) -> Reply:
    request = call.merge_request
    internal = truth(call.params.get("internal"))
    note = noting.comment(call.world, request, call.user, str(call.params["body"]), internal=internal)
    return Reply(201, views.note(call.world, request, note))


@_on("GET", f"{_MR}/notes/{{note}}", job=True)
def _note(call: Call) -> Reply:
    request = call.merge_request
    return Reply(200, views.note(call.world, request, noting.find_note(request, call.args["note"])))


@_on("PUT", f"{_MR}/notes/{{note}}", {"body": "string", "confidential": "boolean"})
def _edit(call: Call) -> Reply:
    request = call.merge_request
    note = noting.find_note(request, call.args["note"])
    noting.edit(call.world, request, call.user, note, str(call.params.get("body", "")))
    return Reply(200, views.note(call.world, request, note))


@_on("GET", f"{_MR}/award_emoji", PAGING)
@_on("GET", f"{_MR}/notes/{{note}}/award_emoji", PAGING)
def _awards(call: Call) -> Reply:
    return call.pages([_award_view(call, each) for each in _awards_of(call, call.merge_request)])


@_on("POST", f"{_MR}/award_emoji", {"name!": "string"})
@_on("POST", f"{_MR}/notes/{{note}}/award_emoji", {"name!": "string"})
def _award(call: Call) -> Reply:
    request = call.merge_request
    awards = _awards_of(call, request)
    name = str(call.params["name"]).strip(":")
    if name not in _EMOJI and not re.fullmatch(r"custom_[a-z0-9_]+", name):
        raise RefusalError(404, "404 Award Emoji Name is not a valid emoji name Not Found")
    if any(each.name == name and each.user is call.user for each in awards):
        raise RefusalError(404, "404 Award Emoji Name has already been taken Not Found")
    award = Award(call.world.ids.next(), name, call.user)
    awards.append(award)
    return Reply(201, _award_view(call, award))


@_on("DELETE", f"{_MR}/award_emoji/{{award}}")
@_on("DELETE", f"{_MR}/notes/{{note}}/award_emoji/{{award}}")
def _unaward(call: Call) -> Reply:
    awards = _awards_of(call, call.merge_request)
    for each in awards:
        if str(each.id) == call.args["award"]:
            if each.user is not call.user:
                raise forbidden()
            awards.remove(each)
            return Reply(204)
    raise RefusalError(404, "404 Not found")


def _awards_of(call: Call, request: MergeRequest) -> list[Award]:
    return noting.find_note(request, call.args["note"]).awards if "note" in call.args else request.awards


def _award_view(call: Call, award: Award) -> dict[str, object]:
    return {"id": award.id, "name": award.name, "user": views.user(call.world, award.user)}


@_on("PUT", "/suggestions/{suggestion}/apply", {"commit_message": "string"})
def _apply(call: Call) -> Reply:
    number = int(call.args["suggestion"])
    noting.apply(call.world, call.user, number)
    notes = (note for request in call.world.merge_requests for note in request.notes)
    done = next(each for note in notes for each in note.suggestions if each.id == number)
    shown = {"id": done.id, "from_line": done.first, "to_line": done.last, "applicable": False, "applied": True}
    return Reply(200, shown | {"from_content": done.old, "to_content": done.new})
