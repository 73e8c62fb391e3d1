"""What a forge or a CI system asks for. Values only, no I/O."""

from __future__ import annotations

from dataclasses import dataclass

SHA_LENGTHS = (40, 64)


@dataclass(frozen=True, slots=True)
class ReviewRequested:
    """Review the commits from the merge base of `base` and `head` up to `head` (full ids).

    `number` is the pull or merge request's, None in a merge queue, whose payload does not carry it.
    """

    base: str
    head: str
    number: int | None
    queue: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """The environment does not say what to review; `reason` and `hint` say what is missing. Never a success."""

    reason: str
    hint: str


Event = ReviewRequested | Refused


def is_sha(text: object) -> bool:
    """Whether `text` is a full commit id in lower-case hexadecimal, SHA-1 or SHA-256."""
    return isinstance(text, str) and len(text) in SHA_LENGTHS and set(text) <= set("0123456789abcdef")
