"""The dashboard's addresses: who may see what, and what they get."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from math import ceil
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from codedesigner.service.intake import Rejected
from codedesigner.service.logs import Log
from codedesigner.service.settings import ServiceSettings
from codedesigner.service.web.acts import Acts, is_act
from codedesigner.service.web.guard import HEADERS, Guard, page, safe_path, to
from codedesigner.service.web.live import Streams
from codedesigner.service.web.meters import Meters
from codedesigner.service.web.pages import PAGES, parts_of_task, title_of, whole
from codedesigner.service.web.regions import Region
from codedesigner.service.web.session import Session
from codedesigner.service.web.signedout import SignedOut
from codedesigner.service.web.throttle import Throttle, source_of
from codedesigner.service.web.watch import Watch
from codedesigner.text import render

_NOTICES = {
    "pause": "Asked to pause.",
    "resume": "Asked to go on.",
    "cancel": "Asked to end.",
    "recheck": "Asked for another review.",
}


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that the pages need."""

    settings: ServiceSettings
    guard: Guard
    over: SignedOut
    watch: Watch
    acts: Acts
    streams: Streams
    tries: Throttle
    meters: Meters
    log: Log
    now: Callable[[], float]

    async def whole_service(self, request: Request) -> Response:
        """A page about the whole service."""
        session = await self._session(request)
        path = request.url.path
        if session is None:
            return self._turned_away(request)
        shown = PAGES[path]
        seen = await self.watch.seen()
        nonce = secrets.token_urlsafe(16)
        html = whole(
            shown.title,
            shown.parts(seen),
            nonce=nonce,
            path=path,
            live=f"/live?of={quote(path, safe='')}",
            form=self.guard.sessions.form_token(session),
        )
        return page(html, nonce)

    async def one_task(self, request: Request) -> Response:
        """A task's page."""
        session = await self._session(request)
        if session is None:
            return self._turned_away(request)
        name = request.path_params["name"]
        one, seen = await self.watch.task(name), await self.watch.seen()
        if one is None:
            return self._missing(session)
        form, nonce = self.guard.sessions.form_token(session), secrets.token_urlsafe(16)
        html = whole(
            title_of(one),
            parts_of_task(one, seen, form),
            nonce=nonce,
            live=f"/live?of={quote(f'/tasks/{name}', safe='')}",
            form=form,
            heading=title_of(one),
            notice=_NOTICES.get(request.query_params.get("asked", ""), ""),
        )
        return page(html, nonce)

    async def live(self, request: Request) -> Response:
        """The changes of a page, as they come."""
        session = await self._session(request)
        if session is None:
            return PlainTextResponse("sign in first", 401, dict(HEADERS))
        if self.streams.full:
            return PlainTextResponse("too many are looking", 503, {"Retry-After": "30"})
        path = request.query_params.get("of", "/")

        async def parts() -> tuple[Region, ...] | None:
            return await self._parts(path, session)

        stream = self.streams.changes(parts, lambda: self.now() >= session.until)
        return StreamingResponse(stream, media_type="text/event-stream", headers={**HEADERS, "X-Accel-Buffering": "no"})

    async def _parts(self, path: str, session: Session) -> tuple[Region, ...] | None:
        if await self.over.has(session):
            return None
        seen = await self.watch.seen()
        if path in PAGES:
            return PAGES[path].parts(seen)
        one = await self.watch.task(path.removeprefix("/tasks/"))
        return None if one is None else parts_of_task(one, seen, self.guard.sessions.form_token(session))

    async def act(self, request: Request) -> Response:
        """Somebody presses a button on a task's page."""
        session = await self._session(request)
        if session is None:
            return self._refused(request, Rejected(401, "sign in first"))
        form = await self.guard.form(request)
        if isinstance(form, Rejected):
            return self._refused(request, form)
        if not self.guard.sessions.is_form_token(session, form.get("form", "")):
            return self._refused(request, Rejected(403, "the form is not from this session; load the page again"))
        act = form.get("act", "")
        if not is_act(act):
            return self._refused(request, Rejected(400, "there is no such thing to do"))
        one = await self.watch.task(request.path_params["name"])
        if one is None:
            return self._missing(session)
        came = await self.acts.do(act, one.task)
        self.meters.acted(act)
        self.log("web.acted", act=act, task_id=one.task.id, came=came, source=self._source(request))
        return to(f"/tasks/{one.task.id}?asked={act}")

    async def sign_in(self, request: Request) -> Response:
        """The form to sign in with, and what it sends."""
        if request.method != "POST":
            return self._form(safe_path(request.query_params.get("next", "/")))
        source = self._source(request)
        wait = self.tries.wait(source)
        if wait:
            refused = self._refused(request, Rejected(429, "too many tries; wait a little"))
            refused.headers["Retry-After"] = str(ceil(wait))
            return refused
        form = await self.guard.form(request)
        if isinstance(form, Rejected):
            return self._refused(request, form)
        onward = safe_path(form.get("next", "/"))
        if not self.guard.sessions.knows(form.get("token", "")):
            self.log("web.refused", level="warning", source=source, path="/sign-in", status=401, reason="wrong token")
            return self._form(onward, "That is not the token.", 401)
        response = to(onward)
        self.guard.sign_in(response, self.now(), self.settings.dashboard.session_hours)
        self.log("web.signed_in", source=source)
        return response

    async def sign_out(self, request: Request) -> Response:
        """The end of a session."""
        session, form = await self._session(request), await self.guard.form(request)
        if isinstance(form, Rejected):
            return self._refused(request, form)
        if session is not None and not self.guard.sessions.is_form_token(session, form.get("form", "")):
            return self._refused(request, Rejected(403, "the form is not from this session"))
        if session is not None:
            await self.over.add(session)
        response = to("/sign-in")
        self.guard.sign_out(response)
        return response

    async def _session(self, request: Request) -> Session | None:
        """Who asks; None for nobody whom we know, or do not know any more."""
        session = self.guard.session(request, self.now())
        return None if session is None or await self.over.has(session) else session

    def _form(self, onward: str, wrong: str = "", status: int = 200) -> Response:
        nonce = secrets.token_urlsafe(16)
        form = Region("sign-in", "Sign in", render("service/sign_in.html.j2", {"next": onward, "wrong": wrong}))
        return page(whole("Sign in", (form,), nonce=nonce, signed_in=False), nonce, status)

    def _missing(self, session: Session) -> Response:
        nonce = secrets.token_urlsafe(16)
        form = self.guard.sessions.form_token(session)
        html = whole(
            "Not here", (), nonce=nonce, form=form, heading="There is no such task. What has ended is kept for a while."
        )
        return page(html, nonce, 404)

    def _turned_away(self, request: Request) -> Response:
        """To the sign-in, for whoever wants a page; nothing of it is shown before."""
        if "text/html" not in request.headers.get("accept", ""):
            return PlainTextResponse("sign in first", 401, dict(HEADERS))
        return to(f"/sign-in?next={quote(safe_path(request.url.path), safe='')}")

    def _refused(self, request: Request, why: Rejected) -> Response:
        self.log(
            "web.refused",
            level="warning",
            source=self._source(request),
            path=request.url.path,
            status=why.status,
            reason=why.reason,
        )
        return PlainTextResponse(why.reason, why.status, dict(HEADERS))

    def _source(self, request: Request) -> str:
        proxies = tuple(ip_network(each) for each in self.settings.network.proxies)
        peer = request.client.host if request.client else ""
        return source_of(peer, request.headers.get("x-forwarded-for", ""), proxies)
