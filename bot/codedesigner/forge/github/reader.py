"""Reading a repository and its pull requests."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args
from urllib.parse import quote

from codedesigner.change.worktree import inside
from codedesigner.errors import ConflictError, ForbiddenError, MissingError, UnreachableError
from codedesigner.forge.github import queries, values
from codedesigner.forge.github.client import Client
from codedesigner.forge.urls import full_id
from codedesigner.publish.discussion import (
    Account,
    Comment,
    Discussion,
    Issue,
    Permission,
    PullRequest,
    Reaction,
    Thread,
)

_REGULAR = ("100644", "100755")
_LARGEST_FILE = 1_000_000
_READ = "pull-requests: read"
_CONTENTS = "contents: read"


class Reader:
    """One repository, read through a client."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._repo = client.address.path
        self._me: Account | None = None

    async def me(self) -> Account:
        """The account that this token writes as, asked once.

        An installation token, as a job's GITHUB_TOKEN is one, may not ask REST for its own account; GraphQL's `viewer`
        tells it to every kind of token. Of some it tells no number, which REST has for everybody by name.
        """
        if self._me is None:
            self._me = await self._ask_me()
        return self._me

    async def pull(self, number: int) -> PullRequest:
        """The pull request as it is now."""
        return values.pull_request(await self.raw_pull(number))

    async def raw_pull(self, number: int) -> dict[str, Any]:
        """All that REST tells of a pull request."""
        what = f"pull request {int(number)}"
        found = await self.client.get(f"{self._repo}/pulls/{int(number)}", what=what, needs=_READ)
        return _object(found, what)

    async def discussion(self, pull: PullRequest) -> Discussion:
        """All comments and threads, every page of both, with the reactions to our own comments."""
        path = f"{self._repo}/issues/{pull.number}/comments"
        given = await self._nodes(pull, queries.COMMENTS, "comments")
        comments = await self._said(given, path)
        threads: list[Thread] = []
        path = f"{self._repo}/pulls/{pull.number}/comments"
        found = [(one, await self._remarks(one)) for one in await self._nodes(pull, queries.THREADS, "reviewThreads")]
        said = {one.id: one for one in await self._said([node for _, nodes in found for node in nodes], path)}
        for one, nodes in found:
            if nodes:
                threads.append(values.thread(one, tuple(said[values.number_of(node)] for node in nodes)))
        ordered = tuple(sorted(comments, key=lambda one: (one.created, int(one.id))))
        return Discussion(ordered, tuple(threads), await self._reviews(pull))

    async def permission(self, account: Account) -> Permission:
        """What the account may do, by its role. A role of the repository's own counts as what it is built on."""
        if not account.id:
            raise MissingError("a deleted account has no permission", status=404)
        what = "a permission"
        path = f"{self._repo}/collaborators/{quote(account.login, safe='')}/permission"
        found = _object(await self.client.get(path, what=what, needs="metadata: read"), what)
        if values.account(found.get("user")).id != account.id:
            raise MissingError("that login is another account's by now", status=404)
        for name in ("role_name", "permission"):
            if found.get(name) in get_args(Permission):
                permission: Permission = found[name]
                return permission
        raise UnreachableError("GitHub gave a permission that is not known here")

    async def merge_base(self, base: str, head: str) -> str:
        """The best common ancestor of two commits."""
        what = "the merge base"
        # The comparison itself is not wanted: a page beyond the commits has neither commits nor files.
        path = f"{self._repo}/compare/{full_id(base)}...{full_id(head)}"
        found = _object(await self.client.get(path, what=what, needs=_CONTENTS, per_page=1, page=2), what)
        return full_id(str(_object(found.get("merge_base_commit"), what).get("sha")))

    async def file_at(self, sha: str, path: str) -> bytes | None:
        """A regular file of a commit. Links are not followed, which GitHub's API for contents would do."""
        if not inside(path):
            return None
        entry = await self.entry(full_id(sha), path)
        if entry is None or entry.get("type") != "blob" or entry.get("mode") not in _REGULAR:
            return None
        if int(entry.get("size") or 0) > _LARGEST_FILE:
            raise ConflictError(f"{path} has more than {_LARGEST_FILE} bytes")
        return await self.blob(str(entry["sha"]))

    async def entry(self, commit: str, path: str) -> Mapping[str, Any] | None:
        """What a commit has at a path, found folder by folder."""
        tree, parts = commit, path.split("/")
        for at, part in enumerate(parts):
            entries, whole = await self.tree(tree)
            found = entries.get(part)
            if found is None and not whole:
                raise UnreachableError("GitHub does not list all of a folder")
            if found is None or at == len(parts) - 1:
                return found
            if found.get("type") != "tree":
                return None
            tree = str(found["sha"])
        return None

    async def tree(self, tree: str, *, recursive: bool = False) -> tuple[dict[str, Mapping[str, Any]], bool]:
        """The entries of a tree or commit by path, and whether that is all of them."""
        what = "a folder"
        query: dict[str, str | int] = {"recursive": 1} if recursive else {}
        path = f"{self._repo}/git/trees/{full_id(tree)}"
        found = _object(await self.client.get(path, what=what, needs=_CONTENTS, **query), what)
        listed = found.get("tree")
        if not isinstance(listed, list):
            raise UnreachableError("GitHub gave no folder")
        return {str(one["path"]): one for one in listed}, not found.get("truncated")

    async def blob(self, oid: str) -> bytes:
        """The content of a file by its object's id."""
        what = "a file"
        path = f"{self._repo}/git/blobs/{full_id(oid)}"
        found = _object(await self.client.get(path, what=what, needs=_CONTENTS), what)
        try:
            if found.get("encoding") != "base64":
                raise UnreachableError("GitHub gave a file in an unknown form")
            return base64.b64decode(str(found["content"]))
        except binascii.Error:
            raise UnreachableError("GitHub gave a file that cannot be read") from None

    async def arrived(self, pull: PullRequest) -> float | None:
        """When the first check suite of the head was made, which happens with its push. No suite tells nothing."""
        path = f"{self._repo}/commits/{full_id(pull.head)}/check-suites"
        try:
            suites = await self.client.pages(path, what="check suites", needs="checks: read", key="check_suites")
        except (ForbiddenError, MissingError):
            return None
        times = [values.moment(one["created_at"]) for one in suites if one.get("created_at")]
        return min(times, default=None)

    async def issue(self, number: int) -> Issue:
        """An issue with all who have edited its text, which GraphQL alone tells.

        Whoever sees the repository sees it.
        """
        address = self.client.address
        variables: dict[str, Any] = {"owner": address.owner, "name": address.name, "number": int(number)}
        what = f"issue {int(number)}"
        data = await self.client.graphql(queries.ISSUE, variables, what=what, needs="issues: read")
        found = (data.get("repository") or {}).get("issue")
        if not isinstance(found, dict):
            raise MissingError(f"there is no {what}, or the token may not see it", status=404)
        return values.issue(found)

    async def pulls_of(self, sha: str) -> Sequence[PullRequest]:
        """Open pull requests whose head is the commit.

        GitHub finds the requests of a commit only inside the repository; those of forks have to be looked for.
        """
        commit = full_id(sha)
        try:
            near = await self.client.pages(
                f"{self._repo}/commits/{commit}/pulls", what="pull requests of a commit", needs=_READ
            )
        except (MissingError, ConflictError):
            near = []  # a commit that only a fork has
        found = _heads(near, commit)
        if found:
            return found
        everything = await self.client.pages(
            f"{self._repo}/pulls", what="pull requests", needs=_READ, state="open", sort="updated", direction="desc"
        )
        return _heads(everything, commit)

    async def _ask_me(self) -> Account:
        try:
            data = await self.client.graphql(queries.VIEWER, {}, what="who this token is")
        except (ForbiddenError, ConflictError):
            return values.account(_object(await self.client.get("/user", what="who this token is"), "an account"))
        viewer = _object(data.get("viewer"), "an account")
        login, number = str(viewer["login"]), viewer.get("databaseId")
        if number is not None:
            bot = login.endswith(values.BOT) or self.client.installation
            return Account(str(number), values.bot_login(login) if bot else login, bot=bot)
        return values.account(
            _object(await self.client.get(f"/users/{quote(login, safe='')}", what="an account"), "an account")
        )

    async def _nodes(self, pull: PullRequest, query: str, name: str) -> list[Mapping[str, Any]]:
        """Every node of a connection of the pull request."""
        address = self.client.address
        variables: dict[str, Any] = {"owner": address.owner, "name": address.name, "number": pull.number}
        nodes: list[Mapping[str, Any]] = []
        after: str | None = None
        while True:
            data = await self.client.graphql(query, {**variables, "after": after}, what="the discussion", needs=_READ)
            found = (data.get("repository") or {}).get("pullRequest")
            if not isinstance(found, dict):
                raise MissingError(f"there is no pull request {pull.number}, or the token may not see it", status=404)
            nodes += found[name]["nodes"]
            after = _following(found[name], after)
            if after is None:
                return nodes

    async def _reviews(self, pull: PullRequest) -> tuple[Comment, ...]:
        """The texts of our own reviews. Every answer in a thread is a review, too, without a text."""
        me = await self.me()
        given = [one for one in await self._nodes(pull, queries.REVIEWS, "reviews") if one.get("state") != "PENDING"]
        said = [replace(values.said(one), review=True) for one in given if one.get("body")]
        return tuple(one for one in said if one.author.id == me.id)

    async def _remarks(self, given: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Every comment of a thread, but those of a review that nobody has submitted: its author alone sees them."""
        nodes: list[Mapping[str, Any]] = list(given["comments"]["nodes"])
        after = _following(given["comments"], None)
        while after is not None:
            variables = {"thread": given["id"], "after": after}
            data = await self.client.graphql(queries.MORE_REMARKS, variables, what="a thread", needs=_READ)
            part = _object(data.get("node"), "a thread")["comments"]
            nodes += part["nodes"]
            after = _following(part, after)
        return [one for one in nodes if one.get("state") != "PENDING"]

    async def _said(self, given: Sequence[Mapping[str, Any]], path: str) -> list[Comment]:
        """Comments, with the reactions to ours: the list at `path` tells which have any."""
        comments = [values.said(one) for one in given]
        me = await self.me()
        ours = {one.id for one in comments if one.author.id == me.id}
        if not ours:
            return comments
        listed = await self.client.pages(path, what="comments", needs=_READ)
        liked = {str(one["id"]) for one in listed if (one.get("reactions") or {}).get("total_count")}
        reactions: dict[str, tuple[tuple[str, Reaction], ...]] = {}
        for number in sorted(ours & liked):
            where = f"{self._repo}/{'issues' if '/issues/' in path else 'pulls'}/comments/{number}/reactions"
            found = await self.client.pages(where, what="reactions", needs=_READ)
            reactions[number] = tuple(one for each in found if (one := values.reaction(each)) is not None)
        return [replace(one, reactions=reactions.get(one.id, ())) for one in comments]


def _heads(found: Sequence[Mapping[str, Any]], commit: str) -> list[PullRequest]:
    pulls = [values.pull_request(one) for one in found]
    return [pull for pull in pulls if pull.state == "open" and pull.head == commit]


def _following(connection: Mapping[str, Any], before: str | None) -> str | None:
    """The cursor of the next page; None at the end."""
    page = connection["pageInfo"]
    if not page["hasNextPage"]:
        return None
    if not page["endCursor"] or page["endCursor"] == before:
        raise UnreachableError("GitHub's pages of a discussion do not end")
    return str(page["endCursor"])


def _object(given: object, what: str) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise UnreachableError(f"GitHub gave something else than {what}")
    return given
