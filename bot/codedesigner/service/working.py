"""`codedesigner worker`: one worker until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from pathlib import Path

from codedesigner.assembly.memory import KeptOutcomes
from codedesigner.assembly.options import ReviewOptions
from codedesigner.config.environment import OPERATOR_FILE, PRIVATE_NETWORKS
from codedesigner.forge.attempts import Timing
from codedesigner.location.http import HttpTransport
from codedesigner.location.reach import Reach
from codedesigner.pool.events import Listen as PoolListen
from codedesigner.pool.events import PoolEvent
from codedesigner.service.clones import Clones
from codedesigner.service.desks import ForgeDesks
from codedesigner.service.events import ServiceEvent
from codedesigner.service.forges import Forges
from codedesigner.service.held import Held
from codedesigner.service.host import CLONES, NOWHERE, opened, supervisor_of_all, worker_of
from codedesigner.service.logs import NAMES, Level, Log, Name
from codedesigner.service.noting import Notes
from codedesigner.service.settings import ServiceSettings
from codedesigner.service.worker import Worker, WorkerConfig

_LEVELS: Mapping[str, Level] = {
    "task.failed": "error",
    "task.retried": "warning",
    "task.lost": "warning",
    "llm.rate_limited": "warning",
    "llm.still_limited": "warning",
    "llm.offline": "warning",
    "quota.limit_hit": "warning",
    "executor.cleanup_failed": "warning",
    "orchestrator.trouble": "error",
}


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
) -> None:
    """Take tasks until SIGTERM or SIGINT comes, and return once they have ended or were handed back.

    Raises:
        ConfigError, StoreError, DatabaseError: it cannot begin.
    """
    tell = Telling(log)
    environ = {**environ, PRIVATE_NETWORKS: ",".join(settings.network.private)}
    if settings.operator_file:
        environ = {**environ, OPERATOR_FILE: settings.operator_file}
    transport = HttpTransport(reach=Reach.of_environment(environ))
    heard: list[PoolListen] = [tell.pool]

    def hear(event: PoolEvent) -> None:
        for each in heard:
            each(event)

    async with opened(database_url, folder, transport=transport, tell=tell.note, listen=hear) as base:
        notes = Notes(base.database, base.clock, tell.note)
        heard.append(notes.pool)
        nowhere = folder / NOWHERE
        nowhere.mkdir(mode=0o700, parents=True, exist_ok=True)
        forges = Forges(settings, held, timing=timing, clones=Clones(folder / CLONES))
        await forges.check()
        options = ReviewOptions(
            nowhere, locations_file=Path(settings.locations_file) if settings.locations_file else None
        )
        desks = ForgeDesks(
            forges.open,
            base.models,
            options,
            environ,
            base.clock,
            held.state_key,
            tell.note,
            held.known,
            KeptOutcomes(environ),
            notes.progress,
        )
        usual = WorkerConfig(slots=slots, grace_s=settings.limits.stop_seconds)
        worker = worker_of(
            base, desks, supervisor_of_all(base, options, environ), config=config or usual, listen=tell.service
        )
        try:
            await _run(worker)
        finally:
            await notes.close()


async def _run(worker: Worker) -> None:
    """Until a signal comes."""
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, worker.stop)
    try:
        await worker.run()
    finally:
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(each)


class Telling:
    """Writes events down. What the log has no name for is a note with the event's name in it."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._names: dict[str, Name] = {name: name for name in NAMES}  # type: ignore[misc]

    def note(self, line: str) -> None:
        """A line for a person."""
        self._log("service.note", message=line)

    def pool(self, event: PoolEvent) -> None:
        """What happens with models."""
        self._write(event.name, {"llm": event.location, **event.fields})

    def service(self, event: ServiceEvent) -> None:
        """What happens with tasks."""
        plain = {key: value for key, value in event.fields.items() if not isinstance(value, list | dict)}
        self._write(event.name, plain)

    def _write(self, name: str, facts: Mapping[str, str | float | bool | None]) -> None:
        level, known = _LEVELS.get(name, "info"), self._names.get(name)
        # Names of facts that the log itself has.
        given = {f"{key}_" if key in ("level", "name") else key: value for key, value in facts.items()}
        if known is not None:
            self._log(known, level=level, **given)
        else:
            self._log("service.note", level=level, **{"event_name": name, **given})
