"""The two sides of a file, from its hunks and from files that may be one of the sides. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

from codedesigner.change.apply import apply_hunks, reverse_hunks
from codedesigner.change.model import FileChange, Hunk, Line, NotReviewed, decode, split_lines
from codedesigner.errors import DiffError

_SYMLINK = "120000"
_SUBMODULE = "160000"
_SNIFFED = 8000  # bytes in which a NUL makes git call a file binary (`buffer_is_binary` in its xdiff-interface.c)


@dataclass(frozen=True, slots=True)
class Sides:
    """The whole file before and after; None where a side does not exist or is not known."""

    old: bytes | None = None
    new: bytes | None = None


def is_binary(content: bytes) -> bool:
    """Whether git, left to itself, would call this content binary."""
    return b"\0" in content[:_SNIFFED]


def is_regular(mode: str | None) -> bool:
    """Whether a mode is that of a regular file; a mode that the diff does not tell is taken for one."""
    return mode not in (_SYMLINK, _SUBMODULE)


def special(file: FileChange) -> NotReviewed | None:
    """Why the content of `file` is not text to review, whatever it is; None for a text file.

    The new side decides, or the old side where the file is deleted.
    """
    mode = file.new_mode or file.old_mode
    if mode == _SUBMODULE:
        return "submodule"
    if mode == _SYMLINK:
        return "symlink"
    return "binary" if file.binary else None


def finish(file: FileChange, sides: Sides, *, too_large: bool, limit: int) -> FileChange:
    """`file` with the contents that may be kept and with the reason, if any, why it cannot be reviewed.

    `limit` is in bytes for each side; `too_large` says that a side was left unread for its size already.
    """
    old, new = (
        None if content is None or len(content) > limit or file.binary or not is_regular(mode) else content
        for content, mode in ((sides.old, file.old_mode), (sides.new, file.new_mode))
    )
    cut = too_large or any(content is not None and len(content) > limit for content in (sides.old, sides.new))
    return replace(file, old=old, new=new, unread=special(file) or _unread(file, old, new, cut=cut))


def _unread(file: FileChange, old: bytes | None, new: bytes | None, *, cut: bool) -> NotReviewed | None:
    if file.unread is not None:
        return file.unread
    needed = old if file.status == "deleted" else new
    if cut and needed is None:
        return "too_large"
    if not file.hunks:
        return "no_lines"
    return "content_unavailable" if needed is None else None


def whole_sides(file: FileChange) -> Sides | None:
    """The sides of a file whose hunks hold all of it: created, deleted, or changed in type. None for others."""
    if file.status == "added":
        return Sides(new=apply_hunks(b"", file.hunks))
    if file.status == "deleted":
        return Sides(old=apply_hunks(b"", reverse_hunks(file.hunks)))
    if file.status == "type_changed":
        gone = [hunk for hunk in file.hunks if not hunk.new_count]
        come = [hunk for hunk in file.hunks if not hunk.old_count]
        return Sides(apply_hunks(b"", reverse_hunks(gone)), apply_hunks(b"", come))
    return None


def fit_sides(file: FileChange, olds: Iterable[bytes], news: Iterable[bytes]) -> Sides | None:
    """The sides of `file` by the candidates that its hunks fit exactly, as the old file or as the new one.

    A change that repeats a line fits both before and after it was made. So a pair that has the ids of the diff wins,
    whatever its place; without ids, the first that fits.
    """
    back = reverse_hunks(file.hunks)
    forwards = (Sides(old, new) for old in olds if (new := _fit(old, file.hunks)) is not None)
    backwards = (Sides(old, new) for new in news if (old := _fit(new, back)) is not None)
    fitting = [*forwards, *backwards]
    proven = (sides for sides in fitting if has_id(sides.old, file.old_oid) and has_id(sides.new, file.new_oid))
    return next(proven, next(iter(fitting), None))


def _fit(content: bytes, hunks: tuple[Hunk, ...]) -> bytes | None:
    if not _reaches_end(content, hunks):
        return None
    try:
        return apply_hunks(content, hunks)
    except DiffError:
        return None


def _reaches_end(content: bytes, hunks: tuple[Hunk, ...]) -> bool:
    """Whether a hunk that shows context, but none at its end, stands at the end of the file, as `git apply` demands."""
    if not hunks:
        return True
    last = hunks[-1]
    kinds = [line.kind for line in last.lines]
    if "context" not in kinds or kinds[-1] == "context":
        return True
    lines = content.count(b"\n") + (not content.endswith(b"\n") and bool(content))
    return last.old_start + last.old_count - 1 == lines


def has_id(content: bytes | None, oid: str | None) -> bool:
    """Whether git would store `content` under an id that starts with `oid`."""
    if content is None or oid is None:
        return False
    stored = b"blob %d\0" % len(content) + content
    # Git's own ids, not a guard against forgery.
    return hashlib.sha1(stored, usedforsecurity=False).hexdigest().startswith(oid) or (
        hashlib.sha256(stored).hexdigest().startswith(oid)
    )


def new_file(path: str, mode: str, content: bytes) -> FileChange:
    """An added file, as git would print it if it were tracked."""
    binary = is_binary(content)
    texts = [] if binary else split_lines(decode(content))
    ends = content.endswith(b"\n")
    lines = tuple(
        Line("added", None, number, text, newline=ends or number < len(texts)) for number, text in enumerate(texts, 1)
    )
    hunks = (Hunk(0, 0, 1, len(lines), "", lines),) if lines else ()
    return FileChange(path, None, "added", binary, len(lines), 0, hunks, new_mode=mode, new=content)
