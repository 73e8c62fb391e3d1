"""What every measurement gives, and how programs are measured."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside the figure it is to be read against; both come from the same run on the same machine."""

    name: str
    value: float
    unit: str = ""
    baseline: str = ""
    baseline_value: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """`value` as a multiple of the baseline."""
        return self.value / self.baseline_value if self.baseline_value else None

    def as_json(self) -> dict[str, object]:
        """For `--json`."""
        return {**asdict(self), "ratio": self.ratio}


Measurement = Callable[[], Sequence[Row] | Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a program: wall seconds, the most memory in bytes that any single process of it held, its output.

    Linux never reports less memory than the process held that started it, here about 15 MB.
    """

    seconds: float
    rss: int
    output: str


def run(command: Sequence[str], *, cwd: Path | None = None) -> Run:
    """Run a program to its end.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        # wait4 and not wait: it alone tells the memory of this child and of those that the child waited for.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command), output)
    kilobytes = usage.ru_maxrss / 1024 if sys.platform == "darwin" else usage.ru_maxrss
    return Run(seconds, int(kilobytes * 1024), output.decode("utf-8", "replace"))


def fastest(times: int, command: Sequence[str], *, cwd: Path | None = None) -> Run:
    """The fastest of several runs: what slows a program down from outside only ever adds to it."""
    return min((run(command, cwd=cwd) for _ in range(times)), key=lambda each: each.seconds)


def seconds(work: Callable[[], object], times: int = 3) -> float:
    """The shortest of several times, for work within this process."""

    def once() -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return min(once() for _ in range(times))


def tree_memory(command: Sequence[str], *, cwd: Path | None = None) -> int | None:
    """The most bytes that a program and all its descendants held together, looked at every 5 ms.

    Pages that they share count once for each of them, so that the truth is a little lower. None without `/proc`.
    """
    if not Path("/proc/self/statm").exists():
        return None
    most = 0
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            most = max(most, tree_resident(process.pid))
            time.sleep(0.005)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return most


def tree_resident(pid: int) -> int:
    """Bytes that a process and all its descendants hold now; 0 without `/proc`. What they share counts for each.

    A child that is about to start a program has its parent's memory, not its own, and counts for nothing.
    """
    held = {each: _resident(each) for each in _tree(pid)}
    lines = {each: _line(each) for each in held}
    return sum(size for each, size in held.items() if each == pid or lines[each] != lines[pid])


def processor_seconds() -> float:
    """Processor time of all children that have ended, and of those that they waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _tree(pid: int) -> list[int]:
    found = [pid]
    for known in found:
        for children in Path(f"/proc/{known}/task").glob("*/children"):
            try:
                found += [int(child) for child in children.read_text().split()]
            except OSError:  # it ended meanwhile
                continue
    return found


def _line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it ended meanwhile
        return b""


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):  # it ended meanwhile
        return 0
