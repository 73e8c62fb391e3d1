"""Reading what a forge sent: JSON as values of the types that are needed, and nothing taken on trust."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping

Table = Mapping[str, object]

_MOST = 2**63
_NO_TEXT = re.compile("[\ud800-\udfff\0]")


def table(value: object, *keys: str) -> Table:
    """The object at a path of keys; empty where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def text(value: object) -> str:
    """A string, else the empty one. What JSON can spell, but neither files nor databases take, is replaced."""
    return _NO_TEXT.sub("\ufffd", value) if isinstance(value, str) else ""


def number(value: object) -> int | None:
    """A positive whole number of 64 bits, which is what forges count with, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MOST else None


def numeral(value: object) -> int | None:
    """A positive whole number written in at most ten ASCII digits, else None."""
    plain = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10
    return number(int(value)) if plain and isinstance(value, str) else None


def identity(value: object) -> str:
    """The id of an account or a comment as text; empty where there is none."""
    found = number(value)
    return "" if found is None else str(found)


def unix(value: object) -> float:
    """An ISO 8601 time as Unix time in seconds; 0 where it is none. GitLab writes `2026-01-02 03:04:05 UTC`."""
    said = text(value).removesuffix(" UTC")
    try:
        moment = dt.datetime.fromisoformat(said)
    except ValueError:
        return 0.0
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
