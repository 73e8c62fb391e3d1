"""What the double keeps: people, projects, merge requests, notes, pipelines. Mutable: it plays a database."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from tests.doubles.git import GitRepo

Json = dict[str, Any]

GUEST, REPORTER, DEVELOPER, MAINTAINER, OWNER = 10, 20, 30, 40, 50
"""Access levels as GitLab numbers them."""

TokenKind = Literal["api", "read_api", "job"]


def stamp(at: datetime) -> str:
    """A time as the API writes it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Counter:
    """Ids, shared by everything, so that an id of one kind is never by chance right for another."""

    ids: Iterator[int] = field(default_factory=lambda: itertools.count(1001))

    def next(self) -> int:
        """An id that nothing has."""
        return next(self.ids)


@dataclass
class User:
    """An account. `bot` is what project access tokens have."""

    id: int
    username: str
    name: str
    bot: bool = False
    state: str = "active"


@dataclass(frozen=True)
class Token:
    """What a client authenticates with. `project` limits it to one project (project access token, job token)."""

    value: str
    user: User
    kind: TokenKind = "api"
    project: int | None = None


@dataclass
class Project:
    """A project with its repository."""

    id: int
    path: str
    repository: GitRepo
    default_branch: str = "main"
    forked_from: int | None = None
    members: dict[int, int] = field(default_factory=dict)
    inherited: dict[int, int] = field(default_factory=dict)
    archived: bool = False
    threads_must_be_resolved: bool = False
    pipelines_must_succeed: bool = False
    public: bool = True
    issues_access: str | None = "enabled"
    requests_access: str = "enabled"
    next_iid: int = 1

    def level(self, user: User) -> int:
        """The access level of a user here, own or inherited; 0 for none."""
        return max(self.members.get(user.id, 0), self.inherited.get(user.id, 0))


@dataclass(frozen=True)
class Version:
    """One version of a merge request's diff."""

    id: int
    base: str
    start: str
    head: str
    created: str

    @property
    def refs(self) -> Json:
        """The three commits as `diff_refs` names them."""
        return {"base_sha": self.base, "head_sha": self.head, "start_sha": self.start}


@dataclass
class Suggestion:
    """A suggestion that was read from a note's body."""

    id: int
    path: str
    first: int
    last: int
    old: str
    new: str
    appliable: bool
    applied: bool = False


@dataclass
class Award:
    """An emoji given to a note or a merge request."""

    id: int
    name: str
    user: User


@dataclass
class Note:
    """One comment. `position` follows the code while it can; `original` is where it was written."""

    id: int
    author: User
    body: str
    created: str
    updated: str
    type: str | None = None
    system: bool = False
    internal: bool = False
    resolvable: bool = False
    position: Json | None = None
    original: Json | None = None
    line_code: str | None = None
    outdated: bool = False
    resolved_by: User | None = None
    resolved_at: str | None = None
    awards: list[Award] = field(default_factory=list)
    suggestions: list[Suggestion] = field(default_factory=list)


@dataclass
class Discussion:
    """A thread, or (`individual`) one plain comment."""

    id: str
    notes: list[Note]
    individual: bool = False

    @property
    def resolvable(self) -> bool:
        """Whether it can be resolved, and blocks where all threads have to be."""
        return any(note.resolvable for note in self.notes)

    @property
    def resolved(self) -> bool:
        """Whether all of it is."""
        return self.resolvable and all(note.resolved_at for note in self.notes if note.resolvable)


@dataclass
class Issue:
    """An issue. `notes` are what the system noted about it, and what people said."""

    id: int
    iid: int
    project: Project
    title: str
    description: str
    author: User
    created: str
    confidential: bool = False
    notes: list[Note] = field(default_factory=list)


@dataclass
class Draft:
    """An unpublished comment, seen by its author only. On the diff, but without a line code, it will be lost."""

    id: int
    author: User
    body: str
    position: Json | None = None
    line_code: str | None = None
    discussion: str | None = None
    resolve: bool = False


@dataclass
class Status:
    """A commit status. `retried` ones are hidden behind a newer one of the same name."""

    id: int
    name: str
    state: str
    user: User
    sha: str
    ref: str
    description: str | None
    target_url: str | None
    created: str
    retried: bool = False


@dataclass
class Pipeline:
    """A pipeline of jobs or, with the source `external`, of nothing but commit statuses."""

    id: int
    iid: int
    sha: str
    ref: str
    source: str
    status: str
    created: str
    user: User
    archived: bool = False
    statuses: list[Status] = field(default_factory=list)


@dataclass(frozen=True)
class StatusCheck:
    """An external status check of a project."""

    id: int
    name: str
    external_url: str


@dataclass(frozen=True)
class CheckAnswer:
    """What was said of a merge request's head by an external status check."""

    check: int
    sha: str
    status: str
    at: datetime


@dataclass
class MergeRequest:
    """A merge request. What is above the line is seen by people; below are switches of the double."""

    id: int
    iid: int
    project: Project
    source: Project
    source_branch: str
    target_branch: str
    title: str
    description: str
    author: User
    created: str
    state: str = "opened"
    locked: bool = False
    labels: list[str] = field(default_factory=list)
    assignees: list[User] = field(default_factory=list)
    reviewers: list[User] = field(default_factory=list)
    approved_by: list[User] = field(default_factory=list)
    merge_when_ready: bool = False
    on_train: bool = False
    versions: list[Version] = field(default_factory=list)
    discussions: list[Discussion] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    awards: list[Award] = field(default_factory=list)
    answers: list[CheckAnswer] = field(default_factory=list)
    merge_sha: str | None = None
    # the switches
    prepared: datetime | None = None
    unprepared_requests: int = 0
    collapsed: set[str] = field(default_factory=set)
    too_large: set[str] = field(default_factory=set)

    @property
    def head(self) -> str:
        """The newest version's head commit."""
        return self.versions[0].head

    @property
    def draft(self) -> bool:
        """Whether the title says so."""
        return self.title.lower().startswith(("draft:", "[draft]", "(draft)"))

    @property
    def notes(self) -> list[Note]:
        """All comments, oldest first."""
        return sorted((note for each in self.discussions for note in each.notes), key=lambda note: note.id)

    @property
    def threads_open(self) -> bool:
        """Whether a thread waits to be resolved."""
        return any(each.resolvable and not each.resolved for each in self.discussions)
