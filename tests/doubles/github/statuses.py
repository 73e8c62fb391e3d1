"""Commit statuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.doubles.diffs import exists
from tests.doubles.github import render
from tests.doubles.github.model import Project, Status
from tests.doubles.github.routes import Call, RefusedError, invalid, not_found, route
from tests.doubles.server import Reply

if TYPE_CHECKING:
    from tests.doubles.github.double import GitHub

_COMMIT = "/repos/{owner}/{repo}/commits/{ref}"
_MOST_STATUSES = 1000
_MOST_DESCRIPTION = 140


def _json(github: GitHub, project: Project, given: Status) -> dict[str, Any]:
    return {
        "url": f"{github.api}/repos/{project.full_name}/statuses/{given.sha}",
        "avatar_url": f"{github.address}/avatars/u/{given.creator.id}",
        "id": given.id,
        "node_id": render.node("SC", given.id),
        "state": given.state,
        "description": given.description,
        "target_url": given.target_url,
        "context": given.context,
        "created_at": given.created_at,
        "updated_at": given.created_at,
    }


def latest(project: Project, sha: str) -> list[Status]:
    """The newest status of each context; upper and lower case are the same."""
    return list({each.context.lower(): each for each in project.statuses if each.sha == sha}.values())


@route("POST", "/repos/{owner}/{repo}/statuses/{sha}", "statuses:write", creates=True)
def _create(call: Call) -> Reply:
    sha, body = call.value("sha"), call.body
    if not exists(call.project.repo, sha):
        raise RefusedError(422, f"No commit found for SHA: {sha}")
    description, context = body.get("description"), body.get("context", "default")
    if description is not None and len(description) > _MOST_DESCRIPTION:
        raise invalid("Status", "custom", "description", "description is too long (maximum is 140 characters)")
    same = [each for each in call.project.statuses if each.sha == sha and each.context.lower() == context.lower()]
    if len(same) >= _MOST_STATUSES:
        raise invalid("Status", "custom", "", "This SHA and context has reached the maximum number of statuses.")
    made = Status(
        call.github.next_id(), sha, body["state"], context, description, body.get("target_url"), call.token.user, ""
    )
    made.created_at = call.github.clock.tick()
    call.project.statuses.append(made)
    shown = _json(call.github, call.project, made) | {"creator": render.user(call.github, made.creator)}
    return Reply(201, shown)


@route("GET", f"{_COMMIT}/statuses", "statuses:read")
def _list(call: Call) -> Reply:
    sha = call.project.repo.sha(call.value("ref"))
    found = [each for each in reversed(call.project.statuses) if each.sha == sha]
    who = render.user
    return call.page(
        [_json(call.github, call.project, each) | {"creator": who(call.github, each.creator)} for each in found]
    )


@route("GET", f"{_COMMIT}/status", "statuses:read")
def _combined(call: Call) -> Reply:
    sha = call.project.repo.sha(call.value("ref"))
    if sha is None:
        raise not_found()
    found = latest(call.project, sha)
    states = {each.state for each in found}
    url = f"{call.github.api}/repos/{call.project.full_name}/commits/{sha}"
    body = {
        "state": "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending",
        "statuses": [_json(call.github, call.project, each) for each in found],
        "sha": sha,
        "total_count": len(found),
        "repository": render.repository(call.github, call.project),
        "commit_url": url,
        "url": f"{url}/status",
    }
    return Reply(200, body)
