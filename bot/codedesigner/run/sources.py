"""Which files may say something about a change's functions, each with the reason; their contents, read from git.

Code is that of the commit that the change leads to: who calls what is a fact of that commit, and names alone are taken
from it. Documents are those of the commit that the change starts from, so that no change writes its own praise. Nothing
else is a source: nothing outside the repository is ever looked at, whatever a text names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, Literal

from codedesigner.change.git import Git
from codedesigner.change.languages import WITH_GRAMMAR, language_of
from codedesigner.change.model import Change
from codedesigner.change.nearby import Choice, NearbyLimits, choose, contents
from codedesigner.errors import RepositoryError
from codedesigner.run.documents import is_document

SourceKind = Literal["code", "document", "issue"]

DOCUMENTS: Final = NearbyLimits(files=300, total_bytes=3_000_000, file_bytes=200_000)
CODE: Final = NearbyLimits()
MOST_NAMED = 8  # of the sources that are refused for one reason
TOO_LARGE = "it is too large"
TOO_FAR = "it is further from the change than what is read"
BINARY = "it is binary"
NO_TEXT = "its name is not text"
ADDED = "the change adds it: documents count as they were before"
NOT_HERE = "it cannot be read from the clone"

_FULL_ID: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

Excluded = Callable[[str], str | None]
"""Why the configuration leaves a path out; None where it does not."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Sources that are not trusted for one reason: how many, and the names of the first."""

    kind: SourceKind
    reason: str
    count: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sources:
    """What is read: `changed` files as the change has them, `code` at `head`, `documents` at `base`, nearest first.

    A commit is empty where none is read from. `complete`: these are all files that are code. `notes` say what is
    missing beside what is refused.
    """

    head: str = ""
    base: str = ""
    changed: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()
    complete: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contents:
    """The texts of the files beside the change, by path, nearest first."""

    code: Mapping[str, bytes] = field(default_factory=dict)
    documents: Mapping[str, bytes] = field(default_factory=dict)


_No = tuple[SourceKind, str, str]  # kind, path, reason


def judge(change: Change, git: Git | None, excluded: Excluded) -> tuple[Sources, Contents]:
    """Which files may be read, and what they hold. Without `git`, the files of the change are all there is."""
    changed, refused = _changed(change, excluded)
    if git is None:
        notes = ("there is no clone: no file beside the change is read",)
        return Sources(changed=changed, refused=_grouped(refused), notes=notes), Contents()
    try:
        return _judged(change, git, excluded, changed, refused)
    except RepositoryError as error:  # what is half read differs from run to run
        notes = (f"the clone cannot be read within its limits: {error.message}",)
        return Sources(changed=changed, refused=_grouped(refused), notes=notes), Contents()


def read(git: Git | None, sources: Sources) -> Contents:
    """What the files hold that were judged before.

    Raises:
        RepositoryError: a commit cannot be read, or not all of them are there any more.
    """
    if git is None:
        return Contents()
    found = Contents(_at(git, sources.head, sources.code, CODE), _at(git, sources.base, sources.documents, DOCUMENTS))
    if len(found.code) < len(sources.code) or len(found.documents) < len(sources.documents):
        raise RepositoryError("files that were there before cannot be read any more")
    return found


def _changed(change: Change, excluded: Excluded) -> tuple[tuple[str, ...], list[_No]]:
    kept: list[str] = []
    refused: list[_No] = []
    for file in change.files:
        if file.new is None or file.unread is not None:
            continue
        reason = _name_reason(file.path, excluded)
        if reason is None:
            kept.append(file.path)
        elif language_of(file.path) in WITH_GRAMMAR:
            refused.append(("code", file.path, reason))
    return tuple(kept), refused


def _judged(
    change: Change, git: Git, excluded: Excluded, changed: tuple[str, ...], refused: list[_No]
) -> tuple[Sources, Contents]:
    touched = {path for file in change.files for path in (file.path, file.old_path) if path is not None}
    head = change.head if _FULL_ID.fullmatch(change.head) else git.try_resolve("HEAD") or ""
    base = change.base if _FULL_ID.fullmatch(change.base) else ""
    code = _wanted(git, head, lambda path: path not in touched and language_of(path) in WITH_GRAMMAR)
    prose = _wanted(git, base, is_document)
    documents, beside = _chosen(git, prose, touched, DOCUMENTS, "document", excluded)
    refused += beside
    refused += [
        ("document", file.path, ADDED) for file in change.files if is_document(file.path) and file.status == "added"
    ]
    files, beside = _chosen(git, code, touched, CODE, "code", excluded)
    refused += beside
    incomplete = any(reason in (TOO_LARGE, TOO_FAR, NOT_HERE) for kind, _, reason in beside)
    return (
        Sources(
            head,
            base,
            changed,
            tuple(files),
            tuple(documents),
            _grouped(refused),
            complete=bool(head) and not incomplete,
        ),
        Contents(files, documents),
    )


def _wanted(git: Git, commit: str, wanted: Callable[[str], bool]) -> dict[str, str]:
    """The ids of the regular files of a commit that are wanted, by path."""
    if not commit:
        return {}
    return {path: entry.oid for path, entry in git.tree(commit).items() if entry.is_file and wanted(path)}


def _chosen(
    git: Git, files: Mapping[str, str], touched: set[str], limits: NearbyLimits, kind: SourceKind, excluded: Excluded
) -> tuple[dict[str, bytes], list[_No]]:
    """The contents of those that may be read, and why the others may not."""
    refused: list[_No] = []
    named: dict[str, str] = {}
    for path, oid in files.items():
        reason = _name_reason(path, excluded)
        if reason is None:
            named[path] = oid
        else:
            refused.append((kind, path, reason))
    choice: Choice = choose(git, named, touched, limits)
    found = contents(git, choice.oids, limits)
    binary = [path for path, content in found.items() if b"\0" in content]
    missing = [path for path in choice.oids if path not in found]
    for paths, reason in (
        (choice.too_large, TOO_LARGE),
        (choice.too_far, TOO_FAR),
        (binary, BINARY),
        (missing, NOT_HERE),
    ):
        refused += [(kind, path, reason) for path in paths]
    return {path: content for path, content in found.items() if b"\0" not in content}, refused


def _name_reason(path: str, excluded: Excluded) -> str | None:
    try:
        path.encode()
    except UnicodeEncodeError:
        return NO_TEXT
    return excluded(path)


def _grouped(refused: Iterable[_No]) -> tuple[Refused, ...]:
    """By reason, in a fixed order; the number of all, and the names of the first."""

    def groups() -> Iterator[Refused]:
        ordered = sorted(refused, key=lambda one: (one[0], one[2], one[1].encode("utf-8", "surrogateescape")))
        for (kind, reason), members in groupby(ordered, key=lambda one: (one[0], one[2])):
            paths = [path for _, path, _ in members]
            shown = tuple(path.encode("utf-8", "replace").decode() for path in paths[:MOST_NAMED])
            yield Refused(kind, reason, len(paths), shown)

    return tuple(groups())


def _at(git: Git, commit: str, paths: tuple[str, ...], limits: NearbyLimits) -> dict[str, bytes]:
    if not commit or not paths:
        return {}
    tree = git.tree(commit)
    return contents(git, {path: tree[path].oid for path in paths if path in tree and tree[path].is_file}, limits)
