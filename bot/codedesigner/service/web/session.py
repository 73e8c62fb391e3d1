"""Who is signed in: a cookie that we signed, and a token for forms that belongs to it. Pure.

The key is the login token's own: whoever exchanges that signs everybody out.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

_LABEL = b"codedesigner session 1"


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in until `until` (Unix seconds). `id` is random, and another at each sign-in."""

    id: str = field(repr=False)
    until: int


class Sessions:
    """Makes and reads cookies."""

    def __init__(self, login: str) -> None:
        if not login:
            raise ValueError("without a token nobody can sign in")
        self._login = login
        self._key = hmac.new(login.encode("utf-8", "surrogateescape"), _LABEL, hashlib.sha256).digest()

    def knows(self, token: str) -> bool:
        """Whether the token is the one to sign in with. Digests are compared: not even its length is told by time."""
        return hmac.compare_digest(self._mark("login", token), self._mark("login", self._login))

    def cookie(self, session: Session) -> str:
        """The cookie's value."""
        return f"{session.id}.{session.until}.{self._mark('cookie', f'{session.id}.{session.until}')}"

    def read(self, cookie: str, now: float) -> Session | None:
        """The session of a cookie; None where it is none of ours, or over."""
        if not cookie.isascii() or cookie.count(".") != 2 or len(cookie) > 300:
            return None
        identity, until, mark = cookie.split(".")
        if not hmac.compare_digest(mark, self._mark("cookie", f"{identity}.{until}")):
            return None
        return Session(identity, int(until)) if int(until) > now else None

    def form_token(self, session: Session) -> str:
        """What a form has to bring along, so that no other page can send it."""
        return self._mark("form", session.id)

    def is_form_token(self, session: Session, given: str) -> bool:
        """Whether `given` is the session's token for forms."""
        expected = self.form_token(session)
        return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())

    def _mark(self, purpose: str, text: str) -> str:
        data = f"{purpose}:{text}".encode("utf-8", "surrogateescape")
        return hmac.new(self._key, data, hashlib.sha256).hexdigest()
