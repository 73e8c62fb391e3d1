"""Who has used how much of which quota: the seam between the allocator and what outlives a process.

All methods are synchronous and quick; `state/` has the one that several processes share, `pool/memory.py` the one
that lives as long as its process. Times are Unix seconds and given by the caller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Window = Literal["minute", "hour"]
WINDOW_S: dict[Window, float] = {"minute": 60.0, "hour": 3600.0}
# A server counts a call when it arrives, which is later than when it was let go: by connecting, and by a slow start.
# A call of the minute counts for that much longer, so that the server's minute is never exceeded.
ARRIVAL_S = 2.0
COUNTED_S: dict[Window, float] = {"minute": WINDOW_S["minute"] + ARRIVAL_S, "hour": WINDOW_S["hour"]}
DAY_S = 86_400.0


class LedgerError(Exception):
    """The ledger cannot be read or written just now. Nothing may be asked then: the gate fails closed."""


@dataclass(frozen=True, slots=True)
class Caps:
    """What may have been used after the reservation, at most; None is no limit."""

    minute_requests: int | None = None
    minute_tokens: int | None = None
    hour_requests: int | None = None
    day_deep: int | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """What has been used in the windows that end now. A call counts from when it was reserved, failed or not."""

    minute_requests: int = 0
    minute_tokens: int = 0
    hour_requests: int = 0
    day_deep: int = 0


@dataclass(frozen=True, slots=True)
class Reservation:
    """A call that counts as made. `at` is its time, `tokens` what was reserved for it."""

    location: str
    at: float
    tokens: int
    deep: bool


@dataclass(frozen=True, slots=True)
class Full:
    """Nothing was reserved: `cap` (a field of `Caps`) is reached, and may have room at `until`."""

    cap: str
    until: float


@dataclass(frozen=True, slots=True)
class Standing:
    """What is remembered of a location beside its usage.

    `held_until`: it is not asked before. `learned` limits are what its own refusals taught: window -> (requests, since
    when), lower than what is configured, or there where nothing is.
    """

    held_until: float = 0.0
    held_reason: str = ""
    learned_minute: tuple[int, float] | None = None
    learned_hour: tuple[int, float] | None = None


class Ledger(Protocol):
    """Usage by location. Every method raises `LedgerError` where the ledger cannot be used."""

    def reserve(self, location: str, *, tokens: int, deep: bool, caps: Caps, now: float) -> Reservation | Full:
        """Count a call of `tokens` tokens if every cap has room for it: one decision, whoever else decides meanwhile.

        Where there is room for no call of this size even in an empty window, `Full.until` is infinity.
        """

    def settle(self, reservation: Reservation, tokens: int) -> None:
        """Count `tokens` for the call instead of what was reserved."""

    def withdraw(self, reservation: Reservation) -> None:
        """Count the call no more: it has not reached its server."""

    def used(self, location: str, now: float) -> Used:
        """What the location has been asked for."""

    def standing(self, location: str) -> Standing:
        """What is remembered of the location."""

    def hold(self, location: str, until: float, reason: str) -> None:
        """Do not ask before `until`; 0 lifts it."""

    def learn(self, location: str, window: Window, limit: int | None, now: float) -> None:
        """Remember a limit that the location's refusals taught; None forgets it."""
