"""A pull request as a person sees it: comments, conversations at the lines of the present head, reviews, checks."""

from __future__ import annotations

from dataclasses import dataclass

from tests.doubles.github.anchors import place
from tests.doubles.github.comments import visible
from tests.doubles.github.double import GitHub
from tests.doubles.github.model import CheckRun, Project, Pull, ReviewComment, Thread, User
from tests.doubles.github.statuses import latest

GHOST = "ghost"


@dataclass(frozen=True, slots=True)
class Said:
    """A comment in the conversation. `minimized` is the reason for which it is folded away, or empty."""

    id: int
    author: str
    body: str
    edited: bool
    minimized: str
    reactions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation on lines. `line` is None where it is outdated; `text` is what stands at `line` in the head.

    One outside of the diff is `hidden`: GitHub stores it and never shows it.
    """

    id: str
    path: str
    line: int | None
    start_line: int | None
    side: str
    text: str
    resolved: bool
    resolved_by: str
    hidden: bool
    authors: tuple[str, ...]
    bodies: tuple[str, ...]
    comments: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """A check run."""

    name: str
    status: str
    conclusion: str | None
    title: str | None
    summary: str | None
    annotations: int
    external_id: str


@dataclass(frozen=True, slots=True)
class Seen:
    """All of it. `threads` stand on lines of the present head, `outdated` on lines that have changed since.

    `reviews` are author, state and body of what was submitted, `pending` the authors of what was not. `checks` and
    `statuses` (context to state and description) are those of the head; `merge` says what a required check would allow.
    """

    comments: tuple[Said, ...]
    threads: tuple[Conversation, ...]
    outdated: tuple[Conversation, ...]
    reviews: tuple[tuple[str, str, str], ...]
    pending: tuple[str, ...]
    checks: tuple[Check, ...]
    statuses: dict[str, tuple[str, str]]
    labels: tuple[str, ...]

    def at(self, path: str, line: int, side: str = "RIGHT") -> list[Conversation]:
        """The conversations at a line of the present head."""
        return [each for each in self.threads if (each.path, each.line, each.side) == (path, line, side)]

    def by(self, login: str) -> list[Said]:
        """Somebody's comments in the conversation."""
        return [each for each in self.comments if each.author == login]

    def passes(self, name: str) -> bool:
        """Whether a required check of this name lets the head be merged: success, skipped and neutral all do."""
        runs = [each.conclusion in ("success", "skipped", "neutral") for each in self.checks if each.name == name]
        states = [state == "success" for context, (state, _) in self.statuses.items() if context == name]
        return bool(runs + states) and all(runs + states)


def look(github: GitHub, pull: Pull) -> Seen:
    """What the page of a pull request shows now."""
    project = pull.project
    found = [_conversation(pull, each) for each in pull.threads if _comments(pull, each)]
    said = [each for each in project.comments if each.number == pull.number]
    return Seen(
        comments=tuple(
            Said(
                each.id,
                _login(each.user),
                each.body,
                bool(each.edits),
                each.minimized,
                tuple((_login(reaction.user), reaction.content) for reaction in each.reactions),
            )
            for each in said
        ),
        threads=tuple(each for each in found if each.line is not None or each.hidden),
        outdated=tuple(each for each in found if each.line is None and not each.hidden),
        reviews=tuple((_login(each.user), each.state, each.body) for each in pull.reviews if each.state != "PENDING"),
        pending=tuple(_login(each.user) for each in pull.reviews if each.state == "PENDING"),
        checks=checks_of(project, pull.head_sha),
        statuses={each.context: (each.state, each.description or "") for each in latest(project, pull.head_sha)},
        labels=tuple(pull.issue.labels),
    )


def checks_of(project: Project, sha: str) -> tuple[Check, ...]:
    """The newest check run of each name and App of a commit."""
    newest: dict[tuple[int, str], CheckRun] = {}
    for each in project.runs:
        if each.sha == sha:
            newest[each.suite, each.name] = each
    return tuple(
        Check(
            each.name, each.status, each.conclusion, each.title, each.summary, len(each.annotations), each.external_id
        )
        for each in newest.values()
    )


def _login(user: User) -> str:
    return GHOST if user.deleted else user.login


def _comments(pull: Pull, thread: Thread) -> list[ReviewComment]:
    return [each for each in visible(pull) if each.thread == thread.node]


def _conversation(pull: Pull, thread: Thread) -> Conversation:
    comments = _comments(pull, thread)
    root = comments[0]
    now = place(pull, root)
    text = ""
    if now is not None and root.subject == "line":
        commit = pull.merge_base() if root.side == "LEFT" else pull.head_sha
        lines = (pull.project.repo.read(commit, root.path) or b"").split(b"\n")
        text = lines[now.line - 1].decode("utf-8", "replace")
    return Conversation(
        id=thread.node,
        path=root.path,
        line=now.line if now else None,
        start_line=now.start_line if now else None,
        side=root.side,
        text=text,
        resolved=thread.resolved_by is not None,
        resolved_by=_login(thread.resolved_by) if thread.resolved_by else "",
        hidden=root.off_diff,
        authors=tuple(_login(each.user) for each in comments),
        bodies=tuple(each.body for each in comments),
        comments=tuple(each.id for each in comments),
    )
