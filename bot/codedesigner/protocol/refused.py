"""Why a message was not taken."""

from __future__ import annotations

from collections.abc import Sequence

from codedesigner.errors import CodedesignerError
from codedesigner.protocol.wire import ErrorCode

MOST_SHOWN = 200
"""Characters of foreign text in a message."""


class Refusal(CodedesignerError):  # noqa: N818 -- a message is refused, nothing has failed
    """A message that is not one, or that does not belong where it came.

    `path` is dotted and names the place inside the message; it is empty where the message as a whole is meant.
    """

    def __init__(self, code: ErrorCode, message: str, path: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.code = code
        self.path = path


def dotted(place: Sequence[str | int]) -> str:
    """Keys and indices as a path; what a sender wrote is bounded and printable."""
    return ".".join(foreign(str(part)) for part in place)


def foreign(text: str) -> str:
    """Text of a sender for one line of ours."""
    clean = text.encode("ascii", "backslashreplace").decode()
    clean = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in clean[:MOST_SHOWN])
    return clean if len(clean) < MOST_SHOWN else f"{clean[: MOST_SHOWN - 3]}..."
