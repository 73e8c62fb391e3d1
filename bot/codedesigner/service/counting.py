"""Counts of the last day by location, to the hour, kept where all workers add to them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Literal

from sqlalchemy import Connection, text

from codedesigner.pool.events import PoolEvent
from codedesigner.service.database import Database

Kind = Literal["calls", "deep", "limits"]
_PREFIX = "count:"
_HOUR_S, _HOURS = 3600, 24
_FIND = text("SELECT value FROM kept WHERE module = :module AND name = :name")
_KEEP = text(
    "INSERT INTO kept VALUES (:module, :name, :value, :now)"
    " ON CONFLICT (module, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at"
)


def kinds(event: PoolEvent) -> tuple[Kind, ...]:
    """What the event is to be counted as."""
    if event.name == "llm.allocated":
        return ("calls", "deep") if event.fields.get("deep") else ("calls",)
    return ("limits",) if event.name in ("llm.rate_limited", "llm.still_limited") else ()


def count(database: Database, db: Connection, new: Mapping[tuple[Kind, str], int], now: float) -> None:
    """Add to the counts of this hour. There is a row for each hour of the day, used again the next day."""
    hour = int(now // _HOUR_S)
    for kind in sorted({kind for kind, _ in new}):
        module, name = f"{_PREFIX}{kind}", str(hour % _HOURS)
        database.alone(db, module)
        value = db.execute(_FIND, {"module": module, "name": name}).scalar()
        before = json.loads(value) if value else {}
        counts = Counter(before["counts"] if before.get("hour") == hour else {})
        counts.update({location: number for (each, location), number in new.items() if each == kind})
        kept = json.dumps({"hour": hour, "counts": counts})
        db.execute(_KEEP, {"module": module, "name": name, "value": kept, "now": now})


def counted(db: Connection, kind: Kind, now: float) -> Mapping[str, int]:
    """The last day's by location, to the hour."""
    since = int(now // _HOUR_S) - _HOURS + 1
    rows = db.execute(text("SELECT value FROM kept WHERE module = :module"), {"module": f"{_PREFIX}{kind}"})
    found: Counter[str] = Counter()
    for row in rows:
        one = json.loads(row.value)
        if one["hour"] >= since:
            found.update(one["counts"])
    return dict(sorted(found.items()))
