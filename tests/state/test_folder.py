from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from codedesigner.config.environment import from_environment
from codedesigner.state.folder import StoreError, own_file, state_folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_folder_is_the_first_that_somebody_named() -> None:
    home = {"HOME": "/home/ann"}
    assert state_folder(home) == Path("/home/ann/.local/state/codedesigner")
    assert state_folder(home | {"XDG_STATE_HOME": "/var/x"}) == Path("/var/x/codedesigner")
    assert state_folder(home | {"XDG_STATE_HOME": "relative"}) == Path("/home/ann/.local/state/codedesigner")
    own = home | {"XDG_STATE_HOME": "/var/x", "CODEDESIGNER_STATE_DIR": "/ci/cache"}
    assert state_folder(own) == Path("/ci/cache")


def test_the_variable_is_no_unknown_setting() -> None:
    assert from_environment({"CODEDESIGNER_STATE_DIR": "/ci/cache"}, {}) == {}


def test_only_the_caller_can_read_what_is_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "codedesigner" / "answers"
    before = os.umask(0)
    try:
        own_file(path)
    finally:
        os.umask(before)
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    own_file(path)


def test_a_file_that_others_can_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "answers"
    path.touch(0o644)
    own_file(path)
    assert mode(path) == 0o600


def refusal(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        own_file(path)
    return f"{caught.value} {caught.value.hint or ''}"


def test_what_others_could_have_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "answers"
    path.touch()
    path.chmod(0o622)
    assert f"{path} can be written by others chmod go-w {path}" in refusal(path)
    path.chmod(0o600)
    tmp_path.chmod(0o777)
    assert f"{tmp_path} can be written by others" in refusal(path)


def test_only_a_plain_file_will_do(tmp_path: Path) -> None:
    link, pipe, folder = tmp_path / "link", tmp_path / "pipe", tmp_path / "folder"
    link.symlink_to(tmp_path / "elsewhere")
    os.mkfifo(pipe)
    folder.mkdir()
    for path in (link, pipe, folder, pipe / "below"):
        assert str(path) in refusal(path)
    assert not (tmp_path / "elsewhere").exists()


def test_what_is_locked_stays_locked(tmp_path: Path) -> None:
    """Closing any file descriptor of a file takes from its process every lock that it has on the file."""
    path = tmp_path / "answers"
    own_file(path)
    look = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with path.open("r+") as held:
        fcntl.lockf(held, fcntl.LOCK_SH)
        own_file(path)
        other = subprocess.run([sys.executable, "-c", look, str(path)], capture_output=True, text=True, check=False)
    assert "BlockingIOError" in other.stderr
