"""The service's log: a line of JSON for each event, with a name that stays, and nothing in it that must not be there.

Whatever is written passes one place: secrets are taken out, control characters are shown by name, and a value of
somebody else is cut. A line break in a branch's name makes no second line, and an exception's text no secret public.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Literal, Protocol, TextIO

from codedesigner.publish.plain import visible
from codedesigner.publish.scrub import KnownSecrets
from codedesigner.publish.secrets import redact
from codedesigner.service.names import NAMES, Name

MOST_CHARACTERS = 2_000

Value = str | int | float | bool | None
Level = Literal["debug", "info", "warning", "error"]


class Log(Protocol):
    """Somebody who writes events down."""

    def __call__(self, name: Name, /, *, level: Level = "info", **facts: Value) -> None:
        """One event."""


def silent(name: Name, /, *, level: Level = "info", **facts: Value) -> None:
    """Writes nothing."""


def make_log(secrets: KnownSecrets, stream: TextIO, now: Callable[[], str]) -> Log:
    """A log on `stream`. `now` gives the time as it is to stand there.

    Where the stream takes nothing, work goes on, and how many lines are missing is told as soon as it takes some again.
    What libraries log is written through it, too, from warnings up: theirs are events of the name `service.note`.
    """
    import structlog

    def stamped(_logger: object, _method: str, event: MutableMapping[str, object]) -> Mapping[str, object]:
        return {"time": now(), **event}

    def clean(_logger: object, _method: str, event: MutableMapping[str, object]) -> Mapping[str, object]:
        return {key: _clean(value, secrets) for key, value in event.items()}

    logger = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            stamped,
            clean,
            structlog.processors.JSONRenderer(serializer=_dumps),
        ],
        wrapper_class=structlog.BoundLogger,
    )

    missing = 0

    def log(name: Name, /, *, level: Level = "info", **facts: Value) -> None:
        nonlocal missing
        if name not in NAMES:
            raise ValueError(f"no event is called {name!r}")
        try:
            if missing:
                logger.warning("service.note", message=f"up to {missing} lines are missing: they could not be written")
                missing = 0
            getattr(logger, level)(name, **facts)
        except OSError:  # a full disk, or a reader that is gone: no reason to stop reviewing, and told once it can be
            missing += 1

    return log


def take_over(log: Log) -> None:
    """Have what libraries say with `logging` written as events of ours; nothing else writes to standard error then."""
    root = logging.getLogger()
    root.handlers[:] = [_Handler(log)]
    root.setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "asyncio", "aiohttp"):
        other = logging.getLogger(name)
        other.handlers.clear()
        other.propagate = True
        other.setLevel(logging.WARNING)


class _Handler(logging.Handler):
    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write it; of an exception its kind alone, for its text may quote a request with its headers."""
        failure = record.exc_info[0] if record.exc_info else None
        level: Level = "error" if record.levelno >= logging.ERROR else "warning"
        self._log(
            "service.note",
            level=level,
            source=record.name,
            message=record.getMessage(),
            exception=failure.__name__ if failure else None,
        )


def _clean(value: object, secrets: KnownSecrets) -> object:
    if isinstance(value, bool | int | float) or value is None:
        return value
    text = redact(secrets.redact(value if isinstance(value, str) else repr(value)))
    shown = visible(text)
    return shown if len(shown) <= MOST_CHARACTERS else f"{shown[:MOST_CHARACTERS]}…"


def _dumps(value: object, **_more: object) -> str:
    return json.dumps(value, ensure_ascii=True, default=repr)


def standard_error() -> TextIO:
    """Where a service writes its log."""
    return sys.stderr
