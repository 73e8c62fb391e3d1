"""One run of a program with a limit on its time and on its output. `change/git.py` is its only user."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from codedesigner.errors import RepositoryError

_PIECE = 1 << 16
_ERROR_BYTES = 1 << 16  # of what the program says on stderr, only the first part is kept
_WATCH_S = 0.5


@dataclass(frozen=True, slots=True)
class Completed:
    """A program that ended by itself."""

    returncode: int
    stdout: bytes
    stderr: bytes
    cut: bool = False  # it had more to say than was wanted, and was stopped


def run_limited(
    argv: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    given: bytes,
    seconds: float,
    output_bytes: int,
    cut: bool = False,
    watch: Callable[[], str] | None = None,
) -> Completed:
    """Run `argv` in `folder` with exactly `environment`, with `given` on its standard input.

    With `cut`, a program that writes more than `output_bytes` is stopped, and the first so many bytes are the output.
    `watch` is asked now and then while it runs, and says why it is to be stopped, or nothing.

    Raises:
        RepositoryError: it could not be started, took longer than `seconds`, wrote more than `output_bytes`, or was
            not to go on; in all but the first case it and the programs it started have been killed.
    """
    try:
        process = subprocess.Popen(
            list(argv),
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (FileNotFoundError, PermissionError) as error:
        raise RepositoryError(f"{argv[0]} could not be started: {error}", hint="install git 2.38 or later") from error
    try:
        left = _Left(time.monotonic() + seconds, watch)
        stdout, stderr = _converse(process, given, left, output_bytes, cut=cut)
    except TimeoutError as error:
        what = f"`{argv[0]} {_verb(argv)}` took longer than {seconds:g} seconds and was stopped"
        raise RepositoryError(what, hint="raise the time limit, or review a smaller change") from error
    except OverflowError as error:
        what = f"`{argv[0]} {_verb(argv)}` printed more than {output_bytes} bytes and was stopped"
        raise RepositoryError(what, hint="review a smaller change") from error
    except InterruptedError as error:
        raise RepositoryError(f"`{argv[0]} {_verb(argv)}` was stopped: {error}") from None
    finally:
        _end(process)
    return Completed(process.returncode, stdout[:output_bytes], stderr, cut=len(stdout) > output_bytes)


def _verb(argv: Sequence[str]) -> str:
    return next((argument for argument in argv[1:] if not argument.startswith("-")), "")


def _converse(
    process: subprocess.Popen[bytes], given: bytes, left: _Left, output_bytes: int, *, cut: bool
) -> tuple[bytes, bytes]:
    """Feed `given`, and collect both outputs until the program has closed them and ended, or said enough."""
    stdin, stdout, stderr = process.stdin, process.stdout, process.stderr
    if stdin is None or stdout is None or stderr is None:
        raise RepositoryError("git was started without pipes")
    collected: dict[IO[bytes], bytearray] = {stdout: bytearray(), stderr: bytearray()}
    rest = memoryview(given)
    with selectors.DefaultSelector() as selector:
        os.set_blocking(stdin.fileno(), False)
        selector.register(stdin, selectors.EVENT_WRITE)
        selector.register(stdout, selectors.EVENT_READ)
        selector.register(stderr, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select(left()):
                if key.fileobj is stdin:
                    rest = _feed(selector, stdin, rest)
                    continue
                stream = stdout if key.fileobj is stdout else stderr
                piece = os.read(stream.fileno(), _PIECE)
                if not piece:
                    selector.unregister(stream)
                elif stream is stdout or len(collected[stderr]) < _ERROR_BYTES:
                    collected[stream] += piece
                if len(collected[stdout]) > output_bytes:
                    if cut:
                        return bytes(collected[stdout]), bytes(collected[stderr])
                    raise OverflowError
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(left())
            return bytes(collected[stdout]), bytes(collected[stderr])


class _Left:
    """How long may be waited; an error where that is over, or where the program is not to go on."""

    def __init__(self, deadline: float, watch: Callable[[], str] | None) -> None:
        self._deadline = deadline
        self._watch = watch
        self._looked = time.monotonic()

    def __call__(self) -> float:
        now = time.monotonic()
        if now >= self._deadline:
            raise TimeoutError
        if self._watch is None:
            return self._deadline - now
        if now - self._looked >= _WATCH_S:
            self._looked = now
            if why := self._watch():
                raise InterruptedError(why)
        return min(self._deadline - now, _WATCH_S)


def _feed(selector: selectors.BaseSelector, stdin: IO[bytes], rest: memoryview) -> memoryview:
    """Write some of `rest`; what is left. Closes the pipe when nothing is, or when nobody reads it any more."""
    try:
        rest = rest[os.write(stdin.fileno(), rest[:_PIECE]) :] if rest else rest
    except BlockingIOError:
        return rest
    except BrokenPipeError:
        rest = rest[:0]
    if not rest:
        selector.unregister(stdin)
        stdin.close()
    return rest


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave nothing behind: no process of the group, no open pipe."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None and not stream.closed:
            stream.close()
