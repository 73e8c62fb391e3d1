"""What locations have used of their quotas, and what was learned of their limits, as all workers count it together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, text

from codedesigner.pool.ledger import COUNTED_S, DAY_S
from codedesigner.service.database import Database

_SECOND, _MINUTE, _QUARTER = 1, 60, 900  # widths of the buckets that calls are counted in


@dataclass(frozen=True, slots=True)
class QuotaSeen:
    """One location. Limits are what its server was learned to allow; None where nothing was learned."""

    location: str
    minute_requests: int = 0
    minute_tokens: int = 0
    hour_requests: int = 0
    day_deep: int = 0
    held_until: float = 0.0
    held_reason: str = ""
    minute_limit: int | None = None
    hour_limit: int | None = None
    held: bool = False


class QuotaBoard:
    """Reads quotas from the service's database."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def quotas(self) -> tuple[QuotaSeen, ...]:
        """Every location that was ever asked, by name."""
        return await self._database.look(lambda db: _quotas(db, self._clock()))


def _quotas(db: Connection, now: float) -> tuple[QuotaSeen, ...]:
    used: dict[tuple[str, int], tuple[int, int]] = {}
    for width, span in ((_SECOND, COUNTED_S["minute"]), (_MINUTE, COUNTED_S["hour"]), (_QUARTER, DAY_S)):
        rows = db.execute(
            text(
                "SELECT location, sum(requests) AS requests, sum(tokens) AS tokens FROM quota_usage"
                " WHERE width = :width AND at > :since GROUP BY location"
            ),
            {"width": width, "since": int(now - span - width)},
        )
        used |= {(str(row.location), width): (int(row.requests), int(row.tokens)) for row in rows}
    standing = {str(row.location): row for row in db.execute(text("SELECT * FROM quota_standing"))}
    names = sorted({name for name, _ in used} | set(standing))
    return tuple(_seen(name, used, standing.get(name), now) for name in names)


def _seen(name: str, used: dict[tuple[str, int], tuple[int, int]], row: object, now: float) -> QuotaSeen:
    minute, hour, day = (used.get((name, width), (0, 0)) for width in (_SECOND, _MINUTE, _QUARTER))
    until = float(getattr(row, "held_until", 0.0))
    return QuotaSeen(
        name,
        *minute,
        hour[0],
        day[0],
        until,
        str(getattr(row, "held_reason", "")),
        getattr(row, "minute_limit", None),
        getattr(row, "hour_limit", None),
        until > now,
    )
