"""What the answers of both forges have in common. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from codedesigner.errors import ForgeError, LimitedError, UnavailableError, UnreachableError

FIRST_PAUSE_S = 60.0
"""After a limit of which the forge does not say how long it lasts; doubled with every further one."""
_MOST_WORDS = 300
_AWAY = frozenset({502, 503, 504, *range(520, 531)})
"""What stands before a server says so where the server itself does not answer; from 520 on it is Cloudflare's."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. Names of headers are in lower case; `data` is what the JSON holds, None for no body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    data: Any = field(repr=False)

    @property
    def message(self) -> str:
        """The forge's own words, if any."""
        said = self.data.get("message") if isinstance(self.data, dict) else None
        return said if isinstance(said, str) else ""


class AgainError(Exception):
    """Not to be taken for an answer: worth another attempt after `pause` seconds, or else `error`.

    `stored` says that the request may have been carried out all the same.
    """

    def __init__(self, error: ForgeError, *, pause: float | None, stored: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.pause = pause
        self.stored = stored

    @property
    def limited(self) -> bool:
        """Whether it is a limit, which was not counted out as work."""
        return isinstance(self.error, LimitedError)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that the forge wants to be left alone, where it says so; `now` is the Unix time."""
    after = headers.get("retry-after", "").strip()
    if after.isdigit() and len(after) <= 9:
        return float(after)
    if not after:
        return None
    try:
        return max(0.0, parsedate_to_datetime(after).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def no_use(forge: str, what: str, status: int) -> UnreachableError:
    """The error for an answer of 5xx: the forge is away, or it broke over this request."""
    kind = UnavailableError if status in _AWAY else UnreachableError
    return kind(f"{forge} answered {what} with {status}", status=status)


def one_line(text: str) -> str:
    """A forge's words on one line; they may quote what was sent."""
    line = " ".join(text.split())
    return line if len(line) <= _MOST_WORDS else f"{line[: _MOST_WORDS - 1]}…"
