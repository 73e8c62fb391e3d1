"""What a server says about its limits, put into force at its place: refusals, what is left, and coming back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from codedesigner.call.model import RateState
from codedesigner.pool.alloc_place import REFUSED, SPENT, Place
from codedesigner.pool.events import EventName
from codedesigner.pool.learning import LONGEST_HOLD_S, hold_s, lesson, window_of
from codedesigner.pool.ledger import Ledger, Window

Tell = Callable[[EventName, str, dict[str, str | int | float]], None]

_NO_RESET_S: Final = 1.0  # nothing is left, and nobody says until when


def refused(place: Place, retry_after_s: float | None, ledger: Ledger, tell: Tell, now: float) -> None:
    """The server has refused a call as one too many. Raises `LedgerError`; the hold is in force even then.

    Calls that were in flight together teach once. A call that tries whether the server is well again teaches nothing
    when it is refused: the wait was too short, which says nothing about the rate.
    """
    wait_s = hold_s(retry_after_s)
    standing = place.remembered
    held, trying = place.held(now), place.half_open(now)
    if trying:
        place.probe = None
    if not held or now + wait_s > standing.held_until or standing.held_reason != REFUSED:
        place.hold(max(now + wait_s, standing.held_until), REFUSED, now)
    if trying:
        tell("llm.still_limited", place.id, {"retry_after": wait_s})
    elif not (held and standing.held_reason == REFUSED):
        tell("llm.rate_limited", place.id, {"retry_after": wait_s})
        window = window_of(retry_after_s, place.used(now).minute_requests)
        if window is not None:
            _learn(place, window, ledger, tell, now)


def _learn(place: Place, window: Window, ledger: Ledger, tell: Tell, now: float) -> None:
    standing = place.standing(now)  # another process may have been taught by the same burst
    taught = [place.taught_at, *(each[1] for each in (standing.learned_minute, standing.learned_hour) if each)]
    if place.newest_at() <= max(taught):
        return
    place.taught_at = now
    used, caps = place.used(now), place.configured
    if window == "minute":
        count, configured = used.minute_requests, caps.minute_requests
    else:
        count, configured = used.hour_requests, caps.hour_requests
    limit = lesson(count, configured)
    ledger.learn(place.id, window, limit, now)
    place.standing(now)
    tell("quota.limit_hit", place.id, {"window": window, "used": count, "limit": limit})


def spent(place: Place, rate: RateState, now: float) -> None:
    """Where the server says that nothing is left of a limit, hold the place until its reset. Raises `LedgerError`."""
    waits = [
        _NO_RESET_S if reset_s is None or not reset_s >= 0 else min(reset_s, LONGEST_HOLD_S)
        for left, reset_s in (
            (rate.requests_left, rate.requests_reset_s),
            (rate.tokens_left, rate.tokens_reset_s),
        )
        if left is not None and left <= 0
    ]
    if not waits:
        return
    until = now + max(waits)
    standing = place.standing(now)
    if until > max(now, standing.held_until):
        # Where a call has been refused before, the way back still leads through a single call.
        refused_before = standing.held_reason == REFUSED and standing.held_until > 0
        place.hold(until, REFUSED if refused_before else SPENT, now)


def ended_well(place: Place, tell: Tell, now: float) -> None:
    """The call that tried has ended well: the place is open, unless held again meanwhile. Raises `LedgerError`."""
    place.standing(now)
    if place.half_open(now):
        place.hold(0.0, "", now)
        tell("llm.recovered", place.id, {})
