"""Quick actions: commands in a note's body, done with the rights of whoever posts it.

GitLab leaves out what stands in code. The double does not: nothing that is posted may depend on that, so it is as
unkind as a forge could be.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.doubles.gitlab.model import DEVELOPER, MergeRequest, User

_LINE = re.compile(r"^[ \t]*/([a-z_]+)\b(.*)$")
_LIKE = re.compile(r"^[ \t>]*/[a-z_]+\b")


@dataclass(frozen=True)
class Executed:
    """A quick action that took place, or was not allowed to."""

    user: str
    command: str
    argument: str
    allowed: bool


def resembling(body: str) -> list[str]:
    """Lines that a reader of quick actions could take for one, quoted ones included."""
    return [line for line in body.split("\n") if _LIKE.match(line)]


def _close(request: MergeRequest, user: User, argument: str) -> None:
    request.state = "closed"


def _reopen(request: MergeRequest, user: User, argument: str) -> None:
    request.state = "opened"


def _approve(request: MergeRequest, user: User, argument: str) -> None:
    if user not in request.approved_by:
        request.approved_by.append(user)


def _unapprove(request: MergeRequest, user: User, argument: str) -> None:
    request.approved_by = [each for each in request.approved_by if each is not user]


def _merge(request: MergeRequest, user: User, argument: str) -> None:
    request.merge_when_ready = True


def _lock(request: MergeRequest, user: User, argument: str) -> None:
    request.locked = True


def _unlock(request: MergeRequest, user: User, argument: str) -> None:
    request.locked = False


def _labels(argument: str) -> list[str]:
    return [quoted or plain for quoted, plain in re.findall(r"~(?:\"([^\"]+)\"|([^~\s\"]+))", argument)]


def _label(request: MergeRequest, user: User, argument: str) -> None:
    request.labels += _labels(argument)


def _unlabel(request: MergeRequest, user: User, argument: str) -> None:
    gone = set(_labels(argument))
    request.labels = [label for label in request.labels if gone and label not in gone]


def _title(request: MergeRequest, user: User, argument: str) -> None:
    request.title = argument or request.title


def _draft(request: MergeRequest, user: User, argument: str) -> None:
    request.title = request.title if request.draft else f"Draft: {request.title}"


def _ready(request: MergeRequest, user: User, argument: str) -> None:
    request.title = re.sub(r"^(?i:draft:|\[draft\]|\(draft\))\s*", "", request.title)


def _nothing(request: MergeRequest, user: User, argument: str) -> None:
    """Acts on what the double does not keep; that it was done is kept."""


_Action = Callable[[MergeRequest, User, str], None]
_UNKEPT = """
    add_contacts assign assign_reviewer award blocked_by blocks board_move cc child_of clone confidential
    copy_metadata create_merge_request done due duplicate epic estimate estimate_time health_status iteration link
    milestone move page parent promote promote_to react reassign reassign_reviewer rebase relate remind_me
    remove_due_date remove_estimate remove_milestone remove_parent remove_time_spent request_changes request_review
    reviewer shrug spend spend_time spent submit_review subscribe tableflip target_branch timeline todo unassign
    unassign_reviewer unlink unsubscribe weight zoom
"""
_KEPT: dict[str, _Action] = {
    "approve": _approve,
    "unapprove": _unapprove,
    "close": _close,
    "reopen": _reopen,
    "merge": _merge,
    "lock": _lock,
    "unlock": _unlock,
    "label": _label,
    "labels": _label,
    "unlabel": _unlabel,
    "remove_label": _unlabel,
    "relabel": _label,
    "title": _title,
    "draft": _draft,
    "ready": _ready,
}
_ACTIONS: dict[str, _Action] = {**dict.fromkeys(_UNKEPT.split(), _nothing), **_KEPT}
_FOR_ALL = frozenset({"todo", "done", "subscribe", "unsubscribe", "shrug", "tableflip", "award", "react", "cc"})


def execute(request: MergeRequest, user: User, body: str) -> tuple[str, list[Executed]]:
    """Do what the body orders; what is left of the body, and what was done."""
    kept, done = [], []
    for line in body.split("\n"):
        found = _LINE.match(line)
        action = _ACTIONS.get(found[1]) if found else None
        if found is None or action is None:
            kept.append(line)
            continue
        argument = found[2].strip()
        allowed = (
            found[1] in _FOR_ALL
            or request.project.level(user) >= DEVELOPER
            or (user is request.author and found[1] != "merge")
        )
        if allowed:
            action(request, user, argument)
        done.append(Executed(user.username, found[1], argument, allowed))
    return "\n".join(kept).strip() if done else body, done
