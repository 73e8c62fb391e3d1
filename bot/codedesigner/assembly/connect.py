"""From a request that can be planned to one that can be asked: everybody on one bus, the models behind their pool."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Container, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from importlib import import_module

import click

from codedesigner.assembly.looking import limits_of, tool_worker
from codedesigner.assembly.pool import model_pool
from codedesigner.assembly.record import Recording
from codedesigner.assembly.request import Prepared
from codedesigner.assembly.shared import Lending
from codedesigner.call.model import Call, Reply
from codedesigner.errors import ConfigError
from codedesigner.location.family import family_of
from codedesigner.location.poolsettings import PoolSettings
from codedesigner.location.spec import LocationSpec
from codedesigner.plan.keys import location_key
from codedesigner.plan.model import ProgressReport
from codedesigner.planning import Request
from codedesigner.pool.budget import NOTHING_SPENT, Spent
from codedesigner.pool.manager import PoolManager
from codedesigner.pool.task import Task
from codedesigner.publish.report import Report
from codedesigner.review import carried_on, review
from codedesigner.run.batching import BatchingWorker, questions_at_once
from codedesigner.run.bus import Bus, Record, Worker, unrecorded
from codedesigner.run.embedder import Embedder
from codedesigner.run.examine import Progress, silent
from codedesigner.run.model_worker import Ask, ModelWorker
from codedesigner.run.models import Models
from codedesigner.run.supervisor import PRIORITY
from codedesigner.run.tools.worker import TOOL_WORKER
from codedesigner.run.wired import FileWorker, WiredReviewer
from codedesigner.run.within import Idle, never_idle
from codedesigner.stages import SoFar, Stage

Told = Callable[[ProgressReport], None]


def untold(_report: ProgressReport) -> None:
    """Hears nothing."""


@asynccontextmanager
async def connected(
    prepared: Prepared,
    environ: Mapping[str, str],
    *,
    no_cache: bool = False,
    record: Record = unrecorded,
    told: Told = untold,
    lending: Lending | None = None,
    spent: Spent = NOTHING_SPENT,
) -> AsyncIterator[Request]:
    """The request with everybody reachable; leaving stops whatever is on its way.

    `spent` is what of its budget is used up already.

    Raises:
        ConfigError: a model cannot be reached as it is configured.
    """
    request, lookups = prepared.request, limits_of(prepared)
    workers: dict[str, Worker] = {reviewer.id: FileWorker(reviewer) for reviewer in request.reviewers}
    async with AsyncExitStack() as stack:
        if prepared.models and request.mode.enabled:
            # Planning mostly waits for parsers; meanwhile, what the first call needs can be loaded.
            asyncio.get_running_loop().run_in_executor(None, import_module, "aiohttp")
            if prepared.supervisor is None and request.settings.vote.wording == "supervisor":
                none = "vote.wording is supervisor, and no model has that tag: the best member's words stay"
                click.echo(f"warning: {none}", err=True)
            pool = await stack.enter_async_context(
                model_pool(
                    _asked(prepared),
                    request.settings,
                    _pool_settings(prepared),
                    environ,
                    prices=prepared.registry.prices,
                    no_cache=no_cache,
                    budget=request.budget,
                    spent=spent,
                    tell=lambda line: click.echo(f"warning: {line}", err=True),
                    lending=lending,
                )
            )
            ask = asker(pool)
            asked = [model_worker(spec, ask, request.settings.seed) for spec in prepared.models]
            tokens = request.settings.batch_tokens
            workers |= {each.id: BatchingWorker(each, tokens, pool.replies) if tokens else each for each in asked}
            if (spec := prepared.supervisor) is not None:
                workers[spec.id] = replace(model_worker(spec, ask, request.settings.seed), priority=PRIORITY)
            if prepared.embedder is not None:
                made = fingerprint(prepared.embedder)
                workers[prepared.embedder.id] = Embedder(prepared.embedder.id, ask, made, pool.replies)
            if lookups is not None:
                _free(TOOL_WORKER, workers)
                workers[TOOL_WORKER] = tool_worker(prepared, lookups)
        elif request.mode.enabled:
            _tell_of_helpers(prepared)
        idle = never_idle if lending is None else lending.turn.idle
        bus = Bus(workers, now=time.time, record=record, idle=idle)
        reviewers = tuple(WiredReviewer(reviewer, bus) for reviewer in request.reviewers)
        prepared = replace(prepared, request=replace(request, monotonic=_working(request.monotonic, idle)))
        models = models_of(prepared, bus, told, lent=lending is not None)
        yield replace(prepared.request, reviewers=reviewers, models=models)


def _tell_of_helpers(prepared: Prepared) -> None:
    """A supervisor, or who makes vectors, has nothing to do where no other model takes part."""
    if prepared.supervisor is not None:
        alone = f"{prepared.supervisor.id} is the supervisor, and no other model takes part: it judges nothing"
        click.echo(f"warning: {alone}", err=True)
    elif prepared.embedder is not None:
        alone = f"{prepared.embedder.id} makes vectors, and no other model takes part: there is nothing to compare"
        click.echo(f"warning: {alone}", err=True)


def _working(monotonic: Callable[[], float], idle: Idle) -> Callable[[], float]:
    """Time that stands still while nobody can be asked: what a review may take is measured by it."""
    return monotonic if idle is never_idle else lambda: monotonic() - idle()


def _free(name: str, workers: Container[str]) -> None:
    if name in workers:
        message = f"a location is called {name}, as what the supervisor looks things up with"
        raise ConfigError(message, hint="give it another id, or set lookups.calls to 0")


def _asked(prepared: Prepared) -> tuple[LocationSpec, ...]:
    return (*prepared.models, *prepared.helpers)


def _pool_settings(prepared: Prepared) -> PoolSettings:
    """Who has no vote takes the place of no worker."""
    pool = prepared.registry.pool
    most = pool.max_workers + len(prepared.helpers)
    return pool.model_copy(update={"max_workers": most})


async def reviewed(
    prepared: Prepared,
    environ: Mapping[str, str],
    *,
    no_cache: bool = False,
    progress: Progress = silent,
    recording: Recording | None = None,
    lending: Lending | None = None,
    told: Told = untold,
) -> Report:
    """The report on a prepared request.

    `lending`: models are asked by way of what the process's reviews share. `told` hears how far they are.
    """
    if recording is None:
        async with connected(prepared, environ, no_cache=no_cache, lending=lending, told=told) as ready:
            return await review(ready, progress)
    async with connected(
        prepared, environ, no_cache=no_cache, record=recording.record, lending=lending, told=told
    ) as ready:
        report = await review(recording.watched(ready), progress)
    recording.finish(report)
    return report


async def carried(
    prepared: Prepared,
    environ: Mapping[str, str],
    so_far: SoFar,
    until: Stage,
    *,
    no_cache: bool = False,
    deep: bool = True,
    lending: Lending | None = None,
    told: Told = untold,
) -> SoFar | Report:
    """A review, from where it is to the end of a stage; see `review.carried_on`."""
    async with connected(prepared, environ, no_cache=no_cache, lending=lending, told=told, spent=so_far.spent) as ready:
        return await carried_on(ready, so_far, until, deep=deep)


def asker(pool: PoolManager) -> Ask:
    """Asking by way of the pool."""

    async def ask(call: Call, location: str) -> Reply:
        return await pool.submit(Task(call.id, "verify", call, priority=call.priority, location_id=location))

    return ask


def model_worker(spec: LocationSpec, ask: Ask, seed: int) -> ModelWorker:
    """The location as a worker."""
    return ModelWorker(
        spec.id, ask, prefix=spec.parameters.system_prompt_prefix, seed=seed, fingerprint=fingerprint(spec)
    )


def fingerprint(spec: LocationSpec) -> str:
    """The name of all that a model's answer depends on beside the question."""
    provider = spec.provider
    asked = {
        "id": spec.id,  # two locations that are asked alike are two opinions all the same
        "parameters": spec.parameters.model_dump(mode="json"),
        "dialect": provider.dialect,
        "class": provider.python_class,
        "extra": json.dumps(provider.extra, sort_keys=True),
        "context_size": provider.context_size,
    }
    return location_key(provider_type=provider.type, endpoint=provider.url, model=provider.model_id, parameters=asked)


def models_of(prepared: Prepared, bus: Bus, told: Told, *, lent: bool = False) -> Models | None:
    """The models of the review; None where there are none to ask."""
    if not prepared.models:
        return None
    request, pool = prepared.request, prepared.registry.pool
    return Models(
        weights={spec.id: spec.weight for spec in prepared.models},
        bus=bus,
        early_exit=request.scheduler.early_exit,
        at_once=questions_at_once(
            pool.max_concurrent or request.settings.max_concurrent, request.settings.batch_tokens
        ),
        total_timeout_s=request.scheduler.total_timeout_ms / 1000,
        monotonic=request.monotonic,
        told=told,
        catch_up=request.budget.items is None,
        supervisor=None if prepared.supervisor is None else prepared.supervisor.id,
        lookups=limits_of(prepared),
        embedder=None if prepared.embedder is None else prepared.embedder.id,
        else_plain=lent,  # a service has waited for it
        families={spec.id: family_of(spec) for spec in prepared.models},
    )
