import asyncio
import os
import sys
from pathlib import Path

import pytest

from codedesigner.location.local.process import (
    ProcessLimits,
    ProcessResult,
    clean_environment,
    find_program,
    isolation,
    run_program,
)

LIMITS = ProcessLimits(seconds=20.0, output_bytes=100_000)


def _run(tmp_path: Path, code: str, limits: ProcessLimits = LIMITS) -> ProcessResult:
    work, home = tmp_path / "work", tmp_path / "home"
    work.mkdir()
    home.mkdir()
    command = [sys.executable, "-I", "-c", code]
    return asyncio.run(run_program(command, work=work, home=home, limits=limits))


def test_output_and_code_come_back(tmp_path: Path) -> None:
    result = _run(tmp_path, "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (result.ended, result.returncode, result.stdout, result.stderr) == ("exited", 3, b"out\n", b"err\n")
    assert result.duration_ms > 0


def test_nothing_of_our_environment_is_visible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_canary")
    result = _run(tmp_path, "import os; print(sorted(os.environ)); print(os.environ['HOME'], os.getcwd())")
    assert b"TOKEN" not in result.stdout
    assert str(tmp_path / "home").encode() in result.stdout
    assert str(tmp_path / "work").encode() in result.stdout
    assert set(clean_environment(Path("/x/y"), tmp_path)).isdisjoint({"GITHUB_TOKEN", "PYTHONPATH", "VIRTUAL_ENV"})


def test_standard_input_is_closed(tmp_path: Path) -> None:
    assert _run(tmp_path, "import sys; print(repr(sys.stdin.read()))").stdout == b"''\n"


def test_a_hang_is_ended_with_all_its_children(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time\n"
        "subprocess.Popen([sys.executable, '-c', \"import time; time.sleep(2); open('alive', 'w')\"])\n"
        "time.sleep(60)\n"
    )
    result = _run(tmp_path, code, ProcessLimits(seconds=1.0, output_bytes=1000))
    assert (result.ended, result.returncode) == ("timeout", None)
    asyncio.run(asyncio.sleep(2.0))
    assert not (tmp_path / "work" / "alive").exists()


def test_a_child_left_behind_does_not_hold_us_up(tmp_path: Path) -> None:
    code = "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    result = _run(tmp_path, code, ProcessLimits(seconds=5.0, output_bytes=1000))
    # Where no process namespace ends the child with its parent, it is the time-out that does.
    assert result.ended == ("exited" if isolation() != "none" else "timeout")


def test_too_much_output_ends_it(tmp_path: Path) -> None:
    result = _run(tmp_path, "while True: print('x' * 1000)", ProcessLimits(seconds=20.0, output_bytes=50_000))
    assert (result.ended, result.returncode) == ("output_limit", None)
    assert len(result.stdout) <= 50_000


def test_a_flood_on_stderr_is_cut_not_kept(tmp_path: Path) -> None:
    result = _run(tmp_path, "import sys\nfor _ in range(1000): print('x' * 1000, file=sys.stderr)")
    assert (result.ended, result.returncode) == ("exited", 0)
    assert len(result.stderr) == 65_536
    assert len(result.last_words) <= 300


def test_death_by_signal_is_no_exit(tmp_path: Path) -> None:
    result = _run(tmp_path, "import ctypes; ctypes.string_at(0)")
    assert (result.ended == "killed") or (result.returncode or 0) > 128


def test_cancelling_ends_the_program(tmp_path: Path) -> None:
    code = "import time; time.sleep(2); open('alive', 'w')"
    command = [sys.executable, "-I", "-c", code]

    async def cancel() -> None:
        task = asyncio.create_task(run_program(command, work=tmp_path, home=tmp_path, limits=LIMITS))
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(2.5)

    asyncio.run(cancel())
    assert not (tmp_path / "alive").exists()


def test_what_cannot_start_is_said(tmp_path: Path) -> None:
    gone = tmp_path / "nowhere"
    result = asyncio.run(run_program([str(gone)], work=gone / "work", home=tmp_path, limits=LIMITS))
    assert result.ended == "not_started"


@pytest.mark.skipif(isolation() == "none", reason="this machine offers no namespaces")
def test_there_is_no_network(tmp_path: Path) -> None:
    code = (
        "import socket\n"
        "try:\n    socket.create_connection(('127.0.0.1', 9), timeout=2)\n"
        "except OSError as error:\n    print(error.errno)\n"
        "print(socket.if_nameindex())\n"
    )
    assert b"(1, 'lo')]" in _run(tmp_path, code).stdout


def _executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_a_program_inside_the_repository_is_never_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = _executable(tmp_path / "repo" / "bin" / "canary-tool")
    monkeypatch.setenv("PATH", os.pathsep.join([str(inside.parent), "relative/bin", "."]))
    monkeypatch.chdir(inside.parent)
    assert find_program("canary-tool", forbidden=tmp_path / "repo") is None
    assert find_program("canary-tool") == inside


def test_a_link_into_the_repository_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inside = _executable(tmp_path / "repo" / "canary-tool")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "canary-tool").symlink_to(inside)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert find_program("canary-tool", forbidden=tmp_path / "repo") is None


def test_the_running_pythons_neighbour_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(_executable(tmp_path / "ruff").parent))
    assert find_program("ruff") == Path(sys.executable).parent / "ruff"
