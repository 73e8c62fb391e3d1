"""Running a program on hostile files: no shell, no secrets, no network where the machine allows, no orphan left."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

Ended = Literal["exited", "killed", "timeout", "output_limit", "not_started"]
Isolation = Literal["bwrap", "unshare", "none"]

_CHUNK = 65_536
_STDERR_KEPT = 65_536
_LAST_WORDS_SECONDS = 2.0
# Address space stays unlimited: the Haskell, Go and Rust programs reserve far more than they use.
_PRLIMIT = ("prlimit", "--core=0", "--fsize=67108864", "--nofile=1024", "--data=4294967296")
_UNSHARE = ("unshare", "--user", "--map-root-user", "--net", "--ipc", "--pid", "--fork", "--kill-child=KILL")
_SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """How a program ended and what it printed. `returncode` is None where it never started or was killed by us."""

    ended: Ended
    returncode: int | None
    stdout: bytes
    stderr: bytes
    duration_ms: float

    @property
    def last_words(self) -> str:
        """The end of what it printed on stderr, for a message of one line."""
        return " ".join(self.stderr.decode("utf-8", "replace").split())[-300:]


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """Wall clock in seconds and bytes of standard output."""

    seconds: float
    output_bytes: int


def find_program(name: str, *, forbidden: Path | None = None) -> Path | None:
    """The executable `name`: beside the running Python first, then on PATH, never inside `forbidden` by way of PATH."""
    beside = Path(sys.executable).parent / name
    if beside.is_file() and os.access(beside, os.X_OK):
        return beside
    for entry in os.environ.get("PATH", "").split(os.pathsep):
        folder = Path(entry)
        if not folder.is_absolute() or (forbidden is not None and _inside(folder, forbidden)):
            continue
        found = shutil.which(name, path=str(folder))
        if found is not None and not (forbidden is not None and _inside(Path(found), forbidden)):
            return Path(found)
    return None


def _inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


@cache
def isolation() -> Isolation:
    """The strongest way of taking network and processes away that works on this machine; tried once."""
    if _works(_bwrap(Path("/tmp"))):  # noqa: S108 - only a folder that is there to bind
        return "bwrap"
    return "unshare" if _works(_UNSHARE) else "none"


@cache
def _limits_work() -> bool:
    return _works(_PRLIMIT)


def _works(wrapper: Sequence[str]) -> bool:
    try:
        done = subprocess.run(
            [*wrapper, "true"], stdin=subprocess.DEVNULL, capture_output=True, timeout=5, check=False,
            env={"PATH": _SYSTEM_PATH},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _bwrap(work: Path) -> tuple[str, ...]:
    return (
        "bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc",
        "--bind", str(work), str(work), "--chdir", str(work),
    )  # fmt: skip


def wrapped(command: Sequence[str], work: Path) -> list[str]:
    """`command` inside whatever isolation and limits this machine offers."""
    limits = _PRLIMIT if _limits_work() else ()
    match isolation():
        case "bwrap":
            return [*limits, *_bwrap(work), *command]
        case "unshare":
            return [*_UNSHARE, *limits, *command]
        case "none":
            return [*limits, *command]


def clean_environment(program: Path, home: Path) -> dict[str, str]:
    """All that a program gets to know: where programs are, an empty home, and to print plain UTF-8."""
    return {
        "PATH": f"{program.parent}{os.pathsep}{_SYSTEM_PATH}",
        "HOME": str(home),
        "TMPDIR": str(home),
        "XDG_CONFIG_HOME": str(home),
        "XDG_CACHE_HOME": str(home),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONSAFEPATH": "1",
        "PYTHONHASHSEED": "0",
    }


async def run_program(command: Sequence[str], *, work: Path, home: Path, limits: ProcessLimits) -> ProcessResult:
    """Run `command` (its first word an absolute path) in `work`; whatever it does, it and its children end."""
    began = time.monotonic()
    try:
        process = await asyncio.create_subprocess_exec(
            *wrapped(command, work.parent),
            cwd=work,
            env=clean_environment(Path(command[0]), home),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        return ProcessResult("not_started", None, b"", str(error).encode(), 0.0)
    out, err = bytearray(), bytearray()
    ended: Ended = "exited"
    try:
        async with asyncio.timeout(limits.seconds):
            whole, _ = await asyncio.gather(
                _read(process.stdout, out, limits.output_bytes, process),
                _read(process.stderr, err, None, process),
            )
            await process.wait()
            ended = "exited" if whole else "output_limit"
    except TimeoutError:
        ended = "timeout"
    finally:
        _kill_group(process.pid)
        await asyncio.shield(_finish(process))
    code = process.returncode if ended == "exited" else None
    if code is not None and code < 0:
        ended = "killed"
    return ProcessResult(ended, code, bytes(out), bytes(err), (time.monotonic() - began) * 1000)


async def _read(
    stream: asyncio.StreamReader | None, into: bytearray, limit: int | None, process: asyncio.subprocess.Process
) -> bool:
    """Read to the end. With a `limit`, more than that ends the process; without, only the beginning is kept."""
    while chunk := await stream.read(_CHUNK) if stream is not None else b"":
        if limit is None:
            into += chunk[: max(0, _STDERR_KEPT - len(into))]
        elif len(into) + len(chunk) > limit:
            _kill_group(process.pid)
            return False
        else:
            into += chunk
    return True


async def _finish(process: asyncio.subprocess.Process) -> None:
    """Take the dead program's last words off its pipes, which stay open until they are read, and its exit code."""
    streams = [stream for stream in (process.stdout, process.stderr) if stream is not None]
    with contextlib.suppress(TimeoutError):
        # Only a process that escaped both group and namespace could hold a pipe longer.
        async with asyncio.timeout(_LAST_WORDS_SECONDS):
            for stream in streams:
                while await stream.read(_CHUNK):
                    pass
    await process.wait()


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
