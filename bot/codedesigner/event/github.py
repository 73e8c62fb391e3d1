"""GitHub's events, the same whether a workflow or a webhook brings them. Pure: name and payload in, an event out.

Payloads: https://docs.github.com/en/webhooks/webhook-events-and-payloads
Who may command is not decided here: `author_association` hides private members, and proves no write access.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

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

CHECK_NAME = "codedesigner"

HELP = "run it on `pull_request`, `merge_group` and `issue_comment`; docs/github.md has the workflows"
_REVIEWED = frozenset({"opened", "synchronize", "reopened", "ready_for_review"})
# Base branches may hold slashes; the number and the base's commit stand behind the last one.
_QUEUE_REF = re.compile(r"(?:refs/heads/)?gh-readonly-queue/.+/pr-([1-9]\d{0,9})-([0-9a-f]{40}|[0-9a-f]{64})")


def read(name: str, payload: object) -> Event:
    """What the event `name` asks for. `payload` is its JSON, decoded."""
    reader = _READERS.get(name)
    if reader is None:
        return Refused(f"the event `{name or 'unknown'}` does not name a change to review", HELP)
    if not isinstance(payload, Mapping):
        return Refused(f"the payload of `{name}` is not a JSON object", HELP)
    return reader(payload)


def _pull_request(payload: Table) -> Event:
    action, pull = text(payload.get("action")), table(payload, "pull_request")
    # A workflow may run on `pull_request` with any types; without an action there is only the change to go by.
    if action == "edited" and not table(payload, "changes", "base"):
        return Ignored("only the words of the pull request were edited")
    if action and action not in _REVIEWED | {"edited"}:
        ended = number(pull.get("number")) if action == "closed" else None
        return Ignored(f"a pull request that is {action[:50]} has nothing new to review", ended)
    return _review(table(pull, "base").get("sha"), table(pull, "head").get("sha"), number(pull.get("number")))


def _review(base: object, head: object, pull: int | None) -> Event:
    if not (is_sha(base) and is_sha(head)):
        return Refused("the event carries no full base and head commit ids", HELP)
    if pull is None:
        return Refused("the event carries no number of a pull request", HELP)
    return ReviewRequested(base, head, pull)


def _merge_group(payload: Table) -> Event:
    if text(payload.get("action")) == "destroyed":
        return Ignored("the merge group is gone")
    group = table(payload, "merge_group")
    base, head, ref = group.get("base_sha"), group.get("head_sha"), text(group.get("head_ref"))
    if not (is_sha(base) and is_sha(head)):
        return Refused("the merge group carries no full base and head commit ids", HELP)
    found = _QUEUE_REF.fullmatch(ref)
    if found is None:
        return QueueEntered(base, head, None, f"the queue's branch `{ref[:200]}` does not name a pull request")
    return QueueEntered(base, head, int(found.group(1)))


def _issue_comment(payload: Table) -> Event:
    issue = table(payload, "issue")
    if not table(issue, "pull_request"):
        return Ignored("the comment is on an issue, not on a pull request")
    return _said(payload, number(issue.get("number")), thread=None, in_thread=False)


def _review_comment(payload: Table) -> Event:
    thread = identity(table(payload, "comment").get("in_reply_to_id"))
    return _said(payload, number(table(payload, "pull_request").get("number")), thread=thread or None, in_thread=True)


def _said(payload: Table, pull: int | None, *, thread: str | None, in_thread: bool) -> Event:
    if text(payload.get("action")) != "created":
        return Ignored("only new comments are read: who edits one need not be its author")
    comment = table(payload, "comment")
    author, sender = table(comment, "user"), table(payload, "sender")
    who, created = identity(author.get("id")), unix(comment.get("created_at"))
    if pull is None or not who or not identity(comment.get("id")) or not created:
        return Refused("the comment has no id, author, time or pull request", HELP)
    if who != identity(sender.get("id")):
        return Ignored("the comment was not sent by its author")
    if text(author.get("type")) != "User":
        return Ignored("only people are answered")
    place = (identity(comment.get("id")), who, text(author.get("login")), created, thread)
    found = typed(text(comment.get("body")))
    if found is not None:
        return CommandIssued(pull, found.command, found.argument, *place)
    if in_thread and thread is not None:
        return QuestionAsked(pull, *place)
    return Ignored("the comment holds no command")


def _check(payload: Table) -> Event:
    """A person asked for the check anew. A fork's pull request is not listed: its number travels in `external_id`."""
    check = table(payload, "check_run") or table(payload, "check_suite")
    if text(payload.get("action")) != "rerequested":
        return Ignored("the check was not requested anew")
    if "check_run" in payload and text(check.get("name")) != CHECK_NAME:
        return Ignored("the check is another's")
    head = check.get("head_sha")
    if not is_sha(head):
        return Refused("the check carries no full commit id", HELP)
    # `codedesigner/NUMBER/RUN`; a re-requested suite has none.
    parts = text(check.get("external_id")).split("/")
    return ReviewRequested(None, head, numeral(parts[1]) if len(parts) > 1 else None, asked=True)


def _dispatch(payload: Table) -> Event:
    pull = numeral(table(payload, "inputs").get("pull_request"))
    if pull is None:
        return Refused("the input `pull_request` is not the number of a pull request", HELP)
    return ReviewRequested(None, None, pull, full=table(payload, "inputs").get("full") in (True, "true"), asked=True)


def _workflow_run(payload: Table) -> Event:
    """The second of two workflows, for pull requests from forks. What the first one left behind is not trusted."""
    run = table(payload, "workflow_run")
    if text(run.get("event")) != "pull_request":
        return Ignored("the workflow that ended did not run for a pull request")
    if not is_sha(run.get("head_sha")):
        return Refused("the workflow run carries no full commit id", HELP)
    return ReviewRequested(None, text(run.get("head_sha")), None)


_READERS: Mapping[str, Callable[[Table], Event]] = {
    "pull_request": _pull_request,
    "pull_request_target": _pull_request,
    "merge_group": _merge_group,
    "issue_comment": _issue_comment,
    "pull_request_review_comment": _review_comment,
    "check_run": _check,
    "check_suite": _check,
    "workflow_dispatch": _dispatch,
    "workflow_run": _workflow_run,
}
NAMES = frozenset(_READERS)
"""Events that may ask something of a reviewer."""
