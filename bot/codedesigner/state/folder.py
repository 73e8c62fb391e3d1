"""Where codedesigner keeps what outlives a process, and whether nobody else can write there."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock

from codedesigner.config.environment import STATE_DIR
from codedesigner.errors import CodedesignerError

_MODE = 0o600
_making = Lock()


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

    A file that is there is not opened: to close it would take from this process all locks that SQLite has on it
    (https://sqlite.org/howtocorrupt.html, 2.2), and another process would then take away the log that it writes to.

    Raises:
        StoreError: it cannot be made, is no plain file, or somebody else could have written it.
    """
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _only_mine(path.parent, path.parent.stat())
        with _making:
            _made(path)
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode):
            raise StoreError(f"{path} cannot be used: it is no plain file")
        _only_mine(path, found)
        if stat.S_IMODE(found.st_mode) != _MODE:
            path.chmod(_MODE)
    except OSError as error:
        raise StoreError(f"{path} cannot be used: {error.strerror or error}") from error


def _made(path: Path) -> None:
    """Makes it where it is missing. No other thread may take it for made before it is closed."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), _MODE))


def _only_mine(path: Path, found: os.stat_result) -> None:
    if not hasattr(os, "getuid"):
        return  # Windows gives a user's folders to that user
    if found.st_uid != os.getuid():
        raise StoreError(f"{path} belongs to another user", hint=f"set {STATE_DIR} to a folder of your own")
    if found.st_mode & 0o022:
        raise StoreError(f"{path} can be written by others", hint=f"chmod go-w {path}")
