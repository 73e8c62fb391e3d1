"""Users, projects, members, and the repository behind a project."""

from __future__ import annotations

import base64
import hashlib

from tests.doubles.gitlab import views
from tests.doubles.gitlab.contract import PAGING, Operations, truth
from tests.doubles.gitlab.diffs import files
from tests.doubles.gitlab.model import Json, Project
from tests.doubles.gitlab.wire import Call, RefusalError, bad_request, not_found
from tests.doubles.server import Reply

OPERATIONS = Operations()
_on = OPERATIONS.on
_REPO = "/projects/{id}/repository"


@_on("GET", "/user")
def _me(call: Call) -> Reply:
    mine = {"bot": call.user.bot, "email": f"{call.user.username}@noreply.example.org", "is_admin": False}
    return Reply(200, views.user(call.world, call.user) | mine)


@_on("GET", "/users/{user}")
def _user(call: Call) -> Reply:
    found = next((each for each in call.world.users if str(each.id) == call.args["user"]), None)
    if found is None:
        raise not_found("User")
    return Reply(200, views.user(call.world, found) | {"bot": found.bot})


@_on("GET", "/personal_access_tokens/self")
def _token(call: Call) -> Reply:
    return Reply(200, {"name": "codedesigner", "scopes": [call.token.kind], "active": True, "user_id": call.user.id})


@_on("GET", "/version")
def _version(call: Call) -> Reply:
    return Reply(200, {"version": "19.5.0", "revision": "0000000"})


@_on("GET", "/projects/{id}", {"statistics": "boolean", "license": "boolean"})
def _project(call: Call) -> Reply:
    return Reply(200, views.project(call.world, call.project))


@_on("GET", "/projects/{id}/members", {**PAGING, "query": "string"})
@_on("GET", "/projects/{id}/members/all", {**PAGING, "query": "string"})
def _members(call: Call) -> Reply:
    everyone = call.request.path.endswith("/all")
    found = call.world.members(call.project, everyone=everyone)
    return call.pages([views.user(call.world, user) | {"access_level": level} for user, level in found])


@_on("GET", "/projects/{id}/members/{user}")
@_on("GET", "/projects/{id}/members/all/{user}")
def _member(call: Call) -> Reply:
    everyone = "/members/all/" in call.request.path
    for user, level in call.world.members(call.project, everyone=everyone):
        if str(user.id) == call.args["user"]:
            return Reply(200, views.user(call.world, user) | {"access_level": level, "expires_at": None})
    raise RefusalError(404, "404 Not found")


@_on("GET", f"{_REPO}/branches/{{branch}}")
def _branch(call: Call) -> Reply:
    sha = call.project.repository.sha(f"refs/heads/{call.args['branch']}")
    if sha is None:
        raise not_found("Branch")
    return Reply(200, {"name": call.args["branch"], "protected": False, "commit": _commit_view(call.project, sha)})


@_on("GET", f"{_REPO}/commits/{{sha}}", {"stats": "boolean"})
def _commit(call: Call) -> Reply:
    return Reply(200, _commit_view(call.project, _resolved(call.project, call.args["sha"], "Commit")))


@_on("GET", f"{_REPO}/commits/{{sha}}/merge_requests", {**PAGING, "state": "string"})
def _commit_requests(call: Call) -> Reply:
    world, project = call.world, call.project
    found = [
        views.merge_request(world, each, prepared=world.is_prepared(each))
        for each in world.merge_requests
        if each.project is project and any(version.head == call.args["sha"] for version in each.versions)
    ]
    return call.pages(found)


@_on("GET", f"{_REPO}/files/{{path}}", {"ref!": "string"})
def _file(call: Call) -> Reply:
    content, sha = _content(call)
    return Reply(
        200,
        {
            "file_name": call.args["path"].rsplit("/", 1)[-1],
            "file_path": call.args["path"],
            "size": len(content),
            "encoding": "base64",
            "content": base64.b64encode(content).decode(),
            "content_sha256": hashlib.sha256(content).hexdigest(),
            "ref": call.params["ref"],
            "blob_id": call.project.repository.git("rev-parse", f"{sha}:{call.args['path']}"),
            "commit_id": sha,
            "last_commit_id": sha,
            "execute_filemode": _mode(call.project, sha, call.args["path"]) == "100755",
        },
    )


@_on("GET", f"{_REPO}/files/{{path}}/raw", {"ref": "string", "lfs": "boolean"})
def _raw_file(call: Call) -> Reply:
    return Reply(200, _content(call)[0], {"Content-Type": "text/plain; charset=utf-8"})


@_on("GET", f"{_REPO}/blobs/{{sha}}")
def _blob(call: Call) -> Reply:
    content = _blob_content(call)
    encoded = base64.b64encode(content).decode()
    return Reply(200, {"size": len(content), "encoding": "base64", "content": encoded, "sha": call.args["sha"]})


@_on("GET", f"{_REPO}/blobs/{{sha}}/raw")
def _raw_blob(call: Call) -> Reply:
    return Reply(200, _blob_content(call), {"Content-Type": "application/octet-stream"})


@_on(
    "GET",
    f"{_REPO}/tree",
    {**PAGING, "path": "string", "ref": "string", "recursive": "boolean", "pagination": "string"},
)
def _tree(call: Call) -> Reply:
    project = call.project
    sha = _resolved(project, str(call.params.get("ref", project.default_branch)), "Tree")
    flags = ["-r", "-t"] if truth(call.params.get("recursive")) else []
    path = str(call.params.get("path", "")).strip("/")
    lines = project.repository.run("ls-tree", "-z", *flags, sha, *([f"{path}/"] if path else [])).decode().split("\0")
    entries = []
    for line in filter(None, lines):
        about, _, name = line.partition("\t")
        mode, kind, blob = about.split()
        entries.append({"id": blob, "name": name.rsplit("/", 1)[-1], "type": kind, "path": name, "mode": mode})
    return call.pages(entries)


@_on("GET", f"{_REPO}/compare", {"from!": "string", "to!": "string", "straight": "boolean", "unidiff": "boolean"})
def _compare(call: Call) -> Reply:
    project = call.project
    start = _resolved(project, str(call.params["from"]), "Ref")
    end = _resolved(project, str(call.params["to"]), "Ref")
    straight = truth(call.params.get("straight"))
    base = start if straight else project.repository.merge_base(start, end)
    if base is None:
        raise not_found("Merge Base")
    names = project.repository.git("rev-list", "--reverse", f"{start}..{end}").split()
    commits = [_commit_view(project, name) for name in names]
    return Reply(
        200,
        {
            "commit": commits[-1] if commits else None,
            "commits": commits,
            "diffs": [views.plain_diff(each) for each in files(project.repository, base, end)],
            "compare_timeout": False,
            "compare_same_ref": start == end,
            "web_url": f"{call.world.url}/{project.path}/-/compare/{start}...{end}",
        },
    )


@_on("GET", f"{_REPO}/merge_base", {"refs[]!": "string"})
def _merge_base(call: Call) -> Reply:
    refs = [value for name, value in call.request.pairs if name == "refs[]"]
    if len(refs) < 2:
        raise bad_request("Provide at least 2 refs")
    project = call.project
    one, other = (_resolved(project, ref, "Ref") for ref in refs[:2])
    base = project.repository.merge_base(one, other)
    if base is None:
        raise not_found("Merge Base")
    return Reply(200, _commit_view(project, base))


def _resolved(project: Project, ref: str, what: str) -> str:
    sha = project.repository.sha(ref)
    if sha is None:
        raise not_found(what)
    return sha


def _content(call: Call) -> tuple[bytes, str]:
    project = call.project
    ref = str(call.params.get("ref", project.default_branch))
    sha = project.repository.sha(project.default_branch if ref == "HEAD" else ref)
    if sha is None:
        raise not_found("Commit")
    content = project.repository.read(sha, call.args["path"])
    if content is None:
        raise not_found("File")
    return content, sha


def _mode(project: Project, sha: str, path: str) -> str:
    return project.repository.git("ls-tree", sha, "--", path).split(" ")[0]


def _blob_content(call: Call) -> bytes:
    name = call.args["sha"]
    repository = call.project.repository
    if not name.isalnum() or repository.run("cat-file", "--batch-check", stdin=name.encode()).split()[1:2] != [b"blob"]:
        raise not_found("Blob")
    return repository.run("cat-file", "blob", name)


def _commit_view(project: Project, sha: str) -> Json:
    told = project.repository.git("log", "-1", "--format=%P%n%an%n%ae%n%cI%n%B", sha).split("\n", 4)
    parents, author, email, when, message = (*told, "")[:5]
    return {
        "id": sha,
        "short_id": sha[:8],
        "created_at": when,
        "parent_ids": parents.split(),
        "title": message.split("\n")[0],
        "message": message,
        "author_name": author,
        "author_email": email,
        "authored_date": when,
        "committer_name": author,
        "committer_email": email,
        "committed_date": when,
    }
