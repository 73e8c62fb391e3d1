"""Things as the API writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.doubles.gitlab.diffs import FileDiff, files
from tests.doubles.gitlab.model import (
    Discussion,
    Draft,
    Issue,
    Json,
    MergeRequest,
    Note,
    Pipeline,
    Project,
    Status,
    User,
    stamp,
)

if TYPE_CHECKING:
    from tests.doubles.gitlab.world import World


def user(world: World, given: User) -> Json:
    """A user as others see one."""
    return {
        "id": given.id,
        "username": given.username,
        "public_email": "",
        "name": given.name,
        "state": given.state,
        "locked": False,
        "avatar_url": None,
        "web_url": f"{world.url}/{given.username}",
    }


def project(world: World, given: Project) -> Json:
    """A project."""
    name = given.path.rsplit("/", 1)[-1]
    shown: Json = {
        "id": given.id,
        "name": name,
        "path": name,
        "path_with_namespace": given.path,
        "default_branch": given.default_branch,
        "archived": given.archived,
        "merge_requests_access_level": given.requests_access,
        "visibility": "public" if given.public else "private",
        "web_url": f"{world.url}/{given.path}",
        "http_url_to_repo": f"{world.url}/{given.path}.git",
        "only_allow_merge_if_pipeline_succeeds": given.pipelines_must_succeed,
        "only_allow_merge_if_all_discussions_are_resolved": given.threads_must_be_resolved,
    }
    if given.issues_access is not None:
        shown["issues_access_level"] = given.issues_access
    if given.forked_from is not None:
        origin = next(each for each in world.projects if each.id == given.forked_from)
        shown["forked_from_project"] = {"id": origin.id, "path_with_namespace": origin.path}
    return shown


def merge_status(world: World, request: MergeRequest) -> str:
    """What stands in the way of merging, the first of it."""
    if not world.is_prepared(request):
        return "preparing"
    newest = next((each for project, each in reversed(world.pipelines) if _is_head(project, each, request)), None)
    for hindered, name in (
        (request.state != "opened", "not_open"),
        (request.draft, "draft_status"),
        (request.project.threads_must_be_resolved and request.threads_open, "discussions_not_resolved"),
        (request.project.pipelines_must_succeed and (newest is None or newest.status != "success"), "ci_must_pass"),
    ):
        if hindered:
            return name
    return "mergeable"


def _is_head(project: Project, pipeline: Pipeline, request: MergeRequest) -> bool:
    return project in (request.project, request.source) and pipeline.sha == request.head


def merge_request(world: World, given: MergeRequest, *, prepared: bool, single: bool = False) -> Json:
    """A merge request; lists lack `diff_refs` and `changes_count` stays null while it is unprepared."""
    shown: Json = {
        "id": given.id,
        "iid": given.iid,
        "project_id": given.project.id,
        "title": given.title,
        "description": given.description,
        "state": given.state,
        "created_at": given.created,
        "updated_at": given.created,
        "target_branch": given.target_branch,
        "source_branch": given.source_branch,
        "user_notes_count": len([note for note in given.notes if not note.system]),
        "author": user(world, given.author),
        "assignees": [user(world, each) for each in given.assignees],
        "reviewers": [user(world, each) for each in given.reviewers],
        "source_project_id": given.source.id,
        "target_project_id": given.project.id,
        "labels": list(given.labels),
        "draft": given.draft,
        "work_in_progress": given.draft,
        "merge_when_pipeline_succeeds": given.merge_when_ready,
        "detailed_merge_status": merge_status(world, given) if prepared else "preparing",
        "sha": given.head,
        "merge_commit_sha": given.merge_sha,
        "discussion_locked": given.locked or None,
        "prepared_at": stamp(given.prepared) if prepared and given.prepared else None,
        "reference": f"!{given.iid}",
        "web_url": merge_request_url(world, given),
        "has_conflicts": False,
        "blocking_discussions_resolved": not given.threads_open,
    }
    if single:
        newest = given.versions[0]
        shown["diff_refs"] = newest.refs if prepared else None
        count = len(files(given.project.repository, newest.base, newest.head))
        shown["changes_count"] = str(count) if prepared else None
        pipelines = [each for project, each in world.pipelines if _is_head(project, each, given)]
        shown["head_pipeline"] = pipeline(world, pipelines[-1]) if pipelines else None
    return shown


def merge_request_url(world: World, given: MergeRequest) -> str:
    """The page that people open."""
    return f"{world.url}/{given.project.path}/-/merge_requests/{given.iid}"


def diff(given: FileDiff, request: MergeRequest, limit: int) -> Json:
    """A file of a diff, which is empty where it is large: collapsed above a tenth of the limit, else too large."""
    too_large = given.new_path in request.too_large or len(given.text) > limit
    collapsed = not too_large and (given.new_path in request.collapsed or len(given.text) > limit // 10)
    return plain_diff(given) | {
        "diff": "" if too_large or collapsed else given.text.decode("utf-8", "replace"),
        "collapsed": collapsed,
        "too_large": too_large,
    }


def plain_diff(given: FileDiff) -> Json:
    """A file of a diff, whole."""
    return {
        "old_path": given.old_path,
        "new_path": given.new_path,
        "a_mode": given.old_mode,
        "b_mode": given.new_mode,
        "diff": given.text.decode("utf-8", "replace"),
        "collapsed": False,
        "too_large": False,
        "new_file": given.new_file,
        "renamed_file": given.renamed,
        "deleted_file": given.deleted,
        "generated_file": None,
    }


def issue(world: World, given: Issue) -> Json:
    """An issue."""
    return {
        "id": given.id,
        "iid": given.iid,
        "project_id": given.project.id,
        "title": given.title,
        "description": given.description,
        "state": "opened",
        "created_at": given.created,
        "updated_at": given.created,
        "closed_at": None,
        "labels": [],
        "author": user(world, given.author),
        "type": "ISSUE",
        "issue_type": "issue",
        "confidential": given.confidential,
        "discussion_locked": None,
        "user_notes_count": len([note for note in given.notes if not note.system]),
        "web_url": f"{world.url}/{given.project.path}/-/issues/{given.iid}",
    }


def issue_note(world: World, on: Issue, given: Note) -> Json:
    """A comment on an issue, or what the system noted about it."""
    return {
        "id": given.id,
        "type": None,
        "body": given.body,
        "author": user(world, given.author),
        "created_at": given.created,
        "updated_at": given.updated,
        "system": given.system,
        "noteable_id": on.id,
        "noteable_type": "Issue",
        "project_id": on.project.id,
        "resolvable": False,
        "confidential": given.internal,
        "internal": given.internal,
        "noteable_iid": on.iid,
    }


def note(world: World, request: MergeRequest, given: Note) -> Json:
    """A comment."""
    shown: Json = {
        "id": given.id,
        "type": given.type,
        "body": given.body,
        "attachment": None,
        "author": user(world, given.author),
        "created_at": given.created,
        "updated_at": given.updated,
        "system": given.system,
        "noteable_id": request.id,
        "noteable_type": "MergeRequest",
        "project_id": request.project.id,
        "resolvable": given.resolvable,
        "confidential": given.internal,
        "internal": given.internal,
        "imported": False,
        "noteable_iid": request.iid,
        "commands_changes": {},
    }
    if given.type == "DiffNote":
        shown |= {"commit_id": None, "position": given.position}
    if given.resolvable:
        shown |= {
            "resolved": given.resolved_at is not None,
            "resolved_by": user(world, given.resolved_by) if given.resolved_by else None,
            "resolved_at": given.resolved_at,
        }
    return shown


def discussion(world: World, request: MergeRequest, given: Discussion) -> Json:
    """A thread."""
    notes = [note(world, request, each) for each in given.notes]
    return {"id": given.id, "individual_note": given.individual, "notes": notes}


def draft(request: MergeRequest, given: Draft) -> Json:
    """An unpublished comment."""
    empty = dict.fromkeys(
        ("base_sha", "start_sha", "head_sha", "old_path", "new_path", "old_line", "new_line", "line_range")
    )
    return {
        "id": given.id,
        "author_id": given.author.id,
        "merge_request_id": request.id,
        "resolve_discussion": given.resolve,
        "discussion_id": given.discussion,
        "note": given.body,
        "commit_id": None,
        "line_code": given.line_code,
        "position": given.position or {**empty, "position_type": "text"},
    }


def pipeline(world: World, given: Pipeline) -> Json:
    """A pipeline."""
    owner = next(project for project, each in world.pipelines if each is given)
    return {
        "id": given.id,
        "iid": given.iid,
        "project_id": owner.id,
        "sha": given.sha,
        "ref": given.ref,
        "status": given.status,
        "source": given.source,
        "created_at": given.created,
        "updated_at": given.created,
        "web_url": f"{world.url}/{owner.path}/-/pipelines/{given.id}",
    }


def status(world: World, given: Status, of: Pipeline) -> Json:
    """A commit status."""
    return {
        "id": given.id,
        "sha": given.sha,
        "ref": given.ref,
        "status": given.state,
        "name": given.name,
        "target_url": given.target_url,
        "description": given.description,
        "created_at": given.created,
        "started_at": None,
        "finished_at": given.created if given.state in ("success", "failed", "canceled") else None,
        "allow_failure": False,
        "coverage": None,
        "pipeline_id": of.id,
        "author": user(world, given.user),
    }
