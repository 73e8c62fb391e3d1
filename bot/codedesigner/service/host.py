"""Everything that a worker needs, put together from an address of a database and a folder, and taken apart again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from codedesigner.assembly.options import ReviewOptions
from codedesigner.assembly.pool import model_pool
from codedesigner.assembly.shared import SharedModels
from codedesigner.call.model import Call, Reply
from codedesigner.config.settings import Settings
from codedesigner.location.http import Transport
from codedesigner.location.registry import locations_for
from codedesigner.location.supervisor import supervisor_of
from codedesigner.pool.clock import Clock
from codedesigner.pool.events import Listen as PoolListen
from codedesigner.pool.events import PoolEvent
from codedesigner.pool.events import deaf as pool_deaf
from codedesigner.pool.keep import Replies
from codedesigner.pool.lent import Turn
from codedesigner.pool.task import Task as PoolTask
from codedesigner.service.board import Board
from codedesigner.service.consultation import CONSULTATION, Ask, Consultant, ConsultationConfig, Spending
from codedesigner.service.database import Database, address_of, open_database
from codedesigner.service.events import Listen, deaf
from codedesigner.service.ledger import SqlLedger
from codedesigner.service.modules import modules_of
from codedesigner.service.modules.base import Bench, Desks
from codedesigner.service.processes import Children
from codedesigner.service.replies import PATIENCE_S, SqlReplies
from codedesigner.service.room import Room
from codedesigner.service.settings import FOR_PEOPLE
from codedesigner.service.shared import SharedClock
from codedesigner.service.spans import UNTRACED, Spans
from codedesigner.service.store import Store
from codedesigner.service.worker import CONFIG, View, Worker, WorkerConfig
from codedesigner.state.replies import ReplyStore

CLONES, NOWHERE = "clones", "nowhere"
_REPLIES_BUSY_S, _REPLIES_AGAIN_S = 10.0, 1.0
MAX_CONCURRENT, PER_ENDPOINT = 8, 4


@dataclass(frozen=True)
class Base:
    """What is there before a worker is: the database, the time that all share, and the models' gate."""

    database: Database
    clock: SharedClock
    store: Store
    models: SharedModels
    spending: Spending
    folder: Path


@asynccontextmanager
async def opened(
    url: str | None,
    folder: Path,
    *,
    max_concurrent: int = MAX_CONCURRENT,
    per_endpoint: int = PER_ENDPOINT,
    for_people: float = FOR_PEOPLE,
    clock: Clock | None = None,
    transport: Transport | None = None,
    tell: Callable[[str], None] = lambda _line: None,
    listen: PoolListen = pool_deaf,
) -> AsyncIterator[Base]:
    """The database at `url`, or in `folder`; quotas are kept in it, and replies of models in `folder`.

    Raises:
        ConfigError, StoreError, DatabaseError: the database cannot be used.
    """
    async with AsyncExitStack() as stack:
        database = open_database(url, folder)
        stack.callback(database.close)
        time = SharedClock(database)
        time.compare()
        keeping = asyncio.create_task(time.keep())
        stack.callback(keeping.cancel)
        ledger = SqlLedger(Database(address_of(url, folder), durable=False))
        stack.callback(ledger.close)
        replies: Replies
        if database.dialect == "sqlite":
            replies = ReplyStore(
                folder, tell=tell, busy_s=_REPLIES_BUSY_S, again_s=_REPLIES_AGAIN_S, patience_s=PATIENCE_S
            )
        else:  # another machine may go on where this one was
            kept = Database(address_of(url, folder))
            stack.callback(kept.close)
            replies = SqlReplies(kept, time, tell)
        stack.push_async_callback(replies.close)
        spending = Spending()

        def hear(event: PoolEvent) -> None:
            spending(event)
            listen(event)

        models = SharedModels(
            ledger,
            replies,
            max_concurrent=max_concurrent,
            per_endpoint=per_endpoint,
            for_people=for_people,
            clock=clock,
            transport=transport,
            listen=hear,
        )
        stack.push_async_callback(models.close)
        yield Base(database, time, Store(database, time), models, spending, folder)


def worker_of(
    base: Base,
    desks: Desks,
    ask: Ask,
    *,
    config: WorkerConfig = CONFIG,
    consultation: ConsultationConfig = CONSULTATION,
    name: str = "",
    listen: Listen = deaf,
    spans: Spans = UNTRACED,
) -> Worker:
    """A worker on it; `ask` asks the supervisor. What asks models is begun only while the gate would let a call go."""
    view, board = View(), Board(base.database, base.clock)
    room = Room(base.models, base.clock)
    consultant = Consultant(base.store, board, ask, base.spending, listen, consultation)
    return Worker(
        base.store,
        modules_of(Bench(desks, view, base.store.result, base.clock, room.has_deep)),
        view,
        config=config,
        name=name,
        can_execute=room.can_execute,
        deferred=room.deferred,
        children=Children(base.folder, listen=listen),
        advise=consultant.maybe,
        listen=listen,
        spans=spans,
    )


def supervisor_of_all(base: Base, options: ReviewOptions, environ: Mapping[str, str]) -> Ask:
    """Asks the operator's supervisor, by way of the gate that all share; it is nobody's where there is none.

    Raises (when asked):
        ConfigError: the locations are wrong, or it cannot be reached as it is configured.
    """

    async def ask(call: Call) -> Reply | None:
        registry = locations_for(options.locations_file, environ)
        supervisor = supervisor_of(registry.list(enabled=True))
        if supervisor is None:
            return None
        lending, settings = base.models.lend(Turn("consultation")), Settings()
        async with model_pool(
            [supervisor], settings, registry.pool, environ, prices=registry.prices, lending=lending
        ) as pool:
            return await pool.submit(
                PoolTask(call.id, "verify", call, priority=call.priority, location_id=supervisor.id)
            )

    return ask
