"""What stands on a pull or merge request: people, comments, threads, checks. Values only; a forge fills them in.

GitHub's words are used where the two differ: a pull request is GitLab's merge request, a thread its discussion with a
position, a comment outside the diff its note, a check its commit status.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codedesigner.change.model import Side

ForgeName = Literal["github", "gitlab"]

Permission = Literal["none", "read", "triage", "write", "maintain", "admin"]
"""GitLab: Guest is `read`, Planner and Reporter `triage`, Developer `write`, Maintainer `maintain`, Owner `admin`."""

PullState = Literal["open", "closed", "merged"]
Reaction = Literal["seen", "yes", "no", "thumbs_up", "thumbs_down"]
"""`seen`: the command was read; `yes`, `no`: it was obeyed, or refused. Thumbs are what people say of a finding."""

PERMISSIONS: tuple[Permission, ...] = ("none", "read", "triage", "write", "maintain", "admin")


def may_write(permission: Permission) -> bool:
    """Whether the permission is `write` or better."""
    return PERMISSIONS.index(permission) >= PERMISSIONS.index("write")


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody on the forge. `id` is the forge's number as text and never reused; a deleted account has an empty id.

    `bot` is what the forge says; a name proves nothing.
    """

    id: str
    login: str
    bot: bool = False


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request as it is now. SHAs are full ids.

    `base` is the tip of the target branch, not the merge base. `head_repo` is None where the fork is gone. `versions`
    are GitLab's (base, start, head) of the newest version, the only ones that its positions may name; None on GitHub.
    """

    number: int
    title: str
    description: str
    author: Account
    state: PullState
    draft: bool
    base: str
    base_ref: str
    head: str
    head_ref: str
    repo: str
    head_repo: str | None
    url: str
    versions: tuple[str, str, str] | None = None

    @property
    def fork(self) -> bool:
        """Whether the change comes from another repository."""
        return self.head_repo != self.repo


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue of the repository, as it is now.

    `editors` are all who have changed its text, each once; None where the forge does not tell. `restricted`: not
    everybody who sees the repository's pull requests sees it.
    """

    number: int
    title: str
    body: str
    author: Account
    editors: tuple[Account, ...] | None = ()
    restricted: bool = False


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment. `created` is Unix time in seconds.

    `edited_by` is the account that edited it last, None where nobody did or where the forge does not tell; `edited`
    says whether anybody did. `reactions` are (account id, reaction) pairs where they were asked for. `review`: it is
    the text of a GitHub review, whose numbers are others than those of comments. `unresolved` names the thread that
    GitLab made of our comment, though it stands on no line and is for nobody to resolve; empty else.
    """

    id: str
    author: Account
    body: str
    created: float
    edited: bool = False
    edited_by: Account | None = None
    url: str = ""
    system: bool = False
    reactions: tuple[tuple[str, Reaction], ...] = ()
    review: bool = False
    unresolved: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    """Comments on a line. `line` is None where the forge calls it outdated; lines are 1-based, on `side`.

    `id` is what resolving takes; the first comment is the thread's own, the others are its answers.
    """

    id: str
    path: str
    side: Side
    line: int | None
    start_line: int | None
    comments: tuple[Comment, ...]
    resolved: bool = False
    resolvable: bool = True
    head: str = ""  # the commit that it was written about


@dataclass(frozen=True, slots=True)
class Discussion:
    """Everything that has been said: comments outside the diff, oldest first, and threads, every page of both.

    `reviews` are the texts above our own reviews, where the forge's reviews have any.
    """

    comments: tuple[Comment, ...] = ()
    threads: tuple[Thread, ...] = ()
    reviews: tuple[Comment, ...] = ()


@dataclass(frozen=True, slots=True)
class Anchor:
    """One line of a hunk. `old` and `new` are the running counters of both sides there, 1-based.

    Of an added line `new` is its number and `old` that of the old line that would come next; of a removed line it is
    the other way round; of a context line both are its numbers, and they may differ.
    """

    kind: Literal["added", "removed", "context"]
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a comment stands: from the line `start` to the line `end` on `side`, both in one hunk of `path`.

    `old_path` is the file's name before the change, the same as `path` where it has no other.
    """

    path: str
    old_path: str
    side: Side
    start: Anchor
    end: Anchor

    @property
    def start_line(self) -> int:
        """The number of the first line on `side`."""
        return self.start.new if self.side == "RIGHT" else self.start.old

    @property
    def line(self) -> int:
        """The number of the last line on `side`."""
        return self.end.new if self.side == "RIGHT" else self.end.old


@dataclass(frozen=True, slots=True)
class NewThread:
    """A comment to be placed. `key` is a text inside `body` by which it is found again, whoever was cut off."""

    place: Place
    body: str
    key: str
    resolvable: bool = True


@dataclass(frozen=True, slots=True)
class Refusal:
    """A comment that the forge did not take at its place, with the forge's words."""

    thread: NewThread
    reason: str


CheckConclusion = Literal["success", "failure", "action_required", "neutral", "cancelled"]


@dataclass(frozen=True, slots=True)
class Annotation:
    """A remark that a check carries to a line of the new side."""

    path: str
    start_line: int
    end_line: int
    level: Literal["notice", "warning", "failure"]
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class Check:
    """The check of one commit. `conclusion` None: it is running. `run` names the run that made it.

    `kept` is the digest of the report that stands in the summary. Nobody can write it who could not write the verdict.
    """

    sha: str
    name: str
    conclusion: CheckConclusion | None
    title: str
    summary: str
    text: str = ""
    annotations: tuple[Annotation, ...] = ()
    run: str = ""
    number: int | None = None
    url: str = ""
    kept: str = ""
