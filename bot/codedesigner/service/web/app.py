"""The service's HTTP side, put together. Whoever starts it gives it a database, clocks and a log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from codedesigner.service.board import Board
from codedesigner.service.database import Database, DatabaseError
from codedesigner.service.held import Held
from codedesigner.service.inbox import SqlInbox
from codedesigner.service.logs import Log
from codedesigner.service.quotas import QuotaBoard
from codedesigner.service.reviews import ReviewBoard
from codedesigner.service.settings import ServiceSettings, urgency
from codedesigner.service.spans import UNTRACED, Spans
from codedesigner.service.store import Store
from codedesigner.service.web.acts import Acts
from codedesigner.service.web.bodies import Room
from codedesigner.service.web.guard import Guard
from codedesigner.service.web.health import Health
from codedesigner.service.web.hooks import Hooks
from codedesigner.service.web.live import Streams
from codedesigner.service.web.meters import Meters
from codedesigner.service.web.pages import PAGES
from codedesigner.service.web.session import Sessions
from codedesigner.service.web.signedout import SignedOut
from codedesigner.service.web.site import Site
from codedesigner.service.web.throttle import Throttle
from codedesigner.service.web.watch import Watch
from codedesigner.vote.history import Record

_FORM_BYTES = 1_000_000  # of all forms that are being read at a time


@dataclass(frozen=True, slots=True)
class Given:
    """What the web side is made of. `now` is the time that all workers share, `ticks` one that only goes forwards.

    `works`: this process has workers of its own. `outcomes` is what is known of how often locations were right.
    """

    settings: ServiceSettings
    held: Held
    database: Database
    log: Log
    now: Callable[[], float]
    ticks: Callable[[], float]
    works: bool
    outcomes: Callable[[], Sequence[Record]]
    every_s: float = 1.5
    spans: Spans = UNTRACED


@dataclass(frozen=True, slots=True)
class Web:
    """The application, and what has to be told when it is to end."""

    app: Starlette
    streams: Streams
    meters: Meters


def build(given: Given) -> Web:
    """The application."""
    settings, database, now = given.settings, given.database, given.now
    meters, streams = Meters(), Streams(every_s=given.every_s)
    box, store = SqlInbox(database, now, urgency=partial(urgency, settings.priorities)), Store(database, now)
    watch = Watch(
        Board(database, now),
        QuotaBoard(database, now),
        ReviewBoard(database, now),
        given.outcomes,
        now=now,
        ticks=given.ticks,
    )
    hooks = Hooks(settings, given.held.webhooks, box, given.log, meters, now=now, ticks=given.ticks, spans=given.spans)
    guard = Guard(Sessions(given.held.login), Room(_FORM_BYTES), settings.public_url.startswith("https:"))
    tries = Throttle(settings.limits.sign_ins_per_minute, given.ticks)
    site = Site(
        settings,
        guard,
        SignedOut(store, given.ticks),
        watch,
        Acts(store, box, now),
        streams,
        tries,
        meters,
        given.log,
        now,
    )
    health = Health(watch, meters, given.works, given.held.scrape_token, lambda: streams.stopping)
    routes = [
        Route("/webhooks/github", hooks.github, methods=["POST"]),
        Route("/webhooks/gitlab", hooks.gitlab, methods=["POST"]),
        Route("/healthz", health.alive),
        Route("/readyz", health.ready),
        Route("/metrics", health.metrics),
        *(Route(path, site.whole_service) for path in PAGES),
        Route("/live", site.live),
        Route("/favicon.ico", _nothing),
        Route("/sign-in", site.sign_in, methods=["GET", "POST"]),
        Route("/sign-out", site.sign_out, methods=["POST"]),
        Route("/tasks/{name:str}", site.one_task),
        Route("/tasks/{name:str}", site.act, methods=["POST"]),
    ]
    app = Starlette(routes=routes, exception_handlers={DatabaseError: _unavailable(given.log)})
    app.router.redirect_slashes = False  # it would lead to whatever host the request names
    return Web(app, streams, meters)


async def _nothing(_request: Request) -> Response:
    """Browsers ask for a picture; there is none, and it is no error."""
    return Response(status_code=204, headers={"Cache-Control": "max-age=86400"})


def _unavailable(log: Log) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:
        log("service.note", level="error", message=str(error), path=request.url.path)
        if request.url.path.startswith("/webhooks/"):
            return JSONResponse({"status": "refused", "reason": "not stored; try again"}, 503, {"Retry-After": "30"})
        return PlainTextResponse("the database does not answer; nothing is lost", 503, {"Retry-After": "30"})

    return answer
