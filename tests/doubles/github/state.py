"""GitHub's state, and what a test lets people do to it without asking over HTTP."""

from __future__ import annotations

from pathlib import Path

from github import Auth, Github
from tests.doubles.git import GitRepo
from tests.doubles.github.anchors import Anchor, anchor
from tests.doubles.github.model import (
    PERMISSIONS,
    App,
    Files,
    Issue,
    IssueComment,
    Project,
    Pull,
    Review,
    ReviewComment,
    Thread,
    Token,
    User,
)
from tests.doubles.server import Double


class State(Double):
    """Repositories, people, Apps and tokens. `folder` takes the git repositories."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.projects: dict[str, Project] = {}
        self.users: dict[str, User] = {}
        self.apps: dict[str, App] = {}
        self.tokens: dict[str, Token] = {}
        self.notifications: list[tuple[str, str]] = []
        self._last = 1000

    def next_id(self) -> int:
        """An id that nothing else has."""
        self._last += 1
        return self._last

    # People and tokens

    def user(self, login: str, *, deleted: bool = False) -> User:
        """An account, made when it is first named; `[bot]` at the end makes a bot."""
        if login not in self.users:
            self.users[login] = User(self.next_id(), login, "Bot" if login.endswith("[bot]") else "User")
        self.users[login].deleted |= deleted
        return self.users[login]

    def app(self, slug: str, **permissions: str) -> App:
        """A GitHub App with one installation; permissions as `checks="write"`."""
        if slug not in self.apps:
            bot = self.user(f"{slug}[bot]")
            number = 15368 if slug == "github-actions" else self.next_id()
            self.apps[slug] = App(number, slug, bot, self.next_id(), dict(permissions))
        return self.apps[slug]

    def token(self, *projects: Project, app: str = "github-actions", **permissions: str) -> str:
        """An installation token: GITHUB_TOKEN, or that of another App.

        Permissions are named as in `PERMISSIONS`, each none, read or write. What is not named is write, but contents,
        which is read.
        """
        granted = dict.fromkeys(PERMISSIONS, "write") | {"contents": "read"} | permissions
        owner = self.app(app, **granted)
        kind = "actions" if app == "github-actions" else "app"
        return self.issue_token(kind, owner.bot, granted, owner, tuple(each.full_name for each in projects))

    def user_token(self, login: str) -> str:
        """A classic personal access token; it may what its user may, and no checks."""
        return self.issue_token("user", self.user(login), {}, None, ())

    def issue_token(
        self, kind: str, user: User, permissions: dict[str, str], app: App | None, projects: tuple[str, ...]
    ) -> str:
        """Hand out a token."""
        prefix = "ghp" if kind == "user" else "ghs"
        value = f"{prefix}_{self.next_id():036d}"
        self.tokens[value] = Token(value, kind, user, permissions, app, projects)
        return value

    # Repositories and pull requests

    def project(self, full_name: str, files: Files | None = None, *, private: bool = True) -> Project:
        """A repository whose `main` has one commit."""
        repo = GitRepo.create(self.folder / f"{full_name.replace('/', '+')}.git", files)
        return self._add(full_name, repo, private=private)

    def fork(self, project: Project, owner: str) -> Project:
        """A fork in somebody's account."""
        full_name = f"{owner}/{project.name}"
        if full_name not in self.projects:
            repo = project.repo.fork(self.folder / f"{owner}+{project.name}.git")
            self._add(full_name, repo, private=project.private).parent = project
        return self.projects[full_name]

    def _add(self, full_name: str, repo: GitRepo, *, private: bool) -> Project:
        owner, name = full_name.split("/")
        made = Project(self.next_id(), self.user(owner), name, repo, private=private, created_at=self.clock.tick())
        self.projects[full_name] = made
        return made

    def move(self, project: Project, name: str) -> None:
        """Rename a repository; the old address redirects."""
        project.moved_from = project.full_name
        del self.projects[project.full_name]
        project.name = name
        self.projects[project.full_name] = project
        for token in self.tokens.values():
            token.projects = tuple(project.full_name if each == project.moved_from else each for each in token.projects)

    def issue(self, project: Project, author: str = "dev", title: str = "A bug", body: str = "") -> Issue:
        """An issue that is no pull request."""
        number = len(project.issues) + 1
        project.issues[number] = Issue(number, self.user(author), title, body, self.clock.tick())
        return project.issues[number]

    def pull(
        self,
        project: Project,
        files: Files,
        *,
        branch: str = "feature",
        base: str = "main",
        author: str = "dev",
        title: str = "A change",
        body: str | None = None,
        fork: str = "",
        draft: bool = False,
    ) -> Pull:
        """A pull request with one commit; `fork` names the account whose fork the branch is in."""
        source = self.fork(project, fork) if fork else project
        start = project.repo.sha(f"refs/heads/{base}")
        assert start is not None, base
        head = source.repo.commit(branch, files, title, parents=(start,))
        issue = self.issue(project, fork or author, title)
        issue.body = body
        made = Pull(self.next_id(), project, issue, base, source, branch, head, start, draft=draft)
        project.pulls[issue.number] = made
        made.moved(head)
        made.before, made.updated_at = "", issue.created_at
        return made

    # What people say

    def comment(self, on: Pull | Issue, author: str, body: str, project: Project | None = None) -> IssueComment:
        """A comment in the conversation."""
        where = on.project if isinstance(on, Pull) else project
        assert where is not None, "an issue alone does not tell its repository"
        now = self.clock.tick()
        user = self.user(author)
        app = next((each for each in self.apps.values() if each.bot is user), None)
        made = IssueComment(self.next_id(), on.number, user, body, now, now, app)
        where.comments.append(made)
        return made

    def line_comment(self, pull: Pull, author: str, path: str, line: int, body: str) -> ReviewComment:
        """Somebody's comment on a line of the diff, as a review of its own."""
        at = anchor(pull.project.diffs.files(pull.merge_base(), pull.head_sha), {"path": path, "line": line})
        assert isinstance(at, Anchor), at
        review = Review(self.next_id(), self.user(author), "", "COMMENTED", pull.head_sha, self.clock.tick())
        pull.reviews.append(review)
        thread = Thread(f"PRRT_kwDO{self.next_id():08d}", pull.number)
        now = self.clock.text()
        made = ReviewComment(
            self.next_id(), review.id, review.user, body, path, pull.head_sha, pull.merge_base(), at.hunk, now, now
        )
        made.line, made.position, made.thread = line, at.position, thread.node
        pull.threads.append(thread)
        pull.comments.append(made)
        return made

    def reply(self, pull: Pull, to: ReviewComment, author: str, body: str) -> ReviewComment:
        """An answer in a conversation on lines."""
        now = self.clock.tick()
        root = to if to.reply_to is None else next(each for each in pull.comments if each.id == to.reply_to)
        made = ReviewComment(
            self.next_id(),
            self.next_id(),
            self.user(author),
            body,
            root.path,
            root.commit,
            root.base,
            root.hunk,
            now,
            now,
        )
        made.side, made.line, made.position, made.subject = root.side, root.line, root.position, root.subject
        made.start_line, made.start_side = root.start_line, root.start_side
        made.reply_to, made.thread = root.id, root.thread
        pull.comments.append(made)
        return made

    def notify(self, user: User, what: str) -> None:
        """Whoever watches is told of something new of a token's account: of a review once, of an edit never."""
        self.notifications.append((user.login, what))

    def edit(self, comment: IssueComment | ReviewComment | Review, editor: str, body: str) -> None:
        """Somebody with write permission changes a comment, which need not be theirs."""
        comment.edits.append((self.user(editor).login, comment.body))
        comment.body, comment.updated_at = body, self.clock.tick()

    def edit_issue(self, issue: Issue, editor: str, body: str) -> None:
        """Its author, or somebody with write permission, changes an issue's text."""
        issue.edits.append((self.user(editor).login, issue.body or ""))
        issue.body = body

    def enqueue(self, pull: Pull) -> str:
        """Put a pull request into the merge queue; the head of the group, which has a branch of its own."""
        repo = pull.project.repo
        base = repo.sha(f"refs/heads/{pull.base}")
        assert base is not None
        pull.queued = f"refs/heads/gh-readonly-queue/{pull.base}/pr-{pull.number}-{base}"
        head = repo.merge(base, pull.head_sha, f"Merge pull request #{pull.number}", ref=pull.queued)
        assert head is not None, "what conflicts cannot be queued"
        return head

    def merge(self, pull: Pull) -> str:
        """Merge a pull request; the merge commit."""
        made = pull.project.repo.merge(f"refs/heads/{pull.base}", pull.head_sha, f"Merge pull request #{pull.number}")
        assert made is not None, "what conflicts cannot be merged"
        pull.merged, pull.state, pull.merge_sha, pull.updated_at = True, "closed", made, self.clock.tick()
        return made

    @property
    def api(self) -> str:
        """The base address for clients of the REST API, as GITHUB_API_URL gives it."""
        return f"{self.address}/api/v3"

    def client(self, token: str) -> Github:
        """PyGithub without its own pauses and retries."""
        return Github(
            base_url=self.api,
            auth=Auth.Token(token),
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
        )
