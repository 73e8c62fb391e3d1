"""Pull requests: what they change, in every form in which GitHub gives it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.doubles.diffs import FileDiff
from tests.doubles.github import render
from tests.doubles.github.model import Project, Pull
from tests.doubles.github.routes import Call, RefusedError, not_found, route
from tests.doubles.server import Reply

if TYPE_CHECKING:
    from tests.doubles.github.double import GitHub

_REPO = "/repos/{owner}/{repo}"
_PULL = f"{_REPO}/pulls/{{pull_number}}"
_MOST_FILES = 3000
_MOST_COMMITS = 250
_MOST_DIFF_FILES = 300
_MOST_DIFF_LINES = 20_000


def file_json(github: GitHub, project: Project, head: str, given: FileDiff) -> dict[str, Any]:
    """A changed file; without a patch where it is binary, large, or only moved."""
    page = f"{github.address}/{project.full_name}"
    api = f"{github.api}/repos/{project.full_name}/contents"
    found: dict[str, Any] = {
        "sha": given.blob or project.repo.git("hash-object", "--stdin"),
        "filename": given.path,
        "status": given.status,
        "additions": given.additions,
        "deletions": given.deletions,
        "changes": given.additions + given.deletions,
        "blob_url": f"{page}/blob/{head}/{quote(given.path)}",
        "raw_url": f"{page}/raw/{head}/{quote(given.path)}",
        "contents_url": f"{api}/{quote(given.path)}?ref={head}",
    }
    if given.patch and len(given.patch.encode()) <= github.largest_patch:
        found["patch"] = given.patch
    if given.status in ("renamed", "copied"):
        found["previous_filename"] = given.old_path
    return found


def _wants(call: Call) -> str:
    """The media type asked for: `diff`, `patch`, or empty for JSON."""
    match = re.search(r"application/vnd\.github(?:\.v3)?\.(diff|patch)", call.request.headers.get("accept", ""))
    return match[1] if match else ""


def _raw(call: Call, base: str, head: str, kind: str) -> Reply:
    repo = call.project.repo
    text = call.project.diffs.text(base, head)
    if len(call.project.diffs.files(base, head)) > _MOST_DIFF_FILES:
        raise _too_large(f"files ({_MOST_DIFF_FILES})")
    if text.count(b"\n") > _MOST_DIFF_LINES:
        raise _too_large(f"lines ({_MOST_DIFF_LINES})")
    if kind == "patch":
        text = repo.run("format-patch", "--stdout", f"{base}..{head}")
    return Reply(200, text, {"Content-Type": f"application/vnd.github.{kind}; charset=utf-8"})


def _too_large(what: str) -> RefusedError:
    advice = "Consider using 'List pull requests files' API or locally cloning the repository instead."
    errors = [{"resource": "PullRequest", "field": "diff", "code": "too_large"}]
    return RefusedError(406, f"Sorry, the diff exceeded the maximum number of {what}. {advice}", errors)


@route("GET", f"{_REPO}/pulls", "pull_requests:read")
def _list(call: Call) -> Reply:
    query = call.request.query
    found = [
        each
        for each in reversed(call.project.pulls.values())
        if query.get("state", "open") in ("all", each.state)
        and query.get("base") in (None, each.base)
        and query.get("head") in (None, f"{render.head_owner(each).login}:{each.head}")
    ]
    return call.page([render.pull(call.github, each) for each in found])


@route("GET", _PULL, "pull_requests:read")
def _get(call: Call) -> Reply:
    pull = call.pull
    kind = _wants(call)
    if kind:
        return _raw(call, pull.merge_base(), pull.head_sha, kind)
    shown = render.full_pull(call.github, pull)
    pull.mergeable_unknown -= 1
    return Reply(200, shown)


@route("GET", f"{_PULL}/files", "pull_requests:read")
def _files(call: Call) -> Reply:
    pull = call.pull
    files = call.project.diffs.files(pull.merge_base(), pull.head_sha)
    return _paged_files(call, pull, files)


def _paged_files(call: Call, pull: Pull, files: tuple[FileDiff, ...]) -> Reply:
    page = call.page(files, cap=_MOST_FILES)
    shown = [file_json(call.github, call.project, pull.head_sha, each) for each in page.body]
    return Reply(200, shown, page.headers)


@route("GET", f"{_PULL}/commits", "pull_requests:read")
def _commits(call: Call) -> Reply:
    pull = call.pull
    listed = call.project.repo.git("rev-list", "--reverse", f"{pull.merge_base()}..{pull.head_sha}").split()
    page = call.page(listed, cap=_MOST_COMMITS)
    return Reply(200, [render.commit(call.github, call.project, each) for each in page.body], page.headers)


@route("GET", f"{_REPO}/commits/{{commit_sha}}/pulls", "pull_requests:read")
def _of_commit(call: Call) -> Reply:
    sha = call.value("commit_sha")
    found = [each for each in call.project.pulls.values() if each.head_sha == sha or each.merge_sha == sha]
    return call.page([render.pull(call.github, each) for each in found])


@route("GET", f"{_REPO}/compare/{{basehead}}", "contents:read")
def _compare(call: Call) -> Reply:
    base, separator, head = call.value("basehead").partition("...")
    repo = call.project.repo
    one, other = repo.sha(base.rpartition(":")[2]), repo.sha(head.rpartition(":")[2])
    if not separator or one is None or other is None:
        raise not_found()
    common = repo.merge_base(one, other)
    if common is None:
        raise RefusedError(404, f"No common ancestor between {base} and {head}.")
    kind = _wants(call)
    if kind:
        return _raw(call, common, other, kind)
    return _comparison(call, one, other, common)


def _comparison(call: Call, one: str, other: str, common: str) -> Reply:
    repo, github = call.project.repo, call.github
    behind = int(repo.git("rev-list", "--count", f"{other}..{one}"))
    commits = repo.git("rev-list", "--reverse", f"{one}..{other}").split()
    names = {(True, True): "diverged", (True, False): "ahead", (False, True): "behind", (False, False): "identical"}
    url = f"{github.api}/repos/{call.project.full_name}/compare/{call.value('basehead')}"
    page = f"{github.address}/{call.project.full_name}/compare/{one}...{other}"
    paged = call.page(commits, cap=_MOST_COMMITS if "per_page" not in call.request.query else None)
    body: dict[str, Any] = {
        "url": url,
        "html_url": page,
        "permalink_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "base_commit": render.commit(github, call.project, one),
        "merge_base_commit": render.commit(github, call.project, common),
        "status": names[bool(commits), bool(behind)],
        "ahead_by": len(commits),
        "behind_by": behind,
        "total_commits": len(commits),
        "commits": [render.commit(github, call.project, each) for each in paged.body],
    }
    if call.request.query.get("page", "1") == "1":
        files = call.project.diffs.files(common, other)[:_MOST_DIFF_FILES]
        body["files"] = [file_json(github, call.project, other, each) for each in files]
    return Reply(200, body, paged.headers)
