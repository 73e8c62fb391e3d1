"""A webhook's request as a delivery that may be kept, or why it is refused. Pure: bytes and headers in, a value out.

Headers are not signed, so nothing is believed of them that the body does not bear out: the kind of an event has to fit
the shape of its payload, and a delivery is the same one if its body is.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from codedesigner.event import github, gitlab
from codedesigner.event.model import Event, Ignored, Refused
from codedesigner.event.payload import Table, number, table, text
from codedesigner.publish.discussion import ForgeName
from codedesigner.service.signature import github_signed, gitlab_token, standard_signed

MOST_BYTES = 25_000_000
"""What either forge sends at most."""
MOST_DEPTH = 200
_LONGEST_ID = 200
_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_.][A-Za-z0-9_.-]*)+")
_SHAPES: Mapping[str, tuple[str, ...]] = {
    "pull_request": ("pull_request",),
    "merge_group": ("merge_group",),
    "issue_comment": ("issue", "comment"),
    "pull_request_review_comment": ("pull_request", "comment"),
    "check_run": ("check_run",),
    "check_suite": ("check_suite",),
}
"""Events that are asked for, and the objects that a payload of each has: the header that names it is not signed.

Those about workflows are left to the workflows' own jobs.
"""
_LONGEST_NAME = 400


@dataclass(frozen=True, slots=True)
class Secrets:
    """What deliveries are proved with. Several hold while one is exchanged for another; without any, none is proved."""

    github: tuple[str, ...] = field(default=(), repr=False)
    gitlab: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A proved delivery. `id` is the forge's, the same when it delivers again; `digest` is the SHA-256 of the body.

    `repo` is the repository's full name, `repo_id` its number, `installation` the GitHub App's in it (0: none).
    `trace` is the span in which we took it; empty where nobody traces.
    """

    forge: ForgeName
    id: str
    digest: str
    repo: str
    repo_id: int
    installation: int
    event: Event
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why a request is no delivery; `status` is the HTTP status, `reason` is safe to show."""

    status: int
    reason: str


def receive_github(headers: Mapping[str, str], body: bytes, secrets: Secrets) -> Delivery | Rejected:
    """A request to GitHub's address. `headers` have lower-case names."""
    refused = _refused(headers, body)
    if refused is not None:
        return refused
    if not any(github_signed(secret, body, headers.get("x-hub-signature-256")) for secret in secrets.github):
        return Rejected(401, "the signature is missing or wrong")
    payload = _payload(body)
    if payload is None:
        return Rejected(400, "the body is not a JSON object that can be read")
    name, delivery = headers.get("x-github-event", ""), headers.get("x-github-delivery", "")
    if not name or not _is_id(delivery):
        return Rejected(400, "the event's name or the delivery's id is missing, or is none")
    if not all(table(payload, part) for part in _SHAPES.get(name, ())):
        return Rejected(400, "the payload is not that of the event that the header names")
    asks_nothing = Ignored(f"`{text(name)[:50]}` asks nothing of a reviewer")
    event = github.read(name, payload) if name in _SHAPES else asks_nothing
    repo = table(payload, "repository")
    return _delivery(
        "github", delivery, body, repo, "full_name", number(table(payload, "installation").get("id")), event
    )


def receive_gitlab(headers: Mapping[str, str], body: bytes, secrets: Secrets, *, now: float) -> Delivery | Rejected:
    """A request to GitLab's address: signed, or with the shared token. `headers` have lower-case names."""
    refused = _refused(headers, body)
    if refused is not None:
        return refused
    signature, stamp = headers.get("webhook-signature"), headers.get("webhook-timestamp")
    # Not X-Gitlab-Event-UUID: all that one push or one job causes in a hook has the same.
    named = headers.get("webhook-id") or headers.get("idempotency-key") or ""
    if signature is not None:
        proofs = [
            standard_signed(
                secret, body, delivery=headers.get("webhook-id"), timestamp=stamp, signature=signature, now=now
            )
            for secret in secrets.gitlab
        ]
    else:
        proofs = [gitlab_token(secret, headers.get("x-gitlab-token")) for secret in secrets.gitlab]
    if not any(proofs):
        return Rejected(401, "the signature or the token is missing or wrong")
    payload = _payload(body)
    if payload is None:
        return Rejected(400, "the body is not a JSON object that can be read")
    if named and not _is_id(named):
        return Rejected(400, "the delivery's id is none")
    digest = hashlib.sha256(body).hexdigest()
    project = table(payload, "project")
    return _delivery("gitlab", named or digest, body, project, "path_with_namespace", None, gitlab.read(payload))


def _is_id(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_ID and text.isascii() and text.isprintable()


def _refused(headers: Mapping[str, str], body: bytes) -> Rejected | None:
    if len(body) > MOST_BYTES:
        return Rejected(413, f"the body has more than {MOST_BYTES:,} bytes")
    if headers.get("content-encoding", "identity") != "identity":
        return Rejected(415, "compressed bodies are not taken")
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return Rejected(415, "the body has to be application/json")
    return None


def _payload(body: bytes) -> Table | None:
    """The JSON object; None where it is none, or deeper than any event."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, Mapping) and not _deep(value) else None


def _deep(value: object) -> bool:
    """Whether values are nested deeper than any event's. Brackets inside of texts are people's, and do not count."""
    level = [value]
    for _ in range(MOST_DEPTH):
        level = [child for each in level for child in _children(each)]
        if not level:
            return False
    return True


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _delivery(
    forge: ForgeName, named: str, body: bytes, repo: Table, key: str, installation: int | None, event: Event
) -> Delivery | Rejected:
    if isinstance(event, Refused):
        return Rejected(400, event.reason)
    name, repo_id = text(repo.get(key)), number(repo.get("id"))
    if not isinstance(event, Ignored) and (len(name) > _LONGEST_NAME or not _NAME.fullmatch(name) or repo_id is None):
        return Rejected(400, "the payload names no repository")
    digest = hashlib.sha256(body).hexdigest()
    return Delivery(forge, named, digest, name, repo_id or 0, installation or 0, event)
