"""`codedesigner serve | worker`: reviews as a service."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from codedesigner.config.environment import DATABASE_URL, SERVICE_FILE
from codedesigner.errors import ConfigError

if TYPE_CHECKING:
    from codedesigner.service.database import Database
    from codedesigner.service.held import Held
    from codedesigner.service.logs import Log
    from codedesigner.service.settings import ServiceSettings
    from codedesigner.service.spans import Spans
    from codedesigner.vote.history import Record

_NEEDED = ("prometheus_client", "sqlalchemy", "starlette", "structlog", "uvicorn")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_CONFIG = click.option("--config", "file", type=_FILE, required=True, envvar=SERVICE_FILE, help="The service's file.")
_DATABASE = click.option(
    "--database-url",
    envvar=DATABASE_URL,
    help="postgresql://…, for several machines; without it, SQLite in the state folder.",
)


@click.command()
@_CONFIG
@_DATABASE
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="The port; 0: any.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(0, 64), help="Worker processes beside it.")
@click.option("--no-worker", is_flag=True, help="None: they run elsewhere, on the same database.")
def serve(file: Path, database_url: str | None, host: str, port: int, workers: int, no_worker: bool) -> None:
    """Take webhooks, have pull requests reviewed, and show what happens."""
    import asyncio
    import time

    settings, held, log, spans = _begin(file)
    from codedesigner.service.serving import Plan
    from codedesigner.service.serving import serve as listen
    from codedesigner.service.shared import SharedClock
    from codedesigner.service.web.app import Given, build

    database = _database(database_url)
    try:
        clock = SharedClock(database)
        clock.compare()
        count = 0 if no_worker else workers
        given = Given(settings, held, database, log, clock, time.monotonic, count > 0, _outcomes(database), spans=spans)
        worker = [sys.executable, "-m", "codedesigner", "worker", "--config", str(file), "--until-eof"]
        environ = dict(os.environ) | ({DATABASE_URL: database_url} if database_url else {})
        plan = Plan(host, port, worker, count, settings.limits.stop_seconds, environ)

        async def run() -> None:
            web = build(given)
            comparing = asyncio.create_task(clock.keep())
            try:
                await listen(web.app, web.streams, plan, log, ready=_ready(host))
            finally:
                comparing.cancel()

        try:
            asyncio.run(run())
        except OSError as error:
            raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
    finally:
        database.close()
        spans.close()


@click.command()
@_CONFIG
@_DATABASE
@click.option("--slots", default=4, show_default=True, type=click.IntRange(1, 64), help="Tasks at a time.")
@click.option(
    "--until-eof", is_flag=True, help="Stop when standard input ends, too, as it does with whoever started it."
)
def worker(file: Path, database_url: str | None, slots: int, until_eof: bool) -> None:
    """Work on what webhooks have asked for, beside `serve` or on another machine with the same database."""
    import asyncio

    settings, held, log, spans = _begin(file)
    from codedesigner.service.parting import hasten
    from codedesigner.service.working import work
    from codedesigner.state.folder import state_folder

    folder = state_folder(os.environ)
    try:
        asyncio.run(
            work(
                settings,
                held,
                log,
                database_url=database_url,
                folder=folder,
                environ=os.environ,
                slots=slots,
                leader=sys.stdin.fileno() if until_eof else None,
                ended=hasten,
                spans=spans,
            )
        )
    finally:
        spans.close()


def _begin(file: Path) -> tuple[ServiceSettings, Held, Log, Spans]:
    """The file, its secrets, the log, and whoever traces; from here on nothing else writes to standard error."""
    import datetime as dt

    _installed()
    from codedesigner.service.held import hold
    from codedesigner.service.logs import make_log, standard_error, take_over
    from codedesigner.service.settings import read_settings
    from codedesigner.service.spans import spans_of

    settings, document = read_settings(file)
    held = hold(settings, document, os.environ)
    log = make_log(held.known, standard_error(), lambda: dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"))
    take_over(log)
    return settings, held, log, spans_of(os.environ)


def _database(url: str | None) -> Database:
    from codedesigner.service.database import open_database
    from codedesigner.state.folder import state_folder

    return open_database(url, state_folder(os.environ))


def _installed() -> None:
    from importlib.util import find_spec

    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise ConfigError(f"not installed: {', '.join(missing)}", hint="pip install 'codedesigner[service]'")


def _outcomes(database: Database) -> Callable[[], Sequence[Record]]:
    """What all machines know; where that is nothing yet, what this one knew before."""
    from codedesigner.service.outcomes import recorded
    from codedesigner.state.folder import StoreError, state_folder
    from codedesigner.state.history import OutcomeStore

    def read() -> Sequence[Record]:
        shared = database.do(recorded, reads=True)
        try:
            return shared or OutcomeStore(state_folder(os.environ)).records()
        except StoreError:  # told by the workers, who keep it
            return ()

    return read


def _ready(host: str) -> Callable[[int], None]:
    def tell(port: int) -> None:
        click.echo(f"listening on http://{f'[{host}]' if ':' in host else host}:{port}")

    return tell
