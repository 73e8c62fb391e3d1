"""How long a server asks to wait, and what it says is left of its limits. Headers' names are in lower case.

What cannot be read, is negative or absurd counts as not said.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from codedesigner.call.model import RateState

LONGEST_S = 7 * 86_400.0
"""A longer wait is a mistake of the server or of a clock."""

_UNITS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})")
_PIECE = r"[0-9]{1,12}(?:\.[0-9]{1,12})?(?:ms|us|µs|μs|ns|[dhms])"
_DURATION = re.compile(rf"(?:{_PIECE}){{1,6}}")
_PIECES = re.compile(r"([0-9.]+)([a-zµμ]+)")
_AMOUNT = rf"(?:{_PIECE}){{1,6}}|[0-9]{{1,9}}(?:\.[0-9]{{1,9}})?"
_IN_WORDS = re.compile(
    rf"(?:try again|retry|wait|retry_after|retrydelay)\W{{1,5}}(?:(?:in|after|for)\W{{1,3}})?({_AMOUNT})"
    r"\s?(milliseconds?|seconds?|minutes?|hours?)?",
    re.IGNORECASE,
)
_WORDS = {"millisecond": 1e-3, "second": 1.0, "minute": 60.0, "hour": 3_600.0}
_EPOCH_S = 1e9
_EPOCH_MS = 1e12
_WHOLE = re.compile(r"-?[0-9]{1,15}")


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until the server wants to be asked again; `now` is Unix time, for those who name a date."""
    thousandths = _number(headers.get("retry-after-ms", ""))
    if thousandths is not None and (wait := _sane(thousandths / 1000)) is not None:
        return wait
    said = headers.get("retry-after", "").strip()
    seconds = _number(said)
    if seconds is not None:
        return _sane(seconds)
    wait = duration(said)
    if wait is not None:
        return wait
    moment = _http_date(said)
    return None if moment is None else _sane(_until(moment, now))


def stated_wait(text: str) -> float | None:
    """Seconds, from a sentence such as `Please try again in 7m12.5s` or `"retryDelay": "34s"`."""
    found = _IN_WORDS.search(text)
    if found is None:
        return None
    amount, word = found.group(1), (found.group(2) or "").lower().rstrip("s")
    seconds = _number(amount)
    return duration(amount) if seconds is None else _sane(seconds * _WORDS.get(word, 1.0))


def should_retry(headers: Mapping[str, str]) -> bool | None:
    """The server's own word on another try, in `x-should-retry`."""
    return {"true": True, "false": False}.get(headers.get("x-should-retry", "").strip().lower())


def duration(text: str) -> float | None:
    """Seconds of `1s`, `6m0s`, `1h2m3.5s` or `120ms`."""
    text = text.strip().lower()
    if not _DURATION.fullmatch(text):
        return None
    return _sane(sum(float(amount) * _UNITS[unit] for amount, unit in _PIECES.findall(text)))


def rate_state(headers: Mapping[str, str], now: float) -> RateState | None:
    """What is left, from the headers of OpenAI and its likes or of Anthropic; None where they say nothing.

    Anthropic counts tokens in and out apart: those of prompts are taken, as most tokens are in prompts.
    """
    for requests, tokens in _FAMILIES:
        requests_left, requests_reset = _first(headers, requests, now)
        tokens_left, tokens_reset = _first(headers, tokens, now)
        state = RateState(requests_left, tokens_left, requests_reset, tokens_reset)
        if state != RateState():
            return state
    return None


_Names = tuple[str, str, str]
"""Headers with the limit, what is left of it, and when it is whole again."""


def _openai(what: str) -> _Names:
    return (f"x-ratelimit-limit{what}", f"x-ratelimit-remaining{what}", f"x-ratelimit-reset{what}")


def _anthropic(what: str) -> _Names:
    return tuple(f"anthropic-ratelimit-{what}-{part}" for part in ("limit", "remaining", "reset"))  # type: ignore[return-value]


_FAMILIES: tuple[tuple[tuple[_Names, ...], tuple[_Names, ...]], ...] = (
    ((_openai("-requests"), _openai("")), (_openai("-tokens"),)),
    ((_anthropic("requests"),), (_anthropic("input-tokens"), _anthropic("tokens"))),
)


def _first(headers: Mapping[str, str], named: tuple[_Names, ...], now: float) -> tuple[int | None, float | None]:
    for limit, remaining, reset in named:
        left = _whole(headers.get(remaining, ""))
        if left is None or left < 0 or _at_most_zero(_whole(headers.get(limit, ""))):
            continue
        wait = _reset(headers.get(reset, ""), now)
        if left == 0 and not wait:
            continue  # Azure says 0 where it does not count
        return left, wait
    return None, None


def _reset(text: str, now: float) -> float | None:
    number = _number(text)
    if number is not None:
        if number >= _EPOCH_S:
            number = number / 1000 - now if number >= _EPOCH_MS else number - now
            return _sane(max(number, 0.0))
        return _sane(number)
    wait = duration(text)
    if wait is not None:
        return wait
    moment = _rfc3339(text.strip())
    return None if moment is None else _sane(_until(moment, now))


def _at_most_zero(limit: int | None) -> bool:
    return limit is not None and limit <= 0


def _whole(text: str) -> int | None:
    text = text.strip()
    return int(text) if _WHOLE.fullmatch(text) and text.isascii() else None


def _number(text: str) -> float | None:
    text = text.strip()
    return float(text) if _NUMBER.fullmatch(text) else None


def _sane(seconds: float) -> float | None:
    return seconds if math.isfinite(seconds) and 0 <= seconds <= LONGEST_S else None


def _until(moment: datetime, now: float) -> float:
    # A moment that has passed means: now.
    return max(moment.timestamp() - now, 0.0)


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _rfc3339(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
