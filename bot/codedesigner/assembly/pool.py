"""The pool of models as the commands use it: everything that asking takes, put together and taken apart again."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from codedesigner.assembly.shared import Lending
from codedesigner.config.settings import Settings
from codedesigner.location.http import HttpTransport, Transport
from codedesigner.location.poolsettings import PoolSettings
from codedesigner.location.reach import Reach
from codedesigner.location.seats import seats
from codedesigner.location.spec import LocationSpec, PriceConfig
from codedesigner.plan.inputs import Budget
from codedesigner.pool.allocator import Allocator
from codedesigner.pool.budget import NOTHING_SPENT, Budgeted, Spent
from codedesigner.pool.clock import Clock, SystemClock
from codedesigner.pool.events import Listen, deaf
from codedesigner.pool.executor import LONGEST_WAIT_S, Executor, ExecutorConfig
from codedesigner.pool.gate import Gate
from codedesigner.pool.keep import Replies
from codedesigner.pool.ledger import Ledger
from codedesigner.pool.manager import PoolConfig, PoolManager
from codedesigner.pool.memory import MemoryLedger
from codedesigner.pool.seat import Seat
from codedesigner.state.folder import StoreError, state_folder
from codedesigner.state.ledger import SqliteLedger
from codedesigner.state.remembered import RememberedServers
from codedesigner.state.replies import ReplyStore

_NO_BUDGET = Budget()

Tell = Callable[[str], None]
"""Called with one line for a person."""


@contextmanager
def model_gate(
    rows: Iterable[Seat],
    settings: Settings,
    pool: PoolSettings,
    environ: Mapping[str, str],
    *,
    clock: Clock | None = None,
    listen: Listen = deaf,
    tell: Tell | None = None,
) -> Iterator[Allocator]:
    """The gate that every call to a model passes, with the quotas that all processes of this machine share.

    Where there is no folder for them, `tell` hears so, and the quotas are this process's own.
    """
    folder = folder_of(environ, tell)
    shared = None if folder is None else SqliteLedger(folder)
    ledger: Ledger = shared or MemoryLedger()
    try:
        yield Allocator(
            rows,
            ledger,
            clock or SystemClock(),
            max_concurrent=pool.max_concurrent or settings.max_concurrent,
            per_endpoint=pool.per_endpoint_limit,
            listen=listen,
        )
    finally:
        if shared is not None:
            shared.close()


@asynccontextmanager
async def model_pool(
    specs: Sequence[LocationSpec],
    settings: Settings,
    pool: PoolSettings,
    environ: Mapping[str, str],
    *,
    prices: Mapping[str, PriceConfig],
    no_cache: bool = False,
    budget: Budget = _NO_BUDGET,
    spent: Spent = NOTHING_SPENT,
    transport: Transport | None = None,
    clock: Clock | None = None,
    listen: Listen = deaf,
    tell: Tell | None = None,
    lending: Lending | None = None,
) -> AsyncIterator[PoolManager]:
    """The pool of the models among `specs`; leaving stops what is on its way and closes everything.

    `no_cache`: replies are neither looked up nor kept. `budget` holds for all calls of this pool together, and
    for what was `spent` before.
    `transport` and `clock` stand in for the network and the machine's time. `lending`: gate, transport, replies and
    who listens are those that all reviews of this process share.

    Raises:
        ConfigError: a model cannot be reached as it is configured.
        PoolError: there are fewer models than `min_workers`.
    """
    time = lending.shared.clock if lending else clock or SystemClock()
    folder = folder_of(environ, None)  # the gate tells
    async with AsyncExitStack() as stack:
        if lending is not None:
            carrier = lending.shared.transport
        else:
            carrier = transport or HttpTransport(reach=Reach.of_environment(environ))
            stack.push_async_callback(carrier.close)
        built = seats(
            specs,
            environ=environ,
            transport=carrier,
            prices=prices,
            settings=pool,
            remembered=None if folder is None else RememberedServers(folder),
        )
        by_id = {seat.id: seat for seat in built}
        gate: Gate
        replies: Replies | None = None
        if lending is not None:
            listen = lending.listen
            gate, replies = lending.gate(by_id), None if no_cache else lending.shared.replies
        else:
            gate = stack.enter_context(model_gate(built, settings, pool, environ, clock=time, listen=listen, tell=tell))
            if folder is not None and not no_cache:
                replies = store = ReplyStore(folder, tell=tell or _silent)
                stack.push_async_callback(store.close)
        kept = gate if budget.unlimited else Budgeted(gate, budget, {seat.id: seat.price for seat in built}, spent)
        config = executor_config(settings, pool, patient=lending is not None)
        executor = Executor(kept, by_id, time, replies=replies, config=config, listen=listen)
        manager = PoolManager(executor, gate, by_id, pool_config(pool), clock=time, listen=listen)
        stack.push_async_callback(manager.close)
        yield manager


def executor_config(settings: Settings, pool: PoolSettings, *, patient: bool = False) -> ExecutorConfig:
    """How calls are made. Time-outs and retries are each location's own. `patient`: a limit is waited for, however
    long it takes; a command that somebody has started gives up after two minutes.
    """
    return ExecutorConfig(
        longest_wait_s=math.inf if patient else LONGEST_WAIT_S,
        max_concurrent=pool.max_concurrent or settings.max_concurrent,
        per_endpoint_limit=pool.per_endpoint_limit,
        total_timeout_s=pool.total_batch_ms / 1000,
    )


def pool_config(pool: PoolSettings) -> PoolConfig:
    """How the pool is run."""
    return PoolConfig(
        min_workers=pool.min_workers,
        max_workers=pool.max_workers,
        health_check_interval_ms=pool.health_check_interval_ms,
        worker_timeout_ms=pool.worker_timeout_ms,
        load_balancing_strategy=pool.load_balancing_strategy,
        degradation_threshold=pool.degradation_threshold,
    )


def folder_of(environ: Mapping[str, str], tell: Tell | None) -> Path | None:
    """Where things are kept from run to run; None, and a word about it, where there is no such place."""
    try:
        return state_folder(environ)
    except StoreError as error:
        (tell or _silent)(f"going on without what earlier runs have used and learned: {error} ({error.hint})")
        return None


def _silent(_line: str) -> None:
    """Says nothing."""
