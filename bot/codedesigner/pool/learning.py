"""What a server's refusals teach about its limits, and how a lesson fades. Arithmetic only."""

from __future__ import annotations

import math
from typing import Final

from codedesigner.pool.ledger import WINDOW_S, Window

LESSON: Final = 0.8  # of what was used when the server refused
RECOVERY: Final = 0.05  # of the limit, for every window without a refusal
SHORT_S: Final = 120.0
BRIEF_S: Final = 10.0
LEAST_USED: Final = 10
UNKNOWN_HOLD_S: Final = 60.0
SHORTEST_HOLD_S: Final = 0.05
LONGEST_HOLD_S: Final = 86_400.0


def usable(quota: int | None) -> int | None:
    """An hourly quota less the tenth that is held back."""
    return None if quota is None else quota - quota // 10


def kept_back(cap: int | None, share: float) -> int:
    """How much of a limit is left for people where they have `share` of it: one at least, where one is not all."""
    return 0 if cap is None or cap < 2 or share <= 0 else min(cap - 1, max(1, round(cap * share)))


def hold_s(retry_after_s: float | None) -> float:
    """How long a location that refused is left alone: as long as it says, a day at most; else a minute."""
    if retry_after_s is None or not retry_after_s >= 0:  # not a number is not known either
        return UNKNOWN_HOLD_S
    return min(max(retry_after_s, SHORTEST_HOLD_S), LONGEST_HOLD_S)


def window_of(retry_after_s: float | None, used: int) -> Window | None:
    """Which limit a refusal is about, after `used` requests in the last minute; None: it teaches nothing.

    Who is asked to come back in more than two minutes has met the hour's. Who is asked to come back within seconds has
    met a bucket that fills that quickly, and the wait is enough. After a handful of requests a refusal says more about
    others who use the same key than about how much there is.
    """
    if retry_after_s is not None and retry_after_s > SHORT_S:
        return "hour"
    brief = retry_after_s is not None and 0 <= retry_after_s < BRIEF_S
    return None if brief or used < LEAST_USED else "minute"


def lesson(used: int, configured: int | None) -> int:
    """The limit that a refusal after `used` requests in the window teaches: at least 1, never above `configured`."""
    learned = max(1, int(used * LESSON))
    return learned if configured is None else min(learned, configured)


def in_force(learned: tuple[int, float] | None, configured: int | None, window: Window, now: float) -> int | None:
    """The learned limit as it is at `now`; None where it says nothing more than what is configured.

    It grows by 5 % of the configured limit (of itself, where none is configured) for every full window since the last
    refusal. It is over when it reaches the configured limit; where none is configured, when it has doubled.
    """
    if learned is None:
        return None
    limit, since = learned
    windows = max(0, math.floor((now - since) / WINDOW_S[window]))
    grown = limit + int(windows * RECOVERY * (limit if configured is None else configured))
    over = grown >= (2 * limit if configured is None else configured)
    return None if over else grown
