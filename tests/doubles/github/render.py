"""Stored values as GitHub's JSON: people, repositories, pull requests, commits."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tests.doubles.github.model import App, Issue, IssueComment, Project, Pull, Reaction, User

if TYPE_CHECKING:
    from tests.doubles.github.double import GitHub

CONTENTS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_LINKS = _words(
    "archive assignees blobs branches collaborators comments commits compare contents contributors deployments"
    " downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels"
    " languages merges milestones notifications pulls releases stargazers statuses subscribers subscription"
    " tags teams trees"
)
_USER_LINKS = _words("followers following gists starred subscriptions organizations repos events received_events")
_COUNTS = _words("forks forks_count open_issues open_issues_count stargazers_count watchers watchers_count size")
_PARTS = _words("issues projects wiki pages discussions downloads")


def node(kind: str, number: int) -> str:
    """A node id; like GitHub's, it tells its kind and nothing else."""
    return f"{kind}_kwDO{number:08d}"


def user(github: GitHub, given: User) -> dict[str, Any] | None:
    """An account, None once it is deleted."""
    if given.deleted:
        return None
    name = quote(given.login)
    url = f"{github.api}/users/{name}"
    return {
        "login": given.login,
        "id": given.id,
        "node_id": node("U" if given.type == "User" else "BOT", given.id),
        "avatar_url": f"{github.address}/avatars/u/{given.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{github.address}/{name}",
        **{f"{link}_url": f"{url}/{link}" for link in _USER_LINKS},
        "type": given.type,
        "site_admin": False,
    }


def known(github: GitHub, given: User) -> dict[str, Any]:
    """An account that cannot be deleted."""
    found = user(github, given)
    assert found is not None, given.login
    return found


def app(github: GitHub, given: App) -> dict[str, Any]:
    """A GitHub App."""
    return {
        "id": given.id,
        "slug": given.slug,
        "node_id": node("A", given.id),
        "client_id": f"Iv1.{given.id:016x}",
        "owner": known(github, github.user("octo-org")),
        "name": given.slug,
        "description": None,
        "external_url": "https://example.org",
        "html_url": f"{github.address}/apps/{given.slug}",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "permissions": {"metadata": "read", **{k: v for k, v in given.permissions.items() if v != "none"}},
        "events": ["pull_request", "issue_comment"],
    }


def repository(github: GitHub, given: Project) -> dict[str, Any]:
    """A repository."""
    url = f"{github.api}/repos/{given.full_name}"
    page = f"{github.address}/{given.full_name}"
    return {
        "id": given.id,
        "node_id": node("R", given.id),
        "name": given.name,
        "full_name": given.full_name,
        "private": given.private,
        "visibility": "private" if given.private else "public",
        "owner": known(github, given.owner),
        "html_url": page,
        "description": None,
        "fork": given.parent is not None,
        "url": url,
        **{f"{name}_url": f"{url}/{name}" for name in _LINKS},
        "git_url": f"git://127.0.0.1/{given.full_name}.git",
        "ssh_url": f"git@127.0.0.1:{given.full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        **dict.fromkeys(_COUNTS, 0),
        "default_branch": "main",
        "is_template": False,
        "topics": [],
        **{f"has_{name}": name in ("issues", "projects") for name in _PARTS},
        "has_pull_requests": True,
        "pull_request_creation_policy": "all",
        "archived": False,
        "disabled": False,
        "allow_forking": True,
        "web_commit_signoff_required": False,
        "pushed_at": given.created_at,
        "created_at": given.created_at,
        "updated_at": given.created_at,
    }


def full_repository(github: GitHub, given: Project) -> dict[str, Any]:
    """A repository as it is shown alone."""
    more: dict[str, Any] = {"network_count": 0, "subscribers_count": 0}
    if given.parent is not None:
        more["parent"] = more["source"] = repository(github, given.parent)
    return repository(github, given) | more


def _branch(github: GitHub, project: Project | None, owner: User, ref: str, sha: str) -> dict[str, Any]:
    return {
        "label": f"{owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": user(github, owner),
        "repo": repository(github, project) if project else None,
    }


def association(project: Project, given: User) -> str:
    """What GitHub prints beside a name. People of an organisation who hide that are only contributors."""
    if given.login == project.owner.login:
        return "OWNER"
    if given.login.lower() in project.roles:
        return "COLLABORATOR"
    return "CONTRIBUTOR" if given.type == "User" else "NONE"


def pull(github: GitHub, given: Pull) -> dict[str, Any]:
    """A pull request as lists show it."""
    project = given.project
    url = f"{github.api}/repos/{project.full_name}/pulls/{given.number}"
    issue = f"{github.api}/repos/{project.full_name}/issues/{given.number}"
    statuses = f"{github.api}/repos/{project.full_name}/statuses/{given.head_sha}"
    page = f"{github.address}/{project.full_name}/pull/{given.number}"
    links = {
        "self": url,
        "html": page,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{github.api}/repos/{project.full_name}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": statuses,
    }
    return {
        "url": url,
        "id": given.id,
        "node_id": node("PR", given.id),
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue,
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": statuses,
        "number": given.number,
        "state": given.state,
        "locked": False,
        "title": given.issue.title,
        "user": user(github, given.author),
        "body": given.issue.body,
        "labels": [label(github, project, name) for name in given.issue.labels],
        "milestone": None,
        "active_lock_reason": None,
        "created_at": given.issue.created_at,
        "updated_at": given.updated_at,
        "closed_at": None if given.state == "open" else given.updated_at,
        "merged_at": given.updated_at if given.merged else None,
        "merge_commit_sha": given.merge_sha if given.mergeable_unknown <= 0 else None,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "head": _branch(github, given.head_project, head_owner(given), given.head, given.head_sha),
        "base": _branch(github, project, project.owner, given.base, given.base_sha),
        "_links": {name: {"href": link} for name, link in links.items()},
        "author_association": association(project, given.author),
        "auto_merge": None,
        "draft": given.draft,
    }


def head_owner(given: Pull) -> User:
    """Whose branch it is; the author's where the fork is gone."""
    return given.head_project.owner if given.head_project else given.author


def full_pull(github: GitHub, given: Pull) -> dict[str, Any]:
    """A pull request as it is shown alone."""
    repo = given.project.repo
    base = given.merge_base()
    rows = [line.split("\t") for line in repo.git("diff", "--numstat", "-M", base, given.head_sha).splitlines()]
    known_ = given.mergeable_unknown <= 0
    return pull(github, given) | {
        "merged": given.merged,
        "mergeable": (given.merge_sha is not None) if known_ else None,
        "rebaseable": (given.merge_sha is not None) if known_ else None,
        "mergeable_state": ("clean" if given.merge_sha else "dirty") if known_ else "unknown",
        "merged_by": None,
        "comments": sum(each.number == given.number for each in given.project.comments),
        "review_comments": len(given.comments),
        "maintainer_can_modify": given.head_project not in (None, given.project),
        "commits": int(repo.git("rev-list", "--count", f"{base}..{given.head_sha}")),
        "additions": sum(int(row[0]) for row in rows if row[0] != "-"),
        "deletions": sum(int(row[1]) for row in rows if row[1] != "-"),
        "changed_files": len(rows),
    }


def label(github: GitHub, project: Project, name: str) -> dict[str, Any]:
    """A label."""
    return {
        "id": 1 + project.labels.index(name),
        "node_id": node("LA", 1 + project.labels.index(name)),
        "url": f"{github.api}/repos/{project.full_name}/labels/{name}",
        "name": name,
        "description": None,
        "color": "ededed",
        "default": False,
    }


def issue(github: GitHub, project: Project, given: Issue) -> dict[str, Any]:
    """An issue; `pull_request` in it tells that it is one."""
    url = f"{github.api}/repos/{project.full_name}/issues/{given.number}"
    pull_ = project.pulls.get(given.number)
    page = f"{github.address}/{project.full_name}/{'pull' if pull_ else 'issues'}/{given.number}"
    links = {"comments_url": f"{url}/comments", "events_url": f"{url}/events", "labels_url": f"{url}/labels{{/name}}"}
    found = {
        "url": url,
        "repository_url": f"{github.api}/repos/{project.full_name}",
        **links,
        "timeline_url": f"{url}/timeline",
        "html_url": page,
        "id": 500_000 + given.number,
        "node_id": node("I", given.number),
        "number": given.number,
        "title": given.title,
        "user": user(github, given.user),
        "labels": [label(github, project, name) for name in given.labels],
        "state": pull_.state if pull_ else "open",
        "locked": False,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": sum(each.number == given.number for each in project.comments),
        "created_at": given.created_at,
        "updated_at": given.created_at,
        "closed_at": None,
        "author_association": association(project, given.user),
        "active_lock_reason": None,
        "body": given.body,
        "reactions": reactions(f"{url}/reactions", given.reactions),
        "performed_via_github_app": None,
        "state_reason": None,
    }
    if pull_:
        pulls = f"{github.api}/repos/{project.full_name}/pulls/{given.number}"
        found["draft"] = pull_.draft
        found["pull_request"] = {
            "url": pulls,
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "merged_at": pull_.updated_at if pull_.merged else None,
        }
    return found


def reactions(url: str, given: Sequence[Reaction]) -> dict[str, Any]:
    """How often people reacted, and how."""
    counts = Counter(each.content for each in given)
    return {"url": url, "total_count": len(given), **{content: counts[content] for content in CONTENTS}}


def reaction(github: GitHub, given: Reaction) -> dict[str, Any]:
    """One reaction."""
    return {
        "id": given.id,
        "node_id": node("REA", given.id),
        "user": user(github, given.user),
        "content": given.content,
        "created_at": given.created_at,
    }


def issue_comment(github: GitHub, project: Project, given: IssueComment) -> dict[str, Any]:
    """A comment in the conversation."""
    url = f"{github.api}/repos/{project.full_name}/issues/comments/{given.id}"
    issue_ = f"{github.api}/repos/{project.full_name}/issues/{given.number}"
    kind = "pull" if given.number in project.pulls else "issues"
    return {
        "url": url,
        "html_url": f"{github.address}/{project.full_name}/{kind}/{given.number}#issuecomment-{given.id}",
        "issue_url": issue_,
        "id": given.id,
        "node_id": node("IC", given.id),
        "user": user(github, given.user),
        "created_at": given.created_at,
        "updated_at": given.updated_at,
        "body": given.body,
        "author_association": association(project, given.user),
        "reactions": reactions(f"{url}/reactions", given.reactions),
        "performed_via_github_app": app(github, given.app) if given.app else None,
    }


def commit(github: GitHub, project: Project, sha: str) -> dict[str, Any]:
    """A commit without its files."""
    fields = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B"
    shown = (
        project.repo.run("show", "-s", f"--format={fields}", sha).decode("utf-8", "replace").rstrip("\n").split("\0")
    )
    full, tree, parents, author, author_mail, when, committer, committer_mail, then, message = shown
    url = f"{github.api}/repos/{project.full_name}/commits/{full}"
    git = f"{github.api}/repos/{project.full_name}/git"
    page = f"{github.address}/{project.full_name}/commit"
    unverified = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
    return {
        "sha": full,
        "node_id": node("C", int(full[:7], 16)),
        "url": url,
        "html_url": f"{page}/{full}",
        "comments_url": f"{url}/comments",
        "commit": {
            "url": f"{git}/commits/{full}",
            "message": message.rstrip("\n"),
            "author": {"name": author, "email": author_mail, "date": when},
            "committer": {"name": committer, "email": committer_mail, "date": then},
            "tree": {"sha": tree, "url": f"{git}/trees/{tree}"},
            "comment_count": 0,
            "verification": unverified,
        },
        "author": None,
        "committer": None,
        "parents": [
            {"sha": each, "url": url.replace(full, each), "html_url": f"{page}/{each}"} for each in parents.split()
        ],
    }


def dumps(value: object) -> str:
    """JSON as it is measured and signed."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
