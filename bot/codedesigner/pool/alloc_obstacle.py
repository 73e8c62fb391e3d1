"""Why a location cannot be asked now, and whether that is for longer than somebody wants to wait."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from codedesigner.pool.gate import Demand, Denied
from codedesigner.pool.ledger import Full, Standing

LOOK_AGAIN_S: Final = 60.0
"""After how long a limit that is reached is looked at again at the latest: it may have grown."""
_SOON_S: Final = 0.01  # whatever a ledger says, to try again at once is of no use

_REACHED: Final = {
    "minute_requests": "its requests per minute are used up",
    "minute_tokens": "its tokens per minute are used up",
    "hour_requests": "its hourly quota is used up, except for the tenth that is held back",
    "day_deep": "its daily quota of deep calls is used up",
}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a location cannot be asked now.

    `until` and `since` are Unix time: when that may be over, and since when nothing has got through because of it.
    `look_at` is when to look again without having been told; infinity where somebody will tell.
    """

    outcome: Literal["busy", "offline", "rate_limited", "over_quota"]
    detail: str = ""
    until: float = math.inf
    since: float = 0.0
    look_at: float = math.inf

    def outlasts(self, wait_s: float | None, arrived: float) -> bool:
        """Whether it is in the way for longer than `wait_s` for somebody who came at `arrived`.

        Only the time that it is in the way counts, not the time in the queue before.
        """
        if self.outcome == "busy":
            return False
        if self.until == math.inf:
            return True
        return wait_s is not None and self.until - max(arrived, self.since) > wait_s


BUSY: Final = Obstacle("busy")


def reached(location: str, full: Full, standing: Standing, since: float, now: float) -> Obstacle:
    """The obstacle that a limit is once it is reached. A learned one is a matter of rate, whatever its window."""
    learned = full.cap == "hour_requests" and standing.learned_hour is not None
    until = max(full.until, now + _SOON_S)
    return Obstacle(
        "rate_limited" if learned or full.cap.startswith("minute") else "over_quota",
        f"{location}: {_REACHED[full.cap]}",
        until,
        since,
        min(until, now + LOOK_AGAIN_S),
    )


def never_fits(full: Full) -> bool:
    """Whether the call is larger than all that may be used in a minute."""
    return full.cap == "minute_tokens" and full.until == math.inf


def too_long(demand: Demand) -> Denied:
    """What somebody is told whose call never fits."""
    detail = f"the call may use {demand.tokens} tokens, more than may be used in a minute: "
    return Denied("too_long", detail + ", ".join(demand.candidates), math.inf)


def verdict(obstacles: Iterable[Obstacle | None], wait_s: float | None, arrived: float) -> Denied | None:
    """What somebody is told at whose candidates these are in the way; None where waiting makes sense."""
    offline: list[str] = []
    first: Obstacle | None = None
    for obstacle in obstacles:
        if obstacle is None or not obstacle.outlasts(wait_s, arrived):
            return None
        if obstacle.outcome == "offline":
            offline.append(obstacle.detail)
        elif first is None or obstacle.until < first.until:
            first = obstacle
    if first is None:
        return Denied("offline", "; ".join(offline) or "no location is left to ask", math.inf)
    return Denied("over_quota" if first.outcome == "over_quota" else "rate_limited", first.detail, first.until)
