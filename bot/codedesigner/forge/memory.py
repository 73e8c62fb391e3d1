"""A forge that forgets everything with its process: for tests, and for trying out what a review would say.

It keeps the promises of `publish/ports.py` and the forge's own rules: one key is stored once, only its own comments
can be edited, a thread stands on a line of the head that it was written about and is outdated by the next push.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from codedesigner.change.model import Change
from codedesigner.errors import ConflictError, ForbiddenError, MissingError
from codedesigner.publish.discussion import (
    Account,
    Check,
    Comment,
    Discussion,
    ForgeName,
    Issue,
    NewThread,
    Permission,
    PullRequest,
    Reaction,
    Refusal,
    Thread,
)
from codedesigner.publish.ports import Written
from codedesigner.publish.rights import Right, RightName

BOT = Account("1", "codedesigner[bot]", bot=True)

Trip = Callable[[str, str], None]
"""(`before` or `after`, name of the write): raises what is to go wrong there."""


def _never(_when: str, _what: str) -> None:
    return None


@dataclass
class MemoryForge:
    """One repository with its pull requests. `clock` gives Unix time in seconds; `forbidden` are writes it refuses."""

    repo: str
    clock: Callable[[], float]
    account: Account = BOT
    kind: ForgeName = "github"
    pulls: dict[int, PullRequest] = field(default_factory=dict)
    permissions: dict[str, Permission] = field(default_factory=dict)
    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    changes: dict[int, Change] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    bases: dict[tuple[str, str], str] = field(default_factory=dict)
    forbidden: frozenset[str] = frozenset()
    refuses: Callable[[NewThread], str | None] = lambda _thread: None
    trip: Trip = _never
    arrivals: dict[str, float] = field(default_factory=dict)
    discussions: dict[int, Discussion] = field(default_factory=dict)
    checks: dict[tuple[str, str], Check] = field(default_factory=dict)
    reactions: list[tuple[str, Reaction]] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    _last: int = 100

    # What people do.

    def opened(self, pull: PullRequest) -> PullRequest:
        """A pull request opened, or pushed to: what was said about another head is outdated."""
        self.pulls[pull.number] = pull
        said = self.discussions.setdefault(pull.number, Discussion())
        threads = tuple(one if one.head == pull.head else replace(one, line=None) for one in said.threads)
        self.discussions[pull.number] = replace(said, threads=threads)
        return pull

    def said(self, number: int, author: Account, body: str, *, thread: str | None = None) -> Comment:
        """A person's comment, in a thread or outside the diff."""
        comment = self._comment(author, body)
        talk = self.discussions[number]
        if thread is None:
            self.discussions[number] = replace(talk, comments=(*talk.comments, comment))
        else:
            self._change_thread(number, thread, lambda one: replace(one, comments=(*one.comments, comment)))
        return comment

    # Reading.

    async def me(self) -> Account:
        """The account that writes."""
        return self.account

    async def pull(self, number: int) -> PullRequest:
        """The pull request as it is now."""
        if number not in self.pulls:
            raise MissingError(f"there is no pull request {number}", status=404)
        return self.pulls[number]

    async def discussion(self, pull: PullRequest) -> Discussion:
        """All that stands on it."""
        return self.discussions.get(pull.number, Discussion())

    async def permission(self, account: Account) -> Permission:
        """What the account may do."""
        if account.id not in self.permissions:
            raise MissingError(f"{account.login} is not known here", status=404)
        return self.permissions[account.id]

    async def merge_base(self, base: str, head: str) -> str:
        """What was set in `bases`; else the base itself."""
        return self.bases.get((base, head), base)

    async def file_at(self, sha: str, path: str) -> bytes | None:
        """A file of a commit."""
        return self.files.get((sha, path))

    async def change(self, pull: PullRequest, *, file_bytes: int, most_files: int) -> Change:
        """The change that was set for the pull request, without what is over the limits."""
        change = self.changes[pull.number]
        kept = [
            replace(file, new=None, unread="too_large") if len(file.new or b"") > file_bytes else file
            for file in change.files[:most_files]
        ]
        return replace(change, files=tuple(kept))

    async def arrived(self, pull: PullRequest) -> float | None:
        """What was set in `arrivals`."""
        return self.arrivals.get(pull.head)

    async def issue(self, number: int) -> Issue:
        """What was set in `issues`."""
        if number not in self.issues:
            raise MissingError(f"there is no issue {number}", status=404)
        return self.issues[number]

    async def kept(self, sha: str, name: str) -> str:
        """What the check carries, once it has ended."""
        there = self.checks.get((sha, name))
        return there.kept if there is not None and there.conclusion is not None else ""

    async def pulls_of(self, sha: str) -> Sequence[PullRequest]:
        """Open pull requests whose head is the commit."""
        return [pull for pull in self.pulls.values() if pull.head == sha and pull.state == "open"]

    async def rights(self, pull: PullRequest | None) -> tuple[Right, ...]:
        """What is not in `forbidden`."""
        needed: dict[RightName, frozenset[str]] = {
            "comments": frozenset({"post", "comment", "edit", "reply"}),
            "check": frozenset({"check"}),
            "resolve": frozenset({"resolve", "reopen"}),
            "people": frozenset(),
        }
        return tuple(
            Right(name, "no", f"the token may not {', '.join(sorted(lacks))}", "take it out of `forbidden`")
            if (lacks := writes & self.forbidden)
            else Right(name, "yes", "the token may")
            for name, writes in needed.items()
        )

    # Writing.

    async def tidy(self, pull: PullRequest) -> None:
        """Nothing is ever left unseen here."""

    async def post(
        self, pull: PullRequest, threads: Sequence[NewThread], *, body: str, key: str, lasting: bool = False
    ) -> Written:
        """The threads, each once, under the body of a review as GitHub has it."""
        if self.pulls[pull.number].head != pull.head:
            raise ConflictError("the head has moved", status=422, reasons=("commit_id is not the head",))
        placed: list[NewThread] = []
        refused: list[Refusal] = []
        for thread in threads:
            reason = self.refuses(thread)
            if reason is None:
                placed.append(thread)
            else:
                refused.append(Refusal(thread, reason))
        with_body = [(thread, self._comment(self.account, thread.body)) for thread in placed]
        if placed or not threads:
            above = replace(self._comment(self.account, body), review=True)
            self._write("post", lambda: self._place(pull, with_body, above))
        return Written(tuple(placed), tuple(refused))

    async def comment(self, pull: PullRequest, body: str, *, key: str) -> Comment:
        """A comment outside the diff, once."""
        talk = self.discussions.setdefault(pull.number, Discussion())
        there = next((one for one in talk.comments if key in one.body and one.author.id == self.account.id), None)
        if there is not None:
            return there
        comment = self._comment(self.account, body)
        more = replace(talk, comments=(*talk.comments, comment))
        self._write("comment", lambda: self.discussions.update({pull.number: more}))
        return comment

    async def edit(self, pull: PullRequest, comment: Comment, body: str, *, thread: Thread | None = None) -> None:
        """Other words for an own comment."""
        if comment.author.id != self.account.id:
            raise ForbiddenError("only own comments can be edited", status=403)

        def change() -> None:
            talk = self.discussions[pull.number]
            if comment.review:
                self.discussions[pull.number] = replace(talk, reviews=_edited(talk.reviews, comment.id, body))
            elif thread is None:
                self.discussions[pull.number] = replace(talk, comments=_edited(talk.comments, comment.id, body))
            else:
                self._change_thread(
                    pull.number, thread.id, lambda one: replace(one, comments=_edited(one.comments, comment.id, body))
                )

        self._write("edit", change)

    async def reply(self, pull: PullRequest, thread: Thread, body: str, *, key: str) -> Comment:
        """An answer in a thread, once."""
        now = next(one for one in self.discussions[pull.number].threads if one.id == thread.id)
        there = next((one for one in now.comments if key in one.body and one.author.id == self.account.id), None)
        if there is not None:
            return there
        comment = self._comment(self.account, body)

        def change() -> None:
            self._change_thread(pull.number, thread.id, lambda one: replace(one, comments=(*one.comments, comment)))

        self._write("reply", change)
        return comment

    async def resolve(self, pull: PullRequest, thread: Thread) -> None:
        """Resolve a thread."""
        self._write("resolve", lambda: self._settle(pull, thread, resolved=True))

    async def reopen(self, pull: PullRequest, thread: Thread) -> None:
        """Open a resolved thread again."""
        self._write("reopen", lambda: self._settle(pull, thread, resolved=False))

    async def react(
        self, pull: PullRequest, comment: Comment, reaction: Reaction, *, thread: Thread | None = None
    ) -> None:
        """React to a comment."""
        if (comment.id, reaction) not in self.reactions:
            self._write("react", lambda: self.reactions.append((comment.id, reaction)))

    async def check(self, check: Check) -> None:
        """Make or complete a check."""
        self._write("check", lambda: self.checks.update({(check.sha, check.name): check}))

    async def unfinished(self, sha: str, name: str) -> Sequence[Check]:
        """Own checks that are still running."""
        there = self.checks.get((sha, name))
        return [there] if there is not None and there.conclusion is None else []

    def _comment(self, author: Account, body: str) -> Comment:
        self._last += 1
        return Comment(str(self._last), author, body, self.clock(), url=f"https://forge.test/{self.repo}#c{self._last}")

    def _settle(self, pull: PullRequest, thread: Thread, *, resolved: bool) -> None:
        self._change_thread(pull.number, thread.id, lambda one: replace(one, resolved=resolved))

    def _place(self, pull: PullRequest, threads: Sequence[tuple[NewThread, Comment]], above: Comment) -> None:
        talk = self.discussions.setdefault(pull.number, Discussion())
        new = [_thread(thread, comment, pull.head) for thread, comment in threads]
        reviews = (*talk.reviews, above)
        self.discussions[pull.number] = replace(talk, threads=(*talk.threads, *new), reviews=reviews)

    def _change_thread(self, number: int, thread: str, change: Callable[[Thread], Thread]) -> None:
        talk = self.discussions[number]
        threads = tuple(change(one) if one.id == thread else one for one in talk.threads)
        self.discussions[number] = replace(talk, threads=threads)

    def _write(self, what: str, change: Callable[[], object]) -> None:
        if what in self.forbidden:
            raise ForbiddenError(f"the token may not {what}", status=403)
        self.trip("before", what)
        change()
        self.writes.append(what)
        self.trip("after", what)


def _edited(comments: Sequence[Comment], named: str, body: str) -> tuple[Comment, ...]:
    return tuple(
        replace(one, body=body, edited=True, edited_by=one.author) if one.id == named else one for one in comments
    )


def _thread(thread: NewThread, comment: Comment, head: str) -> Thread:
    place = thread.place
    return Thread(
        id=f"t{comment.id}",
        path=place.path,
        side=place.side,
        line=place.line,
        start_line=place.start_line,
        comments=(comment,),
        resolvable=thread.resolvable,
        head=head,
    )


def bot_comments(discussion: Discussion, account: Account = BOT) -> Mapping[str, str]:
    """The bodies of an account's comments outside the diff, by id."""
    return {one.id: one.body for one in discussion.comments if one.author.id == account.id}
