"""Webhooks made from the state, signed as GitHub signs them, and what a workflow's job gets of them."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.doubles.github import render
from tests.doubles.github.apps import installation_json
from tests.doubles.github.checks import run_json, suite_json
from tests.doubles.github.comments import comment_json
from tests.doubles.github.double import GitHub, contract
from tests.doubles.github.model import App, CheckRun, Issue, IssueComment, Project, Pull, Review, ReviewComment
from tests.doubles.github.reviews import review_json

WITHOUT_ACTION = frozenset({"workflow_dispatch", "ping"})


@dataclass(frozen=True, slots=True)
class Delivery:
    """What goes over the wire."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """A webhook's payload; `sha` and `ref` are what GitHub Actions would run on."""

    name: str
    payload: dict[str, Any]
    github: GitHub
    project: Project | None
    sha: str
    ref: str

    @property
    def body(self) -> bytes:
        """The payload as it is sent, and signed."""
        return render.dumps(self.payload).encode()

    def delivery(self, secret: str, delivery: str = "") -> Delivery:
        """The request of a webhook. A redelivery has the same `delivery`."""
        signature = hmac.new(secret.encode(), self.body, hashlib.sha256).hexdigest()
        old = hmac.new(secret.encode(), self.body, hashlib.sha1).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/d0ub1e0",
            "X-GitHub-Event": self.name,
            "X-GitHub-Delivery": delivery or str(uuid.uuid5(uuid.NAMESPACE_URL, signature)),
            "X-GitHub-Hook-ID": "1",
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-Hub-Signature": f"sha1={old}",
            "X-Hub-Signature-256": f"sha256={signature}",
        }
        return Delivery(headers, self.body)

    def environment(self, folder: Path, token: str = "", **inputs: str) -> dict[str, str]:
        """The environment of a step of a workflow's job; its files are written into `folder`.

        `inputs` are those of the action: `fail_on="high"` becomes INPUT_FAIL_ON.
        """
        assert self.project is not None, f"no workflow runs on {self.name} without a repository"
        folder.mkdir(parents=True, exist_ok=True)
        files = {"GITHUB_EVENT_PATH": "event.json", "GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "summary.md"}
        files |= {"GITHUB_ENV": "env", "GITHUB_PATH": "path", "GITHUB_STATE": "state"}
        for name in files.values():
            (folder / name).write_bytes(self.body if name == "event.json" else b"")
        pull = self.payload.get("pull_request") or {}
        sender = (self.payload.get("sender") or {}).get("login", "ghost")
        return {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTOR": sender,
            "GITHUB_TRIGGERING_ACTOR": sender,
            "GITHUB_API_URL": self.github.api,
            "GITHUB_GRAPHQL_URL": f"{self.github.address}/api/graphql",
            "GITHUB_SERVER_URL": self.github.address,
            "GITHUB_REPOSITORY": self.project.full_name,
            "GITHUB_REPOSITORY_ID": str(self.project.id),
            "GITHUB_REPOSITORY_OWNER": self.project.owner.login,
            "GITHUB_EVENT_NAME": self.name,
            "GITHUB_SHA": self.sha,
            "GITHUB_REF": self.ref,
            "GITHUB_REF_NAME": self.ref.removeprefix("refs/heads/").removeprefix("refs/pull/"),
            "GITHUB_HEAD_REF": (pull.get("head") or {}).get("ref", "") if self.name == "pull_request" else "",
            "GITHUB_BASE_REF": (pull.get("base") or {}).get("ref", "") if self.name == "pull_request" else "",
            "GITHUB_RUN_ID": "9001",
            "GITHUB_RUN_NUMBER": "1",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_JOB": "review",
            "GITHUB_WORKFLOW": "codedesigner",
            "GITHUB_WORKSPACE": str(folder / "workspace"),
            "RUNNER_TEMP": str(folder),
            "RUNNER_OS": "Linux",
            **{name: str(folder / file) for name, file in files.items()},
            **({"GITHUB_TOKEN": token} if token else {}),
            **{f"INPUT_{name.upper()}": value for name, value in inputs.items()},
        }

    def checkout(self, folder: Path, *, depth: int = 0) -> Path:
        """What actions/checkout leaves in `folder`: the commit that the event runs on, detached."""
        assert self.project is not None
        folder.mkdir(parents=True, exist_ok=True)
        shallow = [f"--depth={depth}"] if depth else []
        refs = ["+refs/heads/*:refs/remotes/origin/*"] if not depth else []
        origin = self.project.repo.path.absolute().as_uri()
        for command in (
            ["init", "-q", "-b", "none"],
            ["remote", "add", "origin", origin],
            ["fetch", "-q", "--no-tags", *shallow, "origin", f"+{self.sha}:refs/remotes/pull/merge", *refs],
            ["checkout", "-q", "--detach", self.sha],
        ):
            subprocess.run(["git", *command], cwd=folder, check=True, capture_output=True)
        return folder


@dataclass(frozen=True, slots=True)
class _Given:
    github: GitHub
    action: str
    on: Pull | Issue | Project | CheckRun | App
    project: Project | None
    comment: IssueComment | ReviewComment | None = None
    review: Review | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)

    @property
    def pull(self) -> Pull:
        assert isinstance(self.on, Pull), "this event is about a pull request"
        return self.on

    @property
    def repo(self) -> Project:
        assert self.project is not None, "this event is about a repository"
        return self.project


def event(
    github: GitHub,
    name: str,
    action: str,
    on: Pull | Issue | Project | CheckRun | App,
    *,
    project: Project | None = None,
    comment: IssueComment | ReviewComment | None = None,
    review: Review | None = None,
    sender: str = "",
    changes: Mapping[str, Any] | None = None,
    inputs: Mapping[str, str] | None = None,
    app: App | None = None,
) -> Event:
    """What GitHub sends when something has happened to `on`; held against GitHub's own description.

    `project` is needed where `on` does not tell the repository, `comment` and `review` for events about them, `changes`
    for `edited`. `sender` is whoever did it: by default the author. `app` adds its installation, as Apps get it.
    """
    where = project or (on.project if isinstance(on, Pull) else on if isinstance(on, Project) else None)
    given = _Given(github, action, on, where, comment, review, changes or {}, inputs or {})
    payload: dict[str, Any] = {"action": action} if name not in WITHOUT_ACTION else {}
    payload |= _MAKERS[name](given)
    if where is not None:
        payload["repository"] = render.repository(github, where) | {"custom_properties": {}}
    payload["sender"] = render.user(github, github.user(sender or _author(given)))
    if app is not None:
        payload.setdefault("installation", {"id": app.installation, "node_id": render.node("IN", app.installation)})
    described = (
        "-".join(each.replace("_", "-") for each in (name, action) if each and name not in WITHOUT_ACTION) or name
    )
    described = described if name not in WITHOUT_ACTION else name.replace("_", "-")
    github.violations.extend(contract().webhook(described, json.loads(json.dumps(payload))))
    sha, ref = _runs_on(name, given)
    return Event(name, payload, github, where, sha, ref)


def _author(given: _Given) -> str:
    if given.comment is not None:
        user = given.comment.user
    elif isinstance(given.on, Pull | Issue):
        user = given.on.author if isinstance(given.on, Pull) else given.on.user
    else:
        return "octo-org"
    return "ghost" if user.deleted else user.login


def _runs_on(name: str, given: _Given) -> tuple[str, str]:
    """Commit and ref of a workflow's run: the test merge, the queue's branch, else the default branch."""
    if name in ("pull_request", "pull_request_review", "pull_request_review_comment"):
        return given.pull.merge_sha or given.pull.head_sha, f"refs/pull/{given.pull.number}/merge"
    if name == "merge_group":
        return given.repo.repo.sha(given.pull.queued) or "", given.pull.queued
    if given.project is None:
        return "", ""
    return given.project.repo.sha("refs/heads/main") or "", "refs/heads/main"


def _pull_request(given: _Given) -> dict[str, Any]:
    found: dict[str, Any] = {"number": given.pull.number, "pull_request": _full(given)}
    if given.action == "synchronize":
        found |= {"before": given.pull.before, "after": given.pull.head_sha}
    if given.action == "edited":
        found["changes"] = given.changes
    return found


def _full(given: _Given) -> dict[str, Any]:
    return render.full_pull(given.github, given.pull)


def _line_comment(given: _Given) -> dict[str, Any]:
    assert isinstance(given.comment, ReviewComment), "which comment?"
    found = {
        "comment": comment_json(given.github, given.pull, given.comment),
        "pull_request": render.pull(given.github, given.pull),
    }
    return found | ({"changes": given.changes or _from(given.comment)} if given.action == "edited" else {})


def _from(comment: IssueComment | ReviewComment) -> dict[str, Any]:
    return {"body": {"from": comment.edits[-1][1]}} if comment.edits else {}


def _issue_comment(given: _Given) -> dict[str, Any]:
    assert isinstance(given.comment, IssueComment), "which comment?"
    issue = given.on.issue if isinstance(given.on, Pull) else given.on
    assert isinstance(issue, Issue)
    found = {
        "comment": render.issue_comment(given.github, given.repo, given.comment),
        "issue": render.issue(given.github, given.repo, issue),
    }
    return found | ({"changes": given.changes or _from(given.comment)} if given.action == "edited" else {})


def _review(given: _Given) -> dict[str, Any]:
    assert given.review is not None, "which review?"
    shown = review_json(given.github, given.pull, given.review)
    shown["state"] = shown["state"].lower()
    shown["updated_at"] = given.review.submitted_at
    return {"review": shown, "pull_request": render.pull(given.github, given.pull)}


def _merge_group(given: _Given) -> dict[str, Any]:
    pull, repo = given.pull, given.repo.repo
    head = repo.sha(pull.queued)
    assert head is not None, "enqueue it first"
    shown = render.commit(given.github, given.repo, head)
    people = {who: {key: shown["commit"][who][key] for key in ("name", "email")} for who in ("author", "committer")}
    commit = {
        "id": head,
        "tree_id": shown["commit"]["tree"]["sha"],
        "message": shown["commit"]["message"],
        "timestamp": shown["commit"]["author"]["date"],
        **people,
    }
    group = {
        "head_sha": head,
        "head_ref": pull.queued,
        "base_sha": shown["parents"][0]["sha"],
        "base_ref": f"refs/heads/{pull.base}",
        "head_commit": commit,
    }
    return {"merge_group": group} | ({"reason": "merged"} if given.action == "destroyed" else {})


def _check_run(given: _Given) -> dict[str, Any]:
    assert isinstance(given.on, CheckRun)
    shown = run_json(given.github, given.repo, given.on)
    suite = next(each for each in given.repo.suites if each.id == given.on.suite)
    shown["check_suite"] = suite_json(given.github, given.repo, suite)
    found: dict[str, Any] = {"check_run": shown}
    return found | ({"requested_action": dict(given.changes)} if given.action == "requested_action" else {})


def _check_suite(given: _Given) -> dict[str, Any]:
    assert isinstance(given.on, CheckRun)
    suite = next(each for each in given.repo.suites if each.id == given.on.suite)
    return {"check_suite": suite_json(given.github, given.repo, suite)}


def _dispatch(given: _Given) -> dict[str, Any]:
    return {"inputs": dict(given.inputs), "ref": "refs/heads/main", "workflow": ".github/workflows/codedesigner.yml"}


def _installation(given: _Given) -> dict[str, Any]:
    assert isinstance(given.on, App)
    return {"installation": installation_json(given.github, given.on), "repositories": _named(given)}


def _installed(given: _Given) -> dict[str, Any]:
    assert isinstance(given.on, App)
    lists: dict[str, Any] = {"repositories_added": [], "repositories_removed": []} | {
        f"repositories_{given.action}": _named(given)
    }
    shown = installation_json(given.github, given.on)
    return {"installation": shown, "repository_selection": "selected", "requester": None, **lists}


def _named(given: _Given) -> list[dict[str, Any]]:
    names = ("id", "node_id", "name", "full_name", "private")
    shown = (render.repository(given.github, each) for each in given.github.projects.values())
    return [{name: each[name] for name in names} for each in shown]


def _ping(_given: _Given) -> dict[str, Any]:
    return {"zen": "Keep it logically awesome.", "hook_id": 1}


_MAKERS: Mapping[str, Callable[[_Given], dict[str, Any]]] = {
    "check_run": _check_run,
    "check_suite": _check_suite,
    "installation": _installation,
    "installation_repositories": _installed,
    "issue_comment": _issue_comment,
    "merge_group": _merge_group,
    "ping": _ping,
    "pull_request": _pull_request,
    "pull_request_review": _review,
    "pull_request_review_comment": _line_comment,
    "workflow_dispatch": _dispatch,
}
