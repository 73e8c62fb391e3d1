"""The service's process: it listens, keeps its workers going in processes of their own, and ends in an orderly way.

Workers are processes because reviews take processor time, and a webhook must not wait for them. Each holds the other
end of a pipe, which ends with this process however that ends: nobody is left to work for a service that was killed.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codedesigner.service.logs import Log
from codedesigner.service.parting import heeded
from codedesigner.service.processes import descendants, end_all
from codedesigner.service.web.live import Streams

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette

MOST_CONNECTIONS = 2_000
_BACKLOG = 2_048
_BACKOFF_S = (1.0, 2.0, 5.0, 15.0, 60.0)
_STEADY_S = 120.0  # a worker that lived so long has not failed to start
_SPARE_S = 5.0
_NICE = 10
"""How much workers, and what they start, give way to the process that answers webhooks."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where to listen, which command starts a worker, how many of them, and how long they may take to stop."""

    host: str
    port: int
    worker: Sequence[str]
    workers: int
    stop_s: float
    environ: Mapping[str, str]


async def serve(app: Starlette, streams: Streams, plan: Plan, log: Log, *, ready: Callable[[int], None]) -> None:
    """Listen until SIGTERM, SIGINT or SIGHUP comes; `ready` is told the port once deliveries are taken.

    Then nothing new is taken, streams end, workers finish or hand back what they have, and this returns.

    Raises:
        OSError: the port cannot be had.
    """
    stopping = asyncio.Event()
    with heeded(stopping.set), _bound(plan) as bound:
        port = bound.getsockname()[1]
        server = _server(app, plan)
        listening = asyncio.create_task(server.serve([bound]))
        try:
            while not server.started and not listening.done():  # noqa: ASYNC110 -- it tells nobody
                await asyncio.sleep(0.01)
            log("service.started", host=plan.host, port=port, workers=plan.workers)
            ready(port)
            crew = [asyncio.create_task(_keep(number, plan, stopping, log)) for number in range(plan.workers)]
            stopped = asyncio.create_task(stopping.wait())
            await asyncio.wait({stopped, listening}, return_when=asyncio.FIRST_COMPLETED)
            log("service.stopping", after_s=plan.stop_s)
            stopping.set()
        finally:
            streams.stop()
            server.should_exit = True
        await asyncio.gather(*crew)
        await listening
    log("service.stopped")


def _server(app: Starlette, plan: Plan) -> uvicorn.Server:
    import uvicorn

    from codedesigner.service.web.patient import PatientProtocol

    class Server(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            """Signals are ours: uvicorn would end the process by them before workers have stopped."""
            yield

    return Server(
        uvicorn.Config(
            app,
            host=plan.host,
            port=plan.port,
            http=PatientProtocol,
            loop="asyncio",
            lifespan="off",
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=_BACKLOG,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=max(1, int(plan.stop_s)),
        )
    )


def _bound(plan: Plan) -> socket.socket:
    """Bound here, for uvicorn would end the process where that fails."""
    everywhere = plan.host == "::" and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if ":" in plan.host else socket.AF_INET
    return socket.create_server((plan.host, plan.port), family=family, backlog=_BACKLOG, dualstack_ipv6=everywhere)


async def _keep(number: int, plan: Plan, stopping: asyncio.Event, log: Log) -> None:
    """One worker, started again when it ends by itself, and told to stop when all stops."""
    failures = 0
    while not stopping.is_set():
        began = time.monotonic()
        why = await _lived(plan, stopping)
        if why is None:
            return
        failures = 0 if time.monotonic() - began > _STEADY_S else failures + 1
        pause = _BACKOFF_S[min(max(0, failures - 1), len(_BACKOFF_S) - 1)]
        log("service.note", level="error", message=f"worker {number} {why}", again_s=pause)
        try:
            async with asyncio.timeout(pause):
                await stopping.wait()
        except TimeoutError:
            continue


async def _lived(plan: Plan, stopping: asyncio.Event) -> str | None:
    """One life of a worker: why it is over, None where it was told to stop."""
    try:
        child = await asyncio.create_subprocess_exec(
            *plan.worker, stdin=asyncio.subprocess.PIPE, stdout=sys.stderr, env=dict(plan.environ)
        )
    except OSError as error:  # no memory or no process ids for now, or the program is being exchanged
        return f"cannot be started: {error.strerror or error}"
    with suppress(ProcessLookupError):  # it has ended already
        os.setpriority(os.PRIO_PROCESS, child.pid, _NICE)
    ended = asyncio.create_task(child.wait())
    stopped = asyncio.create_task(stopping.wait())
    await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if ended.done():
        return f"ended with {child.returncode}"
    await _stop(child, ended, plan.stop_s + _SPARE_S)
    return None


async def _stop(child: asyncio.subprocess.Process, ended: asyncio.Task[int], seconds: float) -> None:
    child.terminate()
    try:
        async with asyncio.timeout(seconds):
            await asyncio.shield(ended)
    except TimeoutError:
        left = descendants(child.pid)
        child.kill()
        await ended
        end_all(left)  # nobody comes after who would
