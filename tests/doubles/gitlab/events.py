"""Webhooks, made from the state: payloads, and deliveries with either kind of authentication."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.doubles.gitlab import views
from tests.doubles.gitlab.model import Json, MergeRequest, Note, Pipeline, Project, StatusCheck, User, stamp

if TYPE_CHECKING:
    from tests.doubles.gitlab.world import World

_NAMES = {"merge_request": "Merge Request Hook", "note": "Note Hook", "pipeline": "Pipeline Hook", "push": "Push Hook"}
_STATUS_CHECK = "External Status Check"


@dataclass(frozen=True)
class Event:
    """A payload that waits to be delivered; `name` is what X-Gitlab-Event says."""

    name: str
    payload: Json

    @property
    def kind(self) -> str:
        """The payload's `object_kind`."""
        return str(self.payload["object_kind"])

    def delivery(
        self,
        *,
        token: str | None = None,
        signing: str | None = None,
        at: float = 0.0,
        delivery_id: str | None = None,
        instance: str = "https://gitlab.example.org",
    ) -> Delivery:
        """The request that a hook sends: with the plain secret `token`, signed with `signing` (`whsec_…`), or both.

        `at` is the time in seconds, `delivery_id` the same for each repetition.
        """
        body = json.dumps(self.payload, ensure_ascii=False).encode()
        number = delivery_id or str(uuid.uuid5(uuid.NAMESPACE_URL, hashlib.sha256(body).hexdigest()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "GitLab/19.5.0",
            "X-Gitlab-Event": self.name,
            "X-Gitlab-Instance": instance,
            "X-Gitlab-Webhook-UUID": str(uuid.uuid5(uuid.NAMESPACE_URL, instance)),
            "X-Gitlab-Event-UUID": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{number} event")),
            "Idempotency-Key": number,
        }
        if token is not None:
            headers["X-Gitlab-Token"] = token
        if signing is not None:
            headers |= signature(signing, number, int(at), body)
        return Delivery(headers, body)


@dataclass(frozen=True)
class Delivery:
    """What goes over the wire."""

    headers: dict[str, str]
    body: bytes


def signature(secret: str, number: str, at: int, body: bytes) -> dict[str, str]:
    """The three headers of the Standard Webhooks form."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{number}.{at}.".encode() + body
    code = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": number, "webhook-timestamp": str(at), "webhook-signature": f"v1,{code}"}


def make(
    world: World, kind: str, request: MergeRequest, by: User, *, note: Note | None = None, **more: object
) -> Event:
    """The event of a merge request (`action`, `oldrev`, `changes`) or of a note (`action`)."""
    if kind == "note":
        assert note is not None
        return Event(_NAMES[kind], _note(world, request, by, note, str(more.get("action", "create"))))
    shown = _merge_request(world, request)
    shown["action"] = more.get("action", "update")
    if "oldrev" in more:
        shown["oldrev"] = more["oldrev"]
    payload: Json = {
        "object_kind": "merge_request",
        "event_type": "merge_request",
        "user": _user(by),
        "project": _project(world, request.project),
        "repository": _repository(world, request.project),
        "object_attributes": shown,
        "labels": [{"title": label} for label in request.labels],
        "changes": more.get("changes", {}),
        "assignees": [_user(each) for each in request.assignees],
        "reviewers": [_user(each) for each in request.reviewers],
    }
    return Event(_NAMES[kind], payload)


def note_elsewhere(world: World, project: Project, by: User, body: str, noteable: str = "Issue") -> Event:
    """A note on an issue, commit or snippet: what a reviewer of merge requests has no business with."""
    payload: Json = {
        "object_kind": "note",
        "event_type": "note",
        "user": _user(by),
        "project_id": project.id,
        "project": _project(world, project),
        "object_attributes": {
            "id": world.ids.next(),
            "note": body,
            "noteable_type": noteable,
            "author_id": by.id,
            "system": False,
            "action": "create",
        },
    }
    payload["issue" if noteable == "Issue" else noteable.lower()] = {"id": world.ids.next(), "iid": 1, "title": "x"}
    return Event(_NAMES["note"], payload)


def pipeline(world: World, project: Project, given: Pipeline, request: MergeRequest | None = None) -> Event:
    """A pipeline that has changed its state."""
    payload: Json = {
        "object_kind": "pipeline",
        "object_attributes": {
            "id": given.id,
            "iid": given.iid,
            "ref": given.ref,
            "tag": False,
            "sha": given.sha,
            "before_sha": "0" * 40,
            "source": given.source,
            "status": given.status,
            "created_at": given.created,
            "variables": [],
            "url": f"{world.url}/{project.path}/-/pipelines/{given.id}",
        },
        "merge_request": _short(request) if request is not None else None,
        "user": _user(given.user),
        "project": _project(world, project),
        "commit": {"id": given.sha},
        "builds": [],
    }
    return Event(_NAMES["pipeline"], payload)


def status_check(world: World, request: MergeRequest, by: User, check: StatusCheck) -> Event:
    """What an external status check is sent, again with every comment and edit."""
    payload = make(world, "merge_request", request, by).payload
    payload["external_approval_rule"] = {"id": check.id, "name": check.name, "external_url": check.external_url}
    return Event(_STATUS_CHECK, payload)


def _merge_request(world: World, request: MergeRequest) -> Json:
    return {
        **_short(request),
        "description": request.description,
        "author_id": request.author.id,
        "created_at": request.created,
        "updated_at": request.created,
        "state": request.state,
        "draft": request.draft,
        "work_in_progress": request.draft,
        "source": _project(world, request.source),
        "target": _project(world, request.project),
        "last_commit": {"id": request.head, "message": "change", "author": {"name": "Dev", "email": "dev@example.org"}},
        "prepared_at": stamp(request.prepared) if request.prepared and world.is_prepared(request) else None,
        "detailed_merge_status": views.merge_status(world, request),
        "url": views.merge_request_url(world, request),
    }


def _short(request: MergeRequest) -> Json:
    return {
        "id": request.id,
        "iid": request.iid,
        "title": request.title,
        "source_branch": request.source_branch,
        "target_branch": request.target_branch,
        "source_project_id": request.source.id,
        "target_project_id": request.project.id,
    }


def _note(world: World, request: MergeRequest, by: User, note: Note, action: str) -> Json:
    thread = next((each for each in request.discussions if note in each.notes), None)
    return {
        "object_kind": "note",
        "event_type": "note",
        "user": _user(by),
        "project_id": request.project.id,
        "project": _project(world, request.project),
        "repository": _repository(world, request.project),
        "object_attributes": {
            "id": note.id,
            "note": note.body,
            "noteable_type": "MergeRequest",
            "noteable_id": request.id,
            "author_id": note.author.id,
            "created_at": note.created,
            "updated_at": note.updated,
            "project_id": request.project.id,
            "attachment": None,
            "line_code": note.line_code,
            "commit_id": None,
            "system": note.system,
            "type": note.type,
            "position": note.position,
            "discussion_id": thread.id if thread else None,
            "action": action,
            "resolved_at": note.resolved_at,
            "url": f"{views.merge_request_url(world, request)}#note_{note.id}",
        },
        "merge_request": _merge_request(world, request),
    }


def _user(given: User) -> Json:
    return {"id": given.id, "name": given.name, "username": given.username, "avatar_url": None, "email": "[REDACTED]"}


def _project(world: World, given: Project) -> Json:
    namespace, _, name = given.path.rpartition("/")
    return {
        "id": given.id,
        "name": name,
        "namespace": namespace,
        "path_with_namespace": given.path,
        "default_branch": given.default_branch,
        "visibility_level": 20 if given.public else 0,
        "web_url": f"{world.url}/{given.path}",
        "git_http_url": f"{world.url}/{given.path}.git",
        "homepage": f"{world.url}/{given.path}",
    }


def _repository(world: World, given: Project) -> Json:
    return {"name": given.path.rpartition("/")[2], "homepage": f"{world.url}/{given.path}"}
