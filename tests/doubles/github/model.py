"""What GitHub stores, as far as a reviewer meets it: plain values that handlers and tests change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.doubles.diffs import Diffs
from tests.doubles.git import Entry, GitRepo

Files = Mapping[str, str | bytes | Entry | None]

PERMISSIONS = ("contents", "pull_requests", "issues", "checks", "statuses")
_BASE_PERMISSION = {"admin": "admin", "maintain": "write", "write": "write", "triage": "read", "read": "read"}


@dataclass(slots=True)
class User:
    """An account; `deleted` ones are null wherever they would be named."""

    id: int
    login: str
    type: str = "User"
    deleted: bool = False


@dataclass(slots=True)
class App:
    """A GitHub App and its bot. `installation` is the one installation it has."""

    id: int
    slug: str
    bot: User
    installation: int
    permissions: dict[str, str]


@dataclass(slots=True)
class Token:
    """A credential. `kind`: `actions` (GITHUB_TOKEN), `app` (installation), `user` (classic), `jwt` (the App itself).

    `permissions` map the names of `PERMISSIONS` to none, read or write; those of a user's token come from the role.
    `projects` are the repositories it can see, by full name.
    """

    value: str
    kind: str
    user: User
    permissions: dict[str, str]
    app: App | None = None
    projects: tuple[str, ...] = ()


@dataclass(slots=True)
class Reaction:
    """Somebody's reaction to a comment or an issue."""

    id: int
    user: User
    content: str
    created_at: str


@dataclass(slots=True)
class IssueComment:
    """A comment in the conversation of a pull request or issue."""

    id: int
    number: int
    user: User
    body: str
    created_at: str
    updated_at: str
    app: App | None = None
    minimized: str = ""
    edits: list[tuple[str, str]] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(slots=True)
class ReviewComment:
    """A comment on lines. Where it stood is kept; where it stands now is computed from the head."""

    id: int
    review: int
    user: User
    body: str
    path: str
    commit: str
    base: str
    hunk: str
    created_at: str
    updated_at: str
    side: str = "RIGHT"
    line: int | None = None
    start_side: str | None = None
    start_line: int | None = None
    position: int | None = None
    subject: str = "line"
    reply_to: int | None = None
    thread: str = ""
    off_diff: bool = False
    minimized: str = ""
    edits: list[tuple[str, str]] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(slots=True)
class Thread:
    """A conversation on lines."""

    node: str
    pull: int
    resolved_by: User | None = None


@dataclass(slots=True)
class Review:
    """A review; a PENDING one is seen by its author only."""

    id: int
    user: User
    body: str
    state: str
    commit: str
    submitted_at: str | None
    dismissal: str = ""
    minimized: str = ""
    edits: list[tuple[str, str]] = field(default_factory=list)
    updated_at: str = ""
    reactions: list[Reaction] = field(default_factory=list)


@dataclass(slots=True)
class CheckRun:
    """A check run of a commit."""

    id: int
    name: str
    sha: str
    suite: int
    app: App
    status: str = "queued"
    conclusion: str | None = None
    started_at: str | None = None
    completed_at: str | None = None
    external_id: str = ""
    details_url: str = ""
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[dict[str, object]] = field(default_factory=list)
    actions: list[dict[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class CheckSuite:
    """What an App's runs of one commit are attached to."""

    id: int
    sha: str
    app: App


@dataclass(slots=True)
class Status:
    """A commit status; the newest of a context counts."""

    id: int
    sha: str
    state: str
    context: str
    description: str | None
    target_url: str | None
    creator: User
    created_at: str


@dataclass(slots=True)
class Issue:
    """An issue, or what a pull request is as an issue."""

    number: int
    user: User
    title: str
    body: str | None
    created_at: str
    labels: list[str] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    edits: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Pull:
    """A pull request. `head_project` is None once its fork was deleted.

    `mergeable_unknown` counts how often it is still asked for in vain before GitHub has worked out `mergeable`;
    `queued` is the ref of its place in the merge queue.
    """

    id: int
    project: Project
    issue: Issue
    base: str
    head_project: Project | None
    head: str
    head_sha: str
    base_sha: str
    merge_sha: str | None = None
    draft: bool = False
    state: str = "open"
    merged: bool = False
    before: str = ""
    updated_at: str = ""
    mergeable_unknown: int = 1
    queued: str = ""
    reviews: list[Review] = field(default_factory=list)
    comments: list[ReviewComment] = field(default_factory=list)
    threads: list[Thread] = field(default_factory=list)

    @property
    def number(self) -> int:
        """Its number, which issues share."""
        return self.issue.number

    @property
    def author(self) -> User:
        """Who opened it."""
        return self.issue.user

    def push(self, files: Files, message: str = "change", *, force: bool = False) -> str:
        """Commit to its branch, and tell GitHub; forced, the commit replaces all that the branch had. The new head."""
        source = self._source()
        parents = (self.merge_base(),) if force else (self.head_sha,)
        ref = self.head if self.head_project else f"refs/pull/{self.number}/head"
        return self.moved(source.commit(ref, files, message, parents=parents))

    def moved(self, commit: str) -> str:
        """The branch is at this commit now (`push` calls it; for pushes of other kinds). The new head."""
        source = self._source()
        if source is not self.project.repo:
            self.project.repo.take(source, commit, f"refs/pull/{self.number}/head")
        self.project.repo.point(f"refs/pull/{self.number}/head", commit)
        self.before, self.head_sha = self.head_sha, commit
        self.mergeable_unknown = 1
        self.refresh()
        return commit

    def move_base(self, files: Files, message: str = "other work") -> str:
        """Commit to the base branch; its new tip."""
        tip = self.project.repo.commit(self.base, files, message)
        self.refresh()
        return tip

    def retarget(self, base: str) -> None:
        """Let it go into another branch."""
        self.base = base
        self.refresh()

    def delete_fork(self) -> None:
        """The fork it came from is gone; `refs/pull/N/head` stays."""
        assert self.head_project is not None
        assert self.head_project is not self.project
        self.head_project.deleted = True
        self.head_project = None

    def refresh(self) -> None:
        """Work out the base's tip and the test merge."""
        repo = self.project.repo
        self.base_sha = repo.sha(f"refs/heads/{self.base}") or self.base_sha
        ref = f"refs/pull/{self.number}/merge"
        self.merge_sha = repo.merge(
            self.base_sha, self.head_sha, f"Merge {self.head_sha} into {self.base_sha}", ref=ref
        )

    def merge_base(self, head: str = "") -> str:
        """The commit against which GitHub shows the change."""
        found = self.project.repo.merge_base(self.base_sha, head or self.head_sha)
        assert found is not None, "histories without a common commit"
        return found

    def _source(self) -> GitRepo:
        return self.head_project.repo if self.head_project else self.project.repo


@dataclass(slots=True)
class Project:
    """A repository on GitHub: git, people, and what is said about its commits and pull requests."""

    id: int
    owner: User
    name: str
    repo: GitRepo
    private: bool = True
    parent: Project | None = None
    deleted: bool = False
    created_at: str = ""
    roles: dict[str, tuple[str, str]] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    comments: list[IssueComment] = field(default_factory=list)
    runs: list[CheckRun] = field(default_factory=list)
    suites: list[CheckSuite] = field(default_factory=list)
    statuses: list[Status] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    moved_from: str = ""
    diffs: Diffs = field(init=False)

    def __post_init__(self) -> None:
        self.diffs = Diffs(self.repo)

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner.login}/{self.name}"

    def collaborator(self, login: str, role: str, permission: str = "") -> None:
        """Give somebody a role: one of GitHub's, or an own one together with the `permission` it amounts to."""
        self.roles[login.lower()] = (permission or _BASE_PERMISSION[role], role)

    def role(self, login: str) -> tuple[str, str]:
        """Permission and role name, as the permission API gives them."""
        if login.lower() == self.owner.login.lower():
            return "admin", "admin"
        return self.roles.get(login.lower(), ("none", "none") if self.private else ("read", "read"))
