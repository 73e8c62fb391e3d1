"""From what GitLab's JSON holds to the values of `publish/discussion.py`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from codedesigner.change.model import Side
from codedesigner.errors import UnreachableError
from codedesigner.publish.discussion import (
    Account,
    Comment,
    Issue,
    Permission,
    PullRequest,
    PullState,
    Reaction,
    Thread,
)

GHOST: Final = Account("", "ghost")
"""Whoever has no account any more."""

EMOJI: Final[Mapping[Reaction, str]] = {
    "seen": "eyes",
    "yes": "white_check_mark",
    "no": "confused",
    "thumbs_up": "thumbsup",
    "thumbs_down": "thumbsdown",
}
"""Our reactions by the names of GitLab."""
_REACTION: Final[Mapping[str, Reaction]] = {
    **{name: reaction for reaction, name in EMOJI.items()},
    "+1": "thumbs_up",
    "-1": "thumbs_down",
}
_LEVELS: Final[tuple[tuple[int, Permission], ...]] = (
    (50, "admin"),
    (40, "maintain"),
    (30, "write"),
    (15, "triage"),
    (10, "read"),
)
_STATES: Final[Mapping[str, PullState]] = {"opened": "open", "locked": "open", "closed": "closed", "merged": "merged"}
_EDITED = re.compile(r"changed (the description|(the )?title)\b", re.IGNORECASE)
_LINE_CODE = re.compile(r"[0-9a-f]{40}_([0-9]{1,10})_([0-9]{1,10})")

Versions = tuple[str, str, str]


def account(user: Mapping[str, Any] | None) -> Account:
    """An account. Only `/user` and `/users/:id` tell who is a bot; a name proves nothing."""
    if user is None:
        return GHOST
    return Account(str(user["id"]), str(user["username"]), bot=bool(user.get("bot")))


def permission(level: int) -> Permission:
    """An access level as the permission that it includes."""
    return next((name for least, name in _LEVELS if level >= least), "none")


def pull_request(given: Mapping[str, Any], versions: Versions, repo: str, head_repo: str | None) -> PullRequest:
    """A merge request. Its base is the tip of the target branch as its newest version has it, as its positions do."""
    return PullRequest(
        number=int(given["iid"]),
        title=str(given["title"]),
        description=str(given.get("description") or ""),
        author=account(given.get("author")),
        state=_STATES.get(str(given["state"]), "closed"),
        draft=bool(given.get("draft")),
        base=versions[1],
        base_ref=str(given["target_branch"]),
        head=versions[2],
        head_ref=str(given["source_branch"]),
        repo=repo,
        head_repo=head_repo,
        url=str(given["web_url"]),
        versions=versions,
    )


def issue(given: Mapping[str, Any], notes: Iterable[Mapping[str, Any]], project: Mapping[str, Any]) -> Issue:
    """An issue, with its notes, which tell who changed its text, and the project, which tells who sees its issues."""
    editors = [account(one.get("author")) for one in notes if one.get("system") and _EDITED.match(str(one.get("body")))]
    seen = project.get("issues_access_level")
    alike = seen == "enabled" or (seen is not None and seen == project.get("merge_requests_access_level"))
    return Issue(
        number=int(given["iid"]),
        title=str(given["title"]),
        body=str(given.get("description") or ""),
        author=account(given.get("author")),
        editors=tuple(dict.fromkeys(editors)),
        restricted=given.get("confidential") is not False or not alike,
    )


def comment(
    given: Mapping[str, Any], url: str, *, touched: bool = False, reactions: Iterable[tuple[str, Reaction]] = ()
) -> Comment:
    """A note, `url` being the merge request's address.

    REST tells when a note was updated, and neither who edited it nor whether it was the text: an emoji updates it,
    too. `touched` says that one did so last.
    """
    created, updated = moment(given["created_at"]), moment(given.get("updated_at") or given["created_at"])
    return Comment(
        id=str(given["id"]),
        author=account(given.get("author")),
        body=str(given.get("body") or ""),
        created=created,
        edited=updated > created and not touched and not given.get("system"),
        url=f"{url}#note_{int(given['id'])}",
        system=bool(given.get("system")),
        reactions=tuple(reactions),
    )


def thread(given: Mapping[str, Any], comments: tuple[Comment, ...], head: str) -> Thread:
    """A discussion on the diff. GitLab carries positions over to each version, those of lost lines aside."""
    notes = given["notes"]
    position = notes[0]["position"]
    side: Side = "LEFT" if position.get("new_line") is None else "RIGHT"
    number = position.get("old_line") if side == "LEFT" else position.get("new_line")
    here = position.get("head_sha") == head and number is not None
    resolvable = [note for note in notes if note.get("resolvable")]
    return Thread(
        id=str(given["id"]),
        path=str(position.get("new_path") or position.get("old_path") or ""),
        side=side,
        line=int(number) if here and number is not None else None,
        start_line=_start(position, side) if here else None,
        comments=comments,
        resolved=bool(resolvable) and all(note.get("resolved") for note in resolvable),
        resolvable=bool(resolvable),
        head=str(position.get("head_sha") or ""),
    )


def beside(given: Mapping[str, Any], comments: tuple[Comment, ...], me: Account) -> tuple[Comment, ...]:
    """A discussion beside the diff. What we published among drafts is a thread, unless somebody has answered it."""
    notes = given.get("notes") or ()
    owed = any(note.get("resolvable") and not note.get("resolved") for note in notes)
    if owed and all(one.author.id == me.id or one.system for one in comments):
        return (replace(comments[0], unresolved=str(given["id"])), *comments[1:])
    return comments


def on_diff(given: Mapping[str, Any]) -> bool:
    """Whether a discussion stands on the diff."""
    notes = given.get("notes") or []
    return bool(notes) and notes[0].get("type") == "DiffNote" and isinstance(notes[0].get("position"), dict)


def reaction(given: Mapping[str, Any]) -> tuple[str, Reaction] | None:
    """Who awarded what; None for an emoji that says nothing to us."""
    known = _REACTION.get(str(given.get("name")))
    return None if known is None else (account(given.get("user")).id, known)


def moment(text: object) -> float:
    """Unix time of GitLab's way to write a time."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        raise UnreachableError("GitLab gave a time that cannot be read") from None


def _start(position: Mapping[str, Any], side: Side) -> int | None:
    """The first line of a range, which its line code tells."""
    start = ((position.get("line_range") or {}).get("start") or {}).get("line_code")
    found = _LINE_CODE.fullmatch(str(start or ""))
    if found is None:
        return None
    return int(found[1] if side == "LEFT" else found[2])
