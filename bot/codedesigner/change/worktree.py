"""Files of the work tree, read without following a symlink and without leaving the repository."""

from __future__ import annotations

import os
import stat
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
    *folders, name = PurePosixPath(path).parts
    opened = [os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)]
    try:
        for folder in folders:
            opened.append(os.open(encode(folder), _FOLDER, dir_fd=opened[-1]))
        return _read_entry(opened[-1], encode(name), limit)
    except OSError:
        return None  # gone, unreadable, or not what it was when git listed it
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
