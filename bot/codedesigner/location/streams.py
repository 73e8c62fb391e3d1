"""Answers that come in parts, put together again: server-sent events and lines of JSON. Bytes in, texts out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from codedesigner.location.http import HttpError

MOST_EVENT = 8 * 2**20
"""Bytes of one line, and of all the data of one event."""

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class SseEvent:
    """One event: its name, `message` where it has none, and its data, lines joined by line feeds."""

    name: str
    data: str


class SseDecoder:
    """Server-sent events from parts that are cut anywhere. Comments, which servers send to stay connected, are skipped.

    Bytes that are no UTF-8 become replacement characters. An event that nothing ends is given by `finish`.
    """

    def __init__(self, *, max_bytes: int = MOST_EVENT) -> None:
        self._lines = _Lines(re.compile(rb"\r\n|\n|\r"), max_bytes)
        self._max_bytes = max_bytes
        self._name = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, part: bytes) -> list[SseEvent]:
        """The events that are complete with this part. Raises HttpError for one beyond the limit."""
        return self._events(self._lines.feed(part))

    def finish(self) -> list[SseEvent]:
        """What is left at the end of the answer: at most one event. Raises HttpError as `feed`."""
        return self._events([*self._lines.finish(), b""])

    def _events(self, lines: list[bytes]) -> list[SseEvent]:
        return [event for line in lines if (event := self._read(line)) is not None]

    def _read(self, line: bytes) -> SseEvent | None:
        if not line:
            return self._dispatched()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._size += len(value)
            if self._size > self._max_bytes:
                raise _too_large(self._max_bytes)
            self._data.append(value.decode("utf-8", "replace"))
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")
        return None

    def _dispatched(self) -> SseEvent | None:
        event = SseEvent(self._name or "message", "\n".join(self._data)) if self._data else None
        self._name, self._data, self._size = "", [], 0
        return event


class NdjsonDecoder:
    """Lines of JSON, as texts, from parts that are cut anywhere. Empty lines are skipped."""

    def __init__(self, *, max_bytes: int = MOST_EVENT) -> None:
        self._lines = _Lines(re.compile(rb"\n"), max_bytes)

    def feed(self, part: bytes) -> list[str]:
        """The lines that are complete with this part. Raises HttpError for one beyond the limit."""
        return _texts(self._lines.feed(part))

    def finish(self) -> list[str]:
        """What is left at the end of the answer: at most one line."""
        return _texts(self._lines.finish())


class _Lines:
    """Lines without their ends. Each byte is looked at once, however small the parts are."""

    def __init__(self, end: re.Pattern[bytes], max_bytes: int) -> None:
        self._end = end
        self._max_bytes = max_bytes
        self._rest = bytearray()
        self._started = False
        self._after_return = False

    def feed(self, part: bytes) -> list[bytes]:
        if self._after_return and part:
            part = part.removeprefix(b"\n")
            self._after_return = False
        searched = len(self._rest)
        self._rest += part
        ends = [(end.start(), end.end()) for end in self._end.finditer(self._rest, searched)]
        if ends:
            # A line feed at the beginning of the next part belongs to this end.
            self._after_return = self._rest.endswith(b"\r") and ends[-1][1] == len(self._rest)
        begins = [0, *(end for _, end in ends)]
        lines = [self._line(begin, end) for begin, (end, _) in zip(begins, ends, strict=False)]
        del self._rest[: begins[-1]]
        if len(self._rest) > self._max_bytes:
            raise _too_large(self._max_bytes)
        return lines

    def finish(self) -> list[bytes]:
        if not self._rest:
            return []
        line = self._line(0, len(self._rest))
        self._rest.clear()
        return [line]

    def _line(self, begin: int, end: int) -> bytes:
        if end - begin > self._max_bytes:
            raise _too_large(self._max_bytes)
        line = bytes(self._rest[begin:end])
        if not self._started:
            self._started = True
            return line.removeprefix(_BOM)
        return line


def _texts(lines: list[bytes]) -> list[str]:
    return [line.decode("utf-8", "replace") for line in lines if line.strip()]


def _too_large(max_bytes: int) -> HttpError:
    return HttpError("too_large", f"a line of the answer is longer than {max_bytes:,} bytes")
