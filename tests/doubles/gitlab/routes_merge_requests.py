"""Merge requests, their versions and diffs, and what must never be asked for."""

from __future__ import annotations

from tests.doubles.gitlab import views
from tests.doubles.gitlab.contract import PAGING, Operations
from tests.doubles.gitlab.diffs import files
from tests.doubles.gitlab.model import Json, MergeRequest, Version
from tests.doubles.gitlab.wire import Call, RefusalError
from tests.doubles.server import Reply

OPERATIONS = Operations()
_on = OPERATIONS.on
_MR = "/projects/{id}/merge_requests/{iid}"
_FILTERS = {
    "state": "opened|closed|locked|merged|all",
    "source_branch": "string",
    "target_branch": "string",
    "sort": "asc|desc",
    "order_by": "string",
    "iids[]": "string",
}


@_on("GET", "/projects/{id}/merge_requests", {**PAGING, **_FILTERS}, job=True)
def _list(call: Call) -> Reply:
    project, params = call.project, call.params
    found = [each for each in call.world.merge_requests if each.project is project]
    if params.get("state", "all") != "all":
        found = [each for each in found if each.state == params["state"]]
    for name in ("source_branch", "target_branch"):
        if name in params:
            found = [each for each in found if getattr(each, name) == params[name]]
    if iids := [value for name, value in call.request.pairs if name == "iids[]"]:
        found = [each for each in found if str(each.iid) in iids]
    return call.pages([_seen(call, each) for each in reversed(found)])


def _seen(call: Call, request: MergeRequest) -> Json:
    return views.merge_request(call.world, request, prepared=call.world.is_prepared(request))


_SINGLE = {
    "include_diverged_commits_count": "boolean",
    "include_rebase_in_progress": "boolean",
    "render_html": "boolean",
}


@_on("GET", _MR, _SINGLE, job=True)
def _get(call: Call) -> Reply:
    request = call.merge_request
    prepared = call.world.is_prepared(request, counts=True)
    return Reply(200, views.merge_request(call.world, request, prepared=prepared, single=True))


@_on("GET", f"{_MR}/versions", PAGING)
def _versions(call: Call) -> Reply:
    request = call.merge_request
    prepared = call.world.is_prepared(request)
    return call.pages([_version(request, each) for each in request.versions] if prepared else [])


@_on("GET", f"{_MR}/versions/{{version}}", {"unidiff": "boolean"})
def _one_version(call: Call) -> Reply:
    request = call.merge_request
    for each in request.versions:
        if str(each.id) == call.args["version"]:
            differing = files(request.project.repository, each.base, each.head)
            diffs = [views.diff(one, request, call.world.patch_limit) for one in differing]
            return Reply(200, _version(request, each) | {"diffs": diffs, "commits": []})
    raise RefusalError(404, "404 Not found")


def _version(request: MergeRequest, version: Version) -> Json:
    return {
        "id": version.id,
        "base_commit_sha": version.base,
        "start_commit_sha": version.start,
        "head_commit_sha": version.head,
        "created_at": version.created,
        "merge_request_id": request.id,
        "state": "collected",
        "real_size": str(len(files(request.project.repository, version.base, version.head))),
        "patch_id_sha": None,
    }


@_on("GET", f"{_MR}/diffs", {**PAGING, "unidiff": "boolean"})
def _diffs(call: Call) -> Reply:
    request = call.merge_request
    if not call.world.is_prepared(request):
        return call.pages([])
    newest = request.versions[0]
    differing = files(request.project.repository, newest.base, newest.head)
    return call.pages([views.diff(each, request, call.world.patch_limit) for each in differing])


@_on("GET", f"{_MR}/raw_diffs")
def _raw_diffs(call: Call) -> Reply:
    request = call.merge_request
    newest = request.versions[0]
    differing = files(request.project.repository, newest.base, newest.head)
    shown = [views.diff(each, request, call.world.patch_limit) for each in differing]
    paths = [each["new_path"] for each in shown if not (each["collapsed"] or each["too_large"])]
    paths += [each["old_path"] for each in shown if each["renamed_file"]]
    whole = request.project.repository.run("diff", "-M", newest.base, newest.head, "--", *paths) if paths else b""
    return Reply(200, whole, {"Content-Type": "text/plain"})


@_on("GET", f"{_MR}/commits", PAGING)
def _commits(call: Call) -> Reply:
    request = call.merge_request
    newest = request.versions[0]
    names = request.project.repository.git("rev-list", f"{newest.base}..{newest.head}").split()
    return call.pages([{"id": name, "short_id": name[:8]} for name in names])


@_on("GET", f"{_MR}/pipelines", PAGING)
def _pipelines(call: Call) -> Reply:
    request = call.merge_request
    shas = {each.head for each in request.versions}
    owners = (request.project, request.source)
    found = [each for owner, each in call.world.pipelines if owner in owners and each.sha in shas]
    return call.pages([views.pipeline(call.world, each) for each in reversed(found)])


@_on("POST", f"{_MR}/approve", {"sha": "string"})
@_on("PUT", f"{_MR}/merge", {"sha": "string", "merge_when_pipeline_succeeds": "boolean"})
def _forbidden(call: Call) -> Reply:
    """A reviewer that gives its own work the last word: GitLab would do it, and no test may pass that did."""
    call.world.violations.append(f"{call.request} was asked for")
    return Reply(201, {"id": call.merge_request.id})


@_on("GET", f"{_MR}/approvals")
def _approvals(call: Call) -> Reply:
    request = call.merge_request
    approved = [{"user": views.user(call.world, each)} for each in request.approved_by]
    return Reply(200, {"id": request.id, "iid": request.iid, "approved": bool(approved), "approved_by": approved})


@_on("PUT", _MR, {"title": "string", "description": "string", "labels": "string", "state_event": "close|reopen"})
def _edit(call: Call) -> Reply:
    call.need(30, or_author=True)
    request = call.merge_request
    if "labels" in call.params:
        request.labels = [each for each in str(call.params["labels"]).split(",") if each]
    texts = {name: str(call.params[name]) for name in ("title", "description") if name in call.params}
    call.world.edit(request, call.user, title=texts.get("title"), description=texts.get("description"))
    return Reply(200, _seen(call, request))
