"""Webhooks: proved, looked at, put where nothing is lost, and answered; all that takes time is done by workers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_network
from math import ceil
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from codedesigner.event.model import Ignored
from codedesigner.service.database import DatabaseError
from codedesigner.service.events import submitted
from codedesigner.service.inbox import Accepted, Duplicate, Inbox
from codedesigner.service.inbox import Refused as Unwanted
from codedesigner.service.intake import Delivery, Rejected, Secrets, receive_github, receive_gitlab
from codedesigner.service.logs import Log
from codedesigner.service.settings import ServiceSettings, allowed
from codedesigner.service.spans import UNTRACED, Spans
from codedesigner.service.telling import Telling
from codedesigner.service.web.bodies import Room, read_body
from codedesigner.service.web.meters import Meters
from codedesigner.service.web.throttle import Throttle, source_of

ACCEPT_S = 0.8
"""How long the database may take before whoever delivers is told to come back. What can be is written all the same."""
MOST_LATE = 1_000
"""Deliveries that are still to be written although somebody was told to come back."""
LATER_S = 30
_LARGE = 256 * 1024  # bytes from which a body is looked at in a thread, so that others are not kept waiting

Receive = Callable[[Mapping[str, str], bytes], Delivery | Rejected]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a forge is told. `retry_s` is in how many seconds it may try again; 0 where it need not."""

    status: int
    said: Mapping[str, str]
    retry_s: float = 0.0

    def response(self) -> Response:
        """As HTTP has it."""
        headers = {"Retry-After": str(ceil(self.retry_s))} if self.retry_s else {}
        return JSONResponse(dict(self.said), self.status, headers | {"Cache-Control": "no-store"})


class Hooks:
    """Takes deliveries of both forges. `now` is Unix time, `ticks` a clock that only goes forwards."""

    def __init__(
        self,
        settings: ServiceSettings,
        secrets: Secrets,
        box: Inbox,
        log: Log,
        meters: Meters,
        *,
        now: Callable[[], float],
        ticks: Callable[[], float],
        spans: Spans = UNTRACED,
    ) -> None:
        self._spans = spans
        self._settings = settings
        self._secrets = secrets
        self._inbox = box
        self._log = log
        self._meters = meters
        self._now = now
        self._ticks = ticks
        self._throttle = Throttle(settings.limits.requests_per_minute, ticks)
        self._room = Room(settings.limits.bodies_bytes)
        self._proxies = tuple(ip_network(each) for each in settings.network.proxies)
        self._late: set[asyncio.Future[Accepted | Duplicate | Unwanted]] = set()

    async def github(self, request: Request) -> Response:
        """GitHub's address."""
        return await self._answered("github", request, lambda head, body: receive_github(head, body, self._secrets))

    async def gitlab(self, request: Request) -> Response:
        """GitLab's address."""

        def receive(head: Mapping[str, str], body: bytes) -> Delivery | Rejected:
            return receive_gitlab(head, body, self._secrets, now=self._now())

        return await self._answered("gitlab", request, receive)

    async def _answered(self, forge: str, request: Request, receive: Receive) -> Response:
        began = self._ticks()
        source = source_of(
            request.client.host if request.client else "", request.headers.get("x-forwarded-for", ""), self._proxies
        )
        with self._spans.webhook(forge) as tell:
            try:
                answer = await self._answer(forge, source, request, receive)
            except ClientDisconnect:
                closed = Rejected(400, "the connection was closed before the end of the body")
                answer = self._refused(forge, source, closed)
            tell(
                {
                    "status": answer.status,
                    "answer": answer.said.get("status", ""),
                    "task.id": answer.said.get("task", ""),
                }
            )
        self._meters.webhook(forge, answer.status, self._ticks() - began)
        return answer.response()

    async def _answer(self, forge: str, source: str, request: Request, receive: Receive) -> Answer:
        wait = self._throttle.wait(source)
        if wait:
            return self._refused(forge, source, Rejected(429, "too many deliveries from one address"), wait)
        found = await self._read(request, receive)
        if isinstance(found, Rejected):
            return self._refused(forge, source, found, LATER_S if found.status == 503 else 0)
        return await self._taken(found, source)

    async def _read(self, request: Request, receive: Receive) -> Delivery | Rejected:
        """What the request brings. Its body has its room until it was looked at, which takes longer than to send it."""
        # As latin-1, which HTTP gives, a secret outside of ASCII would not be found again.
        headers = {
            name.decode("latin-1").lower(): value.decode("utf-8", "surrogateescape")
            for name, value in request.headers.raw
        }
        limits = self._settings.limits
        body = await read_body(
            request.stream(), headers, self._room, most=limits.body_bytes, seconds=limits.body_seconds
        )
        if isinstance(body, Rejected):
            return body
        if not self._room.take(len(body)):
            return Rejected(503, "too many deliveries are being read; deliver it again later")
        try:
            given = (headers, body)
            return receive(*given) if len(body) < _LARGE else await asyncio.to_thread(receive, *given)
        finally:
            self._room.give(len(body))

    async def _taken(self, delivery: Delivery, source: str) -> Answer:
        """A proved delivery: something is asked, and of a repository that is reviewed."""
        if isinstance(delivery.event, Ignored) and delivery.event.ended is None:
            return self._ignored(delivery, delivery.event.reason)
        if not allowed(self._repositories(delivery.forge), delivery.repo):
            return self._ignored(delivery, "the repository is not one of those that are reviewed")
        try:
            came = await self._accepted(replace(delivery, trace=self._spans.current))
        except DatabaseError as error:
            why = Rejected(503, error.message)
            return self._refused(delivery.forge, source, why, LATER_S, said="not stored; try again")
        facts = _facts(delivery)
        if isinstance(came, Accepted):
            self._log("webhook.accepted", **facts, task_id=came.task_id, joined=came.joined)
            if came.task is not None:
                Telling(self._log).service(submitted(came.task, new=not came.joined))
            return Answer(202, {"status": "accepted", "task": came.task_id})
        if isinstance(came, Duplicate):
            self._log("webhook.duplicate", **facts, task_id=came.task_id)
            return Answer(200, {"status": "duplicate", "task": came.task_id})
        if came.busy:
            return self._refused(delivery.forge, source, Rejected(503, came.reason), LATER_S)
        return self._ignored(delivery, came.reason)

    async def _accepted(self, delivery: Delivery) -> Accepted | Duplicate | Unwanted:
        """Nobody is kept waiting, and what comes in while the database is busy need not be lost for that.

        Raises:
            DatabaseError: it is not stored by now.
        """
        if len(self._late) >= MOST_LATE:
            raise DatabaseError("the database does not answer, and much is waiting for it")
        taking = asyncio.ensure_future(self._inbox.accept(delivery))
        done, _ = await asyncio.wait({taking}, timeout=ACCEPT_S)
        if done:
            return taking.result()
        self._late.add(taking)
        taking.add_done_callback(lambda _taken: self._written(taking, delivery))
        raise DatabaseError("the database does not answer in time")

    def _written(self, taking: asyncio.Future[Accepted | Duplicate | Unwanted], delivery: Delivery) -> None:
        """A delivery that somebody was told to bring again is on the disk after all, or is not."""
        self._late.discard(taking)
        if taking.cancelled():
            return
        error = taking.exception()
        if error is None and isinstance(came := taking.result(), Accepted):
            self._log("webhook.accepted", **_facts(delivery), task_id=came.task_id, joined=came.joined, late=True)
        elif error is not None:
            why = error.message if isinstance(error, DatabaseError) else f"a bug ({type(error).__name__})"
            self._log("service.note", level="error", message=why, **_facts(delivery))

    def _repositories(self, forge: str) -> tuple[str, ...]:
        forges = self._settings.forges
        one = forges.github if forge == "github" else forges.gitlab
        return one.repositories if one is not None else ()

    def _ignored(self, delivery: Delivery, reason: str) -> Answer:
        self._log("webhook.ignored", **_facts(delivery), reason=reason)
        return Answer(200, {"status": "ignored", "reason": reason})

    def _refused(self, forge: str, source: str, why: Rejected, retry_s: float = 0.0, *, said: str = "") -> Answer:
        self._log("webhook.refused", level="warning", forge=forge, source=source, status=why.status, reason=why.reason)
        return Answer(why.status, {"status": "refused", "reason": said or why.reason}, retry_s)


def _facts(delivery: Delivery) -> dict[str, Any]:
    return {"forge": delivery.forge, "repo": delivery.repo, "delivery": delivery.id}
