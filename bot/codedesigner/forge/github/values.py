"""From what GitHub's JSON holds to the values of `publish/discussion.py`. Pure.

Comments carry the number of REST as their id, whichever API told of them. GraphQL writes a bot's login without
`[bot]`, and a deleted account is null in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from codedesigner.change.model import Side
from codedesigner.errors import UnreachableError
from codedesigner.publish.discussion import Account, Comment, Issue, PullRequest, PullState, Reaction, Thread

GHOST: Final = Account("", "ghost")
"""Whoever deleted their account."""

BOT: Final = "[bot]"

CONTENT: Final[Mapping[Reaction, str]] = {
    "seen": "eyes",
    "yes": "rocket",
    "no": "confused",
    "thumbs_up": "+1",
    "thumbs_down": "-1",
}
"""Our reactions by the names of GitHub, whose other three say nothing to us."""
_REACTION: Final[Mapping[str, Reaction]] = {content: reaction for reaction, content in CONTENT.items()}


def account(user: Mapping[str, Any] | None) -> Account:
    """An account as REST gives it."""
    if user is None:
        return GHOST
    return Account(str(user["id"]), str(user["login"]), bot=user.get("type") == "Bot")


def actor(given: Mapping[str, Any] | None) -> Account:
    """An account as GraphQL gives it. Who is neither a person nor a bot has no number there, and no permission."""
    if given is None:
        return GHOST
    number, bot = given.get("databaseId"), given.get("__typename") == "Bot"
    login = str(given["login"])
    return Account("" if number is None else str(number), bot_login(login) if bot else login, bot=bot)


def bot_login(login: str) -> str:
    """A bot's login as REST writes it."""
    return f"{login.removesuffix(BOT)}{BOT}"


def pull_request(given: Mapping[str, Any]) -> PullRequest:
    """A pull request as REST gives it, alone or in a list."""
    head, base = given["head"], given["base"]
    state: PullState = "open" if given["state"] == "open" else "closed"
    if given.get("merged") or given.get("merged_at"):
        state = "merged"
    head_repo = head.get("repo")
    return PullRequest(
        number=int(given["number"]),
        title=str(given["title"]),
        description=str(given.get("body") or ""),
        author=account(given.get("user")),
        state=state,
        draft=bool(given.get("draft")),
        base=str(base["sha"]),
        base_ref=str(base["ref"]),
        head=str(head["sha"]),
        head_ref=str(head["ref"]),
        repo=str(base["repo"]["full_name"]),
        head_repo=None if head_repo is None else str(head_repo["full_name"]),
        url=str(given["html_url"]),
    )


def issue(given: Mapping[str, Any]) -> Issue:
    """An issue as GraphQL gives it. Of more than a hundred edits not all editors are known."""
    edits = given.get("userContentEdits") or {}
    editors = [actor(one.get("editor")) for one in edits.get("nodes") or ()]
    if given.get("lastEditedAt") is not None:
        editors.append(actor(given.get("editor")))
    whole = not (edits.get("pageInfo") or {}).get("hasNextPage")
    return Issue(
        number=int(given["number"]),
        title=str(given["title"]),
        body=str(given.get("body") or ""),
        author=actor(given.get("author")),
        editors=tuple(dict.fromkeys(editors)) if whole else None,
    )


def comment(given: Mapping[str, Any]) -> Comment:
    """A comment as REST gives it right after it was written."""
    return Comment(
        id=str(given["id"]),
        author=account(given.get("user")),
        body=str(given.get("body") or ""),
        created=moment(given["created_at"]),
        url=str(given.get("html_url") or ""),
    )


def said(given: Mapping[str, Any]) -> Comment:
    """A comment as GraphQL gives it."""
    edited = given.get("lastEditedAt") is not None
    return Comment(
        id=number_of(given),
        author=actor(given.get("author")),
        body=str(given["body"]),
        created=moment(given["createdAt"]),
        edited=edited,
        edited_by=actor(given.get("editor")) if edited else None,
        url=str(given.get("url") or ""),
    )


def number_of(given: Mapping[str, Any]) -> str:
    """The number of a comment in GraphQL's answer: the 32 bits of `databaseId` have run out."""
    return str(given["fullDatabaseId"])


def thread(given: Mapping[str, Any], comments: tuple[Comment, ...]) -> Thread:
    """A thread as GraphQL gives it, with all its comments."""
    side: Side = "LEFT" if given.get("diffSide") == "LEFT" else "RIGHT"
    first = given["comments"]["nodes"][0]
    return Thread(
        id=str(given["id"]),
        path=str(given["path"]),
        side=side,
        line=None if given.get("isOutdated") else given.get("line"),
        start_line=None if given.get("isOutdated") else given.get("startLine"),
        comments=comments,
        resolved=bool(given["isResolved"]),
        head=str((first.get("originalCommit") or {}).get("oid") or ""),
    )


def reaction(given: Mapping[str, Any]) -> tuple[str, Reaction] | None:
    """Who reacted how; None for a reaction that says nothing to us."""
    known = _REACTION.get(str(given.get("content")))
    return None if known is None else (account(given.get("user")).id, known)


def moment(text: str) -> float:
    """Unix time of GitHub's way to write a time."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise UnreachableError("GitHub gave a time that cannot be read") from None
