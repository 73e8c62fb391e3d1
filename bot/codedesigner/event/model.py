"""What a forge or a CI system asks for. Values only, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SHA_LENGTHS = (40, 64)

Command = Literal["recheck", "on", "off", "explain", "dismiss", "override", "plan", "help"]


@dataclass(frozen=True, slots=True)
class ReviewRequested:
    """Review the commits from the merge base of `base` and `head` up to `head` (full ids).

    `number` is the pull or merge request's, None in a merge queue, whose payload does not carry it. `full`: ask
    everything anew, whatever is kept of earlier answers.
    """

    base: str
    head: str
    number: int | None
    queue: bool = False
    full: bool = False


@dataclass(frozen=True, slots=True)
class QueueEntered:
    """A merge queue or merge train asks for the check of `head`. `number` is the pull request's where the ref tells.

    Nothing is said on a pull request from here. `reason`: why the number is not known; then the check cannot pass.
    """

    base: str
    head: str
    number: int | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CommandIssued:
    """Somebody typed a command on a pull request; whether he may is not known yet.

    `comment` and `author` are the forge's ids; `argument` is what stands behind the word. `created` is Unix time: what
    was said or pushed later does not belong to it. `command` None: an unknown word, kept in `argument`.
    """

    number: int
    command: Command | None
    argument: str
    comment: str
    author: str
    login: str
    created: float
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """Somebody answered in a thread; whether it is one of ours, and a question, is not known yet."""

    number: int
    comment: str
    author: str
    login: str
    created: float
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing is asked of us; `reason` says why. A success, and nothing is posted."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The environment does not say what to review; `reason` and `hint` say what is missing. Never a success."""

    reason: str
    hint: str


Event = ReviewRequested | Refused


def is_sha(text: object) -> bool:
    """Whether `text` is a full commit id in lower-case hexadecimal, SHA-1 or SHA-256."""
    return isinstance(text, str) and len(text) in SHA_LENGTHS and set(text) <= set("0123456789abcdef")
