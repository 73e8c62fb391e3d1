"""Files of the work tree, read and replaced without following a symlink and without leaving the repository."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from codedesigner.change.model import encode

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a pipe must not wait for somebody to write into it.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class DiskFile:
    """What lies at a path. `content` is the target for a symlink, and None for a file over the limit."""

    mode: Literal["100644", "100755", "120000"]
    content: bytes | None


def inside(path: str) -> bool:
    """Whether `path` stays in the repository and out of its `.git`."""
    parts = PurePosixPath(path).parts
    return (
        bool(parts)
        and not path.startswith("/")
        and "\0" not in path
        and ".." not in parts
        and all(part.lower() != ".git" for part in parts)
    )


def read_disk(top: Path, path: str, *, limit: int) -> DiskFile | None:
    """The file at `path` below `top`; None where there is none, or where a symlink lies on the way to it."""
    if not inside(path):
        return None
    try:
        with _parent(top, path) as (folder, name):
            return _read_entry(folder, name, limit)
    except OSError:
        return None  # gone, unreadable, or not what it was when git listed it


def replace_disk(top: Path, path: str, expected: bytes, content: bytes) -> bool:
    """Put `content` in the place of the regular file at `path` that holds `expected`; False where there is none.

    No symlink is followed. Whoever reads the file sees the one or the other, whole, and its mode stays as it is.

    Raises:
        OSError: it cannot be written; then it is as it was.
    """
    if not inside(path):
        return False
    with ExitStack() as opened:
        try:
            folder, name = opened.enter_context(_parent(top, path))
            if not stat.S_ISREG(os.lstat(name, dir_fd=folder).st_mode):
                return False
            file = opened.enter_context(os.fdopen(os.open(name, _FILE, dir_fd=folder), "rb"))
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.EMLINK):  # a symlink, as one system or another calls it
                return False
            raise
        found = os.fstat(file.fileno())
        if file.read(len(expected) + 1) != expected:
            return False
        _put(folder, name, content, found)
    return True


def _put(folder: int, name: bytes, content: bytes, like: os.stat_result) -> None:
    draft = f".codedesigner-{secrets.token_hex(8)}".encode()
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            with suppress(PermissionError):  # only root gives files away; the new one is then the writer's
                os.fchown(file.fileno(), like.st_uid, like.st_gid)
            os.fchmod(file.fileno(), stat.S_IMODE(like.st_mode))
            os.fsync(file.fileno())
        os.replace(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        os.unlink(draft, dir_fd=folder)
        raise


@contextmanager
def _parent(top: Path, path: str) -> Iterator[tuple[int, bytes]]:
    """The open folder that `path` lies in, reached without following a symlink, and the name there."""
    *folders, name = PurePosixPath(path).parts
    opened = [os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
    try:
        for folder in folders:
            opened.append(os.open(encode(folder), _FOLDER, dir_fd=opened[-1]))
        yield opened[-1], encode(name)
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _read_entry(folder: int, name: bytes, limit: int) -> DiskFile | None:
    found = os.lstat(name, dir_fd=folder)
    if stat.S_ISLNK(found.st_mode):
        return DiskFile("120000", os.readlink(name, dir_fd=folder))
    if not stat.S_ISREG(found.st_mode):
        return None
    with os.fdopen(os.open(name, _FILE, dir_fd=folder), "rb") as file:
        content = file.read(limit + 1)
    mode: Literal["100644", "100755"] = "100755" if found.st_mode & stat.S_IXUSR else "100644"
    return DiskFile(mode, content if len(content) <= limit else None)
