"""The change to review: from a range of commits, from the work tree, or from a diff that somebody hands in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from codedesigner.change.contents import Sides, finish, fit_sides, is_binary, is_regular, new_file, special, whole_sides
from codedesigner.change.diff import parse_diff
from codedesigner.change.git import Git, TreeEntry
from codedesigner.change.history import common_base, resolve, upstream_base
from codedesigner.change.model import Change, FileChange
from codedesigner.change.worktree import read_disk
from codedesigner.errors import DiffError, RepositoryError

_FULL_IDS = (40, 64)  # characters of a SHA-1 and of a SHA-256 id
_PATHS_A_CALL = 200  # paths given to one git process, well below what a command line may hold


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """What reading a change may cost. What is over the first two is kept, marked `too_large`.

    `file_bytes` is for each side of a file, `diff_lines` for the hunks of all files together, `seconds` for each call
    of git.
    """

    file_bytes: int = 1_000_000
    diff_lines: int = 1_000_000
    seconds: float = 60.0


def read_range(repo: Path, base: str | None, head: str | None, limits: ReadLimits, *, exact: bool = False) -> Change:
    """What `head` changes since it left `base`, that is, since the merge base of the two.

    Without `head`, the work tree is read: tracked files, and files that are neither tracked nor ignored. Without
    `base`, the branch that the head will be merged into is looked for. With `exact`, `base` is the merge base. A
    change of nothing has no files.

    Raises:
        RepositoryError: there is no repository, a revision is unknown, history is too short, or git hit a limit.
    """
    git = Git(repo, seconds=limits.seconds)
    tip = resolve(git, head or "HEAD")
    if base is None:
        start = upstream_base(git, head)
    else:
        start = resolve(git, base) if exact else common_base(git, resolve(git, base), tip)
    commit = None if head is None else tip
    files = _tracked_files(git, start, commit, limits)
    if commit is None:
        files += _untracked_files(git, limits, limits.diff_lines - _hunk_lines(files))
    return Change(repo=str(git.top), base=start, head=commit or "worktree", files=tuple(files))


def read_diff(data: bytes, repo: Path | None, limits: ReadLimits) -> Change:
    """The change that a diff describes, with the contents that can be had.

    They come from the objects of `repo` that the diff names by full ids, from its HEAD or its work tree where the
    hunks fit at exactly the lines they name (forwards or backwards), and from the diff itself where it holds the whole
    file. A folder that is no repository serves as a work tree.

    Raises:
        DiffError: `data` is not a diff.
        RepositoryError: `repo` is not a folder, or git hit a limit.
    """
    files = parse_diff(data, line_limit=limits.diff_lines)
    place = _Place.open(repo, files, limits)
    return Change(
        repo="" if place.top is None else str(place.top),
        base="diff",
        head="diff",
        files=tuple(_from_place(file, place) for file in files),
    )


def _tracked_files(git: Git, start: str, commit: str | None, limits: ReadLimits) -> list[FileChange]:
    files = list(parse_diff(git.diff(start, commit), line_limit=limits.diff_lines))
    files = _identified(git, start, files)
    oids = [oid for file in files if special(file) != "submodule" for oid in (file.old_oid, file.new_oid) if oid]
    blobs = git.blobs(oids, limit=limits.file_bytes)
    files = _reveal(git, start, commit, files, blobs, limits)
    return [_with_sides(file, blobs, limits.file_bytes) for file in files]


def _identified(git: Git, start: str, files: Sequence[FileChange]) -> list[FileChange]:
    """`files` with the ids and modes that git leaves out of a header when the content did not change."""
    nameless = [file for file in files if file.old_oid is None and file.new_oid is None]
    entries: dict[str, TreeEntry] = {}
    for some in _chunks([file.old_path or file.path for file in nameless]):
        entries |= git.tree(start, some)
    known: list[FileChange] = []
    for file in files:
        entry = entries.get(file.old_path or file.path)
        if entry is not None and file.old_oid is None and file.new_oid is None:
            modes = file.old_mode or entry.mode, file.new_mode or entry.mode
            file = replace(file, old_oid=entry.oid, new_oid=entry.oid, old_mode=modes[0], new_mode=modes[1])
        known.append(file)
    return known


def _reveal(
    git: Git,
    start: str,
    commit: str | None,
    files: list[FileChange],
    blobs: Mapping[str, bytes | None],
    limits: ReadLimits,
) -> list[FileChange]:
    """`files` with the text of those that only an attribute calls binary.

    `*.py -diff` in the `.gitattributes` of the change would otherwise hide it from the review.
    """
    hidden = [file for file in files if file.binary and _is_text(git, commit, file, blobs, limits)]
    shown: dict[str, FileChange] = {}
    for some in _chunks(hidden):
        paths = sorted({path for file in some for path in (file.path, file.old_path) if path is not None})
        left = limits.diff_lines - _hunk_lines(files) - _hunk_lines(shown.values())
        data = git.diff(start, commit, text=True, paths=paths)
        shown |= {file.path: file for file in parse_diff(data, line_limit=left)}
    wanted = {file.path for file in hidden}
    return [shown.get(file.path, file) if file.path in wanted else file for file in files]


def _is_text(
    git: Git, commit: str | None, file: FileChange, blobs: Mapping[str, bytes | None], limits: ReadLimits
) -> bool:
    """Whether both sides of a file that git calls binary are known, and are text."""
    sides: list[bytes | None] = [] if file.old_oid is None else [blobs.get(file.old_oid)]
    if commit is not None and file.new_oid is not None:
        sides.append(blobs.get(file.new_oid))
    elif commit is None and file.status != "deleted":
        disk = read_disk(git.top, file.path, limit=limits.file_bytes)
        sides.append(None if disk is None else disk.content)
    return bool(sides) and all(side is not None and not is_binary(side) for side in sides)


def _with_sides(file: FileChange, blobs: Mapping[str, bytes | None], limit: int) -> FileChange:
    """`file` with its contents. The new side of a work tree is not in the objects and follows from the hunks.

    That is what git compared, line for line: the file on disk may have other line ends, or have changed since.
    """
    if special(file) is not None or file.unread is not None:
        kept = Sides(old=blobs.get(file.old_oid or "")) if file.unread is None else Sides()
        return finish(file, kept, too_large=False, limit=limit)
    old, new = blobs.get(file.old_oid or ""), blobs.get(file.new_oid or "")
    too_large = any(oid in blobs and blobs[oid] is None for oid in (file.old_oid, file.new_oid) if oid is not None)
    if new is None and file.new_oid not in blobs and file.status != "deleted":
        sides = whole_sides(file) or (None if old is None else fit_sides(file, [old], []))
        new = None if sides is None else sides.new
    return finish(file, Sides(old, new), too_large=too_large, limit=limit)


def _untracked_files(git: Git, limits: ReadLimits, lines_left: int) -> list[FileChange]:
    files: list[FileChange] = []
    for path in sorted(git.untracked()):
        file = _untracked_file(git.top, path, limits)
        lines = _hunk_lines([file])
        if lines > lines_left:
            file = replace(file, hunks=(), new=None, unread="too_large")
        else:
            lines_left -= lines
        files.append(file)
    return files


def _untracked_file(top: Path, path: str, limits: ReadLimits) -> FileChange:
    empty = FileChange(path, None, "added", binary=False, added=0, removed=0, hunks=())
    if path.endswith("/"):  # a repository of its own
        return replace(empty, path=path.rstrip("/"), new_mode="160000", unread="submodule")
    disk = read_disk(top, path, limit=limits.file_bytes)
    if disk is None:
        return replace(empty, unread="content_unavailable")
    if disk.content is None:
        return replace(empty, new_mode=disk.mode, unread="too_large")
    file = new_file(path, disk.mode, disk.content)
    return finish(file, Sides(new=file.new), too_large=False, limit=limits.file_bytes)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the contents of a diff may be found: objects by id, the files of HEAD, a folder."""

    top: Path | None
    limits: ReadLimits
    head: Mapping[str, TreeEntry]
    blobs: Mapping[str, bytes | None]

    @classmethod
    def open(cls, repo: Path | None, files: Sequence[FileChange], limits: ReadLimits) -> _Place:
        if repo is None:
            return cls(None, limits, {}, {})
        if not repo.is_dir():
            raise RepositoryError(f"{repo} is not a folder", hint="give the folder that the diff belongs to")
        try:
            git = Git(repo, seconds=limits.seconds)
        except RepositoryError:
            return cls(repo.resolve(), limits, {}, {})
        commit = git.try_resolve("HEAD")
        tree = git.tree(commit) if commit is not None else {}
        named = {path for file in files for path in (file.path, file.old_path) if path is not None}
        head = {path: entry for path, entry in tree.items() if path in named and entry.is_file}
        ids = {oid for file in files for oid in (file.old_oid, file.new_oid) if oid and len(oid) in _FULL_IDS}
        return cls(git.top, limits, head, git.blobs(ids | {e.oid for e in head.values()}, limit=limits.file_bytes))

    def candidates(self, oid: str | None, path: str) -> Iterator[bytes | None]:
        """Contents that may be the side with this id and path, likeliest first; None for one over the limit."""
        if oid is not None and oid in self.blobs:
            yield self.blobs[oid]
        if path in self.head and self.head[path].oid in self.blobs:
            yield self.blobs[self.head[path].oid]
        disk = None if self.top is None else read_disk(self.top, path, limit=self.limits.file_bytes)
        if disk is not None and is_regular(disk.mode):
            yield disk.content


def _from_place(file: FileChange, place: _Place) -> FileChange:
    limit = place.limits.file_bytes
    if special(file) is not None or file.unread is not None:
        return finish(file, Sides(), too_large=False, limit=limit)
    try:
        whole = whole_sides(file)
    except DiffError:  # it says that it is all of a new file, and is not
        whole = Sides()
    if whole is not None:
        return finish(file, whole, too_large=False, limit=limit)
    olds = list(place.candidates(file.old_oid, file.old_path or file.path))
    news = list(place.candidates(file.new_oid, file.path))
    sides = fit_sides(file, _read(olds), _read(news))
    return finish(file, sides or Sides(), too_large=sides is None and None in (*olds, *news), limit=limit)


def _read(contents: Sequence[bytes | None]) -> Iterator[bytes]:
    return (content for content in contents if content is not None)


def _hunk_lines(files: Iterable[FileChange]) -> int:
    return sum(len(hunk.lines) for file in files for hunk in file.hunks)


_T = TypeVar("_T")


def _chunks(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    return (items[at : at + _PATHS_A_CALL] for at in range(0, len(items), _PATHS_A_CALL))
