"""The end of a process: who tells it to, and that nothing which hangs keeps it."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from codedesigner.service.processes import descendants, end_all

SPARE_S = 15.0
_EVERY_S = 0.1
_STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@contextmanager
def heeded(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` when this process is told to end. What somebody has had ignored, as nohup does, stays ignored."""
    loop = asyncio.get_running_loop()
    mine = [each for each in _STOPS if signal.getsignal(each) is not signal.SIG_IGN]
    for each in mine:
        loop.add_signal_handler(each, stop)
    try:
        yield
    finally:
        for each in mine:
            loop.remove_signal_handler(each)


def hasten(spare_s: float = SPARE_S) -> None:
    """Called once a worker has ended and handed back what it had.

    A thread cannot be interrupted, and Python waits for each. Most wait for a program, such as a git whose server is
    silent: from now on all programs of this process are ended. What hangs otherwise ends with the process.
    """
    threading.Thread(target=_end, args=(spare_s,), name="parting", daemon=True).start()


def _end(spare_s: float) -> None:
    until = time.monotonic() + spare_s
    while time.monotonic() < until:
        end_all(descendants(os.getpid()))
        time.sleep(_EVERY_S)
    os._exit(0)
