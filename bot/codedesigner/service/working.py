"""`codedesigner worker`: one worker until it is told to stop."""

from __future__ import annotations

import asyncio
import math
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir

from codedesigner.assembly.memory import KeptOutcomes
from codedesigner.assembly.options import ReviewOptions
from codedesigner.config.environment import OPERATOR_FILE, PRIVATE_NETWORKS
from codedesigner.errors import ConfigError
from codedesigner.forge.attempts import Timing
from codedesigner.location.http import HttpTransport
from codedesigner.location.reach import Reach
from codedesigner.pool.events import Listen as PoolListen
from codedesigner.pool.events import PoolEvent
from codedesigner.service.clones import Clones
from codedesigner.service.desks import ForgeDesks
from codedesigner.service.forges import Forges
from codedesigner.service.held import Held
from codedesigner.service.host import CLONES, NOWHERE, opened, supervisor_of_all, worker_of
from codedesigner.service.logs import Log
from codedesigner.service.noting import Notes
from codedesigner.service.outcomes import SharedBook
from codedesigner.service.parting import heeded
from codedesigner.service.settings import ServiceSettings
from codedesigner.service.spans import UNTRACED, Spans
from codedesigner.service.telling import Telling
from codedesigner.service.worker import Worker, WorkerConfig

_SPARE_S = 5


async def work(
    settings: ServiceSettings,
    held: Held,
    log: Log,
    *,
    database_url: str | None,
    folder: Path,
    environ: Mapping[str, str],
    slots: int,
    config: WorkerConfig | None = None,
    timing: Timing | None = None,
    leader: int | None = None,
    ended: Callable[[], None] = lambda: None,
    spans: Spans = UNTRACED,
) -> None:
    """Take tasks until SIGTERM, SIGINT or SIGHUP comes, and return once they have ended or were handed back.

    The same when the pipe `leader` ends, a file descriptor: whoever started this is gone, and starts another one.
    `ended` is called before anything is waited for that a task may have left behind.

    Raises:
        ConfigError, StoreError, DatabaseError: it cannot begin.
    """
    _find_room()
    tell, environ = Telling(log), _environ(settings, environ)
    transport = HttpTransport(reach=Reach.of_environment(environ))
    heard: list[PoolListen] = [tell.pool, spans.pool]

    def hear(event: PoolEvent) -> None:
        for each in heard:
            each(event)

    share = settings.limits.for_people
    async with opened(database_url, folder, for_people=share, transport=transport, tell=tell.note, listen=hear) as base:
        notes = Notes(base.database, base.clock, tell.note)
        heard.append(notes.pool)
        patience = replace(timing or Timing(), around=spans.write)
        forges = Forges(settings, held, timing=patience, clones=Clones(folder / CLONES))
        await forges.check()
        options = _options(settings, folder / NOWHERE)
        desks = ForgeDesks(
            forges.open,
            base.models,
            options,
            environ,
            base.clock,
            held.state_key,
            tell.note,
            held.known,
            SharedBook(base.database, KeptOutcomes(environ), base.clock, tell.note),
            notes.progress,
        )
        usual = WorkerConfig(slots=slots, grace_s=settings.limits.stop_seconds)
        ask = supervisor_of_all(base, options, environ)
        worker = worker_of(base, desks, ask, config=config or usual, listen=tell.service, spans=spans)
        try:
            await _run(worker, leader, tell.note)
        finally:
            ended()
            await notes.close()


def _find_room() -> None:
    """Find the folder for temporary files. That is done by writing into it, so it fails once a disk is full."""
    try:
        gettempdir()
    except FileNotFoundError as error:
        raise ConfigError("no folder for temporary files can be written to", hint="set TMPDIR to one") from error


def _options(settings: ServiceSettings, nowhere: Path) -> ReviewOptions:
    """What holds for every review; `nowhere` is a folder without a repository."""
    nowhere.mkdir(mode=0o700, parents=True, exist_ok=True)
    return ReviewOptions(nowhere, locations_file=Path(settings.locations_file) if settings.locations_file else None)


def _environ(settings: ServiceSettings, environ: Mapping[str, str]) -> Mapping[str, str]:
    """The operator's, with what the file says."""
    more = {PRIVATE_NETWORKS: ",".join(settings.network.private)}
    if settings.operator_file:
        more[OPERATOR_FILE] = settings.operator_file
    return {**environ, **more}


async def _run(worker: Worker, leader: int | None, say: Callable[[str], None]) -> None:
    """Until a signal comes, or the pipe ends."""
    loop = asyncio.get_running_loop()

    def heard(pipe: int) -> None:
        if not os.read(pipe, 1):
            loop.remove_reader(pipe)
            say("whoever started this worker is gone: it stops")
            # Nobody is there to end it, should it not stop by itself.
            signal.alarm(math.ceil(2 * worker.config.grace_s) + _SPARE_S)
            worker.stop()

    if leader is not None:
        loop.add_reader(leader, heard, leader)
    try:
        with heeded(worker.stop):
            await worker.run()
    finally:
        if leader is not None:
            loop.remove_reader(leader)
