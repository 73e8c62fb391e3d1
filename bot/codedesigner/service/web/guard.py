"""Who may look and act: signed in by a cookie, forms that are our own, headers that let nothing else in."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from codedesigner.service.intake import Rejected
from codedesigner.service.web.bodies import Room, read_body
from codedesigner.service.web.session import Session, Sessions

MOST_FORM_BYTES = 8_192
_FORM_S = 10.0
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Guard:
    """Cookies and forms. `secure`: people come by https alone, so the cookie goes nowhere else."""

    sessions: Sessions
    room: Room
    secure: bool

    @property
    def cookie(self) -> str:
        """The cookie's name; the prefix makes browsers hold to what it promises."""
        return "__Host-codedesigner" if self.secure else "codedesigner"

    def session(self, request: Request, now: float) -> Session | None:
        """Who asks; None for nobody whom we know."""
        return self.sessions.read(request.cookies.get(self.cookie, ""), now)

    def sign_in(self, response: Response, now: float, hours: int) -> None:
        """Let them have a cookie."""
        session = Session(secrets.token_hex(16), int(now) + hours * 3_600)
        response.set_cookie(
            self.cookie,
            self.sessions.cookie(session),
            max_age=hours * 3_600,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="strict",
        )

    def sign_out(self, response: Response) -> None:
        """Take it away."""
        response.delete_cookie(self.cookie, path="/", secure=self.secure, httponly=True, samesite="strict")

    async def form(self, request: Request) -> Mapping[str, str] | Rejected:
        """What a form says, or why it is none of ours: of another kind, too large, or from another place."""
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            return Rejected(415, "only forms are taken here")
        if not same_origin(request):
            return Rejected(403, "the form comes from another page")
        body = await read_body(
            request.stream(), dict(request.headers), self.room, most=MOST_FORM_BYTES, seconds=_FORM_S
        )
        if isinstance(body, Rejected):
            return body
        try:
            found = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=20)
        except ValueError:
            return Rejected(400, "the form cannot be read")
        return {name: values[-1] for name, values in found.items()}


def same_origin(request: Request) -> bool:
    """Whether the browser says that the request is from one of our pages. Where it says nothing, the token decides."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc == request.headers.get("host", "")
    except ValueError:  # such as half of an IPv6 address
        return False


def safe_path(text: str) -> str:
    """A path of ours to go on to; the start for anything that may lead elsewhere."""
    plain = text.isascii() and text.isprintable() and text.startswith("/") and "\\" not in text
    return text if plain and not text.startswith("//") and len(text) < 300 else "/"


def page(html: str, nonce: str, status: int = 200) -> Response:
    """A page that may run our script alone, fetches from nowhere else and stands in nobody's frame."""
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self';"
        " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(html, status, {"Content-Security-Policy": policy, **HEADERS})


HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def to(path: str) -> Response:
    """Go on there."""
    return RedirectResponse(path, 303, {"Cache-Control": "no-store"})
