"""An answer's bytes as objects with the names of their events, whole or in parts."""

from __future__ import annotations

import json

from codedesigner.call.trouble import Trouble
from codedesigner.location.dialect import JsonObject
from codedesigner.location.spec import Dialect
from codedesigner.location.streams import NdjsonDecoder, SseDecoder, SseEvent

Event = tuple[str, JsonObject]
GARBLED = Trouble("garbled", "the answer is not in the server's own protocol", 200)
_DONE = "[DONE]"


def object_of(data: bytes | str) -> JsonObject | None:
    """The JSON object that the data are; None for anything else."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


class Incoming:
    """Events from parts that are cut anywhere. The event `done` says that there are no more."""

    def __init__(self, dialect: Dialect) -> None:
        self._lines = NdjsonDecoder() if dialect == "ollama" else None
        self._events = SseDecoder()

    def feed(self, part: bytes) -> list[Event | Trouble]:
        """The events that are complete with this part; `garbled` for one that is no object. Raises HttpError."""
        if self._lines is not None:
            return [_event("", line) for line in self._lines.feed(part)]
        return [_named(event) for event in self._events.feed(part)]

    def finish(self) -> list[Event | Trouble]:
        """What is left at the end, where it is whole. Raises HttpError."""
        if self._lines is not None:
            rest = [_event("", line) for line in self._lines.finish()]
        else:
            rest = [_named(event) for event in self._events.finish()]
        return [event for event in rest if not isinstance(event, Trouble)]


def _named(event: SseEvent) -> Event | Trouble:
    if event.data.strip() == _DONE:
        return "done", {}
    return _event("" if event.name == "message" else event.name, event.data)


def _event(name: str, data: str) -> Event | Trouble:
    found = object_of(data)
    if found is not None:
        return name, found
    return ("error", {"error": data}) if name == "error" else GARBLED
