"""What a forge or a CI system asks for. Values only, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeGuard

SHA_LENGTHS = (40, 64)

Command = Literal["recheck", "on", "off", "explain", "dismiss", "override", "plan", "help"]


@dataclass(frozen=True, slots=True)
class ReviewRequested:
    """Review a pull or merge request up to `head` (a full id), since it left `base`.

    What is None has to be asked: `base` and `head` of what a number names, the `number` of what a head names. Where
    both are given they have to belong together. `full`: ask everything anew, whatever is kept of earlier answers.
    `asked`: a person asked for it, which makes it more urgent and no other review.
    """

    base: str | None
    head: str | None
    number: int | None
    full: bool = False
    asked: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class QueueEntered:
    """A merge queue or merge train asks for the check of `head`, which it would merge into `base` (full ids).

    Nothing is said on a pull request from here. `number` is the pull request's; None where the queue's branch does not
    tell, and then `reason` says why, and the check cannot pass.
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
    """Nothing is asked of us; `reason` says why. A success, and nothing is posted.

    `ended` is the number of a pull request that was closed or merged: a review of it that is under way need not go on.
    """

    reason: str
    ended: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The environment does not say what to review; `reason` and `hint` say what is missing. Never a success."""

    reason: str
    hint: str


Event = ReviewRequested | QueueEntered | CommandIssued | QuestionAsked | Ignored | Refused


def is_sha(text: object) -> TypeGuard[str]:
    """Whether `text` is a full commit id in lower-case hexadecimal, SHA-1 or SHA-256."""
    return isinstance(text, str) and len(text) in SHA_LENGTHS and set(text) <= set("0123456789abcdef")
