"""GitLab's events: a job's environment, or a webhook. Pure.

Variables: https://docs.gitlab.com/ci/variables/predefined_variables/
Webhooks: https://docs.gitlab.com/user/project/integrations/webhook_events/
"""

from __future__ import annotations

from collections.abc import Mapping

from codedesigner.event.command import typed
from codedesigner.event.model import (
    CommandIssued,
    Event,
    Ignored,
    QuestionAsked,
    QueueEntered,
    Refused,
    ReviewRequested,
    is_sha,
)
from codedesigner.event.payload import Table, identity, number, numeral, table, text, unix

HELP = "run the job in merge request pipelines: `rules: [{if: $CI_PIPELINE_SOURCE == 'merge_request_event'}]`"
_NO_COMMIT = frozenset("0")


def from_environment(environ: Mapping[str, str]) -> Event:
    """What a job's environment asks for.

    In merged-results pipelines CI_COMMIT_SHA is an internal merge commit; the head of the merge request is then in
    CI_MERGE_REQUEST_SOURCE_BRANCH_SHA, which is empty everywhere else. A branch pipeline has the merge requests of its
    branch in CI_OPEN_MERGE_REQUESTS: the first that is this project's is reviewed.
    """
    iid = numeral(environ.get("CI_MERGE_REQUEST_IID", ""))
    if iid is None:
        return _of_branch(environ)
    base = environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")
    commit = environ.get("CI_COMMIT_SHA", "")
    head = environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or commit
    if not (is_sha(base) and is_sha(head)):
        return Refused("CI_MERGE_REQUEST_DIFF_BASE_SHA or CI_COMMIT_SHA is missing", HELP)
    if environ.get("CI_MERGE_REQUEST_EVENT_TYPE") == "merge_train":
        return QueueEntered(base, commit if is_sha(commit) else head, iid)
    return ReviewRequested(base, head, iid)


def _of_branch(environ: Mapping[str, str]) -> Event:
    project, head = environ.get("CI_PROJECT_PATH", ""), environ.get("CI_COMMIT_SHA", "")
    for named in environ.get("CI_OPEN_MERGE_REQUESTS", "").split(","):
        path, _, iid = named.strip().rpartition("!")
        found = numeral(iid)
        if found is not None and path == project and is_sha(head):
            return ReviewRequested(None, head, found)
    return Refused("this pipeline does not belong to a merge request", HELP)


def read(payload: object) -> Event:
    """What a webhook's payload asks for. Its kind stands inside: the header that names it is not signed."""
    if not isinstance(payload, Mapping):
        return Refused("the payload is not a JSON object", HELP)
    kind = text(payload.get("object_kind"))
    if kind == "merge_request":
        return _merge_request(payload)
    if kind == "note":
        return _note(payload)
    return Ignored(f"`{kind[:50]}` asks nothing of a reviewer")


def _merge_request(payload: Table) -> Event:
    said = table(payload, "object_attributes")
    action, iid = text(said.get("action")), number(said.get("iid"))
    changes = table(payload, "changes")
    if action == "update" and not (_pushed(said) or "target_branch" in changes or _undrafted(changes)):
        return Ignored("nothing that is reviewed was updated")
    if action not in ("open", "reopen", "update"):
        ended = iid if action in ("close", "merge") else None
        return Ignored(f"a merge request after `{action[:50]}` has nothing new to review", ended)
    head = table(said, "last_commit").get("id")
    if iid is None or not is_sha(head):
        return Refused("the merge request carries no iid or no full commit id", HELP)
    return ReviewRequested(None, head, iid)


def _pushed(said: Table) -> bool:
    old = text(said.get("oldrev"))
    return is_sha(old) and not set(old) <= _NO_COMMIT


def _undrafted(changes: Table) -> bool:
    return table(changes, "draft").get("current") is False


def _note(payload: Table) -> Event:
    said, user = table(payload, "object_attributes"), table(payload, "user")
    if text(said.get("noteable_type")) != "MergeRequest":
        return Ignored("the note is not on a merge request")
    if said.get("system") is not False:
        return Ignored("the note is the forge's own")
    if text(said.get("action")) not in ("", "create"):
        return Ignored("only new notes are read: who edits one need not be its author")
    iid, author, note = (
        number(table(payload, "merge_request").get("iid")),
        identity(said.get("author_id")),
        said.get("id"),
    )
    created = unix(said.get("created_at"))
    if iid is None or not author or not identity(note) or not created:
        return Refused("the note has no id, author, time or merge request", HELP)
    if author != identity(user.get("id")):
        return Ignored("the note was not sent by its author")
    thread = text(said.get("discussion_id")) or None
    in_thread = text(said.get("type")) in ("DiffNote", "DiscussionNote")
    place = (identity(note), author, text(user.get("username")), created, thread if in_thread else None)
    found = typed(text(said.get("note")))
    if found is not None:
        return CommandIssued(iid, found.command, found.argument, *place)
    if in_thread and thread is not None:
        return QuestionAsked(iid, *place)
    return Ignored("the note holds no command")
