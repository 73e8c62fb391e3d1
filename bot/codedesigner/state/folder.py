"""Where codedesigner keeps what outlives a process, and whether nobody else can write there."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from codedesigner.config.environment import STATE_DIR
from codedesigner.errors import CodedesignerError


class StoreError(CodedesignerError):
    """What is kept cannot be used: broken, locked, or open to others. Reviewing goes on without it."""


def state_folder(environ: Mapping[str, str]) -> Path:
    """`$CODEDESIGNER_STATE_DIR`, else `codedesigner` in `$XDG_STATE_HOME`, else in `~/.local/state`.

    A relative `$XDG_STATE_HOME` is ignored, as the XDG Base Directory Specification demands.

    Raises:
        StoreError: there is no home directory to put it in.
    """
    own = environ.get(STATE_DIR, "").strip()
    if own:
        return Path(own).absolute()
    shared = Path(environ.get("XDG_STATE_HOME", ""))
    if shared.is_absolute():
        return shared / "codedesigner"
    try:
        home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    except RuntimeError as error:
        raise StoreError("there is no home directory", hint=f"set {STATE_DIR} to a folder of your own") from error
    return home / ".local" / "state" / "codedesigner"


def own_file(path: Path) -> None:
    """Makes `path` and its folder where they are missing, readable and writable by the caller alone.

    Raises:
        StoreError: it cannot be made, is no plain file, or somebody else could have written it.
    """
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _only_mine(path.parent, path.parent.stat())
        # NONBLOCK: a pipe in its place must not make us wait for its other end.
        extra = (getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_CLOEXEC", "O_NONBLOCK"))
        opened = os.open(path, sum(extra, os.O_RDWR | os.O_CREAT), 0o600)
        try:
            found = os.fstat(opened)
        finally:
            os.close(opened)
        if not stat.S_ISREG(found.st_mode):
            raise StoreError(f"{path} is no file")
        _only_mine(path, found)
        path.chmod(0o600)
    except OSError as error:
        raise StoreError(f"{path} cannot be used: {error.strerror or error}") from error


def _only_mine(path: Path, found: os.stat_result) -> None:
    if not hasattr(os, "getuid"):
        return  # Windows gives a user's folders to that user
    if found.st_uid != os.getuid():
        raise StoreError(f"{path} belongs to another user", hint=f"set {STATE_DIR} to a folder of your own")
    if found.st_mode & 0o022:
        raise StoreError(f"{path} can be written by others", hint=f"chmod go-w {path}")
