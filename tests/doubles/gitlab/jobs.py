"""The environment that a runner gives a job: merge request pipelines of three kinds, branch pipelines, forks.

What is absent is absent, and what is empty is there and empty, as on a runner.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Literal

from tests.doubles.gitlab import pipelines
from tests.doubles.gitlab.model import MergeRequest, Pipeline, Project, User
from tests.doubles.gitlab.world import World

EventType = Literal["detached", "merged_result", "merge_train"]
LONGEST_DESCRIPTION = 2700
_REFS = {"detached": "head", "merged_result": "merge", "merge_train": "train"}
_ZEROES = "0" * 40


def merge_request_job(
    world: World, request: MergeRequest, kind: EventType = "detached", *, in_parent: bool = False
) -> dict[str, str]:
    """A job of a merge request pipeline; of a fork it runs in the fork, unless a member started it `in_parent`."""
    home = request.project if in_parent or kind != "detached" else request.source
    ref = f"refs/merge-requests/{request.iid}/{_REFS[kind]}"
    sha = request.head
    if kind != "detached":
        merged = request.project.repository.merge(request.target_branch, request.head, ref=ref)
        assert merged is not None, "the branches conflict"
        sha = merged
    pipeline = pipelines.create(world, home, sha, ref, request.author, source="merge_request_event")
    newest = request.versions[0]
    results = kind != "detached"
    target_tip = request.project.repository.sha(f"refs/heads/{request.target_branch}") or ""
    return {
        **_job(world, home, pipeline, request.author),
        "CI_COMMIT_REF_NAME": ref if results else request.source_branch,
        "CI_MERGE_REQUEST_ID": str(request.id),
        "CI_MERGE_REQUEST_IID": str(request.iid),
        "CI_MERGE_REQUEST_REF_PATH": ref,
        "CI_MERGE_REQUEST_PROJECT_ID": str(request.project.id),
        "CI_MERGE_REQUEST_PROJECT_PATH": request.project.path,
        "CI_MERGE_REQUEST_PROJECT_URL": f"{world.url}/{request.project.path}",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": request.target_branch,
        "CI_MERGE_REQUEST_TARGET_BRANCH_PROTECTED": "true",
        "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": target_tip if results else "",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": str(request.source.id),
        "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": request.source.path,
        "CI_MERGE_REQUEST_SOURCE_PROJECT_URL": f"{world.url}/{request.source.path}",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": request.source_branch,
        "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": request.head if results else "",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": newest.base,
        "CI_MERGE_REQUEST_DIFF_ID": str(newest.id),
        "CI_MERGE_REQUEST_EVENT_TYPE": kind,
        "CI_MERGE_REQUEST_LABELS": ",".join(request.labels),
        "CI_MERGE_REQUEST_TITLE": request.title,
        "CI_MERGE_REQUEST_DESCRIPTION": request.description[:LONGEST_DESCRIPTION],
        "CI_MERGE_REQUEST_DESCRIPTION_IS_TRUNCATED": str(len(request.description) > LONGEST_DESCRIPTION).lower(),
        "CI_MERGE_REQUEST_DRAFT": str(request.draft).lower(),
        "CI_OPEN_MERGE_REQUESTS": f"{request.project.path}!{request.iid}",
    }


def branch_job(world: World, project: Project, branch: str, user: User) -> dict[str, str]:
    """A job of a branch pipeline, with up to four of the merge requests that are open from that branch."""
    sha = project.repository.sha(f"refs/heads/{branch}")
    assert sha is not None, f"no branch {branch}"
    pipeline = pipelines.create(world, project, sha, branch, user, source="push")
    environment = {**_job(world, project, pipeline, user), "CI_COMMIT_REF_NAME": branch, "CI_COMMIT_BRANCH": branch}
    mine = [
        f"{each.project.path}!{each.iid}"
        for each in world.merge_requests
        if each.source is project and each.source_branch == branch and each.state == "opened"
    ]
    if mine:
        environment["CI_OPEN_MERGE_REQUESTS"] = ",".join(mine[:4])
    return environment


def _job(world: World, project: Project, pipeline: Pipeline, user: User) -> dict[str, str]:
    host, _, port = world.url.partition("://")[2].partition(":")
    namespace, _, name = project.path.rpartition("/")
    return {
        "CI": "true",
        "GITLAB_CI": "true",
        "CI_API_V4_URL": world.api,
        "CI_API_GRAPHQL_URL": f"{world.url}/api/graphql",
        "CI_SERVER_URL": world.url,
        "CI_SERVER_HOST": host,
        "CI_SERVER_PORT": port or "80",
        "CI_SERVER_PROTOCOL": world.url.partition(":")[0],
        "CI_SERVER_VERSION": "19.5.0",
        "CI_PROJECT_ID": str(project.id),
        "CI_PROJECT_NAME": name,
        "CI_PROJECT_PATH": project.path,
        "CI_PROJECT_NAMESPACE": namespace,
        "CI_PROJECT_URL": f"{world.url}/{project.path}",
        "CI_DEFAULT_BRANCH": project.default_branch,
        "CI_PIPELINE_ID": str(pipeline.id),
        "CI_PIPELINE_IID": str(pipeline.iid),
        "CI_PIPELINE_SOURCE": pipeline.source,
        "CI_PIPELINE_URL": f"{world.url}/{project.path}/-/pipelines/{pipeline.id}",
        "CI_JOB_ID": str(world.ids.next()),
        "CI_JOB_NAME": "codedesigner",
        "CI_JOB_TOKEN": world.job_token(project, user),
        "CI_JOB_URL": f"{world.url}/{project.path}/-/jobs/1",
        "CI_COMMIT_SHA": pipeline.sha,
        "CI_COMMIT_SHORT_SHA": pipeline.sha[:8],
        "CI_COMMIT_BEFORE_SHA": _ZEROES,
        "GITLAB_USER_ID": str(user.id),
        "GITLAB_USER_LOGIN": user.username,
        **({"CI_SERVER_TLS_CA_FILE": str(world.ca_file)} if world.ca_file else {}),
    }


def checkout(project: Project, sha: str, folder: Path) -> Path:
    """What a runner has before the script runs: the repository, with `sha` checked out and no branch of its own."""

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)

    folder.mkdir(parents=True)
    git("init", "-q", "-b", "none")
    git("remote", "add", "origin", str(project.repository.path.absolute()))
    git("fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/merge-requests/*:refs/merge-requests/*")
    git("checkout", "-q", "--detach", sha)
    return folder
