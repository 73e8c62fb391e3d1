"""What a token may do on a forge, asked without changing anything there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from codedesigner.errors import ForgeError
from codedesigner.publish.discussion import PullRequest

RightName = Literal["comments", "check", "resolve", "people"]
Held = Literal[
    "yes",
    "less",  # by other means, with less than is asked for
    "no",
    "unknown",  # the forge does not tell without a change to it
]


@dataclass(frozen=True, slots=True)
class Right:
    """One right. `found` and `remedy` are one line each; whatever is not `yes` has a remedy."""

    name: RightName
    held: Held
    found: str
    remedy: str = ""


class RightsTeller(Protocol):
    """A forge that tells what the token may."""

    async def rights(self, pull: PullRequest | None) -> tuple[Right, ...]:
        """Comments, check, resolving threads, reading people's permissions. Without `pull`, some stay unknown."""


def refused(name: RightName, error: ForgeError, remedy: str) -> Right:
    """A right that the forge denies, in its words."""
    return Right(name, "no", error.message, remedy)


def unknown(name: RightName, why: str, remedy: str) -> Right:
    """A right of which the forge tells nothing."""
    return Right(name, "unknown", why, remedy)
