"""The state of the double and what a test does to it: people, projects, pushes, merge requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from tests.doubles.git import Entry, GitRepo
from tests.doubles.gitlab import events, positions
from tests.doubles.gitlab.model import (
    DEVELOPER,
    MAINTAINER,
    OWNER,
    Counter,
    Draft,
    Issue,
    Json,
    MergeRequest,
    Note,
    Pipeline,
    Project,
    StatusCheck,
    Token,
    TokenKind,
    User,
    Version,
    stamp,
)
from tests.doubles.gitlab.quickactions import Executed
from tests.doubles.server import Double

Files = Mapping[str, str | bytes | Entry | None]
GHOST = User(1, "ghost", "Ghost User")
"""Who has written what a deleted user wrote."""


class World(Double):
    """Everything but the endpoints."""

    PREFIXES = ("/api/v4",)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.ca_file: Path | None = None  # of `tls.secure`
        self.ids = Counter()
        self.users: list[User] = []
        self.tokens: dict[str, Token] = {}
        self.projects: list[Project] = []
        self.merge_requests: list[MergeRequest] = []
        self.issues: list[Issue] = []
        self.pipelines: list[tuple[Project, Pipeline]] = []
        self.checks: list[tuple[Project, StatusCheck]] = []
        self.outbox: list[events.Event] = []
        self.notifications: list[tuple[str, int]] = []
        self.executed: list[Executed] = []
        self.lost: list[Draft] = []  # drafts that publishing swallowed
        # limits, which tests turn down
        self.notes_per_minute: int | None = None
        self.retry_after = 60
        self.longest_note = 1_000_000
        self.most_notes = 5_000
        self.patch_limit = 200 * 1024
        self.counted_records = 10_000
        self.strict_enqueue = True
        # answers in outdated threads are refused with the line code's error
        self.replies_need_their_line = False
        # `https://…`: everything is answered with a redirect to there
        self.redirect_to: str | None = None
        self._posted: list[float] = []

    @property
    def url(self) -> str:
        """The server, as CI_SERVER_URL says it."""
        return self.address

    @property
    def api(self) -> str:
        """The API, as CI_API_V4_URL says it."""
        return f"{self.address}/api/v4"

    def moment(self) -> str:
        """The time, a second later than before, as the API writes it."""
        self.clock.tick()
        return stamp(self.clock.now)

    # People

    def user(self, username: str, *, name: str | None = None, bot: bool = False) -> User:
        """A new account."""
        user = User(self.ids.next(), username, name or username.title(), bot)
        self.users.append(user)
        return user

    def delete(self, user: User) -> None:
        """Delete an account: what it wrote is the ghost user's from now on."""
        self.users.remove(user)
        self.tokens = {value: token for value, token in self.tokens.items() if token.user is not user}
        for project in self.projects:
            project.members.pop(user.id, None)
            project.inherited.pop(user.id, None)
        for request in self.merge_requests:
            request.author = GHOST if request.author is user else request.author
            for note in request.notes:
                note.author = GHOST if note.author is user else note.author

    def token(self, user: User, kind: TokenKind = "api", *, project: Project | None = None) -> str:
        """A new token of a user, as text."""
        prefix = "glcbt-" if kind == "job" else "glpat-"
        token = Token(f"{prefix}{self.ids.next():020d}", user, kind, project.id if project else None)
        self.tokens[token.value] = token
        return token.value

    def project_token(self, project: Project, level: int = DEVELOPER, kind: TokenKind = "api") -> tuple[User, str]:
        """A project access token: its bot user, and the token."""
        number = self.ids.next()
        bot = self.user(f"project_{project.id}_bot_{number}", name="codedesigner", bot=True)
        project.members[bot.id] = level
        return bot, self.token(bot, kind, project=project)

    def issue(
        self, project: Project, author: User, title: str, description: str = "", *, confidential: bool = False
    ) -> Issue:
        """A new issue; issues are numbered for themselves."""
        iid = 1 + sum(each.project is project for each in self.issues)
        made = Issue(self.ids.next(), iid, project, title, description, author, self.moment(), confidential)
        self.issues.append(made)
        return made

    def edit_issue(self, issue: Issue, user: User, *, title: str | None = None, description: str | None = None) -> None:
        """Somebody changes an issue's text, and the system notes it."""
        noted = []
        if title is not None:
            noted.append(f"changed title from **{issue.title}** to **{title}**")
            issue.title = title
        if description is not None:
            noted.append("changed the description")
            issue.description = description
        for body in noted:
            now = self.moment()
            issue.notes.append(Note(self.ids.next(), user, body, now, now, system=True))

    def job_token(self, project: Project, user: User) -> str:
        """The CI_JOB_TOKEN of a job that a user's push started."""
        return self.token(user, "job", project=project)

    # Projects

    def project(
        self, path: str, files: Files | None = None, *, owner: User | None = None, public: bool = True
    ) -> Project:
        """A new project; members are added in `members` (own) and `inherited` (the group's)."""
        number = self.ids.next()
        project = Project(number, path, GitRepo.create(self.folder / f"{number}.git", files), public=public)
        if owner is not None:
            project.members[owner.id] = OWNER
        self.projects.append(project)
        return project

    def fork(self, project: Project, owner: User) -> Project:
        """A fork in the owner's namespace."""
        number = self.ids.next()
        path = f"{owner.username}/{project.path.rsplit('/', 1)[-1]}"
        copy = Project(
            number,
            path,
            project.repository.fork(self.folder / f"{number}.git"),
            project.default_branch,
            project.id,
            {owner.id: MAINTAINER},
            public=project.public,
        )
        self.projects.append(copy)
        return copy

    def status_check(self, project: Project, name: str, url: str = "https://checks.example.org/") -> StatusCheck:
        """An external status check of a project."""
        check = StatusCheck(self.ids.next(), name, url)
        self.checks.append((project, check))
        return check

    # Commits

    def push(
        self,
        project: Project,
        branch: str,
        files: Files,
        message: str = "change",
        *,
        parents: tuple[str, ...] | None = None,
        author: str = "Dev <dev@example.org>",
        by: User | None = None,
    ) -> str:
        """Push one commit (with `parents`, a force push); open merge requests get a new version."""
        if parents is None and project.repository.sha(f"refs/heads/{branch}") is None:
            tip = project.repository.sha(f"refs/heads/{project.default_branch}")
            parents = (tip,) if tip else None
        commit = project.repository.commit(branch, files, message, parents=parents, author=author)
        self.refresh(project, branch, by)
        return commit

    def refresh(self, project: Project, branch: str, by: User | None = None) -> None:
        """After a branch has moved: new versions of the open merge requests from it."""
        for request in self.merge_requests:
            if request.source is project and request.source_branch == branch and request.state == "opened":
                before = request.head
                if self._collect(request):
                    self.emit("merge_request", request, by or request.author, action="update", oldrev=before)

    # Merge requests

    def open(
        self,
        project: Project,
        branch: str,
        author: User,
        *,
        source: Project | None = None,
        target: str | None = None,
        title: str = "A change",
        description: str = "",
        prepared_after: float = 0.0,
        unprepared_requests: int = 0,
    ) -> MergeRequest:
        """Open a merge request of a branch (of `source`, where it comes from a fork).

        It is unprepared (`diff_refs` null) until the double's clock is so many seconds on, and for so many requests.
        """
        request = MergeRequest(
            self.ids.next(),
            project.next_iid,
            project,
            source or project,
            branch,
            target or project.default_branch,
            title,
            description,
            author,
            self.moment(),
            unprepared_requests=unprepared_requests,
        )
        project.next_iid += 1
        self._collect(request)
        request.prepared = self.clock.now + timedelta(seconds=prepared_after)
        self.merge_requests.append(request)
        self.emit("merge_request", request, author, action="open")
        return request

    def edit(
        self, request: MergeRequest, by: User, *, title: str | None = None, description: str | None = None
    ) -> None:
        """Edit title or description; the hook's `changes` say what was and what is."""
        changes: Json = {}
        was_draft = request.draft
        if title is not None:
            changes["title"] = {"previous": request.title, "current": title}
            request.title = title
        if description is not None:
            changes["description"] = {"previous": request.description, "current": description}
            request.description = description
        if request.draft != was_draft:
            changes["draft"] = {"previous": was_draft, "current": request.draft}
        self.emit("merge_request", request, by, action="update", changes=changes)

    def is_prepared(self, request: MergeRequest, *, counts: bool = False) -> bool:
        """Whether the diff is there yet; `counts` uses up one of the requests for which it is not."""
        if request.unprepared_requests > 0:
            request.unprepared_requests -= counts
            return False
        return request.prepared is None or self.clock.now >= request.prepared

    def _collect(self, request: MergeRequest) -> bool:
        repository = request.project.repository
        tip = request.source.repository.sha(f"refs/heads/{request.source_branch}")
        start = repository.sha(f"refs/heads/{request.target_branch}")
        assert tip is not None, f"no branch {request.source_branch}"
        assert start is not None, f"no branch {request.target_branch}"
        if request.versions and request.head == tip:
            return False
        repository.take(request.source.repository, tip, f"refs/merge-requests/{request.iid}/head")
        base = repository.merge_base(start, tip)
        assert base is not None, "the branches have no common commit"
        version = Version(self.ids.next(), base, start, tip, self.moment())
        request.versions.insert(0, version)
        if len(request.versions) > 1:
            request.approved_by.clear()
        for note in request.notes:
            self.follow(request, note, version)
        return True

    def follow(self, request: MergeRequest, note: Note, version: Version) -> None:
        """Carry a note's position over to a version, or mark it as outdated."""
        if note.position is None or note.outdated:
            return
        newer = positions.follow(request.project.repository, note.position, version)
        if newer is None:
            note.outdated = True
        else:
            note.position = newer

    # What others are told

    def emit(
        self, kind: str, request: MergeRequest, by: User, *, note: Note | None = None, **more: object
    ) -> events.Event:
        """Put a webhook's payload in the outbox; note, update and edit also ask the external status checks again."""
        event = events.make(self, kind, request, by, note=note, **more)
        self.outbox.append(event)
        for project, check in self.checks:
            if project is request.project:
                self.outbox.append(events.status_check(self, request, by, check))
        return event

    def throttled(self) -> bool:
        """Whether this user-made note is one too many of the last minute; counts it if not."""
        if self.notes_per_minute is None:
            return False
        now = self.clock.now.timestamp()
        self._posted = [at for at in self._posted if at > now - 60]
        if len(self._posted) >= self.notes_per_minute:
            return True
        self._posted.append(now)
        return False

    def known(self, number: int) -> User | None:
        """The account of an id."""
        return next((user for user in self.users if user.id == number), None)

    def members(self, project: Project, *, everyone: bool) -> Iterator[tuple[User, int]]:
        """Members with their level; `everyone` includes inherited ones."""
        ids = {**dict.fromkeys(project.inherited), **dict.fromkeys(project.members)} if everyone else project.members
        for number in ids:
            user = self.known(number)
            if user is not None:
                yield user, project.level(user) if everyone else project.members[number]
