"""Bodies of requests, read in parts: never more of one than may be, nor of all together than there is room for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from codedesigner.service.intake import Rejected

_FIRST = 64 * 1024


class Room:
    """How many bytes of bodies are being read at a time."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self, size: int) -> bool:
        """Whether there is room for so many more; it is taken then."""
        if size > self._left:
            return False
        self._left -= size
        return True

    def give(self, size: int) -> None:
        """They are gone."""
        self._left += size


async def read_body(
    parts: AsyncIterator[bytes], headers: Mapping[str, str], room: Room, *, most: int, seconds: float
) -> bytes | Rejected:
    """The whole body, or why it is not read on: too large (413), too slow (408), no room just now (503)."""
    if _announced(headers) > most:
        return Rejected(413, f"the body has more than {most:,} bytes")
    body, taken = bytearray(), 0
    try:
        async with asyncio.timeout(seconds):
            async for part in parts:
                if len(body) + len(part) > most:
                    return Rejected(413, f"the body has more than {most:,} bytes")
                body += part
                while len(body) > taken:
                    step = max(_FIRST, len(body) - taken)
                    if not room.take(step):
                        return Rejected(503, "too many deliveries are being read; deliver it again later")
                    taken += step
    except TimeoutError:
        return Rejected(408, f"the body did not arrive within {seconds:g} s")
    finally:
        room.give(taken)
    return bytes(body)


def _announced(headers: Mapping[str, str]) -> int:
    """What the head says of the body's size; nothing that is no number is believed, for the server refuses it."""
    said = headers.get("content-length", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 20 else 0
