"""Which two commits a review compares, and what to say when history cannot tell."""

from __future__ import annotations

from difflib import get_close_matches

from codedesigner.change.git import Git
from codedesigner.change.model import display
from codedesigner.errors import RepositoryError

_FALLBACKS = (
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
)
_SHALLOW = "run `git fetch --unshallow`, or set `fetch-depth: 0` on actions/checkout (`GIT_DEPTH: 0` on GitLab)"


def resolve(git: Git, revision: str) -> str:
    """The full id of the commit that `revision` names.

    Raises:
        RepositoryError: no commit has that name; the hint says what to type instead.
    """
    found = git.try_resolve(revision)
    if found is not None:
        return found
    name = display(revision)
    if revision == "HEAD":
        raise RepositoryError("the repository has no commit yet", hint="commit something to compare with first")
    if revision.startswith("-"):
        raise RepositoryError(f"`{name}` is not a revision", hint="a revision cannot start with `-`; give its id")
    near = _near(git, revision)
    if git.is_shallow():
        raise RepositoryError(f"`{name}` is not in this clone, which is shallow", hint=_SHALLOW)
    hint = f"did you mean {', '.join(f'`{display(each)}`' for each in near)}?" if near else "fetch it, or give its id"
    raise RepositoryError(f"`{name}` names no commit of this repository", hint=hint)


def common_base(git: Git, base: str, head: str) -> str:
    """The merge base of two commits, given by full ids.

    Raises:
        RepositoryError: their histories do not meet, or not in what a shallow clone has of them.
    """
    found = git.merge_base(base, head)
    if found is not None:
        return found
    if git.is_shallow():
        raise RepositoryError(
            f"{base[:12]} and {head[:12]} have no common commit in this clone, which is shallow", hint=_SHALLOW
        )
    raise RepositoryError(
        f"{base[:12]} and {head[:12]} have unrelated histories: no commit is common to both",
        hint="check --base and --head",
    )


def upstream_base(git: Git, head: str | None) -> str:
    """The merge base of `head` (a revision; None for HEAD) with what it will be merged into.

    That is its upstream branch, or else the first there is of origin's default branch, origin's main and master, and
    the local main and master.

    Raises:
        RepositoryError: there is none of these, `head` is unknown, or the histories do not meet.
    """
    tip = resolve(git, head or "HEAD")
    for candidate in (f"{head or ''}@{{upstream}}", *_FALLBACKS):
        found = git.try_resolve(candidate)
        if found is not None:
            return common_base(git, found, tip)
    raise RepositoryError(
        "there is no upstream branch to compare with, and neither origin/HEAD, main nor master exists",
        hint="say what to compare with: --base REV",
    )


def _near(git: Git, revision: str) -> list[str]:
    """Branches and tags that may have been meant: the same name on a remote first."""
    names = git.names()
    remote = [name for name in names if name.endswith(f"/{revision}")]
    similar = [name for name in get_close_matches(revision, names, n=3) if name not in remote]
    return (remote + similar)[:3]
