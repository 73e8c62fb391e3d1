"""Commit statuses, pipelines, external status checks."""

from __future__ import annotations

from tests.doubles.gitlab import pipelines, views
from tests.doubles.gitlab.contract import PAGING, Operations, truth
from tests.doubles.gitlab.model import DEVELOPER, CheckAnswer, Json, StatusCheck
from tests.doubles.gitlab.wire import Call, RefusalError, not_found
from tests.doubles.server import Reply

OPERATIONS = Operations()
_on = OPERATIONS.on


@_on(
    "POST",
    "/projects/{id}/statuses/{sha}",
    {
        "state!": "|".join(pipelines.STATES),
        "ref": "string",
        "target_url": "string",
        "description": "string",
        "name": "string",
        "context": "string",
        "coverage": "string",
        "pipeline_id": "integer",
    },
)
def _post(call: Call) -> Reply:
    call.need(DEVELOPER)
    if len(str(call.params.get("description") or "")) > 255:
        raise RefusalError(400, {"message": {"description": ["is too long (maximum is 255 characters)"]}})
    status, pipeline = pipelines.post_status(call.world, call.project, call.user, call.args["sha"], call.params)
    return Reply(201, views.status(call.world, status, pipeline))


_FILTERS = {"ref": "string", "stage": "string", "name": "string", "all": "boolean", "pipeline_id": "integer"}


@_on(
    "GET",
    "/projects/{id}/repository/commits/{sha}/statuses",
    {**PAGING, **_FILTERS, "order_by": "string", "sort": "asc|desc"},
)
def _list(call: Call) -> Reply:
    project, params = call.project, call.params
    if project.repository.sha(call.args["sha"]) is None:
        raise not_found("Commit")
    found = [
        views.status(call.world, status, pipeline)
        for owner, pipeline in call.world.pipelines
        if owner is project and pipeline.sha == call.args["sha"]
        for status in pipeline.statuses
        if (not status.retried or truth(params.get("all")))
        and all(params.get(name) in (None, getattr(status, name)) for name in ("ref", "name"))
    ]
    return call.pages(found)


_PIPELINES = {
    "sha": "string",
    "ref": "string",
    "source": "string",
    "status": "string",
    "order_by": "string",
    "sort": "asc|desc",
}


@_on("GET", "/projects/{id}/pipelines", {**PAGING, **_PIPELINES})
def _pipelines(call: Call) -> Reply:
    project, params = call.project, call.params
    found = [
        views.pipeline(call.world, each)
        for owner, each in call.world.pipelines
        if owner is project
        and all(params.get(name) in (None, getattr(each, name)) for name in ("sha", "ref", "source", "status"))
    ]
    return call.pages(found if params.get("sort") == "asc" else found[::-1])


@_on("GET", "/projects/{id}/pipelines/{pipeline}")
def _pipeline(call: Call) -> Reply:
    for owner, each in call.world.pipelines:
        if owner is call.project and str(each.id) == call.args["pipeline"]:
            return Reply(200, views.pipeline(call.world, each))
    raise RefusalError(404, "404 Not found")


@_on("GET", "/projects/{id}/external_status_checks", PAGING)
def _checks(call: Call) -> Reply:
    project = call.project
    found = [each for owner, each in call.world.checks if owner is project]
    return call.pages(
        [{**_check(each), "project_id": project.id, "hmac": False, "protected_branches": []} for each in found]
    )


def _check(given: StatusCheck) -> Json:
    return {"id": given.id, "name": given.name, "external_url": given.external_url}


@_on("GET", "/projects/{id}/merge_requests/{iid}/status_checks", PAGING)
def _checks_of(call: Call) -> Reply:
    request = call.merge_request
    found = [each for owner, each in call.world.checks if owner is request.project]
    return call.pages(
        [{**_check(each), "status": pipelines.check_status(call.world, request, each.id)} for each in found]
    )


@_on(
    "POST",
    "/projects/{id}/merge_requests/{iid}/status_check_responses",
    {"sha!": "string", "external_status_check_id!": "integer", "status": "passed|failed|pending"},
)
def _answer(call: Call) -> Reply:
    call.need(DEVELOPER)
    request = call.merge_request
    number = int(call.params["external_status_check_id"])
    check = next((each for owner, each in call.world.checks if owner is request.project and each.id == number), None)
    if check is None:
        raise RefusalError(404, "404 Not found")
    if call.params["sha"] != request.head:
        raise RefusalError(409, "409 Conflict: The sha does not match the latest source commit")
    status = str(call.params.get("status") or "passed")
    request.answers.append(CheckAnswer(number, request.head, status, call.world.clock.now))
    return Reply(
        201,
        {
            "id": call.world.ids.next(),
            "merge_request": {"id": request.id, "iid": request.iid, "project_id": request.project.id},
            "external_status_check": _check(check),
            "status": status,
        },
    )
