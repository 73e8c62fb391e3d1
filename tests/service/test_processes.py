"""Children of workers: known by their start, ended after a hard kill, and never anybody else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from codedesigner.service.events import ServiceEvent
from codedesigner.service.processes import Children, Process, descendants, host_name, is_gone, look, worker_name

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc here")

WORKER = """
import subprocess, sys, time
from pathlib import Path
from codedesigner.service.processes import Children
child = subprocess.Popen(["sleep", "60"], start_new_session=True)
Children(Path(sys.argv[1])).note()
print(child.pid, flush=True)
time.sleep(60)
"""


def gone(pid: int) -> bool:
    for _ in range(200):
        if look(pid) is None:
            return True
        time.sleep(0.01)
    return False


def test_what_a_killed_worker_leaves_is_ended_by_the_next(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", WORKER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        child = int(worker.stdout.readline())
        assert Children(tmp_path).reap() == [], "its worker lives"
        assert look(child) is not None
        worker.kill()
    assert [one.pid for one in Children(tmp_path).reap()] == [child]
    assert gone(child)
    assert Children(tmp_path).reap() == []


def test_an_id_that_was_given_away_again_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        there = look(other.pid)
        assert there is not None
        said = {"worker": [999_999, 1], "children": [[other.pid, there.started - 1], ["x", 1], [1, 1], None]}
        (tmp_path / "children-999999.json").write_text(json.dumps(said))
        assert Children(tmp_path).reap() == []
        assert look(other.pid) == there
        other.kill()


@pytest.mark.parametrize("text", ["", "[]", '{"worker": 1, "children": 2}', "\0"])
def test_a_register_that_is_none_ends_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "children-7.json").write_text(text)
    assert Children(tmp_path).reap() == []
    assert list(tmp_path.iterdir()) == []


def test_descendants_are_children_and_theirs() -> None:
    script = "sleep 60 & echo $!; wait"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True) as shell:
        assert shell.stdout is not None
        grandchild = int(shell.stdout.readline())
        assert {shell.pid, grandchild} <= {one.pid for one in descendants(os.getpid())}
        os.killpg(shell.pid, signal.SIGKILL)


def test_a_worker_is_gone_when_its_process_is_and_only_where_that_can_be_known() -> None:
    own = look(os.getpid())
    assert own is not None
    assert not is_gone(worker_name())
    assert is_gone(f"{host_name()}/{os.getpid()}/{own.started - 1}")
    assert is_gone(f"{host_name()}/999999/5")
    assert not is_gone("elsewhere/1/999999/5")
    assert not is_gone("w")
    assert not is_gone(f"{host_name()}/999999/0")
    assert look(os.getpid()) == Process(os.getpid(), own.started)


def test_what_cannot_be_ended_read_or_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[ServiceEvent] = []

    def forbidden(_pid: int, _signal: int) -> None:
        raise PermissionError

    with subprocess.Popen(["sleep", "60"]) as other:
        there = look(other.pid)
        assert there is not None
        said = {"worker": [999_999, 1], "children": [[there.pid, there.started]]}
        (tmp_path / "children-999999.json").write_text(json.dumps(said))
        (tmp_path / "children-999998.json").write_text("{")
        with monkeypatch.context() as patched:
            patched.setattr("os.kill", forbidden)
            assert Children(tmp_path, listen=heard.append).reap() == []
        other.kill()
    (tmp_path / "file").write_text("")
    Children(tmp_path / "file", listen=heard.append).note()
    assert [one.name for one in heard] == [
        "gateway.orphan_cleanup_failed",
        "gateway.orphan_permission_denied",
        "gateway.pid_write_failed",
    ]
