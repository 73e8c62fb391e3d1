"""The repository itself: content, git objects, people."""

from __future__ import annotations

import base64
import subprocess
from typing import Any
from urllib.parse import quote

from tests.doubles.github import render
from tests.doubles.github.pulls import file_json
from tests.doubles.github.routes import Call, RefusedError, not_found, route
from tests.doubles.server import Reply

_REPO = "/repos/{owner}/{repo}"
_KINDS = {"120000": "symlink", "160000": "submodule", "040000": "dir"}
_MOST_INLINE = 1_000_000
_MOST_BLOB = 100_000_000
_MOST_ENTRIES = 100_000


@route("GET", _REPO, "metadata:read")
def _get(call: Call) -> Reply:
    shown = render.full_repository(call.github, call.project)
    if call.token.kind == "user":
        shown["permissions"] = _granted(*call.project.role(call.token.user.login))
    return Reply(200, shown)


def _granted(permission: str, role: str) -> dict[str, bool]:
    """What a role may, as it is shown of a user and to one."""
    granted = {"pull": permission != "none", "push": permission in ("write", "admin"), "admin": permission == "admin"}
    return granted | {"triage": granted["push"] or role == "triage", "maintain": granted["admin"] or role == "maintain"}


@route("GET", f"{_REPO}/collaborators/{{username}}/permission", "metadata:read")
def _permission(call: Call) -> Reply:
    login = call.value("username")
    named = [*call.github.users, *call.project.roles]
    user = next((call.github.user(each) for each in named if each.lower() == login.lower()), None)
    if user is None or user.deleted:
        raise RefusedError(404, f"{login} is not a user")
    permission, role = call.project.role(login)
    shown = render.known(call.github, user) | {"permissions": _granted(permission, role), "role_name": role}
    return Reply(200, {"permission": permission, "role_name": role, "user": shown})


@route("GET", f"{_REPO}/collaborators/{{username}}", "metadata:read")
def _is_collaborator(call: Call) -> Reply:
    if call.value("username").lower() not in (*call.project.roles, call.project.owner.login.lower()):
        raise not_found()
    return Reply(204)


@route("GET", "/users/{username}")
def _user(call: Call) -> Reply:
    found = call.github.users.get(call.value("username"))
    if found is None or found.deleted:
        raise not_found()
    return Reply(200, _profile(call, found.login))


@route("GET", "/user", "user")
def _me(call: Call) -> Reply:
    return Reply(200, _profile(call, call.token.user.login))


def _profile(call: Call, login: str) -> dict[str, Any]:
    empty = dict.fromkeys(("name", "company", "location", "email", "hireable", "bio", "blog"))
    counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    when = dict.fromkeys(("created_at", "updated_at"), "2026-01-01T00:00:00Z")
    return render.known(call.github, call.github.user(login)) | empty | counts | when


@route("GET", "/rate_limit")
def _rate_limit(call: Call) -> Reply:
    limits, clock = call.github.limits, call.github.clock
    core = {
        "limit": limits.limit,
        "remaining": limits.remaining,
        "reset": limits.reset(clock),
        "used": limits.limit - limits.remaining,
    }
    return Reply(200, {"resources": {"core": core, "search": core, "graphql": core}, "rate": core})


# Content


def _commit(call: Call, revision: str) -> str:
    found = call.project.repo.sha(revision)
    if found is None:
        raise RefusedError(404, f"No commit found for the ref {revision}")
    return found


@route("GET", f"{_REPO}/contents/{{path}}", "contents:read")
def _contents(call: Call) -> Reply:
    path, repo = call.value("path").strip("/"), call.project.repo
    commit = _commit(call, call.request.query.get("ref", "main"))
    rows = repo.run("ls-tree", "-z", "-l", commit, "--", path).decode("utf-8", "replace").strip("\0")
    if not rows:
        raise not_found()
    if "vnd.github.raw" in call.request.headers.get("accept", ""):
        return Reply(
            200, repo.run("cat-file", "blob", f"{commit}:{path}"), {"Content-Type": "application/vnd.github.raw"}
        )
    if rows.split(" ")[1] == "tree":
        inside = repo.run("ls-tree", "-z", "-l", f"{commit}:{path}").decode("utf-8", "replace").strip("\0").split("\0")
        return Reply(200, [_entry(call, f"{path}/", row, commit) for row in inside])
    return Reply(200, _file(call, _entry(call, "", rows, commit)))


def _entry(call: Call, folder: str, row: str, commit: str) -> dict[str, Any]:
    about, name = row.split("\t", 1)
    mode, _, sha, size = about.split()
    path = folder + name
    api = f"{call.github.api}/repos/{call.project.full_name}"
    url = f"{api}/contents/{quote(path)}?ref={commit}"
    git = f"{api}/git/{'trees' if mode == '040000' else 'blobs'}/{sha}"
    page = f"{call.github.address}/{call.project.full_name}/blob/{commit}/{quote(path)}"
    return {
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha,
        "size": 0 if size == "-" else int(size),
        "url": url,
        "html_url": page,
        "git_url": git,
        "download_url": None if mode in ("040000", "160000") else page.replace("/blob/", "/raw/"),
        "type": _KINDS.get(mode, "file"),
        "_links": {"self": url, "git": git, "html": page},
    }


def _file(call: Call, entry: dict[str, Any]) -> dict[str, Any]:
    if entry["type"] == "submodule":
        return entry | {"submodule_git_url": f"{call.github.address}/{entry['path']}.git"}
    content = call.project.repo.run("cat-file", "blob", entry["sha"])
    if entry["type"] == "symlink":
        return entry | {"target": content.decode("utf-8", "replace")}
    if len(content) > _MOST_INLINE:
        return entry | {"content": "", "encoding": "none"}
    return entry | {"content": base64.encodebytes(content).decode(), "encoding": "base64"}


# Git objects


def _object(call: Call, sha: str, kind: str) -> bytes:
    try:
        return call.project.repo.run("cat-file", kind, sha)
    except subprocess.CalledProcessError:
        raise not_found() from None


@route("GET", f"{_REPO}/git/blobs/{{file_sha}}", "contents:read")
def _blob(call: Call) -> Reply:
    sha = call.value("file_sha")
    content = _object(call, sha, "blob")
    if len(content) > _MOST_BLOB:
        errors = [{"resource": "Blob", "field": "data", "code": "too_large"}]
        raise RefusedError(403, "This API returns blobs up to 100 MB in size.", errors)
    url = f"{call.github.api}{call.request.path}"
    text = base64.encodebytes(content).decode()
    body = {
        "sha": sha,
        "node_id": render.node("B", 1),
        "size": len(content),
        "url": url,
        "content": text,
        "encoding": "base64",
    }
    return Reply(200, body)


@route("GET", f"{_REPO}/git/trees/{{tree_sha}}", "contents:read")
def _tree(call: Call) -> Reply:
    repo, given = call.project.repo, call.value("tree_sha")
    flags = ["-r", "-t"] if call.request.query.get("recursive") else []
    try:
        sha = repo.git("rev-parse", "--verify", "--end-of-options", f"{given}^{{tree}}")
    except subprocess.CalledProcessError:
        raise not_found() from None
    rows = repo.run("ls-tree", "-z", "-l", *flags, sha).decode("utf-8", "replace").strip("\0").split("\0")
    git = f"{call.github.api}/repos/{call.project.full_name}/git"
    entries = []
    for row in filter(None, rows[:_MOST_ENTRIES]):
        about, path = row.split("\t", 1)
        mode, kind, one, size = about.split()
        entry: dict[str, Any] = {"path": path, "mode": mode, "type": kind, "sha": one}
        entries.append(entry | ({"size": int(size), "url": f"{git}/blobs/{one}"} if kind == "blob" else {}))
    return Reply(
        200, {"sha": sha, "url": f"{git}/trees/{sha}", "tree": entries, "truncated": len(rows) > _MOST_ENTRIES}
    )


@route("GET", f"{_REPO}/git/ref/{{ref}}", "contents:read")
def _ref(call: Call) -> Reply:
    name = f"refs/{call.value('ref')}"
    sha = call.project.repo.sha(name)
    if sha is None:
        raise not_found()
    git = f"{call.github.api}/repos/{call.project.full_name}/git"
    shown = {"type": "commit", "sha": sha, "url": f"{git}/commits/{sha}"}
    return Reply(200, {"ref": name, "node_id": render.node("REF", 1), "url": f"{git}/{name}", "object": shown})


@route("GET", f"{_REPO}/git/commits/{{commit_sha}}", "contents:read")
def _git_commit(call: Call) -> Reply:
    sha = call.value("commit_sha")
    _object(call, sha, "commit")
    shown = render.commit(call.github, call.project, sha)
    inner = shown["commit"]
    keep = {name: inner[name] for name in ("author", "committer", "message", "tree", "verification")}
    more = {name: shown[name] for name in ("sha", "node_id", "html_url", "parents")}
    return Reply(200, keep | more | {"url": inner["url"]})


@route("GET", f"{_REPO}/commits/{{ref}}", "contents:read")
def _one_commit(call: Call) -> Reply:
    repo = call.project.repo
    sha = repo.sha(call.value("ref"))
    if sha is None:
        raise RefusedError(422, f"No commit found for SHA: {call.value('ref')}")
    shown = render.commit(call.github, call.project, sha)
    parent = shown["parents"][0]["sha"] if shown["parents"] else repo.git("hash-object", "-t", "tree", "/dev/null")
    page = call.page(call.project.diffs.files(parent, sha), cap=3000)
    files = [file_json(call.github, call.project, sha, each) for each in page.body]
    added, deleted = sum(each["additions"] for each in files), sum(each["deletions"] for each in files)
    stats = {"additions": added, "deletions": deleted, "total": added + deleted}
    return Reply(200, shown | {"stats": stats, "files": files}, page.headers)


@route("GET", f"{_REPO}/branches/{{branch}}", "contents:read")
def _branch(call: Call) -> Reply:
    name = call.value("branch")
    sha = call.project.repo.sha(f"refs/heads/{name}")
    if sha is None:
        raise RefusedError(404, "Branch not found")
    url = f"{call.github.api}/repos/{call.project.full_name}/branches/{name}"
    page = f"{call.github.address}/{call.project.full_name}/tree/{name}"
    unprotected = {
        "enabled": False,
        "required_status_checks": {"enforcement_level": "off", "contexts": [], "checks": []},
    }
    body = {
        "name": name,
        "commit": render.commit(call.github, call.project, sha),
        "_links": {"self": url, "html": page},
        "protected": False,
        "protection": unprotected,
        "protection_url": f"{url}/protection",
    }
    return Reply(200, body)
