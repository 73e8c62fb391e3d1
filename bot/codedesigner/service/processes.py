"""Child processes, written down so that whoever comes after a hard kill can end them, and never another's.

A process is known by its id and the time at which it started: an id that was given away again has another time.
"""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from codedesigner.service.events import EventName, Listen, ServiceEvent, deaf
from codedesigner.service.task import Json

PROC = Path("/proc")
_PREFIX = "children-"


@dataclass(frozen=True, slots=True)
class Process:
    """A process: its id, and when it started, in ticks since the machine did."""

    pid: int
    started: int


@dataclass(frozen=True, slots=True)
class _Seen:
    parent: int
    started: int


def look(pid: int, proc: Path = PROC) -> Process | None:
    """The process of that id, if it lives; one that has ended and was not waited for does not."""
    seen = _stat(proc / str(pid))
    return None if seen is None else Process(pid, seen.started)


def descendants(pid: int, proc: Path = PROC) -> frozenset[Process]:
    """Children of a process, and theirs. Without `/proc` nobody is known."""
    children: dict[int, list[Process]] = {}
    if not proc.is_dir():
        return frozenset()
    for folder in proc.iterdir():
        seen = _stat(folder) if folder.name.isdigit() else None
        if seen is not None:
            children.setdefault(seen.parent, []).append(Process(int(folder.name), seen.started))
    found: set[Process] = set()
    todo = [pid]
    while todo:
        new = [one for one in children.get(todo.pop(), ()) if one not in found]
        found.update(new)
        todo += [one.pid for one in new]
    return frozenset(found)


def _stat(folder: Path) -> _Seen | None:
    try:
        text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name stands in parentheses and may hold anything; what follows the last one is numbers.
    fields = text[text.rfind(")") + 2 :].split()
    if len(fields) < 20 or fields[0] in "ZX":
        return None
    return _Seen(int(fields[1]), int(fields[19]))


def end_all(processes: Iterable[Process], proc: Path = PROC) -> None:
    """End those that still are the same processes."""
    for one in processes:
        if look(one.pid, proc) == one:
            with suppress(OSError):
                os.kill(one.pid, signal.SIGKILL)


def host_name(proc: Path = PROC) -> str:
    """This machine, or this container: process ids of two places mean different things."""
    try:
        space = (proc / "self" / "ns" / "pid").readlink().name.strip("pid:[]")
    except OSError:
        space = "0"
    return f"{socket.gethostname()}/{space}"


def worker_name(proc: Path = PROC) -> str:
    """A name for this process as a worker, which no other has or will have."""
    own = look(os.getpid(), proc)
    return f"{host_name(proc)}/{os.getpid()}/{0 if own is None else own.started}"


def is_gone(worker: str, proc: Path = PROC) -> bool:
    """Whether a worker ran here and does not any more; False where that cannot be said from here."""
    host, _, rest = worker.partition(f"{host_name(proc)}/")
    pid, _, started = rest.partition("/")
    if host or not (pid.isdigit() and started.isdigit()) or int(started) == 0:
        return False
    return look(int(pid), proc) != Process(int(pid), int(started))


class Children:
    """The register of one worker's descendants, in `folder`: a file that is replaced whole."""

    def __init__(self, folder: Path, proc: Path = PROC, *, listen: Listen = deaf) -> None:
        self._listen = listen
        self._folder = folder
        self._proc = proc
        self._own = look(os.getpid(), proc)
        self._path = folder / f"{_PREFIX}{os.getpid()}.json"
        self._written: frozenset[Process] | None = None

    def note(self) -> None:
        """Write down who is there now, if that has changed. What cannot be written is told, and tried again."""
        if self._own is None:
            return
        now = descendants(self._own.pid, self._proc)
        if now == self._written:
            return
        try:
            self._write(self._own, now)
        except OSError as error:
            self._tell("gateway.pid_write_failed", error=error.strerror or type(error).__name__)
        else:
            self._written = now

    def _write(self, own: Process, now: Iterable[Process]) -> None:
        rows = [[one.pid, one.started] for one in sorted(now, key=lambda each: each.pid)]
        text = json.dumps({"worker": [own.pid, own.started], "children": rows})
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        spare = self._path.with_suffix(".new")
        spare.write_text(text, encoding="utf-8")
        spare.replace(self._path)

    def reap(self) -> list[Process]:
        """End what workers have left that are gone themselves; who was ended."""
        ended: list[Process] = []
        for path in sorted(self._folder.glob(f"{_PREFIX}*.json")):
            try:
                worker, children = _read(path)
            except (OSError, ValueError) as error:
                self._tell("gateway.orphan_cleanup_failed", error=type(error).__name__)
                worker, children = None, ()
            if worker is not None and self._lives(worker):
                continue
            ended += [one for one in children if self._lives(one) and self._end(one)]
            path.unlink(missing_ok=True)
        return ended

    def _end(self, process: Process) -> bool:
        try:
            os.kill(process.pid, signal.SIGKILL)
        except ProcessLookupError:  # just gone
            return False
        except PermissionError:
            self._tell("gateway.orphan_permission_denied", pid=process.pid)
            return False
        return True

    def close(self) -> None:
        """Nothing is left."""
        self._path.unlink(missing_ok=True)

    def _tell(self, name: EventName, **fields: Json) -> None:
        self._listen(ServiceEvent(name, fields))

    def _lives(self, process: Process) -> bool:
        return look(process.pid, self._proc) == process


def _read(path: Path) -> tuple[Process | None, Iterable[Process]]:
    said = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(said, Mapping):
        return None, ()
    rows = said.get("children")
    listed = rows if isinstance(rows, list) else []
    return _process(said.get("worker")), [one for row in listed if (one := _process(row))]


def _process(row: object) -> Process | None:
    if isinstance(row, list) and len(row) == 2 and all(isinstance(each, int) and each > 1 for each in row):
        return Process(*row)
    return None
