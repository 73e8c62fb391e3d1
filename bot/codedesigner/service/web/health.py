"""Whether the process lives, whether it can take work, and its figures: for machines, and without a cookie."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from codedesigner import __version__
from codedesigner.service.database import DatabaseError
from codedesigner.service.web.meters import CONTENT_TYPE, Meters, Snapshot
from codedesigner.service.web.regions import is_alive
from codedesigner.service.web.watch import Watch


@dataclass(frozen=True, slots=True)
class Health:
    """`works`: this process has workers of its own, and is not ready while none is heard of."""

    watch: Watch
    meters: Meters
    works: bool
    scrape_token: str
    stopping: Callable[[], bool]

    async def alive(self, _request: Request) -> Response:
        """The process answers."""
        return JSONResponse({"status": "ok", "version": __version__})

    async def ready(self, _request: Request) -> Response:
        """What is delivered now would be kept, and somebody does it."""
        try:
            seen = await self.watch.seen()
        except DatabaseError:  # its words name hosts and users, and anybody may ask
            return JSONResponse({"status": "unavailable", "database": "does not answer"}, 503)
        alive = sum(is_alive(one, self.watch.now()) for one in seen.workers)
        ready = not self.stopping() and (alive > 0 or not self.works)
        said = {"status": "ok" if ready else "unavailable", "database": "ok", "workers": alive}
        return JSONResponse(said, 200 if ready else 503)

    async def metrics(self, request: Request) -> Response:
        """For Prometheus. What the database would say is missing where it cannot be asked."""
        if self.scrape_token and not _bearer(request, self.scrape_token):
            return PlainTextResponse("a token is needed", 401, {"WWW-Authenticate": "Bearer"})
        try:
            seen = await self.watch.seen()
        except DatabaseError:
            snapshot = None
        else:
            alive = sum(is_alive(one, self.watch.now()) for one in seen.workers)
            snapshot = Snapshot(seen.figures, seen.quotas, seen.reviews, alive)
        return Response(self.meters.text(snapshot), media_type=CONTENT_TYPE)


def _bearer(request: Request, token: str) -> bool:
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), token.encode("utf-8", "surrogateescape"))
