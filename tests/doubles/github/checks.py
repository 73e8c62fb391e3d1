"""Check runs and suites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.doubles.diffs import exists
from tests.doubles.github import render
from tests.doubles.github.model import App, CheckRun, CheckSuite, Project
from tests.doubles.github.routes import Call, RefusedError, measure, not_found, route
from tests.doubles.server import Reply

if TYPE_CHECKING:
    from tests.doubles.github.double import GitHub

_REPO = "/repos/{owner}/{repo}"
_RUN = f"{_REPO}/check-runs/{{check_run_id}}"
_SUITE = f"{_REPO}/check-suites/{{check_suite_id}}"
_MOST_TEXT = 65_535
_MOST_BYTES = 64 * 1024
_MOST_RUNS = 1000


def run_json(github: GitHub, project: Project, run: CheckRun) -> dict[str, Any]:
    """A check run. Of pull requests it knows those from branches of this repository only."""
    url = f"{github.api}/repos/{project.full_name}/check-runs/{run.id}"
    page = f"{github.address}/{project.full_name}/runs/{run.id}"
    return {
        "id": run.id,
        "node_id": render.node("CR", run.id),
        "head_sha": run.sha,
        "external_id": run.external_id,
        "name": run.name,
        "url": url,
        "html_url": page,
        "details_url": run.details_url or page,
        "status": run.status,
        "conclusion": run.conclusion,
        "started_at": run.started_at,
        "completed_at": run.completed_at,
        "output": {
            "title": run.title,
            "summary": run.summary,
            "text": run.text,
            "annotations_count": len(run.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": run.suite},
        "app": render.app(github, run.app),
        "pull_requests": _pulls(github, project, run.sha),
    }


def _pulls(github: GitHub, project: Project, sha: str) -> list[dict[str, Any]]:
    repo = {"id": project.id, "url": f"{github.api}/repos/{project.full_name}", "name": project.name}
    return [
        {
            "id": each.id,
            "number": each.number,
            "url": f"{repo['url']}/pulls/{each.number}",
            "head": {"ref": each.head, "sha": each.head_sha, "repo": repo},
            "base": {"ref": each.base, "sha": each.base_sha, "repo": repo},
        }
        for each in project.pulls.values()
        if each.head_sha == sha and each.head_project is project and each.state == "open"
    ]


def suite_json(github: GitHub, project: Project, suite: CheckSuite) -> dict[str, Any]:
    """A check suite; its conclusion is that of its runs."""
    url = f"{github.api}/repos/{project.full_name}/check-suites/{suite.id}"
    runs = [each for each in project.runs if each.suite == suite.id]
    done = all(each.status == "completed" for each in runs) and bool(runs)
    bad = next((each.conclusion for each in runs if each.conclusion not in ("success", "neutral", "skipped")), None)
    commit = render.commit(github, project, suite.sha)["commit"]
    pull = next((each for each in project.pulls.values() if each.head_sha == suite.sha), None)
    return {
        "id": suite.id,
        "node_id": render.node("CS", suite.id),
        "head_branch": pull.head if pull and pull.head_project is project else None,
        "head_sha": suite.sha,
        "status": "completed" if done else "queued",
        "conclusion": (bad or "success") if done else None,
        "url": url,
        "before": pull.before or None if pull else None,
        "after": suite.sha,
        "pull_requests": _pulls(github, project, suite.sha),
        "app": render.app(github, suite.app),
        "repository": render.repository(github, project),
        "created_at": "2026-01-05T09:00:00Z",
        "updated_at": "2026-01-05T09:00:00Z",
        "head_commit": {
            "id": suite.sha,
            "tree_id": commit["tree"]["sha"],
            "message": commit["message"],
            "timestamp": commit["author"]["date"],
            "author": {"name": commit["author"]["name"], "email": commit["author"]["email"]},
            "committer": {"name": commit["committer"]["name"], "email": commit["committer"]["email"]},
        },
        "latest_check_runs_count": len(runs),
        "check_runs_url": f"{url}/check-runs",
    }


def suite_of(github: GitHub, project: Project, app: App, sha: str) -> CheckSuite:
    """The suite that an App's runs of a commit are put into."""
    for each in project.suites:
        if each.sha == sha and each.app is app:
            return each
    made = CheckSuite(github.next_id(), sha, app)
    project.suites.append(made)
    return made


def _run(call: Call) -> CheckRun:
    number = call.number("check_run_id")
    found = next((each for each in call.project.runs if each.id == number), None)
    if found is None:
        raise not_found()
    return found


def _suite(call: Call) -> CheckSuite:
    number = call.number("check_suite_id")
    found = next((each for each in call.project.suites if each.id == number), None)
    if found is None:
        raise not_found()
    return found


def _refuse(*lines: str) -> RefusedError:
    return RefusedError(422, "Invalid request.\n\n" + "\n".join(lines))


def _check_output(github: GitHub, output: dict[str, Any]) -> None:
    for name in ("summary", "text"):
        text = output.get(name) or ""
        size = measure(text, count_bytes=github.count_bytes)
        if size > _MOST_TEXT:
            raise _refuse(f"Only {_MOST_TEXT} characters are allowed; {size} were supplied.")
    for each in output.get("annotations", []):
        _check_annotation(each)


def _check_annotation(given: dict[str, Any]) -> None:
    start, end = given["start_line"], given["end_line"]
    if start < 1 or end < start:
        raise _refuse(f"Annotation lines {start} to {end} are no range.")
    if start != end and ("start_column" in given or "end_column" in given):
        raise _refuse("start_column and end_column are allowed on one line only.")
    for name, most in (("message", _MOST_BYTES), ("title", 255), ("raw_details", _MOST_BYTES)):
        size = len(str(given.get(name) or "").encode())
        if size > most:
            raise _refuse(f"Annotation {name} is too long (maximum is {most} bytes).")


def _write(call: Call, run: CheckRun) -> None:
    """Change what a request names; a conclusion completes, annotations are appended."""
    body, github = call.body, call.github
    output = body.get("output") or {}
    _check_output(github, output)
    if body.get("status") == "completed" and not (body.get("conclusion") or run.conclusion):
        raise _refuse("conclusion is required when status is completed.")
    if body.get("conclusion") == "stale":
        raise _refuse("stale is not a conclusion that can be set.")
    run.name = body.get("name", run.name)
    run.status = body.get("status", run.status)
    run.external_id = body.get("external_id", run.external_id)
    run.details_url = body.get("details_url", run.details_url)
    run.actions = body.get("actions", run.actions)
    run.started_at = body.get("started_at", run.started_at)
    if body.get("conclusion"):
        run.status, run.conclusion = "completed", body["conclusion"]
        run.completed_at = body.get("completed_at") or github.clock.text()
    elif run.status != "completed":
        run.conclusion = run.completed_at = None
    if output:
        run.title, run.summary = output.get("title", run.title), output.get("summary", run.summary)
        run.text = output.get("text", run.text)
        run.annotations += output.get("annotations", [])


@route("POST", f"{_REPO}/check-runs", "checks:write", creates=True)
def _create(call: Call) -> Reply:
    sha, app = call.body["head_sha"], call.token.app
    assert app is not None, "only installations have the permission"
    if not exists(call.project.repo, sha):
        raise RefusedError(422, f"No commit found for SHA: {sha}")
    suite = suite_of(call.github, call.project, app, sha)
    run = CheckRun(call.github.next_id(), call.body["name"], sha, suite.id, app)
    _write(call, run)
    run.started_at = run.started_at or call.github.clock.tick()
    call.project.runs.append(run)
    same = [each for each in call.project.runs if each.suite == suite.id and each.name == run.name]
    for oldest in same[:-_MOST_RUNS]:
        call.project.runs.remove(oldest)
    return Reply(201, run_json(call.github, call.project, run))


@route("PATCH", _RUN, "checks:write")
def _update(call: Call) -> Reply:
    run = _run(call)
    if run.app is not call.token.app:
        raise RefusedError(
            403, f"Invalid app_id `{run.app.id}` - check run can only be modified by the GitHub App that created it."
        )
    _write(call, run)
    return Reply(200, run_json(call.github, call.project, run))


@route("GET", _RUN, "checks:read")
def _get(call: Call) -> Reply:
    return Reply(200, run_json(call.github, call.project, _run(call)))


@route("GET", f"{_RUN}/annotations", "checks:read")
def _annotations(call: Call) -> Reply:
    run = _run(call)
    blob = f"{call.github.address}/{call.project.full_name}/blob/{run.sha}"
    empty = dict.fromkeys(("start_column", "end_column", "title", "raw_details"))
    return call.page([empty | each | {"blob_href": f"{blob}/{each['path']}"} for each in run.annotations])


@route("POST", f"{_RUN}/rerequest", "checks:write")
def _rerequest(call: Call) -> Reply:
    _run(call)  # The suite is reset, the run itself stays as it is until its App changes it.
    return Reply(201, {})


def _listed(call: Call, runs: list[CheckRun]) -> Reply:
    query = call.request.query
    kept = [
        each
        for each in runs
        if query.get("check_name") in (None, each.name)
        and query.get("status") in (None, each.status)
        and query.get("app_id") in (None, str(each.app.id))
    ]
    if query.get("filter", "latest") == "latest":
        kept = list({(each.suite, each.name): each for each in kept}.values())
    shown = [run_json(call.github, call.project, each) for each in reversed(kept)]
    return call.page(shown, total="total_count", name="check_runs")


def _sha(call: Call) -> str:
    sha = call.project.repo.sha(call.value("ref"))
    if sha is None:
        raise RefusedError(422, f"No commit found for SHA: {call.value('ref')}")
    return sha


@route("GET", f"{_REPO}/commits/{{ref}}/check-runs", "checks:read")
def _list(call: Call) -> Reply:
    sha = _sha(call)
    return _listed(call, [each for each in call.project.runs if each.sha == sha])


@route("GET", f"{_REPO}/commits/{{ref}}/check-suites", "checks:read")
def _suites(call: Call) -> Reply:
    sha = _sha(call)
    found = [suite_json(call.github, call.project, each) for each in call.project.suites if each.sha == sha]
    return call.page(found, total="total_count", name="check_suites")


@route("GET", _SUITE, "checks:read")
def _get_suite(call: Call) -> Reply:
    return Reply(200, suite_json(call.github, call.project, _suite(call)))


@route("GET", f"{_SUITE}/check-runs", "checks:read")
def _suite_runs(call: Call) -> Reply:
    suite = _suite(call)
    return _listed(call, [each for each in call.project.runs if each.suite == suite.id])
